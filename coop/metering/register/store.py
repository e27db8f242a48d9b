"""Queries: meters and their registers, who holds which connection, and keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, insert, select, update

from coop.communities.stops import Stop
from coop.kit.database import among
from coop.kit.keyset import Window
from coop.kit.rows import group_as, insert_nouns, row_of, select_as
from coop.kit.tx import Tx
from coop.metering.model import Meter, MeterKind, Place, Quantity, Register, Shape
from coop.metering.register.model import MeterChange, Occupancy
from coop.metering.register.tables import connection_closed, connection_opened, register_resolution
from coop.metering.tables import allocation_key, decision_stop, meter, meter_change, register, register_stamp


@dataclass(frozen=True)
class AdoptedKey:
    """An allocation key that a resolution adopted, in force from ``valid_from`` up to ``valid_until`` (None: until the
    next one)."""

    key_id: str
    group_id: str
    resolution_id: str
    valid_from: date
    decided_on: date
    parameters: dict[str, Any]
    valid_until: date | None = None


RegisterKey = tuple[str, Quantity, Shape]
"""Key by which the registers of a co-operative are told apart; the first is the meter's serial."""


@dataclass(frozen=True)
class Directory:
    """All meters of a co-operative by serial, and their registers. Not to be changed."""

    meters: Mapping[str, Meter]
    registers: Mapping[RegisterKey, Register]

    @cached_property
    def places(self) -> tuple[Meter, ...]:
        """Each place where a meter hung, as a meter of its own."""
        return tuple(place for one in self.meters.values() for place in one.placed())

    def shapes_of(self, serial: str, quantity: Quantity) -> dict[Shape, Register]:
        """The registers of one quantity of a meter."""
        return {one.shape: one for one in self._of_meter.get(serial, ()) if one.quantity is quantity}

    @cached_property
    def _of_meter(self) -> Mapping[str, Sequence[Register]]:
        found: dict[str, list[Register]] = {}
        for one in self.registers.values():
            found.setdefault(one.serial, []).append(one)
        return found

    @cached_property
    def cumulative(self) -> frozenset[str]:
        """Registers that are read, and go on counting."""
        return frozenset(one.id for one in self.registers.values() if one.shape is Shape.STAND)


_directories: dict[str, tuple[str, Directory]] = {}
"""By co-operative; a stamp is drawn anew with every change, so that one of another database is never taken for ours."""


def directory(tx: Tx) -> Directory:
    """All meters and registers, kept in memory for as long as their stamp in the database is the same.

    A head-end's batch names a thousand registers that hardly ever change; reading them took half of its time.
    """
    stamp = tx.scalar(select(register_stamp.c.stamp).where(register_stamp.c.community == tx.community)) or ""
    known = _directories.get(tx.community)
    if known is None or not stamp or known[0] != stamp:
        known = stamp, _arrange(list_meters(tx), list_registers(tx))
        _directories[tx.community] = known
    return known[1]


def directory_as_of(tx: Tx, known_at: datetime) -> Directory:
    """The same with every meter placed as was known at an instant; one that was taken out since is not there."""
    was: dict[str, MeterChange] = {}
    for change in list_changes(tx, since=known_at):
        was.setdefault(change.serial, change)
    now = directory(tx)
    meters = [one.moved(was[one.serial].was_places) if one.serial in was else one for one in now.meters.values()]
    return _arrange(meters, now.registers.values())


def _arrange(meters: Iterable[Meter], registers: Iterable[Register]) -> Directory:
    by_serial = {one.serial: one for one in meters}
    return Directory(by_serial, {(one.serial, one.quantity, one.shape): one for one in registers})


def _stamp(tx: Tx) -> None:
    # Drawn, not counted: a count that was rolled back would come again with something else behind it.
    stamp = str(uuid4())
    changed = update(register_stamp).where(register_stamp.c.community == tx.community).values(stamp=stamp)
    if not tx.execute(changed).rowcount:
        tx.execute(insert(register_stamp).values(community=tx.community, stamp=stamp))


