"""Batches whose values are read by the compiled loop: what comes out is what the slower way says, to the letter."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coop.metering.intake.formats import head_end
from coop.metering.model import Series
from tests.metering import fuzz

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SPELLINGS = (
    "7", "0", "-0", "-12", "007", "1.0", "1e3", "null", "nul", "true", "false", '"7"', "9007199254740992",
    "9007199254740993", "18446744073709551617", "99999999999999999999", "[1]", "{}", "-", "", " 5 ", "5 5", "\u00a05",
)  # fmt: skip


def column(values: str, name: str = '"values"', **changes: Any) -> str:
    told = {
        "meter": "E1",
        "quantity": "electricity_import",
        "unit": "Wh",
        "start": "2025-03-10T00:00:00Z",
        "step_s": 900,
    }
    return f"{json.dumps(told | changes)[:-1]}, {name}: {values}}}"


def batch(*columns: str) -> bytes:
    return f'{{"head_end": "he", "sent_at": "2025-03-11T00:00:00Z", "series": [{", ".join(columns)}]}}'.encode()


def read_both_ways(body: bytes) -> None:
    """Hold the compiled way against the other one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head_end, "LARGE", 0)
        fast = head_end.decode(body, received_at=NOW)
        patch.setattr(head_end, "LARGE", len(body) + 1)
        slow = head_end.decode(body, received_at=NOW)
    assert [str(one) for one in fast.problems] == [str(one) for one in slow.problems]
    assert fast.broken == slow.broken
    assert [_told(one) for one in fast.series] == [_told(one) for one in slow.series]


def _told(series: Series) -> tuple[object, ...]:
    fields = series._asdict() | {"values": series.values.tolist(), "quality": series.quality.tolist()}
    return (*fields.items(), series.values.dtype, series.quality.dtype)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(SPELLINGS), max_size=4), max_size=4), st.integers(0, 4))
def test_any_column_of_numbers_is_read_alike_by_both_ways(columns: list[list[str]], blank: int) -> None:
    gap = ("", " ", "\n\t", "\r", "\x0b")[blank]
    read_both_ways(batch(*(column(f"[{gap}{(gap + ',' + gap).join(values)}{gap}]") for values in columns)))


@pytest.mark.parametrize(
    "body",
    [
        batch(column("[1, 2]"), column("[3]", meter="E2"), column("[-5]", quantity="flow_temperature", unit="degC")),
        batch(column("[201]", quantity="flow_temperature", unit="degC"), column("[3]")),
        batch(column("[1, 2]", quality=[1, 3]), column("[3]")),
        batch(column("[1]", name='"v\\u0061lues"'), column("[2]")),
        batch(column("[1]", name='"x\\"values"'), column("[2]")),
        batch(column("[1]", meter='"values": [5]')),
        batch(column("[1]", extra={"values": [1, 2]})),
        batch(column('[1], "values": [2]')),
        b'"values":[1]"values":[2]' * 9,
        b'{"values":[1]}',
        batch(column("[" + "1," * 150_000 + "1]")),
        batch(column("[1, 2")),
        batch(column("[1,]")),
        batch(),
        b"",
    ],
    ids=range(15),
)
def test_what_only_looks_like_a_column_is_read_alike_by_both_ways(body: bytes) -> None:
    read_both_ways(body)


def test_a_thousand_damaged_batches_are_read_alike_by_both_ways() -> None:
    for seed in range(1_000):
        thrown = fuzz.invent(seed)
        if thrown.format == "head-end":
            read_both_ways(thrown.body)


def test_a_large_batch_with_gaps_comes_out_value_by_value() -> None:
    rng = random.Random(1)
    told = [[rng.choice([None, 0, rng.randrange(10**6)]) for _ in range(96)] for _ in range(120)]
    body = batch(*(column(json.dumps(values), meter=f"E{k}") for k, values in enumerate(told)))
    assert len(body) > head_end.LARGE
    decoded = head_end.decode(body, received_at=NOW)
    assert [series.values.tolist() for series in decoded.series] == [[one or 0 for one in values] for values in told]
    assert [(series.quality > 0).tolist() for series in decoded.series] == [
        [one is not None for one in values] for values in told
    ]
