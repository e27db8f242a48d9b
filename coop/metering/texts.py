"""Words and figures as the pages write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import gcd

from coop.communities.allocation_keys import PARTS
from coop.events.causes import read_cause
from coop.metering.model import BASE_UNIT, Quantity
from coop.values import AMSTERDAM, Period, civil_date
from coop.web.language import N_
from coop.web.writing import civil_day, month, number, percent, speak

CODES = {
    "unreadable": N_("Unreadable"),
    "unknown-meter": N_("Unknown meter"),
    "unknown-format": N_("Unknown format"),
    "bad-input": N_("Not as agreed"),
    "not-installed": N_("Meter did not hang there"),
    "impossible-value": N_("Impossible value"),
    "future": N_("In the future"),
    "wrong-clock": N_("A clock that is off"),
    "not-your-meter": N_("Another's meter"),
    "not-confirmed": N_("Meter not confirmed"),
    "unknown-gateway": N_("Unknown gateway"),
    "not-measured": N_("Not a gateway's to say"),
    "other-step": N_("Another interval"),
}
"""Reason for which something is parked, in two or three words; its reason says the rest."""

KINDS = {
    "heat": N_("Heat meters"),
    "electricity": N_("Electricity meters"),
    "solar": N_("Solar meters"),
    "heat_pump": N_("Heat pumps"),
    "source": N_("Source and storage"),
}
"""Purposes of meters."""

ROLES = {"producer": N_("produces"), "sharer": N_("shares")}
"""Parts in a sharing group."""

METER_KINDS = {
    "heat": N_("Heat meter"),
    "electricity": N_("Electricity meter"),
    "solar": N_("Solar meter"),
    "heat_pump": N_("Heat pump"),
    "source": N_("Source or storage"),
}
"""Purpose of one meter."""

QUANTITIES = {
    "electricity_import": N_("Electricity taken"),
    "electricity_export": N_("Electricity fed in"),
    "heat": N_("Heat"),
    "cold": N_("Cold"),
    "volume": N_("Water through the meter"),
    "power": N_("Power"),
    "volume_flow": N_("Flow"),
    "flow_temperature": N_("Temperature of the supply"),
    "return_temperature": N_("Temperature of the return"),
    "outside_temperature": N_("Temperature outside"),
    "source_temperature": N_("Temperature of the source"),
}
"""Quantities that a register counts."""

KEY_KINDS = {
    "static": N_("Fixed shares"),
    "dynamic": N_("By use at that moment"),
    "static_redistribution": N_("Fixed shares, what is left passed on"),
    "hybrid": N_("Fixed shares, the rest by use"),
    "equal": N_("The same for everybody"),
    "priority": N_("In an agreed order"),
}
"""Kinds of allocation key."""

STANDINGS = {
    "stands": N_("it stands"),
    "repeats": N_("a later message says the same"),
    "outranked": N_("another value goes before it"),
    "contradicts": N_("contradicts what the device itself measured, which stands: correct the reading, by two people"),
    "coarser": N_("counts only where nothing finer was said"),
    "withdrawn": N_("withdrawn by two people"),
    "taken-back": N_("its file was taken back"),
    "missing": N_("the sender had no value"),
}
"""Standing of a value that was said."""

ASIDES = {
    "dip": N_("set aside: too low beside its neighbours"),
    "slip": N_("set aside: too high beside its neighbours"),
    "decided": N_("set aside by two people"),
    "claim": N_("set aside: one account said it, and it does not fit what the meter measured itself"),
}
"""Why a value that stands does not count."""

BREAKS = {
    "dip": N_("the lower readings are false (a typing error, or another meter)"),
    "slip": N_("the higher readings are false (a typing error)"),
    "reset": N_("the register started again at zero"),
    "rollover": N_("the register went past its highest number"),
    "exchange": N_("another meter answers: it was exchanged"),
    "keep": N_("all readings are right: so much was really used"),
    "readings": N_("the cumulative readings are right"),
    "intervals": N_("the interval values are right"),
    "aside": N_("what one account said beside the meter is false"),
}
"""Meanings of a break."""

SHAPES = {"stand": N_("Stand"), "interval": N_("Use per interval"), "day": N_("Use per day")}
"""Shapes of a register."""

FORMATS = {
    "p1": N_("P1 telegram"),
    "mbus": N_("M-Bus telegram"),
    "head-end": N_("head-end series"),
    "csv": N_("file"),
    "card": N_("member's own reading"),
    "correction": N_("correction"),
    "exchange": N_("work order of an exchange"),
    "move": N_("work order of a move"),
    "withdrawal": N_("withdrawal"),
    "undo": N_("file taken back"),
    "replay": N_("parked message, taken in later"),
}
"""Ways in which something was said."""

_SHOWN = {"J": (Decimal("1e-9"), "GJ"), "Wh": (Decimal("1e-3"), "kWh"), "l": (Decimal("1e-3"), "m³")}


GROUNDS = {
    "holds": N_("Who held connection %(subject)s"),
    "contracts": N_("The contract on connection %(subject)s"),
    "meters": N_("Where meter %(subject)s hung"),
    "figures": N_("A figure that the co-operative chose: %(subject)s"),
}
"""By kind, what is known otherwise than when a period was computed."""


def cause(lang: str, text: str) -> str:
    """Reason why a revision came out differently, as its fact tells it."""
    said: str = speak(lang, read_cause(text))
    return said


def stand(lang: str, value: Decimal, unit: str) -> str:
    """A stand with every digit that the register has.

    >>> stand("nl", Decimal(12_340_000_000), "J").replace(chr(160), " ")
    '12,34 GJ'
    """
    factor, name = _SHOWN.get(unit, (Decimal(1), unit))
    return f"{number(lang, (value * factor).normalize())}\u00a0{name}"


def maxima(lang: str, most: Mapping[Quantity, Decimal]) -> str:
    """Values at which the registers of a meter start again from zero.

    >>> maxima("nl", {Quantity.HEAT: Decimal(10**13)}).replace(chr(160), " ")
    '10.000 GJ'
    """
    return ", ".join(stand(lang, value, BASE_UNIT[quantity]) for quantity, value in most.items())


def shown_unit(unit: str) -> tuple[Decimal, str]:
    """Factor and unit in which people read a base unit."""
    return _SHOWN.get(unit, (Decimal(1), unit))


def decimal(lang: str, value: Decimal | str, digits: int) -> str:
    """A plain figure, kept as a number or as its text."""
    return number(lang, Decimal(value), digits)


def celsius(lang: str, temperature_cdegc: int) -> str:
    """A temperature, kept in hundredths of a degree, to a tenth."""
    return number(lang, Decimal(temperature_cdegc).scaleb(-2), 1)


def over(lang: str, start: date, end: date) -> str:
    """A period by the name of its month, or by its first and last day.

    >>> over("en", date(2025, 1, 1), date(2025, 2, 1)), over("en", date(2025, 1, 5), date(2025, 2, 1))
    ('January 2025', '5 January 2025 – 31 January 2025')
    """
    if Period(start, end) == Period.month(start.year, start.month):
        return month(lang, start)
    return f"{civil_day(lang, start)} – {civil_day(lang, end - timedelta(days=1))}"


def time_format(written: str) -> str:
    """A way of writing times by an example.

    >>> time_format("%d-%m-%Y %H:%M"), time_format("")
    ('31-01-2026 13:30', '2026-01-31 13:30, 2026-01-31T13:30:00+01:00')
    """
    if not written:
        return "2026-01-31 13:30, 2026-01-31T13:30:00+01:00"
    return datetime(2026, 1, 31, 13, 30, tzinfo=AMSTERDAM).strftime(written)


def on(at: datetime) -> date:
    """The civil date of an instant."""
    return civil_date(at)


def at(at_s: int) -> datetime:
    """The instant so many seconds after 1970-01-01 UTC."""
    return datetime.fromtimestamp(at_s, UTC)


def amount(units: int, exponent: int) -> Decimal:
    """Whole units of ``10 ** exponent`` of a base unit, in that unit."""
    return Decimal(units).scaleb(exponent)


def seconds(at: datetime) -> int:
    """Whole seconds from 1970-01-01 UTC."""
    return int(at.timestamp())


def lasting(lang: str, time: timedelta) -> str:
    """A time in the largest unit of which it has a whole one; of days, two.

    >>> [lasting("en", timedelta(**told)).split() for told in ({"seconds": 10}, {"minutes": 15}, {"hours": 24})]
    [['10', 's'], ['15', 'min'], ['24', 'h']]
    """
    time_s = time.total_seconds()
    units = ((172_800, 86_400, "d"), (3_600, 3_600, "h"), (60, 60, "min"), (0, 1, "s"))
    size_s, unit = next((size_s, unit) for from_s, size_s, unit in units if time_s >= from_s)
    return f"{number(lang, round(Decimal(time_s / size_s)))}\u00a0{unit}"


def local(at: datetime) -> str:
    """An instant on the clocks of Amsterdam as a form field takes it.

    >>> from datetime import UTC
    >>> local(datetime(2025, 7, 1, 10, 15, tzinfo=UTC))
    '2025-07-01T12:15'
    """
    return f"{at.astimezone(AMSTERDAM):%Y-%m-%dT%H:%M}"


def watt_hours(lang: str, thousandths: int) -> str:
    """Thousandths of a Wh in Wh, with the digits that there are.

    >>> watt_hours("en", 3_200_000), watt_hours("nl", 683_544)
    ('3,200', '683,544')
    """
    value = Decimal(thousandths).scaleb(-3)
    return number(lang, value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize())


def in_parts(weight: int, total: int) -> tuple[int, int]:
    """A weight in a total, in the smallest whole numbers.

    >>> in_parts(4_000_000, 7_500_000)
    (8, 15)
    """
    common = gcd(weight, total) or 1
    return weight // common, total // common


def kept_part(lang: str, parts: int) -> str:
    """The part of a production that a key leaves with the producers, kept in parts of a million.

    >>> kept_part("nl", 225_000)
    '22,5%'
    """
    return percent(lang, Decimal(parts) / PARTS, None)


def kilowatt_hours(lang: str, thousandths: int) -> str:
    """Thousandths of a Wh in kWh, to the Wh.

    >>> kilowatt_hours("en", 3_213_400_000).replace(chr(160), " ")
    '3,213.400 kWh'
    """
    return f"{number(lang, Decimal(thousandths).scaleb(-6), 3)}\u00a0kWh"
