"""Facts on members who are suspended, told as facts of governance."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class MemberSuspended(Event):
    """The board suspended a member, as one person entered from its decision and another confirmed. From ``from_on``
    they have no vote; it ends by itself on ``ends_on``, the first day on which they have one again. Without that day it
    is the suspension of a member who is expelled, until that is settled.

    ``number``: the how many-th thing that was said on their suspensions. ``article``: of the statutes, which takes the
    vote. ``entry_id``: the paper that two people signed.
    """

    TYPE: ClassVar[str] = "governance.member-suspended.v1"
    NOUNS: ClassVar[str] = "members"

    member_id: str
    number: int
    from_on: date
    ends_on: date | None
    article: str
    entry_id: str

    def key(self) -> str:
        return self.member_id


class SuspensionLifted(Event):
    """A suspension ended: from ``lifted_on`` the member has their rights back. Two people signed so; without an
    ``entry_id`` it ended as an expulsion was settled, and the membership may end that day."""

    TYPE: ClassVar[str] = "governance.suspension-lifted.v1"
    NOUNS: ClassVar[str] = "members"

    member_id: str
    number: int
    lifted_on: date
    entry_id: str

    def key(self) -> str:
        return self.member_id
