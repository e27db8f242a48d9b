"""Rules of what is odd in what a meter counted, day by day.

    E = 4.1868 MJ / (m3 K) * V * dT                heat against volume and temperature drop

Worked example: 10 m3 cooled by 30 K gave 1.256 GJ. Source: docs/domain/metering-formats-and-units.md#odd-meters.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from coop.metering.intake.doubt_rules import is_apart, is_near
from coop.values import Said, say, say_count

J_PER_LITRE_K = 4186.8
LEAST_DAYS = 7
"""Days of which a month has to know both sides before it is judged."""

LEAST_L, LEAST_J = 1000.0, 5e8
"""Below a cubic metre, or half a GJ, coarse registers show more than meters do."""

Floats = NDArray[np.float64]
"""A value for each day; NaN where it is not known."""


def judge_heat(heat_j: Floats, volume_l: Floats, drop_k: Floats, off_percent: int) -> Said | None:
    """Hold heat beside volume times temperature drop, over the days of which all are known.

    >>> ten = np.full(10, 1.0)
    >>> judge_heat(ten * 125.604e6, ten * 1000, ten * 30, 20) is None
    True
    >>> judge_heat(ten * 251.208e6, ten * 1000, ten * 30, 20)
    '2.51 GJ of heat, while volume and temperatures say 1.26 GJ'
    """
    known = ~np.isnan(heat_j + volume_l + drop_k)
    if known.sum() < LEAST_DAYS:
        return None
    told, expected = float(heat_j[known].sum()), float((volume_l * drop_k)[known].sum()) * J_PER_LITRE_K
    if max(told, expected) < LEAST_J or abs(told - expected) * 100 <= off_percent * max(expected, 0.0):
        return None
    return say(
        "%(told)s GJ of heat, while volume and temperatures say %(expected)s GJ",
        told=Decimal(f"{told / 1e9:.2f}"),
        expected=Decimal(f"{expected / 1e9:.2f}"),
    )


def judge_flow(heat_j: Floats, volume_l: Floats, idle_k: int) -> Said | None:
    """Name water that flows and hardly gives heat: a valve that leaks, or a temperature sensor that is off.

    >>> judge_flow(np.full(10, 1e6), np.full(10, 1000.0), 3)
    '10 m³ of water flowed and was cooled 0.2 degrees: does a valve leak, or is a sensor loose?'
    """
    known = ~np.isnan(heat_j + volume_l)
    volume, heat = float(volume_l[known].sum()), float(heat_j[known].sum())
    if known.sum() < LEAST_DAYS or volume < LEAST_L or heat >= idle_k * volume * J_PER_LITRE_K:
        return None
    return say(
        "%(volume)s m³ of water flowed and was cooled %(drop)s degrees: does a valve leak, or is a sensor loose?",
        volume=round(volume / 1000),
        drop=Decimal(f"{heat / volume / J_PER_LITRE_K:.1f}"),
    )


def judge_night(made: float, at_night: float, night_permille: int) -> Said | None:
    """Name a solar meter that makes electricity at night."""
    if at_night * 1000 <= night_permille * made or not made:
        return None
    return say(
        "%(percent)s %% of its electricity is made at night: is its clock off, or is it another meter?",
        percent=round(100 * at_night / made),
    )


def judge_clear_sky(above: int, worst: float, peak_w: int) -> Said | None:
    """Name a meter that makes more than its panels can under the clearest sky: in how many intervals, and the worst as
    a part of what they can.

    >>> judge_clear_sky(3, 2.04, 4200)
    '3 intervals lie above what 4.2 kWp can make under a clear sky, up to 2.0 times: is the power right, or the unit?'
    """
    if not above:
        return None
    return say_count(
        "%(num)s interval lies above what %(peak)s kWp can make under a clear sky, %(times)s times: is the power right,"
        " or the unit?",
        "%(num)s intervals lie above what %(peak)s kWp can make under a clear sky, up to %(times)s times: is the"
        " power right, or the unit?",
        above,
        peak=Decimal(peak_w) / 1000,
        times=Decimal(f"{worst:.1f}"),
    )


def find_still(use: Floats, others: Floats, still_days: int) -> tuple[int, int] | None:
    """First and last day of the longest time in which a register that counted before stands still, day by day known,
    while the middle one of the ``others`` counts.

    >>> find_still(np.array([5.0, 0, 0, 0]), np.array([4.0, 4, 4, 4]), 3)
    (1, 3)
    """
    best: tuple[int, int] | None = None
    begin = None
    for day, (mine, theirs) in enumerate(zip(use.tolist(), others.tolist(), strict=True)):
        if mine == 0 and theirs > 0:
            begin = day if begin is None else begin
            if np.nansum(use[:begin]) > 0 and day - begin + 1 >= max(still_days, best[1] - best[0] + 2 if best else 0):
                best = begin, day
        else:
            begin = None
    return best


def find_swapped(per_day: Mapping[str, tuple[float, float]]) -> list[tuple[str, str]]:
    """Pairs of meters of one kind that use in a month what the other did in the month before, and not what they did;
    (before, now) by meter.

    >>> find_swapped({"H1": (10.0, 95.0), "H2": (100.0, 11.0), "H3": (10.0, 11.0)})
    [('H1', 'H2')]
    """
    moved = {meter: rates for meter, rates in per_day.items() if is_apart(*rates)}
    return [
        (one, other)
        for (one, (before, now)), (other, (other_before, other_now)) in combinations(sorted(moved.items()), 2)
        if is_near(now, other_before) and is_near(other_now, before)
    ]
