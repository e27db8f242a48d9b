"""Bodies that the JSON API of governance takes. Shapes only: the rules judge them, with line and reason.

Texts and numbers have the sizes that the tables hold, so that one that does not fit is named and not a fault of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from coop.communities.terms import ResolutionTerms
from coop.governance import model
from coop.governance.api import examples
from coop.governance.ballots.rules import read_parts
from coop.governance.dates import FIRST_DAY, LAST_DAY
from coop.governance.model import WHY_MAX
from coop.governance.statutes.model import Articles
from coop.governance.statutes.record import read_articles
from coop.governance.texts import find_unprintable
from coop.shapes import UNPRINTABLE_TEXT
from coop.values import BadInput, Problem

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
"""An id that can stand in an address."""

Line = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=20_000)]
Cents = Annotated[int, Field(ge=-(10**15), le=10**15)]
Count = Annotated[int, Field(le=10_000)]
Votes = Annotated[int, Field(ge=0, le=1_000_000_000)]


Hour = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


def show(example: Mapping[str, Any]) -> ConfigDict:
    """Configuration of a body with an example of it in the document."""
    return ConfigDict(json_schema_extra={"examples": [dict(example)]})


class Body(BaseModel):
    """A body that a client sends; a field that nobody knows is refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def refuse_unprintable(cls, body: Any) -> Any:
        """Refuse a text that no database takes, or that no feed could show, and name its place."""
        inside = find_unprintable(body)
        if inside is not None:
            raise PydanticCustomError(UNPRINTABLE_TEXT, "holds a character that no text may hold", {"inside": inside})
        return body


def read_section(record: object) -> Articles:
    """Articles in a body.

    Raises:
        BadInput: with every field that is wrong, by its path in the body.
    """
    try:
        return read_articles(record)
    except BadInput as bad:
        raise BadInput(place_articles(bad.problems), bad.code) from bad


