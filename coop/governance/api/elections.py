"""The JSON API of elections: who stands, the open vote with the own ballot, counts and lots, and who is elected.

What people do on the page of an election, by the same commands: a member casts, a steward opens and counts, and what is
on paper is entered by one person and confirmed by another.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from coop.governance.access import ACCESS
from coop.governance.api import bodies, examples
from coop.governance.api.answers import Answer, EntryOut, tell_entry
from coop.governance.ballots.elections import commands, papers, store
from coop.governance.ballots.elections.model import Counted, Sheet
from coop.governance.ballots.elections.reading import Election, find_election
from coop.governance.meetings.store import find_decision
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, say

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/elections", tags=["governance"])
may = ACCESS.may

Number = Annotated[int, Field(ge=1, le=commands.VOTES_MAX)]
"""Number of a vote of an election: 1 for the first."""

Votes = Annotated[int, Field(ge=0, le=10_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
"""A name that can be voted for: the id of a member or of a list, or ``against``, ``break`` or ``keep``."""


class ElectionBallotBody(bodies.Body):
    """A ballot in the ``number``-th vote: the names that it is for, and none of them where it is blank."""

    model_config = bodies.show(examples.ELECTION_BALLOT)

    number: Number
    choices: Annotated[list[Name], Field(max_length=100)]
    ballot_id: bodies.Id
    """Id by which sending it again is the same ballot."""


class ElectionOpenBody(bodies.Body):
    """The next vote of an election; ``on_paper``: whoever is in the room votes on paper in it."""

    model_config = bodies.show(examples.ELECTION_OPEN)

    on_paper: bool = False


class ElectionCountBody(bodies.Body):
    """The vote that is to be closed and counted."""

    model_config = bodies.show(examples.ELECTION_COUNT)

    number: Number


class ElectionVotesBody(bodies.Body):
    """Votes on one name."""

    name: Name
    votes: Votes


class ElectionSheetBody(bodies.Body):
    """A count of the papers of the room: votes by name, and votes on valid, blank and invalid papers."""

    model_config = bodies.show(examples.ELECTION_SHEET)

    number: Number
    votes: Annotated[list[ElectionVotesBody], Field(max_length=200)]
    valid: Votes
    blank: Votes = 0
    invalid: Votes = 0
    paper: Annotated[str, Field(min_length=1, max_length=300)]
    entry_id: bodies.Id | None = None


class ElectionLotBody(bodies.Body):
    """A lot after the ``number``-th vote, as it fell before two people."""

    model_config = bodies.show(examples.ELECTION_LOT)

    number: Number
    drawn: Annotated[list[Name], Field(min_length=1, max_length=100)]
    paper: Annotated[str, Field(min_length=1, max_length=300)]
    entry_id: bodies.Id | None = None


class ElectionCandidateOut(Answer):
    """A name that one can vote for, and its members: of a list all of them."""

    name: str
    members: list[str]
    nominated: bool


class ElectionOpenVoteOut(Answer):
    """The vote that is open now; ``counts_from`` is the first instant at which it is counted."""

    number: int
    kind: Literal["nomination", "round", "intermediate"]
    options: list[str]
    names_most: int
    on_paper: bool
    secret: bool
    counts_from: datetime


class ElectionOwnOut(Answer):
    """The ballot of the member who asks that stands in the open vote, null where there is none; whether the holder of a
    mandate cast it; and for how many others this member can vote."""

    choices: list[str] | None
    by_holder: bool
    mandates: int


class ElectionDrawOut(Answer):
    """A lot that has to be drawn before anything goes on."""

    among: list[str]
    picks: int
    does: Literal["elects", "goes on", "falls away"]


class ElectionVotesOut(Answer):
    """Votes on one name."""

    name: str
    votes: int


class ElectionRoundOut(Answer):
    """A vote that was counted, with its ruling and the article of it; ``drawn`` are the names on which the lot fell
    after it, and ``entry_id`` is the count on paper that it holds."""

    number: int
    kind: Literal["nomination", "round", "intermediate"]
    votes: list[ElectionVotesOut]
    valid: int
    blank: int
    invalid: int
    entitled: int
    word: str
    article: str
    drawn: list[str]
    entry_id: str | None


class ElectionOut(Answer):
    """An election as it stands: who stands for what, the vote that is open, every count so far, and who is elected.
    While none is open, ``next_options`` are the names of the next vote; there is none once it is over."""

    model_config = bodies.show(examples.ELECTION)

    resolution_id: str
    meeting_id: str
    office: str
    seats: int
    begins_on: date
    ends_on: date
    candidates: list[ElectionCandidateOut]
    is_withdrawn: bool
    open_vote: ElectionOpenVoteOut | None
    own: ElectionOwnOut | None
    next_options: list[str]
    draw: ElectionDrawOut | None
    rounds: list[ElectionRoundOut]
    elected: list[str]
    is_over: bool
    decided_on: date | None


@routes.get("/{resolution_id}")
@may("see-decisions")
def read_election(request: Request, resolution_id: str) -> ElectionOut:
    """An election as it stands, with the own ballot of the member who asks; nobody's else, and no count of an open
    vote."""
    with reading(request) as tx:
        return _describe(tx, resolution_id, session_of(request).member_id)


@routes.post("/{resolution_id}/ballots")
@may("vote")
def cast_election_ballot(request: Request, resolution_id: str, body: ElectionBallotBody) -> ElectionOut:
    """Cast the vote of the member who is signed in; it may be cast anew until it is counted."""
    member_id = _get_member(request)
    with writing(request) as tx:
        commands.cast_own(tx, resolution_id, body.number, member_id, body.choices, body.ballot_id)
        return _describe(tx, resolution_id, member_id)


@routes.post("/{resolution_id}/mandate-ballots")
@may("vote")
def cast_election_mandates(request: Request, resolution_id: str, body: ElectionBallotBody) -> ElectionOut:
    """Cast the votes of everybody who gave the member who is signed in a mandate, and did not vote themselves."""
    member_id = _get_member(request)
    with writing(request) as tx:
        commands.cast_by_mandates(tx, resolution_id, body.number, member_id, body.choices, body.ballot_id)
        return _describe(tx, resolution_id, member_id)


@routes.post("/{resolution_id}/votes")
@may("close-meeting")
def open_election_vote(request: Request, resolution_id: str, body: ElectionOpenBody) -> ElectionOut:
    """Open the next vote, on the names that the counts and lots before left; one that is open stays."""
    with writing(request) as tx:
        commands.open_vote(tx, resolution_id, on_paper=body.on_paper)
        return _describe(tx, resolution_id, session_of(request).member_id)


@routes.post("/{resolution_id}/counts")
@may("close-meeting")
def count_election_vote(request: Request, resolution_id: str, body: ElectionCountBody) -> ElectionOut:
    """Close a vote and count it, with the papers that two people counted; once counted it stays so."""
    with writing(request) as tx:
        commands.close_vote(tx, resolution_id, body.number)
        return _describe(tx, resolution_id, session_of(request).member_id)


@routes.post("/{resolution_id}/paper-counts")
@may("close-meeting")
def enter_election_papers(request: Request, resolution_id: str, body: ElectionSheetBody) -> EntryOut:
    """Enter the count of the papers of the room; it holds once somebody else confirms it."""
    votes = {each.name: each.votes for each in body.votes}
    if len(votes) < len(body.votes):
        raise BadInput([Problem(say("a name stands here twice"), "votes")], "bad-count")
    sheet = Sheet(votes, body.valid, body.blank, body.invalid)
    with writing(request) as tx:
        entry = papers.enter_count(tx, resolution_id, body.number, body.paper, sheet, body.entry_id or "")
        return tell_entry(tx, entry)


@routes.post("/{resolution_id}/lots")
@may("close-meeting")
def enter_election_lot(request: Request, resolution_id: str, body: ElectionLotBody) -> EntryOut:
    """Enter how a lot fell; it decides once somebody else who saw it confirms it."""
    with writing(request) as tx:
        entry = papers.enter_lot(tx, resolution_id, body.number, body.paper, body.drawn, body.entry_id or "")
        return tell_entry(tx, entry)


def _get_member(request: Request) -> str:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    return member_id


def _describe(tx: Tx, resolution_id: str, member_id: str | None) -> ElectionOut:
    election = find_election(tx, resolution_id)
    candidacy, stand, opened = election.candidacy, election.stand, election.open_vote
    draw = stand.draw
    decided = find_decision(tx, resolution_id)
    return ElectionOut(
        resolution_id=resolution_id,
        meeting_id=election.meeting.meeting_id,
        office=candidacy.office,
        seats=candidacy.seats,
        begins_on=candidacy.begins_on,
        ends_on=candidacy.ends_on,
        candidates=[
            ElectionCandidateOut(name=name, members=list(members), nominated=name in candidacy.nominated)
            for name, members in candidacy.options.items()
        ],
        is_withdrawn=election.is_withdrawn,
        open_vote=None
        if opened is None
        else ElectionOpenVoteOut(
            number=opened.number,
            kind=opened.kind,
            options=list(opened.options),
            names_most=opened.seats,
            on_paper=opened.on_paper,
            secret=opened.secret,
            counts_from=election.counts_from,
        ),
        own=_describe_own(tx, election, member_id),
        next_options=[] if opened or stand.over or draw else list(stand.options),
        draw=ElectionDrawOut(among=list(draw.among), picks=draw.picks, does=draw.does) if draw else None,
        rounds=[_describe_round(election, count) for count in election.counted],
        elected=list(stand.elected),
        is_over=stand.over,
        decided_on=decided.decided_on if decided else None,
    )


def _describe_own(tx: Tx, election: Election, member_id: str | None) -> ElectionOwnOut | None:
    """What the member who asks has in the open vote; None where none is open, or nobody of the members asks."""
    opened = election.open_vote
    if opened is None or member_id is None:
        return None
    cast = store.list_ballots(tx, opened.resolution_id, opened.number).get(member_id, [])
    return ElectionOwnOut(
        choices=list(cast[-1].choices) if cast else None,
        by_holder=bool(cast) and not cast[-1].personal,
        mandates=len(commands.list_open_givers(tx, election, opened.number, member_id)),
    )


def _describe_round(election: Election, count: Counted) -> ElectionRoundOut:
    return ElectionRoundOut(
        number=count.number,
        kind=next(each.kind for each in election.opened if each.number == count.number),
        votes=[ElectionVotesOut(name=name, votes=votes) for name, votes in count.votes.items()],
        valid=count.valid,
        blank=count.blank,
        invalid=count.invalid,
        entitled=count.entitled,
        word=count.word,
        article=count.article,
        drawn=[name for lot in election.lots if lot.number == count.number for name in lot.drawn],
        entry_id=count.entry_id,
    )
