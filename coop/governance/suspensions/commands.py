"""Commands on suspensions: the board's decision to suspend a member, entered by one person and confirmed by another.

Invariants: a suspension lasts no longer than the statutes let it, together with those that it follows, and ends by
itself; while it lasts no second one is put on top; it takes no vote of a meeting whose list was frozen before; it is
lifted as it came, by two people of whom each is known to be another member.

Source: BW 2:38 lid 1 (who is suspended has no vote, and enters the meeting that treats the suspension);
docs/domain/meetings-votes-and-statutes.md#who-is-suspended.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from coop.events.governance import MemberSuspended, SuspensionLifted
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings import suspension_store as store
from coop.governance.meetings.suspension_store import LIFTED, SUSPENDED, Suspension
from coop.governance.meetings.voter_store import find_members
from coop.governance.statutes.judging import MONTHS_MAX
from coop.governance.statutes.law import LAW
from coop.governance.statutes.model import Voters
from coop.governance.statutes.version import in_force
from coop.governance.statutes.voters import find_suspension_end, find_voters, judge_suspended
from coop.governance.suspensions.rules import find_latest_end
from coop.kit.actor import name_id
from coop.kit.session import Session
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say

SUSPENSION: Final = "suspension"
LIFTING: Final = "lifting"


def suspend_member(tx: Tx, member_id: str, from_on: date, months: int, paper: str, entry_id: str = "") -> Entry:
    """Keep that the board suspended a member from a day on, until another person confirms it.

    Raises:
        BadInput: nobody is a member by that id, the term is over or longer than the statutes let it, or it begins
            ahead.
        CoopError: the member is suspended already.
    """
    content = {"member_id": member_id, "from_on": from_on.isoformat(), "months": months}
    return entries.enter(tx, keep_suspension, SUSPENSION, "", paper.strip(), content, entry_id)


def keep_suspension(tx: Tx, entry: Entry) -> int:
    """Suspend the member of an entry, and tell it; returns 1."""
    member_id, months = str(entry.content["member_id"]), int(entry.content["months"])
    from_on = read_first_day(entry) or tx.today
    tx.lock(f"suspension {member_id}")
    versions = [each for each in meeting_store.list_statutes(tx) if each.valid_from <= tx.today]
    articles = in_force(versions, tx.today).articles if versions else LAW
    voters = find_voters(articles)
    most = MONTHS_MAX if voters.suspended_months is None else voters.suspended_months
    problems = []
    if member_id not in find_members(tx, tx.today):
        problems.append(Problem(say("no member has this number"), "member_id"))
    if not 1 <= months <= most:
        reason = say(
            "a suspension lasts from 1 to %(most)s months (%(article)s)",
            most=most,
            article=voters.suspended_article or voters.article,
        )
        problems.append(Problem(reason, "months"))
    elif find_suspension_end(articles, from_on, months) <= tx.today:
        problems.append(Problem(say("a suspension of so long ago is over"), "from_on"))
    if from_on > tx.today:
        problems.append(Problem(say("a suspension is entered once it was decided, not ahead"), "from_on"))
    if problems:
        raise BadInput(problems, "bad-suspension")
    ends_on = find_suspension_end(articles, from_on, months)
    newest = store.find_newest(tx).get(member_id)
    if newest is not None and newest.ends_on is None:
        raise CoopError("expelled", say("this member is expelled, and suspended until that is settled"))
    if newest is not None and store.find_end(newest) > from_on:
        raise CoopError(
            "suspended-already",
            say("this member is suspended already, until %(day)s: that ends first, or is lifted", day=newest.ends_on),
        )
    if voters.suspended_months is not None:
        _refuse_chain(tx, member_id, from_on, ends_on, voters)
    article = judge_suspended(articles, from_on, months, from_on).article
    number = newest.number + 1 if newest else 1
    made = Suspension(member_id, number, SUSPENDED, from_on, ends_on, article, entry.entry_id, tx.now, str(tx.actor))
    store.add_suspension(tx, made)
    tx.tell(
        MemberSuspended(
            member_id=member_id,
            number=number,
            from_on=from_on,
            ends_on=ends_on,
            article=article,
            entry_id=entry.entry_id,
        )
    )
    return 1


def _refuse_chain(tx: Tx, member_id: str, from_on: date, ends_on: date, voters: Voters) -> None:
    """Refuse a suspension that makes those before it last longer, together, than the statutes let one last."""
    assert voters.suspended_months is not None, "the statutes name a term"
    terms: list[tuple[date, date]] = []
    for said in store.list_suspensions(tx, member_id):
        terms[len(terms) - (said.change == LIFTED) :] = [(said.from_on, store.find_end(said))]
    latest = find_latest_end(terms, from_on, voters.suspended_months)
    if ends_on > latest:
        raise CoopError(
            "suspended-longest",
            say(
                "this follows an earlier suspension: together they end on %(latest)s at the latest, since a suspension"
                " lasts at most %(most)s months (%(article)s)",
                latest=latest,
                most=voters.suspended_months,
                article=voters.suspended_article or voters.article,
            ),
        )


def read_first_day(entry: Entry) -> date | None:
    """The day from which an entry suspends; None where it lifts."""
    day = entry.content.get("from_on")
    return date.fromisoformat(day) if day else None


def lift_suspension(tx: Tx, member_id: str, paper: str, signer: str | None, entry_id: str = "") -> Entry:
    """Keep that a suspension ends before its term, until another person confirms it; ``signer`` is the member behind
    who signs this, None where that is not known.

    Raises:
        CoopError: the member is not suspended, or who signs is not known to be somebody else.
    """
    _require_another(member_id, signer)
    newest = store.find_newest(tx).get(member_id)
    content = {"member_id": member_id, "number": newest.number if newest else 0}
    return entries.enter(tx, keep_lifting, LIFTING, "", paper.strip(), content, entry_id)


def find_signer(session: Session) -> str | None:
    """The member behind who signs: of an account of a member in their own session. A program shows no person, and an
    account without a member may be anybody's second one."""
    return session.member_id if session.kind == "account" else None


