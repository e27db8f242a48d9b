"""Looks as they were heard."""

from __future__ import annotations

from sqlalchemy import select

from coop.events.metering import UseSeen
from coop.kit.tx import Tx
from coop.members.privacy.model import Look
from coop.members.tables import program, use_seen

LOOKS_SHOWN = 200


def add_look(tx: Tx, event: UseSeen) -> None:
    """Keep a look."""
    row = {
        "community": tx.community,
        "seen_on": event.seen_on,
        "viewer": event.viewer,
        "member_id": event.member_id or "",
        "subject": event.subject,
    }
    tx.insert_new(use_seen, [row], list(row))


def list_looks(tx: Tx, member_id: str, limit: int = LOOKS_SHOWN) -> list[Look]:
    """List the looks at a member's use by others, or at everybody's, newest first."""
    columns = use_seen.c
    query = (
        select(columns.seen_on, columns.viewer, columns.subject, columns.member_id == "")
        .where(columns.community == tx.community, columns.member_id.in_((member_id, "")))
        .order_by(columns.seen_on.desc(), columns.viewer, columns.subject)
        .limit(limit)
    )
    return [Look(*row) for row in tx.execute(query)]


def list_program_names(tx: Tx) -> dict[str, str]:
    """Names of the programs that the board let in, by the id of their token."""
    query = select(program.c.token_id, program.c.name).where(program.c.community == tx.community)
    return {row.token_id: row.name for row in tx.execute(query)}
