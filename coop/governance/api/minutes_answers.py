"""Answers of governance on minutes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from coop.governance.api.answers import Answer, Word
from coop.governance.api.outcome_answers import StopOut


class TookPartOut(Answer):
    """Members of whom a ballot was counted, by the way in which they voted."""

    on_the_pages: int
    on_paper: int
    by_proxy: int


class ThereOut(Answer):
    """Members who were there by the list that the closing froze, of which ``list_hash`` is the hash."""

    room: int
    online: int
    mandate: int
    list_hash: str


class AttendanceMoveOut(Answer):
    """Members who came late and left in a quarter of an hour up to ``until``, and how many were there then."""

    until: datetime
    came: int
    left: int
    there: int


class RoundOut(Answer):
    """A vote of an election, with ``votes`` by the members' numbers, or by what else a ballot named."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": 1,
                    "word": "elected",
                    "article": "art. 12.5",
                    "votes": {"012": 31, "034": 29},
                    "valid": 60,
                    "blank": 2,
                    "invalid": 0,
                    "lot": [],
                }
            ]
        }
    )

    number: int
    word: str
    article: str
    votes: dict[str, int]
    valid: int
    blank: int
    invalid: int
    lot: list[str]


class DisputeOut(Answer):
    """An outcome that was disputed at the meeting: when, by a voter or by the majority, with how many of the votes that
    were there; ``new_vote``: with it a new vote was held."""

    at: datetime
    asked_by: Literal["voter", "majority"]
    votes_asking: int
    votes_there: int
    new_vote: bool


class MovedOut(Answer):
    """The motion by which a point came on the agenda: handed in ``by`` the member with that number, else by members in
    the room, or by the board where nobody backs it."""

    manner: Literal["amendment", "option"]
    by: Annotated[str | None, Field(examples=["012"])]
    backers: int


class PointMinutesOut(Answer):
    """A point in the minutes; one that was withdrawn has that reason, and neither verdict nor votes."""

    number: int
    resolution_id: str
    kind: str
    subject_nl: str
    subject_en: str
    article: str
    considerations: str
    dissent: str
    withdrawn: str | None
    verdict: Word | None
    reason: str | None = None
    votes_for: int | None = None
    votes_against: int | None = None
    votes_blank: int | None = None
    votes_present: int | None = None
    votes_entitled: int | None = None
    votes_needed: int | None = None
    parameters_hash: str | None = None
    elected: Annotated[list[str] | None, Field(examples=[["012"]])] = None
    rounds: list[RoundOut] | None = None
    disputes: list[DisputeOut] = Field(default_factory=list)
    moved: MovedOut | None = None
    again_of: str | None = None
    """The point that was voted on anew here, since its outcome was disputed."""


class FallenOut(StopOut):
    """A decision that does not hold any more."""

    resolution_id: str


class MeetingMinutesOut(Answer):
    """The minutes of a closed meeting. Without ``confirmed_at`` nobody wrote or confirmed them yet: then they hold what
    was decided alone. ``sha256`` is over everything that confirmed ones say."""

    co_operative: str
    meeting_id: str
    held_on: date
    begins_at: str
    place: str
    convened_on: date
    closed_at: datetime
    chair: str
    secretary: str
    members_entitled: int
    votes_entitled: int
    took_part: TookPartOut
    attendance: ThereOut | None
    moves: list[AttendanceMoveOut]
    voting_list_hash: str
    remarks: str
    points: list[PointMinutesOut]
    confirmed_at: datetime | None
    sha256: str | None
    fallen: list[FallenOut]
    """Decisions of the meeting that do not hold any more, whatever the minutes say of them."""
