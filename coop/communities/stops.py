"""Decisions that do not hold any more: suspended, annulled, withdrawn or repealed, each from a day on.

Every service that acts on decisions asks here whether one holds on a day, by what was told of it until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

RESUMED: Final = "resumed"
"""Manner of the telling by which a decision that was stopped acts again."""


@dataclass(frozen=True)
class Stop:
    """One telling about a decision: from ``from_on`` it does not act, or acts again where the ``manner`` is
    ``RESUMED``. ``number`` counts the tellings about one decision; ``told_on`` is the day of this one."""

    resolution_id: str
    number: int
    manner: str
    from_on: date
    told_on: date


def is_stopped(stops: Iterable[Stop], day: date, known_on: date = date.max) -> bool:
    """True where a decision does not act on a day, by what was told of it until ``known_on``: of the tellings that
    reach the day, the last one holds.

    >>> march, june = date(2026, 3, 1), date(2026, 6, 1)
    >>> told = [Stop("r", 1, "suspended", march, march), Stop("r", 2, RESUMED, june, june)]
    >>> [is_stopped(told, date(2026, month, 15)) for month in (2, 4, 7)]
    [False, True, False]
    >>> annulled = [*told, Stop("r", 3, "annulled", date(2026, 1, 1), date(2026, 8, 1))]
    >>> [is_stopped(annulled, date(2026, month, 15)) for month in (2, 4, 7)]
    [True, True, True]
    >>> is_stopped(annulled, date(2026, 7, 15), known_on=june)
    False

    Source: docs/domain/meetings-votes-and-statutes.md#a-decision-that-falls.
    """
    reach = [stop for stop in stops if stop.from_on <= day and stop.told_on <= known_on]
    last = max(reach, key=lambda stop: stop.number, default=None)
    return last is not None and last.manner != RESUMED
