"""Nouns of leavings: the right end of what ended, and what that would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.members.connections.model import Occupancy
from coop.members.contracts.model import Contract
from coop.members.imports.model import Plan
from coop.members.register.model import Member
from coop.members.resting.model import Rest

KINDS = ("members", "contracts", "connections")

Ending = Member | Contract | Occupancy
"""A record that has an end."""


@dataclass(frozen=True)
class Wish:
    """The right end of what was entered as ended: of a member, a contract, or the last hold of a connection. ``day`` is
    the first day without it, None where it goes on. With ``whole`` goes all that ended on the same day, and who came
    by the same move. ``accounts`` of the member are opened again."""

    kind: str
    record_id: str
    day: date | None
    reason: str
    whole: bool = True
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ended:
    """Ends of a day, whose they were, and who came by the same move (``move_id``, empty where nobody did)."""

    day: date
    member: Member
    records: tuple[Ending, ...]
    move_id: str = ""
    arrivals: tuple[Member, ...] = ()


@dataclass(frozen=True)
class Look:
    """Effect of another end: the plan and its hash, and what rests on the end as it is."""

    ended: Ended
    plan: Plan
    preview: str
    rest: Rest


def end_of(record: Ending) -> tuple[str, date | None]:
    """The field of an end, and its day."""
    match record:
        case Member():
            return "left_on", record.left_on
        case Contract():
            return "ends_on", record.ends_on
        case Occupancy():
            return "closed_on", record.closed_on
