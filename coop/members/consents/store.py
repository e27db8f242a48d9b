"""Consent as it is kept: purposes of the co-operative's own, and every answer, of which none is changed."""

from __future__ import annotations

from sqlalchemy import Subquery, func, insert, select, update

from coop.kit.tx import Tx
from coop.members.consents.model import Answer, Purpose
from coop.members.tables import consent, purpose


def add_purpose(tx: Tx, made: Purpose) -> None:
    """Keep a purpose of the co-operative's own."""
    row = {
        "community": tx.community,
        "purpose_id": made.purpose_id,
        "title": made.title,
        "text": made.text,
        "made_at": tx.now,
        "made_by": made.made_by,
    }
    tx.insert_new(purpose, [row], ["community", "purpose_id"])


def end_purpose(tx: Tx, purpose_id: str) -> None:
    """Ask for it no longer; the first end stands."""
    columns = purpose.c
    tx.execute(
        update(purpose)
        .where(columns.community == tx.community, columns.purpose_id == purpose_id, columns.ended_at.is_(None))
        .values(ended_at=tx.now)
    )


def list_purposes(tx: Tx) -> list[Purpose]:
    """List the purposes of the co-operative's own, also those that ended, in the order in which they were made."""
    columns = purpose.c
    query = (
        select(columns.purpose_id, columns.title, columns.text, columns.made_by, columns.ended_at)
        .where(columns.community == tx.community)
        .order_by(columns.made_at, columns.purpose_id)
    )
    return [Purpose(*row) for row in tx.execute(query)]


def add_answer(tx: Tx, member_id: str, answer: Answer) -> None:
    """Keep what a member said."""
    columns = consent.c
    mine = columns.community == tx.community, columns.member_id == member_id
    number = (tx.scalar(select(func.max(columns.number)).where(*mine)) or 0) + 1
    row = {
        "community": tx.community,
        "member_id": member_id,
        "number": number,
        "purpose_id": answer.purpose_id,
        "is_given": answer.is_given,
        "said_at": answer.said_at,
        "actor": answer.actor,
        "channel": answer.channel,
        "wording_sha256": answer.wording_sha256,
        "paper": answer.paper,
        "signed_on": answer.signed_on,
    }
    tx.execute(insert(consent), [row])


def list_answers(tx: Tx, member_id: str) -> list[Answer]:
    """List everything that a member said, newest first."""
    columns = consent.c
    query = (
        select(
            columns.purpose_id,
            columns.is_given,
            columns.said_at,
            columns.actor,
            columns.channel,
            columns.wording_sha256,
            columns.paper,
            columns.signed_on,
        )
        .where(columns.community == tx.community, columns.member_id == member_id)
        .order_by(columns.number.desc())
    )
    return [Answer(*row) for row in tx.execute(query)]


def list_consenting(tx: Tx, purpose_id: str) -> frozenset[str]:
    """List the members whose newest answer to a purpose is yes."""
    columns = consent.c
    newest = _newest(tx)
    query = (
        select(columns.member_id)
        .join(newest, (newest.c.member_id == columns.member_id) & (newest.c.number == columns.number))
        .where(columns.community == tx.community, columns.purpose_id == purpose_id, columns.is_given)
    )
    return frozenset(tx.scalars(query))


def count_given(tx: Tx) -> dict[str, int]:
    """Count the members whose newest answer to each purpose is yes."""
    columns = consent.c
    newest = _newest(tx)
    query = (
        select(columns.purpose_id, func.count().label("members"))
        .join(newest, (newest.c.member_id == columns.member_id) & (newest.c.number == columns.number))
        .where(columns.community == tx.community, columns.is_given)
        .group_by(columns.purpose_id)
    )
    return {row.purpose_id: row.members for row in tx.execute(query)}


def _newest(tx: Tx) -> Subquery:
    """Number of the newest answer of each member to each purpose."""
    columns = consent.c
    return (
        select(columns.member_id, columns.purpose_id, func.max(columns.number).label("number"))
        .where(columns.community == tx.community)
        .group_by(columns.member_id, columns.purpose_id)
        .subquery()
    )
