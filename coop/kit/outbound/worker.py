"""The worker: two threads that make and send a queue's messages until they are stopped, whatever happens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Self

from coop.kit.database import Database
from coop.kit.inbox import TRIES, wait_before
from coop.kit.outbound.making import make_due
from coop.kit.outbound.message import Away, Queue
from coop.kit.outbound.sending import send_due
from coop.values import join_said, say

log = logging.getLogger(__name__)

STOP_MAX_S = 20.0
"""Longest wait [s] for the message in hand; one that takes longer is sent again after its claim has lapsed."""

Step = Callable[[int], int]
"""Does the next piece of work, knowing how often it failed in a row; returns how much moved."""


class Loop:
    """A thread that repeats a step; ``trouble`` says what keeps it from doing so."""

    def __init__(self, name: str, step: Step, pause_s: float, stopping: threading.Event) -> None:
        self._name, self._step, self._pause_s, self._stopping = name, step, pause_s, stopping
        self._failure: str | None = None
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def trouble(self) -> str | None:
        """Trouble, or None."""
        if self.thread.ident and not self.thread.is_alive() and not self._stopping.is_set():
            return say("its thread has ended")
        return self._failure

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                moved = self._step(failures)
                failures, self._failure = 0, None
            except Away as away:
                moved, failures, self._failure = 0, failures + 1, away.args[0]
                log.warning("%s waits: %s", self._name, away)
            except Exception as error:
                # Whatever it is, the thread lives, the trouble shows in health, and facts and messages wait.
                moved, failures, self._failure = 0, failures + 1, f"{type(error).__name__}: {error}"
                log.warning("%s waits: %s", self._name, self._failure, exc_info=failures == 1)
            if not moved:
                self._stopping.wait(max(self._pause_s, wait_before(failures) if failures else 0.0))


class Worker:
    """Makes and sends the messages of one queue while it is open. Making does not wait for a slow recipient."""

    def __init__(self, queue: Queue, database: Database, pause_s: float = 0.5) -> None:
        self.queue = queue
        self.service = database.service
        self.name = f"outbound {database.service} {queue.name}"
        self._stopping = threading.Event()
        self._loops = (
            Loop(
                f"{self.name} making",
                lambda failures: make_due(database, queue, park_bugs=failures >= TRIES),
                pause_s,
                self._stopping,
            ),
            Loop(
                f"{self.name} sending",
                lambda _: send_due(database, queue, self._stopping.is_set),
                pause_s,
                self._stopping,
            ),
        )

    @property
    def trouble(self) -> str | None:
        """Trouble that keeps it from making or sending, or None."""
        troubles = [loop.trouble for loop in self._loops if loop.trouble]
        return join_said(troubles) if troubles else None

    def __enter__(self) -> Self:
        for loop in self._loops:
            loop.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for loop in self._loops:
            loop.thread.join(STOP_MAX_S)
