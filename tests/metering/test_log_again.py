"""Whoever changes a block of readings, past every trigger, is found: register, day and deliveries are named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.metering.model import Quantity
from coop.metering.provenance.log_again import verify_log
from coop.metering.readings import sealing
from coop.metering.readings.store import day_number
from coop.metering.register.store import list_registers
from coop.operator.readings_again import verify_readings
from tests.metering.homes import COMMUNITY, at, deliver, gj, quarters, writing

START = at("2025-03-10T00:00:00")


def tell(database: Database) -> None:
    """A day of E1 in six small deliveries, sealed, of which two say otherwise than others; E2 and H1 at once."""
    with writing(database) as tx:
        for hour in (0, 1, 2):
            start = START + timedelta(hours=hour)
            deliver(tx, quarters("E1", start, [100 + hour, 200, 300, 400]), received_at=START + timedelta(days=1))
            deliver(tx, quarters("E1", start, [7 + hour]), received_at=START + timedelta(days=2))
        deliver(tx, quarters("E2", START, [5] * 95 + [6]))
        deliver(tx, gj("H1", START, "1.00"), gj("H1", START + timedelta(hours=9), "1.50"))
        [register_id] = [
            one.id for one in list_registers(tx) if (one.serial, one.quantity) == ("E1", Quantity.ELECTRICITY_IMPORT)
        ]
        assert sealing.seal_days(tx, {(register_id, day_number(START))}) == 1


def change(folder: Path, column: str, edit: Callable[[bytes], bytes], *, sealed: bool) -> None:
    """Change a column of one block in the file, with the triggers away."""
    with closing(sqlite3.connect(folder / "metering.db")) as sql, sql:
        triggers = sql.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            sql.execute(f"DROP TRIGGER {name}")
        where = "fold IS NOT NULL" if sealed else "number = (SELECT max(number) - 1 FROM block)"
        (value,) = sql.execute(f"SELECT {column} FROM block WHERE {where}").fetchone()
        changed = sql.execute(f"UPDATE block SET {column} = ? WHERE {where}", (edit(value),)).rowcount
        assert changed == 1
        for _, text in triggers:
            sql.execute(text)


def test_a_log_that_nobody_touched_agrees_on_both_databases(database: Database) -> None:
    tell(database)
    with database.read(COMMUNITY) as tx:
        log = verify_log(tx)
    assert (log.blocks, log.sealed, log.findings) == (3, 1, ())


def flip(place: int) -> Callable[[bytes], bytes]:
    return lambda value: value[:place] + bytes([value[place] ^ 1]) + value[place:][1:]


@pytest.mark.parametrize(
    ("column", "edit", "sealed", "why"),
    [
        ("readings", flip(-1), False, "the values are not those that its digest was made of"),
        ("digest", lambda value: value ^ 1, False, "the values are not those that its digest was made of"),
        ("readings", flip(10), True, "it cannot be read"),
        ("quality", lambda _: b"\x03", True, "it cannot be read"),
        ("log", lambda value: b"\x00" + value[1:], True, ""),
        ("fold", flip(0), True, "the day that follows from it is not the one that was sealed"),
        ("readings", lambda value: value[:-1], True, "it cannot be read"),
        ("log", lambda value: value[:7], True, "it cannot be read"),
        ("log", lambda _: b"", True, "it cannot be read"),
    ],
)
def test_a_block_that_was_changed_is_named_with_its_register_day_and_deliveries(
    one_database: Database, tmp_path: Path, column: str, edit: Callable[[bytes], bytes], sealed: bool, why: str
) -> None:
    tell(one_database)
    said: list[str] = []
    settings = Settings(data_dir=tmp_path)
    assert verify_readings(settings, COMMUNITY, said.append)
    change(tmp_path, column, edit, sealed=sealed)
    said.clear()
    agrees = verify_readings(settings, COMMUNITY, said.append)
    if not why:  # a day that is said to need folding is folded, and comes out the same
        assert agrees
        return
    _, named, total = said
    subject = "E1 electricity_import on 2025-03-10, deliveries 1 to 6" if sealed else "E2 electricity_import on"
    assert named.startswith(f"readings of {subject}")
    assert why in named
    assert total == f"{COMMUNITY}: 3 blocks of readings, 1 of them sealed: 1 do NOT agree"
