"""A form is looked at and written down. Written down again, it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from coop.kit.tx import Tx
from coop.members.connections.model import Occupancy
from coop.members.connections.store import list_occupancies
from coop.members.contracts.store import list_contracts
from coop.members.entry.model import Look, Move, Typed
from coop.members.entry.rules import merge_typed
from coop.members.entry.store import keep_stands
from coop.members.history.model import Change
from coop.members.history.store import list_changes
from coop.members.imports.commands import carry_out
from coop.members.imports.formats.line import Line
from coop.members.imports.formats.register_rows import Registered, key_of_row, read_row, write_row
from coop.members.imports.model import Record
from coop.members.imports.plans import hash_plan, load_registered, make_plan
from coop.members.imports.words import vocabulary
from coop.members.messages.commands import send
from coop.members.register.commands import LOCK, end_membership
from coop.members.register.model import Member, votes_of
from coop.members.register.store import get_member
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id, say


def look_at(tx: Tx, typed: Typed, *, is_new: bool = False) -> Look:
    """Work out what a form would do, without doing it.

    Raises:
        BadInput: something in it is wrong; every field is named, those of the second row and on as ``row.field``.
    """
    return _look(tx, typed, is_new)[1]


def write_down(tx: Tx, kind: str, typed: Typed, preview: str, *, is_new: bool = False) -> Look:
    """Do what a form says, as it was looked at.

    Raises:
        BadInput: something in it is wrong; every field is named.
        CoopError: it would do something else than was looked at.
    """
    tx.lock(LOCK)
    registered, look = _look(tx, typed, is_new)
    if look.preview != preview:
        raise CoopError("preview-needed", say("the register changed meanwhile: look at the differences once more"))
    if not look.is_empty:
        entry_id = derive_id("entry", tx.community, look.preview, tx.now.isoformat())
        carry_out(tx, look.plan, registered, entry_id, kind, reason=typed.reason.strip()[:500])
    return look


def look_at_move(tx: Tx, move: Move) -> Look:
    """Work out what a move would do.

    Raises:
        BadInput: something in it is wrong; fields of the row that is wrong are named.
        CoopError: nobody holds the connection on that day.
    """
    return _look(tx, _type_move(tx, move), is_new=False)[1]


def write_move(tx: Tx, move: Move, preview: str) -> Look:
    """Move somebody out, and somebody in where there is somebody, in one step.

    Raises:
        BadInput: something in it is wrong.
        CoopError: it would do something else than was looked at, or whoever leaves cannot leave on that day.
    """
    typed = _type_move(tx, move)
    look = write_down(tx, "move", typed, preview)
    if move.stands:
        keep_stands(tx, move.stands)
    if move.leaves:
        hold = find_hold(tx, move.connection_id, move.moved_on)
        leave(tx, hold.member_id, move.moved_on)
    return look


def leave(tx: Tx, member_id: str, left_on: date) -> None:
    """End a membership with all that hangs on it, and tell the member so.

    Raises:
        NotFound, CoopError: as ``end_membership``.
    """
    before = get_member(tx, member_id)
    end_membership(tx, member_id, left_on)
    if before.left_on is None:
        cause = derive_id("leaving", tx.community, member_id, tx.now.isoformat())
        send(tx, "leaving-entered", before, cause, left_on=left_on, link="/members/me")


def find_hold(tx: Tx, connection_id: str, day: date) -> Occupancy:
    """Find who held a connection until a day.

    Raises:
        CoopError: nobody did.
    """
    for hold in list_occupancies(tx):
        is_before = hold.opened_on < day and (hold.closed_on is None or hold.closed_on >= day)
        if hold.connection_id == connection_id and is_before:
            return hold
    raise CoopError("not-held", say("nobody held this connection on the day before %(day)s", day=day))


def _type_move(tx: Tx, move: Move) -> Typed:
    """The rows of a move: what ends, who comes, and what begins."""
    hold = find_hold(tx, move.connection_id, move.moved_on)
    registered = load_registered(tx)
    connection = registered.number_of("connection", hold.connection_id)
    day = str(move.moved_on)
    key = f"{connection}/{hold.opened_on}"
    row = write_row(registered.records["occupancy", key], registered)
    steps: list[tuple[str, Mapping[str, str]]] = [("occupancies", {**row, "closed_on": day})]
    steps += [
        ("contracts", {**write_row(contract, registered), "ends_on": day})
        for contract in list_contracts(tx, hold.member_id)
        if (contract.connection_id, contract.member_id) == (hold.connection_id, hold.member_id)
        and contract.starts_on < move.moved_on
        and (contract.ends_on is None or contract.ends_on > move.moved_on)
    ]
    if move.forwarding:
        steps.append(("members", {"number": registered.number_of("member", hold.member_id), **move.forwarding}))
    if move.newcomer:
        steps.append(("members", move.newcomer))
    if move.member:
        steps.append(("occupancies", {"connection": connection, "member": move.member, "opened_on": day}))
        parties = {"member": move.member, "connection": connection, "starts_on": day}
        steps.append(("contracts", {**parties, "number": move.contract, "tariff_clause": move.tariff_clause}))
    return Typed(tuple(steps), reason=move.reason)


def _look(tx: Tx, typed: Typed, is_new: bool) -> tuple[Registered, Look]:
    registered = load_registered(tx)
    ids, incoming, rows = dict(registered.ids), {}, []
    problems: list[Problem] = []
    later: list[Change] = []
    for nth, (kind, given) in enumerate(typed.steps, 1):
        key = key_of_row(kind, given)
        row: Mapping[str, str] = {name: text.strip() for name, text in given.items()}
        before = registered.records.get(key)
        if before is not None and is_new and nth == 1:
            problems.append(Problem(say("%(number)s is registered already", number=key[1]), "number", nth))
            continue
        if before is not None:
            since = list_changes(tx, *key, after=typed.version) if nth == 1 and not is_new else []
            row = merge_typed(write_row(before, registered), since, given)
            if isinstance(before, Member) and "votes" not in given and before.votes == votes_of(before.kind):
                row = {name: text for name, text in row.items() if name != "votes"}  # votes follow the kind
            later += since
        try:
            record = read_row(kind, Line(row, vocabulary().words.get(kind)), replace(registered, ids=ids))
        except BadInput as bad:
            problems += [replace(problem, line=nth) for problem in bad.problems]
            continue
        incoming[nth] = record
        rows.append((kind, row))
        ids |= _id_of(registered, record)
    known = replace(registered, ids=ids)
    plan = make_plan(tx, incoming, known, problems)
    if plan.problems:
        raise BadInput([_name_row(problem) for problem in plan.problems])
    return known, Look(tuple(rows), plan, hash_plan(plan, known), tuple(later))


def _id_of(registered: Registered, record: Record) -> dict[tuple[str, str], str]:
    noun, number = registered.key_of(record)
    return {} if noun == "occupancy" else {(noun, number): getattr(record, f"{noun}_id")}


def _name_row(problem: Problem) -> Problem:
    """The problem of a field, which names its row where there are several."""
    field = problem.field if problem.line in (None, 1) else f"{problem.line}.{problem.field}"
    return Problem(problem.reason, field)


def get_row(tx: Tx, noun: str, record_id: str) -> tuple[Mapping[str, str], int]:
    """The row of a record by its id, and its version.

    Raises:
        NotFound: there is no such record.
    """
    registered = load_registered(tx)
    number = registered.numbers.get((noun, record_id))
    if number is None:
        raise NotFound
    changes = list_changes(tx, noun, number)
    return write_row(registered.records[noun, number], registered), changes[0].number if changes else 0
