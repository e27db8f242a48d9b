"""A member leaves. Given again, a command changes nothing."""

from __future__ import annotations

from datetime import date

from coop.kit.tx import Tx
from coop.members.connections.facts import announce_closing
from coop.members.connections.model import Occupancy
from coop.members.connections.store import close_occupancy
from coop.members.contracts.facts import announce_end
from coop.members.contracts.model import Contract
from coop.members.contracts.store import end_contract
from coop.members.history.model import Difference
from coop.members.history.store import add_changes
from coop.members.register import store
from coop.members.register.facts import announce_leaving
from coop.members.register.model import MemberFile
from coop.values import CoopError, say

LOCK = "register"
"""Held by everything that looks at who holds what before it writes."""


def end_membership(tx: Tx, member_id: str, left_on: date) -> None:
    """End a membership and all that hangs on it: contracts end and connections are given up on the same day.

    Raises:
        NotFound: there is no such member.
        CoopError: they left on another day, or something of theirs begins on that day or later.
    """
    tx.lock(LOCK)
    file = store.get_file(tx, member_id)
    member = file.member
    if member.left_on == left_on:
        return
    if member.left_on:
        raise CoopError(
            "left-already", say("member %(number)s left on %(day)s already", number=member.number, day=member.left_on)
        )
    if left_on <= member.joined_on:
        raise CoopError(
            "leaves-too-early", say("member %(number)s joined on %(day)s", number=member.number, day=member.joined_on)
        )
    if begins_later := _name_what_begins_later(file, left_on):
        reason = say("member %(number)s has %(later)s: undo that first", number=member.number, later=begins_later)
        raise CoopError("begins-later", reason)
    if paid := tuple(contract.number for contract in file.paid_contracts if _runs_after(contract, left_on)):
        reason = say("member %(number)s pays contract %(paid)s: name who pays first", number=member.number, paid=paid)
        raise CoopError("pays-for-others", reason)
    differences = {("member", member.number): [Difference("left_on", "", str(left_on))]}
    closed: dict[tuple[str, str], Occupancy] = {}
    ended: dict[tuple[str, str], Contract] = {}
    store.end_membership(tx, member_id, left_on)
    for connection, hold in file.holds:
        if hold.closed_on is None or hold.closed_on > left_on:
            key = ("occupancy", f"{connection.number}/{hold.opened_on}")
            differences[key] = [Difference("closed_on", str(hold.closed_on or ""), str(left_on))]
            close_occupancy(tx, hold, left_on)
            closed[key] = hold
    for contract in file.own_contracts:
        if _runs_after(contract, left_on):
            key = ("contract", contract.number)
            differences[key] = [Difference("ends_on", str(contract.ends_on or ""), str(left_on))]
            end_contract(tx, contract.contract_id, left_on)
            ended[key] = contract
    numbers = add_changes(tx, differences, None)
    tx.tell(
        announce_leaving(member_id, left_on, numbers["member", member.number]),
        *(announce_closing(hold, left_on, numbers[key]) for key, hold in closed.items()),
        *(announce_end(contract.contract_id, left_on, numbers[key]) for key, contract in ended.items()),
    )


def _runs_after(contract: Contract, day: date) -> bool:
    return contract.ends_on is None or contract.ends_on > day


def _name_what_begins_later(file: MemberFile, left_on: date) -> tuple[str, ...]:
    holds = [
        say("connection %(number)s from %(day)s", number=connection.number, day=hold.opened_on)
        for connection, hold in file.holds
        if hold.opened_on >= left_on
    ]
    contracts = [
        say("contract %(number)s from %(day)s", number=contract.number, day=contract.starts_on)
        for contract in file.own_contracts
        if contract.starts_on >= left_on
    ]
    return (*holds, *contracts)
