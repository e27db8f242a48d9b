"""The table of messages: every state that a message passes is written here.

What concerns one co-operative goes through its transaction; a worker serves all of them and claims through the kit's.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select, update
from sqlalchemy.exc import OperationalError

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.outbound.message import Message, Outgoing, Queue, Settled
from coop.kit.rows import columns_of
from coop.kit.sentences import storable
from coop.kit.tables import outbound_message
from coop.kit.tx import Tx, part_of
from coop.values import BadInput, CoopError, Problem, derive_id, say

log = logging.getLogger(__name__)

CLAIM_LASTS = timedelta(minutes=10)
"""After this long a message that was claimed and not noted as sent is sent again; longer than any transport takes."""

NOTE_MAX = 1000
"""Longest proof [characters]."""

_columns = outbound_message.c

FORGOTTEN = "(forgotten)"
"""Stands in the place of a recipient of whom nothing is known any more."""


def enqueue(tx: Tx, queue: str, message: Message, cause: str) -> str:
    """Let a message go out once this transaction is committed; returns its id.

    ``cause`` names what it follows from, such as a fact's or a request's id: the same cause and recipient are the same
    message, and the first one counts.
    """
    return enqueue_all(tx, queue, [(message, cause)])[0]


def enqueue_all(tx: Tx, queue: str, messages: Sequence[tuple[Message, str]]) -> list[str]:
    """Let messages go out, each with its cause, as ``enqueue`` does; returns the ids of all."""
    ids = [name_message(tx, queue, message.recipient, cause) for message, cause in messages]
    rows = [
        {
            "id": message_id,
            "community": tx.community,
            "queue": queue,
            "recipient": message.recipient,
            "subject": message.subject,
            "media_type": message.media_type,
            "body": message.body,
            "sha256": hashlib.sha256(message.body).hexdigest(),
            "cause": cause,
            "made_at": tx.now,
            "state": "waiting",
            "tries": 0,
            "next_try_at": tx.now,
        }
        for message_id, (message, cause) in zip(ids, messages, strict=True)
    ]
    tx.insert_new(outbound_message, rows, ["community", "id"])
    return ids


def name_message(tx: Tx, queue: str, recipient: str, cause: str) -> str:
    """Id of the message to a recipient that follows from a cause."""
    return derive_id("outbound", tx.community, queue, cause, recipient)


def insert_messages(tx: Tx, queue: str, messages: Sequence[Message], cause: str) -> list[str]:
    """Write the messages of one cause that are not there yet; returns the ids of all.

    Raises:
        BadInput: two of them go to the same recipient.
    """
    if len({message.recipient for message in messages}) < len(messages):
        raise BadInput(
            [Problem(say("two messages of one cause go to the same recipient"), "recipient")], "same-recipient"
        )
    return enqueue_all(tx, queue, [(message, cause) for message in messages])


def retry(tx: Tx, message_id: str) -> None:
    """Send a message again, now, with all its tries before it.

    Raises:
        CoopError: there is no such message, it is delivered, or it is being sent.
    """
    if not _retry(tx, _columns.id == message_id):
        raise CoopError(
            "no-retry",
            say("there is no message %(message_id)s that waits or failed after a try", message_id=message_id),
        )


def retry_all(tx: Tx, queue: str) -> int:
    """Send again what failed or waits in a queue after a try; returns how many there are."""
    return _retry(tx, _columns.queue == queue)


def forget_recipients(tx: Tx, message_ids: Sequence[str]) -> None:
    """Empty who these messages went to, and what they were about; one that still waits never goes out."""
    columns = outbound_message.c
    for message_id in message_ids:
        theirs = update(outbound_message).where(columns.community == tx.community, columns.id == message_id)
        tx.execute(theirs.where(columns.state == "waiting").values(state="withdrawn", next_try_at=None))
        tx.execute(theirs.values(recipient=FORGOTTEN, subject=FORGOTTEN, body=b""))
        tx.execute(theirs.where(columns.state == "delivered").values(proof=FORGOTTEN))
        tx.execute(theirs.where(columns.state != "delivered").values(trouble=FORGOTTEN))


def _retry(tx: Tx, which: ColumnElement[bool]) -> int:
    # A message without trouble was never tried, or is being sent at this moment.
    statement = update(outbound_message).where(
        _columns.community == tx.community,
        which,
        _columns.state.in_(("waiting", "failed")),
        _columns.trouble.is_not(None),
    )
    count = tx.execute(statement.values(state="waiting", tries=0, next_try_at=tx.now)).rowcount
    log.info("%s has %d messages sent again", tx.actor, count)
    return count


def withdraw(tx: Tx, message_id: str, reason: str) -> bool:
    """Let a message that waits or failed never go out, and keep why; False when it is delivered, or being sent now."""
    statement = update(outbound_message).where(
        _columns.community == tx.community,
        _columns.id == message_id,
        or_(
            _columns.state == "failed",
            and_(_columns.state == "waiting", or_(_columns.trouble.is_not(None), _columns.tries == 0)),
        ),
    )
    done = tx.execute(
        statement.values(state="withdrawn", next_try_at=None, trouble=storable(reason)[:NOTE_MAX], body=b"")
    )
    return bool(done.rowcount)


def is_due(sql: Connection, queue: Queue, now: datetime) -> bool:
    """True while a queue has a message to send."""
    return sql.execute(_due(queue, now)).first() is not None


def claim(database: Database, queue: Queue) -> Outgoing | None:
    """Take the next message that is due, count the try, and keep other processes from it; None when there is none."""
    with database.system_write() as sql:
        now = database.clock.now()
        number = sql.scalar(_due(queue, now).with_for_update(skip_locked=True, of=outbound_message))
        if number is None:
            return None
        statement = (
            update(outbound_message)
            .where(_columns.number == number)
            .values(tries=_columns.tries + 1, tried_at=now, next_try_at=now + CLAIM_LASTS, trouble=None)
            .returning(*columns_of(Outgoing, outbound_message))
        )
        return Outgoing(*sql.execute(statement).one())


def _due(queue: Queue, now: datetime) -> Select[tuple[int]]:
    """The next message to send: the earliest that is due, and in a queue with order the foremost to its recipient."""
    query = select(_columns.number).where(_columns.queue == queue.name, _columns.next_try_at <= now)
    if queue.in_order:
        query = query.where(is_foremost())
    return query.order_by(_columns.next_try_at, _columns.number).limit(1)


def is_foremost() -> ColumnElement[bool]:
    """Condition that a message waits behind no other one to its recipient."""
    before = outbound_message.alias("before")
    return ~exists().where(
        before.c.queue == _columns.queue,
        before.c.recipient == _columns.recipient,
        before.c.community == _columns.community,
        before.c.number < _columns.number,
        before.c.next_try_at.is_not(None),
    )


def mark_delivered(database: Database, queue: Queue, outgoing: Outgoing, proof: str) -> None:
    """Note that a message was taken. The first proof counts, also when another process holds the message by now."""
    with database.system_write() as sql:
        now, answer = database.clock.now(), storable(proof)[:NOTE_MAX]
        noted = sql.execute(
            update(outbound_message)
            .where(_columns.community == outgoing.community, _columns.id == outgoing.id, _columns.state != "delivered")
            .values(
                state="delivered",
                next_try_at=None,
                delivered_at=now,
                proof=answer,
                trouble=None,
                body=b"",
            )
        )
        if noted.rowcount:
            _settle(database, sql, queue, outgoing, Settled(outgoing.id, queue.name, "delivered", answer))


def mark_trouble(
    database: Database, queue: Queue, outgoing: Outgoing, reason: str, next_try_at: datetime | None
) -> None:
    """Note why a message was not taken, and when it is tried again, if ever."""
    with database.system_write() as sql:
        noted = sql.execute(
            update(outbound_message)
            .where(
                _columns.community == outgoing.community,
                _columns.id == outgoing.id,
                _columns.state == "waiting",
                _columns.tries == outgoing.tries,  # unless another process has claimed it since
            )
            .values(
                state="waiting" if next_try_at else "failed",
                next_try_at=next_try_at,
                trouble=reason,
            )
        )
        if noted.rowcount and next_try_at is None:
            _settle(database, sql, queue, outgoing, Settled(outgoing.id, queue.name, "failed", reason))


def _settle(database: Database, sql: Connection, queue: Queue, outgoing: Outgoing, settled: Settled) -> None:
    """Let the queue's owner note it as well, in the same transaction."""
    tx = Tx(sql, outgoing.community, database.clock.now(), Actor("queue", queue.name, "outbound"))
    try:
        with part_of(sql, outgoing.community):
            queue.settle(tx, settled)
    except OperationalError:
        raise
    except Exception:
        # The message went out all the same: were it not noted, it would go again and again for a bug of ours.
        log.exception("%s: what became of %s was not noted elsewhere", queue.name, outgoing.id)
