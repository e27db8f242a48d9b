"""What the demonstration year of four connections must come to, whatever its meters got wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from coop.demo.community import community
from coop.demo.cooperative import COMMUNITY
from coop.demo.faults import UNKNOWN_SERIAL, FaultKind, faults
from coop.demo.playing import Mark
from coop.demo.programme import programme
from coop.demo.stream import deliveries
from coop.demo.truth import truth
from coop.events import SERVICES
from coop.kit import parking
from coop.kit.service import Room
from coop.metering.periods import store as periods
from coop.metering.tables import delivery
from coop.operator.runtime import open_rooms
from coop.operator.verification import verify_bills, verify_journals
from coop.values import Period, civil_date
from tests.flows.conftest import Year

pytestmark = pytest.mark.slow

MONTHS = Period.year(2025).months()


@pytest.fixture(scope="module")
def rooms(year: Year) -> Iterator[dict[str, Room]]:
    opened = open_rooms(year.settings)
    yield opened
    for room in opened.values():
        room.database.close()


def newest_measurements(year: Year) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The newest revision of each measurement by connection, member and first day."""
    rows = sorted(year.state["metering"]["measurements"], key=lambda row: int(row["revision"]))
    return {(row["connection_id"], row["member_id"], row["period_start"]): row for row in rows}


def test_every_occupancy_has_one_bill_for_each_month_it_lasted(year: Year) -> None:
    expected = Counter(
        (contract.id, str(month))
        for contract in community(year.plan).contracts
        for month in MONTHS
        if contract.start < month.end and (contract.end is None or contract.end > month.start)
    )
    issued = Counter(
        (bill["contract_id"], bill["period_start"][:7])
        for bill in year.state["billing"]["bills"]
        if not bill["corrects"]
    )
    assert issued == expected
    assert len(expected) == 4 * 12 + 2  # a home changed hands twice: in May and in June


def test_bill_numbers_have_no_gap(year: Year) -> None:
    numbers = defaultdict(list)
    for bill in year.state["billing"]["bills"]:
        issued_in, _, sequence = bill["number"].partition("-")
        numbers[issued_in].append(int(sequence))
    assert {issued_in: sorted(some) for issued_in, some in numbers.items()} == {
        issued_in: list(range(1, len(some) + 1)) for issued_in, some in numbers.items()
    }


def test_no_bill_leaves_a_member_above_the_ceiling(year: Year) -> None:
    heat_cost = {"heat", "standing", "metering", "delivery-set"}
    paid: dict[tuple[str, str], int] = defaultdict(int)
    credited = 0
    for bill in sorted(year.state["billing"]["bills"], key=lambda bill: str(bill["number"])):
        [entry] = bill["guarantee"]
        kinds = {line["kind"] for line in bill["lines"]}
        assert kinds <= heat_cost | {"electricity", "guarantee"}
        key = bill["contract_id"], str(entry["year"])
        paid[key] += sum(line["amount_cents"] for line in bill["lines"] if line["kind"] != "electricity")
        if entry["ceiling_cents"] is not None:
            assert paid[key] <= entry["ceiling_cents"]
            credited += entry["credit_cents"]
    assert credited > 0, "nobody came near the ceiling, so this test shows nothing"


def test_the_ledger_sums_to_zero_and_members_owe_what_was_billed(year: Year) -> None:
    ledger = year.state["billing"]["ledger"]
    assert sum(row["debit_cents"] - row["credit_cents"] for row in ledger) == 0
    billed = sum(bill["total_cents"] for bill in year.state["billing"]["bills"])
    owed = sum(row["debit_cents"] - row["credit_cents"] for row in ledger if row["account"].startswith("debtors:"))
    assert owed == billed > 0


def test_every_bill_and_every_chain_verifies(year: Year) -> None:
    said: list[str] = []
    assert verify_bills(year.settings, COMMUNITY, "", said.append), said
    assert verify_journals(year.settings, said.append), said
    assert said[0] == f"{len(year.state['billing']['bills'])} bills verified, 0 do not agree"
    assert said[1] == "bills, books and terms held beside all that was told: nothing missing or made up"
    assert len(said) == 2 + len(SERVICES)


def test_measured_heat_is_the_heat_that_was_delivered_whatever_went_wrong(year: Year) -> None:
    """Silence, an exchange, a reset and a rollover lose no joule over the year, nor in a month without an estimate."""
    happened = {fault.kind for fault in faults(year.plan)}
    assert {FaultKind.SILENT_DAYS, FaultKind.EXCHANGE, FaultKind.RESET, FaultKind.ROLLOVER} <= happened
    found = newest_measurements(year)
    by_connection: dict[str, Decimal] = defaultdict(Decimal)
    for (connection_id, _, _), row in found.items():
        by_connection[connection_id] += Decimal(row["energy_j"])
    assert by_connection == truth(year.plan, Period.year(2025)).heat_j
    compared = 0
    for month in (MONTHS[0], MONTHS[6], MONTHS[10]):  # heating, a reset in July, an impossible value in November
        told = truth(year.plan, month).heat_j
        of_month = [row for row in found.values() if row["period_start"] == month.start.isoformat()]
        for connection_id, energy_j in told.items():
            rows = [row for row in of_month if row["connection_id"] == connection_id]
            if not any(row["estimated"] for row in rows):
                assert sum(Decimal(row["energy_j"]) for row in rows) == energy_j
                compared += 1
    assert compared >= 10


