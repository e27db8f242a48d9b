"""Values that no meter of a co-operative can mean, judged from one alone.

Invariant: what passes here fits the store's 64-bit registers. Jumps against earlier readings are judged by
``metering.readings``, which knows them; readings from the future by the intake, and in a file that a person imports
also here, so that the line is named.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from coop.metering.model import BASE_UNIT, CUMULATIVE, Quantity, to_units
from coop.metering.readings.plausibility import CLOCK_MARGIN
from coop.values import Said, join_said, say

TEMPERATURE_RANGE_DEGC = (-60, 200)
"""Below lies no Dutch outside air, above no heat network: sensors that are broken or not fitted read beyond it."""

READING_YEARS = range(2000, 2100)
"""Years of which a reading can be."""

_FINE = -15
_LARGEST = 2**63


def implausible(quantity: Quantity, value: Decimal, unit: str) -> Said | None:
    """Say why no meter can mean this value, or None.

    >>> implausible(Quantity.HEAT, Decimal("-1"), "kWh")
    '-1 kWh is negative'
    >>> implausible(Quantity.FLOW_TEMPERATURE, Decimal("243"), "degC")
    '243 degC is outside -60 .. 200 degC'
    >>> implausible(Quantity.HEAT, Decimal(1), "m3")
    'm3 is not a unit of heat'
    >>> implausible(Quantity.VOLUME, Decimal("640.581"), "m3") is None
    True
    """
    try:
        fine = to_units(value, unit, quantity, _FINE)
    except ValueError as error:
        return join_said(error.args)
    except ArithmeticError:
        return say("%(value)s %(unit)s has more digits than any register", value=value, unit=unit)
    one = 10**-_FINE
    if quantity in CUMULATIVE and fine < 0:
        return say("%(value)s %(unit)s is negative", value=value, unit=unit)
    lowest, highest = TEMPERATURE_RANGE_DEGC
    if BASE_UNIT[quantity] == "degC" and not lowest * one <= fine <= highest * one:
        return say(
            "%(value)s %(unit)s is outside %(lowest)s .. %(highest)s degC",
            value=value,
            unit=unit,
            lowest=lowest,
            highest=highest,
        )
    if abs(fine) >= _LARGEST * one:
        return say("%(value)s %(unit)s is more than a register can hold", value=value, unit=unit)
    return None


def too_late(at: datetime, received_at: datetime) -> Said | None:
    """Say why an instant cannot be, or None: it lies further after its receipt than a clock may run ahead.

    >>> from datetime import UTC
    >>> too_late(datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=UTC))
    '2026-01-03T00:00:00Z is in the future: received 2026-01-01T12:00:00Z'
    """
    if at <= received_at + CLOCK_MARGIN:
        return None
    return say("%(at)s is in the future: received %(received_at)s", at=_iso(at), received_at=_iso(received_at))


def unset_clock(at: datetime) -> Said | None:
    """Say why an instant cannot be, or None: its year is one that only a clock says which was never set.

    >>> from datetime import UTC
    >>> unset_clock(datetime(1970, 1, 1, tzinfo=UTC))
    '1970-01-01T00:00:00Z lies outside the years 2000 to 2099: a clock was not set'
    """
    if at.year in READING_YEARS:
        return None
    return say(
        "%(at)s lies outside the years %(first)s to %(last)s: a clock was not set",
        at=_iso(at),
        first=READING_YEARS[0],
        last=READING_YEARS[-1],
    )


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
