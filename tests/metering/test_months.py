"""Readings lie in months in PostgreSQL: made when they are needed, walled and guarded, set aside and put back whole."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.metering.intake.receive import receive, undo_import
from coop.metering.jobs import make_room
from coop.metering.model import Decoded, Delivery
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period, correct_period
from coop.metering.periods.detaching import attach_month, detach_month, list_months, plan_detaching
from coop.metering.provenance.telegrams import find_latest
from coop.metering.provenance.verify import verify_measurement
from coop.metering.readings import store as readings
from coop.metering.readings.detached import ReadingsDetached
from coop.metering.readings.log import make_months
from coop.metering.register import store as register
from coop.metering.service import METERING
from coop.metering.tables import block
from coop.values import CoopError, Period
from tests.desk import open_desk, sign_in
from tests.flows.command import coop
from tests.metering.homes import (
    COMMUNITY,
    LATER,
    NOW,
    SetClock,
    at,
    close_anyway,
    deliver,
    found,
    gj,
    killed,
    latest_values,
    open_database,
    quarters,
    writing,
)
from tests.metering.test_closing import MARCH, heat_of_march

APRIL = Period.month(2025, 4)
SPRING = Period(date(2025, 3, 10), date(2025, 3, 20))
"""Days whose readings are all in the partition of March."""

FIRST = date(2025, 3, 1)
PATIENCE_S = 30


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """Metering in PostgreSQL, with the homes of ``homes.found``."""
    opened = open_database(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def closed(database: Database) -> Database:
    """The same with heat of March and April, and both closed."""
    with writing(database) as tx:
        close_two_months(tx)
    return database


def close_two_months(tx: Tx) -> None:
    """Heat of March and April, and both closed."""
    heat_of_march(tx)
    deliver(tx, *(gj(f"H{i}", APRIL.end_at, value) for i, value in ((1, "16"), (2, "23"), (3, "1"))))
    close_period(tx, MARCH)
    close_period(tx, APRIL)


def partitions_of(database: Database) -> dict[str, bool]:
    """Every month with a partition, and whether it is detached."""
    return {str(month): month.is_detached for month in list_months(database)}


def dump_of(database: Database) -> dict[str, list[str]]:
    """Every row of every table, as text in order."""
    dump = {}
    with database.system_read() as sql:
        for table in METERING.metadata.sorted_tables:
            rows = sql.exec_driver_sql(f'SELECT "{table.name}"::text FROM "{table.name}" ORDER BY 1').scalars().all()
            dump[table.name] = [str(row) for row in rows]
    return dump


def test_a_month_is_made_by_the_first_reading_in_it_and_by_no_other(database: Database) -> None:
    assert partitions_of(database) == {}
    with writing(database) as tx:
        deliver(tx, gj("H1", at("2024-07-31T23:30"), "1"), gj("H1", at("2024-08-01T00:00"), "1"))
    assert partitions_of(database) == {"2024-07": False, "2024-08": False}
    with writing(database) as tx:
        deliver(tx, gj("H1", at("2024-08-03T00:00"), "3"))
    assert partitions_of(database) == {"2024-07": False, "2024-08": False}
    with database.system_read() as sql:
        assert sql.exec_driver_sql("SELECT count(*) FROM pg_partitioned_table WHERE partdefid <> 0").scalar() == 0


def test_the_coming_months_are_there_before_their_readings(database: Database) -> None:
    work = Work(database, COMMUNITY, NOW, "make-room")
    assert [make_room(work), make_room(work)] == ["there is room up to 2027-04"] * 2
    assert list(partitions_of(database)) == ["2027-01", "2027-02", "2027-03", "2027-04"]


def test_a_file_has_room_for_every_month(one_database: Database) -> None:
    assert make_room(Work(one_database, COMMUNITY, NOW, "make-room")) == "a file has room for every month"


def test_four_writers_at_once_into_a_month_that_nobody_made(postgres_url: str) -> None:
    # Each has connections of its own, as processes have.
    databases = [METERING.open_database(postgres_url, SetClock(NOW)) for _ in range(4)]
    names = [f"co-op-{number}" for number in range(4)]
    for database, name in zip(databases, names, strict=True):
        with writing(database, name) as tx:
            found(tx)
    together = threading.Barrier(4)

    def bring(number: int) -> None:
        for day in range(8):
            with writing(databases[number], names[number]) as tx:
                together.wait(PATIENCE_S)
                when = at("2024-01-30T00:00") + timedelta(days=day)
                receipt = deliver(tx, gj("H1", when, f"{day}.5"), quarters("E1", when, [number] * 96))
            assert receipt.observations == 2

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(bring, number) for number in range(4)]:
            done.result(PATIENCE_S * 4)
    assert partitions_of(databases[0]) == {"2024-01": False, "2024-02": False}
    for database, name in zip(databases, names, strict=True):
        assert len(latest_values(database, name)["H1", "heat", "stand"]) == 8
        database.close()


MAKER = """
import sys, time
from datetime import date
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.metering.readings.log import make_months
with Database(sys.argv[1], "metering").write("another", COMMAND_LINE) as tx:
    make_months(tx, [date(2024, 1, 1)])
    print("made", flush=True)
    time.sleep(600)
