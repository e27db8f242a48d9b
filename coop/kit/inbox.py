"""Inbox and dead letters: every fact is handled once, and one that is refused for good is kept with its reason.

Invariant: claiming a fact and everything its handler did commit together or not at all, so a consumer killed at any
instant handles the fact again from the start and a repeat changes nothing. Facts are consumed in batches, one
transaction a batch with a savepoint for each fact: one commit to disk for hundreds of facts, and still each fact is
whole or absent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Connection,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, OperationalError

from coop.events import Envelope, Event, UnknownEvent, read_event
from coop.kit import clock
from coop.kit.database import Database, among
from coop.kit.tables import dead_letter as dead_letter
from coop.kit.tables import inbox as inbox
from coop.values import CoopError, derive_id

log = logging.getLogger(__name__)

Handler = Callable[[Connection, Any, Envelope], None]
"""Called with the open transaction, the fact and its envelope; announces by ``journal.append``."""

TRIES = 5
"""Times a handler may fail by a bug before its fact is parked."""


class StreamStopped(CoopError):
    """Too many facts in a row were refused: somebody has to look before more are parked."""


@dataclass
class Streak:
    """How many facts in a row a consumer has refused."""

    refused: int = 0


@dataclass(frozen=True)
class Consumer:
    """What a service hears, and where it keeps it.

    ``park_limit`` refusals without one success mean that something else is wrong than the facts; an operator who has
    looked and wants them parked all the same raises it (COOP_PARK_LIMIT).
    """

    service: str
    database: Database
    hears: Mapping[type[Event], Handler]
    park_limit: int = 50
    streak: Streak = field(default_factory=Streak)

    def topics(self) -> list[str]:
        """Topics that carry what it hears."""
        return sorted({cls.topic() for cls in self.hears})

    def wants(self, envelope: Envelope) -> bool:
        """True for a type that it hears, in whatever version."""
        return envelope.type.rsplit(".", 1)[0] in {cls.TYPE.rsplit(".", 1)[0] for cls in self.hears}


def consume(
    consumer: Consumer, batch: Sequence[Envelope], wait_s: Callable[[int], float] = lambda n: 0.2 * 2**n
) -> int:
    """Handle a batch of facts, each exactly once; returns how many were new.

    A refusal parks the fact and goes on. A handler that fails otherwise is tried again with waiting and parked after
    ``TRIES``; when the database is away, nothing is parked and the error goes to the caller, who tries the batch again.

    Raises:
        StreamStopped: ``park_limit`` facts in a row were refused; nothing of the batch is kept.
        OperationalError: the database is away.
    """
    wanted = [envelope for envelope in batch if consumer.wants(envelope)]
    failures = 0
    while True:
        try:
            return _consume_once(consumer, wanted, park_bugs=failures >= TRIES)
        except (StreamStopped, OperationalError):
            raise
        except Exception:
            # A bug and a passing trouble look alike from here. Waiting and trying again tells them apart.
            failures += 1
            log.exception("%s failed on a batch, try %d of %d", consumer.service, failures, TRIES)
            time.sleep(wait_s(failures))


def _consume_once(consumer: Consumer, batch: Sequence[Envelope], *, park_bugs: bool) -> int:
    new = 0
    with consumer.database.write() as connection:
        seen = _seen(connection, [envelope.id for envelope in batch])
        refused = consumer.streak.refused
        claimed: list[dict[str, object]] = []
        for envelope in batch:
            if envelope.id in seen:
                continue
            seen.add(envelope.id)
            new += 1
            try:
                with _savepoint(connection):
                    handle(consumer, connection, envelope)
                refused = 0
            except CoopError as refusal:
                park(connection, "event", envelope.source, envelope.to_json(), refusal.code, refusal.message)
                refused += 1
            except DBAPIError as error:
                if isinstance(error, OperationalError) or not park_bugs:
                    raise
                park(connection, "event", envelope.source, envelope.to_json(), "bug", repr(error))
            except Exception as error:
                if not park_bugs:
                    raise
                park(connection, "event", envelope.source, envelope.to_json(), "bug", repr(error))
            claimed.append({"event_id": envelope.id, "type": envelope.type, "received_at": clock.now()})
            if refused >= consumer.park_limit:
                raise StreamStopped("too-many-parked", f"{consumer.service}: {refused} facts in a row were refused")
        if claimed:
            connection.execute(insert(inbox), claimed)
    consumer.streak.refused = refused
    return new


def handle(consumer: Consumer, connection: Connection, envelope: Envelope) -> None:
    """Read a fact and call its handler.

    Raises:
        UnknownEvent: nothing here reads this type or version.
        CoopError: the handler refuses it.
    """
    event = read_event(envelope)
    handler = consumer.hears.get(type(event))
    if handler is None:
        raise UnknownEvent("unknown-event", f"{consumer.service} does not hear {envelope.type}")
    handler(connection, event, envelope)


def count_heard(connection: Connection) -> dict[str, int]:
    """How many facts of each type were heard, parked ones included."""
    query = select(inbox.c.type, func.count()).group_by(inbox.c.type)
    return dict(iter(connection.execute(query)))


def park(connection: Connection, kind: str, source: str, body: bytes, code: str, reason: str) -> str:
    """Keep what was refused, with the reason; returns its id. The same body for the same reason is kept once."""
    letter_id = derive_id("dead-letter", kind, source, body.hex(), reason)
    known = connection.execute(
        update(dead_letter).where(dead_letter.c.id == letter_id).values(attempts=dead_letter.c.attempts + 1)
    )
    if not known.rowcount:
        connection.execute(
            insert(dead_letter).values(
                id=letter_id,
                kind=kind,
                source=source,
                body=body,
                code=code,
                reason=reason,
                parked_at=clock.now(),
                attempts=1,
            )
        )
    return letter_id


def parked(connection: Connection, limit: int = 200) -> Sequence[Any]:
    """Open dead letters, oldest first."""
    return connection.execute(
        select(dead_letter).where(dead_letter.c.resolved_at.is_(None)).order_by(dead_letter.c.parked_at).limit(limit)
    ).all()


def open_letter(connection: Connection, letter_id: str) -> Any:
    """One open dead letter.

    Raises:
        CoopError: there is none with this id.
    """
    query = select(dead_letter).where(dead_letter.c.id == letter_id, dead_letter.c.resolved_at.is_(None))
    letter = connection.execute(query).first()
    if letter is None:
        raise CoopError("no-such-letter", f"nothing open is parked under {letter_id}")
    return letter


def resolve(connection: Connection, letter_id: str, resolution: str) -> None:
    """Close a dead letter: ``replayed`` or ``discarded``. It stays in the table."""
    connection.execute(
        update(dead_letter).where(dead_letter.c.id == letter_id).values(resolved_at=clock.now(), resolution=resolution)
    )


def replay_letter(consumer: Consumer, letter_id: str) -> None:
    """Try a parked fact again; it is resolved when the handler takes it.

    Raises:
        CoopError: no such open letter, or it is refused again (and stays parked).
    """
    with consumer.database.write() as connection:
        letter = open_letter(connection, letter_id)
        handle(consumer, connection, Envelope.from_json(letter.body))
        resolve(connection, letter_id, "replayed")


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    """All of the block or nothing. Through the driver: SQLAlchemy's own costs five times as much, and every fact has
    one."""
    connection.exec_driver_sql("SAVEPOINT fact")
    try:
        yield
    except Exception:
        if not connection.invalidated:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT fact")
            connection.exec_driver_sql("RELEASE SAVEPOINT fact")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT fact")


def _seen(connection: Connection, ids: Sequence[str]) -> set[str]:
    return set(connection.scalars(select(inbox.c.event_id).where(among(connection, inbox.c.event_id, ids))))
