"""Readings in any order: re-sent, late, corrected, parked and adopted, undone, withdrawn and sealed in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from coop.kit.database import Database
from tests.metering import orders
from tests.metering.orders import Progress, play, play_on, read_progress

pytestmark = pytest.mark.slow


def test_two_thousand_histories_in_any_order_end_in_the_day_that_was_said(database: Database) -> None:
    play(database, 2_000, seed=20_261_126)


def test_a_long_run_goes_on_where_it_was_stopped_and_counts_what_was_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "build" / "orders.json"
    assert read_progress(path) == Progress()
    run = ["orders", "550", str(path)]
    monkeypatch.setattr("sys.argv", run)
    assert orders.main() == 0
    assert read_progress(path) == Progress(550)
    played = []
    monkeypatch.setattr(orders, "play", lambda _, count, seed: played.append((seed, count)))
    monkeypatch.setattr("sys.argv", ["orders", "600", str(path)])
    assert orders.main() == 0
    assert played == [(550, 50)]


def test_a_long_run_names_each_history_that_ended_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def play_wrong(_: Database, count: int, seed: int) -> None:
        if seed <= 7 < seed + count:
            raise AssertionError("history 7")

    monkeypatch.setattr(orders, "play", play_wrong)
    monkeypatch.setattr(orders, "open_database", lambda _: type("Nothing", (), {"close": lambda _: None})())
    *_, progress = play_on(Progress(), 20)
    assert (str(progress), progress.wrong) == ("19 of 20 histories ended as they have to", {7: "history 7"})
