"""Messages and wishes as they are kept."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from coop.kit.rows import find_as, insert_nouns, row_of
from coop.kit.tx import Tx
from coop.members.messages.model import Message, Wish
from coop.members.tables import message, message_wish
from coop.values import NotFound


def has_message(tx: Tx, message_id: str) -> bool:
    """True when a message was made before."""
    rows = message.c
    return bool(tx.scalar(select(func.count()).where(rows.community == tx.community, rows.message_id == message_id)))


def add_message(tx: Tx, made: Message) -> None:
    """Keep a message; the same again changes nothing."""
    tx.insert_new(message, [row_of(tx, made)], ["community", "message_id"])


def find_message(tx: Tx, message_id: str) -> Message | None:
    """Find one message."""
    return find_as(tx, Message, message, message.c.message_id == message_id)


def get_message(tx: Tx, message_id: str) -> Message:
    """Find one message that has to be there.

    Raises:
        NotFound: there is none with this id.
    """
    noun = find_message(tx, message_id)
    if noun is None:
        raise NotFound
    return noun


def find_wish(tx: Tx, person_id: str) -> Wish:
    """Find how a person wants to be written to."""
    return find_as(tx, Wish, message_wish, message_wish.c.person_id == person_id) or Wish(person_id)


def save_wish(tx: Tx, wish: Wish) -> None:
    """Keep how a person wants to be written to, in the place of what they wished before."""
    mine = message_wish.c.community == tx.community, message_wish.c.person_id == wish.person_id
    tx.execute(delete(message_wish).where(*mine))
    insert_nouns(tx, message_wish, [wish], changed_at=tx.now, changed_by=str(tx.actor))


def find_by_outbound_id(tx: Tx, outbound_id: str) -> Message | None:
    """Find the message that is a mail in the queue."""
    return find_as(tx, Message, message, message.c.outbound_id == outbound_id)
