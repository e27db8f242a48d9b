"""The secretary's desk: a small register as files, and how tests hand them in and look at what became of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.kit import journal
from coop.kit.auth import COOKIE, Session, sign
from coop.kit.database import Database
from coop.members import handlers
from coop.members.handlers import ImportReceipt
from coop.members.model import Contract, make_id
from coop.members.storage import metadata, register
from coop.values import BadInput
from coop.web.operations import Replayer

TOWN = "kwg"
AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)

MEMBERS = """number,kind,name,joined_on,email,address,postcode,city
001,owner,A. de Vries,2020-03-01,vries@example.org,Kade 1,1054 AA,Amsterdam
002,tenant,B. Yıldız,2021-06-15,,Kade 2,1054 AA,Amsterdam
003,corporation,Corporatie,2019-01-01,,Kade 9,1054 AB,Amsterdam
"""
CONNECTIONS = """number,building,kind,address,ean
0001,K1,dwelling,Kade 1,871687000000000016
0002,K1,dwelling,Kade 2,871687100000000013
0003,K1,common,Kade 3,
"""
OCCUPANCIES = """connection,member,opened_on,closed_on
0001,001,2022-01-01,
0002,003,2022-01-01,2022-07-01
0002,002,2022-07-01,
"""
CONTRACTS = """number,member,connection,starts_on,ends_on,tariff_clause,\
gas_2021_m3,gas_2021_eur,gas_2022_m3,gas_2022_eur
C1,001,0001,2022-01-01,,2024-1,1250,1187.50,1180,"1652,00"
C2,002,0002,2022-07-01,2037-07-01,,,,,
"""
FILES = {"members": MEMBERS, "connections": CONNECTIONS, "occupancies": OCCUPANCIES, "contracts": CONTRACTS}

VRIES, YILDIZ = make_id("member", TOWN, "001"), make_id("member", TOWN, "002")


class PowerCutError(BaseException):
    """Nothing catches this, as nothing catches a SIGKILL."""


def bring(database: Database, kind: str, body: str | bytes | None = None, *, dry_run: bool = False) -> ImportReceipt:
    """Import a file; the sample of its kind when none is given."""
    text = FILES[kind] if body is None else body
    raw = text.encode() if isinstance(text, str) else text
    with database.write() as tx:
        return handlers.import_register(tx, TOWN, kind, f"{kind}.csv", raw, AT, dry_run=dry_run)


def bring_all(database: Database) -> dict[str, ImportReceipt]:
    """Import the whole sample."""
    return {kind: bring(database, kind) for kind in FILES}


def undo(database: Database, receipt: ImportReceipt) -> int:
    """Undo an import."""
    with database.write() as tx:
        return handlers.undo_import(tx, TOWN, receipt.import_id, AT)


def refused(database: Database, kind: str, body: str | bytes) -> list[tuple[int | None, str, str]]:
    """Line, field and reason of all that is wrong with a file."""
    before = dump(database)
    try:
        bring(database, kind, body)
    except BadInput as bad:
        assert dump(database) == before, "a refused file left something behind"
        return [(problem.line, problem.field, problem.reason) for problem in bad.problems]
    raise AssertionError("the file was taken")


def where(problems: list[tuple[int | None, str, str]]) -> list[tuple[int | None, str]]:
    """Line and field of problems."""
    return [(line, field) for line, field, _ in problems]


def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """Every fact that was told, in order: its noun and verb, and what it says."""
    with database.read() as tx:
        rows = tx.execute(select(journal.journal).order_by(journal.journal.c.row_id)).all()
    return [(row.type.split(".")[1], json.loads(row.data)) for row in rows]


def verbs(database: Database) -> list[str]:
    """What was told, without the details."""
    return [verb for verb, _ in told(database)]


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All that the database holds, but for the salt of passwords."""
    with database.read() as tx:
        return {
            table.name: sorted(
                (tuple(row) for row in tx.execute(select(*(c for c in table.c if c.name != "password_hash")))), key=repr
            )
            for table in metadata.sorted_tables
        }


def contracts_of(database: Database, member_id: str) -> list[Contract]:
    """A member's contracts."""
    with database.read() as tx:
        return register.contracts(tx, TOWN, member_id)


def left_on(database: Database, member_id: str) -> date | None:
    """When a member left."""
    with database.read() as tx:
        found = register.find_member(tx, TOWN, member_id)
    assert found
    return found.left_on


@dataclass(frozen=True)
class Visitor:
    """A browser."""

    client: TestClient
    secret: str
    replayers: dict[str, Replayer]

    def sit_down_as(self, *roles: str, member_id: str | None = None, account_id: str = "a1") -> None:
        """Be signed in with these roles."""
        session = Session(account_id, "Somebody", frozenset(roles), member_id, TOWN)
        self.client.cookies.set(COOKIE, sign(session, self.secret))
