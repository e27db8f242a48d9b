"""Quarter-hours that a gap touches, found for all gaps at once, are those that lie over one of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coop.metering.sharing.quarters import QUARTER_S, _is_broken

INSTANTS = st.one_of(st.integers(-4_000, 20_000), st.integers(-4, 20).map(lambda nth: nth * QUARTER_S))


@given(st.lists(st.tuples(INSTANTS, st.booleans()), min_size=2, max_size=12), st.integers(1, 12), st.integers(-3, 30))
def test_a_quarter_hour_is_broken_where_a_gap_lies_over_a_part_of_it(
    readings: list[tuple[int, bool]], count: int, first: int
) -> None:
    sound = dict(readings)
    at = sorted(sound)
    bounds = QUARTER_S * (first + np.arange(count + 1))
    gaps = [(start, end) for start, end in pairwise(at) if not sound[start]]
    expected = [any(start < bound + QUARTER_S and bound < end for start, end in gaps) for bound in bounds[:-1].tolist()]
    found = _is_broken(np.array(at, np.int64), np.array([sound[instant] for instant in at]), bounds)
    assert found.tolist() == expected
