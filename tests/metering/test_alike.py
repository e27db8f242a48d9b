"""Days that are unpacked together are those that are unpacked one by one, however each is packed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.kit.documents import UNREADABLE
from coop.metering.model import DAY_S, Quality
from coop.metering.readings.alike import unpack_alike, unpack_days
from coop.metering.readings.blocks import Day, pack_day, squeeze, squeeze_quality, unpack_day
from coop.metering.readings.observations import digest_each, digest_rows, entries_of


class Packed(NamedTuple):
    """A day as it is stored."""

    step_s: int
    offsets: bytes | None
    readings: bytes
    quality: bytes


VALUES = st.integers(-(2**63), 2**63 - 1)
CODES = st.sampled_from([int(code) for code in Quality if code is not Quality.MISSING])


@st.composite
def days(draw: st.DrawFn) -> Packed:
    """A day in any step, whole or with gaps, packed plainly or squeezed."""
    step_s = draw(st.sampled_from([0, 900, 3600, 7200, 21_600, 86_400, 25_000]))
    if step_s and DAY_S % step_s == 0:
        slots = DAY_S // step_s
        at = draw(st.one_of(st.just([*range(slots)]), st.lists(st.integers(0, slots - 1), unique=True)))
        offsets = np.array(sorted(at), np.int64) * step_s
    else:
        offsets = np.array(sorted(draw(st.lists(st.integers(0, DAY_S - 1), unique=True, max_size=9))), np.int64)
    n = len(offsets)
    spread = draw(st.sampled_from([0, 1, 300, 2**20, 2**40]))
    base = draw(st.integers(-(2**40), 2**40))
    few = draw(st.lists(st.integers(0, spread), min_size=1, max_size=4))
    values = np.array([base + few[k % len(few)] for k in range(n)], np.int64)
    if n and draw(st.booleans()):
        values[0] = draw(VALUES)
    code = draw(CODES)
    quality = np.full(n, code, np.uint8)
    if n and draw(st.booleans()):
        quality[draw(st.integers(0, n - 1))] = draw(CODES)
    packed = Packed(step_s, *pack_day(Day(offsets, values, quality), step_s))
    if packed.offsets is not None and draw(st.booleans()):
        count = n.to_bytes(4, "little")
        return Packed(step_s, count + squeeze(offsets), squeeze(values), squeeze_quality(quality))
    return packed


def one_by_one(day: Packed) -> Day:
    return unpack_day(day.offsets, day.readings, day.quality, day.step_s)


def said(day: Day) -> list[list[int]]:
    return [day.offsets.tolist(), day.values.tolist(), day.quality.tolist()]


@given(st.lists(days(), max_size=12))
def test_days_unpacked_together_are_those_unpacked_one_by_one(some: list[Packed]) -> None:
    assert [said(day) for day in unpack_days(some)] == [said(one_by_one(day)) for day in some]


@given(st.lists(days(), max_size=12), st.integers(1, 2**40), st.integers(-6, 6))
def test_digests_of_days_together_are_those_of_each(some: list[Packed], number: int, exponent: int) -> None:
    alike, others = unpack_alike(some)
    seen = list(others)
    for group in alike:
        of = [some[place] for place in group.places]
        heads = np.array([(number + k, day.step_s, exponent) for k, day in enumerate(of)], np.int64).T[:, :, None]
        each = [entries_of(one_by_one(day), day.step_s, exponent, number + k) for k, day in enumerate(of)]
        assert digest_rows((*heads, group.offsets, group.quality), group.values) == digest_each(each)
        seen += group.places
    assert sorted(seen) == [*range(len(some))]  # each is in one place, and none is left out


@given(days(), st.sampled_from(["offsets", "readings", "quality"]), st.data())
def test_a_day_that_was_written_into_is_read_or_refused_as_it_is_alone(
    day: Packed, column: str, data: st.DataObject
) -> None:
    body = getattr(day, column) or b""
    changed = data.draw(
        st.one_of(
            st.integers(0, len(body)).map(lambda length: body[:length]),
            st.binary(max_size=3).map(lambda more: body + more),
            st.tuples(st.integers(0, max(len(body) - 1, 0)), st.integers(0, 255)).map(
                lambda at: body[: at[0]] + bytes([at[1]]) + body[at[0] + 1 :]
            ),
        )
    )
    day = day._replace(**{column: changed})
    try:
        alone = said(one_by_one(day))
    except (*UNREADABLE, IndexError, MemoryError) as broken:
        with pytest.raises(type(broken)):
            unpack_days([day])
        return
    assert [said(one) for one in unpack_days([day])] == [alone]


def test_whole_days_and_stands_are_unpacked_together() -> None:
    stand = Packed(0, *pack_day(Day(np.array([5]), np.array([7]), np.array([1], np.uint8)), 0))
    whole = Day(np.arange(0, DAY_S, 3600), np.arange(24), np.full(24, Quality.MEASURED, np.uint8))
    hours = Packed(3600, *pack_day(whole, 3600))
    gap = Packed(3600, *pack_day(Day(whole.offsets[1:], whole.values[1:], whole.quality[1:]), 3600))
    alike, others = unpack_alike([stand, hours, stand, gap, hours])
    assert sorted(sorted(group.places) for group in alike) == [[0, 2], [1, 4]]
    assert others == [3]
