"""A demonstration year with every fault on, computed a second time from the log of its readings."""

from __future__ import annotations

import ast
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from coop.demo.cooperative import COMMUNITY
from coop.demo.faults import FaultKind, faults
from coop.kit.actor import COMMAND_LINE
from coop.metering.readings.sealing import seal_days
from coop.metering.service import METERING
from coop.metering.tables import block
from tests.flows import recompute as second
from tests.flows.conftest import Year
from tests.flows.recompute import recompute


@pytest.fixture
def file(year: Year, tmp_path: Path) -> Path:
    """A copy of the year's metering, free to be changed."""
    year.copy(tmp_path / "copy")
    path = tmp_path / "copy" / "metering.db"
    with closing(sqlite3.connect(path)) as sql, sql:
        for (name,) in sql.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            sql.execute(f'DROP TRIGGER "{name}"')
    return path


def test_the_second_calculator_shares_no_line_with_the_program() -> None:
    tree = ast.parse(Path(second.__file__).read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not imported & {"coop", "tests", "numpy", "sqlalchemy"}


def test_a_year_with_every_fault_on_comes_out_the_same(year: Year) -> None:
    assert {fault.kind for fault in faults(year.plan)} == set(FaultKind)
    number, differences = recompute(year.folder / "metering.db")
    assert [str(one) for one in differences] == []
    # Twelve months: what two roofs made, use and share of four homes, and heat from bound to bound.
    assert number >= 12 * (1 + 2 * 4) + 40


def test_it_comes_out_the_same_from_days_that_are_sealed(year: Year, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "copy")
    database = METERING.open_database(settings.url("metering"))
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        columns = block.c
        query = select(columns.register_id, columns.day).where(columns.community == tx.community)
        piles = tx.execute(query.group_by(columns.register_id, columns.day).having(func.count() > 1)).all()
        sealed = seal_days(tx, {(register_id, day) for register_id, day in piles})
    database.close()
    assert sealed > 4
    number, differences = recompute(tmp_path / "copy" / "metering.db")
    assert (number > 0, [str(one) for one in differences]) == (True, [])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            "UPDATE measurement SET energy_j = energy_j + 1 WHERE quantity = 'heat' AND period_start = '2025-02-01'",
            "heat",
        ),
        ("UPDATE allocation SET allocated_wh = allocated_wh - 1 WHERE allocated_wh > 1", "share"),
        ("UPDATE allocation_run SET produced_wh = produced_wh + 1", "production"),
        ("DELETE FROM block WHERE step_s = 900 AND day = (SELECT max(day) - 200 FROM block)", "use"),
    ],
)
def test_it_names_a_figure_that_was_changed_and_readings_that_are_gone(file: Path, change: str, named: str) -> None:
    with closing(sqlite3.connect(file)) as sql, sql:
        assert sql.execute(change).rowcount > 0
    _, differences = recompute(file)
    assert any(one.what.startswith(named) for one in differences)
