"""Facts of memberships."""

from __future__ import annotations

from datetime import date

from coop.events import Event
from coop.events.members import MemberAdmitted, MemberChanged, MemberLeft
from coop.members.register.model import Member


def announce_member(member: Member) -> list[Event]:
    """Announce a new member, and that they left where they did."""
    admitted = MemberAdmitted(
        member_id=member.member_id,
        kind=member.kind,
        joined_on=member.joined_on,
        votes=member.votes,
        member_number=member.number,
    )
    return [admitted, announce_leaving(member.member_id, member.left_on, 0)] if member.left_on else [admitted]


def announce_change(member: Member, number: int, today: date) -> Event:
    """Announce a member's kind and votes as they are from today on; for who is yet to join, from that day."""
    return MemberChanged(
        member_id=member.member_id,
        number=number,
        from_on=max(today, member.joined_on),
        kind=member.kind,
        votes=member.votes,
    )


def announce_leaving(member_id: str, left_on: date | None, number: int) -> Event:
    """Announce that a member left, or stays (None); who left on the day they joined never was one."""
    return MemberLeft(member_id=member_id, left_on=left_on, number=number)
