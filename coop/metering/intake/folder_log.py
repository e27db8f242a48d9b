"""Log of the watched folder: files that it took are deliveries, files that it refused are parked without their bytes,
which lie in the folder still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coop.kit import parking
from coop.kit.keyset import Window
from coop.kit.tx import Tx
from coop.metering.intake.parking import UNROUTED, park_unrouted
from coop.metering.readings import arrivals
from coop.values import CoopError

CHANNEL = "folder"
"""Channel of what the folder takes, and begin of the address of what it refuses."""

SHOWN = 50
"""Files taken that are listed: the newest. Of those refused all are that nobody settled."""


@dataclass(frozen=True)
class FolderFile:
    """A file of the watched folder: ``readings`` that were taken of delivery ``delivery_id``, or the ``reason`` why it
    was refused."""

    name: str
    at: datetime
    readings: int
    reason: str = ""
    delivery_id: str = ""


def note_refused(tx: Tx, name: str, refusal: CoopError) -> None:
    """Keep that a file was refused, and why."""
    park_unrouted(tx, f"{CHANNEL}:{name}", b"", refusal)


def list_files(tx: Tx) -> list[FolderFile]:
    """Files of the watched folder, the newest first."""
    taken = [
        FolderFile(one.gateway, one.recorded_at, one.values_taken, delivery_id=one.id)
        for one in arrivals.list_by_channel(tx, CHANNEL, Window(SHOWN))[:SHOWN]
    ]
    refused = [
        FolderFile(letter.source.removeprefix(f"{CHANNEL}:"), letter.parked_at, 0, letter.reason)
        for letter in parking.page_parked(tx, None, UNROUTED)
        if letter.source.startswith(f"{CHANNEL}:")
    ]
    return sorted((*taken, *refused), key=lambda one: (one.at, one.name), reverse=True)
