"""What other services told: stored as it came, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Table, select

from coop.billing.storage import heard_tables
from coop.events.governance import TariffAdopted, TrancheReleased
from coop.events.metering import EnergyAllocated, PeriodMeasured
from coop.kit.journal import insert_new


def store(connection: Connection, table: Table, community: str, **values: object) -> None:
    """Add the row of a fact; the same fact again changes nothing."""
    insert_new(connection, table, [{"community": community, **values}], [column.name for column in table.primary_key])


def store_measurement(connection: Connection, community: str, event: PeriodMeasured) -> None:
    """Keep one revision of a measurement."""
    store(
        connection,
        heard_tables.measurement,
        community,
        measurement_id=event.measurement_id,
        revision=event.revision,
        period_start=event.period_start,
        period_end=event.period_end,
        connection_id=event.connection_id,
        member_id=event.member_id,
        quantity=event.quantity,
        energy_j=format(event.energy_j, "f"),
        estimated=event.estimated,
        cause=event.cause,
        parts=orjson.dumps([part.model_dump(mode="json") for part in event.parts]).decode(),
    )


def store_allocation(connection: Connection, community: str, event: EnergyAllocated) -> None:
    """Keep one revision of an allocation."""
    store(connection, heard_tables.allocation, community, **event.model_dump())


def store_tariff(
    connection: Connection, community: str, event: TariffAdopted, known_position: int, known_at: object
) -> None:
    """Keep an adopted tariff with the place in governance's chain from which it is known."""
    values = event.model_dump(exclude={"parameters"})
    parameters = orjson.dumps(event.parameters, option=orjson.OPT_SORT_KEYS).decode()
    store(
        connection,
        heard_tables.tariff,
        community,
        **values,
        parameters=parameters,
        known_position=known_position,
        known_at=known_at,
    )


def tariff_row(connection: Connection, community: str, tariff_id: str) -> Any:
    """The tariff as heard, or None."""
    table = heard_tables.tariff
    return connection.execute(
        select(table).where(table.c.community == community, table.c.tariff_id == tariff_id)
    ).first()


def store_tranche(connection: Connection, community: str, event: TrancheReleased) -> None:
    """Keep a released tranche."""
    store(connection, heard_tables.tranche, community, **event.model_dump(exclude={"rule"}))


def tariff_rows(connection: Connection, community: str) -> Sequence[Any]:
    """Every tariff as heard."""
    return connection.execute(select(heard_tables.tariff).where(heard_tables.tariff.c.community == community)).all()
