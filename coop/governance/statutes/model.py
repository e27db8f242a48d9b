"""Articles of statutes as values. A section that is None says that the statutes are silent, and the law applies.

Invariant: fractions are whole numbers and compared exactly; every section names its article, so that each ruling can.

Source: docs/domain/meetings-votes-and-statutes.md; Civil Code, book 2, articles 2:13 to 2:18 and 2:37 to 2:43.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Final, Literal

from coop.governance.statutes.council import Council
from coop.values import BadInput, Problem, say

Base = Literal["cast", "present", "all"]
"""Votes of which a majority is taken: for and against; all that are there, blank and silent ones too; or all that
members have."""

BASES: Final[tuple[Base, ...]] = ("cast", "present", "all")

Tie = Literal["rejects", "chair", "lot"]
"""Meanings of as many votes for as against."""

TIES: Final[tuple[Tie, ...]] = ("rejects", "chair", "lot")

Casting = Literal["", "for", "against"]
"""Word that breaks a tie: the chair's or the lot's; empty where nobody said it."""


@dataclass(frozen=True)
class Ruling:
    """An answer and the article that decides it. ``detail`` holds names that go on or won, or a number."""

    word: str
    article: str
    detail: tuple[str, ...] | int | None = None


@dataclass(frozen=True)
class Share:
    """A part of a whole that has to be reached: at least ``num/den`` of it, or more than that where ``above``.

    >>> Share(2, 3).is_reached(200, 300), Share(2, 3).is_reached(199, 299)
    (True, False)
    >>> Share(1, 2, above=True).is_reached(30, 60)
    False

    Raises:
        BadInput: the fraction is none between 0 and 1.
    """

    num: int
    den: int
    above: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.num <= self.den or self.den == 0:
            raise BadInput([Problem(say("a share lies between 0 and 1"), "share")], "bad-statutes")

    def is_reached(self, part: int, whole: int) -> bool:
        """True when ``part`` of ``whole`` is enough."""
        return part * self.den > whole * self.num if self.above else part * self.den >= whole * self.num

    def needed_of(self, whole: int) -> int:
        """The fewest that are enough.

        >>> [Share(2, 3).needed_of(cast) for cast in (299, 300, 301)], Share(1, 2, above=True).needed_of(60)
        ([200, 200, 201], 31)
        """
        return whole * self.num // self.den + 1 if self.above else -(-whole * self.num // self.den)

    def is_stricter_than(self, other: Share) -> bool:
        """True when something can reach the other share and not this one."""
        left, right = self.num * other.den, other.num * self.den
        return left > right or (left == right and self.above and not other.above)


MORE_THAN_HALF: Final = Share(1, 2, above=True)


@dataclass(frozen=True)
class Quorum:
    """A share that has to be there: of all heads, or of all votes. ``with_proxies``: who is represented is too."""

    article: str
    share: Share
    of: Literal["members", "votes"]
    with_proxies: bool = True


@dataclass(frozen=True)
class Also:
    """A second share that the votes for have to come to beside the majority, such as half of all votes of members."""

    article: str
    share: Share
    base: Base = "all"


@dataclass(frozen=True)
class Second:
    """A second meeting ``from_days`` to ``to_days`` after the first, in which another ``quorum`` is asked, or none, and
    beside its majority another share (``also``), or none. One outside that window is none: it asks the first quorum
    again, or may not decide at all (``outside``). Of each class that the rule names it asks the ``majority``, without
    the quorum of the class, or the same as the first (``with-quorum``), or ``nothing``."""

    article: str
    majority: Share
    to_days: int
    from_days: int = 0
    says_why: bool = False
    outside: Literal["quorum", "undecidable"] = "quorum"
    quorum: Quorum | None = None
    also: Also | None = None
    of_classes: Literal["majority", "with-quorum", "nothing"] = "majority"


@dataclass(frozen=True)
class MemberClass:
    """Members who have a majority of their own: those whom the register has as one of the ``kinds``, or everybody of a
    kind that no class names. A rule asks it by its ``name``, with its ``quorum`` of this class; where nobody belongs to
    the class, it asks nothing."""

    article: str
    name: str
    majority: Share
    kinds: tuple[str, ...] = ()
    base: Base = "cast"
    quorum: Quorum | None = None


@dataclass(frozen=True)
class Approval:
    """Consent of an outside body, ``by`` its name, for a change of some articles or, where none is named, for every
    decision of a kind. Without it a decision is not valid, or not effective, as ``lacking`` says."""

    article: str
    articles: tuple[str, ...] = ()
    lacking: Literal["not valid", "not effective"] = "not valid"
    by: str = ""


@dataclass(frozen=True)
class Rule:
    """The rule for one kind of decision. ``tie_article`` is that of a tie, where it is another one.

    ``tie``: equal votes reject, or the chair's casting vote or a lot decides; this touches a majority of half only.
    ``secret``: nobody may learn how a member voted. ``classes``: names of those whose own majority it asks besides.
    """

    article: str
    majority: Share
    base: Base = "cast"
    tie: Tie = "rejects"
    tie_article: str = ""
    quorum: Quorum | None = None
    second: Second | None = None
    approval: Approval | None = None
    also: Also | None = None
    in_writing: bool = False
    secret: bool = False
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """Days before the meeting. Clear days leave out the day of sending and that of the meeting; else sending counts."""

    article: str
    days: int
    clear: bool = True


@dataclass(frozen=True)
class Call:
    """Right to make the board convene: a share of the votes or of the members; after ``silent_days`` they do it."""

    article: str
    share: Share
    of: Literal["votes", "members"] = "votes"
    self_article: str = ""
    silent_days: int = 14


@dataclass(frozen=True)
class AgendaPoint:
    """Right to put a point on the agenda: so many members, or a share of the votes, in time. Later the board may.

    ``few`` says what becomes of a request by too few.
    """

    article: str
    term: Term
    members: int = 0
    share: Share | None = None
    few: Literal["refused", "no duty"] = "refused"
    off_agenda_article: str = ""


@dataclass(frozen=True)
class Motions:
    """Right to change a proposal on the agenda, or to put another option beside it: of the board, and of so many
    members or a share of the votes. They do so within the ``term``, or until the day before the meeting; and at the
    meeting itself, where ``at_meeting``.

    ``ahead``: votes that were cast on the proposal as it was count for the changed one too, until their member votes
    anew, or do not (``lapse``). ``wins``: of options one of which came later, the one with the most votes for, or the
    first on the agenda.
    """

    article: str
    term: Term | None = None
    members: int = 1
    share: Share | None = None
    at_meeting: bool = False
    ahead: Literal["lapse", "count"] = "lapse"
    wins: Literal["most-votes", "first"] = "most-votes"


@dataclass(frozen=True)
class Referendum:
    """Right to ask a referendum on what a meeting adopted, within ``days`` after it: of so many members, and of a share
    of them or of their votes. The decision is suspended until all members voted on it, within ``hold_days``.

    ``asks``: the members vote on whether the decision falls (``repeal``), or on whether it stands (``confirm``); where
    that finds no majority or quorum the decision stands, or falls.
    """

    article: str
    days: int
    members: int = 1
    share: Share | None = None
    of: Literal["members", "votes"] = "members"
    asks: Literal["repeal", "confirm"] = "repeal"
    hold_days: int = 0


@dataclass(frozen=True)
class VoterKind:
    """A kind of person in the register, whether they vote, and whether they are let in."""

    kind: str
    article: str
    votes: bool = True
    enters: bool = True


@dataclass(frozen=True)
class Band:
    """Votes of who is above a bound, in units of the statutes' measure (euro of turnover, shares)."""

    above: int
    votes: int


