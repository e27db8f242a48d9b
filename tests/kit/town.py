"""A tiny pair of services for the tests of the kit: ``members`` tells, ``billing`` keeps what it heard."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import Column, String, Table, insert, select
from sqlalchemy.schema import CreateSchema

from coop.events import Envelope
from coop.events.members import MemberAdmitted
from coop.kit import journal, tables
from coop.kit.access import ANYBODY, Access
from coop.kit.actor import Actor
from coop.kit.clock import SYSTEM_CLOCK, Clock
from coop.kit.database import Database
from coop.kit.metadata import new_metadata
from coop.kit.service import Service
from coop.kit.tx import Tx
from coop.values import CoopError

COMMUNITY = "demo"
SECRETARY = Actor("account", "secretary", "api")

metadata = new_metadata()
tables.add_kit_tables(metadata)
heard = Table(
    "heard",
    metadata,
    Column("community", String, primary_key=True),
    Column("member_id", String, primary_key=True),
)


def on_member(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
    """Keeps the member; refuses the kind ``ghost``."""
    if event.kind == "ghost":
        raise CoopError("no-ghosts", f"{event.member_id} is a ghost")
    tx.execute(insert(heard).values(community=tx.community, member_id=event.member_id))


LISTENER = Service(
    name="billing",
    label="Billing",
    metadata=metadata,
    migrations=Path(),
    access=Access("billing", {"see": ANYBODY}),
    hears={MemberAdmitted: on_member},
    heard_tables=[heard],
)


def member(number: int, kind: str = "owner") -> MemberAdmitted:
    return MemberAdmitted(member_id=f"m{number:04d}", kind=kind, joined_on=date(2025, 1, 1))


def make_schema(database: Database) -> None:
    """The service's schema, which its migrations make otherwise."""
    if not database.is_sqlite:
        with database.system_write() as sql:
            sql.execute(CreateSchema(database.service, if_not_exists=True))


def open_database(url: str, service: str, clock: Clock = SYSTEM_CLOCK) -> Database:
    database = Database(url, service, clock)
    make_schema(database)
    with database.system_write() as sql:
        metadata.create_all(sql)
        tables.create_guards(sql)
    return database


def tell(database: Database, *events: MemberAdmitted, community: str = COMMUNITY) -> None:
    with database.write(community, SECRETARY) as tx:
        tx.tell(*events)


def sealed(database: Database) -> list[Envelope]:
    """Facts of members that are sealed in the journal by now."""
    with database.system_write() as sql:
        journal.seal(sql)
    with database.system_read() as sql:
        return journal.envelopes(sql, "members", 0)


def heard_by(database: Database, community: str = COMMUNITY) -> list[str]:
    with database.read(community) as tx:
        query = select(heard.c.member_id).where(heard.c.community == tx.community).order_by(heard.c.member_id)
        return list(tx.scalars(query))
