"""Readings in any order: re-sent, late, corrected, parked and adopted, undone, withdrawn and sealed in between."""

from __future__ import annotations

from coop.kit.database import Database
from tests.metering.orders import play


def test_two_thousand_histories_in_any_order_end_in_the_day_that_was_said(database: Database) -> None:
    play(database, 2_000, seed=20_261_126)
