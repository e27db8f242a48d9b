"""Queries on feed tokens, and on the journal as others may read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from coop.events import Envelope
from coop.governance.storage.tables import feed_token
from coop.kit.rows import find_as, insert_nouns, select_as
from coop.kit.tables import journal
from coop.kit.tx import Tx


@dataclass(frozen=True)
class FeedToken:
    """The right of an audience to read the feed."""

    token_id: str
    community: str
    audience: str
    token_sha256: str
    created_on: date
    revoked_on: date | None


def list_tokens(tx: Tx) -> list[FeedToken]:
    """Every token, by audience."""
    return select_as(tx, FeedToken, feed_token, order_by=[feed_token.c.audience, feed_token.c.token_id])


def find_token(sql: Connection, token_sha256: str) -> FeedToken | None:
    """The token with this hash, revoked or not, of whatever co-operative: nothing but the token names it."""
    columns = [feed_token.c[field.name] for field in fields(FeedToken)]
    row = sql.execute(select(*columns).where(feed_token.c.token_sha256 == token_sha256)).first()
    return FeedToken(*row) if row else None


def add_token(tx: Tx, token: FeedToken) -> None:
    """Keep a token."""
    insert_nouns(tx, feed_token, [token])


def revoke_token(tx: Tx, token_id: str) -> date | None:
    """End a token; returns the first day of its revocation, which stands, or None when there is no such token."""
    tx.execute(
        update(feed_token)
        .where(
            feed_token.c.community == tx.community,
            feed_token.c.token_id == token_id,
            feed_token.c.revoked_on.is_(None),
        )
        .values(revoked_on=tx.today)
    )
    token = find_as(tx, FeedToken, feed_token, feed_token.c.token_id == token_id)
    return token.revoked_on if token else None


def list_facts_after(tx: Tx, types: Sequence[str], after: int, limit: int) -> list[Envelope]:
    """Sealed facts of these types after a position, oldest first."""
    query = _facts(tx, types).where(journal.c.position > after).order_by(journal.c.position).limit(limit)
    return _envelopes(tx, query)


def list_facts_before(tx: Tx, types: Sequence[str], before: int | None, limit: int) -> list[Envelope]:
    """Sealed facts of these types before a position (or the newest), newest first."""
    query = _facts(tx, types)
    if before is not None:
        query = query.where(journal.c.position < before)
    return _envelopes(tx, query.order_by(journal.c.position.desc()).limit(limit))


def find_last_position(tx: Tx, types: Sequence[str]) -> int:
    """Position of the newest such fact, 0 when there is none: a feed's ETag follows from it."""
    newest: int | None = tx.scalar(_facts(tx, types).with_only_columns(func.max(journal.c.position)))
    return newest or 0


def _facts(tx: Tx, types: Sequence[str]) -> Select[*tuple[Any, ...]]:
    return select(journal).where(
        journal.c.position.is_not(None), journal.c.community == tx.community, journal.c.type.in_(types)
    )


def _envelopes(tx: Tx, query: Select[*tuple[Any, ...]]) -> list[Envelope]:
    return [
        Envelope(
            id=row.event_id,
            type=row.type,
            source="/coop/governance",
            subject=row.subject,
            time=row.occurred_at,
            community=row.community,
            actor=row.actor,
            channel=row.channel,
            position=row.position,
            hash=row.hash,
            data=row.data.encode(),
        )
        for row in tx.execute(query)
    ]
