"""Four years of gas bills, which the "Niet Meer Dan Nu" reference is made from.

Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu.
"""

from __future__ import annotations

from coop.demo.habits import habits
from coop.demo.model import GasYear
from coop.demo.plan import DemoPlan, generator

_CENTS_PER_M3 = {2018: 72, 2019: 79, 2020: 78, 2021: 84, 2022: 155, 2023: 148, 2024: 131, 2025: 129, 2026: 128}
"""What households paid incl. taxes and VAT, with the cap of 2023; made up around the gas taxes of
docs/domain/heat-tariffs-and-guarantee.md#gas-reference."""

_STANDING_CENTS = {2018: 23_500, 2019: 24_000, 2020: 24_400, 2021: 25_000, 2022: 26_500, 2023: 29_000, 2024: 31_200}

_SEVERITY_PERMILLE = {2021: 1060, 2022: 960, 2023: 930, 2024: 950}
"""How cold each year was against a normal one."""

_MJ_PER_M3 = 29.238
"""Heat from a cubic metre of gas, arithmetic mix: docs/domain/heat-tariffs-and-guarantee.md#gas-reference."""


def _latest(table: dict[int, int], year: int) -> int:
    return table[min(max(year, min(table)), max(table))]


def gas_years(plan: DemoPlan, number: int, code: str) -> tuple[GasYear, ...]:
    """The gas bills that member ``code`` at connection ``number`` could show, oldest first."""
    habit, draw = habits(plan, number), generator(plan, "gas", code)
    # Some burnt less gas than their heat of today: they are who the ceiling protects.
    thrift_permille = int(draw.integers(740, 1120))
    # Six in seven have all four years; the rest came later, or kept nothing.
    missing = 0 if number <= 3 or draw.integers(7) else int(draw.integers(1, 5))
    found = []
    for year in range(plan.year - 4 + missing, plan.year):
        severity = _SEVERITY_PERMILLE.get(year, 1000) * int(draw.integers(960, 1041)) // 1000
        heat_mj = habit.water_mj + habit.space_mj * severity // 1000
        gas_m3 = int(heat_mj * thrift_permille / (1000 * _MJ_PER_M3))
        cents = gas_m3 * _latest(_CENTS_PER_M3, year) + _latest(_STANDING_CENTS, year)
        found.append(GasYear(year, gas_m3, cents + int(draw.integers(0, 100))))
    return tuple(found)
