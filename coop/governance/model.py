"""Nouns of governance: statutes, meetings, ballots, programmes.

All of them are values: a meeting that was convened, a ballot that was cast and a milestone that was reached are never
changed afterwards. Votes are whole numbers, money is whole cents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from coop.values import AMSTERDAM, BadInput, Problem, midnight, say

KINDS: Final = ("tariff", "allocation-key", "choice", "realisation", "programme", "statutes", "other")
"""Kinds of resolution; the statutes give each its own rule."""

BASES: Final = ("cast", "present", "all")
"""Votes of which a majority is taken: for and against, these and the blank ones, or all that members have."""

CHOICES: Final = ("for", "against", "blank")

OWN: Final = "own"
"""Channel of a ballot that its member cast in their own session."""

PAPERS: Final = ("room", "paper", "letter")
"""Channels of ballots that somebody entered for others: from the box in the room, on a form, by letter."""

MANNERS: Final = ("release", "keep")
"""Decisions of a steering group on a tranche that was referred to it."""

PARTIES: Final = ("co-operative", "partner")
"""Sides of a steering group: who receives the money, and who gives or guards it. Both have to say release."""


@dataclass(frozen=True)
class VotingRule:
    """The rule of the statutes for one kind of resolution.

    ``notice_days`` are clear days: neither the day of the notice nor that of the meeting counts. A majority of exactly
    one half means more than half. ``quorum_den`` 0 means that no quorum is asked. ``advance_days`` is how long before
    the meeting a vote may be cast; 0 allows votes on the day alone.

    Source: BW 2:38 and 2:42, docs/domain/meetings-votes-and-statutes.md#how-a-vote-is-counted.

    Raises:
        BadInput: the rule contradicts itself; every field that is wrong is named.
    """

    kind: str
    article: str
    notice_days: int
    quorum_num: int
    quorum_den: int
    majority_num: int
    majority_den: int
    base: str
    proxy_limit: int
    secrecy: str
    advance_days: int

    def __post_init__(self) -> None:
        problems = []
        if self.kind not in KINDS:
            problems.append(Problem(say("'%(kind)s' is none of %(kinds)s", kind=self.kind, kinds=tuple(KINDS)), "kind"))
        if not self.article:
            problems.append(Problem(say("every rule cites its article"), "article"))
        if self.base not in BASES:
            problems.append(Problem(say("'%(base)s' is none of %(bases)s", base=self.base, bases=tuple(BASES)), "base"))
        if not 0 <= self.quorum_num <= self.quorum_den:
            problems.append(Problem(say("a quorum lies between 0 and 1"), "quorum"))
        if not 0 < self.majority_den <= 2 * self.majority_num <= 2 * self.majority_den:
            problems.append(Problem(say("a majority is at least one half and at most all"), "majority"))
        problems += [
            Problem(say("may not be negative"), field)
            for field in ("notice_days", "proxy_limit", "advance_days")
            if getattr(self, field) < 0
        ]
        if self.secrecy == "secret":
            reason = say("a secret ballot cannot be held here: a stored ballot would still be tied to its member")
            problems.append(Problem(reason, "secrecy"))
        elif self.secrecy != "open":
            problems.append(Problem(say("'%(secrecy)s' is not open or secret", secrecy=self.secrecy), "secrecy"))
        if problems:
            raise BadInput(problems, "bad-rule")


@dataclass(frozen=True)
class Statutes:
    """One version of the statutes, in force from ``valid_from`` until the next.

    The first rests on two people, in the entry ``entry_id``; every later one on the resolution of a meeting and on the
    deed of ``deed_on``.
    """

    valid_from: date
    name: str
    rules: tuple[VotingRule, ...]
    deed_on: date | None = None
    resolution_id: str = ""
    entry_id: str | None = None

    def rule(self, kind: str) -> VotingRule | None:
        """The rule for a kind of resolution, or None where the statutes are silent."""
        return next((rule for rule in self.rules if rule.kind == kind), None)


@dataclass(frozen=True)
class Resolution:
    """One point of an agenda. ``parameters`` say, in texts and whole numbers, what it will do when adopted."""

    resolution_id: str
    kind: str
    subject_nl: str
    subject_en: str
    explanation_nl: str
    explanation_en: str
    parameters: Mapping[str, Any]

    def subject(self, lang: str) -> str:
        """The subject in the reader's language."""
        return self.subject_nl if lang == "nl" else self.subject_en

    def explanation(self, lang: str) -> str:
        """The explanation in the reader's language; may be empty."""
        return self.explanation_nl if lang == "nl" else self.explanation_en


@dataclass(frozen=True)
class Meeting:
    """A members' meeting as its notice announced it.

    It begins at the hour ``begins_at``, and members vote in their own sessions until the hour ``votes_until`` of its
    day: ``20:00`` by the clock in Amsterdam, empty where the notice names none; then the day ends it.

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

    @property
    def own_votes_end(self) -> datetime:
        """The instant at which members' own sessions put no ballot in the box any more: the hour of the notice."""
        if not self.votes_until:
            return midnight(self.held_on + timedelta(days=1))
        return datetime.combine(self.held_on, time.fromisoformat(self.votes_until), AMSTERDAM).astimezone(UTC)

    @property
    def is_history(self) -> bool:
        """True when its notice, votes and decisions were entered afterwards."""
        return self.entry_id is not None


@dataclass(frozen=True)
class Ballot:
    """An open ballot of one member. ``proxy_holder`` is the member who cast it for them.

    ``channel`` is ``OWN`` or the paper that it stood on; then ``entry_id`` names who entered and who confirmed it.
    ``salt`` hides the choice in the commitment that is told when it is put in the box.
    """

    member_id: str
    choice: str
    cast_on: date
    proxy_holder: str | None = None
    channel: str = OWN
    ballot_id: str = ""
    entry_id: str | None = None
    salt: str = ""

    @property
    def personal(self) -> bool:
        """True when the member cast it in their own session."""
        return self.channel == OWN


@dataclass(frozen=True)
class Count:
    """Votes on one resolution. ``votes_entitled`` is all that members had on the day of the meeting.

    Present are the votes of everybody who handed in a ballot, themselves, by proxy or in advance, blank included;
    blank votes are not cast (a clause of statutes, not of the law).

    Source: docs/domain/meetings-votes-and-statutes.md#what-the-law-leaves-open; BW 2:38 lid 8 for votes in advance.
    """

    votes_for: int
    votes_against: int
    votes_blank: int
    votes_entitled: int

    @property
    def votes_cast(self) -> int:
        """For and against."""
        return self.votes_for + self.votes_against

    @property
    def votes_present(self) -> int:
        """For, against and blank."""
        return self.votes_cast + self.votes_blank


@dataclass(frozen=True)
class Verdict:
    """The meaning of a count under its rule. ``reason``: majority, no-votes, no-quorum, tie, too-few, or decided-before
    where another meeting decided the same once and for all."""

    adopted: bool
    reason: str
    article: str
    votes_needed: int

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
    """That a milestone was reached, as it was reported."""

    reached_on: date
    cost_cents: int
    evidence: tuple[Evidence, ...]
