"""The JSON API of the steering group: who sits in it, and what it decides on money that the rule did not release."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from coop.governance.access import ACCESS, party_of
from coop.governance.api import bodies, programme_bodies
from coop.governance.api.answers import Answer, EntryOut, SteeredOut, tell_entry
from coop.governance.entries.store import find_settled, get_entry
from coop.governance.programmes import commands, seat_store, seats
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.paging import Paged
from coop.kit.tx import Tx

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1", tags=["governance"])
may = ACCESS.may

Paper = Annotated[str, Field(max_length=300)]
"""The paper that appoints somebody, or by which they leave."""

_SEAT: Final[dict[str, Any]] = {
    "organisation": "Waterschap AGV",
    "from_on": "2026-03-01",
    "until_on": "2028-03-01",
    "paper": "letter of the water board of 20 February",
}
_END: Final[dict[str, Any]] = {"ended_on": "2027-06-01", "paper": "letter of the water board of 28 May"}
_SEATED: Final[dict[str, Any]] = {
    "seat_id": "8b1a9953-c461-4129-a827-abf8c47804d7",
    "account_id": "b562cd9c-9808-5cf4-86e6-64be69ecb84c",
    "party": "partner",
    "organisation": "Waterschap AGV",
    "from_on": "2026-03-01",
    "until_on": "2028-03-01",
    "entered_by": "account:b562cd9c-9808-5cf4-86e6-64be69ecb84c",
    "confirmed_by": "account:0c1f5f0e-0f6f-5f0c-9a3e-1f2b3c4d5e6f",
    "confirmed_at": "2026-03-01T09:00:00Z",
}
_DECIDED: Final[dict[str, Any]] = {
    "year": 2026,
    "number": 3,
    "tranche_id": "t1",
    "decided_on": "2026-03-01",
    "party": "partner",
    "organisation": "Waterschap AGV",
    "decision": "release",
    "reason": "The permit came late; the work itself is done.",
    "seat_id": "8b1a9953-c461-4129-a827-abf8c47804d7",
    "recorded_at": "2026-03-02T10:15:00Z",
}


class SeatBody(bodies.Body):
    """A seat for whoever is signed in. The side follows from their account; a partner names the ``organisation``, the
    co-operative's own people leave it empty. ``until_on`` is the first day without the seat."""

    model_config = bodies.show(_SEAT)

    organisation: bodies.Line = ""
    from_on: bodies.Day
    until_on: bodies.Day | None = None
    paper: Paper
    entry_id: bodies.Id | None = None


class SeatEndBody(bodies.Body):
    """The first day without a seat that ends before its day."""

    model_config = bodies.show(_END)

    ended_on: bodies.Day
    paper: Paper
    entry_id: bodies.Id | None = None


class SeatOut(Answer):
    """Somebody in the steering group, by the id of their account: they entered it, and another person confirmed it.
    ``organisation`` is empty for the co-operative itself."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_SEATED]})

    seat_id: str
    account_id: str
    party: Literal["co-operative", "partner"]
    organisation: str
    from_on: date
    until_on: date | None
    entered_by: str
    confirmed_by: str
    confirmed_at: datetime


class SteeringDecisionOut(Answer):
    """One decision of the steering group: of one organisation, from a seat, with its reason. ``number`` counts those of
    a year without a gap."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_DECIDED]})

    year: int
    number: int
    tranche_id: str
    decided_on: date
    party: Literal["co-operative", "partner"]
    organisation: str
    decision: Literal["release", "keep"]
    reason: str
    seat_id: str
    recorded_at: datetime
    """Instant at which it was put on file, by the server's clock; ``decided_on`` is what whoever spoke says."""


@routes.get("/steering/seats")
@may("see-evidence")
def list_steering_seats(request: Request, page: Paged) -> list[SeatOut]:
    """Every seat of the steering group that two people signed, newest first."""
    with reading(request) as tx:
        listed = [_describe(tx, seat) for seat in seat_store.list_seats(tx)]
    listed.sort(key=_key_of_seat, reverse=True)
    return list(page.cut(listed, _key_of_seat, newest_first=True))


def _describe(tx: Tx, seat: seat_store.Seat) -> SeatOut:
    entry, settled = get_entry(tx, seat.seat_id), find_settled(tx, seat.seat_id)
    assert settled is not None, "two people signed it"
    return SeatOut(
        seat_id=seat.seat_id,
        account_id=seat.account_id,
        party=seat.party,  # type: ignore[arg-type]  # the table's own CHECK names the parties
        organisation=seat.organisation,
        from_on=seat.from_on,
        until_on=seat.until_on,
        entered_by=entry.actor,
        confirmed_by=settled.actor,
        confirmed_at=settled.recorded_at,
    )


def _key_of_seat(seat: SeatOut) -> tuple[str, str]:
    return seat.from_on.isoformat(), seat.seat_id


@routes.post("/steering/seats")
@may("decide-tranche")
def enter_steering_seat(request: Request, body: SeatBody) -> EntryOut:
    """Take a seat in the steering group; it holds once somebody else confirms it."""
    party = party_of(session_of(request))
    with writing(request) as tx:
        entry = seats.take_seat(
            tx, party, body.organisation, body.from_on, body.until_on, body.paper, body.entry_id or ""
        )
        return tell_entry(tx, entry)


@routes.post("/steering/seats/{seat_id}/end")
@may("decide-tranche")
def end_steering_seat(request: Request, seat_id: str, body: SeatEndBody) -> EntryOut:
    """Enter that somebody leaves the steering group before their day; it holds once somebody else confirms it."""
    with writing(request) as tx:
        entry = seats.end_seat(tx, seat_id, body.ended_on, body.paper, body.entry_id or "")
        return tell_entry(tx, entry)


@routes.get("/steering/decisions")
@may("see-programme")
def list_steering_decisions(request: Request, page: Paged) -> list[SteeringDecisionOut]:
    """Every decision of the steering group with its reason, newest first."""
    with reading(request) as tx:
        listed = [SteeringDecisionOut.model_validate(word) for word in reversed(seat_store.list_words(tx))]
    return list(page.cut(listed, _key_of_decision, newest_first=True))


def _key_of_decision(word: SteeringDecisionOut) -> tuple[str, str]:
    return f"{word.year:04d}", f"{word.number:09d}"


@routes.post("/tranches/{tranche_id}/decide")
@may("decide-tranche")
def decide_tranche(request: Request, tranche_id: str, body: programme_bodies.SteeringBody) -> SteeredOut:
    """Speak from your seat in the steering group on a tranche that the rule did not release."""
    party = party_of(session_of(request))
    with writing(request) as tx:
        released = commands.decide_referred(tx, tranche_id, body.decision, body.decided_on, party, body.reason)
        words = [word for word in seat_store.list_words(tx) if word.tranche_id == tranche_id]
    said = next(
        word for word in words if (word.party, word.decided_on, word.actor) == (party, body.decided_on, str(tx.actor))
    )
    return SteeredOut(
        tranche_id=tranche_id,
        decision=body.decision,
        decided_on=body.decided_on,
        released=released,
        year=said.year,
        number=said.number,
    )
