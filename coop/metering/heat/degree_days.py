"""Weighted degree days: how much of a span's heating belongs to a part of it.

``DD = max(0, 18 - T_mean)`` of the UTC day, times 1.1 from November to February, 1.0 in March and October, 0.8 from
April to September. Whole thousandths of a degree day, so that a share is a fraction of integers.

Source: docs/domain/degree-days.md#weighted-degree-days (E10), docs/domain/degree-days.md#sharing-out (E12). KNMI's
daily means are over the UTC day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from coop.metering.model import DAY_S, Int64Array

_BASE_CDEGC = 1800
_TENTHS = {1: 11, 2: 11, 3: 10, 10: 10, 11: 11, 12: 11}

ShareByTime = Callable[[int, int, int], tuple[int, int]]
"""Share of what was counted from ``a`` to ``b`` that was counted by ``t`` [s since 1970]: numerator, denominator."""


def weighted_degree_days(mean_cdegc: int, day: date) -> int:
    """Weighted degree days of one day [0.001 degC d].

    >>> [weighted_degree_days(t, day) for t, day in ((-400, date(2026, 1, 15)), (1000, date(2026, 3, 10)),
    ...                                              (1650, date(2026, 7, 5)), (2000, date(2026, 8, 1)))]
    [24200, 8000, 1200, 0]
    """
    return max(0, _BASE_CDEGC - mean_cdegc) * _TENTHS.get(day.month, 8)


def mean_cdegc(values_cdegc: Int64Array) -> int:
    """Mean of a day's temperatures, to the nearest 0.01 degC."""
    n = len(values_cdegc)
    return (2 * int(values_cdegc.sum()) + n) // (2 * n)


def linear(a_s: int, t_s: int, b_s: int) -> tuple[int, int]:
    """Share in proportion to time."""
    return t_s - a_s, b_s - a_s


def by_degree_days(per_day: Mapping[int, int], tap_permille: int) -> ShareByTime:
    """Share by weighted degree days, with ``tap_permille`` of the heat spread evenly over time.

    ``per_day`` holds weighted degree days [0.001 degC d] by day since 1970-01-01. Where a day is not known, or there
    are no degree days at all, the share is in proportion to time.
    """

    def share(a_s: int, t_s: int, b_s: int) -> tuple[int, int]:
        days = range(a_s // DAY_S, (b_s - 1) // DAY_S + 1)
        if not all(day in per_day for day in days):
            return linear(a_s, t_s, b_s)
        until_t = sum(per_day[day] * max(0, min(t_s, (day + 1) * DAY_S) - max(a_s, day * DAY_S)) for day in days)
        whole = sum(per_day[day] * (min(b_s, (day + 1) * DAY_S) - max(a_s, day * DAY_S)) for day in days)
        if whole == 0:
            return linear(a_s, t_s, b_s)
        rest = 1000 - tap_permille
        return rest * until_t * (b_s - a_s) + tap_permille * (t_s - a_s) * whole, 1000 * whole * (b_s - a_s)

    return share


def civil_day(day: int) -> date:
    """The date of a day counted from 1970-01-01."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date()
