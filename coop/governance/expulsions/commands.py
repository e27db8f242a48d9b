"""Commands on expulsions: the board ends a membership, its member appeals, and it is settled.

Invariants: two people sign that a membership ends; who is expelled is suspended from that moment until it is settled,
and whoever is given notice keeps the vote; both are members for as long; only the member appeals, in their own session
or by a paper of theirs that two people compare; what was appealed is settled by a vote of the members alone, and what
was not by nobody before the term is over.

Source: BW 2:35, BW 2:38 lid 1; docs/domain/meetings-votes-and-statutes.md#expulsion.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from coop.events import Event
from coop.events.governance import (
    ExpulsionAppealed,
    ExpulsionSettled,
    MemberExpelled,
    MemberSuspended,
    SuspensionLifted,
)
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry, list_waiting
from coop.governance.expulsions import store
from coop.governance.expulsions.rules import LAW, find_appeal_end, find_leaving_day
from coop.governance.expulsions.store import STAYS, UNOPPOSED, WAYS, Case, Expulsion, Step
from coop.governance.meetings import suspension_store
from coop.governance.meetings.suspension_store import EXPELLED, LIFTED, Suspension
from coop.governance.meetings.voter_store import find_members
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say

EXPULSION: Final = "expulsion"
APPEAL: Final = "appeal"
REASON_MAX: Final = 1000
ARTICLE_MAX: Final = 100


def expel_member(
    tx: Tx,
    member_id: str,
    way: str,
    decided_on: date,
    reason: str,
    article: str,
    paper: str,
    ends_on: date | None = None,
    entry_id: str = "",
) -> Entry:
    """Keep that the board ends a membership, until another person confirms it.

    Raises:
        BadInput: nobody is a member by that id, there is no reason or article, or a day is wrong; every mistake.
        CoopError: the member is expelled already.
    """
    content = {
        "member_id": member_id,
        "way": way,
        "decided_on": decided_on.isoformat(),
        "reason": reason.strip(),
        "article": article.strip(),
        "ends_on": ends_on.isoformat() if ends_on else None,
    }
    return entries.enter(tx, keep_expulsion, EXPULSION, "", paper.strip(), content, entry_id)


def keep_expulsion(tx: Tx, entry: Entry) -> int:
    """End the membership of an entry, suspend who is expelled, and tell it; returns 1."""
    content, today = entry.content, tx.today
    member_id = str(content["member_id"])
    ends_on = date.fromisoformat(content["ends_on"]) if content["ends_on"] else None
    tx.lock(f"suspension {member_id}")
    made = Expulsion(
        entry.entry_id,
        member_id,
        str(content["way"]),
        date.fromisoformat(content["decided_on"]),
        ends_on,
        str(content["reason"]),
        str(content["article"]),
        today,
        find_appeal_end(today),
        tx.now,
        str(tx.actor),
    )
    problems = _find_problems(made, today)
    if member_id not in find_members(tx, today):
        problems.append(Problem(say("no member has this number"), "member_id"))
    if problems:
        raise BadInput(problems, "bad-expulsion")
    if store.find_open(tx, member_id) is not None:
        raise CoopError("expelled", say("the board ends this membership already: that is to be settled first"))
    store.add_expulsion(tx, made)
    tx.tell(
        MemberExpelled(
            expulsion_id=made.expulsion_id,
            member_id=member_id,
            way=made.way,
            decided_on=made.decided_on,
            ends_on=ends_on,
            reason=made.reason,
            article=made.article,
            told_on=made.told_on,
            appeal_until=made.appeal_until,
        )
    )
    if made.way == EXPULSION:  # the law takes no vote of whoever is given notice
        _suspend(tx, made)
    return 1


def _find_problems(made: Expulsion, today: date) -> list[Problem]:
    problems = []
    if made.way not in WAYS:
        problems.append(Problem(say("%(way)s is none of %(ways)s", way=made.way, ways=WAYS), "way"))
    if not 0 < len(made.reason) <= REASON_MAX:
        reason = say("say why, in at most %(most)s characters: the member is told this", most=REASON_MAX)
        problems.append(Problem(reason, "reason"))
    if not 0 < len(made.article) <= ARTICLE_MAX:
        problems.append(Problem(say("name the article of the statutes by which the board decides this"), "article"))
    if made.decided_on > today:
        problems.append(Problem(say("this is entered once it was decided, not ahead"), "decided_on"))
    if made.way == "termination" and (made.ends_on is None or made.ends_on <= made.decided_on):
        problems.append(Problem(say("a termination names the day from which it holds, after its decision"), "ends_on"))
    if made.way == "expulsion" and made.ends_on is not None:
        problems.append(Problem(say("an expulsion names no day: it holds once it is settled"), "ends_on"))
    return problems


def _suspend(tx: Tx, made: Expulsion) -> None:
    """Suspend the member from today until the expulsion is settled, on top of a suspension that runs."""
    newest = suspension_store.find_newest(tx).get(made.member_id)
    number = newest.number + 1 if newest else 1
    held = Suspension(made.member_id, number, EXPELLED, tx.today, None, LAW, made.expulsion_id, tx.now, str(tx.actor))
    suspension_store.add_suspension(tx, held)
    tx.tell(
        MemberSuspended(
            member_id=made.member_id,
            number=number,
            from_on=tx.today,
            ends_on=None,
            article=LAW,
            entry_id=made.expulsion_id,
        )
    )


def appeal(tx: Tx, member_id: str) -> Case:
    """Keep that a member appeals, in their own session. Repeating it changes nothing.

    Raises:
        CoopError: they are not expelled, or the term is over.
    """
    _keep_appeal(tx, member_id, tx.today, "")
    return store.list_cases(tx, member_id)[0]


def enter_appeal(tx: Tx, member_id: str, received_on: date, paper: str, entry_id: str = "") -> Entry:
    """Keep that a member appealed on paper, until another person compared it.

    Raises:
        BadInput: the day is ahead.
        CoopError: they are not expelled, appealed already, or the paper came after the term.
    """
    content = {"member_id": member_id, "received_on": received_on.isoformat()}
    return entries.enter(tx, keep_paper, APPEAL, "", paper.strip(), content, entry_id)


def keep_paper(tx: Tx, entry: Entry) -> int:
    """Keep the appeal of an entry; returns how many are new."""
    received_on = date.fromisoformat(entry.content["received_on"])
    if received_on > tx.today:
        raise BadInput([Problem(say("this day is still to come"), "received_on")], "bad-appeal")
    return _keep_appeal(tx, str(entry.content["member_id"]), received_on, entry.entry_id)


def _keep_appeal(tx: Tx, member_id: str, day: date, entry_id: str) -> int:
    tx.lock(f"suspension {member_id}")
    case = store.find_open(tx, member_id)
    if case is None:
        raise CoopError("not-expelled", say("no expulsion of this member is open: there is nothing to appeal against"))
    if case.appealed is not None:
        return 0
    made = case.expulsion
    if not made.told_on <= day <= made.appeal_until:
        reason = say("an appeal is made from %(first)s to %(last)s", first=made.told_on, last=made.appeal_until)
        raise CoopError("appeal-too-late", reason)
    step = Step(made.expulsion_id, store.APPEALED, day, "", None, entry_id or None, None, tx.now, str(tx.actor))
    store.add_step(tx, step)
    tx.tell(ExpulsionAppealed(expulsion_id=made.expulsion_id, member_id=member_id, appealed_on=day, entry_id=entry_id))
    return 1


def list_unopposed(tx: Tx) -> Sequence[Case]:
    """Expulsions against which nobody appealed within the term; a paper of an appeal that waits holds one up."""
    waiting = {entry.content["member_id"] for entry in list_waiting(tx, APPEAL)}
    return [
        case
        for case in store.list_open(tx)
        if case.appealed is None and case.expulsion.appeal_until < tx.today and case.expulsion.member_id not in waiting
    ]


def end_unopposed(tx: Tx) -> int:
    """End the memberships of those who did not appeal within the term; returns how many."""
    cases = list_unopposed(tx)
    for case in cases:
        tx.tell(*settle(tx, case, UNOPPOSED, tx.today))
    return len(cases)


def settle(tx: Tx, case: Case, outcome: str, settled_on: date, resolution_id: str = "") -> list[Event]:
    """Keep how an expulsion ended, and end its suspension where there is one; returns the facts of that."""
    made = case.expulsion
    left_on = None if outcome == STAYS else find_leaving_day(settled_on, made.ends_on)
    step = Step(
        made.expulsion_id,
        store.SETTLED,
        settled_on,
        outcome,
        left_on,
        None,
        resolution_id or None,
        tx.now,
        str(tx.actor),
    )
    store.add_step(tx, step)
    settled = ExpulsionSettled(
        expulsion_id=made.expulsion_id,
        member_id=made.member_id,
        outcome=outcome,
        settled_on=settled_on,
        left_on=left_on,
        resolution_id=resolution_id,
    )
    return [settled, *_end_suspension(tx, made, left_on)]


def _end_suspension(tx: Tx, made: Expulsion, left_on: date | None) -> list[Event]:
    """End the suspension of an expulsion with the membership; where that stays, today, or when one ends that ran
    before."""
    if made.way != EXPULSION:
        return []
    told = suspension_store.list_suspensions(tx, made.member_id)
    held = next(each for each in told if each.entry_id == made.expulsion_id)
    before = max((suspension_store.find_end(each) for each in told if each.number == held.number - 1), default=tx.today)
    ends_on = left_on or max(tx.today, before)
    number = held.number + 1
    lifted = Suspension(
        made.member_id, number, LIFTED, held.from_on, ends_on, held.article, None, tx.now, str(tx.actor)
    )
    suspension_store.add_suspension(tx, lifted)
    return [SuspensionLifted(member_id=made.member_id, number=number, lifted_on=ends_on, entry_id="")]
