"""Queries on suspensions: members who have no vote for a while, as two people signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from coop.governance.tables.assembly import suspension
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx

SUSPENDED, EXPELLED, LIFTED = "suspended", "expelled", "lifted"
"""Changes: a member was suspended for a term, or until an expulsion is settled; or that ended."""


@dataclass(frozen=True)
class Suspension:
    """The ``number``-th thing that was said on the suspensions of a member; the newest counts. They are suspended from
    ``from_on`` until the day before ``ends_on``, by an ``article`` of the statutes; without that day until an expulsion
    is settled. ``lifted`` says that it ended so early, without an ``entry_id`` where that settlement ended it."""

    member_id: str
    number: int
    change: str
    from_on: date
    ends_on: date | None
    article: str
    entry_id: str | None
    recorded_at: datetime
    actor: str


def find_end(of: Suspension) -> date:
    """The first day after a suspension; of one that waits for the settlement of an expulsion no day is known."""
    return of.ends_on or date.max


def list_suspensions(tx: Tx, member_id: str | None = None, until: datetime | None = None) -> Sequence[Suspension]:
    """Everything that was said on suspensions by member and number: of all or of one, or until an instant."""
    columns = suspension.c
    where = [columns.member_id == member_id] if member_id is not None else []
    where += [columns.recorded_at <= until] if until is not None else []
    return select_as(tx, Suspension, suspension, *where, order_by=[columns.member_id, columns.number])


def find_newest(tx: Tx, until: datetime | None = None) -> Mapping[str, Suspension]:
    """The newest of each member, by what was on file at an instant."""
    return {each.member_id: each for each in list_suspensions(tx, until=until)}


def add_suspension(tx: Tx, made: Suspension) -> None:
    """Keep what two people signed."""
    insert_nouns(tx, suspension, [made])
