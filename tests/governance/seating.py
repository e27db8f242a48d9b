"""Seats of the steering group for tests: somebody takes one, and another person confirms it."""

from __future__ import annotations

from datetime import date

from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.programmes import seats
from coop.kit.actor import Actor
from coop.kit.tx import Tx
from tests.desk import SECRETARY

SECOND = Actor("account", "account-2", "page")
"""The second person, who confirms what the first one entered."""

PARTNER = Actor("account", "partner-1", "page")


def take_seat(
    tx: Tx,
    actor: Actor,
    party: str,
    organisation: str = "",
    from_on: date = date(2026, 1, 1),
    until_on: date | None = None,
    by: Actor = SECOND,
) -> str:
    """A seat in the steering group that somebody takes and another confirms; its id."""
    before, tx.actor = tx.actor, actor
    entry = seats.take_seat(tx, party, organisation, from_on, until_on, f"letter on {organisation or 'us'}")
    tx.actor = by
    entries.confirm(tx, entry.entry_id, KINDS)
    tx.actor = before
    return entry.entry_id


def take_seats(tx: Tx) -> None:
    take_seat(tx, SECRETARY, "co-operative")
    take_seat(tx, PARTNER, "partner", "Water board")
