"""Counting and closing a meeting. Nothing is counted before.

Invariant: a resolution is decided once, on the parameters of its notice, and what it then does (a tariff, a key, a
decision to build) is told in the transaction that keeps the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from coop.communities.stops import find_stopping
from coop.events import Event
from coop.events.governance import ClassCounted, ResolutionDecided
from coop.governance.ballots.attendance.commands import freeze_attendance
from coop.governance.ballots.commitments import draw_lot, hash_box
from coop.governance.ballots.counting import count_ballots, count_classes, decide, rule_of
from coop.governance.ballots.elections import conclusion
from coop.governance.ballots.motions.rules import find_dropped
from coop.governance.ballots.motions.store import refuse_young
from coop.governance.ballots.options import Option, find_beaten, group_options
from coop.governance.ballots.store import list_standing
from coop.governance.ballots.unsettled import refuse_papers
from coop.governance.ballots.words.store import BODY, CHAIR, find_words
from coop.governance.entries import store as entries
from coop.governance.kinds import Adopted, find_kind
from coop.governance.meetings import list_store as lists
from coop.governance.meetings import store, voting_lists
from coop.governance.meetings.class_store import write_count
from coop.governance.meetings.withdrawal_store import Withdrawal, find_withdrawn_points
from coop.governance.model import ELECTION, Count, Meeting, Resolution, Verdict
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.classes import tally_classes
from coop.governance.statutes.majorities import find_classes
from coop.governance.statutes.model import Articles, Casting, Rule
from coop.governance.statutes.tallies import SecondCall
from coop.governance.stops.store import KeptStop, list_stops
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say


@dataclass(frozen=True)
class Outcome:
    """A resolution, its rule, and what the meeting decided on it; nothing is counted before the meeting is closed.

    ``count`` and ``verdict`` are asked of a decided resolution only: as long as one may vote there is no tally that an
    answer, a page or a list could show. ``again``: the point by which it is voted on anew, where its outcome was
    disputed.
    """

    resolution: Resolution
    articles: Articles
    rule: Rule
    decided: store.Decided | None
    withdrawn: Withdrawal | None = None
    stops: Sequence[KeptStop] = ()
    again: str | None = None

    @property
    def is_open_again(self) -> bool:
        """True for a point of a closed meeting that is voted on anew, since its outcome was disputed."""
        return self.resolution.again_of is not None and self.decided is None

    @property
    def fallen(self) -> KeptStop | None:
        """The last telling by which a decision fell, where none says since that it holds again."""
        stopping = find_stopping(self.stops, date.max)
        return stopping[-1] if stopping else None

    @property
    def decided_on(self) -> date | None:
        """The day of the decision, or None as long as the meeting is open."""
        return self.decided.decided_on if self.decided else None

    @property
    def count(self) -> Count:
        """The votes as they were counted."""
        assert self.decided is not None, "an open vote has no count"
        return self.decided.count

    @property
    def verdict(self) -> Verdict:
        """The meaning of the count under the rule."""
        assert self.decided is not None, "an open vote has no verdict"
        return self.decided.verdict

    @property
    def lacked_quorum(self) -> bool:
        """True where too few votes were present to decide."""
        decided = self.decided if self.again is None else None
        return decided is not None and decided.verdict.reason == "no-quorum"


def outcomes(tx: Tx, meeting: Meeting) -> list[Outcome]:
    """One outcome per resolution, in the order of the agenda."""
    articles = find_articles(meeting, store.list_statutes(tx))
    decisions = store.list_decisions(tx, meeting.meeting_id)
    withdrawn = find_withdrawn_points(tx, meeting.meeting_id)
    return [
        Outcome(
            point,
            articles,
            rule_of(articles, point.ruled_as, find_second(tx, meeting, point)),
            decisions.get(point.resolution_id),
            withdrawn.get(point.resolution_id),
            list_stops(tx, point.resolution_id) if point.resolution_id in decisions else (),
            meeting.voted_again.get(point.resolution_id),
        )
        for point in meeting.resolutions
    ]


def find_second(tx: Tx, meeting: Meeting, resolution: Resolution) -> SecondCall | None:
    """Day on which a proposal was treated first, where this meeting is a second one because the first had no quorum for
    it.

    Nothing in it may differ: in a second meeting few decide, on what all were called for the first time.
    """
    first = store.find_meeting(tx, meeting.second_of) if meeting.second_of else None
    if first is None:
        return None
    decisions = store.list_decisions(tx, first.meeting_id)
    for point in first.resolutions:
        decided = decisions.get(point.resolution_id) if point.resolution_id not in first.voted_again else None
        if decided and decided.verdict.reason == "no-quorum" and point.is_same_proposal(resolution):
            return SecondCall(first.held_on, meeting.held_on, says_why=bool(meeting.second_why))
    return None


def close_meeting(
    tx: Tx, meeting_id: str, closed_on: date | None = None, entitled_members: int | None = None
) -> list[Outcome]:
    """Count every vote, keep the decisions and let the adopted ones act, once. It is closed today, by the server's
    clock.

    Args:
        tx: open transaction. meeting_id: the meeting. closed_on: when given, must be today, or the day on which the
            meeting was closed. entitled_members: how many members could vote by the register; when given, it must be
            how many stand on the voting list, so that a meeting is not counted before all of the register was heard.

    Raises:
        CoopError: it did not begin, or members may still vote by its notice; the day is not today, it was closed on
            another day, ballots or a list of who was there wait for a second person, or two people did not sign the
            word of the chair.
    """
    meeting = store.find_meeting(tx, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    points = [outcome for outcome in outcomes(tx, meeting) if outcome.withdrawn is None]
    if not points:
        raise CoopError("meeting-withdrawn", say("this meeting was withdrawn: there is nothing to decide"))
    decided_on = points[0].decided_on
    if decided_on is not None:
        if closed_on not in (None, decided_on):
            raise CoopError(
                "meeting-closed",
                say(
                    "meeting %(meeting_id)s was closed on %(decided_on)s", meeting_id=meeting_id, decided_on=decided_on
                ),
            )
        return [point for point in points if point.decided]
    _refuse_closing(tx, meeting, closed_on)
    for point in points:
        if point.resolution.kind == ELECTION:
            conclusion.refuse_open(tx, meeting, point.resolution)
    ask_chair(tx, points)
    voting_lists.freeze(tx, meeting)
    votes = voting_lists.close(tx, meeting)
    manners = {each.member_id: each.manner for each in freeze_attendance(tx, meeting).values()}
    voters = sum(1 for number in votes.values() if number)
    if entitled_members is not None and entitled_members != voters:
        raise CoopError(
            "register-incomplete",
            say(
                "the register has %(entitled_members)s members with a vote on %(held_on)s, the list %(voters)s",
                entitled_members=entitled_members,
                held_on=meeting.held_on,
                voters=voters,
            ),
        )
    count_points(tx, meeting, points, votes, manners)
    return [outcome for outcome in outcomes(tx, meeting) if outcome.decided]


def count_points(
    tx: Tx, meeting: Meeting, points: Sequence[Outcome], votes: Mapping[str, int], manners: Mapping[str, str]
) -> None:
    """Count points by the frozen lists of who votes and who is there, and tell what they come to."""
    list_hash = lists.find_list_hash(tx, meeting.meeting_id, lists.CLOSED) or ""
    ballots: list[tuple[Resolution, Counted]] = []
    classes = tally_classes(voting_lists.read_kinds(tx, meeting), points[0].articles)
    for point in points:
        if point.resolution.kind == ELECTION:
            tx.tell(*conclusion.conclude(tx, meeting, point.resolution, list_hash))
            continue
        resolution_id = point.resolution.resolution_id
        words = find_words(tx, resolution_id)
        standing = list_standing(tx, resolution_id).values()
        count = count_ballots(standing, votes, manners)
        asked = {one.name for one in find_classes(point.articles, point.resolution.ruled_as)}
        own = {name: members for name, members in classes.items() if name in asked}
        count = count_classes(count, own, standing, votes, manners)
        box_hash = hash_box(resolution_id, standing)
        lot = draw_lot(resolution_id, box_hash)
        casting = lot if point.rule.tie == "lot" else _read_casting(words.get(CHAIR))
        counted = Counted(count, list_hash, box_hash, casting, words.get(BODY) == "consents")
        ballots.append((point.resolution, counted))
    tx.tell(*decide_points(tx, meeting, points[0].articles, ballots, tx.today))


def ask_chair(tx: Tx, points: Sequence[Outcome]) -> None:
    """Refuse to count before two people signed the chair's word, where the statutes give them a casting vote: so nobody
    speaks knowing the count, nor for the chair alone."""
    asked = [
        each
        for each in points
        if each.resolution.kind != ELECTION
        and each.rule.tie == CHAIR
        and CHAIR not in find_words(tx, each.resolution.resolution_id)
    ]
    if asked:
        raise CoopError(
            "chair-unheard",
            say(
                "%(article)s lets the chair decide at a tie: before the count, two people enter whether the chair is"
                " for or against on %(subjects)s",
                article=asked[0].rule.tie_article or asked[0].rule.article,
                subjects=tuple(point.resolution.subject_nl for point in asked),
            ),
        )


def _read_casting(says: str | None) -> Casting:
    return "for" if says == "for" else "against" if says == "against" else ""


def _refuse_closing(tx: Tx, meeting: Meeting, closed_on: date | None) -> None:
    """Refuse to close a meeting before it began and the vote of its notice is over, on another day than today, or while
    ballots wait."""
    if tx.now < meeting.may_close_from:
        raise CoopError(
            "meeting-not-held",
            say(
                "meeting %(meeting_id)s can be closed from %(start)s: its notice promised the vote until then",
                meeting_id=meeting.meeting_id,
                start=meeting.may_close_from,
            ),
        )
    if closed_on not in (None, tx.today):
        raise CoopError(
            "closed-today",
            say("a meeting is closed on the day of closing, %(today)s, not on %(day)s", today=tx.today, day=closed_on),
        )
    refuse_papers(tx, meeting)
    refuse_young(tx, meeting)
    if entries.list_waiting(tx, "attendance", meeting_id=meeting.meeting_id):
        raise CoopError(
            "entries-waiting",
            say("a list of who was there waits for a second person: confirm it or leave it out first"),
        )


@dataclass(frozen=True)
class Counted:
    """A count with the hashes of what it was made of, both empty where minutes say it; the word that breaks a tie, and
    whether the body consented that the statutes name."""

    count: Count
    voting_list_hash: str = ""
    ballots_hash: str = ""
    casting: Casting = ""
    approved: bool = False


def decide_points(
    tx: Tx, meeting: Meeting, articles: Articles, counts: Sequence[tuple[Resolution, Counted]], decided_on: date
) -> list[Event]:
    """Keep the decisions that counts come to, of options the one that wins; returns the facts of them, in order."""
    verdicts = {
        resolution.resolution_id: decide(
            articles,
            resolution.ruled_as,
            counted.count,
            find_second(tx, meeting, resolution),
            casting=counted.casting,
            approved=counted.approved,
        )
        for resolution, counted in counts
    }
    by_id = {resolution.resolution_id: counted for resolution, counted in counts}
    points = [resolution for resolution, _ in counts]
    adopted = [each for each, verdict in verdicts.items() if verdict.adopted]
    for dropped, reason in find_dropped(points, adopted).items():
        verdicts[dropped] = replace(verdicts[dropped], adopted=False, reason=reason)
    for options in group_options(points):
        weighed = [
            Option(
                each.resolution_id,
                verdicts[each.resolution_id].adopted,
                by_id[each.resolution_id].count.votes_for,
                by_id[each.resolution_id].casting,
                by_id[each.resolution_id].ballots_hash,
            )
            for each in options
        ]
        for beaten, reason in find_beaten(weighed, options[0].wins, rule_of(articles, options[0].ruled_as).tie).items():
            verdicts[beaten] = replace(verdicts[beaten], adopted=False, reason=reason)
    return [
        fact
        for resolution, counted in counts
        for fact in _decide_point(tx, meeting, resolution, counted, verdicts[resolution.resolution_id], decided_on)
    ]


def _decide_point(
    tx: Tx, meeting: Meeting, resolution: Resolution, counted: Counted, verdict: Verdict, decided_on: date
) -> list[Event]:
    """Keep one decision; returns the facts of it."""
    notice_hash, document = store.find_notice(tx, resolution.resolution_id)
    adopted_hash = document.sha256
    if adopted_hash != notice_hash:
        raise CoopError(
            "parameters-changed",
            say(
                "%(resolution_id)s: the parameters are no longer those of the notice "
                "(%(adopted_hash)s, %(notice_hash)s)",
                resolution_id=resolution.resolution_id,
                adopted_hash=adopted_hash,
                notice_hash=notice_hash,
            ),
        )
    count = counted.count
    if verdict.adopted and _is_decided_before(tx, resolution, decided_on):
        verdict = replace(verdict, adopted=False, reason="decided-before")
    kept = store.Decided(
        resolution.resolution_id,
        decided_on,
        verdict,
        adopted_hash,
        count,
        counted.voting_list_hash,
        counted.ballots_hash,
        counted.casting,
        counted.approved,
    )
    store.add_decision(tx, kept)
    decided = ResolutionDecided(
        resolution_id=resolution.resolution_id,
        meeting_id=meeting.meeting_id,
        kind=resolution.kind,
        verdict=verdict.word,
        article=verdict.article,
        parameters_hash=adopted_hash,
        votes_for=count.votes_for,
        votes_against=count.votes_against,
        votes_blank=count.votes_blank,
        votes_present=count.votes_present,
        decided_on=decided_on,
        voting_list_hash=counted.voting_list_hash,
        ballots_hash=counted.ballots_hash,
        history=meeting.is_history,
        rule=verdict.rule,
        members_present=count.members_present,
        members_entitled=count.members_entitled,
        classes=tuple(ClassCounted(name=name, **write_count(own)) for name, own in count.classes),
    )
    kind = find_kind(resolution.kind)
    act = kind.act if verdict.adopted else kind.turn_down
    return [decided, *(act(tx, Adopted(meeting, resolution, adopted_hash, decided_on)) if act else ())]


def _is_decided_before(tx: Tx, resolution: Resolution, decided_on: date) -> bool:
    """True when another meeting settled what this one is about, for good (that a phase is built) or on the same day, so
    that no later decision could be told from the earlier: a point that is decided falls away."""
    kind = find_kind(resolution.kind)
    claim = kind.find_claim(resolution.parameters)
    if not claim:
        return False
    same = [each for each in store.list_holding(tx, resolution.kind) if kind.find_claim(each.parameters) == claim]
    days = [decided.decided_on for each in same if (decided := store.find_decision(tx, each.resolution_id))]
    return bool(days) if kind.settles_once else decided_on in days
