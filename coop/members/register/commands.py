"""A member leaves, or their contact data change. Given again, a command changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from coop.events import Event
from coop.kit.tx import Tx
from coop.members.connections.facts import announce_closing
from coop.members.connections.store import close_occupancy
from coop.members.contracts.facts import announce_end
from coop.members.contracts.store import end_contract
from coop.members.fields import is_email, refuse_text
from coop.members.register import store
from coop.members.register.facts import announce_leaving
from coop.members.register.model import MemberFile
from coop.values import BadInput, CoopError, Problem

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
        raise CoopError("left-already", f"member {member.number} left on {member.left_on} already")
    if left_on <= member.joined_on:
        raise CoopError("leaves-too-early", f"member {member.number} joined on {member.joined_on}")
    if begins_later := _name_what_begins_later(file, left_on):
        raise CoopError("begins-later", f"member {member.number} has {', '.join(begins_later)}: undo that first")
    events: list[Event] = [announce_leaving(member_id, left_on)]
    store.end_membership(tx, member_id, left_on)
    for _, hold in file.holds:
        if hold.closed_on is None or hold.closed_on > left_on:
            close_occupancy(tx, hold, left_on)
            events.append(announce_closing(hold, left_on))
    for contract in file.own_contracts:
        if contract.ends_on is None or contract.ends_on > left_on:
            end_contract(tx, contract.contract_id, left_on)
            events.append(announce_end(contract.contract_id, left_on))
    tx.tell(*events)


def _name_what_begins_later(file: MemberFile, left_on: date) -> Sequence[str]:
    holds = [
        f"connection {connection.number} from {hold.opened_on}"
        for connection, hold in file.holds
        if hold.opened_on >= left_on
    ]
    contracts = [
        f"contract {contract.number} from {contract.starts_on}"
        for contract in file.own_contracts
        if contract.starts_on >= left_on
    ]
    return [*holds, *contracts]


def change_contact(tx: Tx, member_id: str, contact: Mapping[str, str]) -> None:
    """Write down another name, e-mail address or postal address. Nobody is told: no other service knows them.

    Args:
        contact: any of name, email, address, postcode, city.

    Raises:
        NotFound: there is no such member.
        BadInput: a value cannot be kept; all problems at once.
    """
    store.get_member(tx, member_id)
    values = {name: value.strip() for name, value in contact.items()}
    problems = [problem for name, value in values.items() if (problem := refuse_text(value, name))]
    if not values.get("name", "-"):
        problems.append(Problem("may not be empty", "name"))
    if values.get("email") and not is_email(values["email"]):
        problems.append(Problem(f"{values['email']!r} is not an e-mail address", "email"))
    if problems:
        raise BadInput(problems)
    store.change_contact(tx, member_id, values)
