"""Nouns of metering: quantities, qualities, stands, series.

Invariant: every value is a whole number of ``10 ** exponent`` of its quantity's base unit, so 0.01 GJ, 1 kWh and the
fractions of a resampled register are all exact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from coop.metering.civil_days import DAY_S as DAY_S
from coop.metering.civil_days import step_on
from coop.values import Problem, Said, civil_date, derive_id, say

DIGEST_MODULUS = 1 << 48
"""One more than the largest digest of what was said about a day, small enough for a database to add up many."""

Int64Array = NDArray[np.int64]
QualityArray = NDArray[np.uint8]


class Quality(IntEnum):
    """Origin of a value. Stored as one byte per value; never renumber."""

    MISSING = 0
    MEASURED = 1
    CUSTOMER = 2
    ESTIMATED = 3
    CORRECTED = 4


QUALITY_RANK: dict[Quality, int] = {
    Quality.MISSING: 0,
    Quality.ESTIMATED: 1,
    Quality.CUSTOMER: 2,
    Quality.MEASURED: 3,
    Quality.CORRECTED: 4,
}
"""Of two values for one place the higher rank stands, whichever came first: a correction outranks what it corrects."""


class Quantity(StrEnum):
    """Quantity that a register counts, by the direction of the connection."""

    ELECTRICITY_IMPORT = "electricity_import"
    ELECTRICITY_EXPORT = "electricity_export"
    HEAT = "heat"
    COLD = "cold"
    VOLUME = "volume"
    POWER = "power"
    VOLUME_FLOW = "volume_flow"
    FLOW_TEMPERATURE = "flow_temperature"
    RETURN_TEMPERATURE = "return_temperature"
    OUTSIDE_TEMPERATURE = "outside_temperature"
    SOURCE_TEMPERATURE = "source_temperature"


BASE_UNIT: dict[Quantity, str] = {
    Quantity.ELECTRICITY_IMPORT: "Wh",
    Quantity.ELECTRICITY_EXPORT: "Wh",
    Quantity.HEAT: "J",
    Quantity.COLD: "J",
    Quantity.VOLUME: "l",
    Quantity.POWER: "W",
    Quantity.VOLUME_FLOW: "l/h",
    Quantity.FLOW_TEMPERATURE: "degC",
    Quantity.RETURN_TEMPERATURE: "degC",
    Quantity.OUTSIDE_TEMPERATURE: "degC",
    Quantity.SOURCE_TEMPERATURE: "degC",
}

DEFAULT_EXPONENT: dict[Quantity, int] = {quantity: -2 if BASE_UNIT[quantity] == "degC" else 0 for quantity in Quantity}
"""Register resolution where a meter's record states no other: whole base units, temperatures in 0.01 degC."""

_FACTOR: dict[tuple[str, str], Decimal] = {
    ("Wh", "Wh"): Decimal(1),
    ("kWh", "Wh"): Decimal(1000),
    ("MWh", "Wh"): Decimal(1_000_000),
    ("J", "J"): Decimal(1),
    ("kJ", "J"): Decimal(1000),
    ("MJ", "J"): Decimal(1_000_000),
    ("GJ", "J"): Decimal(1_000_000_000),
    ("Wh", "J"): Decimal(3600),
    ("kWh", "J"): Decimal(3_600_000),
    ("MWh", "J"): Decimal(3_600_000_000),
    ("l", "l"): Decimal(1),
    ("m3", "l"): Decimal(1000),
    ("W", "W"): Decimal(1),
    ("kW", "W"): Decimal(1000),
    ("l/h", "l/h"): Decimal(1),
    ("m3/h", "l/h"): Decimal(1000),
    ("degC", "degC"): Decimal(1),
    ("cdegC", "degC"): Decimal("0.01"),
}

CUMULATIVE = frozenset(quantity for quantity, unit in BASE_UNIT.items() if unit in ("Wh", "J", "l"))
"""Quantities that a meter adds up: a register of one never runs backwards."""

QUANTITY_WORDS = {
    Quantity.ELECTRICITY_IMPORT: say("electricity taken"),
    Quantity.ELECTRICITY_EXPORT: say("electricity fed in"),
    Quantity.HEAT: say("heat"),
    Quantity.COLD: say("cold"),
    Quantity.VOLUME: say("volume"),
    Quantity.POWER: say("power"),
    Quantity.VOLUME_FLOW: say("flow"),
    Quantity.FLOW_TEMPERATURE: say("temperature of the supply"),
    Quantity.RETURN_TEMPERATURE: say("temperature of the return"),
    Quantity.OUTSIDE_TEMPERATURE: say("temperature outside"),
    Quantity.SOURCE_TEMPERATURE: say("temperature of the source"),
}
"""Quantities in a sentence."""

_EXACT = Context(prec=60, traps=[Inexact, Overflow, InvalidOperation])


