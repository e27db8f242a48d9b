"""The plan of the month: each member reads before a month begins what is to be paid and decided in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from coop.kit.jobs import Work
from coop.members.messages import store
from coop.members.messages.commands import send
from coop.members.messages.model import ComingMeeting, DueBill
from coop.members.register.model import Member
from coop.values import Period, say
from coop.web.language import translate
from coop.web.writing import civil_day, money, month

BATCH: Final = 100
"""Members in one transaction, so that others wait for no longer."""


def tell_plan(work: Work) -> str:
    """Write every member for whom something comes next month: bills to pay, and meetings. Who has nothing to expect is
    not written to, and nobody is twice."""
    with work.write() as tx:
        days = _next_month(tx.today)
        meetings = store.list_meetings(tx, days.start, days.end)
        bills: dict[str, list[DueBill]] = {}
        for bill in store.list_bills_due(tx, days.start, days.end):
            if bill.asked_cents > 0:
                bills.setdefault(bill.member_id, []).append(bill)
        members = [each for each in store.list_voters(tx, days.start) if meetings or each.member_id in bills]
    for batch in _cut(members):
        with work.write() as tx:
            for member in batch:
                send(
                    tx,
                    "plan-of-month",
                    member,
                    str(days),
                    month=lambda lang: month(lang, days.start),
                    plan=_list_plan(bills.get(member.member_id, []), meetings),
                    link="/",
                )
    return say("%(count)s members were told what comes in %(month)s", count=len(members), month=days)


def _next_month(day: date) -> Period:
    return Period.month(day.year + day.month // 12, day.month % 12 + 1)


def _cut(members: Sequence[Member]) -> Sequence[Sequence[Member]]:
    return [members[start : start + BATCH] for start in range(0, len(members), BATCH)]


def _list_plan(bills: Sequence[DueBill], meetings: Sequence[ComingMeeting]) -> Callable[[str], tuple[str, ...]]:
    def write(lang: str) -> tuple[str, ...]:
        to_pay = [
            (
                bill.due_on,
                translate(
                    lang,
                    "%(day)s: last day to pay bill %(number)s of %(amount)s, unless you paid it already",
                    day=civil_day(lang, bill.due_on),
                    number=bill.number,
                    amount=money(lang, bill.asked_cents),
                ),
            )
            for bill in bills
            if bill.due_on
        ]
        to_decide = [
            (
                meeting.held_on,
                translate(
                    lang,
                    "%(day)s: members' meeting; you can vote from %(vote_from)s",
                    day=civil_day(lang, meeting.held_on),
                    vote_from=civil_day(lang, meeting.vote_from),
                ),
            )
            for meeting in meetings
        ]
        return tuple(line for _, line in sorted([*to_pay, *to_decide]))

    return write
