"""The Kafka door: telegrams on ``coop.metering.telegrams``, raw bodies with headers that say how to read them.

Headers: ``format`` and ``gateway``; ``community`` where an installation serves several; ``received_at``, the instant at
which the gateway's side took it in. Key messages by gateway, so that one gateway's deliveries stay in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from coop.kit import clock
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.metering.handlers.parking import park_unrouted
from coop.metering.handlers.receive import CSV, decode_delivery, receive
from coop.metering.model import Delivery
from coop.values import BadInput, CoopError, Problem

TELEGRAMS = "coop.metering.telegrams"

RawMessage = tuple[dict[str, str], bytes]


def telegram_handler(database: Database, settings: Settings) -> Callable[[Sequence[RawMessage]], None]:
    """What takes a batch of raw messages: all of them are durable when it returns, in one transaction."""

    def take(messages: Sequence[RawMessage]) -> None:
        opened = [(headers, body, read_message(headers, body)) for headers, body in messages]
        with database.write() as connection:
            for headers, body, delivery in opened:
                community = headers.get("community", settings.community)
                if isinstance(delivery, Delivery):
                    receive(connection, community, delivery)
                else:
                    where = f"{headers.get('gateway', '')}/{headers.get('format', '')}"[:80]
                    park_unrouted(connection, community, where, body, delivery)

    return take


def read_message(headers: dict[str, str], body: bytes) -> Delivery | CoopError:
    """A message decoded, or why nothing can be made of it."""
    try:
        format = headers.get("format", "")
        if format == CSV:
            raise BadInput([Problem("a file is imported by somebody who sees what becomes of it", "format")])
        told = headers.get("received_at")
        received_at = datetime.fromisoformat(told).astimezone(UTC) if told else clock.now()
        return decode_delivery(format, body, gateway=headers.get("gateway", "kafka"), received_at=received_at)
    except ValueError:
        return BadInput([Problem(f"{headers['received_at']!r} is no instant", "received_at")])
    except BadInput as refusal:
        return refusal
