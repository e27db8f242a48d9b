"""The door for raw telegrams that come by a bus or a broker, whichever it is.

What comes in together for one co-operative is one transaction: it is durable when the messages count as read, and comes
again when it was not. What is bad in it is parked by itself, as with a single delivery.
"""

from __future__ import annotations

from collections.abc import Sequence

from coop.kit import parking
from coop.kit.actor import Actor
from coop.kit.rawdoor import Headers, RawDoor
from coop.kit.service import Room
from coop.metering.handlers.parking import UNROUTED
from coop.metering.handlers.receive import Message, by_community, read_delivery, take_messages


def telegram_door(room: Room, channel: str) -> RawDoor:
    """The door for messages with the headers ``format``, ``gateway`` and, where several are served, ``community``."""
    actor = Actor("gateway", "", channel)

    def take(messages: Sequence[tuple[Headers, bytes]]) -> None:
        opened = [_open(room, channel, headers, body) for headers, body in messages]
        for community, alike in by_community(opened):
            with room.database.write(community, actor) as tx:
                take_messages(tx, alike)

    def park(headers: Headers, body: bytes, error: Exception) -> None:
        community = parking.community_of(headers, room.settings.community)
        with room.database.write(community, actor) as tx:
            parking.park(tx, UNROUTED, _address(channel, headers), body, *parking.describe(error))

    return RawDoor(take, park, room.settings.park_limit)


def _address(channel: str, headers: Headers) -> str:
    return f"{headers.get('gateway', channel)}/{headers.get('format', '')}"


def _open(room: Room, channel: str, headers: Headers, body: bytes) -> Message:
    format, gateway = headers.get("format", ""), headers.get("gateway", channel)
    read = read_delivery(format, gateway, body, room.database.clock.now())
    return Message(headers.get("community", room.settings.community), _address(channel, headers), body, read)
