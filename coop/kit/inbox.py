"""Inbox: every fact is handled once, and one that is refused for good is parked with its reason.

Invariant: claiming a fact, noting its position and everything its handler did commit together or not at all, so a
consumer killed at any instant handles the fact again from the start and a repeat changes nothing. Facts are consumed in
batches, one transaction a batch: one commit to disk for hundreds of facts. Those of a co-operative that follow on each
other share a savepoint, and each has its own where one of them is refused: every fact is whole or absent. Facts of one
subject come in order, except when a gap is closed: handlers stand on what is told, not on the order of telling.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from coop.events import Envelope, Event, UnknownEvent, event_classes, read_event
from coop.kit import counts, parking, positions
from coop.kit.actor import Actor
from coop.kit.database import Database, among, has_given_way, is_database_away
from coop.kit.inserting import Waiting, insert_mappings
from coop.kit.metrics import FACTS_HEARD
from coop.kit.tables import fact_count
from coop.kit.tables import inbox as inbox
from coop.kit.tx import Tx, part_of
from coop.values import CoopError, say

log = logging.getLogger(__name__)

Handler = Callable[[Tx, Any, Envelope], None]
"""Called with the open transaction, the fact and its envelope; announces by ``tx.tell``."""

FactKey = tuple[str, str]
"""Community and id of a fact."""

Refusal = tuple[str, str]
"""Code and reason by which a fact is refused."""

Answer = Callable[[Any, Refusal | None], Event]
"""Words what its teller is told of a fact that was refused, or that was taken after all (None)."""

TRIES = 5
"""Times a handler may fail by a bug before its fact is parked."""

WAIT_MAX_S = 30.0


class StreamStopped(CoopError):
    """Too many facts in a row were refused: somebody has to look before more are parked."""


@dataclass
class Streak:
    """Number of facts in a row that a consumer has parked."""

    parked: int = 0


@dataclass(frozen=True)
class Consumer:
    """Facts that a service hears, and where it keeps them.

    ``answers`` are for facts whose teller is told when they are refused.

    ``park_limit`` parked facts without one success mean that something else is wrong than the facts; an operator who
    has looked and wants them parked all the same raises it (COOP_PARK_LIMIT). ``stopping`` ends its waits.
    """

    service: str
    database: Database
    hears: Mapping[type[Event], Handler]
    park_limit: int = 50
    streak: Streak = field(default_factory=Streak)
    stopping: threading.Event = field(default_factory=threading.Event)
    answers: Mapping[type[Event], Answer] = field(default_factory=dict)

    def sources(self) -> list[str]:
        """Services whose facts it hears."""
        return sorted({cls.service() for cls in self.hears})

    def topics(self) -> list[str]:
        """All topics of those services: a position that it does not want is a position that it has heard."""
        sources = self.sources()
        return sorted({cls.topic() for cls in event_classes().values() if cls.service() in sources})

    @cached_property
    def _types(self) -> set[str]:
        """Types that it hears, without their versions."""
        return {cls.TYPE.rsplit(".", 1)[0] for cls in self.hears}

    def wants(self, envelope: Envelope) -> bool:
        """True for a type that it hears, in whatever version."""
        return envelope.type.rsplit(".", 1)[0] in self._types


def wait_before(failures: int) -> float:
    """Seconds to wait before the next try: twice as long each time, up to ``WAIT_MAX_S``.

    >>> wait_before(1), wait_before(60)
    (0.4, 30.0)
    """
    return min(0.2 * 2.0 ** min(failures, 20), WAIT_MAX_S)


def consume(consumer: Consumer, batch: Sequence[Envelope], wait_s: Callable[[int], float] = wait_before) -> int:
    """Handle a batch of facts, each exactly once; returns how many were new.

    A refusal parks the fact and goes on. A handler that fails otherwise is tried again with waiting and parked after
    ``TRIES``; when the database is away, nothing is parked and the error goes to the caller, who tries the batch again.
    Where another process of the service is at the same facts, as while a gap is closed or work is shared anew, one of
    the two takes each, which is a line in the log and no failure.

    Raises:
        StreamStopped: ``park_limit`` facts in a row were parked, or the service stops; nothing of the batch is kept.
        Exception: the database is away, or the batch fails outside of any handler.
    """
    failures = 0
    tried: set[FactKey] = set()
    while True:
        try:
            return _consume_once(consumer, batch, tried, park_bugs=failures >= TRIES)
        except Exception as error:
            if isinstance(error, IntegrityError) and (others := _count_claimed(consumer, batch, tried)):
                log.info("another process of %s took %d of %d facts first", consumer.service, others, len(tried))
                continue
            if has_given_way(error) and failures < TRIES and not consumer.stopping.wait(wait_s(failures)):
                failures += 1
                log.info("%s gave way to another process, and tries again", consumer.service)
                continue
            # A bug and a passing trouble look alike from here. Waiting and trying again tells them apart.
            if isinstance(error, StreamStopped) or is_database_away(error) or failures > TRIES:
                raise
            failures += 1
            log.exception("%s failed on a batch, try %d of %d", consumer.service, failures, TRIES)
            if consumer.stopping.wait(wait_s(failures)):
                raise StreamStopped("stopping", say("%(service)s stops", service=consumer.service)) from None


def _count_claimed(consumer: Consumer, batch: Sequence[Envelope], tried: set[FactKey]) -> int:
    """Count the facts that another process has claimed since this one tried to: what it did itself is undone."""
    with consumer.database.system_read() as sql:
        return len(_seen(sql, [envelope for envelope in batch if (envelope.community, envelope.id) in tried]))


def _consume_once(consumer: Consumer, batch: Sequence[Envelope], tried: set[FactKey], *, park_bugs: bool) -> int:
    """Handle the facts that nobody claimed yet, in one transaction; ``tried`` becomes which they are."""
    tried.clear()
    sources = consumer.sources()
    heard: dict[str, list[int]] = {}
    for envelope in batch:
        if envelope.service in sources:
            heard.setdefault(envelope.service, []).append(envelope.position)
    wanted = [envelope for envelope in batch if consumer.wants(envelope)]
    if not wanted and not heard:
        return 0
    outcomes: list[tuple[str, str]] = []
    parked = consumer.streak.parked
    with consumer.database.system_write() as sql:
        seen = _seen(sql, wanted)
        tried.update({(envelope.community, envelope.id) for envelope in wanted} - seen)
        now = consumer.database.clock.now()
        claimed: list[dict[str, object]] = []
        for tx, envelope, refusal in _handle_new(consumer, sql, wanted, seen, now, park_bugs=park_bugs):
            if refusal:
                parking.park(tx, parking.EVENT, envelope.source, envelope.to_json(), *refusal)
                _answer(consumer, tx, envelope, refusal)
            parked = parked + 1 if refusal else 0
            outcomes.append((envelope.type, "parked" if refusal else "taken"))
            claimed.append(
                {
                    "event_id": envelope.id,
                    "community": envelope.community,
                    "type": envelope.type,
                    "received_at": now,
                }
            )
            if parked >= consumer.park_limit:
                raise StreamStopped(
                    "too-many-parked",
                    say("%(service)s: %(parked)s facts in a row were refused", service=consumer.service, parked=parked),
                )
        insert_mappings(sql, inbox, claimed)
        counts.add(sql, "heard", Counter((str(row["community"]), str(row["type"])) for row in claimed))
        for source, numbers in sorted(heard.items()):
            positions.note_heard(sql, source, numbers, now)
    consumer.streak.parked = parked
    for outcome, count in Counter(outcomes).items():
        FACTS_HEARD.labels(consumer.service, *outcome).inc(count)
    return len(outcomes)


def _handle_new(
    consumer: Consumer,
    sql: Connection,
    wanted: Sequence[Envelope],
    seen: set[FactKey],
    now: datetime,
    *,
    park_bugs: bool,
) -> Iterator[tuple[Tx, Envelope, Refusal | None]]:
    """Handle each fact that was not ``seen``, in order, and give its transaction, and why it has to be parked if so."""
    new: list[Envelope] = []
    for envelope in wanted:
        if (key := (envelope.community, envelope.id)) not in seen:
            seen.add(key)
            new.append(envelope)
    for community, alike in groupby(new, key=lambda envelope: envelope.community):
        run = [(Tx(sql, community, now, Actor("service", one.source, "bus")), one) for one in alike]
        # A bug that is parked has to be found: each by itself.
        is_done = not park_bugs and len(run) > 1 and _handle_together(consumer, sql, community, run)
        for tx, envelope in run:
            yield tx, envelope, None if is_done else _refusal_of(consumer, sql, tx, envelope, park_bugs=park_bugs)


def _handle_together(consumer: Consumer, sql: Connection, community: str, run: Sequence[tuple[Tx, Envelope]]) -> bool:
    """Handle facts of a co-operative in one savepoint, and insert together what they say alike; False where one of them
    is refused, and nothing was done."""
    waiting = Waiting(sql)
    try:
        with part_of(sql, community):
            for tx, envelope in run:
                handle(consumer, Tx(sql, community, tx.now, tx.actor, waiting), envelope)
            waiting.insert()
    except CoopError:
        return False
    return True


def _refusal_of(consumer: Consumer, sql: Connection, tx: Tx, envelope: Envelope, *, park_bugs: bool) -> Refusal | None:
    """Handle one fact whole or not at all; returns code and reason when it has to be parked."""
    try:
        with part_of(sql, envelope.community):
            handle(consumer, tx, envelope)
    except CoopError as refusal:
        return refusal.code, refusal.message
    except Exception as error:
        # A bug of a handler must not stop the facts behind it, once it was tried often enough.
        if is_database_away(error) or not park_bugs:
            raise
        return parking.describe(error)
    return None


def _answer(consumer: Consumer, tx: Tx, envelope: Envelope, refusal: Refusal | None) -> None:
    """Tell what became of a fact, where its teller is told: refused, or taken after all."""
    try:
        event = read_event(envelope)
    except CoopError:
        return  # one that nobody can read is answered by nobody; it is parked with that reason
    answer = consumer.answers.get(type(event))
    if answer is not None:
        tx.tell(answer(event, refusal))


def handle(consumer: Consumer, tx: Tx, envelope: Envelope) -> None:
    """Read a fact and call its handler.

    Raises:
        UnknownEvent: nothing here reads this type or version.
        CoopError: the handler refuses it.
    """
    event = read_event(envelope)
    handler = consumer.hears.get(type(event))
    if handler is None:
        raise UnknownEvent(
            "unknown-event", say("%(service)s does not hear %(type)s", service=consumer.service, type=envelope.type)
        )
    handler(tx, event, envelope)


def count_heard(tx: Tx) -> dict[str, int]:
    """Count the facts of each type that were heard, parked ones included."""
    mine = fact_count.c.community == tx.community, fact_count.c.direction == "heard"
    return dict(iter(tx.execute(select(fact_count.c.type, fact_count.c.number).where(*mine))))


def replay_letter(consumer: Consumer, community: str, actor: Actor, letter_id: str) -> None:
    """Try a parked fact again; it is resolved when the handler takes it.

    Raises:
        CoopError: no such open letter, or it is refused again (and stays parked).
    """
    with consumer.database.write(community, actor) as tx:
        letter = parking.get_parked(tx, letter_id)
        envelope = Envelope.from_json(letter.body)
        handle(consumer, tx, envelope)
        _answer(consumer, tx, envelope, None)
        parking.resolve(tx, letter_id, "replayed")


def _seen(sql: Connection, batch: Sequence[Envelope]) -> set[FactKey]:
    """Community and id of those that were claimed before."""
    query = select(inbox.c.community, inbox.c.event_id).where(
        among(sql, inbox.c.community, {envelope.community for envelope in batch}),
        among(sql, inbox.c.event_id, {envelope.id for envelope in batch}),
    )
    return {(community, event_id) for community, event_id in sql.execute(query)}
