"""Bank accounts that wait for a second person, logos, and falls of decisions, as they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select, update

from coop.communities.stops import Stop
from coop.events.governance import DecisionStopped
from coop.kit.rows import find_as, find_by, group_as, insert_nouns, select_as
from coop.kit.tx import Tx
from coop.members.community.model import ChoiceProposal, IbanProposal, Logo, Outcome
from coop.members.tables import choice_proposal, decision_stop, dissolution, iban_proposal, logo


def find_open_proposal(tx: Tx) -> IbanProposal | None:
    """Find the bank account that waits for a second person."""
    return find_as(tx, IbanProposal, iban_proposal, iban_proposal.c.settled_at.is_(None))


def list_proposals(tx: Tx) -> list[IbanProposal]:
    """List every bank account that was ever proposed, newest first."""
    return select_as(tx, IbanProposal, iban_proposal, order_by=[iban_proposal.c.number.desc()])


def add_proposal(tx: Tx, iban: str) -> None:
    """Let a bank account wait."""
    rows = iban_proposal.c
    number = (tx.scalar(select(func.max(rows.number)).where(rows.community == tx.community)) or 0) + 1
    insert_nouns(tx, iban_proposal, [IbanProposal(number, iban, tx.now, str(tx.actor))])


def settle_proposal(tx: Tx, proposal: IbanProposal, outcome: Outcome) -> None:
    """Write down what became of a proposal, and by whom."""
    rows = iban_proposal.c
    tx.execute(
        update(iban_proposal)
        .where(rows.community == tx.community, rows.number == proposal.number)
        .values(settled_at=tx.now, settled_by=str(tx.actor), outcome=outcome)
    )


def list_open_choices(tx: Tx) -> list[ChoiceProposal]:
    """List the choices that wait for a second person."""
    rows = choice_proposal.c
    return select_as(tx, ChoiceProposal, choice_proposal, rows.settled_at.is_(None), order_by=[rows.number])


def add_choice_proposal(tx: Tx, name: str, valid_from: date, value: Mapping[str, Any], source: str) -> None:
    """Let a choice wait."""
    rows = choice_proposal.c
    number = (tx.scalar(select(func.max(rows.number)).where(rows.community == tx.community)) or 0) + 1
    made = ChoiceProposal(number, name, valid_from, dict(value), source, tx.now, str(tx.actor))
    insert_nouns(tx, choice_proposal, [made])


def settle_choice(tx: Tx, number: int, outcome: Outcome) -> None:
    """Write down what became of a choice that waited, and by whom."""
    rows = choice_proposal.c
    tx.execute(
        update(choice_proposal)
        .where(rows.community == tx.community, rows.number == number)
        .values(settled_at=tx.now, settled_by=str(tx.actor), outcome=outcome)
    )


def find_logo(tx: Tx, sha256: str) -> Logo | None:
    """Find a logo by the hash of its bytes."""
    return find_by(tx, Logo, logo, sha256=sha256)


def add_logo(tx: Tx, new: Logo) -> None:
    """Keep a logo; the same again changes nothing."""
    if find_logo(tx, new.sha256) is None:
        insert_nouns(tx, logo, [new])


def add_stop(tx: Tx, told: DecisionStopped) -> None:
    """Keep that a decision fell, or acts again; the same again changes nothing."""
    row = {
        "community": tx.community,
        "resolution_id": told.resolution_id,
        "number": told.number,
        "manner": told.manner,
        "from_on": told.from_on,
        "told_on": told.stopped_on,
    }
    tx.insert_new(decision_stop, [row], ["community", "resolution_id", "number"])


def add_dissolution(tx: Tx, resolution_id: str, dissolved_on: date) -> None:
    """Keep that the members ended the co-operative; the same again changes nothing."""
    row = {"community": tx.community, "resolution_id": resolution_id, "dissolved_on": dissolved_on}
    tx.insert_new(dissolution, [row], ["community", "resolution_id"])


def map_dissolutions(tx: Tx) -> dict[str, date]:
    """By resolution, from which day the members ended the co-operative."""
    columns = dissolution.c
    query = select(columns.resolution_id, columns.dissolved_on).where(columns.community == tx.community)
    return {row.resolution_id: row.dissolved_on for row in tx.execute(query)}


def map_stops(tx: Tx) -> dict[str, list[Stop]]:
    """By resolution, what was told of decisions that fell, in order."""
    columns = decision_stop.c
    grouped = group_as(tx, Stop, decision_stop, [columns.resolution_id], order_by=[columns.number])
    return {resolution_id: stops for (resolution_id,), stops in grouped.items()}
