"""Plans: what lines would do to the register, and everything that is wrong with them, before anything is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.members.connections.model import Connection, Occupancy
from coop.members.connections.store import list_connections, list_occupancies
from coop.members.contracts.model import Contract
from coop.members.contracts.store import list_contracts
from coop.members.fields import make_id
from coop.members.imports import store
from coop.members.imports.formats.register_rows import Registered, write_row
from coop.members.imports.model import Finding, Plan, Record, Update, id_of, name_hold
from coop.members.imports.rules import (
    Claim,
    claim_of,
    compare_rows,
    find_early_ends,
    find_fixed,
    find_overlaps,
    is_held_anew,
    is_signed_anew,
)
from coop.members.register.model import Member, MemberFile
from coop.members.register.store import list_members
from coop.members.resting.model import HeardBill, Rest
from coop.members.resting.store import count_measured, count_votes_since, list_bills_on
from coop.values import Problem, say

Noun = TypeVar("Noun", Member, Connection, Occupancy, Contract)

BILLS_NAMED = 5
"""More numbers of bills than these are counted and not named."""


def load_registered(tx: Tx) -> Registered:
    """Load the register as rows may refer to it."""
    members, connections, contracts = list_members(tx), list_connections(tx), list_contracts(tx)
    ids = {("member", member.number): member.member_id for member in members}
    ids |= {("connection", connection.number): connection.connection_id for connection in connections}
    ids |= {("contract", contract.number): contract.contract_id for contract in contracts}
    named = Registered(tx.community, ids)
    records: list[Record] = [*members, *connections, *list_occupancies(tx), *contracts]
    by_key = {named.key_of(record): record for record in records}
    return Registered(tx.community, ids, store.list_withdrawn_ids(tx), by_key)


def make_plan(
    tx: Tx,
    incoming: Mapping[int, Record],
    registered: Registered,
    problems: Iterable[Problem] = (),
    *,
    changes_membership: bool = False,
) -> Plan:
    """Hold records beside the register: which are new, which become something else, and where they contradict it or
    each other. ``problems`` are those of lines that could not be read; whether somebody left changes only where
    ``changes_membership`` says so."""
    added: dict[int, Record] = {}
    updates: dict[int, Update] = {}
    found = list(problems)
    for line, record in incoming.items():
        update = _hold_beside(record, registered)
        if update is None:
            added[line] = record
        elif update.differences:
            updates[line] = update
            fixed = [] if changes_membership and isinstance(record, Member) else find_fixed(update)
            found += [replace(problem, line=line) for problem in fixed]
    bills, billed = _find_bills(tx, updates)
    found += [*billed, *_find_used(tx, added, updates, registered)]
    found += find_overlaps(_list_claims(added, updates, registered))
    found += _find_left(added, updates, registered)
    return Plan(
        added=added,
        updates=updates,
        same=len(incoming) - len(added) - len(updates),
        problems=tuple(sorted(found, key=lambda problem: problem.line or 0)),
        bills=tuple(bills),
        early=tuple(find_early_ends(updates.values(), load_choices(tx))),
    )


def hash_plan(plan: Plan, registered: Registered) -> str:
    """Hash everything that a plan would do: the rows that it adds, and each difference."""
    content = {
        "added": [[*registered.key_of(record), write_row(record, registered)] for record in plan.added.values()],
        "updates": [
            [*update.key, [[part.field, part.old, part.new] for part in update.differences]]
            for update in plan.updates.values()
        ],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def keys_of_member(file: MemberFile) -> set[tuple[str, str]]:
    """The records of a member's file, by noun and key."""
    keys = {("member", file.member.number)}
    keys |= {("occupancy", f"{connection.number}/{hold.opened_on}") for connection, hold in file.holds}
    return keys | {("contract", contract.number) for contract in file.own_contracts}


def keys_of_connection(tx: Tx, connection_id: str) -> set[tuple[str, str]]:
    """A connection with its holds and contracts, by noun and key."""
    registered = load_registered(tx)
    return {
        key
        for key, record in registered.records.items()
        if not isinstance(record, Member) and record.connection_id == connection_id
    }


def list_findings(plan: Plan) -> list[Finding]:
    """Say of each line of a file what it would do, in the order of the lines; what is as it was is passed over."""
    findings = [Finding(problem.line, "wrong", problem.field, new=problem.reason) for problem in plan.problems]
    findings += [Finding(line, "new") for line in plan.added]
    findings += [
        Finding(line, "changed", part.field, part.old, part.new)
        for line, update in plan.updates.items()
        for part in update.differences
    ]
    return sorted(findings, key=lambda finding: finding.line or 0)


def only(noun: type[Noun], records: Iterable[Record]) -> list[Noun]:
    """Pick the records of one noun."""
    return [record for record in records if isinstance(record, noun)]


def _hold_beside(record: Record, registered: Registered) -> Update | None:
    """Update that a record would make of the one with its number; None where there is none."""
    key = registered.key_of(record)
    before = registered.records.get(key)
    if before is None:
        return None
    update = Update(key, before, record, compare_rows(write_row(before, registered), write_row(record, registered)))
    return replace(update, after=_keep_identity(update, registered))


def _keep_identity(update: Update, registered: Registered) -> Record:
    """The record under the id that others know it by, or under another where it is told anew."""
    before, after = update.before, update.after
    if isinstance(before, Occupancy) and isinstance(after, Occupancy):
        if not is_held_anew(update):
            return replace(after, registration=before.registration)
        held = registered.count_withdrawn("occupancy", name_hold(after.connection_id, after.member_id))
        is_other = before.member_id != after.member_id
        return replace(after, registration=1 + held if is_other else max(before.registration, held) + 1)
    if isinstance(before, Contract) and isinstance(after, Contract) and is_signed_anew(update):
        times = registered.count_withdrawn("contract", after.number) + 1
        return replace(after, contract_id=make_id("contract", registered.community, after.number, times))
    return after