def place_articles(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of articles at their path in a body."""
    return [Problem(problem.reason, f"articles.{problem.field}") for problem in problems]


class StatutesBody(Body):
    """A version of the statutes. A section of its ``articles`` that is not there is one on which they are silent: the
    law applies."""

    model_config = show(examples.STATUTES)

    valid_from: Day
    articles: Annotated[Articles, BeforeValidator(read_section)]
    deed_on: Day | None = None
    """Day of the deed that holds them."""
    notary: Line = ""
    deed_file: Annotated[str, Field(max_length=64)] | None = None
    """The SHA-256 that was answered when the document of the deed was handed in as evidence; a change needs both."""
    resolution_id: Annotated[str, Field(max_length=100)] = ""
    """Resolution that changed them; the first version has none."""
    entry_id: Id | None = None
    """Id of the entry, by which sending it again is the same entry."""


class ResolutionBody(Body):
    """A point of the agenda; ``parameters`` hold texts and whole numbers only.

    Points with the same ``option_of`` are options of each other, of which at most one is adopted. ``wins`` says which
    of those that reach their majority: the one with the most votes for, or the first on the agenda.
    """

    resolution_id: Id
    kind: str
    subject_nl: Line
    subject_en: Line
    explanation_nl: Text = ""
    explanation_en: Text = ""
    parameters: ResolutionTerms = Field(default_factory=dict)
    option_of: Annotated[str, Field(max_length=100)] = ""
    wins: Literal["", "most-votes", "first"] = ""


class PointBody(ResolutionBody):
    """A point of the agenda of a meeting that is convened; ``papers`` are the ids of documents that were put ready."""

    papers: Annotated[list[Id], Field(max_length=20)] = []


Why = Annotated[str, Field(max_length=WHY_MAX)]


class MeetingBody(Body):
    """The notice of a meeting. It goes out when it is put on file: ``convened_on``, when given, is today.
    ``second_of``: the meeting that had no quorum, where this is a second on the same; ``second_why``: its reason."""

    model_config = show(examples.MEETING)

    meeting_id: Id
    held_on: Day
    convened_on: Day | None = None
    place: Line = ""
    begins_at: Hour = ""
    """The hour by the clock in Amsterdam at which it begins."""
    votes_until: Hour = ""
    """The hour of its day until which members may vote in their own sessions; empty: until the closing, which is after
    the day where no hour of beginning is named either."""
    second_of: Id | None = None
    second_why: Why = ""
    resolutions: Annotated[list[PointBody], Field(max_length=500)]


class WithdrawalBody(Body):
    """The withdrawal of a meeting, or of the points ``resolution_ids`` alone. With ``held_on`` the meeting is convened
    anew on that day; without a place it is held where it was to be held."""

    model_config = show(examples.WITHDRAWAL)

    reason: Annotated[str, Field(min_length=1, max_length=300)]
    resolution_ids: Annotated[list[Id], Field(max_length=500)] = []
    held_on: Day | None = None
    begins_at: Hour = ""
    votes_until: Hour = ""
    place: Line | None = None
    entry_id: Id | None = None
    """Id of the entry, by which sending it again is the same entry."""


class DropBody(Body):
    """The reason for which an entry is left out."""

    model_config = show({"reason": "the number of the member was misread"})

    reason: Annotated[str, Field(min_length=1, max_length=300)]


class PointMinutesBody(Body):
    """Words of the minutes on one point."""

    resolution_id: Id
    considerations: Annotated[str, Field(max_length=4000)] = ""
    dissent: Annotated[str, Field(max_length=4000)] = ""


class MinutesBody(Body):
    """Additions to the minutes of a closed meeting; the figures stand in them by themselves."""

    model_config = show(examples.MINUTES)

    chair: Annotated[str, Field(max_length=100)]
    secretary: Annotated[str, Field(max_length=100)]
    remarks: Annotated[str, Field(max_length=4000)] = ""
    points: Annotated[list[PointMinutesBody], Field(max_length=500)] = []
    entry_id: Id | None = None
    """Id of the entry, by which sending it again is the same entry."""


class ClassCountBody(Body):
    """Votes of one class of members as the minutes say them; where they do not say heads, everybody had one vote."""

    name: Line
    votes_for: Votes
    votes_against: Votes
    votes_blank: Votes = 0
    votes_entitled: Votes
    members_present: Votes | None = None
    members_entitled: Votes | None = None


class CountBody(Body):
    """Votes on a resolution as the minutes say them; ``votes_entitled`` is all that members had. Members are counted by
    heads; where the minutes do not say them, everybody had one vote. ``classes``: the votes of each class of members
    whose own majority the statutes ask."""

    votes_for: Votes
    votes_against: Votes
    votes_blank: Votes = 0
    votes_entitled: Votes
    members_present: Votes | None = None
    members_entitled: Votes | None = None
    classes: Annotated[list[ClassCountBody], Field(max_length=50)] = []


def count_of(body: CountBody) -> model.Count:
    """The count that a body says."""
    classes = sorted(((one.name, _count_heads(one)) for one in body.classes), key=lambda each: each[0])
    return replace(_count_heads(body), classes=tuple(classes))


def _count_heads(body: CountBody | ClassCountBody) -> model.Count:
    present = body.votes_for + body.votes_against + body.votes_blank
    return model.Count(
        body.votes_for,
        body.votes_against,
        body.votes_blank,
        body.votes_entitled,
        members_entitled=body.votes_entitled if body.members_entitled is None else body.members_entitled,
        members_present=present if body.members_present is None else body.members_present,
    )


class PastResolutionBody(ResolutionBody):
    """A point of the agenda of a meeting of the past, with its count."""

    count: CountBody


class PastMeetingBody(Body):
    """A meeting that was held before it came on file, as its minutes say; ``paper`` names them."""

    model_config = show(examples.PAST_MEETING)

    meeting_id: Id
    held_on: Day
    convened_on: Day
    place: Line = ""
    paper: Annotated[str, Field(min_length=1, max_length=300)]
    second_of: Id | None = None
    second_why: Why = ""
    resolutions: Annotated[list[PastResolutionBody], Field(min_length=1)]
    entry_id: Id | None = None


SomeVotes = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)] | None


class BallotBody(Body):
    """One ballot that somebody read off a paper. It is read leniently here and judged with its line, so that every bad
    one is named at once. ``cast_on`` is the day that the paper says; today without it. Only a ``choice`` that is
    ``split`` says how many votes go where: together all of the member's."""

    member_id: str = ""
    choice: str = ""
    cast_on: str | None = None
    proxy_holder: str | None = None
    votes_for: SomeVotes = None
    votes_against: SomeVotes = None
    votes_blank: SomeVotes = None


class VotesBody(Body):
    """Ballots on one resolution that somebody enters for others: from the ``room``, on ``paper``, or by ``letter``."""

    model_config = show(examples.VOTES)

    resolution_id: str
    paper: Literal["room", "paper", "letter"]
    ballots: Annotated[list[BallotBody], Field(min_length=1, max_length=10_000)]
    entry_id: Id | None = None


class ArrivalBody(Body):
    """A member who is there: in the ``room``, ``online``, or by a ``mandate`` that the member ``holder`` holds."""

    member_id: Id | Literal[""] = ""
    manner: Literal["room", "online", "mandate"] = "room"
    holder: Id | Literal[""] = ""


class AttendanceBody(ArrivalBody):
    """A line of the attendance: a member ``came`` or ``left``, the line ``undoes`` was wrong and is ``undone``, or the
    list so far is ``signed`` by whoever looked at it."""

    model_config = show(examples.ATTENDANCE)

    change: Literal["came", "left", "undone", "signed"]
    undoes: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class OwnAttendanceBody(Body):
    """The member who is signed in ``came`` online, or ``left`` again."""

    model_config = show(examples.OWN_ATTENDANCE)

    change: Literal["came", "left"]


class AttendanceListBody(Body):
    """A list of signatures on ``paper``, with every member on it."""

    model_config = show(examples.ATTENDANCE_LIST)

    paper: Annotated[str, Field(min_length=1, max_length=300)]
    members: Annotated[list[ArrivalBody], Field(min_length=1, max_length=10_000)]
    entry_id: Id | None = None


class OwnVoteBody(Body):
    """A member's own vote. Sending it again under its ``ballot_id`` changes nothing.

    Who has several votes may divide them where the statutes let them (``voters.split``): the ``choice`` is ``split``
    then, and the three numbers are together all of the votes.
    """

    model_config = show(examples.OWN_VOTE)

    choice: Literal["for", "against", "blank", "split"]
    ballot_id: Id
    votes_for: Votes | None = None
    votes_against: Votes | None = None
    votes_blank: Votes | None = None


class MandateVoteBody(OwnVoteBody):
    """A vote by mandates: for the member ``member_id`` alone, or without it alike for all whose mandate is held. Votes
    are divided for one member at a time."""

    model_config = show(examples.MANDATE_VOTE)

    member_id: Id | None = None


def choice_of(body: OwnVoteBody) -> str | model.Parts:
    """The choice of a body, in one word or divided.

    Raises:
        BadInput: it says how many votes go where, and does not divide them.
    """
    parts, problems = read_parts(body.model_dump())
    if problems:
        raise BadInput(problems)
    return parts or body.choice


class CloseBody(Body):
    """The closing of a meeting, today; ``closed_on``, when given, says so. ``entitled_members``, when given, must be
    how many members with a vote stand on the voting list."""

    model_config = show(examples.CLOSE)

    closed_on: Day | None = None
    entitled_members: int | None = None
