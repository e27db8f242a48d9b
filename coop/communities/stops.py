"""Decisions that do not hold any more: suspended, annulled, withdrawn or repealed, each from a day on.

Every service that acts on decisions asks here whether one holds on a day, by what was told of it until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol, TypeVar

RESUMED: Final = "resumed"
"""Manner of the telling by which a decision acts again that a court stopped."""

RESTORED: Final = "restored"
"""Manner of the telling by which a decision acts again that the members took back, as that resolution fell itself, or
that their referendum left standing."""

ENDS: Final = (RESUMED, RESTORED)

REFERENDUM: Final = "referendum"
"""Manner of the telling by which a decision does not act until the members held the referendum that some asked."""

_VOICES: Final = {
    "withdrawn": "board",
    "repealed": "members",
    REFERENDUM: "members",
    RESTORED: "members",
    "disputed": "meeting",
}
"""By manner, whose word a telling is; any other is a court's. The end of a suspension gives no decision back to whoever
took it back, nor the other way round."""


class Told(Protocol):
    """A telling about a decision, as a row or a fact of it."""

    @property
    def number(self) -> int: ...
    @property
    def manner(self) -> str: ...
    @property
    def from_on(self) -> date: ...


ATold = TypeVar("ATold", bound=Told)


@dataclass(frozen=True)
class Stop:
    """One telling about a decision: from ``from_on`` it does not act, or acts again where the ``manner`` is one of
    ``ENDS``. ``number`` counts the tellings about one decision; ``told_on`` is the day of this one."""

    resolution_id: str
    number: int
    manner: str
    from_on: date
    told_on: date


def find_stopping(stops: Iterable[ATold], day: date) -> list[ATold]:
    """The tellings by which a decision does not act on a day, in order: courts, board and members speak each for
    themselves, and of the tellings of each that reach the day the last one holds.

    >>> march, june, july = date(2026, 3, 1), date(2026, 6, 1), date(2026, 7, 1)
    >>> told = [Stop("r", 1, "suspended", march, march), Stop("r", 2, "repealed", july, june)]
    >>> told.append(Stop("r", 3, RESUMED, june, june))
    >>> [[stop.manner for stop in find_stopping(told, date(2026, month, 15))] for month in (2, 4, 6, 7)]
    [[], ['suspended'], [], ['repealed']]

    Source: docs/domain/meetings-votes-and-statutes.md#a-decision-that-falls.
    """
    last: dict[str, ATold] = {}
    for stop in sorted(stops, key=lambda stop: stop.number):
        if stop.from_on <= day:
            last[_VOICES.get(stop.manner, "court")] = stop
    return sorted((stop for stop in last.values() if stop.manner not in ENDS), key=lambda stop: stop.number)


def find_members_word(stops: Iterable[ATold]) -> ATold | None:
    """The last that the members said of a decision: taken back, to be held a referendum on, or to act again.

    >>> day = date(2026, 3, 1)
    >>> told = [Stop("r", 1, REFERENDUM, day, day), Stop("r", 2, "suspended", day, day)]
    >>> word = find_members_word(told)
    >>> word.manner if word else None
    'referendum'
    """
    said = [stop for stop in stops if _VOICES.get(stop.manner) == "members"]
    return max(said, key=lambda stop: stop.number, default=None)


def is_stopped(stops: Iterable[Stop], day: date, known_on: date = date.max) -> bool:
    """True where a decision does not act on a day, by what was told of it until ``known_on``.

    >>> march, june = date(2026, 3, 1), date(2026, 6, 1)
    >>> told = [Stop("r", 1, "suspended", march, march), Stop("r", 2, RESUMED, june, june)]
    >>> [is_stopped(told, date(2026, month, 15)) for month in (2, 4, 7)]
    [False, True, False]
    >>> annulled = [*told, Stop("r", 3, "annulled", date(2026, 1, 1), date(2026, 8, 1))]
    >>> [is_stopped(annulled, date(2026, month, 15)) for month in (2, 4, 7)]
    [True, True, True]
    >>> is_stopped(annulled, date(2026, 7, 15), known_on=june)
    False
    """
    return bool(find_stopping((stop for stop in stops if stop.told_on <= known_on), day))
