"""Queries: meters and their registers, who holds which connection, sharing groups and keys, gateways."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, and_, insert, select, update

from coop.kit.database import among
from coop.kit.journal import insert_new
from coop.metering.model import Meter, MeterKind, Occupancy, Quantity, Register, Shape
from coop.metering.storage.tables import (
    allocation_key,
    connection_closed,
    connection_opened,
    gateway,
    meter,
    register,
    register_stamp,
    sharing_group,
)


@dataclass(frozen=True)
class Group:
    """A sharing group: serials of the meters that produce, and the connections that share (None: all)."""

    group_id: str
    producers: tuple[str, ...]
    connections: tuple[str, ...] | None


@dataclass(frozen=True)
class AdoptedKey:
    """An allocation key that a resolution adopted."""

    key_id: str
    group_id: str
    resolution_id: str
    valid_from: date
    decided_on: date
    parameters: dict[str, Any]


RegisterKey = tuple[str, Quantity, Shape]
"""What tells the registers of a co-operative apart; the first is the meter's serial."""


@dataclass(frozen=True)
class Directory:
    """All meters of a co-operative by serial, and their registers. Not to be changed."""

    meters: Mapping[str, Meter]
    registers: Mapping[RegisterKey, Register]


_directories: WeakKeyDictionary[Engine, dict[str, tuple[str, Directory]]] = WeakKeyDictionary()


def directory(connection: Connection, community: str) -> Directory:
    """All meters and registers, kept in memory for as long as their stamp in the database is the same.

    A head-end's batch names a thousand registers that hardly ever change; reading them took half of its time.
    """
    stamp = connection.scalar(select(register_stamp.c.stamp).where(register_stamp.c.community == community)) or ""
    known = _directories.setdefault(connection.engine, {})
    if community not in known or known[community][0] != stamp:
        found = Directory(
            {one.serial: one for one in all_meters(connection, community)},
            {(one.serial, one.quantity, one.shape): one for one in all_registers(connection, community)},
        )
        known[community] = (stamp, found)
    return known[community][1]


def _stamp(connection: Connection, community: str) -> None:
    # Drawn, not counted: a count that was rolled back would come again with something else behind it.
    stamp = str(uuid4())
    changed = update(register_stamp).where(register_stamp.c.community == community).values(stamp=stamp)
    if not connection.execute(changed).rowcount:
        connection.execute(insert(register_stamp).values(community=community, stamp=stamp))


def add_meters(connection: Connection, community: str, meters: Sequence[Meter]) -> None:
    """Insert meters that are not there yet."""
    rows: list[dict[str, object]] = [
        {
            "community": community,
            "serial": one.serial,
            "kind": one.kind.value,
            "connection_id": one.connection_id,
            "installed_at": one.installed_at,
            "removed_at": one.removed_at,
            "maxima": json.dumps({quantity.value: str(most) for quantity, most in sorted(one.maxima.items())}),
        }
        for one in meters
    ]
    insert_new(connection, meter, rows, ["community", "serial"])
    _stamp(connection, community)


def remove_meter(connection: Connection, community: str, serial: str, removed_at: datetime) -> None:
    """Say until when a meter hung where it hangs."""
    connection.execute(
        update(meter).where(meter.c.community == community, meter.c.serial == serial).values(removed_at=removed_at)
    )
    _stamp(connection, community)


def all_meters(connection: Connection, community: str) -> list[Meter]:
    """Every meter, by serial."""
    rows = connection.execute(select(meter).where(meter.c.community == community).order_by(meter.c.serial))
    return [_meter(row) for row in rows.all()]


def meters_of(connection: Connection, community: str, serials: Iterable[str]) -> dict[str, Meter]:
    """The meters among ``serials`` that are known."""
    query = select(meter).where(meter.c.community == community, among(connection, meter.c.serial, set(serials)))
    return {row[1]: _meter(row) for row in connection.execute(query).all()}


def _meter(row: Any) -> Meter:
    _, serial, kind, connection_id, installed_at, removed_at, maxima = row
    return Meter(serial, MeterKind(kind), connection_id, installed_at, removed_at, _maxima(maxima))


@lru_cache(maxsize=256)
def _maxima(text: str) -> Mapping[Quantity, Decimal]:
    return {Quantity(name): Decimal(most) for name, most in json.loads(text).items()}


def registers_of(connection: Connection, community: str, serials: Iterable[str]) -> dict[str, Register]:
    """Registers of meters, by id."""
    query = select(register).where(
        register.c.community == community, among(connection, register.c.serial, set(serials))
    )
    return {row[0]: _register(row) for row in connection.execute(query).all()}


