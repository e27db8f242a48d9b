"""Commands on seats of the steering group: who speaks for which organisation, and until when.

Invariants: somebody takes a seat in their own session, and it holds once another person confirms it by the paper of
the appointment; nobody has two seats on a day; the end of a seat takes two people too; an organisation is written in
one way, so that it has one voice; no seat begins ahead.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from coop.events.governance import SteeringSeatEnded, SteeringSeatTaken
from coop.governance.dates import refuse_ahead
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.model import PARTIES
from coop.governance.programmes import seat_store as store
from coop.governance.programmes.rules import fold_name
from coop.governance.programmes.seat_store import Seat, SeatEnd
from coop.governance.texts import UNPRINTABLE
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say

SEAT: Final = "seat"
SEAT_END: Final = "seat-end"
ORGANISATION_MAX: Final = 200


def take_seat(
    tx: Tx, party: str, organisation: str, from_on: date, until_on: date | None, paper: str, entry_id: str = ""
) -> Entry:
    """Keep that whoever is signed in was appointed to the steering group, until somebody else confirms it.

    Raises:
        BadInput: a partner's organisation is not named, the seat begins ahead, or its days do not follow each other.
        CoopError: it is no person who asks, or they have a seat in that time already.
    """
    content = {
        "account_id": find_account(tx),
        "party": party,
        "organisation": organisation.strip(),
        "from_on": from_on.isoformat(),
        "until_on": until_on.isoformat() if until_on else "",
    }
    return entries.enter(tx, keep_seat, SEAT, "", paper.strip(), content, entry_id)


def find_account(tx: Tx) -> str:
    """The account of whoever acts.

    Raises:
        CoopError: a program acts, or the machine itself.
    """
    if tx.actor.kind != "account":
        raise CoopError("no-person", say("a seat in the steering group is a person's: sign in with your own account"))
    return tx.actor.id


def keep_seat(tx: Tx, entry: Entry) -> int:
    """Seat whoever entered it, and tell it; returns 1."""
    seat = read_seat(entry)
    tx.lock("steering seats")
    refuse_ahead(seat.from_on, tx.today, "from_on")
    problems = []
    if seat.party not in PARTIES:
        problems.append(Problem(say("choose the side that you speak for"), "party"))
    if (seat.party == "partner") != bool(seat.organisation):
        reason = say("name the organisation that appointed you") if seat.party == "partner" else say("leave this empty")
        problems.append(Problem(reason, "organisation"))
    if len(seat.organisation) > ORGANISATION_MAX or UNPRINTABLE.search(seat.organisation):
        problems.append(Problem(say("a name in at most %(most)s characters", most=ORGANISATION_MAX), "organisation"))
    elif seat.organisation and not fold_name(seat.organisation):
        problems.append(Problem(say("name the organisation that appointed you"), "organisation"))
    if seat.until_on is not None and seat.until_on <= seat.from_on:
        problems.append(Problem(say("a seat ends after it begins"), "until_on"))
    if problems:
        raise BadInput(problems, "bad-seat")
    seats = store.list_seats(tx)
    _refuse_other_spelling(seat.organisation, (other.organisation for other in seats))
    for other in seats:
        if other.account_id == seat.account_id and other.overlaps(seat):
            raise CoopError(
                "seat-there", say("you have a seat from %(day)s already: that ends first", day=other.from_on)
            )
    store.add_seat(tx, seat)
    tx.tell(
        SteeringSeatTaken(
            seat_id=seat.seat_id,
            account_id=seat.account_id,
            party=seat.party,
            organisation=seat.organisation,
            from_on=seat.from_on,
            until_on=seat.until_on,
        )
    )
    return 1


def _refuse_other_spelling(organisation: str, known: Iterable[str]) -> None:
    """Refuse an organisation that sits here under a name which reads the same: it would have a second voice."""
    for name in known:
        if name != organisation and name and fold_name(name) == fold_name(organisation):
            reason = say("this organisation is written %(name)s here: write it so, for it has one voice", name=name)
            raise BadInput([Problem(reason, "organisation")], "bad-seat")


def read_seat(entry: Entry) -> Seat:
    """The seat that an entry is about."""
    until = entry.content["until_on"]
    return Seat(
        entry.entry_id,
        entry.content["account_id"],
        entry.content["party"],
        entry.content["organisation"],
        date.fromisoformat(entry.content["from_on"]),
        date.fromisoformat(until) if until else None,
    )


def end_seat(tx: Tx, seat_id: str, ended_on: date, paper: str, entry_id: str = "") -> Entry:
    """Keep that somebody leaves the steering group before their day, until somebody else confirms it.

    Raises:
        NotFound: there is no such seat.
        BadInput: it does not last on that day, or the day has not come.
    """
    content = {"seat_id": seat_id, "ended_on": ended_on.isoformat()}
    return entries.enter(tx, keep_end, SEAT_END, "", paper.strip(), content, entry_id)


def keep_end(tx: Tx, entry: Entry) -> int:
    """End a seat, and tell it; returns 1."""
    seat_id, ended_on = str(entry.content["seat_id"]), date.fromisoformat(entry.content["ended_on"])
    tx.lock("steering seats")
    seat = next((each for each in store.list_seats(tx) if each.seat_id == seat_id), None)
    if seat is None:
        raise NotFound(say("there is no such seat"))
    if not seat.holds_on(ended_on):
        raise BadInput([Problem(say("this seat does not last on that day"), "ended_on")], "bad-seat")
    if ended_on > tx.today:
        raise BadInput([Problem(say("the end of a seat is entered once it came, not ahead"), "ended_on")], "bad-seat")
    if any(word.decided_on >= ended_on for word in store.list_words(tx, seat_id)):
        raise BadInput([Problem(say("this seat spoke on that day or later"), "ended_on")], "bad-seat")
    store.add_end(tx, SeatEnd(seat_id, ended_on, entry.entry_id))
    tx.tell(SteeringSeatEnded(seat_id=seat_id, account_id=seat.account_id, ended_on=ended_on))
    return 1


def require_seat(tx: Tx, party: str, decided_on: date) -> Seat:
    """The seat of whoever acts, by which they speak today for a side.

    Raises:
        CoopError: they have none today, or for the other side.
        BadInput: ``decided_on`` lies before it.
    """
    seat = store.find_seat(tx, find_account(tx), tx.today)
    if seat is None:
        said = say("you have no seat in the steering group: take it first, and have somebody else confirm it")
        raise CoopError("no-seat", said)
    if seat.party != party:
        raise CoopError("other-party", say("your seat is of the other side than your account"))
    if decided_on < seat.from_on:
        raise BadInput([Problem(say("your seat begins on %(day)s", day=seat.from_on), "decided_on")])
    return seat
