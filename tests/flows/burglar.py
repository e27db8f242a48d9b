"""Somebody who writes into a service's file past every trigger, and the bill whose rows are changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

from coop.kit.settings import Settings
from tests.flows.conftest import Year


class Burglar:
    """Writes into a service's file as nobody may: triggers dropped, foreign keys off."""

    def __init__(self, settings: Settings, service: str) -> None:
        self._path = settings.data_dir / f"{service}.db"

    def __call__(self, statement: str, *values: object) -> int:
        """Run one statement; returns how many rows it changed."""
        with closing(sqlite3.connect(self._path)) as connection, connection:
            triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            changed = connection.execute(statement, values).rowcount
            for _, sql in triggers:
                connection.execute(sql)
        return changed

    def one(self, query: str, *values: object) -> Any:
        """The first column of the first row."""
        with closing(sqlite3.connect(self._path)) as connection:
            return connection.execute(query, values).fetchone()[0]


def bill_of_january(year: Year) -> dict[str, Any]:
    """A bill with heat and shared electricity."""
    bills: list[dict[str, Any]] = year.state["billing"]["bills"]
    return next(
        bill
        for bill in bills
        if bill["period_start"] == "2025-01-01" and {"heat", "electricity"} <= {line["kind"] for line in bill["lines"]}
    )


def heat_source(bill: dict[str, Any]) -> str:
    return next(str(line["source_id"]) for line in bill["lines"] if line["kind"] == "heat")


def run_source(bill: dict[str, Any]) -> str:
    return next(str(line["source_id"]) for line in bill["lines"] if line["kind"] == "electricity")


Crime = Callable[[Burglar, dict[str, Any]], str]
