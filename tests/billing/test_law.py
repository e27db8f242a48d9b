"""What the law makes of prices: maxima by day and by what is known, VAT by day of consumption, whatever was voted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from coop.billing.bills import store as bills
from coop.billing.checking.verify import verify_bill
from coop.billing.model import LineKind
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.events.governance import TariffAdopted
from coop.kit.database import Database
from coop.kit.parking import list_parked
from coop.values import Period
from tests.billing.village import admitted, closed, ended, hear, measured, parameters, signed, tariff_adopted
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock

HEAT_ALONE = {
    "standing": "0",
    "metering": "0",
    "delivery_set": "0",
}


def bill(database: Database, period: Period, energy_gj: str) -> bills.IssuedBill:
    hear(database, measured("anna", period, energy_gj), closed(period, 1))
    with database.write(COMMUNITY, SECRETARY) as tx:
        issued = issue_bills(tx, period, tx.today)
        assert issued.status == "issued", issued.brakes
        made = bills.get_bill(tx, issued.bills[0].number)
        assert verify_bill(tx, made.id).findings == ()
        return made


def test_e5_the_rate_of_vat_is_that_of_the_day_of_consumption(database: Database) -> None:
    hear(
        database,
        tariff_adopted("t", date(2022, 1, 1), date(2021, 12, 1), heat="53.95", **HEAT_ALONE),
        admitted("anna", date(2021, 1, 1)),
        signed("anna", date(2022, 1, 1), reference=()),
    )
    first = bill(database, Period(date(2022, 1, 1), date(2022, 7, 1)), "18")
    second = bill(database, Period(date(2022, 7, 1), date(2023, 1, 1)), "12")
    assert [(made.bill.total_cents, made.vat[0].rate, made.vat[0].excl_cents) for made in (first, second)] == [
        (97_110, Decimal("0.21"), 80_256),
        (58_320, Decimal("0.09"), 53_505),
    ]
    assert first.bill.total_cents + second.bill.total_cents == 155_430


def test_e5_one_reading_of_a_year_is_cut_where_the_rate_changes(database: Database) -> None:
    hear(
        database,
        tariff_adopted("t", date(2022, 1, 1), date(2021, 12, 1), heat="53.95", **HEAT_ALONE),
        admitted("anna", date(2021, 1, 1)),
        signed("anna", date(2022, 1, 1), reference=()),
    )
    made = bill(database, Period.year(2022), "30")
    assert [(line.period.start, line.vat_rate) for line in made.bill.lines] == [
        (date(2022, 1, 1), Decimal("0.21")),
        (date(2022, 7, 1), Decimal("0.09")),
    ]


def test_e3_a_repaired_maximum_reaches_back_without_clause_notice_or_vote_also_for_a_leaver(
    database: Database,
) -> None:
    database.clock = SetClock(datetime(2024, 5, 2, 9, tzinfo=UTC))
    maxima = {
        "heat": "46.69",
        "standing": "618.82",
        "metering": "31.68",
        "delivery_set": "145.38",
    }
    hear(database, tariff_adopted("t", date(2024, 1, 1), date(2023, 12, 5), **maxima))
    hear(database, admitted("anna", date(2022, 6, 1)), signed("anna", date(2024, 1, 1), clause=None, reference=()))
    hear(database, ended("anna", date(2024, 5, 1)))
    standing = 0
    for month in range(1, 5):
        made = bill(database, Period.month(2024, month), "2")
        standing += sum(line.amount_cents for line in made.bill.lines if line.kind is LineKind.STANDING)
    assert standing == 20_458
    database.clock = SetClock(datetime(2024, 6, 24, 9, tzinfo=UTC))
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert correct_bills(tx, tx.today).bills == ()
    database.clock = SetClock(datetime(2024, 6, 26, 9, tzinfo=UTC))
    with database.write(COMMUNITY, SECRETARY) as tx:
        corrected = correct_bills(tx, tx.today)
        lines = [line for made in corrected.bills for line in bills.get_bill(tx, made.number).bill.lines]
        assert all(verify_bill(tx, head.id).agrees for head in bills.list_heads(tx))
    assert corrected.total_cents == -1_190
    assert {(line.kind, line.cause) for line in lines} == {(LineKind.STANDING, "the law sets another price")}


def test_a_price_above_the_maximum_of_a_later_year_is_billed_at_that_maximum(database: Database) -> None:
    prices = {"heat": "43.79", "standing": "640.77"}
    tariff = tariff_adopted("t", date(2025, 1, 1), date(2024, 12, 3), **prices)
    hear(database, tariff, admitted("anna"), signed("anna", reference=()))
    december, january = bill(database, Period.month(2025, 12), "3"), bill(database, Period.month(2026, 1), "3")
    heat = [line for made in (december, january) for line in made.bill.lines if line.kind is LineKind.HEAT]
    assert [str(line.price_eur) for line in heat] == ["43.79", "40.97"]


def test_what_goes_above_the_total_of_the_fixed_parts_comes_off_the_standing_charge(database: Database) -> None:
    highest = {
        "standing": "618.82",
        "metering": "31.68",
        "delivery_set": "145.38",
    }
    hear(database, tariff_adopted("t", date(2024, 1, 1), date(2023, 12, 5), **highest))
    hear(database, admitted("anna"), signed("anna", date(2024, 6, 1), clause=None, reference=()))
    made = bill(database, Period.month(2025, 6), "1")
    fixed = {line.kind: str(line.price_eur) for line in made.bill.lines if line.kind is not LineKind.HEAT}
    # 795.88 together where 760.77 is the most
    assert fixed == {LineKind.STANDING: "583.71", LineKind.METERING: "31.68", LineKind.DELIVERY_SET: "145.38"}


def adopted_with(fields: dict[str, str], of_heat: dict[str, object] | None = None) -> TariffAdopted:
    """A tariff with other fields, or with another component of heat."""
    adopted = parameters(date(2025, 1, 1)) | fields
    adopted["components"][0] |= of_heat or {}
    return tariff_adopted(adopted=adopted)


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        (tariff_adopted("t", date(2027, 1, 1), heat="999.99"), "tariff-not-allowed", "Heat, per GJ"),
        (tariff_adopted("t", date(2021, 1, 1), heat="9.99"), "tariff-not-allowed", "valid_from"),
        (adopted_with({"vat_rate": "0.09"}), "bad-tariff", "vat_rate"),
        (adopted_with({"cold_price_eur_per_gj": "12.00"}), "bad-tariff", "cold_price_eur_per_gj"),
        (adopted_with({}, {"product": "steam"}), "bad-tariff", "steam"),
        (adopted_with({}, {"per": "MWh"}), "bad-tariff", "MWh"),
        (adopted_with({}, {"classes": ["gold"]}), "bad-tariff", "gold"),
        (adopted_with({}, {"above_37_gj": "10.00"}), "bad-tariff", "above_37_gj"),
        (adopted_with({}, {"account": "pocket"}), "bad-tariff", "pocket"),
        (adopted_with({}, {"vat": "0.09"}), "bad-tariff", "0.09"),
        (adopted_with({}, {"to": "37"}), "bad-tariff", "bands of use"),
    ],
)
def test_what_the_law_does_not_allow_or_nobody_understands_is_parked_by_name(
    database: Database, event: TariffAdopted, code: str, field: str
) -> None:
    hear(database, event)
    with database.read(COMMUNITY) as tx:
        [parked] = list_parked(tx)
    assert parked.code == code
    assert field in parked.reason
