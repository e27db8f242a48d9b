"""Programs as they are kept: the token in the kit's table, the name and who let it in beside it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Update, insert, select, update

from coop.kit.tables import program_token
from coop.kit.tx import Tx
from coop.members.programs.model import Program
from coop.members.tables import program
from coop.values import NotFound, say


def add_program(tx: Tx, token_id: str, name: str) -> None:
    """Keep who let a program in, and under which name."""
    by = str(tx.actor)
    row = {"community": tx.community, "token_id": token_id, "name": name, "made_at": tx.now, "made_by": by}
    tx.execute(insert(program), [row | {"meters_by": by}])


def note_meters(tx: Tx, token_id: str) -> None:
    """Keep who said for which meters a gateway speaks."""
    tx.execute(_change(tx, token_id).values(meters_by=str(tx.actor)))


def note_confirmed(tx: Tx, token_id: str) -> None:
    """Keep who said, as the second person, that a gateway counts as a device."""
    tx.execute(_change(tx, token_id).values(confirmed_at=tx.now, confirmed_by=str(tx.actor)))


def note_end(tx: Tx, token_id: str) -> None:
    """Keep who ended a token; the first stands."""
    tx.execute(_change(tx, token_id).where(program.c.ended_by.is_(None)).values(ended_by=str(tx.actor)))


def list_programs(tx: Tx) -> list[Program]:
    """List programs: those that may come in before those that may not, then by name."""
    query = _select(tx).order_by(program_token.c.ended_at.is_not(None), program.c.name, program.c.token_id)
    return [Program(*row) for row in tx.execute(query)]


def get_program(tx: Tx, token_id: str) -> Program:
    """Find one program.

    Raises:
        NotFound: there is none with this id.
    """
    row = tx.execute(_select(tx).where(program.c.token_id == token_id)).first()
    if row is None:
        raise NotFound(say("there is no program %(token_id)s", token_id=token_id))
    return Program(*row)


def _change(tx: Tx, token_id: str) -> Update:
    return update(program).where(program.c.community == tx.community, program.c.token_id == token_id)


def _select(tx: Tx) -> Select[*tuple[Any, ...]]:
    token = program_token.c
    return (
        select(
            token.token_id,
            program.c.name,
            token.scopes,
            token.gateway,
            token.meters,
            token.device_meters,
            token.token_sha256 != "",
            program.c.made_at,
            program.c.made_by,
            program.c.meters_by,
            program.c.confirmed_at,
            program.c.confirmed_by,
            token.expires_at,
            token.used_on,
            token.ended_at,
            program.c.ended_by,
        )
        .join(program, (program.c.community == token.community) & (program.c.token_id == token.token_id))
        .where(token.community == tx.community, program.c.community == tx.community)
    )
