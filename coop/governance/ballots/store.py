"""Queries on ballots and on what their members object to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from coop.governance.model import Ballot
from coop.governance.tables.meetings import ballot, decision, objection
from coop.governance.tables.stamps import stamp
from coop.kit.database import among
from coop.kit.rows import find_by, group_as, list_by, row_of, select_as
from coop.kit.tx import Tx
from coop.values import civil_date


@dataclass(frozen=True)
class Objection:
    """A member says that a ballot that was entered for them is not theirs; ``in_time``: it was not counted then."""

    resolution_id: str
    member_id: str
    number: int
    in_time: bool
    recorded_at: datetime


def list_ballots(tx: Tx, resolution_id: str, members: Collection[str] | None = None) -> dict[str, list[Ballot]]:
    """Every ballot by member, the newest last: of all members, or of some."""
    if members is not None and len(members) == 1:  # whoever votes in their own session is one
        rows = list_by(tx, Ballot, ballot, "number", resolution_id=resolution_id, member_id=next(iter(members)))
    else:
        where = [ballot.c.resolution_id == resolution_id]
        if members is not None:
            where.append(among(tx, ballot.c.member_id, members))
        rows = select_as(tx, Ballot, ballot, *where, order_by=[ballot.c.member_id, ballot.c.number])
    history: dict[str, list[Ballot]] = {}
    for row in rows:
        history.setdefault(row.member_id, []).append(row)
    return history


def list_standing(tx: Tx, resolution_id: str) -> dict[str, Ballot]:
    """The ballot of each member that counts: the newest, but none whose member objected to it in time."""
    struck = {each.member_id: each.number for each in list_objections(tx, resolution_id) if each.in_time}
    return {
        member_id: cast[-1]
        for member_id, cast in list_ballots(tx, resolution_id).items()
        if len(cast) > struck.get(member_id, 0)
    }


def list_ballots_of(tx: Tx, member_id: str) -> list[tuple[str, Ballot]]:
    """Every ballot of one member with the resolution that it was on, the newest of each last."""
    history = group_as(
        tx, Ballot, ballot, [ballot.c.resolution_id], ballot.c.member_id == member_id, order_by=[ballot.c.number]
    )
    return [(resolution_id, cast) for (resolution_id,), ballots in sorted(history.items()) for cast in ballots]


def find_ballot(tx: Tx, resolution_id: str, ballot_id: str) -> Ballot | None:
    """The ballot with an id, or None."""
    return find_by(tx, Ballot, ballot, resolution_id=resolution_id, ballot_id=ballot_id)


def find_recording_day(tx: Tx, resolution_id: str, ballot_id: str) -> date:
    """The day on which a ballot was put in the box, by the server's clock."""
    columns = ballot.c
    recorded_at: datetime | None = tx.scalar(
        select(columns.recorded_at).where(
            columns.community == tx.community,
            columns.resolution_id == resolution_id,
            columns.ballot_id == ballot_id,
        )
    )
    assert recorded_at is not None
    return civil_date(recorded_at)


def add_ballots(tx: Tx, resolution_id: str, ballots: Iterable[Ballot], history: Mapping[str, Sequence[Ballot]]) -> None:
    """Put ballots in the box, each after its member's earlier ones."""
    rows = [
        row_of(tx, cast, resolution_id=resolution_id, number=len(history.get(cast.member_id, ())) + 1, **stamp(tx))
        for cast in ballots
    ]
    tx.insert(ballot, rows)


def list_objections(tx: Tx, resolution_id: str) -> list[Objection]:
    """Objections of members on a resolution, oldest first; of each member the newest counts."""
    return list_by(tx, Objection, objection, "recorded_at", "member_id", "number", resolution_id=resolution_id)


def add_objection(tx: Tx, resolution_id: str, member_id: str, number: int, *, in_time: bool) -> None:
    """Keep that a member objects to the ballot with a number."""
    row = {"community": tx.community, "resolution_id": resolution_id, "member_id": member_id, "number": number}
    tx.insert(objection, [{**row, "in_time": in_time, **stamp(tx)}])


def list_decided(tx: Tx) -> Sequence[str]:
    """Every resolution that was decided, of whatever meeting."""
    return sorted(tx.scalars(select(decision.c.resolution_id).where(decision.c.community == tx.community)))
