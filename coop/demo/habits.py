"""Habits of one connection: its heat, hot water, electricity and holidays, drawn once from its own generator.

A member's gas bills of the past follow from the same habits, with a spread: some use more heat today than their gas
bills say, and those are the ones whom the "Niet Meer Dan Nu" ceiling protects.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from coop.demo.model import MemberKind
from coop.demo.plan import DemoPlan, generator


@dataclass(frozen=True)
class Habits:
    """Use of a connection in a normal year.

    ``space_mj`` and ``water_mj`` [MJ/yr], ``balance_cdegc`` [0.01 degC] the outside temperature below which it heats,
    ``early`` [h] how much earlier than most it rises, ``electricity_wh`` [Wh/yr], ``own_solar_w`` [W] panels of its own
    and where they look [deg], ``holiday`` first day of the year away and number of days.
    """

    business: bool
    space_mj: int
    water_mj: int
    balance_cdegc: int
    early: int
    electricity_wh: int
    own_solar_w: int
    own_solar_azimuth_deg: int
    holiday: tuple[int, int]


_FIRST_FOUR: tuple[MemberKind, ...] = ("tenant", "owner", "business", "tenant")


def kind_of(plan: DemoPlan, number: int) -> MemberKind:
    """Tenant, owner or business: the first four are fixed, so that the smallest community has each."""
    if number <= 4:
        return _FIRST_FOUR[number - 1]
    draw = generator(plan, "kind", number).integers(100)
    return "tenant" if draw < 62 else "owner" if draw < 91 else "business"


@lru_cache(maxsize=4096)
def habits(plan: DemoPlan, number: int) -> Habits:
    """The habits of connection ``number``."""
    kind, draw = kind_of(plan, number), generator(plan, "habits", number)
    business = kind == "business"
    space_mj = int(draw.integers(11_000, 31_000)) * (2 if business else 1)
    water_mj = int(draw.integers(1_500, 4_500) if business else draw.integers(3_500, 9_500))
    electricity_wh = int(draw.integers(1_300_000, 3_400_000)) * (4 if business else 1)
    balance_cdegc = int(draw.choice([1500, 1550, 1600, 1650, 1700]))
    early = int(draw.integers(-1, 2))
    panels = int(draw.integers(5, 12))
    own = kind == "owner" and draw.integers(100) < 25
    azimuth = int(draw.choice([90, 180, 270]))
    holiday = (int(draw.integers(185, 235)), 0 if business else int(draw.integers(0, 22)))
    return Habits(
        business, space_mj, water_mj, balance_cdegc, early, electricity_wh, 400 * panels if own else 0, azimuth, holiday
    )
