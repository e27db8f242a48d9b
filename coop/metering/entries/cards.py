"""A member's own card reading: looked at against the last reading first, then kept as theirs.

Invariant: it is entered from the member's own session, for a meter on a connection that they held at that moment, and
never for a moment to come. A measured reading of the same moment goes before it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from coop.kit.tx import Tx
from coop.metering.intake.receive import receive
from coop.metering.model import (
    BASE_UNIT,
    DAY_S,
    DEFAULT_EXPONENT,
    Decoded,
    Delivery,
    Meter,
    MeterKind,
    Quality,
    Quantity,
    Register,
    Shape,
    Stand,
    to_units,
)
from coop.metering.readings import store as readings
from coop.metering.readings.plausibility import CLOCK_MARGIN
from coop.metering.readings.store import day_number, instant, seconds
from coop.metering.receipt import Receipt
from coop.metering.register import store as register
from coop.values import BadInput, Problem, civil_date, say

CARD = "card"
"""Format of a card reading: its fields as JSON."""

UNITS = {"J": "GJ", "Wh": "kWh"}
"""Unit in which people read a register, by its base unit."""

COUNTED = {
    MeterKind.HEAT: (Quantity.HEAT,),
    MeterKind.ELECTRICITY: (Quantity.ELECTRICITY_IMPORT, Quantity.ELECTRICITY_EXPORT),
}
"""Registers that a member can read, by kind of meter."""


@dataclass(frozen=True)
class Readable:
    """A register that a member can read, with the unit on its display."""

    meter: Meter
    quantity: Quantity

    @property
    def unit(self) -> str:
        """Unit in which it is read."""
        return UNITS[BASE_UNIT[self.quantity]]


@dataclass(frozen=True)
class Neighbour:
    """The reading before a card reading [base unit]."""

    at: datetime
    value: Decimal
    quality: Quality


@dataclass(frozen=True)
class Meaning:
    """Meaning of a card reading: how much was used since the reading before, over how many days [base unit]."""

    readable: Readable
    at: datetime
    value: Decimal
    before: Neighbour | None

    @property
    def used(self) -> Decimal | None:
        """Use since the reading before; negative where the meter says less than then."""
        return None if self.before is None else self.value - self.before.value

    @property
    def days(self) -> Decimal | None:
        """Days since the reading before."""
        if self.before is None:
            return None
        return (Decimal((self.at - self.before.at).total_seconds()) / DAY_S).quantize(Decimal("0.1"))


def list_readable(tx: Tx, member_id: str, at: datetime) -> list[Readable]:
    """Registers of meters on the connections that a member holds at an instant."""
    day = civil_date(at)
    held = {
        hold.connection_id
        for hold in register.list_occupancies(tx, member_id)
        if hold.start <= day and (hold.end is None or day < hold.end)
    }
    return [
        Readable(meter, quantity)
        for one in register.list_meters(tx)
        for meter in one.placed()
        if meter.connection_id in held and meter.hangs_at(at)
        for quantity in COUNTED.get(meter.kind, ())
    ]


def judge_card(tx: Tx, member_id: str, serial: str, quantity: Quantity, at: datetime, value: Decimal) -> Meaning:
    """Say what a card reading would mean, beside the reading before it.

    Raises:
        BadInput: it lies in the future, or the meter was not on a connection of the member then.
    """
    if at > tx.now + CLOCK_MARGIN:
        raise BadInput([Problem(say("lies in the future"), "at")], "bad-reading")
    own = [one for one in list_readable(tx, member_id, at) if (one.meter.serial, one.quantity) == (serial, quantity)]
    if not own:
        raise BadInput([Problem(say("no meter of yours on that day"), "meter")], "bad-reading")
    return Meaning(own[0], at, base_value(value, own[0].unit, quantity), find_before(tx, serial, quantity, at))


def enter_card(tx: Tx, member_id: str, serial: str, quantity: Quantity, at: datetime, value: Decimal) -> Receipt:
    """Keep a member's own reading of a meter, with the quality that says so. The same one again changes nothing.

    Raises:
        BadInput: as ``judge_card``, or no meter can say that.
    """
    meaning = judge_card(tx, member_id, serial, quantity, at, value)
    return take_entry(tx, CARD, Stand(serial, quantity, at, value, meaning.readable.unit, Quality.CUSTOMER))


def take_entry(tx: Tx, format: str, stand: Stand, entry_id: str = "", *, is_signed: bool = False) -> Receipt:
    """Take a reading that a person entered, or two where it ``is_signed``, or refuse it whole. ``entry_id`` tells alike
    ones apart.

    Raises:
        BadInput: it cannot be; nothing is kept of it.
    """
    said = {
        "meter": stand.meter,
        "quantity": stand.quantity.value,
        "at": stand.at.isoformat(),
        "value": str(stand.value),
        "unit": stand.unit,
        "entry": entry_id,
    }
    body = json.dumps(said, sort_keys=True).encode()
    receipt = receive(tx, Delivery(format, str(tx.actor), tx.now, body, Decoded([stand]), is_signed=is_signed))
    if receipt.problems:
        raise BadInput([Problem(problem.reason, "value") for problem in receipt.problems], "bad-reading")
    return receipt


def find_before(tx: Tx, serial: str, quantity: Quantity, at: datetime) -> Neighbour | None:
    """The reading of a register before an instant, if any."""
    found: Neighbour | None = None
    for one in _registers(tx, serial, quantity):
        newest = readings.newest_day(tx, one.id, day_number(at))
        days = [newest, newest - 1] if newest is not None else []
        for (_, day), stored in readings.latest(tx, [one.id], days).items():
            places = np.flatnonzero(stored.content.offsets + day * DAY_S < seconds(at))
            if places.size:
                place = int(places[-1])
                told_at = instant(day * DAY_S + int(stored.content.offsets[place]))
                if found is None or told_at > found.at:
                    value = Decimal(int(stored.content.values[place])).scaleb(one.exponent)
                    found = Neighbour(told_at, value, Quality(int(stored.content.quality[place])))
    return found


def base_value(value: Decimal, unit: str, quantity: Quantity) -> Decimal:
    """A value as people read it, in the quantity's base unit.

    Raises:
        BadInput: it is finer than a meter shows.
    """
    try:
        return Decimal(to_units(value, unit, quantity, DEFAULT_EXPONENT[quantity]))
    except ValueError as error:
        raise BadInput([Problem(say("has more decimals than a meter can show"), "value")], "bad-reading") from error


def _registers(tx: Tx, serial: str, quantity: Quantity) -> Sequence[Register]:
    every = register.registers_of(tx, [serial]).values()
    return [one for one in every if one.quantity == quantity and one.shape is Shape.STAND]
