"""The database of a service: whole or gone, consistent to read, and named when its file is damaged."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, event, func, insert, select, text

from coop.kit.database import DamagedDatabase, Database
from coop.kit.tx import Tx
from tests.kit.town import SECRETARY, heard, heard_by, open_database

Pair = tuple[Database, Database]


def test_a_transaction_that_raises_leaves_nothing(pair: Pair) -> None:
    def fail_half_way() -> None:
        with pair[0].write("demo", SECRETARY) as tx:
            tx.execute(insert(heard).values(community="demo", member_id="m1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert heard_by(pair[0]) == []


def test_a_view_keeps_nothing_that_is_written_in_it(pair: Pair) -> None:
    with pair[0].read("demo") as tx:
        tx.execute(insert(heard).values(community="demo", member_id="m1"))
    assert heard_by(pair[0]) == []


def test_a_view_shows_all_that_it_reads_as_of_one_moment(pair: Pair) -> None:
    count = select(func.count()).where(heard.c.community == "demo")
    with pair[0].read("demo") as tx:
        assert tx.scalar(count) == 0
        with pair[0].write("demo", SECRETARY) as meanwhile:
            meanwhile.execute(insert(heard).values(community="demo", member_id="m1"))
        assert tx.scalar(count) == 0
    assert heard_by(pair[0]) == ["m1"]


@pytest.mark.parametrize("name", ["run 2025-01", "run 2025-02", "run 2025-03", "release run-1"])
def test_whoever_looks_whether_a_lock_is_held_never_holds_it(postgres_url: str, name: str) -> None:
    database = open_database(postgres_url, "members")
    try:
        with database.read("demo") as looker, database.read("demo") as another, database.write("demo", SECRETARY) as tx:
            assert (looker.is_locked(name), another.is_locked(name)) == (False, False)
            assert tx.try_lock(name)
            assert (looker.is_locked(name), another.is_locked(name)) == (True, True)
            assert not looker.is_locked(f"{name} of another")
    finally:
        database.close()


def test_threads_that_write_to_a_file_stand_in_line_where_sqlite_would_turn_them_away(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/members.db", "members")
    database.engine.dispose()
    event.listen(database.engine, "connect", lambda dbapi, _record: dbapi.execute("PRAGMA busy_timeout=0"))
    together = threading.Barrier(4)

    def write(member_id: str) -> None:
        together.wait(30)
        with database.write("demo", SECRETARY) as tx:
            tx.execute(insert(heard).values(community="demo", member_id=member_id))
            time.sleep(0.02)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, ["m1", "m2", "m3", "m4"]))
    assert sorted(heard_by(database)) == ["m1", "m2", "m3", "m4"]
    database.close()


def test_all_that_a_transaction_writes_has_one_time(pair: Pair) -> None:
    with pair[0].write("demo", SECRETARY) as tx:
        assert tx.now == tx.now
        assert tx.now.tzinfo is not None


def test_a_savepoint_takes_back_its_own_part_alone(pair: Pair) -> None:
    def fail_in_a_part(tx: Tx) -> None:
        with tx.savepoint():
            tx.execute(insert(heard).values(community="demo", member_id="gone"))
            raise ZeroDivisionError

    with pair[0].write("demo", SECRETARY) as tx:
        tx.execute(insert(heard).values(community="demo", member_id="kept"))
        with pytest.raises(ZeroDivisionError):
            fail_in_a_part(tx)
    assert heard_by(pair[0]) == ["kept"]


@pytest.mark.parametrize("kept", [[None, None], [b"", None], [b"a", b"b"]])
def test_rows_come_in_as_they_were_given_whatever_they_leave_open(pair: Pair, kept: list[bytes | None]) -> None:
    leaf = Table(
        "leaf",
        MetaData(),
        Column("community", String(100)),
        Column("id", Integer, primary_key=True),
        Column("body", LargeBinary),
        Column("words", String(10), server_default="none"),
    )
    with pair[0].system_write() as sql:
        leaf.create(sql)
    rows = [("demo", number, body, None) for number, body in enumerate(kept)]
    with pair[0].write("demo", SECRETARY) as tx:
        tx.insert_rows(leaf, rows)
        assert [*map(tuple, tx.execute(select(leaf).where(leaf.c.community == "demo").order_by(leaf.c.id)))] == rows


@pytest.mark.parametrize("at", [0, 4096])
def test_a_damaged_file_is_named(tmp_path: Path, at: int) -> None:
    url = f"sqlite:///{tmp_path}/members.db"
    database = open_database(url, "members")
    with database.write("demo", SECRETARY) as tx:
        tx.insert_rows(heard, [("demo", f"m{number}") for number in range(5000)])
    with database.engine.connect() as sql:
        sql.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    file = tmp_path / "members.db"
    body = file.read_bytes()
    file.write_bytes(body[:at] + b"\xa5" * (len(body) - at))
    damaged = Database(url, "members")
    with pytest.raises(DamagedDatabase, match=r"members\.db is damaged"):
        heard_by(damaged)
    damaged.close()


def test_a_connection_that_is_in_use_while_its_database_closes_is_closed_when_it_comes_back(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'town.db'}", "town")
    with database.engine.connect() as sql:
        driver = sql.connection.driver_connection
        assert driver is not None
        database.close()
        assert sql.scalar(text("SELECT 1")) == 1, "whoever still works ends the work"
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        driver.execute("SELECT 1")
    with database.engine.connect() as sql:
        assert sql.scalar(text("SELECT 1")) == 1, "and whoever comes later opens it anew"
    with database.engine.connect() as sql:
        assert sql.scalar(text("SELECT 1")) == 1, "more than once"
    database.close()
