"""Words and figures as the pages write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from coop.values import AMSTERDAM, Period
from coop.web.language import N_
from coop.web.writing import civil_day, month, number

CODES = {
    "unreadable": N_("Unreadable"),
    "unknown-meter": N_("Unknown meter"),
    "unknown-format": N_("Unknown format"),
    "bad-input": N_("Not as agreed"),
    "not-installed": N_("Meter did not hang there"),
    "impossible-value": N_("Impossible value"),
    "impossible-jump": N_("Impossible jump"),
    "future": N_("In the future"),
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

_SHOWN = {"J": (Decimal("1e-9"), "GJ"), "Wh": (Decimal("1e-3"), "kWh"), "l": (Decimal("1e-3"), "m³")}


def stand(lang: str, value: Decimal, unit: str) -> str:
    """A stand with every digit that the register has.

    >>> stand("nl", Decimal(12_340_000_000), "J").replace(chr(160), " ")
    '12,34 GJ'
    """
    factor, name = _SHOWN.get(unit, (Decimal(1), unit))
    return f"{number(lang, (value * factor).normalize())}\u00a0{name}"


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


def local(at: datetime) -> str:
    """An instant on the clocks of Amsterdam as a form field takes it.

    >>> from datetime import UTC
    >>> local(datetime(2025, 7, 1, 10, 15, tzinfo=UTC))
    '2025-07-01T12:15'
    """
    return f"{at.astimezone(AMSTERDAM):%Y-%m-%dT%H:%M}"