def add_meters(tx: Tx, meters: Sequence[Meter]) -> None:
    """Insert meters that are not there yet."""
    tx.insert_new(meter, [row_of(tx, one) for one in meters], ["community", "serial"])
    _stamp(tx)


def remove_meter(tx: Tx, serial: str, removed_at: datetime) -> None:
    """Say until when a meter hung where it hangs."""
    where = meter.c.community == tx.community, meter.c.serial == serial
    tx.execute(update(meter).where(*where).values(removed_at=removed_at))
    _stamp(tx)


def place_meter(tx: Tx, serial: str, places: Sequence[Place]) -> None:
    """Say in which places a meter hung, the last of which is where it hangs."""
    where = meter.c.community == tx.community, meter.c.serial == serial
    *former, last = places
    tx.execute(update(meter).where(*where).values(former=tuple(former), **vars(last)))
    _stamp(tx)


def drop_meter(tx: Tx, serial: str) -> None:
    """Take a meter out of the register."""
    tx.execute(delete(meter).where(meter.c.community == tx.community, meter.c.serial == serial))
    _stamp(tx)


def add_change(tx: Tx, change: MeterChange) -> None:
    """Keep a correction of the register."""
    insert_nouns(tx, meter_change, [change])


def list_changes(tx: Tx, serial: str | None = None, since: datetime | None = None) -> list[MeterChange]:
    """Corrections of the register (of one meter, after an instant), oldest first."""
    columns = meter_change.c
    where = [columns.serial == serial] if serial is not None else []
    where += [columns.changed_at > since] if since is not None else []
    return select_as(tx, MeterChange, meter_change, *where, order_by=[columns.changed_at, columns.id])


def list_meters(tx: Tx, window: Window | None = None) -> list[Meter]:
    """Every meter, by serial."""
    return select_as(tx, Meter, meter, order_by=[meter.c.serial], window=window)


def find_metered(tx: Tx, connection_ids: Collection[str]) -> set[str]:
    """Connections among some that have an electricity meter."""
    columns = meter.c
    where = columns.community == tx.community, columns.kind == MeterKind.ELECTRICITY
    query = select(columns.connection_id).where(*where, among(tx, columns.connection_id, connection_ids))
    return set(tx.execute(query).scalars())


def meters_of(tx: Tx, serials: Iterable[str]) -> dict[str, Meter]:
    """The meters among ``serials`` that are known."""
    return {one.serial: one for one in select_as(tx, Meter, meter, among(tx, meter.c.serial, set(serials)))}


def registers_of(tx: Tx, serials: Iterable[str]) -> dict[str, Register]:
    """Registers of meters, by id."""
    found = select_as(tx, Register, register, among(tx, register.c.serial, set(serials)))
    return {one.id: one for one in _refined(tx, found)}


def serials_of(tx: Tx, register_ids: Collection[str]) -> dict[str, str]:
    """Serial of the meter of each of some registers."""
    query = select(register.c.id, register.c.serial).where(register.c.community == tx.community)
    return dict(tx.execute(query.where(among(tx, register.c.id, register_ids))).all()) if register_ids else {}


def list_registers(tx: Tx) -> list[Register]:
    """Every register, by meter and quantity."""
    return _refined(tx, select_as(tx, Register, register, order_by=[register.c.serial, register.c.quantity]))


def find_register(tx: Tx, register_id: str) -> Register | None:
    """One register."""
    return next(iter(_refined(tx, select_as(tx, Register, register, register.c.id == register_id))), None)


def find_resolutions(tx: Tx) -> dict[str, int]:
    """The finest exponent of each register that turned out to be finer than its first delivery said."""
    columns = register_resolution.c
    finest = func.min(columns.exponent).label("exponent")
    query = select(columns.register_id, finest).where(columns.community == tx.community)
    return {row.register_id: row.exponent for row in tx.execute(query.group_by(columns.register_id))}


