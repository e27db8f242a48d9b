"""Head-end batches by column."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.metering.intake.formats import FORMATS
from coop.metering.intake.formats.head_end import decode
from coop.metering.model import Quality, Quantity

NOW = datetime(2025, 1, 2, tzinfo=UTC)


def series(**changes: Any) -> dict[str, Any]:
    return {
        "meter": "E0001",
        "quantity": "electricity_import",
        "unit": "Wh",
        "start": "2025-01-01T00:00:00Z",
        "step_s": 900,
        "values": [120, 0, 131],
    } | changes


def batch(*parts: object, **changes: Any) -> bytes:
    return json.dumps({"head_end": "he-1", "sent_at": "2025-01-02T00:00:00Z", "series": parts} | changes).encode()


def reasons(body: bytes) -> list[str]:
    decoded = decode(body, received_at=NOW)
    assert len(decoded.problems) == len(decoded.broken)
    return [str(problem) for problem in decoded.problems]


def test_a_series_comes_out_as_whole_numbers_with_a_quality_each() -> None:
    (found,) = decode(batch(series(values=[120, None, 131], quality=[1, 0, 3])), received_at=NOW).series
    assert (found.meter, found.quantity, found.unit, found.step_s) == (
        "E0001",
        Quantity.ELECTRICITY_IMPORT,
        "Wh",
        900,
    )
    assert found.start == datetime(2025, 1, 1, tzinfo=UTC)
    assert found.start.tzinfo is UTC
    np.testing.assert_array_equal(found.values, [120, 0, 131])
    np.testing.assert_array_equal(found.quality, [Quality.MEASURED, Quality.MISSING, Quality.ESTIMATED])
    assert (found.values.dtype.name, found.quality.dtype.name) == ("int64", "uint8")


def test_telemetry_of_a_heat_pump_travels_in_the_same_shape() -> None:
    parts = [
        series(quantity="power", unit="W", values=[-3, 4000]),
        series(quantity="source_temperature", unit="cdegC", values=[-250, 1234]),
    ]
    found = decode(batch(*parts), received_at=NOW).series
    assert [one.values.tolist() for one in found] == [[-3, 4000], [-250, 1234]]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"values": [1, 2, 2.5]}, "series[1].values[2]: is no whole number"),
        ({"values": [1, "2"]}, "series[1].values[1]: is no whole number"),
        ({"values": [1, True]}, "series[1].values[1]: is no whole number"),
        ({"values": [1, -2, -3]}, f"series[1].values[1]: -2 Wh is negative, or beyond {2**53}, and 1 more"),
        ({"values": [2**53 + 1]}, f"series[1].values[0]: {2**53 + 1} Wh is negative, or beyond {2**53}"),
        ({"values": [2**63]}, f"series[1].values[0]: {2**63} Wh is negative, or beyond {2**53}"),
        ({"values": []}, "series[1].values: has less than 1 part"),
        ({"quality": [1, 1]}, "series[1].quality: 2 codes for 3 values"),
        ({"quality": [1, 9, 1]}, "series[1].quality: 9 is not a quality code"),
        ({"quality": [0, 1, 1]}, "series[1].quality[0]: says missing beside a value"),
        (
            {"start": "2025-01-01T00:07:00Z"},
            "series[1].start: 2025-01-01T00:07:00+00:00 does not lie on a step of 900 s",
        ),
        ({"start": "2025-01-01T00:00:00"}, "series[1].start: '2025-01-01T00:00:00' is not an instant such as"),
        ({"start": 1735689600}, "series[1].start: not an instant such as 2025-01-01T00:00:00Z"),
        ({"start": "9999-12-31T23:45:00Z"}, "series[1].values: the last of them would end after the year 9999"),
        ({"start": "0001-01-01T00:00:00+05:00"}, "series[1].start: '0001-01-01T00:00:00+05:00' is not an instant"),
        ({"step_s": 700}, "series[1].step_s: 700 s does not divide a day"),
        ({"step_s": 30}, "series[1].step_s: is below 60"),
        ({"unit": "m3"}, "series[1].unit: m3 is not a unit of electricity taken"),
        ({"quantity": "gas"}, "series[1].quantity: is none of"),
        ({"meter": ""}, "series[1].meter: has less than 1 character"),
        ({"colour": "red"}, "series[1].colour: is not known here"),
        (
            {"quantity": "flow_temperature", "unit": "cdegC", "values": [20001]},
            "series[1].values[0]: 20001 cdegC is outside -60 .. 200 degC",
        ),
    ],
)
def test_a_bad_series_is_named_and_its_neighbours_go_on(changes: dict[str, Any], reason: str) -> None:
    bad = series(**changes)
    decoded = decode(batch(series(), bad, series()), received_at=NOW)
    assert len(decoded.series) == 2
    (problem,) = decoded.problems
    assert str(problem).startswith(reason)
    # What is set aside can be sent in again, and is refused for the same reason.
    (again,) = decode(decoded.broken[0], received_at=NOW).problems
    assert again == type(problem)(problem.reason, problem.field.replace("series[1]", "series[0]"))


def test_a_series_that_is_no_object_is_named() -> None:
    assert reasons(batch(series(), 7)) == ["series[1]: is no JSON object"]


def test_half_a_file_is_one_problem_with_its_place() -> None:
    whole = batch(series()).replace(b', "series"', b',\n"series"')
    (problem,) = decode(whole[:-10], received_at=NOW).problems
    assert problem.line == 2
    assert problem.reason.startswith(f"not JSON from character {len(whole) - 10} on")


def test_a_bad_envelope_is_named() -> None:
    assert reasons(b"[]") == ["body: is no JSON object"]
    assert reasons(batch(head_end=3)) == ["head_end: is no text"]


def test_the_registry_offers_every_format_by_name() -> None:
    assert {name: decode(b"", received_at=NOW).series for name, decode in FORMATS.items()} == {
        "p1": [],
        "mbus": [],
        "head-end": [],
    }


@given(st.binary())
def test_no_bytes_crash_the_decoder(body: bytes) -> None:
    assert reasons(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(sorted(series())), JSON)
def test_no_json_crashes_the_decoder(key: str, value: object) -> None:
    decoded = decode(batch(series(**{key: value}), value), received_at=NOW)
    assert len(decoded.problems) == len(decoded.broken)


@given(st.lists(st.none() | st.integers(0, 2**53), min_size=1))
def test_every_value_comes_out_as_it_went_in(values: list[int | None]) -> None:
    (found,) = decode(batch(series(values=values, start="2024-01-01T00:00:00Z")), received_at=NOW).series
    assert [
        None if code == 0 else int(value) for value, code in zip(found.values, found.quality, strict=True)
    ] == values
