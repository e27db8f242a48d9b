"""Any resolution after any other: a register that tells days, hours, quarter-hours, five minutes or readings, one after
another or side by side and in any order of arrival, has one truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import numpy as np
import pytest

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.model import DAY_S, Meter, MeterKind, Quality, Quantity, Series, Shape, Stand
from coop.metering.periods import store as periods
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.periods.results import compute_period
from coop.metering.provenance.record_views import list_missing_times
from coop.metering.provenance.records import read_record
from coop.metering.provenance.verify import verify_measurement
from coop.metering.provenance.views import heat_by_day
from coop.metering.readings import store as readings
from coop.metering.readings.completeness import measure_completeness
from coop.metering.readings.observations import Source, fold
from coop.metering.readings.sealing import seal_days
from coop.metering.register.commands import find_meter, register_meters
from coop.metering.register.store import list_registers
from coop.values import Period, midnight
from tests.metering.homes import HEAT_MAX, INSTALLED, adopt_key, close_anyway, deliver, occupy, quarters, writing

SPRING = Period(date(2025, 3, 28), date(2025, 4, 2))
AUTUMN = Period(date(2025, 10, 24), date(2025, 10, 29))
LONG_DAYS = {SPRING: date(2025, 3, 30), AUTUMN: date(2025, 10, 26)}
"""The day on which the clock changes, of 23 and of 25 hours."""
RESOLUTIONS = {"days": DAY_S, "hours": 3600, "quarters": 900, "minutes": 300, "readings": 0}
PAIRS = tuple(permutations(RESOLUTIONS, 2))


def five_minutes(start: datetime, end: datetime) -> np.ndarray:
    """Energy of each five minutes: a number that follows from when it is."""
    at_s = np.arange(int(start.timestamp()), int(end.timestamp()), 300)
    return np.asarray(1_000 + at_s // 300 % 977)


def speak(
    meter: str,
    resolution: str,
    start: datetime,
    end: datetime,
    quantity: Quantity = Quantity.HEAT,
    quality: Quality = Quality.MEASURED,
) -> list[Series | Stand]:
    """What a meter says of a time between two midnights in a resolution."""
    energy, step_s = five_minutes(start, end), RESOLUTIONS[resolution]
    unit = "J" if quantity is Quantity.HEAT else "Wh"
    if resolution == "readings":
        counts = np.cumsum([int(five_minutes(INSTALLED, start).sum()), *energy.reshape(-1, 12).sum(axis=1)])
        hours = [start + timedelta(hours=i) for i in range(len(counts))]
        return [
            Stand(meter, quantity, at, Decimal(int(count)), unit, quality)
            for at, count in zip(hours, counts, strict=True)
        ]
    values = energy.reshape(-1, step_s // 300).sum(axis=1).tolist() if step_s < DAY_S else list(_by_day(start, end))
    return [quarters(meter, start, values, quantity, [quality.value] * len(values), unit, step_s)]


def _by_day(start: datetime, end: datetime) -> Iterator[int]:
    while start < end:
        after = midnight((start + timedelta(hours=30)).date())
        yield int(five_minutes(start, after).sum())
        start = after


def open_home(tx: Tx, number: int) -> str:
    """A heat meter at a connection of its own, and who lives there."""
    register_meters(tx, [Meter(f"Q{number}", MeterKind.HEAT, f"C{number}", INSTALLED, None, HEAT_MAX)])
    occupy(tx, f"C{number}", f"M{number}", date(2024, 1, 1))
    return f"Q{number}"


def leave(tx: Tx) -> None:
    """Nobody lives in the homes of ``found`` in these tests."""
    for i in (1, 2, 3):
        occupy(tx, f"C{i}", f"M{i}", date(2024, 1, 1), date(2024, 2, 1))


def told(tx: Tx, period: Period) -> dict[str, tuple[Decimal, bool]]:
    """Energy of each connection as it was told [J], and whether some of it is an estimate; each verified."""
    rows = periods.list_measurements(tx, period)
    for row in rows:
        assert verify_measurement(tx, row.id) == []
    return {row.connection_id: (row.energy_j, row.estimated) for row in rows}


@pytest.mark.parametrize("period", [SPRING, AUTUMN])
def test_every_resolution_after_every_other_in_both_orders_of_arrival(database: Database, period: Period) -> None:
    start, end, switch = period.start_at, period.end_at, midnight(LONG_DAYS[period])
    expected = Decimal(int(five_minutes(start, end).sum()))
    names = {}
    with writing(database) as tx:
        leave(tx)
        for number, (pair, is_swapped) in enumerate(((pair, swap) for pair in PAIRS for swap in (False, True)), 100):
            meter = open_home(tx, number)
            names[f"C{number}"] = *pair, "later first" if is_swapped else "in order"
            parts = [speak(meter, pair[0], start, switch), speak(meter, pair[1], switch, end)]
            for part in reversed(parts) if is_swapped else parts:
                deliver(tx, *part)
        close_period(tx, period)
        got = {names[connection]: energy for connection, energy in told(tx, period).items()}
    assert got == dict.fromkeys(names.values(), (expected, False))


@pytest.mark.parametrize("period", [SPRING, AUTUMN])
def test_every_resolution_beside_every_other_in_both_orders_of_arrival(database: Database, period: Period) -> None:
    start, end = period.start_at, period.end_at
    expected = Decimal(int(five_minutes(start, end).sum()))
    names = {}
    with writing(database) as tx:
        leave(tx)
        for number, pair in enumerate(PAIRS, 100):
            meter = open_home(tx, number)
            names[f"C{number}"] = pair
            for resolution in pair:
                deliver(tx, *speak(meter, resolution, start, end))
        close_period(tx, period)
        got = {names[connection]: energy for connection, energy in told(tx, period).items()}
    assert got == dict.fromkeys(names.values(), (expected, False))


@pytest.mark.parametrize("period", [SPRING, AUTUMN])
def test_a_civil_day_is_one_value_that_is_kept_shown_and_counted_from_midnight(
    database: Database, period: Period
) -> None:
    long_day = LONG_DAYS[period]
    with writing(database) as tx:
        leave(tx)
        meter = open_home(tx, 100)
        deliver(tx, *speak(meter, "days", period.start_at, period.end_at))
        register = next(one for one in list_registers(tx) if one.serial == meter)
        record = read_record(tx, find_meter(tx, meter), register, period)
        days = heat_by_day(tx, "C100", "M100", period)
        complete = measure_completeness(tx, period)
        histories = readings.read_histories(tx, register.id, range(readings.day_number(period.start_at), 30_000))
        seal_days(tx, {(register.id, day) for day in histories})
        again = readings.read_histories(tx, register.id, histories)
    lengths_h = [(a.end_at - a.start_at) // timedelta(hours=1) for a in _days(period)]
    own = [Decimal(int(five_minutes(day.start_at, day.end_at).sum())) for day in _days(period)]
    assert register.shape is Shape.DAY
    assert sorted(lengths_h)[0 if period is SPRING else -1] == {SPRING: 23, AUTUMN: 25}[period]
    assert record.values.at_s.tolist() == [int(day.start_at.timestamp()) for day in _days(period)]
    assert record.values.step_s.tolist() == [3600 * hours for hours in lengths_h]
    assert [day.energy for day in record.days] == own
    assert (record.gaps, [day.energy_j for day in days]) == ((), own)
    assert not any(day.estimated for day in days)
    assert complete.share_percent[complete.serials.index(meter)] == (100,) * period.days
    assert [fold(one.entries, dict.fromkeys(one.entries.numbers(), Source())).sha256() for one in again.values()] == [
        one.fold.sha256() for one in histories.values()
    ]
    assert long_day in [day.day for day in record.days]


def _days(period: Period) -> list[Period]:
    days = [period.start + timedelta(days=i) for i in range(period.days)]
    return [Period(day, day + timedelta(days=1)) for day in days]


@pytest.mark.parametrize("period", [SPRING, AUTUMN])
def test_a_civil_day_that_is_not_there_is_named_also_where_it_is_short(one_database: Database, period: Period) -> None:
    absent = LONG_DAYS[period]
    with writing(one_database) as tx:
        leave(tx)
        meter = open_home(tx, 100)
        deliver(tx, *speak(meter, "days", period.start_at, midnight(absent)))
        deliver(tx, *speak(meter, "days", midnight(absent + timedelta(days=1)), period.end_at))
        with pytest.raises(PeriodIncomplete, match="meter Q100"):
            close_period(tx, period)
        lacking = [str(said) for said in compute_period(tx, period).lacking]
        complete = measure_completeness(tx, period)
    assert any("Q100" in said for said in lacking)
    shares = dict(zip(complete.days, complete.share_percent[complete.serials.index(meter)], strict=True))
    assert [day for day, share in shares.items() if share < 100] == [absent]


def test_what_one_register_of_a_meter_says_is_not_missing_because_another_is_silent(one_database: Database) -> None:
    switch = midnight(LONG_DAYS[AUTUMN])
    with writing(one_database) as tx:
        leave(tx)
        meter = open_home(tx, 100)
        deliver(tx, *speak(meter, "days", AUTUMN.start_at, switch))
        deliver(tx, *speak(meter, "hours", switch + timedelta(hours=5), AUTUMN.end_at))
        missing = list_missing_times(tx, AUTUMN)
        complete = measure_completeness(tx, AUTUMN)
    own = [(gap.start, gap.end) for serial, _, gap in missing.gaps if serial == meter]
    assert own == [(switch, switch + timedelta(hours=5))]
    shares = complete.share_percent[complete.serials.index(meter)]
    assert [share == 100 for share in shares] == [True, True, False, True, True]


def test_the_value_of_a_day_fills_what_its_hours_leave_open_and_no_more(database: Database) -> None:
    day = Period(date(2025, 10, 26), date(2025, 10, 27))
    with writing(database) as tx:
        leave(tx)
        meter = open_home(tx, 100)
        deliver(tx, *speak(meter, "hours", AUTUMN.start_at, day.start_at + timedelta(hours=7)))
        deliver(tx, *speak(meter, "days", day.start_at, day.end_at))
        deliver(tx, *speak(meter, "hours", day.end_at, AUTUMN.end_at))
        close_period(tx, AUTUMN)
        assert told(tx, AUTUMN)["C100"][0] == int(five_minutes(AUTUMN.start_at, AUTUMN.end_at).sum())


def test_a_day_that_is_less_than_its_own_hours_does_not_stand_for_it(one_database: Database) -> None:
    day = Period(date(2025, 10, 26), date(2025, 10, 27))
    with writing(one_database) as tx:
        leave(tx)
        meter = open_home(tx, 100)
        deliver(tx, *speak(meter, "hours", AUTUMN.start_at, day.start_at + timedelta(hours=7)))
        deliver(tx, quarters(meter, day.start_at, [5], Quantity.HEAT, unit="J", step_s=DAY_S))
        deliver(tx, *speak(meter, "hours", day.end_at, AUTUMN.end_at))
        with pytest.raises(PeriodIncomplete, match="meter Q100"):
            close_period(tx, AUTUMN)


def test_a_corrected_day_outranks_its_hours_and_a_late_one_marks_its_month(database: Database) -> None:
    day = Period(date(2025, 10, 26), date(2025, 10, 27))
    with writing(database) as tx:
        leave(tx)
        meter = open_home(tx, 100)
        deliver(tx, *speak(meter, "hours", AUTUMN.start_at, AUTUMN.end_at))
        close_period(tx, AUTUMN)
        before = told(tx, AUTUMN)["C100"][0]
        was = int(five_minutes(day.start_at, day.end_at).sum())
        corrected = quarters(meter, day.start_at, [was + 7], Quantity.HEAT, [4], "J", DAY_S)
        deliver(tx, corrected)
        assert {one.register_id for one in periods.list_late(tx)} == {
            one.id for one in list_registers(tx) if one.serial == meter and one.shape is Shape.DAY
        }
        correct_period(tx, AUTUMN)
        assert told(tx, AUTUMN)["C100"][0] == before + 7


def test_readings_that_say_otherwise_than_the_days_block_the_month(one_database: Database) -> None:
    with writing(one_database) as tx:
        leave(tx)
        meter = open_home(tx, 100)
        deliver(tx, *speak(meter, "days", AUTUMN.start_at, AUTUMN.end_at))
        for at, value in ((AUTUMN.start_at, "5"), (AUTUMN.end_at, "9")):
            deliver(tx, Stand(meter, Quantity.HEAT, at, Decimal(value), "GJ"))
        with pytest.raises(PeriodIncomplete, match="meter Q100 counted 4 GJ by its readings"):
            close_period(tx, AUTUMN)


def test_quarter_hours_come_out_of_every_pair_alike_and_days_are_named(database: Database) -> None:
    period = AUTUMN
    switch = midnight(LONG_DAYS[period])
    names = {f"C{number}": pair for number, pair in enumerate(PAIRS, 100)}
    with writing(database) as tx:
        leave(tx)
        adopt_key(tx, {"kind": "dynamic"}, date(2025, 1, 1))
        for connection, pair in names.items():
            meter = connection.replace("C", "Q")
            register_meters(tx, [Meter(meter, MeterKind.ELECTRICITY, connection, INSTALLED)])
            occupy(tx, connection, connection.replace("C", "M"), date(2024, 1, 1))
            parts = [
                speak(meter, pair[0], period.start_at, switch, Quantity.ELECTRICITY_IMPORT),
                speak(meter, pair[1], switch, period.end_at, Quantity.ELECTRICITY_IMPORT),
            ]
            for part in reversed(parts) if int(connection[1:]) % 2 else parts:
                deliver(tx, *part)
        lacking = [str(said) for said in compute_period(tx, period).lacking]
        close_anyway(tx, period)
        [run] = periods.list_runs(tx)
        used = {one.connection_id: one.consumed_wh for one in periods.list_allocations(tx, run.id)}
    named = {connection for connection in names if any(f"10{connection[1:]} " in said for said in lacking)}
    expected = int(five_minutes(period.start_at, period.end_at).sum())
    assert named == {connection for connection, pair in names.items() if "days" in pair}
    assert {connection: wh for connection, wh in used.items() if connection in names and connection not in named} == {
        connection: expected for connection in names if connection not in named
    }


@pytest.mark.parametrize("litres", list(permutations(["12", "12.3", "13.45"])), ids="-".join)
@pytest.mark.parametrize("together", [False, True], ids=["apart", "together"])
def test_a_telegram_finer_than_its_register_makes_it_finer_whatever_came_first(
    one_database: Database, litres: tuple[str, ...], together: bool
) -> None:
    said = [
        Stand("H1", Quantity.VOLUME, SPRING.start_at + timedelta(hours=i), Decimal(value), "l")
        for i, value in enumerate(sorted(litres))
    ]
    told = [said[sorted(litres).index(value)] for value in litres]
    with writing(one_database) as tx:
        receipts = [deliver(tx, *told)] if together else [deliver(tx, one) for one in told]
        [register] = [one for one in list_registers(tx) if one.quantity is Quantity.VOLUME]
        days = readings.latest(tx, [register.id], range(20_000, 20_500))
    assert [receipt.problems for receipt in receipts] == [()] * len(receipts)
    assert register.exponent == -2
    assert [value for one in days.values() for value in one.content.values.tolist()] == [1200, 1230, 1345]


def test_a_reading_too_fine_for_any_register_is_refused_with_its_reason(one_database: Database) -> None:
    with writing(one_database) as tx:
        receipt = deliver(tx, Stand("H1", Quantity.VOLUME, SPRING.start_at, Decimal("1.23456789"), "l"))
    assert "is not a whole number" in str(receipt.problems[0])
