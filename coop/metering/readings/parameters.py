"""Figures of metering that the co-operative chose: limits of plausibility, hot water's share, completeness.

Invariant: they are the co-operative's own rows (``coop.communities.choices``), each from the day it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from coop.communities.choices import Choices, CompletenessChoice, LimitsChoice, StepsChoice, TapWaterChoice
from coop.communities.choices import Limit as KindLimit
from coop.metering.model import BASE_UNIT, CUMULATIVE, Meter, MeterKind, Quantity, Register
from coop.metering.readings.plausibility import Bound


class Limit(NamedTuple):
    """The most one register can count: ``per_hour`` [base unit per hour] and ``step`` [base unit] beyond it."""

    per_hour: int
    step: int


@dataclass(frozen=True)
class Tolerance:
    """Gaps that a period may have and still close: gaps of stands, and quarter-hours [permille]."""

    stand_gap: timedelta
    missing_quarters_permille: int


class Parameters:
    """The figures of one co-operative, by day."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._limits: dict[tuple[MeterKind, Quantity, date], Limit | None] = {}

    def limit(self, kind: MeterKind, quantity: Quantity, day: date) -> Limit | None:
        """Limit of a cumulative quantity, in base units; None where none is set."""
        key = kind, quantity, day
        if key not in self._limits:
            most: KindLimit = getattr(self._choices.on(LimitsChoice, day), kind.value)
            step: int = getattr(self._choices.on(StepsChoice, day), quantity.value, 0)
            self._limits[key] = _limit(most, quantity, step)
        return self._limits[key]

    def bound_of(self, meter: Meter, register: Register, day: date) -> Bound | None:
        """Bound of a register on a day, in its own units; None where it does not count."""
        if register.quantity not in CUMULATIVE:
            return None
        limit = self.limit(meter.kind, register.quantity, day)
        if limit is None:
            return None
        modulus = meter.maxima_on(day).get(register.quantity)
        return register_bound(limit, register.exponent, modulus)

    def tap_water_permille(self, day: date) -> int:
        """Share of heat that goes to hot water [permille]."""
        return self._choices.on(TapWaterChoice, day).permille

    def tolerance(self, day: date) -> Tolerance:
        """Tolerance for a period that starts on this day."""
        choice = self._choices.on(CompletenessChoice, day)
        return Tolerance(timedelta(hours=choice.stand_gap_hours), choice.missing_quarters_permille)


def _limit(most: KindLimit, quantity: Quantity, step: int) -> Limit | None:
    match BASE_UNIT[quantity]:
        case "Wh":
            return Limit(most.power_w, step)
        case "J":
            return Limit(most.power_w * 3600, step)
        case "l":
            return Limit(most.flow_l_per_h, step)
        case _:
            return None


@lru_cache(maxsize=4096)
def register_bound(limit: Limit, exponent: int, modulus: Decimal | None) -> Bound:
    """Bound of a register of whole ``10 ** exponent`` base units, in its own units.

    ``modulus`` is where it starts again from zero [base unit].
    """
    per_hour, step, top = (int(Decimal(x).scaleb(-exponent)) for x in (limit.per_hour, limit.step, modulus or 0))
    return Bound(per_hour, step, top)