def _refined(tx: Tx, registers: list[Register]) -> list[Register]:
    """Registers in their finest resolution."""
    finest = find_resolutions(tx) if registers else {}
    return [replace(one, exponent=finest[one.id]) if one.id in finest else one for one in registers]


def refine_registers(tx: Tx, refined: Mapping[str, tuple[int, int]]) -> None:
    """Note that registers turned out to be finer: by id, the exponent and the number of the delivery that says so."""
    if refined:
        rows: list[dict[str, object]] = [
            {"community": tx.community, "register_id": register_id, "exponent": exponent, "number": number}
            for register_id, (exponent, number) in refined.items()
        ]
        tx.insert_new(register_resolution, rows, ["community", "register_id", "exponent"])
        _stamp(tx)


def add_registers(tx: Tx, registers: Sequence[Register]) -> None:
    """Insert registers that are not there yet."""
    if registers:
        tx.insert_new(register, [row_of(tx, one) for one in registers], ["community", "id"])
        _stamp(tx)


def list_occupancies(tx: Tx, member_id: str | None = None, connection_id: str | None = None) -> list[Occupancy]:
    """Holds of connections, each up to the end that was told of it last; of all, of one member, or of one connection.

    A hold that closed on the day it opened never was: an import that brought it was undone.
    """
    closed, opened = connection_closed.c, connection_opened.c
    ends = select(closed.connection_id, closed.member_id, closed.opened_on, closed.registration, closed.closed_on)
    ends = ends.where(closed.community == tx.community)
    starts = select(opened.connection_id, opened.member_id, opened.opened_on, opened.registration)
    starts = starts.where(opened.community == tx.community)
    if member_id is not None:
        ends = ends.where(closed.member_id == member_id)
        starts = starts.where(opened.member_id == member_id)
    if connection_id is not None:
        ends = ends.where(closed.connection_id == connection_id)
        starts = starts.where(opened.connection_id == connection_id)
    closings: dict[tuple[str, str, date, int], date | None] = {
        tuple(which): closed_on for *which, closed_on in tx.execute(ends.order_by(closed.number))
    }
    found = []
    for row in tx.execute(starts):
        connection, member, start, _ = which = tuple(row)
        if (end := closings.get(which)) != start:
            found.append(Occupancy(connection, member, start, end))
    return sorted(found, key=lambda one: (one.connection_id, one.start, one.member_id))


def keys_of(tx: Tx, group_id: str) -> list[AdoptedKey]:
    """Keys adopted for a group, the earliest valid first; of two from the same day the one decided last stands last."""
    columns = allocation_key.c
    order = [columns.valid_from, columns.decided_on, columns.key_id]
    return select_as(tx, AdoptedKey, allocation_key, columns.group_id == group_id, order_by=order)


def list_stops(tx: Tx) -> dict[str, list[Stop]]:
    """By resolution, what was told of decisions that fell, in order."""
    columns = decision_stop.c
    grouped = group_as(tx, Stop, decision_stop, [columns.resolution_id], order_by=[columns.number])
    return {resolution_id: stops for (resolution_id,), stops in grouped.items()}


def is_stop_kept(tx: Tx, resolution_id: str, number: int) -> bool:
    """True when a telling about a decision was heard before."""
    return any(stop.number == number for stop in list_stops(tx).get(resolution_id, ()))


def find_key_of(tx: Tx, resolution_id: str) -> str | None:
    """The group of which a resolution adopted the key, or None."""
    where = allocation_key.c.community == tx.community, allocation_key.c.resolution_id == resolution_id
    return tx.scalar(select(allocation_key.c.group_id).where(*where))


def is_kept(tx: Tx, key_id: str) -> bool:
    """True when a key was heard of before."""
    where = allocation_key.c.community == tx.community, allocation_key.c.key_id == key_id
    return tx.scalar(select(allocation_key.c.key_id).where(*where)) is not None
