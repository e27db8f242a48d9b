"""Commands on votes of an election: opened by a steward, voted in by members, counted, one after the other.

Invariants: what is voted on next follows from the counts and lots before, never from whoever opens it; an electronic
ballot comes from the member's own session, or by a mandate from its holder's; where the statutes ask a secret ballot
nobody votes electronically; nothing is counted before its vote is closed, and no vote is closed ahead of the meeting.

Source: BW 2:37 and 2:38; docs/domain/meetings-votes-and-statutes.md#elections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import uuid4

from coop.events.elections import ElectionBallotsCommitted, ElectionVoteCounted, ElectionVoteOpened
from coop.governance.ballots.attendance.commands import find_present
from coop.governance.ballots.attendance.rules import ROOM
from coop.governance.ballots.closing import find_second
from coop.governance.ballots.commitments import make_salt
from coop.governance.ballots.counting import count_ballots, rule_of, tally_of
from coop.governance.ballots.elections import papers, store
from coop.governance.ballots.elections.commitments import commit, hash_ballots
from coop.governance.ballots.elections.model import Counted, Vote
from coop.governance.ballots.elections.reading import Election, find_election
from coop.governance.ballots.elections.rules import add_up, judge, object_to_choices
from coop.governance.ballots.elections.store import Opened
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.rules import say_no_vote
from coop.governance.ballots.unsettled import is_left_out_by
from coop.governance.meetings import voting_lists
from coop.governance.meetings.store import list_decisions
from coop.governance.model import ELECTION, MANDATE, OWN, Ballot
from coop.governance.statutes.applying import first_vote_date
from coop.governance.statutes.majorities import find_rule, has_quorum
from coop.governance.statutes.terms import judge_again, judge_electronic
from coop.kit.tx import Tx
from coop.values import AMSTERDAM, BadInput, CoopError, Problem, derive_id, say

VOTES_MAX: Final = 40
"""Votes of one election: a room that ties for ever has to call another meeting."""


def open_vote(tx: Tx, resolution_id: str, *, on_paper: bool = False) -> Opened:
    """Open the next vote of an election, on what the ones before left; one that is open already stays.

    Args:
        tx: open transaction. resolution_id: the election.
        on_paper: whoever is in the room votes on paper. Where the statutes ask a secret ballot all do.

    Raises:
        CoopError: the election is over, a lot has to be drawn first, or it is too early or too late.
    """
    election = find_election(tx, resolution_id, lock=True)
    if election.open_vote is not None:
        return election.open_vote
    _refuse_closed(tx, election)
    stand, meeting = election.stand, election.meeting
    if stand.over:
        raise CoopError("election-over", say("this election is over: closing the meeting decides it"))
    if stand.draw is not None:
        raise CoopError("lot-missing", say("first the lot decides: enter how it fell"))
    if stand.number > VOTES_MAX:
        raise CoopError("election-endless", say("after %(most)s votes another meeting decides", most=VOTES_MAX))
    first = first_vote_date(meeting, election.articles) if stand.number == 1 else meeting.held_on
    if not first <= tx.today <= meeting.held_on:
        raise CoopError(
            "vote-not-now",
            say(
                "this vote can be opened from %(first)s up to the day of the meeting, %(held_on)s",
                first=first,
                held_on=meeting.held_on,
            ),
        )
    voting_lists.freeze(tx, meeting)
    secret = is_secret(election)
    opened = Opened(
        resolution_id,
        stand.number,
        stand.kind,
        stand.options,
        stand.names_most,
        on_paper or secret,
        secret,
        tx.now,
        str(tx.actor),
    )
    store.add_vote(tx, opened)
    tx.tell(
        ElectionVoteOpened(
            resolution_id=resolution_id,
            meeting_id=meeting.meeting_id,
            number=opened.number,
            kind=opened.kind,
            options=tuple(opened.options),
            seats=opened.seats,
            on_paper=opened.on_paper,
            secret=secret,
            voters=voting_lists.name_voters(tx, meeting),
        )
    )
    return opened


def is_secret(election: Election) -> bool:
    """True where the statutes ask a secret ballot on persons."""
    return find_rule(election.articles, ELECTION).secret


def cast_own(
    tx: Tx, resolution_id: str, number: int, member_id: str, choices: Sequence[str], ballot_id: str = ""
) -> bool:
    """Put the ballot of the member who acts in the box; False when it was handed in before. It ends their mandate.

    Raises:
        BadInput: it names somebody who does not stand now, or too many.
        CoopError: the vote is not open, is secret or on paper for them, or another ballot has this id.
    """
    election, opened = _find_open(tx, resolution_id, number)
    _judge_choices(election, choices)
    kept = store.find_ballot(tx, resolution_id, number, ballot_id) if ballot_id else None
    if kept is not None:
        if (kept.member_id, kept.choices, kept.proxy_holder) != (member_id, tuple(choices), None):
            raise CoopError("ballot-id-taken", say("another ballot has the id %(id)s", id=ballot_id))
        return False
    _refuse_paper(tx, election, opened, member_id)
    _put(tx, election, [Vote(number, member_id, tuple(choices), tx.today, None, ballot_id or str(uuid4()))])
    mandates.end_by_vote(tx, election.meeting.meeting_id, member_id)
    return True


def cast_by_mandates(
    tx: Tx, resolution_id: str, number: int, holder: str, choices: Sequence[str], ballot_id: str
) -> int:
    """Cast the ballots of all whose mandate the member who acts holds, alike, but for who voted on it themselves;
    returns how many are new.

    Raises:
        BadInput: it names somebody who does not stand now, or too many.
        CoopError: nobody's mandate is held, or as with an own ballot.
    """
    election, opened = _find_open(tx, resolution_id, number)
    _judge_choices(election, choices)
    _refuse_paper(tx, election, opened, holder)
    givers = list_open_givers(tx, election, number, holder)
    if not givers:
        raise CoopError("no-mandates", say("you hold no mandate for this, or whoever gave it voted themselves"))
    ids = {giver: derive_id("mandate", tx.community, resolution_id, str(number), ballot_id, giver) for giver in givers}
    new = [
        Vote(number, giver, tuple(choices), tx.today, holder, made)
        for giver, made in ids.items()
        if store.find_ballot(tx, resolution_id, number, made) is None
    ]
    if new:
        _put(tx, election, new)
    return len(new)


def list_open_givers(tx: Tx, election: Election, number: int, holder: str) -> list[str]:
    """Members for whom somebody may vote by their mandates: not who did so themselves."""
    cast = store.list_ballots(tx, election.resolution.resolution_id, number)
    givers = mandates.list_givers(tx, election.meeting.meeting_id, holder)
    return [giver for giver in givers if not (cast.get(giver) and cast[giver][-1].personal)]


def close_vote(tx: Tx, resolution_id: str, number: int) -> Counted:
    """Close a vote and count it, with what was counted on paper; repeating it changes nothing.

    Raises:
        CoopError: the meeting did not begin, or members may still vote by its notice; the count on paper is missing, or
            waits for a second person.
    """
    election = find_election(tx, resolution_id, lock=True)
    done = next((each for each in election.counted if each.number == number), None)
    if done is not None:
        return done
    opened = election.open_vote
    if opened is None or opened.number != number:
        raise CoopError("vote-not-open", say("this vote is not open"))
    _refuse_closed(tx, election)
    meeting = election.meeting
    starts_at = election.counts_from
    if tx.now < starts_at:
        raise CoopError("meeting-not-held", say("this vote is counted at the meeting, from %(start)s", start=starts_at))
    if is_left_out_by(tx, meeting, str(tx.actor)):
        reason = say("you left out what somebody else had entered of this meeting: somebody else counts")
        raise CoopError("second-person", reason)
    counted = _count(tx, election, opened)
    store.add_count(tx, resolution_id, counted)
    names = tuple(sorted(counted.votes))
    tx.tell(
        ElectionVoteCounted(
            resolution_id=resolution_id,
            meeting_id=meeting.meeting_id,
            number=number,
            names=names,
            votes=tuple(counted.votes[name] for name in names),
            valid=counted.valid,
            blank=counted.blank,
            invalid=counted.invalid,
            entitled=counted.entitled,
            word=counted.word,
            article=counted.article,
            ballots_hash=counted.ballots_hash,
            entry_id=counted.entry_id or "",
        )
    )
    return counted


def _count(tx: Tx, election: Election, opened: Opened) -> Counted:
    resolution_id, number = opened.resolution_id, opened.number
    listed = voting_lists.read_list(tx, election.meeting)
    standing = [cast[-1] for cast in store.list_ballots(tx, resolution_id, number).values()]
    weighed = [(listed[vote.member_id], vote) for vote in standing if listed.get(vote.member_id)]
    entry = papers.find_count(tx, election, number) if opened.on_paper else None
    if opened.on_paper and entry is None and papers.count_room(tx, election, number):
        raise CoopError("paper-missing", say("first the count of the papers in the room is entered and confirmed"))
    paper = papers.read_sheet(entry) if entry else None
    sheet = add_up([(weight, vote.choices) for weight, vote in weighed], paper, sum(listed.values()))
    sheet = replace(sheet, lacks_quorum=_find_lacking(tx, election, [vote for _, vote in weighed], listed))
    ruling = judge(election.articles, election.candidacy, election.stand, sheet).ruling
    assert ruling is not None, "every vote has a ruling"
    return Counted(
        number,
        {name: sheet.votes.get(name, 0) for name in opened.options},
        sheet.valid,
        sheet.blank,
        sheet.invalid,
        sheet.entitled,
        {vote.member_id: weight for weight, vote in weighed},
        hash_ballots(resolution_id, weighed),
        entry.entry_id if entry else None,
        ruling.word,
        ruling.article,
    )


def _find_lacking(tx: Tx, election: Election, standing: Sequence[Vote], listed: Mapping[str, int]) -> str:
    """The article of a quorum that is not there: of who is on the list of the attendance, or voted here."""
    quorum = rule_of(election.articles, ELECTION, find_second(tx, election.meeting, election.resolution)).quorum
    if quorum is None:
        return ""
    manners = {each.member_id: each.manner for each in find_present(tx, election.meeting.meeting_id).values()}
    cast = [
        Ballot(each.member_id, "blank", each.cast_on, each.proxy_holder, OWN if each.personal else MANDATE)
        for each in standing
    ]
    return "" if has_quorum(quorum, tally_of(count_ballots(cast, listed, manners))) else quorum.article


def _find_open(tx: Tx, resolution_id: str, number: int) -> tuple[Election, Opened]:
    """An election whose vote of that number is open, with its meeting locked."""
    election = find_election(tx, resolution_id, lock=True)
    opened = election.open_vote
    if opened is None or opened.number != number:
        raise CoopError("vote-not-open", say("this vote is not open"))
    _refuse_closed(tx, election)
    if tx.today > election.meeting.held_on:
        raise CoopError("vote-closed", say("one could vote until the end of %(day)s", day=election.meeting.held_on))
    return election, opened


def _judge_choices(election: Election, choices: Sequence[str]) -> None:
    if reason := object_to_choices(election.stand, choices):
        raise BadInput([Problem(reason, "choices")], "bad-ballots")


def _refuse_paper(tx: Tx, election: Election, opened: Opened, member_id: str) -> None:
    """Refuse an electronic ballot where it is secret, or from somebody who is in the room and votes on paper, and from
    everybody once the papers were counted: whoever handed one in could vote twice."""
    if papers.find_count(tx, election, opened.number) is not None:
        raise CoopError(
            "paper-counted", say("two people counted the papers of this vote: since then nobody votes here in it")
        )
    if opened.secret:
        raise CoopError(
            "secret-ballot",
            say(
                "%(article)s asks a secret ballot: vote on paper at the meeting, here it would be tied to your name",
                article=find_rule(election.articles, ELECTION).article,
            ),
        )
    there = find_present(tx, election.meeting.meeting_id).get(member_id)
    if opened.on_paper and there is not None and there.manner == ROOM:
        raise CoopError("vote-on-paper", say("you are in the room: in this vote you hand in a paper"))


def _put(tx: Tx, election: Election, votes: Sequence[Vote]) -> None:
    """Put ballots in the box and commit to them, all or none."""
    resolution_id, number = election.resolution.resolution_id, votes[0].number
    listed = voting_lists.read_list(tx, election.meeting, [vote.member_id for vote in votes])
    suspended = voting_lists.list_suspended_at(tx, election.meeting)
    now = tx.now.astimezone(AMSTERDAM).replace(tzinfo=None)
    electronic = judge_electronic(election.articles, election.meeting.held_on, now)
    if electronic.word == "refused":
        raise CoopError(
            "no-electronic-vote",
            say("%(article)s allows no electronic vote at this moment", article=electronic.article),
        )
    earlier = store.list_ballots(tx, resolution_id, number)
    cast = []
    for vote in votes:
        before = earlier.get(vote.member_id, [])
        if not listed.get(vote.member_id):
            reason = say_no_vote(election.articles, election.meeting, vote.member_id, suspended.get(vote.member_id))
            raise BadInput([Problem(reason, "member_id")], "bad-ballots")
        _refuse_again(election, vote, before)
        cast.append(replace(vote, salt=make_salt(), place=len(before) + 1))
    store.add_ballots(tx, resolution_id, cast)
    commitments = tuple(sorted(commit(resolution_id, vote) for vote in cast))
    tx.tell(ElectionBallotsCommitted(resolution_id=resolution_id, number=number, commitments=commitments))


def _refuse_again(election: Election, vote: Vote, before: Sequence[Vote]) -> None:
    if before and before[-1].personal and before[-1].cast_on < election.meeting.held_on:
        again = judge_again(election.articles, ", ".join(before[-1].choices))
        if again.word == "refused":
            reason = say("%(article)s lets a vote ahead of the meeting stand as it was cast", article=again.article)
            raise BadInput([Problem(reason, "cast_on")], "bad-ballots")


def _refuse_closed(tx: Tx, election: Election) -> None:
    if election.is_withdrawn:
        raise CoopError("vote-withdrawn", say("this point was withdrawn: there is nothing to vote on any more"))
    if list_decisions(tx, election.meeting.meeting_id):
        raise CoopError("vote-closed", say("the meeting is closed: nobody votes any more"))
