"""A small register as files, and how tests hand them in and look at what became of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from coop.kit.database import Database
from coop.kit.journal import journal
from coop.kit.tx import Tx
from coop.members.contracts.model import Contract
from coop.members.contracts.store import list_contracts
from coop.members.entry.commands import get_row, look_at, write_down
from coop.members.entry.model import Typed
from coop.members.fields import make_id
from coop.members.identity.model import Origin
from coop.members.imports.commands import import_register, undo_import
from coop.members.imports.model import Receipt
from coop.members.register.store import get_member
from coop.members.tables import metadata
from coop.values import BadInput
from tests.desk import COMMUNITY, SECRETARY

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
HOME = Origin("192.0.2.7")

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

VRIES, YILDIZ = make_id("member", COMMUNITY, "001"), make_id("member", COMMUNITY, "002")


class PowerCutError(BaseException):
    """Nothing catches this, as nothing catches a SIGKILL."""


def bring(database: Database, kind: str, body: str | bytes | None = None, *, dry_run: bool = False) -> Receipt:
    """Import a file; the sample of its kind when none is given."""
    text = FILES[kind] if body is None else body
    raw = text.encode() if isinstance(text, str) else text
    with database.write(COMMUNITY, SECRETARY) as tx:
        return import_register(tx, kind, f"{kind}.csv", raw, dry_run=dry_run)


def bring_all(database: Database) -> dict[str, Receipt]:
    """Import the whole sample."""
    return {kind: bring(database, kind) for kind in FILES}


def undo(database: Database, receipt: Receipt) -> int:
    """Undo an import."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        return undo_import(tx, receipt.import_id)


def list_problems(database: Database, kind: str, body: str | bytes) -> list[tuple[int | None, str, str]]:
    """Import a file that is refused; returns line, field and reason of all that is wrong with it."""
    before = dump(database)
    try:
        bring(database, kind, body)
    except BadInput as bad:
        assert dump(database) == before, "a refused file left something behind"
        return [(problem.line, problem.field, problem.reason) for problem in bad.problems]
    raise AssertionError("the file was taken")


def locate(problems: list[tuple[int | None, str, str]]) -> list[tuple[int | None, str]]:
    """Line and field of problems."""
    return [(line, field) for line, field, _ in problems]


def list_facts(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """Every fact that was told, in order: its noun and verb, and what it says."""
    with database.system_read() as sql:
        rows = sql.execute(select(journal).order_by(journal.c.row_id)).all()
    return [(row.type.split(".")[1], json.loads(row.data)) for row in rows]


def list_verbs(database: Database) -> list[str]:
    """Every fact that was told, without the details."""
    return [verb for verb, _ in list_facts(database)]


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All that the database holds, but for the salt of passwords."""
    with database.system_read() as sql:
        return {
            table.name: sorted(
                (tuple(row) for row in sql.execute(select(*(c for c in table.c if c.name != "password_hash")))),
                key=repr,
            )
            for table in metadata.sorted_tables
        }


def contracts_of(database: Database, member_id: str) -> list[Contract]:
    """A member's contracts."""
    with database.read(COMMUNITY) as tx:
        return list_contracts(tx, member_id)


def left_on(database: Database, member_id: str) -> date | None:
    """The day on which a member left."""
    with database.read(COMMUNITY) as tx:
        return get_member(tx, member_id).left_on


def change_contact(tx: Tx, member_id: str, contact: Mapping[str, str]) -> None:
    """Change a member's name, e-mail address or address as the secretary's form does."""
    row, version = get_row(tx, "member", member_id)
    typed = Typed((("members", {**row, **contact}),), version)
    write_down(tx, "members", typed, look_at(tx, typed).preview)
