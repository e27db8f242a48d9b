"""Attendance of a meeting: lines in the order in which they were noted, and who is there by them.

Invariant: nothing is erased. A line that was wrong is undone by a later one; who is there follows from the lines alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

ROOM, ONLINE, MANDATE = "room", "online", "mandate"
MANNERS: Final = (ROOM, ONLINE, MANDATE)
"""Ways of being there: oneself in the room or online, or by somebody who holds one's mandate."""

CAME, LEFT, UNDONE, SIGNED = "came", "left", "undone", "signed"
CHANGES: Final = (CAME, LEFT, UNDONE, SIGNED)


QUARTER: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Noted:
    """One line, with the server's time and whoever noted it. ``entry_id``: the paper that it stands on, which two
    people signed."""

    number: int
    change: str
    member_id: str
    manner: str
    holder: str
    undoes: int
    entry_id: str | None
    channel: str
    recorded_at: datetime
    actor: str


@dataclass(frozen=True)
class Present:
    """A member who is there: by which line, in which manner, and by whom where it is by a mandate."""

    member_id: str
    manner: str
    holder: str
    line: int


def list_latest(lines: Sequence[Noted]) -> Mapping[str, Noted]:
    """The line that counts of each member: the newest that was not undone."""
    undone = {line.undoes for line in lines if line.change == UNDONE}
    return {line.member_id: line for line in lines if line.change in (CAME, LEFT) and line.number not in undone}


def list_present(lines: Sequence[Noted]) -> Mapping[str, Present]:
    """Everybody who is there by the lines. Who gave a mandate is there as long as its holder is there in person."""
    there = {member_id: line for member_id, line in list_latest(lines).items() if line.change == CAME}
    in_person = {member_id for member_id, line in there.items() if line.manner != MANDATE}
    return {
        member_id: Present(member_id, line.manner, line.holder, line.number)
        for member_id, line in there.items()
        if line.manner != MANDATE or line.holder in in_person
    }


def list_unseen(lines: Sequence[Noted], closer: str) -> Sequence[Noted]:
    """Lines that nobody but whoever noted them has looked at: no second person signed them since, nor closes now."""
    signed = [line for line in lines if line.change == SIGNED]
    return [
        line
        for line in lines
        if line.change != SIGNED
        and line.entry_id is None
        and {closer, *(each.actor for each in signed if each.number > line.number)} <= {line.actor}
    ]


@dataclass(frozen=True)
class Moves:
    """Members who came and left in a quarter of an hour after the beginning, and how many were there at its end."""

    until: datetime
    came: int
    left: int
    there: int


def list_moves(lines: Sequence[Noted], starts_at: datetime) -> Sequence[Moves]:
    """Quarters of an hour after the beginning in which somebody came late or left, without their names."""
    undone = {line.undoes for line in lines if line.change == UNDONE}
    quarters: dict[int, Counter[str]] = {}
    before: dict[str, str] = {}
    for line in lines:
        if line.change not in (CAME, LEFT) or line.number in undone:
            continue
        changed = before.get(line.member_id, LEFT) != line.change
        before[line.member_id] = line.change
        if changed and line.recorded_at > starts_at:
            quarters.setdefault((line.recorded_at - starts_at) // QUARTER, Counter())[line.change] += 1
    ends = {quarter: starts_at + (quarter + 1) * QUARTER for quarter in quarters}
    return [
        Moves(
            ends[quarter],
            moved[CAME],
            moved[LEFT],
            len(list_present([line for line in lines if line.change == UNDONE or line.recorded_at < ends[quarter]])),
        )
        for quarter, moved in sorted(quarters.items())
    ]


def count_manners(present: Mapping[str, Present]) -> Mapping[str, int]:
    """Numbers of those who are there in each manner.

    >>> count_manners({"m1": Present("m1", "room", "", 1), "m2": Present("m2", "mandate", "m1", 2)})
    {'room': 1, 'online': 0, 'mandate': 1}
    """
    counts = Counter(each.manner for each in present.values())
    return {manner: counts[manner] for manner in MANNERS}
