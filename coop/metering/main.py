"""Composition of metering: what it tells, what it hears, and its doors."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from coop.events.governance import AllocationKeyAdopted
from coop.events.members import ConnectionClosed, ConnectionOpened
from coop.events.metering import EnergyAllocated, HeatSystemReported, PeriodClosed, PeriodMeasured
from coop.kit.database import Database
from coop.kit.service import Service
from coop.kit.settings import Settings
from coop.metering import bus, http, http_batch, pages
from coop.metering.handlers.heard import on_allocation_key_adopted, on_connection_closed, on_connection_opened
from coop.metering.handlers.parking import KIND, community_of_letter, replay_telegram
from coop.metering.mqtt import MqttDoor
from coop.metering.storage import metadata
from coop.metering.storage.tables import allocation_key, connection_closed, connection_opened

SERVICE = Service(
    name="metering",
    metadata=metadata,
    tells=(PeriodMeasured, EnergyAllocated, PeriodClosed, HeatSystemReported),
    hears={
        ConnectionOpened: on_connection_opened,
        ConnectionClosed: on_connection_closed,
        AllocationKeyAdopted: on_allocation_key_adopted,
    },
    heard_tables=(connection_opened, connection_closed, allocation_key),
)


def routers(database: Database, settings: Settings) -> list[APIRouter]:
    """Everything that metering serves over HTTP."""
    return [http_batch.router(database), http.router(database, settings), pages.router(database, settings)]


raw_topics = bus.raw_topics
"""Topics on which head-ends publish telegrams themselves."""


def doors(database: Database, settings: Settings) -> list[MqttDoor]:
    """Doors that stay open while metering runs."""
    return [MqttDoor(database, settings.mqtt_url)] if settings.mqtt_url else []


def replayers(database: Database, settings: Settings) -> dict[str, Callable[[str], None]]:
    """How parked telegrams are tried again, whichever co-operative they belong to."""

    def replay(letter_id: str) -> None:
        with database.write() as connection:
            replay_telegram(connection, community_of_letter(connection, letter_id), letter_id)

    return {KIND: replay}
