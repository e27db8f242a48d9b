"""Energy that is cut at a midnight: by the stands of that midnight, else between those next to it, else by degree days.

Example E6 with a reading on New Year, and the same for a guarantee year and a contract that begin inside a month.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.billing.bills import store as bills
from coop.billing.bills.splitting import split_energy
from coop.billing.bills.store import IssuedBill
from coop.billing.checking import words
from coop.billing.checking.verify import verify_bill
from coop.billing.model import BY_DAYS, LineKind, Midnight, Profile
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.tables import heard as heard_tables
from coop.billing.terms.heard_store import read_midnights
from coop.events.metering import MeasuredPart, PeriodMeasured
from coop.kit.database import Database
from coop.values import Period, midnight
from tests.billing.village import (
    admitted,
    closed,
    ended,
    hear,
    measured,
    release,
    signed,
    tariff_adopted,
    tell_in_writing,
)
from tests.desk import COMMUNITY, SECRETARY

JANUARY = Period.month(2025, 1)
CHANGE = date(2025, 1, 16)
COLD = Profile(Decimal("0.21"), "491 438 357 197 114 55 20 22 82 220 363 471")


def read_daily(month: Period, energy_gj: str, stands_gj: Mapping[date, str], revision: int = 1) -> PeriodMeasured:
    """Heat of anna with what her meter had counted when some days began."""
    told = measured("anna", month, energy_gj, revision)
    days = [month.start + timedelta(days=nth) for nth in range(1, month.days)]
    counts = tuple(int(Decimal(stands_gj[day]).scaleb(9)) if day in stands_gj else None for day in days)
    return told.model_copy(update={"parts": (told.parts[0].model_copy(update={"midnights": counts}),)})


def cheaper_from_the_middle(database: Database, heat: str = "30.00", standing: str = "400.00") -> None:
    """A price of 38.00 that falls to 30.00 on 16 January."""
    hear(
        database,
        tariff_adopted("t1", date(2024, 1, 1), date(2023, 12, 1)),
        tariff_adopted("t2", CHANGE, date(2024, 12, 20), heat=heat, standing=standing),
        admitted("anna", date(2023, 6, 1)),
        signed("anna", date(2024, 1, 1), reference=()),
    )
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "t2", date(2025, 1, 2))


def bill(database: Database, told: PeriodMeasured) -> dict[str, IssuedBill]:
    """The bills of a period by contract, each of which agrees with what it was computed from."""
    period = Period(told.period_start, told.period_end)
    hear(database, told, closed(period, 1))
    with database.write(COMMUNITY, SECRETARY) as tx:
        result = issue_bills(tx, period, tx.today)
    if result.status == "held":
        with database.write(COMMUNITY, SECRETARY) as tx:
            result = release(tx, result.run_id)
    with database.read(COMMUNITY) as tx:
        made = bills.find_bills(tx)
        assert [verify_bill(tx, each.id).findings for each in made] == [()] * len(made)
        return {each.contract_id: each for each in made}


def heat_of(made: IssuedBill) -> list[tuple[str, tuple[str, ...]]]:
    """Heat of each line, and how it was cut."""
    return [(str(round(line.quantity, 3)), line.notes) for line in made.bill.lines if line.kind is LineKind.HEAT]


@pytest.mark.parametrize(
    ("stands_gj", "note", "first"),
    [
        ({CHANGE: "7.5"}, "split-by-stands", "7.500"),
        ({date(2025, 1, day): str(day) for day in range(2, 7)} | {CHANGE: "7.5"}, "split-by-stands", "7.500"),
        # Between 6.0 on the 15th and 7.0 on the 17th the cold of January and the days fall alike: in the middle.
        ({date(2025, 1, 15): "6", date(2025, 1, 17): "7"}, "split-between-stands", "6.500"),
        ({}, "split-by-degree-days", "4.839"),  # 15 of 31 days of one month
    ],
)
def test_a_price_that_changes_at_a_midnight_cuts_where_the_meter_was_read(
    database: Database, stands_gj: Mapping[date, str], note: str, first: str
) -> None:
    cheaper_from_the_middle(database)
    made = bill(database, read_daily(JANUARY, "10", stands_gj))["contract-anna"]
    rest = str(Decimal(10) - Decimal(first))
    assert heat_of(made) == [(first, (note,)), (rest, (note,))]
    for lang in ("nl", "en"):
        [said] = words.line_notes(lang, made)
        assert said.startswith(("Warmte: Verdeeld", "Heat: Split")), said


def test_a_reading_that_no_cut_lies_beside_is_not_in_the_bill(database: Database) -> None:
    cheaper_from_the_middle(database)
    stands_gj = {date(2025, 1, day): str(day / 4) for day in range(2, 32)}
    made = bill(database, read_daily(JANUARY, "10", stands_gj))["contract-anna"]
    [reading] = made.inputs.consumption.readings
    assert reading.midnights == (Midnight(CHANGE, Decimal("4E+9")),)


def test_e6_with_a_reading_at_new_year_is_cut_there(database: Database) -> None:
    fixed = {"metering": "0", "delivery_set": "0"}
    hear(
        database,
        tariff_adopted("t25", date(2025, 1, 1), date(2024, 12, 1), heat="43.79", standing="760.77", **fixed),
        tariff_adopted("t26", date(2026, 1, 1), date(2025, 12, 1), heat="40.97", standing="827.91", **fixed),
        admitted("anna"),
        signed("anna", date(2025, 7, 1), reference=()),
    )
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "t26", date(2025, 12, 10))
    year = Period(date(2025, 7, 1), date(2026, 7, 1))
    made = bill(database, read_daily(year, "26", {date(2026, 1, 1): "12.5"}))["contract-anna"]
    assert heat_of(made) == [("12.500", ("split-by-stands",)), ("13.500", ("split-by-stands",))]
    # 12.5 * 43.79 = 547.375 and 13.5 * 40.97 = 553.095
    assert [line.amount_cents for line in made.bill.lines if line.kind is LineKind.HEAT] == [54_738, 55_310]


def test_a_guarantee_year_that_begins_inside_a_month_is_cut_where_the_meter_was_read(database: Database) -> None:
    hear(database, tariff_adopted("t1", date(2024, 1, 1), date(2023, 12, 1)), admitted("anna", date(2023, 6, 1)))
    hear(database, signed("anna", date(2024, 1, 16), reference=()))
    made = bill(database, read_daily(JANUARY, "10", {CHANGE: "7.5"}))["contract-anna"]
    assert heat_of(made) == [("7.500", ("split-by-stands",)), ("2.500", ("split-by-stands",))]


def test_two_contracts_of_one_month_each_have_what_the_meter_said_on_their_days(database: Database) -> None:
    hear(database, tariff_adopted("t1", date(2024, 1, 1), date(2023, 12, 1)), admitted("anna", date(2023, 6, 1)))
    hear(database, signed("anna", date(2024, 1, 1), reference=()), ended("anna", CHANGE))
    hear(database, signed("anna", CHANGE, reference=(), contract_id="contract-next"))
    made = bill(database, read_daily(JANUARY, "10", {CHANGE: "7.5"}))
    assert heat_of(made["contract-anna"]) == [("7.500", ("split-by-stands",))]
    assert heat_of(made["contract-next"]) == [("2.500", ("split-by-stands",))]


def test_a_stand_of_that_midnight_that_came_late_corrects_what_was_cut_by_degree_days(database: Database) -> None:
    cheaper_from_the_middle(database)
    bill(database, read_daily(JANUARY, "10", {}))
    hear(database, read_daily(JANUARY, "10", {CHANGE: "7.5"}, revision=2), closed(JANUARY, 1, revision=2))
    with database.write(COMMUNITY, SECRETARY) as tx:
        result = correct_bills(tx, tx.today)
    # 2.661290323 GJ at 38.00 instead of 30.00, each line rounded for itself
    assert [made.total_cents for made in result.bills] == [2_129]


def test_a_late_stand_that_moves_heat_between_two_tariffs_of_one_price_makes_no_document(database: Database) -> None:
    cheaper_from_the_middle(database, heat="38.00", standing="300.00")
    first = bill(database, read_daily(JANUARY, "10", {CHANGE: "5"}))["contract-anna"]
    assert [line.amount_cents for line in first.bill.lines if line.kind is LineKind.HEAT] == [19_000, 19_000]
    hear(database, read_daily(JANUARY, "10", {CHANGE: "7.5"}, revision=2), closed(JANUARY, 1, revision=2))
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert correct_bills(tx, tx.today).bills == ()
    hear(database, read_daily(JANUARY, "11", {CHANGE: "7.5"}, revision=3), closed(JANUARY, 1, revision=3))
    with database.write(COMMUNITY, SECRETARY) as tx:
        [made] = correct_bills(tx, tx.today).bills
        corrected = bills.get_bill(tx, made.bill_id)
    # what was passed over is not lost: 7.5 GJ instead of 5, 3.5 GJ instead of 5
    assert [line.amount_cents for line in corrected.bill.lines] == [9_500, -5_700]


def test_a_midnight_that_was_changed_in_the_table_is_found(database: Database) -> None:
    cheaper_from_the_middle(database)
    made = bill(database, read_daily(JANUARY, "10", {CHANGE: "7.5"}))["contract-anna"]
    told = read_daily(JANUARY, "10", {CHANGE: "1.5"})
    table = heard_tables.measurement
    with database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(table.update().where(table.c.community == COMMUNITY).values(parts=told.parts))
    with database.read(COMMUNITY) as tx:
        assert any("says something else now" in finding for finding in verify_bill(tx, made.id).findings)


@given(
    amount=st.integers(0, 10**12),
    cuts=st.lists(st.integers(1, 30), unique=True, max_size=4),
    read=st.dictionaries(st.integers(1, 30), st.integers(0, 10**12), max_size=6),
    profile=st.sampled_from([BY_DAYS, COLD]),
)
def test_nothing_is_lost_wherever_the_meter_was_read(
    amount: int, cuts: list[int], read: dict[int, int], profile: Profile
) -> None:
    days = [JANUARY.start, *(JANUARY.start + timedelta(days=cut) for cut in sorted(cuts)), JANUARY.end]
    parts = [Period(start, end) for start, end in pairwise(days)]
    counts = sorted(min(count, amount) for count in read.values())
    midnights = [
        Midnight(JANUARY.start + timedelta(days=nth), Decimal(count))
        for nth, count in zip(sorted(read), counts, strict=True)
    ]
    split = split_energy(Decimal(amount), JANUARY, parts, profile, midnights)
    assert sum(split) == amount
    known = {each.day: each.energy_j for each in midnights}
    for nth, part in enumerate(parts):
        assert split[nth] >= 0
        if part.end in known:
            assert sum(split[: nth + 1]) == known[part.end]


def part(from_at: datetime, to_at: datetime, energy: int, midnights: tuple[int | None, ...] = ()) -> MeasuredPart:
    return MeasuredPart(
        meter="m", register_id="r", from_at=from_at, to_at=to_at, from_stand=0, to_stand=energy, energy=energy,
        exponent=6, from_quality="measured", to_quality="measured", versions_hash="", midnights=midnights,
    )  # fmt: skip


def test_midnights_count_on_over_a_meter_that_was_exchanged() -> None:
    exchanged = datetime(2025, 1, 3, 11, tzinfo=UTC)
    before = part(midnight(date(2025, 1, 1)), exchanged, 50, (20, None))
    after = part(exchanged, midnight(date(2025, 1, 6)), 30, (10, 20))
    read = [(each.day.day, each.energy_j) for each in read_midnights([before, after])]
    assert read == [
        (2, Decimal(20_000_000)),
        (4, Decimal(60_000_000)),
        (5, Decimal(70_000_000)),
        (6, Decimal(80_000_000)),
    ]
