"""Facts of memberships."""

from __future__ import annotations

from datetime import date

from coop.events import Event
from coop.events.members import MemberAdmitted, MemberLeft
from coop.members.register.model import Member


def announce_member(member: Member) -> list[Event]:
    """Announce a new member, and that they left where they did."""
    admitted = MemberAdmitted(member_id=member.member_id, kind=member.kind, joined_on=member.joined_on)
    return [admitted, announce_leaving(member.member_id, member.left_on)] if member.left_on else [admitted]


def announce_leaving(member_id: str, left_on: date) -> Event:
    """Announce that a member left; on the day they joined, they never were one."""
    return MemberLeft(member_id=member_id, left_on=left_on)
