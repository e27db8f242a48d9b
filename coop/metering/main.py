"""Composition of metering: what it tells, what it hears, and its doors."""

from __future__ import annotations

from fastapi import APIRouter

from coop.events.governance import AllocationKeyAdopted
from coop.events.members import ConnectionClosed, ConnectionOpened
from coop.events.metering import EnergyAllocated, HeatSystemReported, PeriodClosed, PeriodMeasured
from coop.kit.database import Database
from coop.kit.service import Service
from coop.kit.settings import Settings
from coop.metering import http
from coop.metering.handlers.heard import on_allocation_key_adopted, on_connection_closed, on_connection_opened
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
    return [http.router(database, settings)]
