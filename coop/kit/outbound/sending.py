"""Sending: what is due is claimed, handed to the transport, and noted as delivered, to be tried again, or failed."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import timedelta

from coop.kit.database import Database
from coop.kit.metrics import MESSAGES_TRIED
from coop.kit.outbound.message import Outgoing, Queue, Refused, Send, TryLater
from coop.kit.outbound.store import claim, is_due, mark_delivered, mark_trouble
from coop.kit.parking import describe
from coop.values import say, say_count

log = logging.getLogger(__name__)

WAIT_FIRST_S = 30.0
WAIT_MAX_S = 6 * 3600.0
WAIT_ASKED_MAX_S = 24 * 3600.0
JITTER = 0.2


def wait_after(tries: int, jitter: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds to the next try: four times as long after each, up to ``WAIT_MAX_S``, give or take a fifth.

    Messages that failed together do not come back together. With twelve tries it is tried for some 39 hours.

    >>> [wait_after(tries, lambda low, high: 1.0) for tries in (1, 2, 3, 12)]
    [30.0, 120.0, 480.0, 21600.0]
    """
    return min(WAIT_FIRST_S * 4.0 ** min(tries - 1, 20), WAIT_MAX_S) * jitter(1 - JITTER, 1 + JITTER)


def send_due(database: Database, queue: Queue, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, until nothing is or a message has to wait; returns how many were tried.

    Raises:
        Away: the transport does not open; nothing was tried.
    """
    with database.system_read() as sql:
        if not is_due(sql, queue, database.clock.now()):  # an idle queue takes no write lock and opens nothing
            return 0
    tried, goes_on = 0, True
    with queue.transport.open() as send:
        while goes_on and not is_stopping() and (outgoing := claim(database, queue)):
            tried += 1
            goes_on = _send(database, queue, send, outgoing)
    return tried


def _send(database: Database, queue: Queue, send: Send, outgoing: Outgoing) -> bool:
    """Send one message and note what came of it; False when the transport should be opened anew."""
    if outgoing.tries > queue.tries_max:
        _give_up(database, queue, outgoing, say("each ended before it was noted"))
        return True
    try:
        proof = send(outgoing)
    except Refused as refusal:
        log.warning("%s: %s was refused", queue.name, outgoing.id)
        _count(database, queue, "refused")
        mark_trouble(database, queue, outgoing, refusal.reason, None)
        return True
    except TryLater as trouble:
        _put_off(database, queue, outgoing, trouble.reason, trouble.wait_s)
        return False
    except Exception as error:
        # A bug of a transport is the trouble of this message: it is tried again as often as any, and the others go on.
        log.exception("%s: sending %s failed", queue.name, outgoing.id)
        _put_off(database, queue, outgoing, describe(error)[1], 0.0)
        return False
    mark_delivered(database, queue, outgoing, proof)
    _count(database, queue, "delivered")
    log.info("%s: %s was delivered at try %d", queue.name, outgoing.id, outgoing.tries)
    return True


def _put_off(database: Database, queue: Queue, outgoing: Outgoing, reason: str, asked_s: float) -> None:
    if outgoing.tries >= queue.tries_max:
        _give_up(database, queue, outgoing, reason)
        return
    _count(database, queue, "put off")
    wait_s = max(wait_after(outgoing.tries), min(asked_s, WAIT_ASKED_MAX_S))
    mark_trouble(database, queue, outgoing, reason, database.clock.now() + timedelta(seconds=wait_s))


def _give_up(database: Database, queue: Queue, outgoing: Outgoing, reason: str) -> None:
    log.warning("%s: %s failed after %d tries", queue.name, outgoing.id, queue.tries_max)
    _count(database, queue, "given up")
    sentence = say_count(
        "gave up after %(num)s try: %(reason)s",
        "gave up after %(num)s tries: %(reason)s",
        queue.tries_max,
        reason=reason,
    )
    mark_trouble(database, queue, outgoing, sentence, None)


def _count(database: Database, queue: Queue, outcome: str) -> None:
    MESSAGES_TRIED.labels(database.service, queue.name, outcome).inc()
