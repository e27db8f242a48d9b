"""How the pages write stands and instants."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from coop.values import AMSTERDAM
from coop.web.writing import instant, number

_SHOWN = {"J": (Decimal("1e-9"), "GJ"), "Wh": (Decimal("1e-3"), "kWh"), "l": (Decimal("1e-3"), "m³")}


def stand(lang: str, value: Decimal, unit: str) -> str:
    """A stand with every digit that the register has.

    >>> stand("nl", Decimal(12_340_000_000), "J").replace(chr(160), " ")
    '12,34 GJ'
    """
    factor, name = _SHOWN.get(unit, (Decimal(1), unit))
    return f"{number(lang, (value * factor).normalize())}\u00a0{name}"


def moment(lang: str, text: str) -> str:
    """An instant that was told as text."""
    return instant(lang, datetime.fromisoformat(text))


def local(at: datetime) -> str:
    """An instant on the clocks of Amsterdam as a form field takes it.

    >>> from datetime import UTC
    >>> local(datetime(2025, 7, 1, 10, 15, tzinfo=UTC))
    '2025-07-01T12:15'
    """
    return f"{at.astimezone(AMSTERDAM):%Y-%m-%dT%H:%M}"
