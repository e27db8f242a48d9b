"""Registers that are looked at further away in any case, held against counting them first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coop.metering.heat.counters import MeterCounter, _looks_further
from coop.metering.heat.measuring import Span
from coop.metering.model import DAY_S
from coop.metering.readings.blocks import Day
from coop.metering.readings.days import Stored
from coop.metering.readings.plausibility import Bound

FROM_S, TO_S = 100 * DAY_S, 104 * DAY_S
readings = st.dictionaries(st.integers(97 * 24, 107 * 24), st.integers(0, 60), max_size=7)


def stock_of(read: dict[int, int]) -> dict[str, dict[int, Stored]]:
    """Readings by hour since 1970 as they are stored."""
    days: dict[int, list[int]] = {}
    for hour in sorted(read):
        days.setdefault(hour // 24, []).append(hour)
    stored = {
        day: Stored(
            "r",
            day,
            1,
            0,
            Day(
                np.array([hour % 24 * 3600 for hour in hours], np.int64),
                np.array([read[hour] for hour in hours], np.int64),
                np.ones(len(hours), np.uint8),
            ),
        )
        for day, hours in days.items()
    }
    return {"r": stored} if stored else {}


@given(read=readings, bound=st.sampled_from([None, Bound(72, 1)]))
def test_who_is_looked_at_further_away_without_counting_would_be_after_it(
    read: dict[int, int], bound: Bound | None
) -> None:
    counter = MeterCounter(Span("H1", "r", 6, 0, FROM_S, TO_S, bound), None)
    stock = stock_of(read)
    if counter.is_at_edge(stock):
        assert _looks_further(counter.count(stock))
    else:
        assert min(read) * 3600 < FROM_S
        assert max(read) * 3600 > TO_S


def test_intervals_beside_readings_are_counted_first() -> None:
    intervals = Span("H1", "i", 6, 3600, FROM_S, TO_S)
    assert not MeterCounter(Span("H1", "r", 6, 0, FROM_S, TO_S), intervals).is_at_edge({})
    assert not MeterCounter(None, intervals).is_at_edge({})
