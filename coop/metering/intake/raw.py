"""The door for raw telegrams that come by a bus or a broker, whichever it is.

What comes in together for one co-operative is one transaction: it is durable when the messages count as read, and comes
again when it was not. What is bad in it is parked by itself, as with a single delivery.
"""

from __future__ import annotations

from collections.abc import Sequence

from coop.communities.store import list_communities
from coop.kit import parking
from coop.kit.actor import Actor
from coop.kit.rawdoor import Headers, RawDoor
from coop.kit.service import Room
from coop.metering.intake.parking import UNROUTED
from coop.metering.intake.receive import Message, by_community, read_delivery, take_messages
from coop.values import CoopError, say


def telegram_door(room: Room, channel: str) -> RawDoor:
    """The door for messages with the headers ``community``, ``gateway`` and ``format``."""
    actor = Actor("gateway", "", channel)

    def take(messages: Sequence[tuple[Headers, bytes]]) -> None:
        with room.database.system_read() as sql:
            communities = frozenset(list_communities(sql))
        opened = [_open(room, channel, communities, headers, body) for headers, body in messages]
        for community, alike in by_community(opened):
            with room.database.write(community, actor) as tx:
                take_messages(tx, alike)

    def park(headers: Headers, body: bytes, error: Exception) -> None:
        community = parking.community_of(headers)
        with room.database.write(community, actor) as tx:
            parking.park(tx, UNROUTED, _address(channel, headers), body, *parking.describe(error))

    return RawDoor(take, park, room.settings.park_limit)


def _address(channel: str, headers: Headers) -> str:
    return f"{headers.get('gateway', channel)}/{headers.get('format', '')}"


def _open(room: Room, channel: str, communities: frozenset[str], headers: Headers, body: bytes) -> Message:
    """A message for one of ``communities``; what names none of them is kept for the operator of the installation."""
    community, address = headers.get("community", ""), _address(channel, headers)
    if community not in communities:
        refusal = CoopError(
            "unknown-community", say("there is no co-operative '%(community)s' here", community=community)
        )
        return Message(parking.UNKNOWN, address, body, refusal)
    format, gateway = headers.get("format", ""), headers.get("gateway", channel)
    read = read_delivery(format, gateway, body, room.database.clock.now())
    return Message(community, address, body, read)