def to_units(value: Decimal, unit: str, quantity: Quantity, exponent: int) -> int:
    """Value in whole units of ``10 ** exponent`` of the quantity's base unit.

    >>> to_units(Decimal("12.34"), "GJ", Quantity.HEAT, 0)
    12340000000
    >>> to_units(Decimal("5347.61445783133"), "kWh", Quantity.HEAT, -6)
    19251412048192788

    Raises:
        ValueError: the unit does not measure the quantity, or the value is not a whole number of such units.
    """
    factor = _FACTOR.get((unit, BASE_UNIT[quantity]))
    if factor is None:
        raise ValueError(say("%(unit)s is not a unit of %(quantity)s", unit=unit, quantity=QUANTITY_WORDS[quantity]))
    # The default context would round past 28 digits without a word.
    scaled = _EXACT.multiply(value, factor).scaleb(-exponent, _EXACT)
    whole = int(scaled)
    if whole != scaled:
        values = {"value": value, "unit": unit, "exponent": exponent, "base_unit": BASE_UNIT[quantity]}
        raise ValueError(say("%(value)s %(unit)s is not a whole number of 10^%(exponent)s %(base_unit)s", **values))
    return whole


@dataclass(frozen=True)
class Stand:
    """One reading of a cumulative register, as the meter said it."""

    meter: str
    quantity: Quantity
    at: datetime
    value: Decimal
    unit: str
    quality: Quality = Quality.MEASURED
    line: int | None = None
    is_by_own_clock: bool = False
    """Dated by the meter's own clock, which nobody keeps."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is not UTC:
            raise ValueError("instants are UTC")


class Series(NamedTuple):
    """Consecutive interval values of one register. ``values`` and ``quality`` have shape (n,).

    Interval ``i`` covers ``start + i * step_s`` up to the next; ``values`` are whole units of ``unit`` (a unit name
    known to ``to_units``); where ``quality`` is MISSING the value is 0 and means nothing. Days from a midnight in
    Amsterdam on are civil days, of 23, 24 or 25 hours.
    """

    meter: str
    quantity: Quantity
    start: datetime
    step_s: int
    unit: str
    values: Int64Array
    quality: QualityArray
    line: int | None = None

    @property
    def end(self) -> datetime:
        """First instant after the last interval."""
        return self.bound(len(self.values))

    def bound(self, i: int) -> datetime:
        """The instant at which interval ``i`` begins, and the one before it ends."""
        return step_on(self.start, self.step_s, i)


@dataclass(frozen=True)
class Decoded:
    """Result of decoding a delivery: everything it could read, and a problem for everything else, which never stops its
    neighbours; ``broken`` holds the raw part behind each problem, so that it can be parked. Where something in it had
    no time of its own, it ``is_dated_by_receipt``."""

    stands: list[Stand] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    broken: list[bytes] = field(default_factory=list)
    is_dated_by_receipt: bool = False


class MeterKind(StrEnum):
    """Purpose of a meter."""

    HEAT = "heat"
    ELECTRICITY = "electricity"
    SOLAR = "solar"
    HEAT_PUMP = "heat_pump"
    SOURCE = "source"


class Shape(StrEnum):
    """Shape of a register's values: stands at instants, or the values of consecutive intervals or of civil days."""

    STAND = "stand"
    INTERVAL = "interval"
    DAY = "day"


class Role(StrEnum):
    """Part that a meter or a connection has in a sharing group."""

    PRODUCER = "producer"
    SHARER = "sharer"


