"""Queries on outcomes that were disputed, and on the ballots that go on in a new vote."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from coop.governance.ballots.challenges.rules import Asked
from coop.governance.model import Ballot
from coop.governance.tables.challenges import challenge
from coop.governance.tables.meetings import ballot, decision, resolution
from coop.governance.tables.stamps import stamp_with_channel
from coop.kit.database import among
from coop.kit.rows import insert_nouns, row_of, select_as
from coop.kit.tx import Tx


@dataclass(frozen=True)
class KeptChallenge(Asked):
    """A dispute as it is kept, with the server's time."""

    recorded_at: datetime


def list_challenges(tx: Tx, resolution_id: str) -> list[KeptChallenge]:
    """Everybody who disputed the outcome of a point, in order."""
    columns = challenge.c
    return select_as(tx, KeptChallenge, challenge, columns.resolution_id == resolution_id, order_by=[columns.number])


def add_challenge(tx: Tx, resolution_id: str, asked: Asked) -> None:
    """Keep that somebody disputes an outcome."""
    said = {"resolution_id": resolution_id, "is_granted": asked.is_granted, **stamp_with_channel(tx)}
    insert_nouns(tx, challenge, [asked], **said)


def add_carried(tx: Tx, resolution_id: str, before: str, ballots: Mapping[str, Ballot]) -> None:
    """Put ballots that go on in the box of a new vote, by the id of the ballot of the vote ``before`` that each
    repeats, with its time and its account."""
    columns = ballot.c
    stamps = tx.execute(
        select(columns.ballot_id, columns.recorded_at, columns.actor).where(
            columns.community == tx.community,
            columns.resolution_id == before,
            among(tx, columns.ballot_id, list(ballots)),
        )
    )
    rows = [
        row_of(tx, ballots[ballot_id], resolution_id=resolution_id, number=1, recorded_at=recorded_at, actor=actor)
        for ballot_id, recorded_at, actor in stamps
    ]
    tx.insert(ballot, rows)


def list_before(tx: Tx, resolution_id: str) -> list[str]:
    """The points that a new vote repeats, the newest first; none for a point of the notice."""
    before: list[str] = []
    current: str | None = resolution_id
    while current is not None:
        columns = resolution.c
        current = tx.scalar(
            select(columns.again_of).where(columns.community == tx.community, columns.resolution_id == current)
        )
        before += [current] if current is not None else []
    return before


def find_opening_time(tx: Tx, before: Collection[str]) -> datetime:
    """The instant at which the new vote on points opened that are voted on together: that of whichever was disputed."""
    columns = challenge.c
    opened_at: datetime | None = tx.scalar(
        select(func.min(columns.recorded_at)).where(
            columns.community == tx.community, among(tx, columns.resolution_id, before), columns.is_granted
        )
    )
    assert opened_at is not None, "a new vote opens with what was granted"
    return opened_at


def list_open_again(tx: Tx) -> list[str]:
    """New votes that are not counted yet."""
    points = resolution.c
    counted = select(decision.c.resolution_id).where(decision.c.community == tx.community)
    query = (
        select(points.resolution_id)
        .where(points.community == tx.community, points.again_of.is_not(None), points.resolution_id.not_in(counted))
        .order_by(points.meeting_id, points.number)
    )
    return list(tx.scalars(query))
