"""One point in time over the databases of all services.

A service that heard a fact must find it in its teller's journal of the same backup: a hearer that is behind heals by
itself (``coop.kit.signals``), a hearer that is ahead remembers facts that nobody told. Services hear each other in
circles, so no order of copying one after the other gives that; only an instant at which no transaction of any service
is under way does. SQLite: the write locks of all files, held together for the moment in which a view of each is
opened. PostgreSQL: one transaction's snapshot, which shows a transaction only with all that it had seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from coop.events import SERVICES
from coop.kit import journal, positions, rowwall
from coop.kit.positions import Head
from coop.kit.service import Room
from coop.values import CoopError


@dataclass(frozen=True)
class Snapshot:
    """Views of all services at one point in time."""

    taken_at: datetime
    views: Mapping[str, Connection]

    def view(self, service: str) -> Connection:
        """The view of a service; valid until another one is asked for."""
        return use_schema(self.views[service], service)


def use_schema(sql: Connection, service: str) -> Connection:
    """Let the statements of a transaction that serves several services mean the tables of this one."""
    if sql.dialect.name == "postgresql":
        sql.exec_driver_sql(f'SET LOCAL search_path = "{service}"')
    return sql


@contextmanager
def take_snapshot(rooms: Mapping[str, Room]) -> Iterator[Snapshot]:
    """Views of all services at one point in time, open as long as the block lasts. Nobody waits for it but for the
    moment in which it is taken.

    Raises:
        CoopError: the role in the settings sees one service alone.
    """
    first = rooms[SERVICES[0]].database
    with ExitStack() as stack:
        if first.is_sqlite:
            with ExitStack() as locks:
                for name in SERVICES:
                    locks.enter_context(rooms[name].database.system_write())
                views = {name: stack.enter_context(rooms[name].database.system_read()) for name in SERVICES}
                for view in views.values():
                    view.execute(text("SELECT count(*) FROM sqlite_master"))  # the first read is what opens the view
                taken_at = first.clock.now()
        else:
            sql = stack.enter_context(first.engine.connect())
            # Of all co-operatives: rows of others are behind walls otherwise.
            walls = rowwall.name_community(rowwall.EVERYBODY)
            sql.info["begin"] = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {walls}"
            stack.enter_context(sql.begin())
            _refuse_role_of_one_service(sql)
            taken_at = first.clock.now()
            views = dict.fromkeys(SERVICES, sql)
        yield Snapshot(taken_at, views)


def _refuse_role_of_one_service(sql: Connection) -> None:
    query = text("SELECT bool_and(has_schema_privilege(oid, 'USAGE')) FROM pg_namespace WHERE nspname = ANY(:names)")
    if not sql.scalar(query, {"names": list(SERVICES)}):
        raise CoopError("needs-owner", "this needs all services: give the owner's address in COOP_OWNER_DATABASE_URL")


def read_head(sql: Connection) -> Head:
    """Position and hash of a journal's newest fact."""
    return Head(*journal.head(sql))


def find_ahead(snapshot: Snapshot) -> list[str]:
    """Sentences about services that remember more than their teller's journal holds, or something else."""
    sentences = []
    for hearer in SERVICES:
        for state in positions.list_sources(snapshot.view(hearer)):
            teller = snapshot.view(state.source)
            end = read_head(teller).position
            remembered = max(state.heard_position + state.ahead.bit_length(), state.head_position)
            if remembered > end:
                sentences.append(
                    f"{hearer} remembers {remembered} facts of {state.source}, whose journal ends at {end}"
                )
            elif state.head_position and journal.hash_at(teller, state.head_position) != state.head_hash:
                sentences.append(f"{hearer} remembers position {state.head_position} of {state.source} otherwise")
    return sentences
