"""Queries on elections and terms of office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from coop.governance.ballots.elections.model import Counted, Kind, Vote
from coop.governance.tables.elections import election_ballot, election_count, election_lot, election_vote
from coop.governance.tables.stamps import stamp
from coop.kit.rows import find_as, insert_nouns, select_as
from coop.kit.tx import Tx


@dataclass(frozen=True)
class Opened:
    """A vote of an election that was opened."""

    resolution_id: str
    number: int
    kind: Kind
    options: Sequence[str]
    seats: int
    on_paper: bool
    secret: bool
    recorded_at: datetime
    actor: str


@dataclass(frozen=True)
class Drawn:
    """A lot that was drawn after the count of a number."""

    number: int
    drawn: Sequence[str]
    entry_id: str
    recorded_at: datetime
    actor: str


def list_votes(tx: Tx, resolution_id: str) -> Sequence[Opened]:
    """Votes that were opened, in order."""
    where = election_vote.c.resolution_id == resolution_id
    return select_as(tx, Opened, election_vote, where, order_by=[election_vote.c.number])


def add_vote(tx: Tx, opened: Opened) -> None:
    """Open a vote."""
    row = {**vars(opened), "options": list(opened.options), "community": tx.community}
    tx.insert(election_vote, [row])


def list_ballots(tx: Tx, resolution_id: str, number: int) -> Mapping[str, list[Vote]]:
    """Ballots of one vote by member, each the newest last."""
    columns = election_ballot.c
    where = (columns.resolution_id == resolution_id, columns.number == number)
    cast: dict[str, list[Vote]] = {}
    for each in select_as(tx, Vote, election_ballot, *where, order_by=[columns.member_id, columns.place]):
        cast.setdefault(each.member_id, []).append(_freeze(each))
    return cast


def list_ballots_of(tx: Tx, member_id: str) -> Sequence[tuple[str, Vote]]:
    """Every ballot of a member with its resolution, in the order in which they were cast."""
    columns = election_ballot.c
    order = [columns.recorded_at, columns.resolution_id, columns.number, columns.place]
    rows = select_as(tx, _Cast, election_ballot, columns.member_id == member_id, order_by=order)
    return [
        (
            row.resolution_id,
            Vote(
                row.number, member_id, tuple(row.choices), row.cast_on, row.proxy_holder, row.ballot_id, "", row.place
            ),
        )
        for row in rows
    ]


def find_ballot(tx: Tx, resolution_id: str, number: int, ballot_id: str) -> Vote | None:
    """The ballot with an id, or None."""
    columns = election_ballot.c
    where = (columns.resolution_id == resolution_id, columns.number == number, columns.ballot_id == ballot_id)
    found = find_as(tx, Vote, election_ballot, *where)
    return _freeze(found) if found else None


def add_ballots(tx: Tx, resolution_id: str, cast: Sequence[Vote]) -> None:
    """Put ballots in the box."""
    rows = [
        {
            **vars(each),
            "choices": list(each.choices),
            "resolution_id": resolution_id,
            "community": tx.community,
            **stamp(tx),
        }
        for each in cast
    ]
    tx.insert(election_ballot, rows)


def list_counted(tx: Tx, resolution_id: str) -> Sequence[Counted]:
    """Votes that were counted, in order."""
    where = election_count.c.resolution_id == resolution_id
    return select_as(tx, Counted, election_count, where, order_by=[election_count.c.number])


def add_count(tx: Tx, resolution_id: str, counted: Counted) -> None:
    """Keep a count."""
    insert_nouns(tx, election_count, [counted], resolution_id=resolution_id, **stamp(tx))


def list_lots(tx: Tx, resolution_id: str) -> Sequence[Drawn]:
    """Lots that were drawn, in order."""
    where = election_lot.c.resolution_id == resolution_id
    return select_as(tx, Drawn, election_lot, where, order_by=[election_lot.c.number])


def add_lot(tx: Tx, resolution_id: str, number: int, drawn: Sequence[str], entry_id: str) -> None:
    """Keep a lot."""
    row = {"resolution_id": resolution_id, "number": number, "drawn": list(drawn), "entry_id": entry_id}
    tx.insert(election_lot, [{"community": tx.community, **row, **stamp(tx)}])


@dataclass(frozen=True)
class _Cast:
    """The row of a ballot."""

    resolution_id: str
    number: int
    choices: Sequence[str]
    cast_on: date
    proxy_holder: str | None
    ballot_id: str
    place: int


def _freeze(vote: Vote) -> Vote:
    """A ballot whose choices cannot change."""
    return Vote(**{**vars(vote), "choices": tuple(vote.choices)})
