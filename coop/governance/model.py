"""Nouns of governance: statutes, meetings, ballots, programmes.

All of them are values: a meeting that was convened, a ballot that was cast and a milestone that was reached are never
changed afterwards. Votes are whole numbers, money is whole cents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from coop.values import AMSTERDAM, midnight

ELECTION: Final = "election"
"""Kind of the resolution that puts persons to the vote, by name and in rounds."""

WHY_MAX: Final = 300
"""Most characters of the reason for which a second meeting is called."""

REPEAL: Final = "repeal"
"""Kind of the resolution by which the members take back what they decided before."""

REFERENDUM: Final = "referendum"
"""Kind of the resolution by which all members vote on whether an earlier decision stands."""

AMENDMENT: Final = "amendment"
"""Kind of the vote on whether a proposal on the agenda is changed."""

ORDINARY: Final = "ordinary"
"""Kind of the rule that all follow which have none of their own."""

CHOICES: Final = ("for", "against", "blank")

SPLIT: Final = "split"
"""Choice of a ballot that divides the votes of its member, where the statutes allow it."""

MOST_VOTES: Final = "most-votes"
FIRST: Final = "first"
WINS: Final = (MOST_VOTES, FIRST)
"""Rules by which one of several options wins, of those that reach their majority: the most votes for, or the first on
the agenda."""

OWN: Final = "own"
"""Channel of a ballot that its member cast in their own session."""

MANDATE: Final = "mandate"
"""Channel of a ballot that the holder of a mandate cast in their own session."""

PAPERS: Final = ("room", "paper", "letter")
"""Channels of ballots that somebody entered for others: from the box in the room, on a form, by letter."""

ROLES: Final = ("text", "explanation")
"""Kinds of a document of a point: the literal text of what is proposed, or something that explains it."""

MANNERS: Final = ("release", "keep")
"""Decisions of a steering group on a tranche that was referred to it."""

PARTIES: Final = ("co-operative", "partner")
"""Sides of a steering group: who receives the money, and who gives or guards it. Both have to say release."""


@dataclass(frozen=True)
class Paper:
    """A document of a point of an agenda: its names, its kind among ``ROLES``, and the hash of its bytes."""

    paper_id: str
    name_nl: str
    name_en: str
    role: str
    media_type: str
    size_bytes: int
    sha256: str

    def name(self, lang: str) -> str:
        """The name in the reader's language."""
        return self.name_nl if lang == "nl" else self.name_en


@dataclass(frozen=True)
class Resolution:
    """One point of an agenda. ``parameters`` say, in texts and whole numbers, what it will do when adopted.

    Points with the same ``option_of`` are options of each other; at most one is adopted: the one that ``wins``.
    ``papers`` are the documents that its notice lays open. ``again_of``: the point of the same meeting that is voted on
    anew here, since its outcome was disputed at once.

    A point that came on the agenda after the notice names the ``motion`` that brought it: an amendment, which names the
    point that it ``amends``; that point as changed, which also names the amendment that it is ``amended_by``; or one
    more option beside a point, which is ``countered`` then where the notice put it to the vote alone.
    """

    resolution_id: str
    kind: str
    subject_nl: str
    subject_en: str
    explanation_nl: str
    explanation_en: str
    parameters: Mapping[str, Any]
    option_of: str = ""
    wins: str = ""
    papers: tuple[Paper, ...] = ()
    again_of: str | None = None
    motion_id: str | None = None
    amends: str | None = None
    amended_by: str | None = None
    countered: bool = False

    def subject(self, lang: str) -> str:
        """The subject in the reader's language."""
        return self.subject_nl if lang == "nl" else self.subject_en

    def explanation(self, lang: str) -> str:
        """The explanation in the reader's language; may be empty."""
        return self.explanation_nl if lang == "nl" else self.explanation_en

    def is_same_proposal(self, other: Resolution) -> bool:
        """True when both put the very same to the vote, its literal texts included, whatever their ids and whatever
        explains it."""
        return self._proposal == other._proposal and self.texts == other.texts

    @property
    def _proposal(self) -> Resolution:
        """Only what is put to the vote."""
        plain = replace(self.noticed, resolution_id="", option_of="", papers=(), again_of=None)
        return replace(plain, motion_id=None, amends=None, amended_by=None)

    @property
    def is_amendment(self) -> bool:
        """True for the vote on whether a point is changed, and not for the one on the point as changed."""
        return self.amends is not None and self.amended_by is None

    @property
    def noticed(self) -> Resolution:
        """The point as its notice put it to the vote."""
        return replace(self, option_of="", wins="", countered=False) if self.countered else self

    @property
    def ruled_as(self) -> str:
        """The kind whose rule and terms it follows: a repeal asks what the decision asked that it repeals."""
        return str(self.parameters.get("of_kind", self.kind)) if self.kind == REPEAL else self.kind

    @property
    def texts(self) -> frozenset[str]:
        """Hashes of the literal texts that are put to the vote."""
        return frozenset(paper.sha256 for paper in self.papers if paper.role == "text")


