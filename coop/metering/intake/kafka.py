"""The Kafka door: the topic on which a head-end or a collector publishes raw telegrams by itself."""

from __future__ import annotations

from coop.kit.rawdoor import RawDoor
from coop.kit.service import Room
from coop.metering.intake.raw import telegram_door

TOPIC = "coop.metering.telegrams"
"""Raw telegrams: the body as it came, with headers ``community``, ``gateway`` and ``format``. Key them
by gateway: one gateway's deliveries stay in order."""


def raw_topics(room: Room) -> dict[str, RawDoor]:
    """The Kafka topics that metering reads itself, each with the door for its messages."""
    return {TOPIC: telegram_door(room, "kafka")}
