"""A tiny pair of services for the tests of the kit: ``members`` tells, ``billing`` keeps what it heard."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Column, Connection, String, Table, insert, select

from coop.events import Envelope
from coop.events.members import MemberAdmitted
from coop.kit import journal, tables
from coop.kit.database import Database, new_metadata
from coop.kit.service import Service
from coop.values import CoopError

metadata = new_metadata()
tables.add_kit_tables(metadata)
heard = Table("heard", metadata, Column("member_id", String, primary_key=True))


def on_member(connection: Connection, event: MemberAdmitted, envelope: Envelope) -> None:
    """Keeps the member; refuses the kind ``ghost``."""
    if event.kind == "ghost":
        raise CoopError("no-ghosts", f"{event.member_id} is a ghost")
    connection.execute(insert(heard).values(member_id=event.member_id))


LISTENER = Service("billing", metadata, hears={MemberAdmitted: on_member}, heard_tables=[heard])


def member(number: int, kind: str = "owner") -> MemberAdmitted:
    return MemberAdmitted(member_id=f"m{number:04d}", kind=kind, joined_on=date(2025, 1, 1))


def open_database(url: str, service: str) -> Database:
    database = Database(url, service)
    with database.write() as connection:
        metadata.create_all(connection)
        tables.guard_journal(connection)
    return database


def tell(database: Database, *events: MemberAdmitted) -> None:
    with database.write() as connection:
        journal.append(connection, events, "demo")


def heard_by(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(heard.c.member_id).order_by(heard.c.member_id)))