@dataclass(frozen=True)
class Meeting:
    """A members' meeting as its notice announced it.

    It begins at the hour ``begins_at``, and members vote in their own sessions until the hour ``votes_until`` of its
    day: ``20:00`` by the clock in Amsterdam, empty where the notice names none; then the day ends it, or the closing
    where it names the hour at which the meeting begins.

    One that was held before it came on file names the entry that two people signed, ``entry_id``: it rests on minutes,
    and says so wherever it is shown.
    """

    meeting_id: str
    held_on: date
    convened_on: date
    place: str
    resolutions: tuple[Resolution, ...]
    entry_id: str | None = None
    begins_at: str = ""
    votes_until: str = ""
    second_of: str | None = None
    """The meeting that had no quorum, where this is a second one on the same."""
    second_why: str = ""
    """The reason that the notice of a second meeting gives for it."""

    @property
    def agenda(self) -> tuple[Resolution, ...]:
        """Points of its notice: without those that the meeting voted on a second time, and motions that came later."""
        noticed = (point for point in self.resolutions if point.again_of is None and point.motion_id is None)
        return tuple(point.noticed for point in noticed)

    @property
    def voted_again(self) -> Mapping[str, str]:
        """Points whose outcome was disputed, each with the one by which it is voted on anew."""
        return {point.again_of: point.resolution_id for point in self.resolutions if point.again_of is not None}

    @property
    def own_votes_end(self) -> datetime:
        """The instant at which members' own sessions put no ballot in the box any more: the hour of the notice."""
        if not self.votes_until:
            return midnight(self.held_on + timedelta(days=1))
        return datetime.combine(self.held_on, time.fromisoformat(self.votes_until), AMSTERDAM).astimezone(UTC)

    @property
    def may_close_from(self) -> datetime:
        """The instant from which it may be closed: it has begun, and members voted in their own sessions as long as the
        notice says. Where the notice names no hour at all, that is the whole day."""
        if self.starts_at is None:
            return self.own_votes_end
        return max(self.starts_at, self.own_votes_end) if self.votes_until else self.starts_at

    @property
    def starts_at(self) -> datetime | None:
        """The instant at which it begins; None where the notice names no hour."""
        if not self.begins_at:
            return None
        return datetime.combine(self.held_on, time.fromisoformat(self.begins_at), AMSTERDAM).astimezone(UTC)

    @property
    def is_history(self) -> bool:
        """True when its notice, votes and decisions were entered afterwards."""
        return self.entry_id is not None


@dataclass(frozen=True)
class Parts:
    """Votes of one member, divided: together all that they have."""

    votes_for: int = 0
    votes_against: int = 0
    votes_blank: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.votes_for + self.votes_against + self.votes_blank


