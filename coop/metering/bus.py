"""The Kafka door: the topic on which a head-end or a collector publishes raw telegrams by itself.

What comes in together is one transaction: it is durable when the messages count as read, and comes again whole when it
was not. What is bad in it is parked by itself, as with a single delivery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coop.kit.database import Database
from coop.kit.kafka import RawHandler
from coop.kit.settings import Settings
from coop.metering.handlers.parking import park_unrouted
from coop.metering.handlers.receive import read_message, receive_all
from coop.metering.model import Delivery

TOPIC = "coop.metering.telegrams"
"""Raw telegrams: the body as it came, with headers ``format``, ``gateway``, ``received-at`` (ISO instant), and
``community`` where one installation serves several. Key them by gateway: one gateway's deliveries stay in order."""


def raw_topics(database: Database, settings: Settings) -> dict[str, RawHandler]:
    """The Kafka topics that metering reads itself, each with what takes its messages."""

    def take(messages: Sequence[tuple[Mapping[str, str], bytes]]) -> None:
        opened = [(headers, body, read_message(headers, body)) for headers, body in messages]
        arrived: dict[str, list[Delivery]] = {}
        with database.write() as connection:
            for headers, body, delivery in opened:
                community = headers.get("community", settings.community)
                if isinstance(delivery, Delivery):
                    arrived.setdefault(community, []).append(delivery)
                else:
                    where = f"{headers.get('gateway', 'kafka')}/{headers.get('format', '')}"[:80]
                    park_unrouted(connection, community, where, body, delivery)
            for community, deliveries in arrived.items():
                receive_all(connection, community, deliveries)

    return {TOPIC: take}