@dataclass(frozen=True)
class Place:
    """Place of a meter and how it counted there: at a connection (None: the plant's own), from ``installed_at`` up to
    ``removed_at`` (None: still).

    ``maxima`` holds, per quantity, the first value [base unit] that the register cannot show and at which it starts
    again from zero.
    """

    connection_id: str | None
    installed_at: datetime
    removed_at: datetime | None = None
    maxima: Mapping[Quantity, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Meter:
    """A meter. ``serial`` is the id that its telegrams carry; ``former`` are the places before the one where it hangs,
    or hung last, in the order of time."""

    serial: str
    kind: MeterKind
    connection_id: str | None
    installed_at: datetime
    removed_at: datetime | None = None
    maxima: Mapping[Quantity, Decimal] = field(default_factory=dict)
    former: tuple[Place, ...] = ()

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every place, in the order of time."""
        return (*self.former, Place(self.connection_id, self.installed_at, self.removed_at, self.maxima))

    def moved(self, places: Sequence[Place]) -> Meter:
        """The same meter in other places, the last of which is where it hangs."""
        *former, last = places
        return replace(self, former=tuple(former), **vars(last))

    def placed(self) -> list[Meter]:
        """Each place as a meter of its own."""
        return [self.moved([place]) for place in self.places] if self.former else [self]

    def maxima_on(self, day: date) -> Mapping[Quantity, Decimal]:
        """Maxima of its registers on a civil day; before it hung, those with which it began."""
        if not self.former:
            return self.maxima
        begun = [place for place in self.places if civil_date(place.installed_at) <= day]
        return (begun or self.places)[-1 if begun else 0].maxima

    def hangs_at(self, at: datetime) -> bool:
        """True when it was installed at an instant; the stand taken at its removal still counts as its own."""
        return any(one.installed_at <= at and (one.removed_at is None or at <= one.removed_at) for one in self.places)

    def hangs_over(self, start: datetime, end: datetime) -> bool:
        """True when it hung from one instant to another, be it in places that follow on each other."""
        for place in self.places:
            if place.installed_at <= start and (place.removed_at is None or start < place.removed_at):
                start = end if place.removed_at is None else min(end, place.removed_at)
        return start >= end


@dataclass(frozen=True)
class Register:
    """One quantity of one meter, in whole units of ``10 ** exponent`` of the quantity's base unit."""

    id: str
    serial: str
    quantity: Quantity
    shape: Shape
    exponent: int


def register_id(community: str, serial: str, quantity: Quantity, shape: Shape) -> str:
    """Id of a register: it follows from what the register is."""
    return derive_id("register", community, serial, quantity.value, shape.value)


@dataclass(frozen=True)
class Refused:
    """Readings that were not taken, and why: all of one meter and for one reason."""

    problem: Problem
    code: str
    stands: tuple[Stand, ...] = ()
    series: tuple[Series, ...] = ()


def refuse(code: str, reason: Said, reading: Stand | Series) -> Refused:
    """A reading that is set aside, with the reason."""
    register = say("%(meter)s %(quantity)s", meter=reading.meter, quantity=QUANTITY_WORDS[reading.quantity])
    problem = Problem(reason, register, reading.line)
    if isinstance(reading, Stand):
        return Refused(problem, code, stands=(reading,))
    return Refused(problem, code, series=(reading,))


class Mandate(Protocol):
    """A right to speak, of a device itself or of a person who passes on what it said."""

    def is_of_a_device(self, decoded: Decoded) -> bool:
        """True where whoever has it speaks as a device of meters in it."""
        ...  # The bodies of a protocol's methods are empty by design.

    def refuse_beyond(self, decoded: Decoded, received_at: datetime) -> list[Refused]:
        """Refuse the readings that whoever has it may not say."""


@dataclass(frozen=True)
class Delivery:
    """A body that a gateway or a person handed over, decoded. ``options`` say how it was read (a CSV's mapping), and
    ``exponents`` how fine its registers are where finer than usual. It goes in as far as the ``mandate`` of whoever
    handed it over; what people said on a page of its own needs none. Two people answer for one that ``is_signed``."""

    format: str
    gateway: str
    received_at: datetime
    body: bytes
    decoded: Decoded
    options: str = ""
    exponents: Mapping[tuple[str, Quantity], int] = field(default_factory=dict)
    mandate: Mandate | None = None
    reason: str = ""
    is_signed: bool = False

    @cached_property
    def is_claim(self) -> bool:
        """True where one account alone says what was measured, so that a device's own word goes before it."""
        return not self.is_signed and (self.mandate is None or not self.mandate.is_of_a_device(self.decoded))

    @cached_property
    def beyond(self) -> list[Refused]:
        """The readings that whoever handed it over may not say."""
        return self.mandate.refuse_beyond(self.decoded, self.received_at) if self.mandate else []

    @cached_property
    def own(self) -> Decoded:
        """The readings that whoever handed it over may say."""
        if not self.beyond:
            return self.decoded
        refused = {id(reading) for one in self.beyond for reading in (*one.stands, *one.series)}
        stands = [stand for stand in self.decoded.stands if id(stand) not in refused]
        series = [series for series in self.decoded.series if id(series) not in refused]
        return replace(self.decoded, stands=stands, series=series)

    def id(self, community: str, repeat: int = 0) -> str:
        """Id that follows from the content: the same body again is the same delivery, whoever brings it and when.

        Where a gateway says more than it may, it is that gateway's alone, and the same body stays new from whoever may
        say it; so it does from the device itself, where a person passed it on before. ``repeat`` counts how often it
        was undone, so that an import can be made again after it was undone. Where a device says no time of its own, the
        same bytes on another day are another reading: a meter that stands still says nothing else.
        """
        overstepping = [self.gateway] if self.beyond else []
        passed_on = ["passed on"] if self.mandate and self.is_claim else []
        on_day = [f"{self.received_at:%Y-%m-%d}"] if self.decoded.is_dated_by_receipt else []
        head = "\x1f".join((community, self.format, self.options, str(repeat), *overstepping, *passed_on, *on_day))
        return hashlib.sha256(f"{len(head)}:{head}".encode() + self.body).hexdigest()
