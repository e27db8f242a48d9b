"""An end in the register is taken back or moved to another day. Given again, a command changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from coop.kit.tx import Tx
from coop.members.connections.model import Occupancy
from coop.members.connections.store import list_occupancies
from coop.members.contracts.model import Contract
from coop.members.contracts.store import list_contracts
from coop.members.entry.commands import look_at, write_down
from coop.members.entry.model import Typed
from coop.members.history.store import list_changes
from coop.members.identity.commands.accounts import set_active
from coop.members.identity.store import list_accounts_of
from coop.members.imports.commands import carry_out, take_out
from coop.members.imports.formats.register_rows import Registered, write_row
from coop.members.imports.model import Record
from coop.members.imports.plans import hash_plan, list_bills_resting, load_registered, make_plan, name_bills, only
from coop.members.imports.store import find_import, list_entries
from coop.members.leavings import store
from coop.members.leavings.model import Ended, Ending, Look, Wish, end_of
from coop.members.messages.commands import send
from coop.members.register.commands import LOCK
from coop.members.register.model import ERASED, RESTRICTED, Member, MemberFile
from coop.members.register.store import get_file, get_member
from coop.members.resting.model import Rest
from coop.members.resting.store import count_votes_since, list_bills_on
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id, say

REASON_MAX = 500


def look_at_ending(tx: Tx, wish: Wish) -> Look:
    """Work out what another end would do, and what rests on the end as it is.

    Raises:
        NotFound: there is no such record.
        BadInput: no reason is given, or the register does not take the day; every reason is named.
        CoopError: ``not-ended``; ``erased``, who it was is no longer known; ``taken-since``, somebody else lives there;
            ``bills-rest``, who came by the same move has bills already.
    """
    return _look(tx, wish)[1]


def mend_ending(tx: Tx, grants: Collection[str], wish: Wish, preview: str) -> Look:
    """Write down another end, or that nothing ended, as it was looked at; accounts of the member are opened again, and
    the member is told where they were told that they left.

    Raises:
        NotFound, BadInput, CoopError: as ``look_at_ending``; ``preview-needed``, it would do something else.
        NotAllowed: an account has a role that whoever acts may not give out.
    """
    tx.lock(LOCK)
    registered, look = _look(tx, wish)
    if look.preview != preview:
        raise CoopError("preview-needed", say("the register changed meanwhile: look at the differences once more"))
    steps = _rows_of_arrivals(tx, registered, look.ended, wish.day)
    if look.ended.move_id:
        take_out(tx, look.ended.move_id)
        registered = load_registered(tx)
    reason = wish.reason.strip()
    entry_id = derive_id("entry", tx.community, preview, tx.now.isoformat())
    carry_out(tx, look.plan, registered, entry_id, "ending", reason=reason)
    if steps:
        typed = Typed(steps, reason=reason)
        write_down(tx, "move", typed, look_at(tx, typed).preview)
    member = look.ended.member
    theirs = {account.account_id for account in list_accounts_of(tx, member.member_id)}
    for account_id in wish.accounts:
        if account_id not in theirs:
            raise NotFound
        set_active(tx, grants, account_id, active=True)
    left_on = get_member(tx, member.member_id).left_on
    if left_on != member.left_on and store.was_told(tx, member.member_id):
        kind = "leaving-taken-back" if left_on is None else "leaving-moved"
        send(tx, kind, member, entry_id, was_on=member.left_on, left_on=left_on, reason=reason, link="/members/me")
    return look


def _look(tx: Tx, wish: Wish) -> tuple[Registered, Look]:
    if not wish.reason.strip() or len(wish.reason) > REASON_MAX:
        raise BadInput([Problem(say("say why, in at most %(most)s characters", most=REASON_MAX), "reason")])
    if not wish.reason.isprintable():
        raise BadInput([Problem(say("it holds a sign that does not print"), "reason")])
    registered = load_registered(tx)
    ended = find_ended(tx, wish)
    if ended.move_id and (bills := list_bills_resting(tx, ended.move_id)):
        raise CoopError(
            "bills-rest",
            say(
                "%(names)s came by the same move and has bills already: %(bills)s",
                names=tuple(member.name for member in ended.arrivals),
                bills=name_bills(bills),
            ),
        )
    staying = _leave_out_arrivals(tx, registered, ended)
    incoming: dict[int, Record] = {}
    for nth, record in enumerate(ended.records, 1):
        incoming[nth] = _end_anew(tx, record, staying, ended.day, wish.day)
        _require_free(tx, incoming[nth], staying, ended.day)
    plan = make_plan(tx, incoming, staying, changes_membership=True)
    if plan.problems:
        raise BadInput([Problem(problem.reason, "day") for problem in plan.problems])
    content = f"{hash_plan(plan, staying)} {ended.move_id} {wish.day} {sorted(wish.accounts)}"
    preview = hashlib.sha256(content.encode()).hexdigest()
    return registered, Look(ended, plan, preview, _find_rest(tx, ended, wish.day))


def find_ended(tx: Tx, wish: Wish) -> Ended:
    """Find what ended, with all that ended by the same leaving or move.

    Raises:
        NotFound: there is no such record.
        CoopError: ``not-ended``, or ``erased``.
    """
    record = _find_record(tx, wish)
    day = end_of(record)[1]
    if day is None:
        raise CoopError("not-ended", say("nothing ended here"))
    file = get_file(tx, record.member_id)
    member = file.member
    if member.name in (ERASED, RESTRICTED):
        raise CoopError("erased", say("member %(number)s was erased: nobody knows who it was", number=member.number))
    records: tuple[Ending, ...] = (record,)
    if wish.whole and not isinstance(record, Contract):
        records = _collect(file, record, day)
    holds = [each for each in records if isinstance(each, Occupancy)] if wish.whole else []
    move_id = next((found for hold in holds if (found := store.find_move(tx, hold.connection_id, day))), "")
    arrivals = _list_arrivals(tx, move_id) if move_id else ()
    return Ended(day, member, records, move_id, arrivals)


def _find_record(tx: Tx, wish: Wish) -> Ending:
    if wish.kind == "members":
        return get_member(tx, wish.record_id)
    found: list[Ending] = []
    if wish.kind == "contracts":
        found += [contract for contract in list_contracts(tx) if contract.contract_id == wish.record_id]
    elif wish.kind == "connections":
        holds = [hold for hold in list_occupancies(tx) if hold.connection_id == wish.record_id]
        found += [hold for hold in holds if hold.closed_on is not None] or holds
    if not found:
        raise NotFound
    return found[-1]


def _collect(file: MemberFile, record: Member | Occupancy, day: date) -> tuple[Ending, ...]:
    """Ends of a day with a membership, or with the hold of one connection where the member stayed."""
    has_left = file.member.left_on == day
    holds = [hold for _, hold in file.holds if hold.closed_on == day and (has_left or hold == record)]
    places = {hold.connection_id for hold in holds}
    contracts = [
        contract
        for contract in file.own_contracts
        if contract.ends_on == day and (has_left or contract.connection_id in places)
    ]
    return (*([file.member] if has_left else []), *holds, *contracts)


def _list_arrivals(tx: Tx, move_id: str) -> tuple[Member, ...]:
    entries = list_entries(tx, move_id)
    return tuple(get_member(tx, entry.member_id) for entry in entries if entry.noun == "occupancy")


def _leave_out_arrivals(tx: Tx, registered: Registered, ended: Ended) -> Registered:
    """The register without who came by the same move."""
    if not ended.move_id:
        return registered
    entries = list_entries(tx, ended.move_id)
    gone = {entry.record_id for entry in entries if entry.noun in ("member", "contract")}
    holds = {(entry.record_id, entry.member_id, entry.since) for entry in entries if entry.noun == "occupancy"}
    records = {key: record for key, record in registered.records.items() if not _is_among(record, gone, holds)}
    return replace(registered, records=records)


def _is_among(record: Record, ids: set[str], holds: set[tuple[str, str, date | None]]) -> bool:
    match record:
        case Member():
            return record.member_id in ids
        case Contract():
            return record.contract_id in ids
        case Occupancy():
            return (record.connection_id, record.member_id, record.opened_on) in holds
        case _:
            return False


def _end_anew(tx: Tx, record: Ending, registered: Registered, day: date, wanted: date | None) -> Ending:
    """A record with its right end: that which it had before, or sooner where somebody names a day."""
    field, _ = end_of(record)
    before = _find_end_before(tx, registered.key_of(record), field, day)
    end = min((each for each in (before, wanted) if each is not None), default=None)
    values: dict[str, Any] = {field: end}
    try:
        return replace(record, **values)
    except BadInput as bad:
        raise BadInput([Problem(problem.reason, "day") for problem in bad.problems]) from None


def _find_end_before(tx: Tx, key: tuple[str, str], field: str, day: date) -> date | None:
    """The end that a record had of its own before it was made to end on a day, also where that day was moved since."""
    end = str(day)
    for change in list_changes(tx, *key):
        if (change.field, change.new) == (field, end):
            made = find_import(tx, change.import_id) if change.import_id else None
            end = change.old
            if made is None or made.kind != "ending":
                return date.fromisoformat(end) if end else None
    return None


def _require_free(tx: Tx, record: Record, registered: Registered, day: date) -> None:
    """Refuse to give a home back in which somebody else lives since.

    Raises:
        CoopError: ``taken-since``, who does.
    """
    if not isinstance(record, Occupancy):
        return
    for other in only(Occupancy, registered.records.values()):
        is_later = other.connection_id == record.connection_id and other.opened_on >= day
        if is_later and other.opened_on < (record.closed_on or date.max):
            raise CoopError(
                "taken-since",
                say(
                    "%(name)s holds connection %(number)s since %(day)s: mend that first",
                    name=get_member(tx, other.member_id).name,
                    number=registered.number_of("connection", record.connection_id),
                    day=other.opened_on,
                ),
            )


def _find_rest(tx: Tx, ended: Ended, wanted: date | None) -> Rest:
    """Bills that reach past the earlier of both days, measurements, and voting lists that were made since."""
    since = min(ended.day, wanted or ended.day)
    holds = [record.connection_id for record in ended.records if isinstance(record, Occupancy)]
    ids = [record.contract_id for record in ended.records if isinstance(record, Contract)]
    has_left = any(isinstance(record, Member) for record in ended.records)
    return Rest(
        bills=tuple(bill for bill in list_bills_on(tx, ids) if bill.period_end >= since),
        measured=store.count_measured_since(tx, holds, since) if holds else 0,
        votes=count_votes_since(tx, since) if has_left else 0,
    )


def _rows_of_arrivals(
    tx: Tx, registered: Registered, ended: Ended, day: date | None
) -> tuple[tuple[str, Mapping[str, str]], ...]:
    """Rows that let who came by the same move come on another day; none where they do not come."""
    if not ended.move_id or day is None:
        return ()
    entries = list_entries(tx, ended.move_id)
    ids = {entry.record_id for entry in entries}
    holds = {(entry.record_id, entry.member_id, entry.since) for entry in entries if entry.noun == "occupancy"}
    starts = (
        (Member, "members", "joined_on"),
        (Occupancy, "occupancies", "opened_on"),
        (Contract, "contracts", "starts_on"),
    )
    steps = []
    for noun, kind, field in starts:
        for record in registered.records.values():
            if isinstance(record, noun) and _is_among(record, ids, holds):
                steps.append((kind, {**write_row(record, registered), field: str(day)}))
    return tuple(steps)