@dataclass(frozen=True)
class Voters:
    """Rules on who votes, and with how many votes.

    Everybody has one vote, unless ``plural``: then as many as the register says, or as the band of what it says gives;
    no more than ``most_votes``, nor than ``most_share`` of the votes that all have before that bound, rounded down.
    ``bands`` rise; ``on_bound`` says which band holds a bound itself, where the statutes do. Who has been a member for
    less than ``least_months`` on the day of the meeting has no vote yet. ``least_age`` counts on 1 January. Who is more
    than ``arrears_months`` behind has no rights. A suspension ends after ``suspended_months``.
    With ``split`` who has several votes on a proposal may cast some for it and others against it or blank.
    """

    article: str
    kinds: tuple[VoterKind, ...] = ()
    plural: bool = False
    most_votes: int | None = None
    most_share: Share | None = None
    bands: tuple[Band, ...] = ()
    on_bound: Literal["lower", "upper"] | None = None
    least_months: int = 0
    least_age: int = 0
    arrears_months: int | None = None
    arrears_article: str = ""
    suspended_months: int | None = None
    suspended_article: str = ""
    suspended_no_vote_article: str = ""
    split: bool = False
    split_article: str = ""

    def find_kind(self, kind: str) -> VoterKind | None:
        """Rules of the statutes about a kind of person."""
        return next((each for each in self.kinds if each.kind == kind), None)


