"""The JSON API of offices: who is in one, and until when; terms of before and ends of terms, entered by one person and
confirmed by another, as on the page of offices."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from coop.governance.access import ACCESS
from coop.governance.api import bodies
from coop.governance.api.answers import Answer, EntryOut, tell_entry
from coop.governance.ballots.elections import papers
from coop.governance.ballots.elections.candidacy import OFFICES
from coop.governance.meetings.term_store import Term, find_term, list_terms
from coop.kit.http import GuardedRoute, reading, writing
from coop.kit.paging import Paged
from coop.values import NotFound, say

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/offices", tags=["governance"])
may = ACCESS.may

Paper = Annotated[str, Field(max_length=300)]
"""The minutes, letter or deed that it stands on."""

Office = Annotated[str, Field(max_length=100, json_schema_extra={"enum": list(OFFICES)})]

_TERM: Final[dict[str, Any]] = {
    "office": "board",
    "member_id": "member-12",
    "begins_on": "2024-05-01",
    "ends_on": "2028-05-01",
    "stands_for": "",
}
_PAPER: Final = "minutes of 30 April 2024, point 6"


class TermBody(bodies.Body):
    """A term that no election on these pages made: who was elected before, or appointed otherwise. ``ends_on`` is the
    first day without the office; ``stands_for`` the group of members for whom a delegate sits."""

    model_config = bodies.show({**_TERM, "paper": _PAPER})

    office: Office
    member_id: bodies.Id
    begins_on: bodies.Day
    ends_on: bodies.Day
    stands_for: bodies.Line = ""
    paper: Paper
    entry_id: bodies.Id | None = None


class TermEndBody(bodies.Body):
    """That somebody stepped down or was dismissed: the term by office, member and first day, and the first day without
    it."""

    model_config = bodies.show(
        {
            "office": "board",
            "member_id": "member-12",
            "begins_on": "2024-05-01",
            "ended_on": "2026-03-01",
            "paper": "letter of 20 February",
        }
    )

    office: Office
    member_id: bodies.Id
    begins_on: bodies.Day
    ended_on: bodies.Day
    paper: Paper
    entry_id: bodies.Id | None = None


class TermOut(Answer):
    """Somebody in an office. ``state``: coming, now or past. A term comes from an election, ``resolution_id``, or from
    an entry that two people signed, ``entry_id``."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {**_TERM, "state": "now", "resolution_id": "", "entry_id": "8b1a9953-c461-4129-a827-abf8c47804d7"}
            ]
        },
    )

    office: str
    member_id: str
    begins_on: date
    ends_on: date
    stands_for: str
    state: Literal["coming", "now", "past"]
    resolution_id: str
    entry_id: str | None


@routes.get("")
@may("see-decisions")
def list_offices(request: Request, page: Paged) -> list[TermOut]:
    """Everybody in an office, past and to come, those that begin last first."""
    with reading(request) as tx:
        listed = [_describe(term, tx.today) for term in list_terms(tx)]
    listed.sort(key=_key_of, reverse=True)
    return list(page.cut(listed, _key_of, newest_first=True))


def _describe(term: Term, today: date) -> TermOut:
    state: Literal["coming", "now", "past"]
    state = "coming" if today < term.begins_on else "now" if today < term.ends_on else "past"
    return TermOut(
        office=term.office,
        member_id=term.member_id,
        begins_on=term.begins_on,
        ends_on=term.ends_on,
        stands_for=term.stands_for,
        state=state,
        resolution_id=term.resolution_id,
        entry_id=term.entry_id,
    )


def _key_of(term: TermOut) -> tuple[str, str]:
    return term.begins_on.isoformat(), f"{term.office} {term.member_id}"


@routes.post("")
@may("enter-past-meeting")
def enter_office_term(request: Request, body: TermBody) -> EntryOut:
    """Enter that somebody is in an office; it holds once somebody else confirms it."""
    term = Term(body.office, body.member_id, body.begins_on, body.ends_on, stands_for=body.stands_for)
    with writing(request) as tx:
        entry = papers.enter_term(tx, body.paper, term, body.entry_id or "")
        return tell_entry(tx, entry)


@routes.post("/ends")
@may("enter-past-meeting")
def enter_office_end(request: Request, body: TermEndBody) -> EntryOut:
    """Enter that a term ended before its day; it holds once somebody else confirms it.

    Raises:
        NotFound: nobody is in that office from that day.
    """
    with writing(request) as tx:
        term = find_term(tx, body.office, body.member_id, body.begins_on)
        if term is None:
            raise NotFound(say("nobody is in that office from that day"))
        entry = papers.enter_end(tx, body.paper, term, body.ended_on, body.entry_id or "")
        return tell_entry(tx, entry)