def require_another(tx: Tx, entry: Entry, session: Session, drops: bool) -> None:
    """Refuse that a member settles the end of their own suspension, or leaves out the suspension itself.

    Raises:
        CoopError: the entry is of that, and who signs is not known to be somebody else.
    """
    if entry.kind == LIFTING or (drops and entry.kind == SUSPENSION and not is_same_person(tx, name_id(entry.actor))):
        _require_another(str(entry.content["member_id"]), find_signer(session))


def _require_another(member_id: str, signer: str | None) -> None:
    if signer is None:
        reason = say(
            "this account says of no member whose it is: who settles a suspension signs in with their own account as"
            " a member, so that it is not who is suspended"
        )
        raise CoopError("signer-unknown", reason)
    if signer == member_id:
        raise CoopError("own-suspension", say("this is your own suspension: two others sign that it ends"))


def keep_lifting(tx: Tx, entry: Entry) -> int:
    """End the suspension of an entry from today on, and tell it; returns 1."""
    member_id = str(entry.content["member_id"])
    tx.lock(f"suspension {member_id}")
    held = store.find_newest(tx).get(member_id)
    if held is not None and held.ends_on is None:
        reason = say("this member is expelled: the suspension ends as the members decide on an appeal")
        raise CoopError("expelled", reason)
    is_over = held is None or store.find_end(held) <= tx.today
    if held is None or is_over or (held.number, held.change) != (entry.content["number"], SUSPENDED):
        raise CoopError("not-suspended", say("this member is not suspended, or not any more"))
    lifted_on = max(tx.today, held.from_on)
    made = Suspension(
        member_id,
        held.number + 1,
        LIFTED,
        held.from_on,
        lifted_on,
        held.article,
        entry.entry_id,
        tx.now,
        str(tx.actor),
    )
    store.add_suspension(tx, made)
    tx.tell(SuspensionLifted(member_id=member_id, number=made.number, lifted_on=lifted_on, entry_id=entry.entry_id))
    return 1
