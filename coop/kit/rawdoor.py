"""Doors for raw messages, which nobody here wrote: what cannot be taken is parked by itself, and the stream goes on.

Invariant: when ``receive`` returns, every message was taken or parked, durably; when it raises, none counts as read and
the same messages have to be handed over again. An unexpected error is tried again ``TRIES`` times with waiting, then
each message alone; the one that still fails is parked with its reason. A database that is away parks nothing, and
``park_limit`` parked messages in a row stop the stream until somebody has looked.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from coop.kit.database import is_database_away
from coop.kit.inbox import StreamStopped, wait_before
from coop.values import CoopError, say

log = logging.getLogger(__name__)

Headers = dict[str, str]

RawHandler = Callable[[Sequence[tuple[Headers, bytes]]], None]
"""Takes (headers, body) of several messages and makes them durable before it returns, all or none of them."""

RawParker = Callable[[Headers, bytes, Exception], None]
"""Keeps a message that could not be taken, with the reason; the same one is kept once."""

TRIES = 3


class RawDoor:
    """A way in for raw messages: ``take`` makes them durable, ``park`` keeps what cannot be taken.

    ``trouble`` says what keeps messages from coming in now; ``stopping`` ends every wait.
    """

    def __init__(
        self,
        take: RawHandler,
        park: RawParker,
        park_limit: int = 50,
        wait_s: Callable[[int], float] = wait_before,
    ) -> None:
        self.trouble: str | None = None
        self.stopping = threading.Event()
        self._take, self._park, self._park_limit, self._wait_s = take, park, park_limit, wait_s
        self._parked_in_a_row = 0

    def receive(self, messages: Sequence[tuple[Headers, bytes]]) -> None:
        """Take or park every message; returns when all of them are durable.

        Raises:
            StreamStopped: the door closes.
        """
        self._until_done(lambda: self._take_or_park(messages))

    def refuse(self, headers: Headers, body: bytes, refusal: CoopError) -> None:
        """Park a message that cannot even be handed to ``take``.

        Raises:
            StreamStopped: the door closes.
        """
        self._until_done(lambda: self._park_one(headers, body, refusal))

    def _until_done(self, work: Callable[[], None]) -> None:
        waits = 0
        while True:
            try:
                work()
            except Exception as error:
                # The database is away, too much is parked, or parking itself fails: nothing may be passed over.
                if self._waits(error, waits := waits + 1):
                    raise StreamStopped("stopping", say("the door closes")) from error
            else:
                self.trouble = None
                return

    def _take_or_park(self, messages: Sequence[tuple[Headers, bytes]]) -> None:
        error = self._try(messages)
        if error is None:
            self._parked_in_a_row = 0
        elif len(messages) > 1:
            for message in messages:
                self._take_or_park([message])
        else:
            self._park_one(*messages[0], error)

    def _try(self, messages: Sequence[tuple[Headers, bytes]]) -> Exception | None:
        """Take messages; returns the error that stays when they are tried again."""
        failures = 0
        while True:
            try:
                self._take(messages)
            except Exception as error:
                # Whatever it is, it may pass; when it does not, the message is parked with it.
                if isinstance(error, StreamStopped) or is_database_away(error):
                    raise
                failures += 1
                if isinstance(error, CoopError) or failures >= TRIES:
                    return error
                if self._waits(error, failures):
                    raise StreamStopped("stopping", say("the door closes")) from error
            else:
                return None

    def _park_one(self, headers: Headers, body: bytes, error: Exception) -> None:
        if self._parked_in_a_row >= self._park_limit:
            raise StreamStopped(
                "too-many-parked",
                say("%(parked_in_a_row)s messages in a row could not be taken", parked_in_a_row=self._parked_in_a_row),
            )
        self._park(headers, body, error)
        self._parked_in_a_row += 1
        log.error("parked a message of %d bytes: %s", len(body), type(error).__name__)

    def _waits(self, error: Exception, failures: int) -> bool:
        """Show an error and wait before the next try; True when the door closes meanwhile."""
        self.trouble = f"{type(error).__name__}: {error}"
        log.warning("a message is tried again (%d): %s", failures, self.trouble, exc_info=failures == 1)
        return self.stopping.wait(self._wait_s(failures))
