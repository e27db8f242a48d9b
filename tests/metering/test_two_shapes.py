"""One meter that tells one quantity in two shapes: cumulative readings, and the values of intervals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.heat.decisions import answer_break, decide_shapes
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import Quantity, Shape
from coop.metering.periods import store as periods
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.provenance.verify import verify_measurement
from coop.metering.provenance.views import heat_by_day
from coop.metering.readings.store import seconds
from coop.metering.register.store import list_registers
from coop.values import BadInput, NotFound, Period
from tests.metering.histories.test_months_with_breaks import TREASURER, others
from tests.metering.homes import COMMUNITY, at, close_anyway, deliver, gj, quarters, writing

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
START, END = MARCH.start_at, MARCH.end_at
HOURS = 743


def hourly(tx: Tx, first: int = 0, after: int = HOURS) -> None:
    """One MJ in each hour of March from the first on."""
    start = START + timedelta(hours=first)
    deliver(tx, quarters("H1", start, [1_000_000] * (after - first), Quantity.HEAT, unit="J", step_s=3600))


def reading(tx: Tx, hour: int, value: str) -> None:
    deliver(tx, gj("H1", START + timedelta(hours=hour), value))


def told(tx: Tx) -> Decimal:
    """Heat of the first home as it was told [GJ], after it was verified."""
    row = next(row for row in reversed(periods.list_measurements(tx, MARCH)) if row.connection_id == "C1")
    assert verify_measurement(tx, row.id) == []
    return row.energy_j.scaleb(-9)


def test_a_reading_that_is_added_to_complete_intervals_changes_nothing(one_database: Database) -> None:
    with writing(one_database) as tx:
        others(tx)
        hourly(tx)
        close_period(tx, MARCH)
        assert told(tx) == Decimal("0.743")
        deliver(tx, gj("H1", at("2025-05-20T00:00:00"), "5.00"))
        correct_period(tx, MARCH)
        assert told(tx) == Decimal("0.743")


def test_a_reading_of_long_before_does_not_shut_complete_intervals_out(database: Database) -> None:
    with writing(database) as tx:
        others(tx)
        deliver(tx, gj("H1", at("2025-01-20T00:00:00"), "5.00"))
        hourly(tx)
        close_period(tx, MARCH)
        assert told(tx) == Decimal("0.743")


def test_readings_bridge_the_gap_that_intervals_leave(database: Database) -> None:
    with writing(database) as tx:
        others(tx)
        hourly(tx, 0, 300)
        hourly(tx, 310)
        reading(tx, 290, "7.290")
        reading(tx, 320, "7.320")
        close_period(tx, MARCH)
        row = periods.list_measurements(tx, MARCH)[0]
        assert told(tx) == Decimal("0.743")
    assert [part.energy * 10**part.exponent for part in row.parts] == [290_000_000, 30_000_000, 423_000_000]
    assert not row.estimated


def test_intervals_count_where_readings_begin_later_and_the_other_way_round(database: Database) -> None:
    with writing(database) as tx:
        others(tx)
        hourly(tx, 0, 400)
        reading(tx, 400, "1.00")
        reading(tx, HOURS, "1.50")
        close_period(tx, MARCH)
        assert told(tx) == Decimal("0.9")


def test_a_gap_that_no_reading_bridges_is_missing(database: Database) -> None:
    with writing(database) as tx:
        others(tx)
        hourly(tx, 0, 400)
        reading(tx, 100, "1.00")
        with pytest.raises(PeriodIncomplete, match="meter H1"):
            close_period(tx, MARCH)


def disagree(tx: Tx) -> None:
    others(tx)
    hourly(tx)
    reading(tx, 0, "5.00")
    reading(tx, HOURS, "9.00")


def test_readings_and_intervals_that_disagree_block_the_month(database: Database) -> None:
    with writing(database) as tx:
        disagree(tx)
        with pytest.raises(PeriodIncomplete, match=r"meter H1 counted 4 GJ by its readings and 0\.743 GJ by its int"):
            close_anyway(tx, MARCH)


@pytest.mark.parametrize(("kind", "energy_gj"), [(BreakKind.READINGS, "4"), (BreakKind.INTERVALS, "0.743")])
def test_two_people_decide_which_of_the_two_is_right(database: Database, kind: BreakKind, energy_gj: str) -> None:
    between_s = seconds(START), seconds(END)
    with writing(database) as tx:
        disagree(tx)
        register = next(one for one in list_registers(tx) if (one.serial, one.shape) == ("H1", Shape.STAND))
        with pytest.raises(BadInput, match="cannot have been that"):
            decide_shapes(tx, register.id, *between_s, BreakKind.RESET, "so it seems")
        with pytest.raises(NotFound):
            decide_shapes(tx, register.id, between_s[0], between_s[1] - 3600, kind, "so it seems")
        proposal = decide_shapes(tx, register.id, *between_s, kind, "read on the spot")
    with database.write(COMMUNITY, TREASURER) as tx:
        answer_break(tx, proposal.id, confirmed=True)
        close_period(tx, MARCH)
        assert told(tx) == Decimal(energy_gj)


def test_readings_that_agree_with_intervals_within_their_coarseness_say_nothing(database: Database) -> None:
    with writing(database) as tx:
        others(tx)
        hourly(tx)
        reading(tx, 0, "5.00")
        reading(tx, HOURS, "5.75")
        close_period(tx, MARCH)
        assert told(tx) == Decimal("0.743")


def test_the_days_of_a_home_add_up_to_its_month_in_either_shape(database: Database) -> None:
    with writing(database) as tx:
        hourly(tx)
        reading(tx, 0, "5.00")
        days = heat_by_day(tx, "C1", "M1", MARCH)
    assert sum(day.energy_j or 0 for day in days) == 743_000_000
