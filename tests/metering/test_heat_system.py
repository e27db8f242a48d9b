"""The heat system's figures with their coverage, heat of homes that nobody held, and cold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.model import Meter, MeterKind, Quality, Quantity, Stand
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.periods.results import compute_period
from coop.metering.periods.store import list_measurements
from coop.metering.provenance.verify import verify_measurement
from coop.metering.register.commands import register_meters
from coop.values import Period, midnight
from tests.metering.homes import INSTALLED, at, close_anyway, deliver, gj, occupy, quarters, writing

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
START, END = MARCH.start_at, MARCH.end_at
HOURS = 743


def homes(tx: Tx) -> None:
    for meter in ("H1", "H2", "H3"):
        deliver(tx, gj(meter, START, "1"), gj(meter, END, "1.9"))


def pump(tx: Tx, heat_hours: int, power_hours: int, meter: str = "WP1") -> None:
    """4 MJ of heat from 400 Wh in each hour."""
    deliver(tx, quarters(meter, START, [4_000_000] * heat_hours, Quantity.HEAT, unit="J", step_s=3600))
    deliver(tx, quarters(meter, START, [400] * power_hours, step_s=3600))


def test_performance_is_told_of_the_time_of_which_both_are_known_and_says_how_much_that_is(database: Database) -> None:
    with writing(database) as tx:
        homes(tx)
        pump(tx, HOURS, 371)
        with pytest.raises(PeriodIncomplete, match=r"heat pump WP1: heat and electricity are both known of 49\.9 %"):
            close_period(tx, MARCH)
        closed = close_anyway(tx, MARCH)
    report = closed.heat_system
    assert report is not None
    # 4 MJ / (400 Wh * 3600 J): the hours without electricity count on neither side.
    assert (report.spf, report.covered_permille) == (Decimal("2.778"), 499)
    assert report.electricity_wh == 371 * 400


def test_loss_is_not_told_where_some_of_the_heat_is_unknown(database: Database) -> None:
    with writing(database) as tx:
        homes(tx)
        pump(tx, 700, HOURS)
        plant = compute_period(tx, MARCH).plant
        assert plant is not None
        assert plant.loss_share is None
    with writing(database) as tx:
        pump(tx, HOURS, HOURS)
        plant = compute_period(tx, MARCH).plant
    assert plant is not None
    assert (plant.loss_share, plant.covered_permille) == (Decimal("0.0915"), 1000)


def test_loss_is_not_told_where_a_home_was_not_read(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, *(gj(meter, bound, "1") for meter in ("H1", "H2") for bound in (START, END)))
        pump(tx, HOURS, HOURS)
        results = compute_period(tx, MARCH)
    assert results.plant is not None
    assert results.plant.loss_share is None
    assert results.plant.spf == Decimal("2.778")


def test_one_silent_pump_of_two_is_named(database: Database) -> None:
    with writing(database) as tx:
        register_meters(tx, [Meter("WP2", MeterKind.HEAT_PUMP, None, INSTALLED)])
        homes(tx)
        pump(tx, HOURS, HOURS)
        results = compute_period(tx, MARCH)
    assert [said for said in results.lacking if "WP2" in said]
    assert results.plant is not None
    assert (results.plant.covered_permille, results.plant.spf) == (0, Decimal("2.778"))


def test_heat_of_a_source_or_a_storage_is_no_heat_of_the_pumps(database: Database) -> None:
    with writing(database) as tx:
        homes(tx)
        pump(tx, HOURS, HOURS)
        alone = compute_period(tx, MARCH).plant
        deliver(tx, quarters("BRON", START, [9_000_000] * HOURS, Quantity.HEAT, unit="J", step_s=3600))
        assert compute_period(tx, MARCH).plant == alone


def test_heat_of_empty_days_stands_apart_and_is_no_loss(database: Database) -> None:
    with writing(database) as tx:
        homes(tx)
        pump(tx, HOURS, HOURS)
        register_meters(tx, [Meter("H4", MeterKind.HEAT, "C4", INSTALLED)])
        occupy(tx, "C4", "M4", date(2024, 1, 1), date(2025, 3, 11))
        occupy(tx, "C4", "M5", date(2025, 3, 21))
        values = [(START, "5"), (midnight(date(2025, 3, 11)), "5.3"), (midnight(date(2025, 3, 21)), "5.35")]
        deliver(tx, *(gj("H4", bound, value) for bound, value in [*values, (END, "5.6")]))
        results = compute_period(tx, MARCH)
        [empty] = results.vacant
        assert (empty.connection_id, empty.member_id, empty.energy_j) == ("C4", "", Decimal(50_000_000))
        used = {one.member_id: one.energy_j for one in results.measured if one.connection_id == "C4"}
        assert used == {"M4": Decimal(300_000_000), "M5": Decimal(250_000_000)}
        closed = close_period(tx, MARCH)
    report = closed.heat_system
    assert report is not None
    assert (report.heat_vacant_j, report.heat_delivered_j) == (Decimal(50_000_000), Decimal(3_300_000_000))
    # 2.972 GJ of the pumps: more was delivered than made only in a test.
    assert report.loss_share == Decimal("-0.1104")


def test_an_empty_home_that_was_never_read_holds_nothing_up(database: Database) -> None:
    with writing(database) as tx:
        homes(tx)
        register_meters(tx, [Meter("H4", MeterKind.HEAT, "C4", INSTALLED)])
        assert compute_period(tx, MARCH).lacking == ()


def test_heat_of_an_empty_home_blocks_where_nothing_explains_its_register(database: Database) -> None:
    with writing(database) as tx:
        homes(tx)
        register_meters(tx, [Meter("H4", MeterKind.HEAT, "C4", INSTALLED)])
        deliver(tx, gj("H4", START, "50"), gj("H4", at("2025-03-10T00:00:00"), "50.2"), gj("H4", END, "30"))
        assert [one for one in compute_period(tx, MARCH).blocking if "H4" in one.said]


def cold(meter: str, bound: datetime, value: str) -> Stand:
    return Stand(meter, Quantity.COLD, bound, Decimal(value), "GJ")


def test_cold_is_measured_as_heat_is_and_corrected_by_itself(database: Database) -> None:
    with writing(database) as tx:
        homes(tx)
        deliver(tx, cold("H1", START, "3"), cold("H1", END, "3.25"))
        closed = close_period(tx, MARCH)
        told = [(one.connection_id, one.quantity, one.energy_j) for one in list_measurements(tx, MARCH)]
        assert told == [
            ("C1", Quantity.COLD, Decimal(250_000_000)),
            ("C1", Quantity.HEAT, Decimal(900_000_000)),
            ("C2", Quantity.HEAT, Decimal(900_000_000)),
            ("C3", Quantity.HEAT, Decimal(900_000_000)),
        ]
        assert [verify_measurement(tx, one.id) for one in list_measurements(tx, MARCH)] == [[]] * 4
        assert closed.measured_count == 4
        deliver(tx, replace(cold("H1", END, "3.35"), quality=Quality.CORRECTED))
        corrected = correct_period(tx, MARCH)
        assert (corrected.revision, corrected.measured_count) == (2, 1)
        changed = [one for one in list_measurements(tx, MARCH) if one.revision == 2]
    assert [(one.quantity, one.energy_j) for one in changed] == [(Quantity.COLD, Decimal(350_000_000))]


def test_cold_is_no_part_of_the_heat_that_was_delivered(database: Database) -> None:
    with writing(database) as tx:
        homes(tx)
        pump(tx, HOURS, HOURS)
        without = compute_period(tx, MARCH)
        deliver(tx, cold("H1", START, "3"), cold("H1", END, "3.25"))
        results = compute_period(tx, MARCH)
    assert (results.plant, results.energy_j) == (without.plant, without.energy_j)
