"""Commands on mandates: a member lets another vote for them at a meeting, and takes it back.

Invariants: a mandate is given and revoked in the giver's own session alone, to somebody who has a vote and room for it
by the statutes; the giver's own vote ends it. What stands on paper is entered as a ballot, by two people.

Source: BW 2:38 lid 4 (a vote by proxy, in writing); docs/domain/meetings-votes-and-statutes.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from coop.events.attendance import MandateEnded, MandateGiven
from coop.governance.ballots.attendance import commands as attendance
from coop.governance.ballots.mandates import store
from coop.governance.ballots.mandates.store import GIVEN, REVOKED, VOTED, Mandate
from coop.governance.ballots.store import list_standing
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings import voting_lists
from coop.governance.meetings.withdrawal_store import list_withdrawn
from coop.governance.model import Meeting
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.voters import find_proxies, judge_proxies
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, Said, say


def give_mandate(tx: Tx, meeting_id: str, member_id: str, holder: str) -> bool:
    """Let another member vote for the one who acts, in the place of whoever held their mandate before; False where
    they hold it already.

    Raises:
        BadInput: that member can hold no mandate, or no more; the reason cites the article.
        CoopError: the votes are over.
    """
    meeting = _find_open(tx, meeting_id)
    live = store.list_mandates(tx, meeting_id)
    before = live.get(member_id)
    if before is not None and before.holder == holder:
        return False
    others = {giver: each for giver, each in live.items() if giver != member_id}
    if reason := _object(tx, meeting, others, member_id, holder):
        raise BadInput([Problem(reason, "holder")], "bad-mandate")
    if before is not None:
        _end(tx, meeting_id, before, REVOKED)
    number = store.add_mandate(tx, meeting_id, member_id, GIVEN, holder)
    tx.tell(MandateGiven(meeting_id=meeting_id, member_id=member_id, number=number, holder=holder))
    return True


def revoke_mandate(tx: Tx, meeting_id: str, member_id: str) -> bool:
    """Take a mandate back; False where none holds. What its holder has voted stands until the giver votes themselves.

    Raises:
        CoopError: the votes are over.
    """
    _find_open(tx, meeting_id)
    return _end_live(tx, meeting_id, member_id, REVOKED)


def end_by_vote(tx: Tx, meeting_id: str, member_id: str) -> bool:
    """End the mandate of a member who votes themselves; False where none holds."""
    return _end_live(tx, meeting_id, member_id, VOTED)


def list_givers(tx: Tx, meeting_id: str, holder: str) -> Collection[str]:
    """Members whose mandate somebody holds."""
    return sorted(giver for giver, each in store.list_mandates(tx, meeting_id).items() if each.holder == holder)


def _end_live(tx: Tx, meeting_id: str, member_id: str, change: str) -> bool:
    live = store.find_mandate(tx, meeting_id, member_id)
    if live is None:
        return False
    _end(tx, meeting_id, live, change)
    return True


def _end(tx: Tx, meeting_id: str, live: Mandate, change: str) -> None:
    number = store.add_mandate(tx, meeting_id, live.member_id, change, live.holder)
    tx.tell(
        MandateEnded(meeting_id=meeting_id, member_id=live.member_id, number=number, holder=live.holder, change=change)
    )
    attendance.note_mandate_ended(tx, meeting_id, live.member_id)


def _find_open(tx: Tx, meeting_id: str) -> Meeting:
    """The meeting, locked, as long as members vote on it in their own sessions, or will."""
    meeting = meeting_store.find_meeting(tx, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    if meeting.is_history or meeting_store.list_decisions(tx, meeting_id) or meeting_id in list_withdrawn(tx):
        raise CoopError("mandates-over", say("this meeting is closed or withdrawn: no mandate is given for it"))
    if tx.now >= meeting.own_votes_end:
        raise CoopError(
            "mandates-over",
            say(
                "mandates were given and taken back here until %(end)s; at the meeting it goes on paper",
                end=meeting.own_votes_end,
            ),
        )
    voting_lists.freeze(tx, meeting)
    return meeting


def _object(tx: Tx, meeting: Meeting, live: Mapping[str, Mandate], member_id: str, holder: str) -> Said | None:
    """The reason against a mandate: giver and holder vote, neither stands in a chain, and the holder has room."""
    votes = voting_lists.read_list(tx, meeting)
    articles = find_articles(meeting, meeting_store.list_statutes(tx))
    article = find_proxies(articles).article
    if not votes.get(member_id):
        suspended = voting_lists.list_suspended_at(tx, meeting).get(member_id)
        if suspended is not None and suspended.ends_on is None:
            return say(
                "you are suspended until your expulsion is settled, so nobody can vote for you (%(article)s)",
                article=suspended.article,
            )
        if suspended is not None:
            return say(
                "you are suspended until %(day)s, so nobody can vote for you (%(article)s)",
                day=suspended.ends_on,
                article=suspended.article,
            )
        return say("you have no vote at this meeting, so nobody can cast it for you (%(article)s)", article=article)
    if holder == member_id:
        return say("nobody is their own proxy")
    if not votes.get(holder):
        return say("this member has no vote at this meeting and can hold no mandate (%(article)s)", article=article)
    if holder in live:
        return say("this member gave a mandate themselves and can hold none (%(article)s)", article=article)
    if any(each.holder == member_id for each in live.values()):
        return say("you hold a mandate of another: you come yourself, or they choose somebody else")
    held = {giver for giver, each in live.items() if each.holder == holder} | _list_on_paper(tx, meeting, holder)
    held.add(member_id)
    weight = votes[holder] + sum(votes.get(giver, 0) for giver in held)
    if judge_proxies(articles, len(held), weight=weight).word == "refused":
        return say("%(article)s lets nobody hold so many mandates", article=article)
    return None


def _list_on_paper(tx: Tx, meeting: Meeting, holder: str) -> set[str]:
    """Members for whom somebody holds a mandate on paper: a ballot in the box says so."""
    return {
        ballot.member_id
        for point in meeting.resolutions
        for ballot in list_standing(tx, point.resolution_id).values()
        if ballot.proxy_holder == holder
    }
