"""Queries on expulsions and on what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from coop.governance.tables.expulsions import expulsion, expulsion_step
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx

APPEALED, SETTLED = "appealed", "settled"
UNOPPOSED, CONFIRMED, STAYS = "unopposed", "confirmed", "stays"
WAYS: Final = ("expulsion", "termination")


@dataclass(frozen=True)
class Expulsion:
    """A decision of the board that a membership ends, by one of ``WAYS``; a termination names the day of that,
    ``ends_on``. The member was told on ``told_on``."""

    expulsion_id: str
    member_id: str
    way: str
    decided_on: date
    ends_on: date | None
    reason: str
    article: str
    told_on: date
    appeal_until: date
    recorded_at: datetime
    actor: str


@dataclass(frozen=True)
class Step:
    """Outcome of an expulsion on a day: the member appealed, or it was settled, with its outcome and the first day
    without membership."""

    expulsion_id: str
    step: str
    day: date
    outcome: str
    left_on: date | None
    entry_id: str | None
    resolution_id: str | None
    recorded_at: datetime
    actor: str


@dataclass(frozen=True)
class Case:
    """An expulsion with what became of it so far."""

    expulsion: Expulsion
    appealed: Step | None
    settled: Step | None


def list_cases(tx: Tx, member_id: str | None = None) -> Sequence[Case]:
    """Every expulsion, or those of one member, newest first."""
    columns = expulsion.c
    where = [columns.member_id == member_id] if member_id is not None else []
    order = [columns.recorded_at.desc(), columns.expulsion_id]
    steps = {(each.expulsion_id, each.step): each for each in select_as(tx, Step, expulsion_step)}
    return [
        Case(each, steps.get((each.expulsion_id, APPEALED)), steps.get((each.expulsion_id, SETTLED)))
        for each in select_as(tx, Expulsion, expulsion, *where, order_by=order)
    ]


def find_open(tx: Tx, member_id: str) -> Case | None:
    """The expulsion of a member that is not settled, or None."""
    return next((case for case in list_cases(tx, member_id) if case.settled is None), None)


def list_open(tx: Tx) -> Sequence[Case]:
    """Expulsions that are not settled."""
    return [case for case in list_cases(tx) if case.settled is None]


def add_expulsion(tx: Tx, made: Expulsion) -> None:
    """Keep what two people signed."""
    insert_nouns(tx, expulsion, [made])


def add_step(tx: Tx, made: Step) -> None:
    """Keep what became of an expulsion."""
    insert_nouns(tx, expulsion_step, [made])
