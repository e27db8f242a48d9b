"""Page of the steering group: who sits in it for whom, what it decided and why, and seats that two people sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS, party_of
from coop.governance.entries.forms import enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import get_entry, list_waiting
from coop.governance.programmes import seat_store, seats
from coop.governance.programmes.rules import find_like, numbered_tranches
from coop.governance.programmes.seat_store import Seat
from coop.governance.programmes.store import list_programmes
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.web.forms import Form, read_day
from coop.web.language import N_

PAGE: Final = "/governance/steering"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may

_CONFIRMED: Final = N_("Confirmed: it holds.")

KINDS: Final = {
    seats.SEAT: EntryKind(
        PAGE, seats.keep_seat, N_("Compare a seat in the steering group with its paper: %(paper)s"), _CONFIRMED
    ),
    seats.SEAT_END: EntryKind(
        PAGE,
        seats.keep_end,
        N_("Compare the end of a seat in the steering group with its paper: %(paper)s"),
        _CONFIRMED,
    ),
}


@routes.get("")
@may("see-programme")
def show_steering(request: Request) -> Response:
    """Show who sits in the steering group, and each of its decisions."""
    return _show(request, Form({}))


def _take(tx: Tx, session: Session, filled: Mapping[str, str]) -> str:
    """Keep that whoever is signed in sits for an organisation, until somebody else confirms it."""
    party = party_of(session)
    organisation = filled.get("organisation", "") if party == "partner" else ""
    until_on = read_day(filled, "until_on", "bad-seat") if filled.get("until_on") else None
    paper = filled.get("paper", "")
    seats.take_seat(tx, party, organisation, read_day(filled, "from_on", "bad-seat"), until_on, paper)
    return N_("This is on file. The seat is yours once somebody else of the board confirms it.")


def _leave(tx: Tx, session: Session, filled: Mapping[str, str]) -> str:
    """Keep that somebody leaves the steering group, until somebody else confirms it."""
    seats.end_seat(tx, filled.get("seat_id", ""), read_day(filled, "ended_on", "bad-seat"), filled.get("end_paper", ""))
    return N_("The end is entered. It holds once somebody else confirms it.")


def _list_like(seat: Seat, others: Sequence[Seat]) -> list[str]:
    """Names under which the organisation of a seat may sit here already, or be about to."""
    return find_like(seat.organisation, [each.organisation for each in others if each.organisation])


def _show(request: Request, form: Form) -> Response:
    session = session_of(request)
    with reading(request) as tx:
        seated, today = seat_store.list_seats(tx), tx.today
        by_id = {seat.seat_id: seat for seat in seated}
        words = seat_store.list_words(tx)
        entered = [
            (entry, seats.read_seat(entry) if entry.kind == seats.SEAT else by_id[entry.content["seat_id"]])
            for entry in list_waiting(tx, *KINDS)
        ]
        papers = {seat.seat_id: get_entry(tx, seat.seat_id) for seat in seated}
        numbers: dict[str, tuple[str, int]] = {}
        for programme in list_programmes(tx):
            numbers |= {key: (programme.name, number) for key, number in numbered_tranches(programme).items()}
    return show_page(
        request,
        "governance/steering.html",
        form,
        now=[seat for seat in seated if seat.until_on is None or today < seat.until_on],
        past=[seat for seat in reversed(seated) if seat.until_on is not None and seat.until_on <= today],
        decisions=[(word, by_id[word.seat_id], *numbers[word.tranche_id]) for word in reversed(words)],
        waiting=[(entry, seat, _list_like(seat, [*seated, *(each for _, each in entered)])) for entry, seat in entered],
        papers=papers,
        today=today,
        party=party_of(session),
        sits=any(seat.account_id == session.account_id and seat.holds_on(today) for seat in seated),
        taking=ACCESS.allows(session, "decide-tranche"),
        steward=ACCESS.allows(session, "confirm-entry"),
        officials=ACCESS.allows(session, "see-evidence"),
    )


enter_at(routes, KINDS, "decide-tranche", _take, _show)
enter_at(routes, KINDS, "decide-tranche", _leave, _show, "/ends")
settle_at(routes, KINDS, _show)
