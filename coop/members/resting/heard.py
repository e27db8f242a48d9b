"""Facts of others that rest on the register. Each only keeps what it hears, so facts may come in any order."""

from __future__ import annotations

from sqlalchemy import Table

from coop.events import Envelope, Event
from coop.events.billing import BillIssued
from coop.events.governance import VoteOpened
from coop.events.metering import PeriodMeasured
from coop.kit.tx import Tx
from coop.members.tables.history import heard_bill, heard_use, heard_vote


def on_bill_issued(tx: Tx, event: BillIssued, envelope: Envelope) -> None:
    """Keep which bill rests on which contract."""
    _keep(tx, heard_bill, event)


def on_period_measured(tx: Tx, event: PeriodMeasured, envelope: Envelope) -> None:
    """Keep that a member's use of a connection was measured in a period."""
    _keep(tx, heard_use, event)


def on_vote_opened(tx: Tx, event: VoteOpened, envelope: Envelope) -> None:
    """Keep when a voting list was made."""
    _keep(tx, heard_vote, event)


def _keep(tx: Tx, table: Table, event: Event) -> None:
    names = [column.name for column in table.columns if column.name != "community"]
    row = {"community": tx.community, **{name: getattr(event, name) for name in names}}
    tx.insert_new(table, [row], [column.name for column in table.primary_key])
