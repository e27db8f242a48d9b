"""What a service is made of, and what keeps its facts moving: the relay."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import MetaData, Table
from sqlalchemy.exc import OperationalError

from coop.events import Envelope, Event
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.inbox import Consumer, Handler, StreamStopped, consume, dead_letter, inbox

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """The shape of a service. ``heard_tables`` hold only what was heard from others and can be rebuilt from their
    journals; everything else in ``metadata`` is the service's own truth."""

    name: str
    metadata: MetaData
    tells: Sequence[type[Event]] = ()
    hears: Mapping[type[Event], Handler] = field(default_factory=dict)
    heard_tables: Sequence[Table] = ()

    def consumer(self, database: Database, park_limit: int = 50) -> Consumer:
        """This service listening, over its database."""
        return Consumer(self.name, database, self.hears, park_limit)


class Bus(Protocol):
    """Carries sealed facts to whoever hears them; returns when they are safe with the other side."""

    def publish(self, envelopes: Sequence[Envelope]) -> None: ...


class LocalBus:
    """The bus of one process: hands facts to each consumer in turn, each in its own transaction."""

    def __init__(self, consumers: Sequence[Consumer]) -> None:
        self._consumers = list(consumers)

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Deliver to every consumer but the one that told."""
        for consumer in self._consumers:
            heard = [e for e in envelopes if e.source != f"/coop/{consumer.service}"]
            if heard:
                consume(consumer, heard)


def relay_once(service: str, database: Database, bus: Bus, limit: int = 1000) -> int:
    """Seal what waits and hand the next facts to the bus; returns how many moved.

    Killed before ``mark_published``, it hands the same facts over again; inboxes make that harmless.
    """
    sealed = 0
    with database.read() as connection:
        waiting = journal.is_waiting(connection)
    if waiting:  # an idle relay takes no write lock
        with database.write() as connection:
            sealed = journal.seal(connection, limit)
    with database.read() as connection:
        batch = journal.envelopes(connection, service, journal.published_position(connection), limit)
    if batch:
        bus.publish(batch)
        with database.write() as connection:
            journal.mark_published(connection, batch[-1].position)
    return len(batch) or sealed


def settle(services: Sequence[tuple[str, Database]], bus: Bus) -> int:
    """Relay until every service has told all it knows; returns how many facts moved. For commands and tests."""
    total = 0
    while moved := sum(relay_once(name, database, bus) for name, database in services):
        total += moved
    return total


class Relay:
    """The thread that relays one service's facts until it is stopped."""

    def __init__(self, service: str, database: Database, bus: Bus, pause_s: float = 0.2) -> None:
        self.service = service
        self.trouble: str | None = None
        self._database, self._bus, self._pause_s = database, bus, pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"relay-{service}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                moved = relay_once(self.service, self._database, self._bus)
                failures, self.trouble = 0, None
            except StreamStopped as stopped:
                self.trouble = stopped.message
                log.error("%s", stopped.message)
                moved, failures = 0, failures + 1
            except (OperationalError, OSError, TimeoutError) as outage:
                self.trouble = str(outage)
                log.warning("relay of %s waits: %s", self.service, outage)
                moved, failures = 0, failures + 1
            if not moved:
                self._stop.wait(min(self._pause_s * 2**failures, 10.0))


def rest_collector() -> None:
    """Keep Python's garbage collector from walking what stays; call it when everything is put together.

    A batch makes tens of thousands of objects that live until it is done. By default the collector walks them, and all
    that was imported, several times a batch, which took two fifths of the time of taking readings in.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def rebuild(
    service: Service,
    database: Database,
    journals: Mapping[str, Database],
    batch: int = 1000,
    progress: Callable[[str, int], None] = lambda name, count: None,
) -> int:
    """Forget everything that ``service`` heard and hear it again from the other services' journals.

    Its own truths stay: handlers derive their ids from what they hear, so what exists already is found again. Returns
    how many facts were replayed. Killed on the way, run it again: it starts from nothing heard.
    """
    consumer = service.consumer(database)
    replayed = 0
    with database.write() as connection:
        for table in reversed(service.metadata.sorted_tables):
            if table.name in {heard.name for heard in service.heard_tables}:
                connection.execute(table.delete())
        connection.execute(inbox.delete())
        connection.execute(
            dead_letter.delete().where(dead_letter.c.kind == "event", dead_letter.c.resolved_at.is_(None))
        )
    for name, source in journals.items():
        if name == service.name:
            continue
        position = 0
        while True:
            with source.read() as connection:
                heard = journal.envelopes(connection, name, position, batch)
            if not heard:
                break
            replayed += consume(consumer, heard)
            position = heard[-1].position
            progress(name, replayed)
    return replayed
