"""Facts of governance: what the members decided, what was reached and released, and which days passed."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from coop.events.attendance import AttendanceFrozen as AttendanceFrozen
from coop.events.attendance import AttendanceNoted as AttendanceNoted
from coop.events.attendance import MandateEnded as MandateEnded
from coop.events.attendance import MandateGiven as MandateGiven
from coop.events.challenges import NewVoteOpened as NewVoteOpened
from coop.events.challenges import RulingDisputed as RulingDisputed
from coop.events.decisions import DecisionRecorded as DecisionRecorded
from coop.events.decisions import DecisionStopped as DecisionStopped
from coop.events.elections import CandidatesNamed as CandidatesNamed
from coop.events.elections import ElectionBallotsCommitted as ElectionBallotsCommitted
from coop.events.elections import ElectionVoteCounted as ElectionVoteCounted
from coop.events.elections import ElectionVoteOpened as ElectionVoteOpened
from coop.events.elections import LotDrawn as LotDrawn
from coop.events.elections import PersonElected as PersonElected
from coop.events.elections import TermEnded as TermEnded
from coop.events.entries import EntryDropped as EntryDropped
from coop.events.entries import WordGiven as WordGiven
from coop.events.envelope import Event
from coop.events.expulsions import ExpulsionAppealed as ExpulsionAppealed
from coop.events.expulsions import ExpulsionSettled as ExpulsionSettled
from coop.events.expulsions import MemberExpelled as MemberExpelled
from coop.events.meetings import AgendaPoint as AgendaPoint
from coop.events.meetings import MeetingConvened as MeetingConvened
from coop.events.motions import AmendmentsOrdered as AmendmentsOrdered
from coop.events.motions import MotionAdmitted as MotionAdmitted
from coop.events.motions import MotionBacked as MotionBacked
from coop.events.motions import MotionHandedIn as MotionHandedIn
from coop.events.papers import AgendaPaper as AgendaPaper
from coop.events.papers import PaperAdded as PaperAdded
from coop.events.programmes import DeadlinePassed as DeadlinePassed
from coop.events.programmes import MilestoneReached as MilestoneReached
from coop.events.programmes import SteeringDecided as SteeringDecided
from coop.events.programmes import SteeringReminded as SteeringReminded
from coop.events.programmes import SteeringSeatEnded as SteeringSeatEnded
from coop.events.programmes import SteeringSeatTaken as SteeringSeatTaken
from coop.events.programmes import TrancheReferred as TrancheReferred
from coop.events.programmes import TrancheReleased as TrancheReleased
from coop.events.referenda import ReferendumAsked as ReferendumAsked
from coop.events.referenda import ReferendumGranted as ReferendumGranted
from coop.events.referenda import RequestDisputed as RequestDisputed
from coop.events.suspensions import MemberSuspended as MemberSuspended
from coop.events.suspensions import SuspensionLifted as SuspensionLifted
from coop.events.terms import TermsMap
from coop.events.withdrawals import MeetingWithdrawn as MeetingWithdrawn
from coop.events.withdrawals import PointWithdrawn as PointWithdrawn


class TariffProposed(Event):
    """The notice of a meeting puts a tariff to the vote: its first day and its priced components, under the hash that
    the notice binds. It exists only once the meeting adopts it; until then each member sees what it would do to the own
    bill."""

    TYPE: ClassVar[str] = "governance.tariff-proposed.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    held_on: date
    parameters: TermsMap
    parameters_hash: str

    def key(self) -> str:
        return self.resolution_id


class VotingListFrozen(Event):
    """The list of who may vote at a meeting stands fast: ``moment`` opened, when the vote opened, or closed, without
    those who left until the meeting was closed. ``list_hash`` is over the members and their votes, and ``voters_hash``
    over commitments to the members who may ask a referendum on what the meeting adopts, each with their votes.
    ``classes_hash``, of the opened list, is over of which kind each is, where classes have majorities of their own."""

    TYPE: ClassVar[str] = "governance.voting-list-frozen.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    moment: str
    list_hash: str
    members: int
    votes: int
    voters_hash: str = ""
    classes_hash: str = ""

    def key(self) -> str:
        return self.meeting_id


class BallotsCommitted(Event):
    """Ballots on a resolution were put in the box. Each commitment is a hash over a whole ballot and a secret of its
    own: it says nothing of the vote, and shows later whether the ballot is still the one that was cast."""

    TYPE: ClassVar[str] = "governance.ballots-committed.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    commitments: tuple[str, ...]

    def key(self) -> str:
        return self.resolution_id


class BallotEntered(Event):
    """Somebody entered a ballot for a member from a paper, and somebody else confirmed it; until ``objection_until``
    the member may say that it is not theirs. How it was filled in is not told."""

    TYPE: ClassVar[str] = "governance.ballot-entered.v1"
    NOUNS: ClassVar[str] = "meetings"

    entry_id: str
    meeting_id: str
    member_id: str
    paper: str
    entered_on: date
    held_on: date
    objection_until: date

    def key(self) -> str:
        return self.meeting_id


class BallotDisputed(Event):
    """A member said that a ballot that was entered for them is not theirs. ``counted``: the vote was closed already."""

    TYPE: ClassVar[str] = "governance.ballot-disputed.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    entry_id: str
    ballot_id: str
    counted: bool

    def key(self) -> str:
        return self.resolution_id


class StatutesAdopted(Event):
    """A version of the statutes came on file by two people, with the hash of its articles; every one but the first by
    the resolution that adopted it. ``deed_hash`` is over the day of the deed, its notary and the hash of its document,
    as ``made_on``, ``notary`` and ``file``; empty where no document lies here."""

    TYPE: ClassVar[str] = "governance.statutes-adopted.v1"
    NOUNS: ClassVar[str] = "meetings"

    valid_from: date
    name: str
    articles_hash: str
    deed_on: date | None = None
    resolution_id: str = ""
    deed_hash: str = ""

    def key(self) -> str:
        return self.valid_from.isoformat()


class ClassCounted(BaseModel):
    """Votes and heads within a class of members that has a majority of its own; ``silent`` were there and handed in
    nothing, ``represented`` are there by proxy alone."""

    model_config = ConfigDict(frozen=True)

    name: str
    votes_for: int
    votes_against: int
    votes_blank: int
    votes_entitled: int
    members_entitled: int
    members_present: int
    votes_silent: int
    votes_represented: int
    members_represented: int


class ResolutionDecided(Event):
    """The meeting counted the votes. ``verdict``: adopted or rejected; ``article`` says by which rule.

    ``voting_list_hash`` is over who could vote, ``ballots_hash`` over the commitments of the ballots that were counted;
    both are empty where a meeting of the past was entered from its minutes, which ``history`` says. ``rule`` is what
    the article asks, in words; members are counted by heads. ``classes``: the same of each class of members whose own
    majority was asked.
    """

    TYPE: ClassVar[str] = "governance.resolution-decided.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    kind: str
    verdict: str
    article: str
    parameters_hash: str
    votes_for: int
    votes_against: int
    votes_blank: int
    votes_present: int
    decided_on: date
    voting_list_hash: str = ""
    ballots_hash: str = ""
    history: bool = False
    rule: str = ""
    members_present: int = 0
    members_entitled: int = 0
    classes: tuple[ClassCounted, ...] = ()

    def key(self) -> str:
        return self.resolution_id


class MinutesConfirmed(Event):
    """One person wrote the minutes of a closed meeting and another confirmed them; ``minutes_hash`` is over everything
    that they say. Those with the highest ``number`` count."""

    TYPE: ClassVar[str] = "governance.minutes-confirmed.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    held_on: date
    number: int
    minutes_hash: str
    confirmed_on: date

    def key(self) -> str:
        return self.meeting_id


class TariffAdopted(Event):
    """The meeting adopted a tariff. ``parameters`` are its first day and its priced components; ``parameters_hash`` is
    over them as adopted and ``notice_hash`` over them as they stood in the notice of the meeting: a tariff exists only
    where both are equal."""

    TYPE: ClassVar[str] = "governance.tariff-adopted.v1"
    NOUNS: ClassVar[str] = "resolutions"

    tariff_id: str
    resolution_id: str
    meeting_id: str
    valid_from: date
    parameters: TermsMap
    parameters_hash: str
    notice_hash: str
    decided_on: date
    history: bool = False

    def key(self) -> str:
        return self.resolution_id


class AllocationKeyAdopted(Event):
    """The meeting adopted the key by which a sharing group divides its energy from ``valid_from``."""

    TYPE: ClassVar[str] = "governance.allocation-key-adopted.v1"
    NOUNS: ClassVar[str] = "resolutions"

    key_id: str
    resolution_id: str
    group_id: str
    valid_from: date
    parameters: TermsMap
    parameters_hash: str
    notice_hash: str
    decided_on: date
    history: bool = False

    def key(self) -> str:
        return self.resolution_id


class ChoiceAdopted(Event):
    """The meeting adopted a choice of the co-operative that holds from ``valid_from``, such as how the guarantee is
    reckoned; ``source`` says where its figures come from."""

    TYPE: ClassVar[str] = "governance.choice-adopted.v1"
    NOUNS: ClassVar[str] = "resolutions"

    name: str
    valid_from: date
    value: TermsMap
    source: str
    resolution_id: str
    meeting_id: str
    parameters_hash: str
    notice_hash: str
    decided_on: date
    history: bool = False

    def key(self) -> str:
        return self.resolution_id


class RealisationDecided(Event):
    """The members decided to build a phase."""

    TYPE: ClassVar[str] = "governance.realisation-decided.v1"
    NOUNS: ClassVar[str] = "programmes"

    resolution_id: str
    programme_id: str
    phase_id: str
    budget_cents: int
    parameters_hash: str
    decided_on: date
    history: bool = False

    def key(self) -> str:
        return self.programme_id


class VoteOpened(Event):
    """From ``opened_on`` members may vote on what the meeting of ``held_on`` decides. ``voters``: who of them may,
    where not all do."""

    TYPE: ClassVar[str] = "governance.vote-opened.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    opened_on: date
    held_on: date
    voters: tuple[str, ...] = ()

    def key(self) -> str:
        return self.meeting_id


class VoteClosing(Event):
    """The days of a vote are almost over: members may vote until the meeting of ``held_on``, or until an hour of its
    day. ``voters``: who of them may, where not all do."""

    TYPE: ClassVar[str] = "governance.vote-closing.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    held_on: date
    votes_until: str = ""
    voters: tuple[str, ...] = ()

    def key(self) -> str:
        return self.meeting_id


class VoteEnded(Event):
    """The day of a meeting is over and its votes are not counted: the board has to close it."""

    TYPE: ClassVar[str] = "governance.vote-ended.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    held_on: date

    def key(self) -> str:
        return self.meeting_id


class ProgramTokenUsed(Event):
    """A program came in with its token here, for the first time on a day."""

    TYPE: ClassVar[str] = "governance.program-token-used.v1"
    NOUNS: ClassVar[str] = "programs"

    token_id: str
    used_on: date

    def key(self) -> str:
        return self.token_id