def _find_bills(tx: Tx, updates: Mapping[int, Update]) -> tuple[list[HeardBill], list[Problem]]:
    """The bills that rest on gas bills that change, and what may not change because bills rest on it."""
    contracts = {update.before.contract_id for update in updates.values() if isinstance(update.before, Contract)}
    holders = {
        (hold.connection_id, hold.member_id)
        for update in updates.values()
        if isinstance(hold := update.before, Occupancy) and is_held_anew(update)
    }
    by_holder = [c for c in list_contracts(tx) if (c.connection_id, c.member_id) in holders] if holders else []
    bills: dict[str, list[HeardBill]] = {}
    for bill in list_bills_on(tx, sorted(contracts | {contract.contract_id for contract in by_holder})):
        bills.setdefault(bill.contract_id, []).append(bill)
    resting, problems = [], []
    for line, update in updates.items():
        before = update.before
        if isinstance(before, Contract):
            on_it = bills.get(before.contract_id, [])
            if any(difference.field.startswith("gas_") for difference in update.differences):
                resting += on_it
            problems += _refuse_billed(update, on_it, line) if is_signed_anew(update) else []
        elif isinstance(before, Occupancy) and is_held_anew(update):
            held = (before.connection_id, before.member_id)
            ids = [c.contract_id for c in by_holder if (c.connection_id, c.member_id) == held]
            problems += _refuse_billed(update, [bill for each in ids for bill in bills.get(each, [])], line)
    return resting, problems


def _refuse_billed(update: Update, bills: Sequence[HeardBill], line: int) -> list[Problem]:
    if not bills:
        return []
    field = next(part.field for part in update.differences if not part.field.startswith("gas_"))
    return [Problem(say("bills rest on it: %(bills)s", bills=name_bills(bills)), field, line)]


def list_bills_resting(tx: Tx, import_id: str) -> list[HeardBill]:
    """List the bills that rest on contracts that an import brought, or on holds that it did."""
    entries = store.list_entries(tx, import_id)
    holds = {(entry.record_id, entry.member_id) for entry in entries if entry.noun == "occupancy"}
    contracts = {entry.record_id for entry in entries if entry.noun == "contract"}
    if holds:
        contracts |= {c.contract_id for c in list_contracts(tx) if (c.connection_id, c.member_id) in holds}
    return list_bills_on(tx, sorted(contracts))


def count_resting(tx: Tx, import_id: str) -> Rest:
    """Collect what rests on what an import brought: bills, measured periods, voting lists."""
    entries = store.list_entries(tx, import_id)
    members = {entry.record_id: entry.since for entry in entries if entry.noun == "member" and entry.since}
    holds = [entry.record_id for entry in entries if entry.noun == "occupancy"]
    return Rest(
        bills=tuple(list_bills_resting(tx, import_id)),
        measured=count_measured(tx, holds, list(members)) if holds or members else 0,
        votes=count_votes_since(tx, min(members.values())) if members else 0,
    )


def name_bills(bills: Sequence[HeardBill]) -> tuple[str, ...]:
    """The numbers of bills, the first few by name."""
    numbers = [bill.number for bill in bills[:BILLS_NAMED]]
    return (*numbers, f"+ {len(bills) - BILLS_NAMED}") if len(bills) > BILLS_NAMED else tuple(numbers)


def _find_used(
    tx: Tx, added: Mapping[int, Record], updates: Mapping[int, Update], registered: Registered
) -> list[Problem]:
    """Ids and codes that another record has."""
    problems = []
    used = store.list_ids_in_use(tx, [id_of(record) for record in added.values()])
    eans = {c.ean: c.number for c in only(Connection, registered.records.values()) if c.ean}
    lines = {**added, **{line: update.after for line, update in updates.items()}}
    for line, record in lines.items():
        if line in added and id_of(record) in used:
            problems.append(Problem(say("another record has this id"), "id", line))
        if isinstance(record, Connection) and eans.get(record.ean, record.number) != record.number:
            reason = say("connection %(number)s has this EAN code already", number=eans[record.ean])
            problems.append(Problem(reason, "ean", line))
    return problems


def _find_left(added: Mapping[int, Record], updates: Mapping[int, Update], registered: Registered) -> list[Problem]:
    """Holds and contracts that outlast the membership of who has them."""
    lines = {**added, **{line: update.after for line, update in updates.items()}}
    members = only(Member, [*registered.records.values(), *lines.values()])
    left = {member_id: member for member_id, member in {m.member_id: m for m in members}.items() if member.left_on}
    problems = []
    for line, record in lines.items():
        if isinstance(record, Occupancy | Contract) and (member := left.get(record.member_id)):
            end = record.closed_on if isinstance(record, Occupancy) else record.ends_on
            if member.left_on and (end is None or end > member.left_on):
                reason = say("member %(number)s left on %(day)s", number=member.number, day=member.left_on)
                problems.append(Problem(reason, "member", line))
    return problems


def _list_claims(added: Mapping[int, Record], updates: Mapping[int, Update], registered: Registered) -> list[Claim]:
    changed = {update.key for update in updates.values()}
    claims = [claim_of(record) for key, record in registered.records.items() if key not in changed]
    claims += [claim_of(update.after, line) for line, update in updates.items()]
    claims += [claim_of(record, line) for line, record in added.items()]
    return [claim for claim in claims if claim]
