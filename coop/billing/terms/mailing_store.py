"""Messages to members of which was heard: whom a bill or the notice of a tariff reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.billing.model import Notice
from coop.billing.tables.heard import message_told
from coop.billing.terms.heard_store import store_fact
from coop.events.members import MessageFailed, MessageSent
from coop.kit.database import among
from coop.kit.rows import select_as
from coop.kit.tx import Tx
from coop.values import civil_date

BILL, NOTICE = "bill-ready", "tariff-notice"
"""Kinds of message, as the register calls them."""


@dataclass(frozen=True)
class Told:
    """One thing that was told of a message. ``outcome``: sent or failed."""

    message_id: str
    told_at: datetime
    outcome: str
    member_id: str
    about: str
    channel: str


@dataclass(frozen=True)
class Reach:
    """Numbers of messages that were sent, failed, and neither yet, of those that are asked about."""

    total: int
    sent: int
    failed: int

    @property
    def waiting(self) -> int:
        """Messages of which nothing was heard yet."""
        return self.total - self.sent - self.failed


def keep(tx: Tx, event: MessageSent | MessageFailed, told_at: datetime, outcome: str) -> None:
    """Keep what became of a message to a member, if billing has to know."""
    if event.kind in (BILL, NOTICE):
        store_fact(tx, message_told, event, told_at=told_at, outcome=outcome)


def measure_reach(tx: Tx, bills: Sequence[tuple[str, str]]) -> Reach:
    """Count whom bills reached, each given by its id and member: by mail or letter, or not."""
    outcomes = _judge(_list_told(tx, BILL, [bill_id for bill_id, _ in bills]))
    states = [outcomes[bill].outcome for bill in bills if bill in outcomes]
    return Reach(len(bills), states.count("sent"), states.count("failed"))


def list_outcomes(tx: Tx, kind: str, about: Sequence[str]) -> dict[tuple[str, str], Told]:
    """Find by cause and member what became of the messages about causes: one that went out counts, before any that
    failed."""
    return _judge(_list_told(tx, kind, about))


def list_sent_notices(tx: Tx) -> list[Notice]:
    """List the written notices that went out, each from the day on which it did. One that came back is none."""
    told = _judge(select_as(tx, Told, message_told, message_told.c.kind == NOTICE, order_by=message_told.primary_key))
    return [
        Notice(tariff_id, member_id, civil_date(last.told_at), last.channel, civil_date(last.told_at))
        for (tariff_id, member_id), last in sorted(told.items())
        if last.outcome == "sent"
    ]


def _list_told(tx: Tx, kind: str, about: Sequence[str]) -> list[Told]:
    rows = message_told.c
    return select_as(
        tx, Told, message_told, rows.kind == kind, among(tx, rows.about, about), order_by=message_told.primary_key
    )


def _judge(told: Iterable[Told]) -> dict[tuple[str, str], Told]:
    """Of each message the newest counts; of several about one cause to one member, the first that went out."""
    newest = {row.message_id: row for row in told}
    judged: dict[tuple[str, str], Told] = {}
    for row in sorted(newest.values(), key=lambda row: (row.outcome == "failed", row.told_at)):
        judged.setdefault((row.about, row.member_id), row)
    return judged
