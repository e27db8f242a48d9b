"""Facts of messages: of those to members alone, for no other service knows anybody else."""

from __future__ import annotations

from datetime import datetime

from coop.events import Event
from coop.events.members import MessageFailed, MessageSent
from coop.members.messages.model import Message


def announce_sent(made: Message, sent_at: datetime) -> list[Event]:
    """Announce that a message went out."""
    if made.member_id is None:
        return []
    return [
        MessageSent(
            message_id=made.message_id,
            member_id=made.member_id,
            kind=made.kind,
            about=made.about,
            channel=made.channel,
            sent_at=sent_at,
        )
    ]


def announce_failed(made: Message, failed_at: datetime) -> list[Event]:
    """Announce that a message did not go out, or came back."""
    if made.member_id is None:
        return []
    return [
        MessageFailed(
            message_id=made.message_id,
            member_id=made.member_id,
            kind=made.kind,
            about=made.about,
            channel=made.channel,
            failed_at=failed_at,
        )
    ]