def test_estimated_is_what_lost_a_stand_that_the_month_needs_and_nothing_else(year: Year) -> None:
    places = {connection.id: connection.number for connection in community(year.plan).connections}
    estimated = {
        (places[row["connection_id"]], row["period_start"][:7])
        for row in newest_measurements(year).values()
        if row["estimated"]
    }
    # Silent from 27 March to 4 April, and from 28 June to 3 July; nobody read the register that was reset on 8 July.
    assert estimated == {(1, "2025-03"), (1, "2025-04"), (4, "2025-06"), (4, "2025-07"), (3, "2025-07")}


def test_shared_solar_is_what_the_roofs_made_and_nobody_got_more_than_they_used(
    year: Year, rooms: dict[str, Room]
) -> None:
    with rooms["metering"].database.read(COMMUNITY) as tx:
        runs = {run.period.start: run for run in periods.list_runs(tx)}
        shares = {run.id: periods.list_allocations(tx, run.id) for run in runs.values()}
    assert sorted(runs) == [month.start for month in MONTHS]
    for run in runs.values():
        assert sum(share.allocated_wh for share in shares[run.id]) + run.surplus_wh == run.produced_wh
        assert all(share.allocated_wh <= share.consumed_wh for share in shares[run.id])
    # A day of May came after its month, and was corrected; three hours of a roof in June never came.
    for month in (MONTHS[0], MONTHS[4], MONTHS[7]):
        assert runs[month.start].produced_wh == sum(truth(year.plan, month).solar_wh.values()) > 0


def test_what_cannot_be_believed_is_parked_with_its_reason(year: Year, rooms: dict[str, Room]) -> None:
    letters = {}
    for name in SERVICES:
        with rooms[name].database.read(COMMUNITY) as tx:
            letters[name] = list(parking.list_parked(tx))
    assert not letters["members"] + letters["billing"] + letters["governance"]
    reasons = [(letter.kind, letter.code, letter.reason) for letter in letters["metering"]]
    assert {kind for kind, _, _ in reasons} == {"telegram", "readings"}

    def about(word: str) -> list[str]:
        return [reason for _, _, reason in reasons if word in reason]

    assert len(about("checksum: the telegram says")) == 1
    assert len(about("lies after it was received")) == 2, "of heat and of electricity"
    assert len(about("is more than its register can show")) == 1
    assert about(f"meter {UNKNOWN_SERIAL} is not registered")
    assert len(reasons) == 4 + len(about(UNKNOWN_SERIAL))


def test_what_came_in_up_to_where_the_play_goes_on_is_there(year: Year, rooms: dict[str, Room]) -> None:
    """Meters go on where the year ended: the last deliveries before it are not left to nobody."""
    done = Mark(year.folder / "demonstration.json", year.plan).done
    assert done is not None
    coming = {item.received_at for item in deliveries(year.plan, done.date() - timedelta(days=5), civil_date(done))}
    with rooms["metering"].database.system_read() as sql:
        received = set(sql.scalars(select(delivery.c.received_at)))
    assert coming <= received
    assert done - max(coming) < timedelta(days=1)


def test_a_repeated_delivery_is_kept_once(year: Year, rooms: dict[str, Room]) -> None:
    twice = [fault for fault in faults(year.plan) if fault.kind is FaultKind.DUPLICATE]
    assert len(twice) == 3
    with rooms["metering"].database.system_read() as sql:
        received = set(sql.scalars(select(delivery.c.received_at)))
    assert not received & {fault.received_at for fault in twice}


def test_late_and_corrected_values_made_correction_bills_that_name_their_cause(year: Year) -> None:
    bills = {bill["bill_id"]: bill for bill in year.state["billing"]["bills"]}
    corrections = [bill for bill in bills.values() if bill["kind"] == "correction"]
    assert corrections
    for bill in corrections:
        first = bills[bill["corrects"]]
        assert (first["contract_id"], first["period_start"]) == (bill["contract_id"], bill["period_start"])
        assert all(line["cause"] for line in bill["lines"] if line["kind"] != "guarantee")
    # The second values of 27 February came on 12 March, after its bills of 6 March.
    assert {bill["period_start"] for bill in corrections} >= {"2025-02-01"}
    causes = {line["cause"] for bill in corrections for line in bill["lines"] if line["kind"] != "guarantee"}
    assert all(cause.startswith("revision 2") for cause in causes), causes


def test_a_milestone_within_margin_and_in_time_released_its_tranche_and_the_late_one_was_referred(year: Year) -> None:
    works, state = programme(year.plan), year.state["governance"]["tranches"]
    milestones = {milestone.code: milestone for milestone in works.milestones}
    seen = Counter[str]()
    for tranche in works.tranches:
        milestone, told = milestones[tranche.milestone], state[tranche.id]
        if milestone.done_on is None:
            assert (told["released_on"], told["referred_on"]) == (None, None)
            seen["waits"] += 1
        elif milestone.is_met_by_rule():
            assert (told["released_on"], told["referred_on"]) == (milestone.done_on.isoformat(), None)
            seen["by rule"] += 1
        else:
            assert told["referred_on"] == milestone.done_on.isoformat()
            assert told["reason"]
            assert told["released_on"] > told["referred_on"], "the steering group decided later"
            seen["referred"] += 1
    assert seen == {"by rule": 2, "referred": 1, "waits": 1}


def test_every_line_names_a_resolution_that_was_adopted(year: Year) -> None:
    resolutions = year.state["governance"]["resolutions"]
    lines = [line for bill in year.state["billing"]["bills"] for line in bill["lines"]]
    for resolution_id in {line["resolution_id"] for line in lines}:
        told = resolutions[resolution_id]
        assert (told["kind"], told["verdict"]) == ("tariff", "adopted")
        assert told["parameters_hash"] == told["notice_hash"] == told["adopted_hash"]
    assert len({line["resolution_id"] for line in lines}) == 2, "the tariff changed in July"
