"""The Kafka door: the topic on which a head-end or a collector publishes raw telegrams by itself.

What comes in together is one transaction: it is durable when the messages count as read, and comes again whole when it
was not. What is bad in it is parked by itself, as with a single delivery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coop.kit import clock
from coop.kit.database import Database
from coop.kit.kafka import RawHandler
from coop.kit.settings import Settings
from coop.metering.amounts import instant_of
from coop.metering.handlers.parking import park_unrouted
from coop.metering.handlers.receive import CSV, decode_delivery, receive
from coop.metering.model import Delivery
from coop.values import BadInput, CoopError, Problem

TOPIC = "coop.metering.telegrams"
"""Raw telegrams: the body as it came, with headers ``format``, ``gateway``, ``received-at`` (ISO instant), and
``community`` where one installation serves several. Key them by gateway: one gateway's deliveries stay in order."""


def raw_topics(database: Database, settings: Settings) -> dict[str, RawHandler]:
    """The Kafka topics that metering reads itself, each with what takes its messages."""

    def take(messages: Sequence[tuple[Mapping[str, str], bytes]]) -> None:
        opened = [(headers, body, read_message(headers, body)) for headers, body in messages]
        with database.write() as connection:
            for headers, body, delivery in opened:
                community = headers.get("community", settings.community)
                if isinstance(delivery, Delivery):
                    receive(connection, community, delivery)
                else:
                    where = f"{headers.get('gateway', 'kafka')}/{headers.get('format', '')}"[:80]
                    park_unrouted(connection, community, where, body, delivery)

    return {TOPIC: take}


def read_message(headers: Mapping[str, str], body: bytes) -> Delivery | CoopError:
    """A raw message decoded, or why nothing can be made of it."""
    format, told = headers.get("format", ""), headers.get("received-at")
    try:
        received_at = instant_of(told, "received-at") if told else clock.now()
        if format == CSV:
            raise BadInput([Problem("a file is imported by somebody who sees what becomes of it", "format")])
        return decode_delivery(format, body, gateway=headers.get("gateway", "kafka"), received_at=received_at)
    except BadInput as refusal:
        return refusal
