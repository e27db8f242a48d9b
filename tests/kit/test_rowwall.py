"""The second wall in PostgreSQL: SQL that nobody read finds and changes nothing of another co-operative."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError

from coop.events import SERVICES
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.rowwall import EVERYBODY
from coop.operator.services import service_named
from tests.flows.test_two_alike import LATE, LIVES, NOORD, ZUID
from tests.kit.clocks import SetClock


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    """Name of a service."""
    return str(request.param)


@pytest.fixture
def lived(service: str, postgres_url: str) -> Iterator[Database]:
    """A service in which ``ZUID`` has lived and ``NOORD`` has not."""
    opened, live = LIVES[service]
    database = opened.open_database(postgres_url, SetClock(LATE))
    live(database, ZUID)
    yield database
    database.close()


def owned(service: str) -> list[Table]:
    """Tables with rows of co-operatives."""
    return [table for table in service_named(service).metadata.sorted_tables if "community" in table.c]


def count(database: Database, table: Table) -> int:
    with database.system_read() as sql:
        return int(sql.exec_driver_sql(f'SELECT count(*) FROM "{table.name}"').scalar_one())


def test_every_table_with_co_operatives_is_walled_for_its_owner_too(lived: Database, service: str) -> None:
    with lived.system_read() as sql:
        walled = sql.scalars(
            text("SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid WHERE relforcerowsecurity")
        ).all()
    assert {table.name for table in owned(service)} <= set(walled)


def test_a_hostile_query_of_another_co_operative_finds_and_changes_nothing(lived: Database, service: str) -> None:
    filled = [table for table in owned(service) if count(lived, table)]
    assert len(filled) > 4
    for table in filled:
        before = count(lived, table)
        with lived.write(NOORD, COMMAND_LINE) as tx:
            for statement in (
                f'SELECT * FROM "{table.name}"',
                f"SELECT * FROM \"{table.name}\" WHERE community = '{ZUID}'",
                f'UPDATE "{table.name}" SET community = community RETURNING 1',
                f'DELETE FROM "{table.name}" RETURNING 1',
            ):
                assert tx._sql.exec_driver_sql(statement).all() == [], statement
        assert count(lived, table) == before


def test_who_may_send_statements_of_their_own_is_above_this_wall(lived: Database, service: str) -> None:
    """What the wall does not promise, so that nobody relies on it."""
    [table, *_] = [table for table in owned(service) if count(lived, table)]
    with lived.read(NOORD) as tx:
        tx._sql.exec_driver_sql("SET LOCAL coop.community = '*'")
        assert tx._sql.exec_driver_sql(f'SELECT count(*) FROM "{table.name}"').scalar_one() > 0


def test_a_row_for_another_co_operative_is_refused(lived: Database, service: str) -> None:
    for table in owned(service):
        with lived.system_read() as sql:
            row = sql.exec_driver_sql(f'SELECT * FROM "{table.name}" LIMIT 1').mappings().first()
        if row is None:
            continue
        columns = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f":{name}" for name in row)
        insert = text(f'INSERT INTO "{table.name}" ({columns}) VALUES ({values})')
        with pytest.raises(DBAPIError, match="row-level security"), lived.write(NOORD, COMMAND_LINE) as tx:
            tx._sql.execute(insert, dict(row))


def test_whoever_names_no_co_operative_sees_nothing(lived: Database, service: str, postgres_url: str) -> None:
    dsn = postgres_url.replace("+psycopg", "")
    with psycopg.connect(dsn, options=f"-csearch_path={service}") as connection:
        for table in owned(service):
            assert connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone() == (0,)


def test_the_next_transaction_on_a_connection_sees_only_its_own(lived: Database, service: str) -> None:
    [table, *_] = [table for table in owned(service) if count(lived, table)]
    statement = f'SELECT count(*) FROM "{table.name}"'
    with lived.read(ZUID) as tx:
        assert tx._sql.exec_driver_sql(statement).scalar_one() > 0
    with lived.read(NOORD) as tx:
        assert tx._sql.exec_driver_sql(statement).scalar_one() == 0
    with lived.engine.begin() as sql:
        assert sql.exec_driver_sql(statement).scalar_one() == 0


def test_no_transaction_is_begun_for_all_by_the_name_of_one(lived: Database) -> None:
    with pytest.raises(ValueError, match="no community"), lived.read(EVERYBODY):
        pass
