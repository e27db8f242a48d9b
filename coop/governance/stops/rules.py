"""Rules on the fall of a decision: who may stop what, from which day, and what may follow on what.

Source: docs/domain/meetings-votes-and-statutes.md#a-decision-that-falls; BW 2:15, 2:16, 3:53.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from coop.communities.stops import REFERENDUM, RESUMED, Told, find_stopping
from coop.governance.dates import LAST_DAY
from coop.values import CoopError, Problem, say

SUSPENDED: Final = "suspended"
ANNULLED: Final = "annulled"
WITHDRAWN: Final = "withdrawn"
REPEALED: Final = "repealed"
DISPUTED: Final = "disputed"

PENDING: Final = frozenset({SUSPENDED, REFERENDUM})
"""Manners that leave open whether a decision falls for good."""

ENTERED: Final = (SUSPENDED, ANNULLED, WITHDRAWN, RESUMED)
"""Manners that two people enter from a paper; the members' own word is a resolution, and who disputes an outcome at the
meeting asks for a new vote."""


@dataclass(frozen=True)
class Stopping:
    """A stop as it is asked for: its ``manner``, its first day, and the day and name of the paper, which two people
    signed in an entry, or the resolution that repealed it, the one by which it is voted on again, or the
    decision on which a ``referendum`` is asked or that referendum."""

    manner: str
    from_on: date
    ruled_on: date
    paper: str
    entry_id: str | None = None
    repealed_by: str | None = None
    voted_again: str | None = None
    referendum: str | None = None


def find_first(manner: str, begins_on: date, ruled_on: date) -> date:
    """The first day of a stop where its paper names none: an annulment, a withdrawal and a dispute at the meeting reach
    back to the beginning of the decision (BW 3:53, 2:13 lid 4), a suspension and its end hold from their own day.

    >>> find_first("annulled", date(2027, 1, 1), date(2027, 5, 3)).isoformat()
    '2027-01-01'
    >>> find_first("suspended", date(2027, 1, 1), date(2027, 5, 3)).isoformat()
    '2027-05-03'
    """
    return begins_on if manner in (ANNULLED, WITHDRAWN, DISPUTED) else max(ruled_on, begins_on)


def judge_days(made: Stopping, decided_on: date, begins_on: date, today: date) -> list[Problem]:
    """Everything that is wrong with the days of a stop, by field."""
    problems = []
    if made.ruled_on > today:
        problems.append(Problem(say("this day has not come yet"), "ruled_on"))
    if made.ruled_on < decided_on:
        problems.append(Problem(say("the decision was taken later, on %(day)s", day=decided_on), "ruled_on"))
    if made.from_on < begins_on:
        problems.append(Problem(say("the decision acts from %(day)s", day=begins_on), "from_on"))
    elif made.from_on > LAST_DAY:
        problems.append(Problem(say("is after %(day)s", day=LAST_DAY), "from_on"))
    elif made.manner == WITHDRAWN and made.from_on != begins_on:
        reason = say("the board withdraws a decision whole, from its first day, %(day)s", day=begins_on)
        problems.append(Problem(reason, "from_on"))
    elif made.manner == SUSPENDED and made.from_on < made.ruled_on:
        problems.append(Problem(say("a suspension does not reach back before its own day"), "from_on"))
    return problems


def refuse_out_of_turn(made: Stopping, told: Sequence[Told], begins_on: date, today: date) -> None:
    """Refuse what cannot follow on what was told of a decision before. What fell from a later day on may fall from an
    earlier one.

    Raises:
        CoopError: it fell already, it holds, or it acted already where only what has not acted may be withdrawn.
    """
    at_last = {stop.manner for stop in find_stopping(told, date.max)}
    if made.manner == RESUMED:
        if not at_last & {SUSPENDED, ANNULLED}:
            raise CoopError("not-stopped", say("no court suspended or annulled this decision: it cannot resume"))
        return
    for_good = at_last & {stop.manner for stop in find_stopping(told, made.from_on)}
    if for_good - (PENDING - {made.manner}):
        raise CoopError("stopped-before", say("this decision does not hold any more: nothing is left to stop"))
    if made.manner == WITHDRAWN and begins_on <= today:
        raise CoopError(
            "acted-before",
            say("this decision acts since %(day)s: the board cannot take it back, the members can", day=begins_on),
        )
