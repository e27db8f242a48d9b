"""Making: a queue walks its service's journal, and what its ``make`` says follows from a fact is written.

Invariant: the messages of a fact and the position behind it commit together or not at all, so a process killed at any
instant makes them again from the start, and two processes at once wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import OperationalError

from coop.events import Envelope
from coop.kit import journal, parking
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.inserting import insert_mappings
from coop.kit.outbound.message import Queue
from coop.kit.outbound.store import insert_messages
from coop.kit.tables import outbound_position
from coop.kit.tx import Tx, part_of
from coop.values import CoopError, say

UNMADE = "outbound"
"""Kind of the dead letter of a fact whose messages could not be made; its source is the queue."""

BATCH = 200
"""Facts in one transaction."""

_position_of = select(outbound_position.c.position)


def make_due(database: Database, queue: Queue, *, park_bugs: bool = False, limit: int = BATCH) -> int:
    """Make the messages of the next facts; returns how many facts were looked at.

    A fact that ``make`` refuses is parked; one on which it fails otherwise only with ``park_bugs``, after the caller
    has tried often enough.
    """
    with database.system_read() as sql:
        position = sql.scalar(_position_of.where(outbound_position.c.queue == queue.name))
        if position is not None and position >= journal.head(sql)[0]:  # an idle queue takes no write lock
            return 0
    with database.system_write() as sql:
        position = _lock_position(sql, queue)
        batch = journal.envelopes(sql, database.service, position, limit)
        now = database.clock.now()
        for envelope in batch:
            tx = Tx(sql, envelope.community, now, Actor("queue", queue.name, "outbound"))
            _make_or_park(sql, tx, queue, envelope, park_bugs=park_bugs)
        if batch:
            mine = outbound_position.c.queue == queue.name
            sql.execute(update(outbound_position).where(mine).values(position=batch[-1].position))
    return len(batch)


def _make_or_park(sql: Connection, tx: Tx, queue: Queue, envelope: Envelope, *, park_bugs: bool) -> None:
    try:
        with part_of(sql, tx.community):
            insert_messages(tx, queue.name, queue.make(tx, envelope), envelope.id)
    except CoopError as refusal:
        parking.park(tx, UNMADE, queue.name, envelope.to_json(), refusal.code, refusal.message)
    except OperationalError:
        raise
    except Exception as error:
        # A bug must not stop the facts behind it; it was tried often enough.
        if not park_bugs:
            raise
        parking.park(tx, UNMADE, queue.name, envelope.to_json(), *parking.describe(error))


def make_again(database: Database, queues: Sequence[Queue], community: str, actor: Actor, letter_id: str) -> None:
    """Make the messages of a parked fact after all; the letter is resolved when that succeeds.

    Raises:
        CoopError: no such open letter, its queue is gone, or ``make`` refuses again (and it stays parked).
    """
    with database.write(community, actor) as tx:
        letter = parking.get_parked(tx, letter_id)
        queue = next((queue for queue in queues if queue.name == letter.source), None)
        if queue is None:
            raise CoopError("no-such-queue", say("there is no queue %(name)s here", name=letter.source))
        envelope = Envelope.from_json(letter.body)
        insert_messages(tx, queue.name, queue.make(tx, envelope), envelope.id)
        parking.resolve(tx, letter_id, "replayed")


def _lock_position(sql: Connection, queue: Queue) -> int:
    """Position of a queue, kept from other processes until the transaction ends; a new queue gets its first one."""
    query = _position_of.where(outbound_position.c.queue == queue.name).with_for_update()
    position = sql.scalar(query)
    if position is None:
        first = 0 if queue.from_start else journal.head(sql)[0]
        insert_mappings(sql, outbound_position, [{"queue": queue.name, "position": first}], ["queue"])
        position = sql.scalar(query)
    return position or 0
