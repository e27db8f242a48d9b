"""Storage grows with values and not with deliveries."""

from __future__ import annotations

import pytest

from benchmarks.storage import RHYTHMS, Rhythm, blocks_of, measure
from coop.metering.readings.observations import join


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=[rhythm.name for rhythm in RHYTHMS])
def test_a_month_of_a_register_costs_at_most_four_bytes_a_value_in_every_rhythm(rhythm: Rhythm) -> None:
    _, _, sealed, in_file = measure(rhythm)
    assert (sealed <= 4, in_file <= 4) == (True, True)


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=[rhythm.name for rhythm in RHYTHMS])
def test_a_sealed_day_says_what_every_one_of_its_deliveries_said(rhythm: Rhythm) -> None:
    told, whole = next(blocks_of(rhythm))
    assert whole.read_entries().table.tolist() == join(row.read_entries() for row in told).table.tolist()
