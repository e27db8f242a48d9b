"""The plant under the square: canal, storage in the ground, heat pumps, and the pipes that lose a part of it.

Invariant, in every hour and to the joule: heat pumps give demand plus loss; what they give is their electricity plus
the heat of the source; the source is canal or storage; what the canal gives beyond that is charged into the storage.

The network is 70 degC out and 40 degC back. The canal feeds the heat pumps while it is warm enough, the storage does
the rest of the year and is charged in summer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coop.demo.habits import habits
from coop.demo.meters import CANAL_METER, CHARGE_METER, DISCHARGE_METER, WEATHER_METER, heat_pumps
from coop.demo.plan import DemoPlan, Int64Array, generator
from coop.demo.weather import Weather

J_PER_WH = 3600

_SUPPLY_CDEGC, _RETURN_CDEGC = 7000, 4000
_CANAL_USABLE_CDEGC, _CANAL_CHARGES_CDEGC, _CANAL_DROP_CDEGC = 1200, 1500, 500
_STORAGE_CDEGC = 1450
_CARNOT_PERMILLE = 580
"""Share of the Carnot efficiency that a large heat pump reaches, against 3 K beyond each side."""

_LOSS_PERMILLE = 165
"""Network loss against demand over a normal year: a seventh of what is fed in, within the usual 10-20 %.

Source: docs/domain/heat-source-and-environment.md#performance.
"""
_MEAN_BELOW_PIPE_CDEGC = 4440
"""How much warmer the pipes (55 degC) are than the air over a normal year."""

_CHARGE_PERCENT = 205
"""Charging power against the mean demand; over the years it stores what winters take out and what the ground keeps."""


@dataclass(frozen=True)
class Plant:
    """One span of the plant. ``registers`` has hourly values by (meter, quantity), shape (hours,), in its unit.

    ``loss_j`` [J] is what the pipes lost in each hour.
    """

    registers: dict[tuple[str, str], Int64Array]
    loss_j: Int64Array


def _mean_demand_w(plan: DemoPlan) -> int:
    """Mean heat demand of everybody in a normal year [W]."""
    lives = [habits(plan, number) for number in range(1, plan.size + 1)]
    return sum(life.space_mj + life.water_mj for life in lives) * 1_000_000 // (8760 * 3600)


def _flow_l_per_h(power_w: Int64Array, drop_cdegc: int) -> Int64Array:
    """Water that carries a power over a temperature drop: V = Q * 3.6 / (4.1868 * dT).

    Source: docs/domain/heat-source-and-environment.md#heat-carried-by-water (E22).
    """
    return power_w * 3_600_000 // (41868 * drop_cdegc)


def plant(plan: DemoPlan, key: str, weather: Weather, demand_j: Int64Array) -> Plant:
    """Run of the plant in one span to meet ``demand_j`` [J per hour], shape (hours,)."""
    mean_j = _mean_demand_w(plan) * J_PER_WH
    loss_j = mean_j * _LOSS_PERMILLE // 1000 * (5500 - weather.outside_cdegc) // _MEAN_BELOW_PIPE_CDEGC
    feed_j = demand_j + loss_j

    by_canal = weather.canal_cdegc >= _CANAL_USABLE_CDEGC
    source_cdegc = np.where(by_canal, weather.canal_cdegc, _STORAGE_CDEGC)
    cop_permille = _CARNOT_PERMILLE * (_SUPPLY_CDEGC + 27315) // (_SUPPLY_CDEGC + 300 - (source_cdegc - 300))
    registers: dict[tuple[str, str], Int64Array] = {}
    source_j = np.zeros_like(feed_j)
    pumps = heat_pumps(plan)
    for place, serial in enumerate(pumps):
        # The first pump takes what does not divide.
        heat_j = feed_j // len(pumps) + (feed_j % len(pumps) if place == 0 else 0)
        electricity_wh = heat_j * 1000 // (J_PER_WH * cop_permille)
        source_j += heat_j - electricity_wh * J_PER_WH
        wobble = generator(plan, "heat pump", serial, key).integers(-40, 41, (2, len(feed_j)))
        registers |= {
            (serial, "electricity_import"): electricity_wh,
            (serial, "heat"): heat_j,
            (serial, "power"): electricity_wh,
            (serial, "volume_flow"): _flow_l_per_h(heat_j // J_PER_WH, _SUPPLY_CDEGC - _RETURN_CDEGC),
            (serial, "flow_temperature"): _SUPPLY_CDEGC + wobble[0],
            (serial, "return_temperature"): _RETURN_CDEGC + wobble[1],
        }

    charge_j = np.where(weather.canal_cdegc >= _CANAL_CHARGES_CDEGC, mean_j * _CHARGE_PERCENT // 100, 0)
    canal_j = np.where(by_canal, source_j, 0) + charge_j
    flow = _flow_l_per_h(canal_j // J_PER_WH, _CANAL_DROP_CDEGC)
    registers |= {
        (CANAL_METER, "heat"): canal_j,
        # Lifting and filtering a cubic metre takes about 30 Wh.
        (CANAL_METER, "electricity_import"): flow * 30 // 1000,
        (CANAL_METER, "volume_flow"): flow,
        (CANAL_METER, "source_temperature"): weather.canal_cdegc,
        (CANAL_METER, "return_temperature"): weather.canal_cdegc - np.where(flow > 0, _CANAL_DROP_CDEGC, 0),
        (CHARGE_METER, "heat"): charge_j,
        (CHARGE_METER, "flow_temperature"): np.minimum(weather.canal_cdegc, 2400),
        (DISCHARGE_METER, "heat"): np.where(by_canal, 0, source_j),
        (DISCHARGE_METER, "flow_temperature"): np.full(len(feed_j), _STORAGE_CDEGC),
        (WEATHER_METER, "outside_temperature"): weather.outside_cdegc,
    }
    return Plant(registers, loss_j)
