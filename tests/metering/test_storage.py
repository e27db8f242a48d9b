"""Storage grows with values and not with deliveries."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.storage import RHYTHMS, Rhythm, blocks_of, measure
from coop.metering.model import Quality
from coop.metering.readings.blocks import Day, pack_day, unpack_day, unpack_times
from coop.metering.readings.observations import join


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=[rhythm.name for rhythm in RHYTHMS])
def test_a_month_of_a_register_costs_at_most_four_bytes_a_value_in_every_rhythm(rhythm: Rhythm) -> None:
    _, _, sealed, in_file = measure(rhythm)
    assert (sealed <= 4, in_file <= 4) == (True, True)


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=[rhythm.name for rhythm in RHYTHMS])
def test_a_sealed_day_says_what_every_one_of_its_deliveries_said(rhythm: Rhythm) -> None:
    told, whole = next(blocks_of(rhythm))
    assert whole.read_entries().table.tolist() == join(row.read_entries() for row in told).table.tolist()


@pytest.mark.parametrize("step_s", [0, 900, 3600, 86_400])
@pytest.mark.parametrize("missing", [(), (0,), (1, 3)], ids=["whole", "first missing", "two missing"])
@pytest.mark.parametrize("estimated", [(), (0, 2)], ids=["measured", "estimated in part"])
def test_the_times_of_a_packed_day_are_those_of_its_values(
    step_s: int, missing: tuple[int, ...], estimated: tuple[int, ...]
) -> None:
    offsets = np.array([0, 5, 900, 7000, 80_000]) if step_s in (0, 86_400) else np.arange(0, 86_400, step_s)
    quality = np.full(len(offsets), Quality.MEASURED, np.uint8)
    quality[list(estimated)] = Quality.ESTIMATED
    there = np.delete(np.arange(len(offsets)), list(missing))
    packed = pack_day(Day(offsets[there], np.arange(len(there)), quality[there]), step_s)
    whole = unpack_day(*packed, step_s)
    at, qualities = unpack_times(packed[0], packed[2], step_s)
    assert (at.tolist(), qualities.tolist()) == (whole.offsets.tolist(), whole.quality.tolist())
