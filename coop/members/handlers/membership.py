"""A member leaves, or their data change."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection as Tx

from coop.events import Event
from coop.events import members as facts
from coop.kit import journal
from coop.members.model import is_email, refuse_text
from coop.members.storage import register
from coop.members.telling import closed
from coop.values import BadInput, CoopError, NotFound, Problem


def end_membership(tx: Tx, community: str, member_id: str, left_on: date) -> None:
    """End a membership and all that hangs on it: contracts end and connections are given up on the same day.

    Raises:
        NotFound: there is no such member.
        CoopError: they left on another day, or something of theirs begins on that day or later.
    """
    member = register.find_member(tx, community, member_id)
    if member is None:
        raise NotFound(f"there is no member {member_id}")
    if member.left_on == left_on:
        return
    if member.left_on:
        raise CoopError("left-already", f"member {member.number} left on {member.left_on} already")
    if left_on <= member.joined_on:
        raise CoopError("leaves-too-early", f"member {member.number} joined on {member.joined_on}")
    held = register.holdings(tx, community, member_id)
    contracts = register.contracts(tx, community, member_id)
    late = [
        f"connection {place.number} from {occupancy.opened_on}"
        for place, occupancy in held
        if occupancy.opened_on >= left_on
    ]
    late += [
        f"contract {contract.number} from {contract.starts_on}"
        for contract in contracts
        if contract.starts_on >= left_on
    ]
    if late:
        raise CoopError("begins-later", f"member {member.number} has {', '.join(late)}: undo that first")
    events: list[Event] = [facts.MemberLeft(member_id=member_id, left_on=left_on)]
    register.set_left(tx, member_id, left_on)
    for _, occupancy in held:
        if occupancy.closed_on is None or occupancy.closed_on > left_on:
            register.set_closed(tx, occupancy.connection_id, occupancy.opened_on, left_on)
            events.append(closed(occupancy, left_on))
    for contract in contracts:
        if contract.ends_on is None or contract.ends_on > left_on:
            register.set_ended(tx, contract.contract_id, left_on)
            events.append(facts.ContractEnded(contract_id=contract.contract_id, ends_on=left_on))
    journal.append(tx, events, community)


def change_contact(tx: Tx, community: str, member_id: str, contact: dict[str, str]) -> None:
    """Write down another name, e-mail address or postal address. Nobody is told: no other service knows them.

    Args:
        contact: any of name, email, address, postcode, city.

    Raises:
        NotFound: there is no such member.
        BadInput: a value cannot be kept; all problems at once.
    """
    if register.find_member(tx, community, member_id) is None:
        raise NotFound(f"there is no member {member_id}")
    values = {name: value.strip() for name, value in contact.items()}
    problems = [problem for name, value in values.items() if (problem := refuse_text(value, name))]
    if not values.get("name", "-"):
        problems.append(Problem("may not be empty", "name"))
    if values.get("email") and not is_email(values["email"]):
        problems.append(Problem(f"{values['email']!r} is not an e-mail address", "email"))
    if problems:
        raise BadInput(problems)
    register.set_contact(tx, member_id, values)