@dataclass(frozen=True)
class Proxies:
    """Votes by proxy: in writing, to somebody who votes; how many one may hold, or cast in all with the own vote.
    ``before_the_vote``: the mandate is handed in before."""

    article: str
    most_held: int | None = None
    most_votes: int | None = None
    before_the_vote: bool = False


@dataclass(frozen=True)
class Advance:
    """Electronic votes before the meeting: from which day before it to which, until what hour on the last one.

    ``from_days`` None leaves the law's thirtieth day; nothing opens before that.
    """

    article: str
    from_days: int | None = None
    to_days: int = 0
    until: time | None = None
    until_article: str = ""
    on_request: bool = False
    revocable: bool = True


@dataclass(frozen=True)
class Online:
    """Electronic votes during the meeting, where the voter has to register first."""

    article: str
    registered: bool = True


Step = Literal["all", "two highest", "intermediate", "without the fewest"]
"""Candidates of the next ballot where nobody was elected: everybody, the two with most votes, whom an intermediate vote
chooses, or everybody but the one with the fewest."""


@dataclass(frozen=True)
class Election:
    """Election of a person: more than half of the valid votes, else the step of the round; the last step repeats.

    A tie between two is decided by lot from round ``lot_from`` on, and voted again before. ``articles`` names the
    article of a ruling where it is not ``article``: of a step, of ``tie`` at the top, of ``lot``. With ``plurality``
    the most votes are enough; ``one_by_one``: each seat is voted on by itself.
    """

    article: str
    steps: tuple[Step, ...]
    lot_from: int = 1
    articles: Mapping[str, str] = field(default_factory=dict)
    plurality: bool = False
    one_by_one: bool = False


@dataclass(frozen=True)
class Universal:
    """Everybody there and of one mind: valid whatever is wrong with the notice. ``represented`` counts as there."""

    article: str
    represented: bool = True


@dataclass(frozen=True)
class Written:
    """A vote in writing, where so many members or the chair ask for it."""

    article: str
    members: int
    chair: bool = True


@dataclass(frozen=True)
class Articles:
    """One version of statutes. ``rules`` holds a rule by kind of decision, such as ordinary, statutes, dissolution;
    ``referenda`` the decisions on which members can ask a referendum, where ``ordinary`` names all of them."""

    name: str
    rules: Mapping[str, Rule] = field(default_factory=dict)
    classes: tuple[MemberClass, ...] = ()
    notices: Mapping[str, Term] = field(default_factory=dict)
    texts: Mapping[str, Term] = field(default_factory=dict)
    voters: Voters | None = None
    proxies: Proxies | None = None
    advance: Advance | None = None
    online: Online | None = None
    call: Call | None = None
    agenda: AgendaPoint | None = None
    late_agenda_article: str = ""
    newspaper_article: str = ""
    motions: Motions | None = None
    referenda: Mapping[str, Referendum] = field(default_factory=dict)
    council: Council | None = None
    election: Election | None = None
    nomination: Rule | None = None
    universal: Universal | None = None
    written: Written | None = None
    outside_article: str = ""
