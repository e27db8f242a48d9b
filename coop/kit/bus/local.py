"""The bus of one process: hands facts to each consumer in turn, each in its own transaction."""

from __future__ import annotations

from collections.abc import Sequence

from coop.events import Envelope
from coop.kit.inbox import Consumer, consume


class LocalBus:
    """Delivers to every consumer but the one that told."""

    def __init__(self, consumers: Sequence[Consumer]) -> None:
        self._consumers = list(consumers)

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Return when every consumer has taken the facts."""
        for consumer in self._consumers:
            heard = [envelope for envelope in envelopes if envelope.source != f"/coop/{consumer.service}"]
            if heard:
                consume(consumer, heard)
