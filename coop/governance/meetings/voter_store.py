"""Queries on voters, which are heard from the register."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from coop.governance.tables.meetings import member_number, voter, voter_left
from coop.kit.database import among
from coop.kit.tx import Tx


def keep_voter(tx: Tx, member_id: str, from_on: date, change: str, kind: str, votes: int, told_at: datetime) -> int:
    """Remember what the register says of a member from a day on; returns the votes that are kept for that change."""
    key = {"community": tx.community, "member_id": member_id, "from_on": from_on, "change": change}
    row = {**key, "kind": kind, "votes": votes, "told_at": told_at}
    tx.insert_new(voter, [row], ["community", "member_id", "from_on", "change"])
    kept: int | None = tx.scalar(
        select(voter.c.votes).where(
            voter.c.community == tx.community,
            voter.c.member_id == member_id,
            voter.c.from_on == from_on,
            voter.c.change == change,
        )
    )
    assert kept is not None
    return kept


def keep_leaving(tx: Tx, member_id: str, number: int, left_on: date | None, told_at: datetime) -> None:
    """Remember one telling of when a member left; None: the membership goes on."""
    key = {"community": tx.community, "member_id": member_id, "number": number}
    tx.insert_new(voter_left, [{**key, "left_on": left_on, "told_at": told_at}], list(key))


@dataclass(frozen=True)
class Registered:
    """A member by the register: of which kind, with how many votes (or shares, as the statutes count), since when."""

    kind: str
    votes: int
    since: date


def find_members(
    tx: Tx, day: date, told_until: datetime | None = None, members: Collection[str] | None = None
) -> dict[str, Registered]:
    """The members on a day: by the whole register, or by what it had told until an instant; all of them, or some."""
    where = [voter.c.community == tx.community, voter.c.from_on <= day]
    if told_until is not None:
        where.append(voter.c.told_at <= told_until)
    if members is not None:
        where.append(among(tx, voter.c.member_id, members))
    rows = tx.execute(
        select(voter.c.member_id, voter.c.kind, voter.c.votes, voter.c.from_on)
        .where(*where)
        .order_by(voter.c.member_id, voter.c.from_on, voter.c.change)
    )
    latest: dict[str, Registered] = {}
    for member_id, kind, votes, from_on in rows:
        since = latest[member_id].since if member_id in latest else from_on
        latest[member_id] = Registered(kind, votes, since)
    ends = _find_ends(tx, told_until, members)
    return {
        member_id: registered for member_id, registered in latest.items() if (ends.get(member_id) or date.max) > day
    }


def _find_ends(tx: Tx, told_until: datetime | None, members: Collection[str] | None) -> dict[str, date | None]:
    """The first day without membership that was told last, of each of whom one was told."""
    columns = voter_left.c
    where = [columns.community == tx.community]
    if told_until is not None:
        where.append(columns.told_at <= told_until)
    if members is not None:
        where.append(among(tx, columns.member_id, members))
    query = select(columns.member_id, columns.left_on).where(*where).order_by(columns.number)
    return dict(iter(tx.execute(query)))


def keep_number(tx: Tx, member_id: str, number: str) -> None:
    """Remember the number that papers call a member by; the first that was told stands."""
    if number:
        row = {"community": tx.community, "member_id": member_id, "number": number}
        tx.insert_new(member_number, [row], ["community", "member_id"])


def list_numbers(tx: Tx) -> dict[str, str]:
    """The number of every member that one was told of, by id."""
    columns = member_number.c
    query = select(columns.member_id, columns.number).where(columns.community == tx.community)
    return dict(iter(tx.execute(query)))
