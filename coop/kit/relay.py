"""The relay: seals a service's facts and hands them to the bus, again after every kill."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Protocol

from coop.events import Envelope
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.inbox import StreamStopped, wait_before

log = logging.getLogger(__name__)


class Bus(Protocol):
    """Carries sealed facts to whoever hears them; returns when they are safe with the other side."""

    def publish(self, envelopes: Sequence[Envelope]) -> None: ...


def relay_once(service: str, database: Database, bus: Bus, limit: int = 1000) -> int:
    """Seal what waits and hand the next facts to the bus; returns how many moved.

    Killed before ``mark_published``, it hands the same facts over again; inboxes make that harmless.
    """
    sealed = 0
    with database.system_read() as sql:
        waiting = journal.is_waiting(sql)
    if waiting:  # an idle relay takes no write lock
        with database.system_write() as sql:
            sealed = journal.seal(sql, limit)
    with database.system_read() as sql:
        batch = journal.envelopes(sql, service, journal.published_position(sql), limit)
    if batch:
        bus.publish(batch)
        with database.system_write() as sql:
            journal.mark_published(sql, batch[-1].position)
    return len(batch) or sealed


def settle(services: Sequence[tuple[str, Database]], bus: Bus) -> int:
    """Relay until every service has told all it has to tell; returns how many facts moved. For commands and tests."""
    total = 0
    while moved := sum(relay_once(name, database, bus) for name, database in services):
        total += moved
    return total


class Relay:
    """The thread that relays one service's facts until it is stopped. ``trouble`` says what keeps it from doing so."""

    def __init__(self, service: str, database: Database, bus: Bus, pause_s: float = 0.2) -> None:
        self.service = service
        self.name = f"relay {service}"
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
                moved, failures, self.trouble = 0, failures + 1, stopped.message
                log.error("%s", stopped.message)
            except Exception as error:
                # Whatever it is, the thread lives, the trouble shows in health, and the facts wait in the journal.
                moved, failures, self.trouble = 0, failures + 1, f"{type(error).__name__}: {error}"
                log.warning("relay of %s waits: %s", self.service, self.trouble, exc_info=failures == 1)
            if not moved:
                self._stop.wait(max(self._pause_s, wait_before(failures) if failures else 0.0))