def all_registers(connection: Connection, community: str) -> list[Register]:
    """Every register, by meter and quantity."""
    query = select(register).where(register.c.community == community)
    return [_register(row) for row in connection.execute(query.order_by(register.c.serial, register.c.quantity)).all()]


def register_by_id(connection: Connection, community: str, register_id: str) -> Register | None:
    """One register."""
    row = connection.execute(
        select(register).where(register.c.community == community, register.c.id == register_id)
    ).first()
    return _register(row) if row else None


def _register(row: Any) -> Register:
    identity, _, serial, quantity, shape, exponent = row
    return Register(identity, serial, Quantity(quantity), Shape(shape), exponent)


def add_registers(connection: Connection, community: str, registers: Sequence[Register]) -> None:
    """Insert registers that are not there yet."""
    rows: list[dict[str, object]] = [
        {
            "id": one.id,
            "community": community,
            "serial": one.serial,
            "quantity": one.quantity.value,
            "shape": one.shape.value,
            "exponent": one.exponent,
        }
        for one in registers
    ]
    if rows:
        insert_new(connection, register, rows, ["id"])
        _stamp(connection, community)


def occupancies(connection: Connection, community: str) -> list[Occupancy]:
    """Who held which connection: each opening up to the next closing of the same hold.

    A hold that closed on the day it opened never was: an import that brought it was undone.
    """
    closings: dict[tuple[str, str, int], list[date]] = {}
    query = select(connection_closed).where(connection_closed.c.community == community)
    for row in connection.execute(query.order_by(connection_closed.c.closed_on)):
        closings.setdefault((row.connection_id, row.member_id, row.registration), []).append(row.closed_on)
    found = []
    opened = select(connection_opened).where(connection_opened.c.community == community)
    for row in connection.execute(opened.order_by(connection_opened.c.opened_on, connection_opened.c.member_id)):
        ends = closings.get((row.connection_id, row.member_id, row.registration), [])
        # A member who comes back opens a second hold: each takes its own closing, in order of time.
        while ends and ends[0] < row.opened_on:
            ends.pop(0)
        end = ends.pop(0) if ends else None
        if end != row.opened_on:
            found.append(Occupancy(row.connection_id, row.member_id, row.opened_on, end))
    return sorted(found, key=lambda one: (one.connection_id, one.start, one.member_id))


def set_group(connection: Connection, community: str, group: Group) -> None:
    """Say who produces and who shares in a group."""
    values = {
        "producers": json.dumps(sorted(group.producers)),
        "connections": json.dumps("all" if group.connections is None else sorted(group.connections)),
    }
    where = and_(sharing_group.c.community == community, sharing_group.c.group_id == group.group_id)
    if not connection.execute(update(sharing_group).where(where).values(values)).rowcount:
        connection.execute(insert(sharing_group).values(community=community, group_id=group.group_id, **values))


def groups(connection: Connection, community: str) -> list[Group]:
    """Sharing groups, by id."""
    found = []
    query = select(sharing_group).where(sharing_group.c.community == community).order_by(sharing_group.c.group_id)
    for row in connection.execute(query):
        shared = json.loads(row.connections)
        members = None if shared == "all" else tuple(shared)
        found.append(Group(row.group_id, tuple(json.loads(row.producers)), members))
    return found


def keys_of(connection: Connection, community: str, group_id: str) -> list[AdoptedKey]:
    """Keys adopted for a group, the earliest valid first; of two from the same day the one decided last stands last."""
    rows = connection.execute(
        select(allocation_key)
        .where(allocation_key.c.community == community, allocation_key.c.group_id == group_id)
        .order_by(allocation_key.c.valid_from, allocation_key.c.decided_on, allocation_key.c.key_id)
    )
    return [
        AdoptedKey(
            row.key_id, row.group_id, row.resolution_id, row.valid_from, row.decided_on, json.loads(row.parameters)
        )
        for row in rows
    ]


def add_gateway(connection: Connection, community: str, name: str, token_sha256: str) -> None:
    """Let a gateway in by a token, of which only the hash is kept; a new token replaces the old one."""
    where = and_(gateway.c.community == community, gateway.c.name == name)
    if not connection.execute(update(gateway).where(where).values(token_sha256=token_sha256)).rowcount:
        connection.execute(insert(gateway).values(community=community, name=name, token_sha256=token_sha256))


def gateway_of(connection: Connection, token_sha256: str) -> tuple[str, str] | None:
    """(community, name) of the gateway with this token."""
    row = connection.execute(
        select(gateway.c.community, gateway.c.name).where(gateway.c.token_sha256 == token_sha256)
    ).first()
    return (row.community, row.name) if row else None
