"""One meter, one member, one vote, one bill through all rooms, every cent worked out by hand.

The year is that of example E9 (docs/domain/heat-tariffs-and-guarantee.md#e9): four gas bills with a mean of 1,502.05
EUR, indexed by 1.033 and 1.030 to a ceiling of 1,598.17; 30 GJ at 38 EUR and 520 EUR fixed cost 1,660.00, so 61.83 is
credited. Beside it 16 quarter-hours a day of 100 Wh shared solar: 584 kWh at 0.2150 EUR is 125.56.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from coop.demo.cooperative import COMMUNITY
from coop.demo.doors import Doors
from coop.demo.tariffs import components
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.metering.periods import store as periods
from coop.metering.provenance.telegrams import sources_of
from coop.operator.verification import verify_bills, verify_journals
from coop.values import Period, midnight
from tests.flows.telegrams import head_end, p1

REGISTER = {
    "members": "number;kind;name;joined_on\n001;owner;Demo-lid;2022-06-01\n",
    "connections": "number;id;building;kind;address\nA1;A1;B1;dwelling;Ketelhuisplein 1\n",
    "occupancies": "connection;member;opened_on\nA1;001;2023-01-01\n",
    "contracts": "number;member;connection;starts_on;tariff_clause;"
    + ";".join(f"gas_{year}_m3;gas_{year}_eur" for year in range(2019, 2023))
    + "\nC1;001;A1;2023-01-01;2023-1;1250;1187,50;1180;1652,00;1090;1558,70;1150;1610,00\n",
}
TARIFF = {
    "valid_from": "2025-01-01",
    "components": components("38.00", "380.00", "30.00", "110.00", "0.2150"),
}
KEY = {"valid_from": "2025-01-01", "kind": "dynamic", "group_id": "roof"}
ARTICLES = {
    "name": "2022",
    "rules": {"ordinary": {"article": "art. 14", "majority": {"num": 1, "den": 2, "above": True}}},
    "notices": {"ordinary": {"article": "art. 14", "days": 7}},
    "advance": {"article": "art. 14"},
}
EVERY_QUARTER = [100] * 96
NOON = [0] * 40 + [250] * 16 + [0] * 40
"""Production [Wh] of a UTC day: from ten to two, more than the home uses."""


def quarter_hours() -> bytes:
    """A year of the home's use and the roof's production in one head-end batch."""
    year = Period.year(2025)

    def series(meter: str, quantity: str, day_wh: list[int]) -> dict[str, object]:
        # The civil year starts an hour before the UTC day: 23:00.
        values = (day_wh[-4:] + day_wh * year.days)[: 96 * year.days]
        return {"meter": meter, "quantity": quantity, "start": year.start_at.isoformat(), "values": values}

    return head_end(series("E1", "electricity_import", EVERY_QUARTER), series("ROOF", "electricity_export", NOON))


def test_each_euro_of_a_bill_walks_back_to_a_telegram_and_to_a_vote(doors: Doors, settings: Settings) -> None:
    # One member.
    for kind, text in REGISTER.items():
        doors.post(f"/members/api/v1/imports/{kind}", content=text.encode())
    doors.post("/billing/api/v1/index", {"series": "cpi-households", "year": 2023, "factor": "1.033", "source": "E9"})
    doors.post("/billing/api/v1/index", {"series": "cpi-households", "year": 2024, "factor": "1.030", "source": "E9"})
    doors.settled()

    # One vote.
    statutes = {"valid_from": "2022-06-01", "articles": ARTICLES}
    doors.confirm(doors.post("/governance/api/v1/statutes", statutes)["entry_id"])
    count = {"votes_for": 1, "votes_against": 0, "votes_entitled": 1}
    points = [
        {"resolution_id": name, "kind": kind, "subject_nl": said, "subject_en": said, "parameters": put, "count": count}
        for name, kind, said, put in (("T", "tariff", "Tarief", TARIFF), ("K", "allocation-key", "Zon", KEY))
    ]
    meeting = {"meeting_id": "ALV", "held_on": "2024-11-21", "convened_on": "2024-11-06", "resolutions": points}
    minutes = {**meeting, "paper": "Minutes of 21 November 2024"}
    doors.confirm(doors.post("/governance/api/v1/meetings/past", minutes)["entry_id"])

    # One meter, beside those for the shared roof.
    meters = [("KWG00001", "heat", "A1"), ("E1", "electricity", "A1"), ("ROOF", "solar", None)]
    told = [
        {"serial": serial, "kind": kind, "connection": place, "installed_on": "2024-12-01"}
        for serial, kind, place in meters
    ]
    doors.post("/metering/api/v1/meters", told)
    doors.post("/metering/api/v1/groups", {"group_id": "roof", "producers": ["ROOF"], "connections": "all"})
    first, last = p1("KWG00001", "250101000000W", "0012.34"), p1("KWG00001", "260101000000W", "0042.34")
    for form, body in (("p1", first), ("p1", last), ("head-end", quarter_hours())):
        receipt = doors.post(
            "/metering/api/v1/deliveries",
            content=body,
            media_type="application/json" if form == "head-end" else "text/plain",
            params={"format": form, "gateway": "gw", "received_at": "2026-01-01T02:00:00Z"},
        )
        assert receipt["problems"] == []

    # One bill.
    doors.settled()
    closed = doors.post("/metering/api/v1/periods/2025/close", {})
    assert (closed["measured_count"], closed["allocated_count"]) == (1, 1)
    doors.settled()
    run = doors.post("/billing/api/v1/runs", {"period": "2025", "issued_on": "2026-01-06"})
    assert (run["status"], run["brakes"], run["bill_count"]) == ("issued", [], 1)
    [bill] = doors.get("/billing/api/v1/bills")
    cents = {line["kind"]: line["amount_cents"] for line in bill["lines"]}
    assert sorted(cents.values()) == sorted([1140_00, 380_00, 30_00, 110_00, 125_56, -61_83])
    assert bill["credit_cents"] == 61_83
    assert bill["total_cents"] == 1140_00 + 520_00 + 125_56 - 61_83
    [vat] = bill["vat"]
    # 1,723.73 / 1.21 = 1,424.570...
    assert (vat["excl_cents"], vat["vat_cents"]) == (1424_57, 299_16)
    assert {line["resolution_id"] for line in bill["lines"]} == {"T"}

    # Back from the bill to the telegram and to the vote, by the operator's command and by hand, once all is sealed.
    doors.settled()
    said: list[str] = []
    assert verify_bills(settings, COMMUNITY, bill["number"], said.append)
    assert verify_journals(settings, said.append)
    text = "\n".join(said)
    assert "it agrees, to the cent" in text
    assert "Tarief, 2024-11-21: 1 for, 0 against, 0 blank, adopted by art. 14, ENTERED AFTERWARDS from minutes" in text
    [heat] = [line for line in bill["lines"] if line["unit"] == "GJ"]
    assert heat["source_id"] in text
    assert Decimal(heat["quantity"]) == Decimal("30.00")
    database = Database(settings.url("metering"), "metering")
    with database.read(COMMUNITY) as tx:
        measurement = periods.find_measurement(tx, heat["source_id"])
        assert measurement is not None
        [part] = sources_of(tx, measurement)
    database.close()
    assert [(stand.at, stand.value) for stand in (*part.start, *part.end)] == [
        (midnight(date(2025, 1, 1)), Decimal("12340000000")),
        (datetime(2025, 12, 31, 23, tzinfo=UTC), Decimal("42340000000")),
    ]
    shown = [(stand.telegram or "").rstrip() for stand in (*part.start, *part.end)]
    assert shown == [first.decode().rstrip(), last.decode().rstrip()]
