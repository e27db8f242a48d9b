"""Signals: every few seconds each service says where it stands, and so gaps are noticed and closed.

A signal goes to all other services, outside the journal. It carries the head of the service's own journal, and for
each other service the head that it remembers of it and the positions that it misses. Whoever hears a signal keeps the
head, compares what is remembered of its own journal with the journal, and tells missing facts again. Signals may be
lost, doubled or late: the next one says it all again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Protocol

import orjson
from pydantic import TypeAdapter, ValidationError

from coop.events import SERVICES, Envelope
from coop.kit import journal, positions
from coop.kit.inbox import Consumer
from coop.kit.positions import ASK_MAX, RANGES_MAX, Head, Range, SourceState
from coop.values import BadInput, Problem, say

log = logging.getLogger(__name__)

EVERY_S = 10.0
SOON_S = 2.0
"""Seconds between signals, and while something is missing."""

ASK_AFTER_S = 4.0
"""Facts that are on their way get so long before they are asked for."""

ASK_WAIT_S, ASK_WAIT_MAX_S = 10.0, 60.0
"""Seconds until the same is asked for again, doubled each time up to the largest."""

CHUNK = 500


@dataclass(frozen=True)
class Hearing:
    """A service's word about another one: the head that it remembers, and the positions that it wants told again."""

    head: Head
    missing: tuple[Range, ...] = ()


@dataclass(frozen=True)
class Signal:
    """Word of ``service`` at its time ``at``: its own head, and its hearing of others by their names."""

    service: str
    at: datetime
    head: Head
    hearings: Mapping[str, Hearing]

    def to_json(self) -> bytes:
        """The signal as it stands on the bus."""
        return orjson.dumps(self)

    @classmethod
    def from_json(cls, body: bytes) -> Signal:
        """Read what ``to_json`` wrote.

        Raises:
            BadInput: it is no such signal.
        """
        try:
            return _SIGNAL.validate_json(body)
        except ValidationError as error:
            raise BadInput([Problem(say("is no signal"), "signal")]) from error


_SIGNAL = TypeAdapter(Signal)


class Bus(Protocol):
    """Carries sealed facts to whoever hears them, and signals to every other service."""

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Return when the facts are safe with the other side."""

    def signal(self, signal: Signal) -> None:
        """Hand a signal over; it may get lost."""

    def mark(self, service: str) -> Any:
        """Remember the end of all that is on its way to a service now."""

    def is_past(self, service: str, mark: Any) -> bool:
        """True when a service was handed everything up to a mark."""


def hear_signal(consumer: Consumer, bus: Bus, signal: Signal) -> None:
    """Take another service's signal: keep its head, check what it remembers, tell again what it misses."""
    if signal.service == consumer.service or signal.service not in SERVICES:
        return
    is_heard = signal.service in consumer.sources()
    positions.note_head(consumer.database, signal.service, signal.head, signal.at, is_heard=is_heard)
    hearing = signal.hearings.get(consumer.service)
    if hearing is None:
        return
    if doubt := positions.note_doubt(consumer.database, signal.service, hearing.head):
        log.critical("journal of %s: %s", consumer.service, doubt)
    if hearing.missing:
        with consumer.database.claim("tell-again") as is_mine:
            if is_mine:
                tell_again(consumer, bus, signal.service, hearing.missing)


def tell_again(consumer: Consumer, bus: Bus, hearer: str, missing: Sequence[Range]) -> int:
    """Hand facts of the service's own journal to the bus once more; returns how many."""
    count = 0
    for first, last in missing[:RANGES_MAX]:
        last = min(last, first + ASK_MAX - count - 1)
        for start in range(first, last + 1, CHUNK):
            with consumer.database.system_read() as sql:
                limit = min(CHUNK, last - start + 1)
                envelopes = journal.envelopes(sql, consumer.service, start - 1, limit)
            bus.publish([envelope for envelope in envelopes if envelope.position <= last])
            count += len(envelopes)
    log.warning("%s told %d facts again, which %s had not heard", consumer.service, count, hearer)
    return count


@dataclass
class _Gap:
    """A gap that this process watches: where it begins, and when to ask for what is missing."""

    position: int
    ask_at: float
    wait_s: float = ASK_WAIT_S
    mark: Any = None


@dataclass
class Pulse:
    """Sends one service's signals at their times."""

    consumer: Consumer
    bus: Bus
    due_at: float = 0.0
    _gaps: dict[str, _Gap] = field(default_factory=dict)

    def beat(self) -> None:
        """Send a signal when it is time. One process of a service does so at a time, so that its heads only grow."""
        if monotonic() < self.due_at:
            return
        with self.consumer.database.claim("signal") as is_mine:
            if is_mine:
                self.bus.signal(self._compose())
        self.due_at = monotonic() + (SOON_S if self._gaps else EVERY_S)

    def _compose(self) -> Signal:
        database = self.consumer.database
        with database.system_read() as sql:
            head = Head(*journal.published_head(sql))
            states = positions.list_sources(sql)
        hearings = {state.source: Hearing(state.head, self._choose_missing(state)) for state in states}
        return Signal(self.consumer.service, database.clock.now(), head, hearings)

    def _choose_missing(self, state: SourceState) -> tuple[Range, ...]:
        """Positions to ask for now: those that are still missing after all that was on its way has come."""
        if state.behind_since is None:
            self._gaps.pop(state.source, None)
            return ()
        now = monotonic()
        gap = self._gaps.get(state.source)
        if gap is None or gap.position != state.heard_position:
            wait_s = 0.0 if gap else ASK_AFTER_S
            gap = self._gaps[state.source] = _Gap(state.heard_position, now + wait_s)
        if now < gap.ask_at:
            return ()
        if gap.mark is None:
            gap.mark = self.bus.mark(self.consumer.service)
        if not self.bus.is_past(self.consumer.service, gap.mark):
            return ()
        gap.mark, gap.ask_at, gap.wait_s = None, now + gap.wait_s, min(2 * gap.wait_s, ASK_WAIT_MAX_S)
        return state.list_missing()
