"""Closing a period, and correcting it when readings come late."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from coop.events.metering import EnergyAllocated, HeatSystemReported, PeriodClosed, PeriodMeasured
from coop.kit.database import Database
from coop.kit.journal import Fact, journal
from coop.kit.tx import Tx
from coop.metering.intake.exchange import exchange_meter
from coop.metering.model import Meter, MeterKind, Quality, Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.provenance.verify import explain_allocation, quarters_of, verify_allocation, verify_measurement
from coop.metering.register.commands import register_meters
from coop.metering.tables import block
from coop.values import CoopError, Period, midnight
from coop.values import quarters as quarters_in
from tests.metering.homes import (
    COMMUNITY,
    HEAT_MAX,
    LATER,
    adopt_key,
    at,
    close_anyway,
    deliver,
    gj,
    killed,
    occupy,
    quarters,
    set_clock,
    writing,
)

MARCH = Period.month(2025, 3)
DYNAMIC: dict[str, object] = {"kind": "dynamic"}


def heat_of_march(tx: Tx) -> None:
    """Stands of three homes at both ends of March, and in between."""
    for i, (first, last) in enumerate([("10.00", "14.50"), ("20.00", "22.25"), ("0.00", "0.00")], start=1):
        middle = (Decimal(first) + Decimal(last)) / 2
        deliver(
            tx,
            gj(f"H{i}", MARCH.start_at, first),
            gj(f"H{i}", at("2025-03-15T12:00"), str(middle)),
            gj(f"H{i}", MARCH.end_at, last),
        )


def power_of_march(tx: Tx) -> None:
    """Quarter-hours of three homes and the roof: 4,000, 3,000 and 500 Wh under 6,000 Wh."""
    n = quarters_in(MARCH)
    rows = [quarters(f"E{i}", MARCH.start_at, [wh] * n) for i, wh in ((1, 4000), (2, 3000), (3, 500))]
    deliver(tx, *rows, quarters("S1", MARCH.start_at, [6000] * n, Quantity.ELECTRICITY_EXPORT))


def told(tx: Tx, kind: type[Fact]) -> list[Fact]:
    ours = journal.c.community == tx.community, journal.c.type == kind.TYPE
    rows = tx.scalars(select(journal.c.data).where(*ours).order_by(journal.c.row_id))
    return [kind.model_validate_json(row) for row in rows]


def count_told(tx: Tx) -> int:
    return tx.scalar(select(func.count()).select_from(journal).where(journal.c.community == tx.community)) or 0


def test_a_month_is_measured_from_its_first_to_its_last_stand(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        closed = close_period(tx, MARCH)
        measured = told(tx, PeriodMeasured)
        [period] = told(tx, PeriodClosed)
        rows = periods.list_measurements(tx, MARCH)
        assert [verify_measurement(tx, row.id) for row in rows] == [[], [], []]
    assert {one.member_id: one.energy_j for one in measured} == {
        "M1": 4_500_000_000,
        "M2": 2_250_000_000,
        "M3": 0,
    }
    assert not any(one.estimated for one in measured)
    assert (closed.measured_count, closed.allocated_count, period.measured_count) == (3, 0, 3)


def test_closing_twice_changes_nothing_and_answers_the_same(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        first = close_period(tx, MARCH)
    with writing(database) as tx:
        count = count_told(tx)
        again = close_period(tx, MARCH)
        assert count_told(tx) == count
        assert correct_period(tx, MARCH) == first
    assert again == first


def test_a_killed_closing_leaves_nothing_and_the_next_one_tells_the_same(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        count = count_told(tx)
    with killed(database) as tx:
        lost = close_period(tx, MARCH)
    with writing(database) as tx:
        assert periods.list_closed(tx) == []
        assert count_told(tx) == count
        assert close_period(tx, MARCH) == lost


def test_a_period_without_stands_at_its_end_names_what_is_missing(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", MARCH.start_at, "10"), gj("H1", at("2025-03-20T00:00"), "12"))
        with pytest.raises(PeriodIncomplete, match="meter H1: no stand near enough") as refused:
            close_period(tx, MARCH)
        assert "meter H2 was never read" in refused.value.lacking
        closed = close_anyway(tx, MARCH)
        [one] = told(tx, PeriodMeasured)
    assert (one.energy_j, one.estimated, closed.measured_count) == (Decimal(2_000_000_000), True, 1)


def test_a_period_that_is_not_over_or_overlaps_another_is_refused(one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
    set_clock(one_database, MARCH.end_at - timedelta(seconds=1))
    with pytest.raises(CoopError, match="not over"), writing(one_database) as tx:
        close_period(tx, MARCH)
    set_clock(one_database, MARCH.end_at)
    with writing(one_database) as tx:
        close_period(tx, MARCH)
        with pytest.raises(CoopError, match="overlaps 2025-03"):
            close_anyway(tx, Period.year(2025))


def test_a_late_stand_marks_its_period_and_the_correction_tells_only_what_changed(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        close_period(tx, MARCH)
        deliver(tx, gj("H1", MARCH.end_at, "14.70", Quality.CORRECTED), received_at=LATER + timedelta(days=1))
        assert list(periods.count_late(tx).values()) == [1]
        closed = correct_period(tx, MARCH)
        corrected = told(tx, PeriodMeasured)[-1]
        counts = [(one.revision, one.measured_count) for one in told(tx, PeriodClosed)]
        assert correct_period(tx, MARCH) == closed
        assert verify_measurement(tx, corrected.measurement_id) == []
        first = [row for row in periods.list_measurements(tx, MARCH) if row.revision == 1]
        assert all(verify_measurement(tx, row.id) == [] for row in first)
    assert (corrected.revision, corrected.energy_j) == (2, Decimal(4_700_000_000))
    assert corrected.cause == closed.cause == "late reading of meter H1 on 2025-03-31"
    assert counts == [(1, 3), (2, 1)]


def test_a_stand_in_the_gap_of_an_estimated_bound_marks_the_period_too(one_database: Database) -> None:
    with writing(one_database) as tx:
        for i in (1, 2, 3):
            deliver(
                tx,
                gj(f"H{i}", MARCH.start_at, "1"),
                gj(f"H{i}", MARCH.end_at - timedelta(days=1), "2"),
                gj(f"H{i}", MARCH.end_at + timedelta(days=3), "4"),
            )
        close_period(tx, MARCH)
        deliver(tx, gj("H1", MARCH.end_at + timedelta(days=1), "2.1"), received_at=LATER + timedelta(days=1))
        deliver(tx, gj("H1", MARCH.end_at + timedelta(days=9), "5"), received_at=LATER + timedelta(days=1))
        assert list(periods.count_late(tx).values()) == [1]
        closed = correct_period(tx, MARCH)
    assert (closed.revision, closed.measured_count) == (2, 1)


def test_months_add_up_across_an_exchange_a_reset_and_a_rollover(database: Database) -> None:
    april = Period.month(2025, 4)
    noon = at("2025-03-10T12:00")
    with writing(database) as tx:
        deliver(tx, gj("H1", MARCH.start_at, "10"), gj("H1", noon, "12"))
        stands = ({Quantity.HEAT: Decimal(12_000_000_000)}, {Quantity.HEAT: Decimal(1_000_000_000)})
        exchange_meter(tx, "H1", "H1B", noon, *stands, HEAT_MAX)
        deliver(tx, gj("H1B", at("2025-03-20T00:00"), "3"), gj("H1B", at("2025-03-21T00:00"), "0.2"))
        deliver(tx, gj("H1B", MARCH.end_at, "1"), gj("H1B", april.end_at, "3.5"))
        deliver(tx, gj("H2", MARCH.start_at, "9999"), gj("H2", at("2025-03-31T00:00"), "9999.9"))
        deliver(tx, gj("H2", MARCH.end_at, "0.1"), gj("H2", april.end_at, "0.2"))
        deliver(tx, *(gj("H3", bound, "1") for bound in (MARCH.start_at, MARCH.end_at, april.end_at)))
        close_period(tx, MARCH)
        close_period(tx, april)
        rows = periods.list_measurements(tx)
        assert [verify_measurement(tx, row.id) for row in rows] == [[]] * 6
    energy = {(row.member_id, row.period.start.month): row.energy_j for row in rows}
    parts = {(row.member_id, row.period.start.month): row.parts for row in rows}
    # 12 - 10, exchanged, 3 - 1, reset, 1 - 0.
    assert energy["M1", 3] == 5_000_000_000
    assert [part.meter for part in parts["M1", 3]] == ["H1", "H1B", "H1B"]
    assert energy["M1", 4] == 2_500_000_000
    assert energy["M2", 3] == 1_100_000_000
    assert energy["M2", 4] == 100_000_000


def test_a_move_in_the_month_gives_each_member_their_own_part(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        occupy(tx, "C4", "M4", date(2025, 1, 1), date(2025, 3, 16))
        occupy(tx, "C4", "M5", date(2025, 3, 16))
        register_meters(tx, [Meter("H4", MeterKind.HEAT, "C4", at("2024-01-01T00:00"), None, HEAT_MAX)])
        moved = midnight(date(2025, 3, 16))
        deliver(tx, gj("H4", MARCH.start_at, "1"), gj("H4", moved, "2"), gj("H4", MARCH.end_at, "5"))
        close_period(tx, MARCH)
        energy = {row.member_id: row.energy_j for row in periods.list_measurements(tx, MARCH)}
    assert (energy["M4"], energy["M5"]) == (Decimal(1_000_000_000), Decimal(3_000_000_000))


def test_two_members_on_one_connection_at_once_are_refused(one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        occupy(tx, "C1", "M9", date(2025, 3, 10))
        with pytest.raises(CoopError, match="members M1 and M9 hold connection C1"):
            close_period(tx, MARCH)


def test_shared_energy_is_allocated_exactly_over_a_month_of_2972_quarters(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        closed = close_period(tx, MARCH)
        allocated = told(tx, EnergyAllocated)
        assert verify_allocation(tx, closed.run_id) == []
        why = explain_allocation(tx, closed.run_id, "C1", at("2025-03-30T00:50"))
    # docs/domain/energy-sharing-and-allocation.md#e14, dynamic: 3,200, 2,400 and 400 in each of the 2,972 quarters of a
    # month that loses an hour.
    assert {one.member_id: one.allocated_wh for one in allocated} == {
        "M1": 2972 * 3200,
        "M2": 2972 * 2400,
        "M3": 2972 * 400,
    }
    assert (closed.allocated_count, allocated[0].key_id, allocated[0].resolution_id) == (3, "K1", "R-K1")
    assert (why.at, why.explanation.allocated) == (at("2025-03-30T00:45"), 3_200_000)


def test_another_key_from_the_middle_of_a_month_divides_the_run(database: Database) -> None:
    static: dict[str, object] = {"kind": "static", "weights": {"C1": 500_000, "C2": 300_000, "C3": 200_000}}
    with writing(database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        adopt_key(tx, static, date(2025, 3, 16), "K2")
        closed = close_period(tx, MARCH)
        allocated = told(tx, EnergyAllocated)
    assert closed.allocated_count == 6
    spans = {(one.key_id, one.period_start, one.period_end) for one in allocated}
    assert spans == {("K1", date(2025, 3, 1), date(2025, 3, 16)), ("K2", date(2025, 3, 16), date(2025, 4, 1))}
    first = next(one for one in allocated if one.key_id == "K2" and one.connection_id == "C1")
    assert first.allocated_wh == (16 * 96 - 4) * 3000


def test_quarters_of_an_empty_home_take_no_share(one_database: Database) -> None:
    with writing(one_database) as tx:
        power_of_march(tx)
        occupy(tx, "C1", "M1", date(2024, 1, 1), date(2025, 3, 16))
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        closed = close_anyway(tx, MARCH)
        rows = {row.member_id: row for row in periods.list_allocations(tx, closed.run_id)}
    assert rows["M1"].consumed_wh == 15 * 96 * 4000
    assert rows["M2"].allocated_wh == 15 * 96 * 2400 + (16 * 96 - 4) * 3000


def test_a_late_quarter_hour_makes_a_correction_run_with_the_difference(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        first = close_period(tx, MARCH)
        late = quarters("E3", at("2025-03-31T12:00"), [900], quality=[Quality.CORRECTED])
        deliver(tx, late, received_at=LATER + timedelta(days=1))
        second = correct_period(tx, MARCH)
        allocated = told(tx, EnergyAllocated)[3:]
        assert verify_allocation(tx, first.run_id) == []
        assert verify_allocation(tx, second.run_id) == []
    assert second.run_id != first.run_id
    assert (second.measured_count, second.allocated_count, len(allocated)) == (0, 3, 3)
    assert {one.cause for one in allocated} == {"late reading in group roofs on 2025-03-31"}
    # 6,000 x 900 / 7,900 = 683.5: the largest remainder goes to the home that lost the least of its own.
    assert next(one for one in allocated if one.member_id == "M3").allocated_wh == 2971 * 400 + 684


def test_missing_quarters_count_as_nothing_and_are_counted(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(
            tx,
            quarters("E1", MARCH.start_at, [1000]),
            quarters("S1", MARCH.start_at, [700], Quantity.ELECTRICITY_EXPORT),
        )
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        with pytest.raises(PeriodIncomplete, match="2971 of 2972 quarter-hours are missing"):
            close_period(tx, MARCH)
        closed = close_anyway(tx, MARCH)
        [run] = periods.list_runs(tx, MARCH)
        assert run.missing_quarters == 2 * 2971 + 2 * 2972, "also of the homes of which nothing was read"
        assert [row.allocated_wh for row in periods.list_allocations(tx, closed.run_id)] == [700, 0, 0]


@pytest.mark.parametrize(
    ("period", "count"),
    [
        (Period(date(2025, 3, 30), date(2025, 3, 31)), 92),
        (Period(date(2025, 10, 26), date(2025, 10, 27)), 100),
        (Period(date(2024, 2, 29), date(2024, 3, 1)), 96),
    ],
)
def test_days_of_the_clock_change_and_the_leap_day_have_their_own_quarters(
    one_database: Database, period: Period, count: int
) -> None:
    with writing(one_database) as tx:
        start = period.start_at - timedelta(hours=3)
        deliver(
            tx,
            quarters("E1", start, [100] * 140),
            quarters("S1", start, [10] * 140, Quantity.ELECTRICITY_EXPORT),
        )
        adopt_key(tx, DYNAMIC, date(2024, 1, 1))
        closed = close_anyway(tx, period)
        row = periods.list_allocations(tx, closed.run_id)[0]
        again = quarters_of(tx, closed.run_id)
    missing = {gap.subject: gap.missing for gap in again.outcome.gaps}
    assert (row.consumed_wh, row.allocated_wh, missing["C1"], missing["S1"]) == (100 * count, 10 * count, 0, 0)


def test_the_heat_system_is_reported_with_its_loss_and_performance(database: Database) -> None:
    n = 31 * 24 - 1
    with writing(database) as tx:
        heat_of_march(tx)
        heat = quarters("WP1", MARCH.start_at, [10_000_000] * n, Quantity.HEAT, unit="J", step_s=3600)
        power = quarters("WP1", MARCH.start_at, [825] * n, step_s=3600)
        source = quarters(
            "BRON",
            MARCH.start_at,
            [650, 480, 700] + [900] * (n - 3),
            Quantity.SOURCE_TEMPERATURE,
            unit="cdegC",
            step_s=3600,
        )
        assert deliver(tx, heat, power, source).problems == ()
        close_period(tx, MARCH)
        [report] = told(tx, HeatSystemReported)
    assert report.heat_produced_j == n * 10_000_000
    # 10 MJ for 825 Wh = 2.97 MJ, the SPF of E24; 6.75 GJ delivered of 7.43.
    assert (str(report.spf), str(report.loss_share)) == ("3.367", "0.0915")
    assert report.source_temperature_min_cdegc == 480


def test_an_estimate_between_stands_follows_the_weather_when_there_is_a_thermometer(one_database: Database) -> None:
    month = Period.month(2025, 1)
    cold, mild = [-500] * 24, [1700] * 24
    with writing(one_database) as tx:
        # Two cold days before midnight of the month's end, two mild ones after it.
        start = datetime(2025, 1, 30, tzinfo=LATER.tzinfo)
        deliver(
            tx,
            quarters("BRON", start, cold + cold + mild + mild, Quantity.OUTSIDE_TEMPERATURE, unit="cdegC", step_s=3600),
        )
        for i in (1, 2, 3):
            deliver(
                tx,
                gj(f"H{i}", month.start_at, "1"),
                gj(f"H{i}", start, "2"),
                gj(f"H{i}", start + timedelta(days=4), "3"),
            )
        close_period(tx, month)
        row = periods.list_measurements(tx, month)[0]
        assert verify_measurement(tx, row.id) == []
    # 47 of 96 hours, and of the 48 x 23 + 48 x 1 degree hours 47 x 23: 0.79 x 0.93835 + 0.21 x 0.48958 of the last GJ.
    assert row.energy_j == 1_844_123_263
    assert row.estimated


def test_verification_says_when_the_stands_are_not_what_was_told(one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        close_period(tx, MARCH)
        row = periods.list_measurements(tx, MARCH)[0]
    # Somebody with the database file in hand takes the guard away and writes over a reading.
    with one_database.system_write() as sql:
        sql.exec_driver_sql("DROP TRIGGER block_keeps_update")
        for one in sql.execute(select(block).order_by(block.c.day.desc()).limit(3)).all():
            changed = one.readings[:1] + bytes([one.readings[1] ^ 1]) + one.readings[2:]
            where = block.c.register_id == one.register_id, block.c.day == one.day
            sql.execute(block.update().where(*where).values(readings=changed))
    with one_database.read(COMMUNITY) as tx:
        findings = verify_measurement(tx, row.id)
    assert len(findings) == 2
    assert "read again" in findings[1]