"""


def test_a_maker_that_is_killed_leaves_nothing_and_keeps_nobody_waiting(database: Database, postgres_url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", MAKER, postgres_url], stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"made\n"
        with ThreadPoolExecutor(1) as pool:

            def bring() -> None:
                with writing(database) as tx:
                    deliver(tx, gj("H1", at("2024-01-05T00:00"), "1"))

            waiting = pool.submit(bring)
            maker.send_signal(signal.SIGKILL)
            waiting.result(PATIENCE_S)
    assert partitions_of(database) == {"2024-01": False}
    with killed(database) as tx:
        deliver(tx, gj("H1", at("2024-06-05T00:00"), "2"))
    assert partitions_of(database) == {"2024-01": False}


def test_no_month_of_another_age_is_made(database: Database) -> None:
    for month in (date(1024, 1, 1), date(2024, 1, 2)):
        with pytest.raises(DBAPIError, match="is no month of block"), writing(database) as tx:
            make_months(tx, [month])


def test_a_block_without_its_register_or_delivery_is_refused(closed: Database) -> None:
    for column, nobody in (("register_id", "'nobody-s'"), ("number", "999")):
        values = ", ".join(nobody if name == column else name for name in block.columns.keys())  # noqa: SIM118  # columns by name
        copy = f"INSERT INTO block SELECT {values} FROM block LIMIT 1"
        with pytest.raises(DBAPIError, match="register and a delivery that are there"), closed.system_write() as sql:
            sql.exec_driver_sql(copy)


def test_every_partition_is_walled_and_guarded_also_when_it_is_new_or_detached(closed: Database) -> None:
    detach_month(closed, FIRST)
    with closed.system_read() as sql:
        tables = sql.execute(
            text(
                "SELECT relname, relforcerowsecurity, ARRAY(SELECT tgname::text FROM pg_trigger"
                " WHERE tgrelid = pg_class.oid ORDER BY 1) FROM pg_class WHERE relname LIKE 'block\\_2%'"
                " AND relkind = 'r' ORDER BY 1"
            )
        ).all()
    assert [tuple(row) for row in tables] == [
        ("block_2025_02", True, ["block_keeps", "block_lets_go"]),
        ("block_2025_03_detached", True, ["stays"]),
        ("block_2025_04", True, ["block_keeps", "block_lets_go"]),
    ]
    for name, *_ in tables:
        with closed.write("another", COMMAND_LINE) as tx:
            assert tx._sql.exec_driver_sql(f"SELECT * FROM {name}").all() == []
        for act in (f"UPDATE {name} SET parts = 9", f"DELETE FROM {name}"):
            with pytest.raises(DBAPIError, match=r"only added|stays as it is"), closed.system_write() as sql:
                sql.exec_driver_sql(act)


def test_detached_and_attached_everything_is_as_it_was(closed: Database) -> None:
    before, values = dump_of(closed), latest_values(closed)
    plan = plan_detaching(closed, FIRST)
    assert (plan.month.rows, plan.hindrances) == (6, ())
    assert plan.periods == {COMMUNITY: (MARCH, APRIL)}
    assert dump_of(closed) == before
    assert detach_month(closed, FIRST).periods == plan.periods
    assert partitions_of(closed) == {"2025-02": False, "2025-03": True, "2025-04": False}
    after = dump_of(closed)
    assert {name for name in before if before[name] != after[name]} == {"block", "detached_month"}
    with pytest.raises(CoopError, match="detached already"):
        detach_month(closed, FIRST)
    assert attach_month(closed, FIRST).rows == 6
    assert dump_of(closed) == before
    assert latest_values(closed) == values
    assert not any(partitions_of(closed).values())
    with pytest.raises(CoopError, match="is not detached"):
        attach_month(closed, FIRST)


def test_whoever_reads_or_writes_a_detached_month_is_told_so(closed: Database) -> None:
    text_of_march = "the readings of 2025-03 are detached: attach them to verify"
    detach_month(closed, FIRST)
    with closed.read(COMMUNITY) as tx:
        told = next(one for one in periods.list_measurements(tx) if one.period == MARCH)
        [heat] = register.registers_of(tx, ["H1"]).values()
        for ask in (
            lambda: verify_measurement(tx, told.id),
            lambda: readings.latest(tx, [heat.id], [readings.day_number(MARCH.start_at) + 5]),
            lambda: readings.read_history(tx, heat.id, readings.day_number(MARCH.start_at) + 1),
            lambda: readings.has_any(tx, SPRING),
            lambda: find_latest(tx, ["H1"], at("2025-04-15T00:00")),
        ):
            with pytest.raises(ReadingsDetached) as refused:
                ask()
            assert refused.value.message == text_of_march
        # What was never there is not there, and what is there is found.
        assert readings.latest(tx, ["no-register"], [readings.day_number(MARCH.start_at) + 5]) == {}
        assert find_latest(tx, ["H1"], NOW) is not None
        assert readings.has_any(tx, Period(date(2025, 4, 20), date(2025, 5, 2)))
    for work in (
        lambda tx: correct_period(tx, MARCH),
        lambda tx: deliver(tx, gj("H1", at("2025-03-20T00:00"), "15")),
        lambda tx: deliver(tx, quarters("E1", at("2025-03-20T00:00"), [1] * 4)),
    ):
        with pytest.raises(ReadingsDetached), writing(closed) as tx:
            work(tx)
    with closed.read("another") as tx:
        assert not readings.has_any(tx, SPRING)


def test_pages_files_and_programs_are_told_so_too(closed: Database, tmp_path: Path) -> None:
    with closed.read(COMMUNITY) as tx:
        told = next(one for one in periods.list_measurements(tx) if one.period == MARCH)
    detach_month(closed, FIRST)
    with open_desk(METERING, closed, tmp_path) as client:
        sign_in(client, "board", "operator")
        for address in (
            f"/metering/readings/{told.id}",
            "/metering/exports/readings.csv?meter=H1&period=2025-03",
            "/metering/exports/completeness.csv?period=2025-03",
            "/metering/exports/month.zip?period=2025-03",
            "/metering/api/v1/completeness?period=2025-03",
        ):
            answer = client.get(address)
            assert (answer.status_code, "2025-03" in answer.text) == (409, True), address
        page = client.get(f"/metering/readings/{told.id}?lang=nl", headers={"accept": "text/html"})
        assert "de meetwaarden van 2025-03 staan apart" in page.text
        batch = quarters_of_a_head_end("E1", "2025-03-20T00:00:00Z")
        sent = client.post("/metering/api/v1/deliveries", params={"format": "head-end"}, content=batch)
        assert (sent.status_code, sent.json()["code"]) == (409, "readings-detached")


def quarters_of_a_head_end(meter: str, start: str) -> bytes:
    series = {"meter": meter, "quantity": "electricity_import", "unit": "Wh", "start": start, "step_s": 900}
    return json.dumps(
        {"head_end": "h", "sent_at": "2025-06-01T00:00:00Z", "series": [series | {"values": [1]}]}
    ).encode()


def test_an_import_of_a_detached_month_cannot_be_undone_in_part(closed: Database) -> None:
    with writing(closed) as tx:
        file = Delivery("csv", "file", LATER, b"1", Decoded([gj("H1", at("2025-03-20T00:00"), "13")], []))
        imported = receive(tx, file).delivery_id
        correct_period(tx, MARCH)
    detach_month(closed, FIRST)
    with pytest.raises(ReadingsDetached), writing(closed) as tx:
        undo_import(tx, imported)
    attach_month(closed, FIRST)
    with writing(closed) as tx:
        assert undo_import(tx, imported).observations == 1


def test_a_month_stays_while_something_has_to_be_computed_from_it(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
    april_waits = f"{COMMUNITY} has not closed 2025-04"  # whose first stand is read on the last day of March, in UTC
    assert plan_detaching(database, FIRST).hindrances == (f"{COMMUNITY} has not closed 2025-03", april_waits)
    with writing(database) as tx:
        close_period(tx, MARCH)
    assert plan_detaching(database, FIRST).hindrances == (april_waits,)
    with writing(database) as tx:
        close_anyway(tx, APRIL)
        deliver(tx, gj("H1", at("2025-03-20T00:00"), "13"))
    with pytest.raises(CoopError, match=r"2025-03 has to stay: demo has late values in 2025-03"):
        detach_month(database, FIRST)
    database.clock.at = at("2025-06-20T00:00")  # type: ignore[attr-defined]  # a SetClock
    assert "readings of the last 92 days may still be needed" in plan_detaching(database, FIRST).hindrances
    assert partitions_of(database)["2025-03"] is False


def test_readings_that_were_changed_while_they_were_detached_do_not_come_back(closed: Database) -> None:
    detach_month(closed, FIRST)
    with closed.system_write() as sql:
        sql.exec_driver_sql("ALTER TABLE block_2025_03_detached DISABLE TRIGGER stays")
        sql.exec_driver_sql(
            "DELETE FROM block_2025_03_detached WHERE day = (SELECT max(day) FROM block_2025_03_detached)"
        )
        sql.exec_driver_sql("ALTER TABLE block_2025_03_detached ENABLE TRIGGER stays")
    with pytest.raises(CoopError, match="were changed since they were detached: demo"):
        attach_month(closed, FIRST)
    assert partitions_of(closed)["2025-03"] is True
    with closed.read(COMMUNITY) as tx, pytest.raises(ReadingsDetached):
        readings.has_any(tx, SPRING)


def test_detaching_waits_for_a_delivery_and_a_delivery_for_detaching(closed: Database) -> None:
    reading, detached = threading.Event(), threading.Event()

    def detach() -> None:
        assert reading.wait(PATIENCE_S)
        detach_month(closed, FIRST)
        detached.set()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(detach)
        with writing(closed) as tx:
            assert readings.has_any(tx, SPRING)
            reading.set()
            assert not detached.wait(1)
            assert readings.has_any(tx, SPRING)
        done.result(PATIENCE_S)
    with pytest.raises(ReadingsDetached), writing(closed) as tx:
        readings.has_any(tx, SPRING)


def run(url: str, *arguments: str) -> tuple[int, str]:
    """``coop`` on a database in PostgreSQL, or on files in a folder."""
    more = {"COOP_DATABASE_URL": url} if "://" in url else {}
    done = coop(Settings(data_dir=Path("." if more else url), secret="a secret of the tests"), *arguments, **more)
    return done.returncode, done.stdout + done.stderr


def test_the_commands_say_what_they_would_do_and_do_it(closed: Database, postgres_url: str) -> None:
    code, listed = run(postgres_url, "partitions", "list")
    assert code == 0
    assert [line.split()[:3] for line in listed.splitlines()] == [
        ["2025-02", "3", "rows"],
        ["2025-03", "6", "rows"],
        ["2025-04", "3", "rows"],
    ]
    code, planned = run(postgres_url, "partitions", "detach", "2025-03")
    assert code == 0
    assert "demo: 2025-03, 2025-04 cannot be verified, corrected or drawn again without it" in planned
    assert "nothing was changed; --apply detaches it" in planned
    code, done = run(postgres_url, "partitions", "detach", "2025-03", "--apply")
    assert code == 0
    assert "coop partitions attach 2025-03" in done
    assert "2025-03" in [
        line.split()[0] for line in run(postgres_url, "partitions", "list")[1].splitlines() if "detached" in line
    ]
    assert run(postgres_url, "partitions", "attach", "2025-03")[0] == 0
    assert run(postgres_url, "partitions", "detach", "2025-05")[0] == 1
    assert "no partition of 2025-05" in run(postgres_url, "partitions", "detach", "2025-05")[1]
    assert "no month such as" in run(postgres_url, "partitions", "detach", "2025")[1]


def test_a_file_says_that_it_has_no_partitions(one_database: Database, tmp_path: Path) -> None:
    for arguments in (("list",), ("detach", "2025-03"), ("attach", "2025-03")):
        code, said = run(str(tmp_path), "partitions", *arguments)
        assert (code, "a file has no partitions" in said) == (1, True)
