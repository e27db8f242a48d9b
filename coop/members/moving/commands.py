"""Commands of a move that a member tells of: tell it, take it back, write it down, refuse it.

Invariant: of a member one telling waits at a time, and the register changes only when the board writes it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from coop.kit.tx import Tx
from coop.members.connections.model import Occupancy
from coop.members.connections.store import list_occupancies
from coop.members.entry import commands as entry
from coop.members.entry.model import Look, Move, Stands, Typed
from coop.members.entry.store import keep_stands
from coop.members.imports.plans import load_registered
from coop.members.messages.commands import send
from coop.members.moving.rules import NOTE_MAX, check, put_in_words
from coop.members.register.commands import LOCK
from coop.members.register.store import get_member
from coop.members.told_moves import store
from coop.members.told_moves.model import POSTAL, Placing, Telling, Told
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id, say


def list_homes(tx: Tx, member_id: str, day: date) -> list[Occupancy]:
    """List what a member holds on a day or later, which they can move out of."""
    return [
        hold
        for hold in list_occupancies(tx)
        if hold.member_id == member_id and (hold.closed_on is None or hold.closed_on > day)
    ]


def tell(tx: Tx, telling: Telling) -> int:
    """Keep that a member moves, in their own words; returns the number under which it waits.

    Raises:
        BadInput: a field is wrong, or the home is not theirs on that day; every field at once.
        CoopError: another telling of theirs waits.
        NotFound: there is no such member.
    """
    tx.lock(LOCK)
    get_member(tx, telling.member_id)
    if store.find_waiting(tx, telling.member_id):
        raise CoopError("move-waits", say("a move that you told of waits already; take it back first"))
    problems = check(telling, tx.today)
    if telling.way == "out":
        homes = {hold.connection_id: hold for hold in list_homes(tx, telling.member_id, tx.today.replace(day=1))}
        hold = homes.get(telling.connection_id)
        if hold is None:
            problems.append(Problem(say("choose the home that you move out of"), "connection_id"))
        elif not hold.opened_on < telling.moved_on:
            problems.append(Problem(say("lies before the day on which you moved in"), "moved_on"))
    if problems:
        raise BadInput(problems, "bad-move")
    return store.add_telling(tx, telling)


def take_back(tx: Tx, member_id: str) -> None:
    """Take back what waits of a member; without anything that waits, nothing changes."""
    tx.lock(LOCK)
    if waiting := store.find_waiting(tx, member_id):
        store.settle(tx, waiting.number, "withdrawn")


def get_told(tx: Tx, number: int) -> Told:
    """Find a telling.

    Raises:
        NotFound: there is none with this number.
    """
    told = store.find_told(tx, number)
    if told is None:
        raise NotFound
    return told


def look_at(tx: Tx, told: Told, placing: Placing) -> Look:
    """Work out what writing a telling down would do.

    Raises:
        BadInput: something in it is wrong; every field is named.
        CoopError: the member does not hold the home on that day.
    """
    if told.told.way == "out":
        return entry.look_at_move(tx, _make_move(tx, told))
    return entry.look_at(tx, _type_arrival(tx, told, placing))


def write(tx: Tx, number: int, placing: Placing, preview: str) -> None:
    """Write a telling down as it was looked at, and tell the member. What is settled stays as it is.

    Raises:
        BadInput: something in it is wrong; every field is named.
        CoopError: it would do something else than was looked at, or the member does not hold the home on that day.
        NotFound: there is no such telling.
    """
    tx.lock(LOCK)
    told = get_told(tx, number)
    if told.outcome is not None:
        return
    telling = told.told
    if telling.way == "out":
        entry.write_move(tx, _make_move(tx, told), preview)
    else:
        entry.write_down(tx, "move", _type_arrival(tx, told, placing), preview)
        if telling.stands:
            connection_id = load_registered(tx).ids["connection", placing.connection]
            keep_stands(tx, Stands(connection_id, telling.moved_on, **telling.stands))
    store.settle(tx, number, "written")
    _answer(tx, told, "move-written")


def refuse(tx: Tx, number: int, reason: str) -> None:
    """Leave the register as it is, and tell the member why. What is settled stays as it is.

    Raises:
        BadInput: there is no reason that can be read.
        NotFound: there is no such telling.
    """
    tx.lock(LOCK)
    told, reason = get_told(tx, number), reason.strip()
    if not 0 < len(reason) <= NOTE_MAX or not reason.isprintable():
        raise BadInput([Problem(say("needs 1 to %(max)s signs that print", max=NOTE_MAX), "reason")], "bad-reason")
    if told.outcome is None:
        store.settle(tx, number, "refused", reason)
        _answer(tx, told, "move-refused", reason=reason)


def _answer(tx: Tx, told: Told, kind: str, **values: object) -> None:
    member = get_member(tx, told.told.member_id)
    what = put_in_words(told.told, _find_address(tx, told.told))
    send(tx, kind, member, derive_id("move", tx.community, str(told.number)), what=what, link="/members/me", **values)


def _find_address(tx: Tx, telling: Telling) -> str:
    """The home in words: the register's, or the member's own."""
    connection_id = telling.connection_id
    return entry.get_row(tx, "connection", connection_id)[0]["address"] if connection_id else telling.home


def _make_move(tx: Tx, told: Told) -> Move:
    telling = told.told
    stands = Stands(telling.connection_id, telling.moved_on, **telling.stands) if telling.stands else None
    if entry.find_hold(tx, telling.connection_id, telling.moved_on).member_id != telling.member_id:
        raise CoopError("not-held", say("somebody else held this home on the day before"))
    return Move(
        telling.connection_id,
        telling.moved_on,
        leaves=telling.leaves,
        stands=stands,
        forwarding=telling.postal,
        reason=telling.note,
    )


def _type_arrival(tx: Tx, told: Told, placing: Placing) -> Typed:
    telling, registered = told.told, load_registered(tx)
    member = registered.number_of("member", telling.member_id)
    parties = {"member": member, "connection": placing.connection}
    day = str(telling.moved_on)
    steps: list[tuple[str, Mapping[str, str]]] = [("occupancies", {**parties, "opened_on": day})]
    if placing.contract:
        contract = {"number": placing.contract, "starts_on": day, "tariff_clause": placing.tariff_clause}
        steps.append(("contracts", {**parties, **contract}))
    if telling.postal:
        steps.append(("members", {"number": member, **{name: telling.postal[name] for name in POSTAL}}))
    return Typed(tuple(steps), reason=telling.note)
