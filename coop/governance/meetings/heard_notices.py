"""Facts about notices of meetings as messages to members. They may come in any order, and again."""

from __future__ import annotations

from coop.events import Envelope
from coop.events.members import MessageFailed, MessageSent
from coop.governance.meetings.notice_store import keep_outcome
from coop.kit.tx import Tx

NOTICE = "meeting-notice"


def on_message_sent(tx: Tx, event: MessageSent, envelope: Envelope) -> None:
    """Keep that the notice of a meeting went out to a member."""
    if event.kind == NOTICE:
        keep_outcome(tx, event.message_id, event.sent_at, "sent", event.about, event.member_id)


def on_message_failed(tx: Tx, event: MessageFailed, envelope: Envelope) -> None:
    """Keep that the notice of a meeting did not arrive at a member."""
    if event.kind == NOTICE:
        keep_outcome(tx, event.message_id, event.failed_at, "failed", event.about, event.member_id)
