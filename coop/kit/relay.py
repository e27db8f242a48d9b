"""The relay: seals a service's facts, hands them to the bus, again after every kill, and sends its signals."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from coop.kit import journal
from coop.kit.database import Database
from coop.kit.inbox import Consumer, StreamStopped, wait_before
from coop.kit.signals import Bus as Bus
from coop.kit.signals import Pulse

log = logging.getLogger(__name__)


def relay_once(service: str, database: Database, bus: Bus, limit: int = 1000) -> int:
    """Seal what waits and hand the next facts to the bus; returns how many moved.

    Killed before ``mark_published``, it hands the same facts over again; inboxes make that harmless. Of two processes
    of a service one publishes at a time.
    """
    sealed = 0
    with database.system_read() as sql:
        waiting = journal.is_waiting(sql)
    if waiting:  # an idle relay takes no write lock
        with database.system_write() as sql:
            sealed = journal.seal(sql, limit)
    with database.claim("relay") as is_mine:
        return (_publish_next(service, database, bus, limit) if is_mine else 0) or sealed


def _publish_next(service: str, database: Database, bus: Bus, limit: int) -> int:
    with database.system_read() as sql:
        batch = journal.envelopes(sql, service, journal.published_position(sql), limit)
    if batch:
        bus.publish(batch)
        with database.system_write() as sql:
            journal.mark_published(sql, batch[-1].position)
    return len(batch)


def settle(services: Sequence[tuple[str, Database]], bus: Bus) -> int:
    """Relay until every service has told all it has to tell; returns how many facts moved. For commands and tests."""
    total = 0
    while moved := sum(relay_once(name, database, bus) for name, database in services):
        total += moved
    return total


class Relay:
    """The thread that relays one service's facts and sends its signals until it is stopped. ``trouble`` says what keeps
    it from doing so."""

    def __init__(self, consumer: Consumer, bus: Bus, pause_s: float = 0.2) -> None:
        self.service = consumer.service
        self.name = f"relay {self.service}"
        self.trouble: str | None = None
        self._consumer, self._bus, self._pause_s = consumer, bus, pause_s
        self._pulse = Pulse(consumer, bus)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"relay-{self.service}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._consumer.stopping.clear()
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in hand, and end the waits of whoever hands facts to the service."""
        self._stop.set()
        self._consumer.stopping.set()
        self._thread.join()

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                moved = relay_once(self.service, self._consumer.database, self._bus)
                self._pulse.beat()
                failures, self.trouble = 0, None
            except StreamStopped as stopped:
                moved, failures, self.trouble = 0, failures + 1, stopped.message
                log.error("%s", stopped.message)
            except Exception as error:
                # Whatever it is, the thread lives, the trouble shows in health, and the facts wait in the journal.
                moved, failures, self.trouble = 0, failures + 1, f"{type(error).__name__}: {error}"
                log.warning("relay of %s waits: %s", self.service, self.trouble, exc_info=failures == 1)
            if not moved:
                self._stop.wait(max(self._pause_s, wait_before(failures) if failures else 0.0))
