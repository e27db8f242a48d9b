"""Two at once: a reading that comes in while its period closes, and deliveries of one register and day."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.model import Meter, MeterKind, Quality
from coop.metering.periods import close
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period, correct_period
from coop.metering.periods.results import Before, Results, compute_period
from coop.metering.readings.log import make_months
from coop.metering.register.commands import register_meters
from coop.values import Period
from tests.metering.homes import (
    COMMUNITY,
    LATER,
    at,
    deliver,
    found,
    gj,
    latest_values,
    open_database,
    quarters,
    writing,
)
from tests.metering.test_closing import MARCH, heat_of_march

PATIENCE_S = 30


def test_a_reading_that_comes_in_while_its_period_closes_marks_it_late(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
    computed, delivered = threading.Event(), threading.Event()

    def compute_slowly(tx: Tx, period: Period, before: Before | None = None) -> Results:
        results = compute_period(tx, period, before=before)
        computed.set()
        # Without a lock the reading is committed by now; with one its writer waits for the closing.
        delivered.wait(2)
        return results

    monkeypatch.setattr(close, "compute_period", compute_slowly)

    def bring_a_reading() -> None:
        assert computed.wait(PATIENCE_S)
        with writing(database) as tx:
            deliver(tx, gj("H1", MARCH.end_at, "16.50", Quality.CORRECTED), received_at=LATER + timedelta(days=1))
        delivered.set()

    with ThreadPoolExecutor(1) as pool:
        bringing = pool.submit(bring_a_reading)
        with writing(database) as tx:
            close_period(tx, MARCH)
        bringing.result(PATIENCE_S)
    monkeypatch.undo()
    with writing(database) as tx:
        [late] = periods.list_late(tx)
        corrected = correct_period(tx, MARCH)
    assert (late.revision, corrected.revision, corrected.cause) == (
        1,
        2,
        "late reading of meter H1 on 2025-03-31",
    )


def test_deliveries_of_one_register_and_day_from_four_threads_are_all_stored(database: Database) -> None:
    def bring(thread: int) -> None:
        for number in range(15):
            start = at("2025-01-01T00:00") + timedelta(minutes=15 * number)
            with writing(database) as tx:
                receipt = deliver(
                    tx,
                    quarters("E1", start, [thread * 100 + number, 7]),
                    gj("H1", start, f"1.{number:02}{thread}"),
                    received_at=LATER + timedelta(seconds=thread),
                )
            assert receipt.problems == ()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(bring, thread) for thread in range(4)]:
            done.result(PATIENCE_S * 2)
    values = latest_values(database)
    # Whatever came in first: what was received last stands.
    assert [value for value, _ in values["E1", "electricity_import", "interval"].values()] == [
        *(300 + number for number in range(15)),
        7,
    ]
    assert len(values["H1", "heat", "stand"]) == 15


def test_another_co_operative_does_not_wait(postgres_url: str) -> None:
    database = open_database(postgres_url)
    with writing(database, "another") as tx:
        found(tx)
        make_months(tx, [date(2025, 2, 1), date(2025, 3, 1)])  # who makes one does let others wait
    with ThreadPoolExecutor(1) as pool, writing(database) as tx:
        heat_of_march(tx)

        def bring() -> None:
            with writing(database, "another") as other:
                deliver(other, gj("H1", MARCH.start_at, "1"))

        pool.submit(bring).result(10)
    assert latest_values(database, "another")
    database.close()


def test_two_closings_at_once_are_one(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)

    def close_it() -> int:
        with writing(database) as tx:
            return close_period(tx, MARCH).revision

    with ThreadPoolExecutor(3) as pool:
        assert [done.result(PATIENCE_S) for done in [pool.submit(close_it) for _ in range(3)]] == [1, 1, 1]
    with database.read(COMMUNITY) as tx:
        assert len(periods.list_revisions(tx, MARCH)) == 1


def test_a_meter_that_is_registered_twice_at_once_is_one(database: Database) -> None:
    meters = [Meter("N1", MeterKind.HEAT, "C1", at("2025-01-01T00:00"))]

    def register() -> int:
        with writing(database) as tx:
            return register_meters(tx, meters)

    with ThreadPoolExecutor(3) as pool:
        assert sorted(done.result(PATIENCE_S) for done in [pool.submit(register) for _ in range(3)]) == [0, 0, 1]
