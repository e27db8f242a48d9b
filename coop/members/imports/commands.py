"""The register comes in from files and forms, and goes out again when that is undone. Given again, a command changes
nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from coop.events import Event
from coop.kit.tx import Tx
from coop.members.connections.model import Connection, Occupancy
from coop.members.connections.store import add_connections, add_occupancies, change_connection, replace_occupancy
from coop.members.contracts.model import Contract
from coop.members.contracts.store import add_contracts, replace_contract
from coop.members.history.store import add_changes, list_changes_by, next_number
from coop.members.imports import store
from coop.members.imports.facts import announce, announce_update, retract
from coop.members.imports.formats.line import Line
from coop.members.imports.formats.register_files import decode
from coop.members.imports.formats.register_rows import KINDS, Registered, read_row, write_row
from coop.members.imports.model import Entry, FileDraft, Import, Plan, Receipt, Update, name_hold
from coop.members.imports.plans import hash_plan, list_bills_resting, load_registered, make_plan, name_bills, only
from coop.members.imports.rules import is_held_anew, is_signed_anew
from coop.members.imports.words import vocabulary
from coop.members.register.commands import LOCK
from coop.members.register.model import Member
from coop.members.register.store import add_members, change_member
from coop.values import BadInput, CoopError, NotFound, derive_id, say, say_count


def import_register(
    tx: Tx,
    kind: str,
    file_name: str,
    body: bytes,
    *,
    dry_run: bool = False,
    preview: str = "",
) -> Receipt:
    """Read a file into the register and tell what is new and what became something else. The same file again changes
    nothing, and a line that says what is registered already is passed over.

    Raises:
        BadInput: the file has bad lines; all are named and nothing was read.
        CoopError: this very file was imported and undone, or it changes the register otherwise than ``preview`` says.
    """
    tx.lock(LOCK)
    import_id = import_id_of(tx.community, kind, body)
    before = store.find_import(tx, import_id)
    if before and before.undone_at:
        # Taken again it would bring everything back whenever a program repeats an old request.
        reason = say("this very file was imported and undone; a file with any change in it is new")
        raise CoopError("import-undone", reason)
    if before:
        counts = before.record_count, before.added_count, before.changed_count
        return Receipt(import_id, kind, *counts, new=False, dry_run=dry_run)
    registered, plan = plan_file(tx, kind, body)
    digest = hash_plan(plan, registered)
    receipt = Receipt(
        import_id, kind, plan.count, len(plan.added), len(plan.updates), new=True, dry_run=dry_run, preview=digest
    )
    if not dry_run:
        if plan.updates and preview != digest:
            raise CoopError(
                "preview-needed",
                say("the file changes what is registered: look at the differences first, and take it under their hash"),
            )
        carry_out(tx, plan, registered, import_id, kind, file_name)
    return receipt


def plan_file(tx: Tx, kind: str, body: bytes) -> tuple[Registered, Plan]:
    """Plan what a file would do.

    Raises:
        BadInput: the file has bad lines, or cannot be read.
    """
    registered = load_registered(tx)
    decoded = decode(body, kind, registered, vocabulary())
    plan = make_plan(tx, decoded.records, registered, decoded.problems)
    if plan.problems:
        raise BadInput(plan.problems)
    return registered, plan


def undo_import(tx: Tx, import_id: str) -> int:
    """Take out what an import or a form brought, put back what it changed, and tell both; returns how many records that
    are.

    What was told cannot be untold: members leave, connections close and contracts end on the day they began.

    Raises:
        NotFound: there is no such import.
        CoopError: bills or other records stand on it, or something in it was changed since.
        BadInput: what it changed no longer fits into the register as it was; all reasons at once.
    """
    tx.lock(LOCK)
    before = store.find_import(tx, import_id)
    if before is None:
        raise NotFound(say("there is no import %(id)s", id=import_id))
    if before.undone_at is None:
        take_out(tx, import_id)
        _put_back(tx, import_id)
    return before.added_count + before.changed_count


def take_out(tx: Tx, import_id: str) -> None:
    """Take out what an import or a form brought, and tell that it never was; what it changed stays as it is.

    Raises:
        CoopError: bills or other records stand on it.
    """
    if bills := list_bills_resting(tx, import_id):
        raise CoopError("bills-rest", say("bills rest on this: %(bills)s", bills=name_bills(bills)))
    if built_on := store.count_built_on(tx, import_id):
        reason = say_count(
            "%(num)s other record stands on this; undo that first",
            "%(num)s other records stand on this; undo those first",
            built_on,
        )
        raise CoopError("import-in-use", reason)
    entries = store.list_entries(tx, import_id)
    store.withdraw(tx, import_id, entries)
    store.mark_undone(tx, import_id)
    number = next_number(tx)
    tx.tell(*(fact for entry in entries for fact in retract(entry, number)))


def _put_back(tx: Tx, import_id: str) -> None:
    """Give every field that an import changed the value that it had."""
    registered = load_registered(tx)
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for change in reversed(list_changes_by(tx, import_id)):
        key = (change.noun, change.record)
        if key not in registered.records:
            raise CoopError("changed-since", say("%(number)s is no longer registered", number=change.record))
        row = rows.setdefault(key, write_row(registered.records[key], registered))
        if row.get(change.field, "") != change.new:
            reason = say("%(field)s of %(number)s was changed since", field=change.field, number=change.record)
            raise CoopError("changed-since", reason)
        row[change.field] = change.old
    if rows:
        incoming = {
            line: read_row(KINDS[noun], Line(row), registered) for line, ((noun, _), row) in enumerate(rows.items(), 1)
        }
        plan = make_plan(tx, incoming, registered, changes_membership=True)
        if plan.problems:
            raise BadInput(plan.problems)
        carry_out(tx, plan, registered, derive_id("undo", tx.community, import_id), "undo")


def keep_draft(tx: Tx, kind: str, file_name: str, body: bytes) -> str:
    """Keep a file for a day, so that somebody can look at what it would do; returns its id."""
    draft_id = import_id_of(tx.community, kind, body)
    store.keep_draft(tx, FileDraft(draft_id, kind[:20], file_name[:200], body, tx.now, str(tx.actor)))
    return draft_id


def get_draft(tx: Tx, draft_id: str) -> FileDraft:
    """Find a file that was kept to be looked at.

    Raises:
        NotFound: there is none, or it was forgotten.
    """
    draft = store.find_draft(tx, draft_id)
    if draft is None:
        raise NotFound(say("this file was imported or forgotten; send it again"))
    return draft


def check_file(tx: Tx, draft: FileDraft) -> tuple[Plan, str]:
    """Work out what a file would do, with all that is wrong with it, and the hash of it."""
    registered = load_registered(tx)
    try:
        decoded = decode(draft.body, draft.kind, registered, vocabulary())
    except BadInput as bad:
        return Plan(problems=bad.problems), ""
    plan = make_plan(tx, decoded.records, registered, decoded.problems)
    return plan, hash_plan(plan, registered)


def import_id_of(community: str, kind: str, body: bytes) -> str:
    """Derive the id of the import of these very bytes, by which a repeat is recognised."""
    return derive_id("import", community, kind, hashlib.sha256(body).hexdigest())


def carry_out(
    tx: Tx, plan: Plan, registered: Registered, import_id: str, kind: str, file_name: str = "", reason: str = ""
) -> None:
    """Do what a plan says, remember it under one id, and tell it. Whoever calls holds the lock of the register."""
    counts = plan.count, len(plan.added), len(plan.updates)
    store.add_import(tx, Import(import_id, kind, file_name[:200], *counts, tx.actor.channel, tx.now, str(tx.actor)))
    added = list(plan.added.values())
    add_members(tx, only(Member, added), import_id)
    add_connections(tx, only(Connection, added), import_id)
    # What ends comes before what begins, so that a connection is free for who takes it over.
    events = change_records(tx, list(plan.updates.values()), registered, import_id, reason)
    add_occupancies(tx, only(Occupancy, added), import_id)
    add_contracts(tx, only(Contract, added), import_id)
    connections = {c.connection_id: c for c in only(Connection, [*registered.records.values(), *added])}
    tx.tell(*events, *(fact for record in added for fact in announce(record, connections)))


def change_records(
    tx: Tx, updates: Sequence[Update], registered: Registered, import_id: str, reason: str = ""
) -> list[Event]:
    """Change records, remember what they were, and return what is to be told."""
    versions = add_changes(tx, {update.key: update.differences for update in updates}, import_id, reason)
    connections = {c.connection_id: c for c in only(Connection, registered.records.values())}
    events: list[Event] = []
    for update in updates:
        _keep(tx, update, import_id)
        events += announce_update(update, versions[update.key], tx.today, connections)
    return events


def _keep(tx: Tx, update: Update, import_id: str) -> None:
    match update.before, update.after:
        case Member(), Member() as member:
            change_member(tx, member)
        case Connection(), Connection() as connection:
            change_connection(tx, connection)
        case Occupancy() as hold, Occupancy() as held:
            replace_occupancy(tx, hold, held)
            if is_held_anew(update):
                held_by = name_hold(hold.connection_id, hold.member_id)
                store.withdraw_ids(tx, import_id, [Entry("occupancy", hold.connection_id, held_by)])
        case Contract() as contract, Contract() as signed:
            replace_contract(tx, contract, signed)
            if is_signed_anew(update):
                store.withdraw_ids(tx, import_id, [Entry("contract", contract.contract_id, contract.number)])
