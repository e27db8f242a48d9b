"""Head-end batches: many series of interval values in one JSON document, by column.

Also the way in for telemetry of heat pumps and the source: power in W, temperatures in ``cdegC`` (0.01 degC)::

    {"head_end": "he-1", "sent_at": "2025-01-02T00:05:00Z", "series": [
        {"meter": "E0001", "quantity": "electricity_import", "unit": "Wh", "start": "2025-01-01T00:00:00Z",
         "step_s": 900, "values": [120, null, 131], "quality": [1, 0, 1]}]}

Values are whole numbers of ``unit``; null is a missing value. ``quality`` holds one code of ``model.Quality`` for each
value; without it all are measured. A step divides the day and ``start`` lies on it, so that a series fits UTC days.

The batch is parsed once by orjson and validated by pydantic series by series: one bad series leaves its neighbours
alone. A column is checked in numpy, never one object per reading. The raw part behind a bad series is a batch with that
series alone, which can be sent in again through the same door.

Sources: design.md section 3 (readings travel in columnar batches) and section 6; the shape is ours.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import numpy as np
import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, TypeAdapter, ValidationError

from coop.metering.formats.plausible import CUMULATIVE, TEMPERATURE_RANGE_DEGC, too_late
from coop.metering.model import (
    BASE_UNIT,
    DEFAULT_EXPONENT,
    Decoded,
    Int64Array,
    Quality,
    QualityArray,
    Quantity,
    Series,
    to_units,
)
from coop.values import Problem

DAY_S = 86_400
SHORTEST_STEP_S = 60
MOST_VALUES = 4 * 35_136
"""Four leap years of quarter-hours in one series: more is a mistake of the sender."""

LARGEST_VALUE = 2**53
"""What a JSON number can carry exactly through any software on its way here. Source: RFC 8259 section 6."""


def _instant(value: object) -> datetime:
    # Pydantic would take a bare number for an instant as well.
    if not isinstance(value, str):
        raise ValueError("not an instant such as 2025-01-01T00:00:00Z")
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError("no time zone")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{value[:40]!r} is not an instant such as 2025-01-01T00:00:00Z") from error


_Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$")]
_Instant = Annotated[datetime, BeforeValidator(_instant)]


class _Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    head_end: _Name
    sent_at: _Instant
    series: list[Any]


class _Column(BaseModel):
    model_config = ConfigDict(extra="forbid")

    meter: _Name
    quantity: Quantity
    unit: Annotated[str, Field(max_length=16)]
    start: _Instant
    step_s: Annotated[StrictInt, Field(ge=SHORTEST_STEP_S, le=DAY_S)]
    values: Annotated[list[StrictInt | None], Field(min_length=1, max_length=MOST_VALUES)]
    quality: Annotated[list[StrictInt], Field(max_length=MOST_VALUES)] | None = None


_BATCH, _COLUMN = TypeAdapter(_Batch), TypeAdapter(_Column)


def decode(body: bytes, *, received_at: datetime) -> Decoded:
    """Series of a batch: values of shape (n,) in whole units, quality of shape (n,).

    >>> body = b'''{"head_end": "he-1", "sent_at": "2025-01-02T00:05:00Z", "series": [
    ... {"meter": "E0001", "quantity": "electricity_import", "unit": "Wh", "start": "2025-01-01T00:00:00Z",
    ...  "step_s": 900, "values": [120, null, 131]},
    ... {"meter": "E0002", "quantity": "electricity_import", "unit": "Wh", "start": "2025-01-01T00:00:00Z",
    ...  "step_s": 900, "values": [120, 12.5]}]}'''
    >>> decoded = decode(body, received_at=datetime(2025, 1, 2, 0, 6, tzinfo=UTC))
    >>> [(series.meter, series.values.tolist(), series.quality.tolist()) for series in decoded.series]
    [('E0001', [120, 0, 131], [1, 0, 1])]
    >>> print(*decoded.problems)
    series[1].values[1]: Input should be a valid integer
    """
    decoded = Decoded()
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # Only the place: the library's own words would repeat a body of any length.
        decoded.problems.append(
            Problem(f"not JSON from character {error.pos} on: {error.msg[:80]}", "body", error.lineno)
        )
        decoded.broken.append(body)
        return decoded
    try:
        batch = _BATCH.validate_python(document)
    except ValidationError as error:
        for field, reason in _reasons(error):
            decoded.problems.append(Problem(reason, field or "body"))
            decoded.broken.append(body)
        return decoded
    late = too_late(batch.sent_at, received_at)
    if late:
        decoded.problems.append(Problem(late, "sent_at"))
        decoded.broken.append(body)
        return decoded
    for index, raw in enumerate(batch.series):
        found = _series(raw, received_at)
        if isinstance(found, Series):
            decoded.series.append(found)
            continue
        alone = orjson.dumps({"head_end": batch.head_end, "sent_at": document["sent_at"], "series": [raw]})
        for field, reason in found:
            decoded.problems.append(Problem(reason, f"series[{index}]" + (f".{field}" if field else "")))
            decoded.broken.append(alone)
    return decoded


def _series(raw: object, received_at: datetime) -> Series | list[tuple[str, str]]:
    """The series, or (field, reason) of everything that is wrong with it."""
    try:
        column = _COLUMN.validate_python(raw)
    except ValidationError as error:
        return _reasons(error)
    try:
        to_units(Decimal(1), column.unit, column.quantity, DEFAULT_EXPONENT[column.quantity])
    except ValueError as error:
        return [("unit", str(error))]
    if DAY_S % column.step_s:
        return [("step_s", f"{column.step_s} s does not divide a day")]
    if column.start.microsecond or int(column.start.timestamp()) % column.step_s:
        return [("start", f"{column.start.isoformat()} does not lie on a step of {column.step_s} s")]
    # The start goes first: the end of a series from the year 9999 is no datetime.
    late = too_late(column.start, received_at) or too_late(
        column.start + timedelta(seconds=column.step_s * len(column.values)), received_at
    )
    if late:
        return [("values", late)]
    codes = _codes(column)
    if isinstance(codes, str):
        return [("quality", codes)]
    values = _values(column)
    if isinstance(values, tuple):
        return [values]
    claimed = np.flatnonzero((codes == Quality.MISSING) & (values != 0))
    if len(claimed):
        return [(f"quality[{claimed[0]}]", "says missing beside a value")]
    return Series(column.meter, column.quantity, column.start, column.step_s, column.unit, values, codes)


def _codes(column: _Column) -> QualityArray | str:
    count = len(column.values)
    if column.quality is None:
        codes = np.full(count, Quality.MEASURED, dtype=np.uint8)
    elif len(column.quality) != count:
        return f"{len(column.quality)} codes for {count} values"
    else:
        unknown = set(column.quality) - set(Quality)
        if unknown:
            return f"{min(unknown)} is not a quality code"
        codes = np.array(column.quality, dtype=np.uint8)
    for index in _nulls(column):
        codes[index] = Quality.MISSING
    return codes


def _nulls(column: _Column) -> list[int]:
    # Most columns have none, and the membership test runs at the speed of C.
    return [index for index, value in enumerate(column.values) if value is None] if None in column.values else []


def _values(column: _Column) -> Int64Array | tuple[str, str]:
    whole = [value or 0 for value in column.values] if None in column.values else column.values
    try:
        values = np.array(whole, dtype=np.int64)
    except OverflowError:
        return "values", f"one is beyond {LARGEST_VALUE}"
    lowest, highest, why = -LARGEST_VALUE, LARGEST_VALUE, f"is beyond {LARGEST_VALUE}"
    if column.quantity in CUMULATIVE:
        lowest, why = 0, f"is negative, or beyond {LARGEST_VALUE}"
    elif BASE_UNIT[column.quantity] == "degC":
        per_degree = 100 // to_units(Decimal(1), column.unit, column.quantity, -2)
        lowest, highest = (limit * per_degree for limit in TEMPERATURE_RANGE_DEGC)
        why = "is outside {} .. {} degC".format(*TEMPERATURE_RANGE_DEGC)
    bad = np.flatnonzero((values < lowest) | (values > highest))
    if len(bad):
        more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
        return f"values[{bad[0]}]", f"{values[bad[0]]} {column.unit} {why}{more}"
    return values


def _reasons(error: ValidationError) -> list[tuple[str, str]]:
    """(path, reason) of each fault; of a column whose values are all wrong, only the first ten."""
    reasons = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[:10]:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault["loc"])
        said = "not a JSON object" if fault["type"] == "model_type" else fault["msg"].removeprefix("Value error, ")
        reasons.append((path.removeprefix("."), said))
    return reasons
