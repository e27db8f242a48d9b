"""Queries on feed tokens, and on the journal as others may read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Select, func, insert, select, update

from coop.events import Envelope
from coop.governance.storage.tables import feed_token
from coop.kit.journal import journal


@dataclass(frozen=True)
class FeedToken:
    """The right of an audience to read the feed."""

    token_id: str
    community: str
    audience: str
    token_sha256: str
    created_on: date
    revoked_on: date | None


def tokens(connection: Connection, community: str) -> list[FeedToken]:
    """Every token of a community, by audience."""
    rows = connection.execute(
        select(feed_token)
        .where(feed_token.c.community == community)
        .order_by(feed_token.c.audience, feed_token.c.token_id)
    )
    return [FeedToken(**row) for row in rows.mappings()]


def find_token(connection: Connection, token_sha256: str) -> FeedToken | None:
    """The token with this hash, revoked or not."""
    row = connection.execute(select(feed_token).where(feed_token.c.token_sha256 == token_sha256)).mappings().first()
    return FeedToken(**row) if row else None


def add_token(connection: Connection, token: FeedToken) -> None:
    """Keep a token."""
    connection.execute(
        insert(feed_token).values(
            community=token.community,
            token_id=token.token_id,
            audience=token.audience,
            token_sha256=token.token_sha256,
            created_on=token.created_on,
        )
    )


def revoke_token(connection: Connection, community: str, token_id: str, revoked_on: date) -> bool:
    """End a token; the first day of revocation stands. Returns whether there is such a token."""
    connection.execute(
        update(feed_token)
        .where(
            feed_token.c.community == community, feed_token.c.token_id == token_id, feed_token.c.revoked_on.is_(None)
        )
        .values(revoked_on=revoked_on)
    )
    return any(token.token_id == token_id for token in tokens(connection, community))


def facts_after(connection: Connection, community: str, types: Sequence[str], after: int, limit: int) -> list[Envelope]:
    """Sealed facts of these types after a position, oldest first."""
    return _envelopes(
        connection, _facts(community, types).where(journal.c.position > after).order_by(journal.c.position).limit(limit)
    )


def facts_before(
    connection: Connection, community: str, types: Sequence[str], before: int | None, limit: int
) -> list[Envelope]:
    """Sealed facts of these types before a position (or the newest), newest first."""
    query = _facts(community, types)
    if before is not None:
        query = query.where(journal.c.position < before)
    return _envelopes(connection, query.order_by(journal.c.position.desc()).limit(limit))


def last_position(connection: Connection, community: str, types: Sequence[str]) -> int:
    """Position of the newest such fact, 0 when there is none: what a feed's ETag follows from."""
    newest = _facts(community, types).with_only_columns(func.max(journal.c.position))
    return connection.scalar(newest) or 0


def _facts(community: str, types: Sequence[str]) -> Select[tuple[object, ...]]:
    return select(journal).where(
        journal.c.position.is_not(None), journal.c.community == community, journal.c.type.in_(types)
    )


def _envelopes(connection: Connection, query: Select[tuple[object, ...]]) -> list[Envelope]:
    return [
        Envelope(
            id=row.event_id,
            type=row.type,
            source="/coop/governance",
            subject=row.subject,
            time=row.occurred_at,
            community=row.community,
            position=row.position,
            hash=row.hash,
            data=row.data.encode(),
        )
        for row in connection.execute(query)
    ]
