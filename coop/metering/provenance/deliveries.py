"""Entries of one delivery, by register and UTC day, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from coop.kit.tx import Tx
from coop.metering.model import DAY_S, Register
from coop.metering.readings.arrivals import ListedDelivery
from coop.metering.readings.standing import Standing, list_standings
from coop.metering.readings.store import instant, read_histories
from coop.metering.register.store import list_registers
from coop.metering.tables import block, delivery
from coop.values import civil_date


@dataclass(frozen=True)
class SaidDay:
    """Values that a delivery said of a register on a UTC day, by how they stand now."""

    register: Register
    day: date
    standings: Mapping[Standing, int]

    @property
    def count(self) -> int:
        """Number of values that it said."""
        return sum(self.standings.values())

    @property
    def stands(self) -> int:
        """Number of them that count by what it said."""
        return self.standings.get(Standing.STANDS, 0)

    @property
    def others(self) -> list[tuple[Standing, int]]:
        """Those that do not, and why."""
        return [(one, count) for one, count in sorted(self.standings.items()) if one is not Standing.STANDS]


def count_said(tx: Tx, of: ListedDelivery) -> int:
    """Number of registers' days about which a delivery may have said something."""
    return len(_list_places(tx, of))


def read_said(tx: Tx, of: ListedDelivery, first: int = 0, count: int | None = None) -> list[SaidDay]:
    """Register's days of which a delivery said something, from the ``first`` on, at most ``count``, each with how its
    values stand now.

    Raises:
        ReadingsDetached: one of them is set aside.
    """
    registers = {one.id: one for one in list_registers(tx)}
    places = sorted(_list_places(tx, of), key=lambda place: (registers[place[0]].serial, place))
    wanted: dict[str, list[int]] = {}
    for register_id, day in places[first : None if count is None else first + count]:
        wanted.setdefault(register_id, []).append(day)
    said = []
    for register_id, days in wanted.items():
        for day, history in read_histories(tx, register_id, days).items():
            numbers = history.entries.number
            standings = Counter(standing for i, standing in list_standings(history) if int(numbers[i]) == of.number)
            if standings:
                said.append(SaidDay(registers[register_id], civil_date(instant(day * DAY_S)), standings))
    return said


def _list_places(tx: Tx, of: ListedDelivery) -> list[tuple[str, int]]:
    """Registers' days that have a block in which a delivery may be."""
    spoken = select(delivery.c.first_day, delivery.c.last_day).where(
        delivery.c.community == tx.community, delivery.c.number == of.number
    )
    first_day, last_day = tx.execute(spoken).one()
    if first_day is None:
        return []
    within = block.c.day.between(first_day, last_day), block.c.first <= of.number, block.c.number >= of.number
    query = select(block.c.register_id, block.c.day).distinct().where(block.c.community == tx.community, *within)
    return [(register_id, day) for register_id, day in tx.execute(query)]
