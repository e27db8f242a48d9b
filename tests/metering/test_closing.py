"""Closing a period, and correcting it when readings come late."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, select

from coop.events import Event
from coop.events.metering import EnergyAllocated, HeatSystemReported, PeriodClosed, PeriodMeasured
from coop.kit.database import Database
from coop.kit.journal import journal
from coop.metering import queries
from coop.metering.handlers.close import PeriodIncomplete, close_period, correct_period
from coop.metering.handlers.register import exchange_meter
from coop.metering.handlers.verify import explain_allocation, quarters_of, verify_allocation, verify_measurement
from coop.metering.model import Meter, MeterKind, Quality, Quantity
from coop.metering.storage import periods
from coop.metering.storage.tables import block
from coop.values import CoopError, Period, midnight
from coop.values import quarters as quarters_in
from tests.metering.homes import COMMUNITY, HEAT_MAX, LATER, adopt_key, at, deliver, gj, killed, occupy, quarters

MARCH = Period.month(2025, 3)
DYNAMIC: dict[str, object] = {"kind": "dynamic"}


def heat_of_march(connection: Connection) -> None:
    """Stands of three homes at both ends of March, and in between."""
    for i, (first, last) in enumerate([("10.00", "14.50"), ("20.00", "22.25"), ("0.00", "0.00")], start=1):
        middle = (Decimal(first) + Decimal(last)) / 2
        deliver(
            connection,
            gj(f"H{i}", MARCH.start_at, first),
            gj(f"H{i}", at("2025-03-15T12:00"), str(middle)),
            gj(f"H{i}", MARCH.end_at, last),
        )


def power_of_march(connection: Connection) -> None:
    """Quarter-hours of three homes and the roof: 4,000, 3,000 and 500 Wh under 6,000 Wh."""
    n = quarters_in(MARCH)
    rows = [quarters(f"E{i}", MARCH.start_at, [wh] * n) for i, wh in ((1, 4000), (2, 3000), (3, 500))]
    deliver(connection, *rows, quarters("S1", MARCH.start_at, [6000] * n, Quantity.ELECTRICITY_EXPORT))


def told(connection: Connection, kind: type[Event]) -> list[dict[str, object]]:
    rows = connection.scalars(select(journal.c.data).where(journal.c.type == kind.TYPE).order_by(journal.c.row_id))
    return [json.loads(row) for row in rows]


def test_a_month_is_measured_from_its_first_to_its_last_stand(database: Database) -> None:
    with database.write() as connection:
        heat_of_march(connection)
        closed = close_period(connection, COMMUNITY, MARCH, LATER)
        measured = told(connection, PeriodMeasured)
        [period] = told(connection, PeriodClosed)
        rows = periods.measurements(connection, COMMUNITY, MARCH)
        assert [verify_measurement(connection, COMMUNITY, row.id) for row in rows] == [[], [], []]
    assert {one["member_id"]: one["energy_j"] for one in measured} == {
        "M1": "4500000000",
        "M2": "2250000000",
        "M3": "0",
    }
    assert not any(one["estimated"] for one in measured)
    assert (closed.measured_count, closed.allocated_count, period["measured_count"]) == (3, 0, 3)


def test_closing_twice_changes_nothing_and_answers_the_same(database: Database) -> None:
    with database.write() as connection:
        heat_of_march(connection)
        first = close_period(connection, COMMUNITY, MARCH, LATER)
    with database.write() as connection:
        count = len(connection.execute(select(journal)).all())
        again = close_period(connection, COMMUNITY, MARCH, LATER + timedelta(days=1))
        assert len(connection.execute(select(journal)).all()) == count
        assert correct_period(connection, COMMUNITY, MARCH, LATER) == first
    assert again == first


def test_a_killed_closing_leaves_nothing_and_the_next_one_tells_the_same(database: Database) -> None:
    with database.write() as connection:
        heat_of_march(connection)
    with killed(database) as connection:
        lost = close_period(connection, COMMUNITY, MARCH, LATER)
    with database.write() as connection:
        assert periods.closed(connection, COMMUNITY) == []
        assert connection.execute(select(journal)).all() == []
        assert close_period(connection, COMMUNITY, MARCH, LATER) == lost


def test_a_period_without_stands_at_its_end_names_what_is_missing(one_database: Database) -> None:
    with one_database.write() as connection:
        deliver(connection, gj("H1", MARCH.start_at, "10"), gj("H1", at("2025-03-20T00:00"), "12"))
        with pytest.raises(PeriodIncomplete, match="meter H1: no stand near enough") as refused:
            close_period(connection, COMMUNITY, MARCH, LATER)
        assert "meter H2 was never read" in refused.value.lacking
        closed = close_period(connection, COMMUNITY, MARCH, LATER, accept_estimates=True)
        [one] = told(connection, PeriodMeasured)
    assert (one["energy_j"], one["estimated"], closed.measured_count) == ("2000000000", True, 1)


def test_a_period_that_is_not_over_or_overlaps_another_is_refused(one_database: Database) -> None:
    with one_database.write() as connection:
        heat_of_march(connection)
        with pytest.raises(CoopError, match="not over"):
            close_period(connection, COMMUNITY, MARCH, MARCH.end_at - timedelta(seconds=1))
        close_period(connection, COMMUNITY, MARCH, LATER)
        with pytest.raises(CoopError, match="overlaps 2025-03"):
            close_period(connection, COMMUNITY, Period.year(2025), LATER, accept_estimates=True)


def test_a_late_stand_marks_its_period_and_the_correction_tells_only_what_changed(database: Database) -> None:
    with database.write() as connection:
        heat_of_march(connection)
        close_period(connection, COMMUNITY, MARCH, LATER)
        deliver(connection, gj("H1", MARCH.end_at, "14.70", Quality.CORRECTED), received_at=LATER + timedelta(days=1))
        assert [one["late_values"] for one in queries.periods_json(connection, COMMUNITY)] == [1]
        closed = correct_period(connection, COMMUNITY, MARCH, LATER + timedelta(days=2))
        corrected = told(connection, PeriodMeasured)[-1]
        counts = [(one["revision"], one["measured_count"]) for one in told(connection, PeriodClosed)]
        assert correct_period(connection, COMMUNITY, MARCH, LATER + timedelta(days=3)) == closed
        assert verify_measurement(connection, COMMUNITY, str(corrected["measurement_id"])) == []
        first = [row for row in periods.measurements(connection, COMMUNITY, MARCH) if row.revision == 1]
        assert all(verify_measurement(connection, COMMUNITY, row.id) == [] for row in first)
    assert (corrected["revision"], corrected["energy_j"]) == (2, "4700000000")
    assert corrected["cause"] == closed.cause == "late reading of meter H1 on 2025-03-31"
    assert counts == [(1, 3), (2, 1)]


def test_a_stand_in_the_gap_of_an_estimated_bound_marks_the_period_too(one_database: Database) -> None:
    with one_database.write() as connection:
        for i in (1, 2, 3):
            deliver(
                connection,
                gj(f"H{i}", MARCH.start_at, "1"),
                gj(f"H{i}", MARCH.end_at - timedelta(days=1), "2"),
                gj(f"H{i}", MARCH.end_at + timedelta(days=3), "4"),
            )
        close_period(connection, COMMUNITY, MARCH, LATER)
        deliver(connection, gj("H1", MARCH.end_at + timedelta(days=1), "2.1"), received_at=LATER + timedelta(days=1))
        deliver(connection, gj("H1", MARCH.end_at + timedelta(days=9), "5"), received_at=LATER + timedelta(days=1))
        assert [one["late_values"] for one in queries.periods_json(connection, COMMUNITY)] == [1]
        closed = correct_period(connection, COMMUNITY, MARCH, LATER + timedelta(days=2))
    assert (closed.revision, closed.measured_count) == (2, 1)


def test_months_add_up_across_an_exchange_a_reset_and_a_rollover(database: Database) -> None:
    april = Period.month(2025, 4)
    noon = at("2025-03-10T12:00")
    with database.write() as connection:
        deliver(connection, gj("H1", MARCH.start_at, "10"), gj("H1", noon, "12"))
        new = Meter("H1B", MeterKind.HEAT, "C1", noon, None, HEAT_MAX)
        stands = ({Quantity.HEAT: Decimal(12_000_000_000)}, {Quantity.HEAT: Decimal(1_000_000_000)})
        exchange_meter(connection, COMMUNITY, "H1", new, noon, *stands, LATER)
        deliver(connection, gj("H1B", at("2025-03-20T00:00"), "3"), gj("H1B", at("2025-03-21T00:00"), "0.5"))
        deliver(connection, gj("H1B", MARCH.end_at, "1"), gj("H1B", april.end_at, "9"))
        deliver(connection, gj("H2", MARCH.start_at, "9999"), gj("H2", at("2025-03-31T00:00"), "9999.9"))
        deliver(connection, gj("H2", MARCH.end_at, "0.1"), gj("H2", april.end_at, "0.2"))
        deliver(connection, *(gj("H3", bound, "1") for bound in (MARCH.start_at, MARCH.end_at, april.end_at)))
        close_period(connection, COMMUNITY, MARCH, LATER)
        close_period(connection, COMMUNITY, april, LATER)
        rows = periods.measurements(connection, COMMUNITY)
        assert [verify_measurement(connection, COMMUNITY, row.id) for row in rows] == [[]] * 6
    energy = {(row.member_id, row.period_start.month): row.energy_j for row in rows}
    parts = {(row.member_id, row.period_start.month): json.loads(row.parts) for row in rows}
    # 12 - 10, exchanged, 3 - 1, reset, 1 - 0.
    assert energy["M1", 3] == "5000000000"
    assert [part["meter"] for part in parts["M1", 3]] == ["H1", "H1B", "H1B"]
    assert energy["M1", 4] == "8000000000"
    assert energy["M2", 3] == "1100000000"
    assert energy["M2", 4] == "100000000"


def test_a_move_in_the_month_gives_each_member_their_own_part(database: Database) -> None:
    with database.write() as connection:
        heat_of_march(connection)
        occupy(connection, "C4", "M4", date(2025, 1, 1), date(2025, 3, 16))
        occupy(connection, "C4", "M5", date(2025, 3, 16))
        from coop.metering.handlers.register import register_meters

        register_meters(
            connection, COMMUNITY, [Meter("H4", MeterKind.HEAT, "C4", at("2024-01-01T00:00"), None, HEAT_MAX)]
        )
        moved = midnight(date(2025, 3, 16))
        deliver(connection, gj("H4", MARCH.start_at, "1"), gj("H4", moved, "2"), gj("H4", MARCH.end_at, "5"))
        close_period(connection, COMMUNITY, MARCH, LATER)
        energy = {row.member_id: row.energy_j for row in periods.measurements(connection, COMMUNITY, MARCH)}
    assert (energy["M4"], energy["M5"]) == ("1000000000", "3000000000")


def test_two_members_on_one_connection_at_once_are_refused(one_database: Database) -> None:
    with one_database.write() as connection:
        heat_of_march(connection)
        occupy(connection, "C1", "M9", date(2025, 3, 10))
        with pytest.raises(CoopError, match="M1 and M9 at the same time"):
            close_period(connection, COMMUNITY, MARCH, LATER)


def test_shared_energy_is_allocated_exactly_over_a_month_of_2972_quarters(database: Database) -> None:
    with database.write() as connection:
        heat_of_march(connection)
        power_of_march(connection)
        adopt_key(connection, DYNAMIC, date(2025, 1, 1))
        closed = close_period(connection, COMMUNITY, MARCH, LATER)
        allocated = told(connection, EnergyAllocated)
        assert verify_allocation(connection, COMMUNITY, closed.run_id) == []
        why = explain_allocation(connection, COMMUNITY, closed.run_id, "C1", at("2025-03-30T00:50"))
    # docs/domain/energy-sharing-and-allocation.md#e14, dynamic: 3,200, 2,400 and 400 in each of the 2,972 quarters of a
    # month that loses an hour.
    assert {one["member_id"]: one["allocated_wh"] for one in allocated} == {
        "M1": 2972 * 3200,
        "M2": 2972 * 2400,
        "M3": 2972 * 400,
    }
    assert (closed.allocated_count, allocated[0]["key_id"], allocated[0]["resolution_id"]) == (3, "K1", "R-K1")
    assert (why.at, why.explanation.allocated_wh) == (at("2025-03-30T00:45"), 3200)


def test_another_key_from_the_middle_of_a_month_divides_the_run(database: Database) -> None:
    static: dict[str, object] = {"kind": "static", "weights": {"C1": 500_000, "C2": 300_000, "C3": 200_000}}
    with database.write() as connection:
        heat_of_march(connection)
        power_of_march(connection)
        adopt_key(connection, DYNAMIC, date(2025, 1, 1))
        adopt_key(connection, static, date(2025, 3, 16), "K2")
        closed = close_period(connection, COMMUNITY, MARCH, LATER)
        allocated = told(connection, EnergyAllocated)
    assert closed.allocated_count == 6
    spans = {(one["key_id"], one["period_start"], one["period_end"]) for one in allocated}
    assert spans == {("K1", "2025-03-01", "2025-03-16"), ("K2", "2025-03-16", "2025-04-01")}
    first = next(one for one in allocated if one["key_id"] == "K2" and one["connection_id"] == "C1")
    assert first["allocated_wh"] == (16 * 96 - 4) * 3000


def test_quarters_of_an_empty_home_take_no_share(one_database: Database) -> None:
    with one_database.write() as connection:
        power_of_march(connection)
        occupy(connection, "C1", "M1", date(2024, 1, 1), date(2025, 3, 16))
        adopt_key(connection, DYNAMIC, date(2025, 1, 1))
        closed = close_period(connection, COMMUNITY, MARCH, LATER, accept_estimates=True)
        rows = {row.member_id: row for row in periods.allocations(connection, closed.run_id)}
    assert rows["M1"].consumed_wh == 15 * 96 * 4000
    assert rows["M2"].allocated_wh == 15 * 96 * 2400 + (16 * 96 - 4) * 3000


def test_a_late_quarter_hour_makes_a_correction_run_with_the_difference(database: Database) -> None:
    with database.write() as connection:
        heat_of_march(connection)
        power_of_march(connection)
        adopt_key(connection, DYNAMIC, date(2025, 1, 1))
        first = close_period(connection, COMMUNITY, MARCH, LATER)
        late = quarters("E3", at("2025-03-31T12:00"), [900], quality=[Quality.CORRECTED])
        deliver(connection, late, received_at=LATER + timedelta(days=1))
        second = correct_period(connection, COMMUNITY, MARCH, LATER + timedelta(days=2))
        allocated = told(connection, EnergyAllocated)[3:]
        assert verify_allocation(connection, COMMUNITY, first.run_id) == []
        assert verify_allocation(connection, COMMUNITY, second.run_id) == []
    assert second.run_id != first.run_id
    assert (second.measured_count, second.allocated_count, len(allocated)) == (0, 3, 3)
    assert {one["cause"] for one in allocated} == {"late reading of meter E3 on 2025-03-31"}
    # 6,000 x 900 / 7,900 = 683.5: the largest remainder goes to the home that lost the least of its own.
    assert next(one for one in allocated if one["member_id"] == "M3")["allocated_wh"] == 2971 * 400 + 684


def test_missing_quarters_count_as_nothing_and_are_counted(one_database: Database) -> None:
    with one_database.write() as connection:
        deliver(
            connection,
            quarters("E1", MARCH.start_at, [1000]),
            quarters("S1", MARCH.start_at, [700], Quantity.ELECTRICITY_EXPORT),
        )
        adopt_key(connection, DYNAMIC, date(2025, 1, 1))
        with pytest.raises(PeriodIncomplete, match="of 5944 quarter-hours are missing"):
            close_period(connection, COMMUNITY, MARCH, LATER)
        closed = close_period(connection, COMMUNITY, MARCH, LATER, accept_estimates=True)
        [run] = periods.runs(connection, COMMUNITY, MARCH)
        assert run.missing_quarters == 2 * 2971
        assert [row.allocated_wh for row in periods.allocations(connection, closed.run_id)] == [700]


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
    with one_database.write() as connection:
        start = period.start_at - timedelta(hours=3)
        deliver(
            connection,
            quarters("E1", start, [100] * 140),
            quarters("S1", start, [10] * 140, Quantity.ELECTRICITY_EXPORT),
        )
        adopt_key(connection, DYNAMIC, date(2024, 1, 1))
        closed = close_period(connection, COMMUNITY, period, LATER, accept_estimates=True)
        [row] = periods.allocations(connection, closed.run_id)
        _, found = quarters_of(connection, COMMUNITY, closed.run_id)
    assert (row.consumed_wh, row.allocated_wh, found.missing) == (100 * count, 10 * count, 0)


def test_the_heat_system_is_reported_with_its_loss_and_performance(database: Database) -> None:
    n = 31 * 24 - 1
    with database.write() as connection:
        heat_of_march(connection)
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
        assert deliver(connection, heat, power, source).problems == ()
        close_period(connection, COMMUNITY, MARCH, LATER)
        [report] = told(connection, HeatSystemReported)
    assert report["heat_produced_j"] == str(n * 10_000_000)
    # 10 MJ for 825 Wh = 2.97 MJ, the SPF of E24; 6.75 GJ delivered of 7.43.
    assert (report["spf"], report["loss_share"]) == ("3.367", "0.0915")
    assert report["source_temperature_min_cdegc"] == 480


def test_an_estimate_between_stands_follows_the_weather_when_there_is_a_thermometer(one_database: Database) -> None:
    month = Period.month(2025, 1)
    cold, mild = [-500] * 24, [1700] * 24
    with one_database.write() as connection:
        # Two cold days before midnight of the month's end, two mild ones after it.
        start = datetime(2025, 1, 30, tzinfo=LATER.tzinfo)
        deliver(
            connection,
            quarters("BRON", start, cold + cold + mild + mild, Quantity.OUTSIDE_TEMPERATURE, unit="cdegC", step_s=3600),
        )
        for i in (1, 2, 3):
            deliver(
                connection,
                gj(f"H{i}", month.start_at, "1"),
                gj(f"H{i}", start, "2"),
                gj(f"H{i}", start + timedelta(days=4), "3"),
            )
        close_period(connection, COMMUNITY, month, LATER)
        row = periods.measurements(connection, COMMUNITY, month)[0]
        assert verify_measurement(connection, COMMUNITY, row.id) == []
    # 47 of 96 hours, and of the 48 x 23 + 48 x 1 degree hours 47 x 23: 0.79 x 0.93835 + 0.21 x 0.48958 of the last GJ.
    assert row.energy_j == "1844123263"
    assert row.estimated


def test_verification_says_when_the_stands_are_not_what_was_told(one_database: Database) -> None:
    with one_database.write() as connection:
        heat_of_march(connection)
        close_period(connection, COMMUNITY, MARCH, LATER)
        row = periods.measurements(connection, COMMUNITY, MARCH)[0]
        # Somebody with the database file in hand takes the guard away and writes over a reading.
        connection.exec_driver_sql("DROP TRIGGER block_keeps_update")
        last = connection.execute(select(block).order_by(block.c.day.desc()).limit(3)).all()
        for one in last:
            changed = one.readings[:1] + bytes([one.readings[1] ^ 1]) + one.readings[2:]
            connection.execute(
                block.update()
                .where(block.c.register_id == one.register_id, block.c.day == one.day)
                .values(readings=changed)
            )
        findings = verify_measurement(connection, COMMUNITY, row.id)
    assert len(findings) == 2
    assert "read again" in findings[1]