@dataclass(frozen=True)
class Ballot:
    """An open ballot of one member. ``proxy_holder`` is the member who cast it for them.

    ``channel`` is ``OWN``, ``MANDATE``, or the paper that it stood on; then ``entry_id`` names who entered and who
    confirmed it.
    ``salt`` hides the choice in the commitment that is told when it is put in the box.
    Only one whose choice is ``SPLIT`` says how many votes go where.
    """

    member_id: str
    choice: str
    cast_on: date
    proxy_holder: str | None = None
    channel: str = OWN
    ballot_id: str = ""
    entry_id: str | None = None
    salt: str = ""
    votes_for: int | None = None
    votes_against: int | None = None
    votes_blank: int | None = None

    @property
    def personal(self) -> bool:
        """True when the member cast it in their own session."""
        return self.channel == OWN

    @property
    def parts(self) -> Parts | None:
        """The votes as they are divided, or None where all of them go one way."""
        if self.choice != SPLIT:
            return None
        return Parts(self.votes_for or 0, self.votes_against or 0, self.votes_blank or 0)


@dataclass(frozen=True)
class Count:
    """Votes on one resolution. ``votes_entitled`` is all that members had on the day of the meeting.

    Present are the votes of everybody who handed in a ballot, themselves, by proxy or in advance, blank included;
    blank votes are not cast (a clause of statutes, not of the law). ``votes_silent`` were there and handed in nothing.
    Members are counted by heads, those without a vote too; ``represented`` are there by proxy alone. ``classes`` are
    the names of the classes of members whose own majority is asked, each with the same of its members.

    Source: docs/domain/meetings-votes-and-statutes.md#what-the-law-leaves-open; BW 2:38 lid 8 for votes in advance.
    """

    votes_for: int
    votes_against: int
    votes_blank: int
    votes_entitled: int
    members_entitled: int = 0
    members_present: int = 0
    votes_silent: int = 0
    votes_represented: int = 0
    members_represented: int = 0
    classes: tuple[tuple[str, Count], ...] = ()

    @property
    def votes_cast(self) -> int:
        """For and against."""
        return self.votes_for + self.votes_against

    @property
    def votes_present(self) -> int:
        """For, against and blank."""
        return self.votes_cast + self.votes_blank

    @property
    def votes_there(self) -> int:
        """All that were there, of whom some handed in nothing."""
        return self.votes_present + self.votes_silent


@dataclass(frozen=True)
class Verdict:
    """The meaning of a count under its rule, which ``rule`` says in words.

    ``reason``: majority, no-votes, no-quorum, tie, too-few; class-against where a class of members was not for it;
    chair or lot where these broke a tie; not-decidable in a second meeting at the wrong time; not-approved by whom the
    statutes name; other-option or option-tie where another option won, or had as many votes; amended, not-amended or
    other-amendment where what it is about was changed, or was not, or by another amendment; or decided-before where
    another meeting decided the same once and for all, or on the same day.
    """

    adopted: bool
    reason: str
    article: str
    votes_needed: int
    rule: str = ""

    @property
    def word(self) -> str:
        """As facts say it: adopted or rejected."""
        return "adopted" if self.adopted else "rejected"


@dataclass(frozen=True)
class Milestone:
    """A point of a phase: its budget, its deadline, and the evidence that shows that it was reached."""

    milestone_id: str
    name_nl: str
    name_en: str
    budget_cents: int
    margin_per_mille: int
    deadline: date
    evidence: tuple[str, ...]

    @property
    def ceiling_cents(self) -> int:
        """Budget with its margin, in whole cents; a fraction of a cent is not given away."""
        return self.budget_cents * (1000 + self.margin_per_mille) // 1000


@dataclass(frozen=True)
class Phase:
    """A part of a programme that the members decide to build, or not."""

    phase_id: str
    name_nl: str
    name_en: str
    budget_cents: int
    milestones: tuple[Milestone, ...]


@dataclass(frozen=True)
class Tranche:
    """Part of the money of a financier, that a milestone releases."""

    tranche_id: str
    milestone_id: str
    financier: str
    amount_cents: int


@dataclass(frozen=True)
class Programme:
    """Work of the co-operative in phases, with the money that pays for it."""

    programme_id: str
    name: str
    phases: tuple[Phase, ...]
    tranches: tuple[Tranche, ...]


@dataclass(frozen=True)
class Evidence:
    """A document that shows something: its kind, where it is kept, and the hash of its bytes."""

    name: str
    reference: str
    sha256: str


@dataclass(frozen=True)
class Reached:
    """Report that a milestone was reached."""

    reached_on: date
    cost_cents: int
    evidence: tuple[Evidence, ...]
