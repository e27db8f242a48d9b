"""The Kafka door: the topic on which a head-end or a collector publishes raw telegrams by itself.

What comes in together for one co-operative is one transaction: it is durable when the messages count as read, and comes
again when it was not. What is bad in it is parked by itself, as with a single delivery.
"""

from __future__ import annotations

from collections.abc import Sequence

from coop.kit import parking
from coop.kit.actor import Actor
from coop.kit.rawdoor import RawDoor
from coop.kit.service import Room
from coop.metering.handlers.parking import UNROUTED
from coop.metering.handlers.receive import Message, by_community, read_delivery, take_messages

TOPIC = "coop.metering.telegrams"
"""Raw telegrams: the body as it came, with headers ``format``, ``gateway``, and ``community`` where one installation
serves several. Key them by gateway: one gateway's deliveries stay in order."""

ACTOR = Actor("gateway", "", "kafka")


def raw_topics(room: Room) -> dict[str, RawDoor]:
    """The Kafka topics that metering reads itself, each with the door for its messages."""

    def take(messages: Sequence[tuple[dict[str, str], bytes]]) -> None:
        opened = [_open(room, headers, body) for headers, body in messages]
        for community, alike in by_community(opened):
            with room.database.write(community, ACTOR) as tx:
                take_messages(tx, alike)

    def park(headers: dict[str, str], body: bytes, error: Exception) -> None:
        community = parking.community_of(headers, room.settings.community)
        with room.database.write(community, ACTOR) as tx:
            parking.park(tx, UNROUTED, _address(headers), body, *parking.describe(error))

    return {TOPIC: RawDoor(take, park, room.settings.park_limit)}


def _address(headers: dict[str, str]) -> str:
    return f"{headers.get('gateway', 'kafka')}/{headers.get('format', '')}"


def _open(room: Room, headers: dict[str, str], body: bytes) -> Message:
    format, gateway = headers.get("format", ""), headers.get("gateway", "kafka")
    read = read_delivery(format, gateway, body, room.database.clock.now())
    return Message(headers.get("community", room.settings.community), _address(headers), body, read)
