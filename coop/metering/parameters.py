"""Dated figures of metering, read from ``parameters.toml``: limits of plausibility, hot water's share, completeness."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from coop.metering.model import BASE_UNIT, CUMULATIVE, Meter, MeterKind, Quantity, Register
from coop.metering.rules.plausibility import Bound


@dataclass(frozen=True)
class Limit:
    """The most one register can count: ``per_hour`` [base unit per hour] and ``step`` [base unit] beyond it."""

    per_hour: int
    step: int


@dataclass(frozen=True)
class Tolerance:
    """Gaps that a period may have and still close: gaps of stands, and quarter-hours [permille]."""

    stand_gap: timedelta
    missing_quarters_permille: int


@cache
def limit(kind: MeterKind, quantity: Quantity, day: date) -> Limit | None:
    """Limit of a cumulative quantity, in base units; None where none is set."""
    most = _on("limits", day)[kind.value]
    step = _on("steps", day).get(quantity.value, 0)
    match BASE_UNIT[quantity]:
        case "Wh":
            return Limit(most["power_w"], step)
        case "J":
            return Limit(most["power_w"] * 3600, step)
        case "l":
            return Limit(most["flow_l_per_h"], step)
        case _:
            return None


@lru_cache(maxsize=4096)
def register_bound(
    kind: MeterKind, quantity: Quantity, exponent: int, modulus: Decimal | None, day: date
) -> Bound | None:
    """Bound of a register of whole ``10 ** exponent`` base units on a day, in its own units; None where none is set.

    ``modulus`` is where it starts again from zero [base unit].
    """
    most = limit(kind, quantity, day)
    if most is None:
        return None
    per_hour, step, top = (int(Decimal(x).scaleb(-exponent)) for x in (most.per_hour, most.step, modulus or 0))
    return Bound(per_hour, step, top)


def bound_of(meter: Meter, register: Register, day: date) -> Bound | None:
    """Bound of a register on a day, in its own units; None where it does not count."""
    if register.quantity not in CUMULATIVE:
        return None
    modulus = meter.maxima.get(register.quantity) if meter.maxima else None
    return register_bound(meter.kind, register.quantity, register.exponent, modulus, day)


def tap_water_permille(day: date) -> int:
    """Share of heat that goes to hot water [permille]."""
    return int(_on("tap_water", day)["permille"])


def tolerance(day: date) -> Tolerance:
    """Tolerance for a period that starts on this day."""
    row = _on("completeness", day)
    return Tolerance(timedelta(hours=row["stand_gap_hours"]), row["missing_quarters_permille"])


def _on(name: str, day: date) -> dict[str, Any]:
    return max((row for row in _rows()[name] if row["from"] <= day), key=lambda row: row["from"])


@cache
def _rows() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((files(__package__) / "parameters.toml").read_text())
