"""Facts on memberships that the board ends, told as facts of governance."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class MemberExpelled(Event):
    """The board ended a membership, as one person entered from its decision and another confirmed: by expulsion, or by
    termination on ``ends_on`` (``way``). The member is told the ``reason`` at once, may appeal to the members' meeting
    until ``appeal_until``; who is expelled is suspended until that is settled. ``article``: of the statutes, by which
    the board decides."""

    TYPE: ClassVar[str] = "governance.member-expelled.v1"
    NOUNS: ClassVar[str] = "members"

    expulsion_id: str
    member_id: str
    way: str
    decided_on: date
    ends_on: date | None
    reason: str
    article: str
    told_on: date
    appeal_until: date

    def key(self) -> str:
        return self.member_id


class ExpulsionAppealed(Event):
    """A member appealed to the members' meeting: in their own session, or by a paper that two people signed."""

    TYPE: ClassVar[str] = "governance.expulsion-appealed.v1"
    NOUNS: ClassVar[str] = "members"

    expulsion_id: str
    member_id: str
    appealed_on: date
    entry_id: str

    def key(self) -> str:
        return self.member_id


class ExpulsionSettled(Event):
    """A membership ends on ``left_on``, since nobody appealed in time (``unopposed``) or the meeting confirmed it
    (``confirmed``, by ``resolution_id``); or it did not confirm it, and the membership ``stays``."""

    TYPE: ClassVar[str] = "governance.expulsion-settled.v1"
    NOUNS: ClassVar[str] = "members"

    expulsion_id: str
    member_id: str
    outcome: str
    settled_on: date
    left_on: date | None
    resolution_id: str

    def key(self) -> str:
        return self.member_id
