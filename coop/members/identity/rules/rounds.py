"""Rounds of invitations: which members have no account yet, and how each of them is reached."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from coop.members.fields import is_email
from coop.members.register.model import Member

Way = Literal["join", "mail", "letter", "none"]


@dataclass(frozen=True)
class Invitee:
    """A member without an account: what they will sign in with, and how the invitation reaches them.

    ``join``: they sign in with that address already, as board or staff, and keep that one account. ``shares_email``:
    the address in the register is another member's account, or an earlier member's of this round.
    """

    member: Member
    sign_in: str
    way: Way
    shares_email: bool = False


def plan_round(
    members: Iterable[Member],
    with_account: Collection[str],
    taken: Collection[str],
    today: date,
    joinable: Collection[str] = (),
) -> list[Invitee]:
    """Plan whom to invite and how: by mail where the address is theirs alone, else by a letter with their number to
    sign in with. Who left, or has an account, is not invited. Whose address is ``joinable``, that of an account without
    a member, keeps that account.

    >>> anna = Member("m1", "001", "owner", "Anna", "anna@lid.example", "", "", "", date(2024, 1, 1))
    >>> bert = Member("m2", "002", "owner", "Bert", "Anna@lid.example", "Kade 1", "1011 AA", "Leiden", date(2024, 1, 1))
    >>> carl = Member("m3", "003", "owner", "Carl", "", "", "", "", date(2024, 1, 1))
    >>> planned = plan_round([anna, bert, carl], set(), set(), date(2026, 1, 1))
    >>> [(invitee.sign_in, invitee.way, invitee.shares_email) for invitee in planned]
    [('anna@lid.example', 'mail', False), ('002', 'letter', True), ('003', 'none', False)]
    """
    used, invitees = set(taken).difference(joinable), []
    for member in members:
        if member.member_id in with_account or (member.left_on is not None and member.left_on <= today):
            continue
        email = member.email.strip().lower()
        has_mail = is_email(email) and email.isprintable()
        if has_mail and email not in used:
            used.add(email)
            invitees.append(Invitee(member, email, "join" if email in joinable else "mail"))
            continue
        way: Way = "letter" if member.address and member.city else "none"
        invitees.append(Invitee(member, member.number.lower(), way, shares_email=has_mail))
    return invitees
