"""Head-end batches: many series of interval values in one JSON document, by column.

Also the way in for telemetry of heat pumps and the source: power in W, temperatures in ``cdegC`` (0.01 degC)::

    {"head_end": "he-1", "sent_at": "2025-01-02T00:05:00Z", "series": [
        {"meter": "E0001", "quantity": "electricity_import", "unit": "Wh", "start": "2025-01-01T00:00:00Z",
         "step_s": 900, "values": [120, null, 131], "quality": [1, 0, 1]}]}

Values are whole numbers of ``unit``; null is a missing value. ``quality`` holds one code of ``model.Quality`` for each
value; without it all are measured. A step divides the day and ``start`` lies on it, so that a series fits UTC days; or
the step is a day and ``start`` a midnight in Amsterdam: then each value is that of a civil day, of 23, 24 or 25 hours.

The batch is parsed once by orjson and validated by pydantic series by series: one bad series leaves its neighbours
alone. A column is checked in numpy, never one object per reading. The raw part behind a bad series is a batch with that
series alone, which can be sent in again through the same door. A large batch has its values read first, by a compiled
loop (``_columns``); where anything in it is wrong it goes the other way, which says what.

Source: docs/domain/metering-formats-and-units.md#head-end-batches; the shape is ours.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Annotated, Any

import numpy as np
import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, TypeAdapter, ValidationError

from coop.metering.civil_days import are_civil_days, step_on
from coop.metering.intake.formats.plausible import TEMPERATURE_RANGE_DEGC, unset_clock
from coop.metering.model import (
    BASE_UNIT,
    CUMULATIVE,
    DAY_S,
    DEFAULT_EXPONENT,
    Decoded,
    Int64Array,
    Quality,
    QualityArray,
    Quantity,
    Series,
    to_units,
)
from coop.shapes import say_shape
from coop.values import Problem, Said, join_said, say, say_count

SHORTEST_STEP_S = 60
MOST_VALUES = 4 * 35_136
"""Four leap years of quarter-hours in one series: more is a mistake of the sender."""

LARGE = 1 << 15
"""Bytes from which a batch has its values read by a compiled loop: before, loading that would take longer."""

LARGEST_VALUE = 2**53
"""The most that a JSON number carries exactly through any software on its way here. Source: RFC 8259 section 6."""


Fault = tuple[str, Said]
"""A fault of a series: field and reason."""


def _instant(value: object) -> datetime:
    # Pydantic would take a bare number for an instant as well.
    if not isinstance(value, str):
        raise ValueError(say("not an instant such as 2025-01-01T00:00:00Z"))
    return _read_instant(value)


@lru_cache(maxsize=1024)
def _read_instant(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError(say("no time zone"))
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(say("'%(value)s' is not an instant such as 2025-01-01T00:00:00Z", value=value[:40])) from error


_Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$")]
_Instant = Annotated[datetime, BeforeValidator(_instant)]


class _Batch(BaseModel):
    """Series of many meters, as a head-end gathered them."""

    model_config = ConfigDict(extra="forbid")

    head_end: _Name
    sent_at: _Instant
    series: list[Any]


class _Column(BaseModel):
    """Consecutive values of one meter: whole numbers of ``unit``, null where missing; ``quality`` one code a value: 0
    missing, 1 measured, 2 by the customer, 3 estimated, 4 corrected."""

    model_config = ConfigDict(extra="forbid")

    meter: _Name
    quantity: Quantity
    unit: Annotated[str, Field(max_length=16)]
    start: _Instant
    step_s: Annotated[StrictInt, Field(ge=SHORTEST_STEP_S, le=DAY_S)]
    values: Annotated[list[StrictInt | None], Field(min_length=1, max_length=MOST_VALUES)]
    quality: Annotated[list[StrictInt], Field(max_length=MOST_VALUES)] | None = None


_BATCH, _COLUMN, _COLUMNS = TypeAdapter(_Batch), TypeAdapter(_Column), TypeAdapter(list[_Column])


def _describe_batch() -> dict[str, Any]:
    """The schema of a batch without references, so that it can stand in any document."""
    batch, column = _Batch.model_json_schema(), _Column.model_json_schema()
    column["properties"]["quantity"] = column.pop("$defs")["Quantity"]
    batch["properties"]["series"]["items"] = column
    return batch


BATCH_SCHEMA: dict[str, Any] = _describe_batch()
"""JSON Schema of a batch."""


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
    series[1].values[1]: is no whole number
    """
    if len(body) >= LARGE and (whole := _read_large(body)) is not None:
        return Decoded(series=whole)
    decoded = Decoded()
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # Only the place: the library's own words would repeat a body of any length.
        decoded.problems.append(
            Problem(
                say("not JSON from character %(pos)s on: %(msg)s", pos=error.pos, msg=error.msg[:80]),
                "body",
                error.lineno,
            )
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
    series, faults = _series(batch.series)
    decoded.series.extend(series)
    for index, found in sorted(faults.items()):
        alone = orjson.dumps(
            {"head_end": batch.head_end, "sent_at": document["sent_at"], "series": [batch.series[index]]}
        )
        for field, reason in found:
            decoded.problems.append(Problem(reason, f"series[{index}]" + (f".{field}" if field else "")))
            decoded.broken.append(alone)
    return decoded


def _read_large(body: bytes) -> list[Series] | None:
    """All series of a batch in which nothing is wrong and no quality is told; None for any other."""
    # Imported here: a gateway that sends a few values need not wait for the compiler to load.
    from coop.metering.intake.formats._columns import cut_columns

    cut = cut_columns(body)
    if cut is None or not len(cut):
        return None
    try:
        columns = _COLUMNS.validate_python(_BATCH.validate_python(orjson.loads(cut.rest)).series)
    except (orjson.JSONDecodeError, ValidationError):
        return None
    lengths = np.diff(cut.bounds).tolist()
    if [column.values for column in columns] != [[k] for k in range(len(cut))] or max(lengths) > MOST_VALUES:
        return None
    heads = [(one.quantity, one.unit, one.start, one.step_s) for one in columns]
    if any(_misfit(*head, count) for head, count in {*zip(heads, lengths, strict=True)}) or any(
        column.quality is not None for column in columns
    ):
        return None
    limits = [_limits(column.quantity, column.unit)[:2] for column in columns]
    lowest, highest = np.array(limits, np.int64).T
    starts = cut.bounds[:-1]
    beyond = (np.minimum.reduceat(cut.values, starts) < lowest) | (np.maximum.reduceat(cut.values, starts) > highest)
    if beyond.any():
        return None
    quality = np.where(cut.there, np.uint8(Quality.MEASURED), np.uint8(Quality.MISSING))
    return [
        Series(one.meter, one.quantity, one.start, one.step_s, one.unit, cut.values[a:b], quality[a:b])
        for one, a, b in zip(columns, starts.tolist(), cut.bounds[1:].tolist(), strict=True)
    ]


def _series(raw: list[Any]) -> tuple[list[Series], dict[int, list[Fault]]]:
    """The series that are good, in order, and everything that is wrong with each other one, by its place."""
    faults: dict[int, list[Fault]] = {}
    lengths: dict[int, dict[int, _Column]] = {}
    for index, one in enumerate(raw):
        try:
            column = _COLUMN.validate_python(one)
        except ValidationError as error:
            faults[index] = _reasons(error)
            continue
        count = len(column.values)
        wrong = _misfit(column.quantity, column.unit, column.start, column.step_s, count)
        if wrong:
            faults[index] = [wrong]
        else:
            lengths.setdefault(count, {})[index] = column
    good: dict[int, Series] = {}
    for alike in lengths.values():
        good |= _checked(alike, faults)
    return [series for _, series in sorted(good.items())], faults


@lru_cache(maxsize=1024)
def _misfit(quantity: Quantity, unit: str, start: datetime, step_s: int, count: int) -> Fault | None:
    """Find a fault of a series apart from its values; a thousand in a batch are alike in this."""
    try:
        to_units(Decimal(1), unit, quantity, DEFAULT_EXPONENT[quantity])
    except ValueError as error:
        return "unit", join_said(error.args)
    if DAY_S % step_s:
        return "step_s", say("%(step_s)s s does not divide a day", step_s=step_s)
    if start.microsecond or (int(start.timestamp()) % step_s and not are_civil_days(start, step_s)):
        return "start", say("%(start)s does not lie on a step of %(step_s)s s", start=start, step_s=step_s)
    if datetime.max.replace(tzinfo=UTC) - start < timedelta(seconds=step_s * count):
        return "values", say("the last of them would end after the year 9999")
    if unset := unset_clock(start) or unset_clock(step_on(start, step_s, count)):
        return "start", unset
    return None


def _checked(columns: dict[int, _Column], faults: dict[int, list[Fault]]) -> dict[int, Series]:
    """Columns of one length, checked as one matrix; what is wrong goes to ``faults``, each under its place."""
    values, gaps = _matrix(list(columns.values()))
    codes = np.full(values.shape, Quality.MEASURED, np.uint8)
    for k, (index, column) in enumerate(columns.items()):
        if column.quality is not None or k in gaps:
            told = _codes(column)
            if isinstance(told, str):
                faults[index] = [("quality", told)]
            else:
                codes[k] = told
    lowest, highest = np.array([_limits(one.quantity, one.unit)[:2] for one in columns.values()], np.int64).T[
        :, :, None
    ]
    beyond = (values < lowest) | (values > highest)
    claimed = (codes == Quality.MISSING) & (values != 0)
    places = list(columns)
    for k in np.flatnonzero((beyond | claimed).any(axis=1)).tolist():
        index, column = places[k], columns[places[k]]
        bad = np.flatnonzero(beyond[k]).tolist()
        if index in faults:
            continue
        if bad:
            why = say(
                "%(value)s %(unit)s %(why)s",
                value=column.values[bad[0]],
                unit=column.unit,
                why=_limits(column.quantity, column.unit)[2],
            )
            if len(bad) > 1:
                why = say_count("%(why)s, and %(num)s more", "%(why)s, and %(num)s more", len(bad) - 1, why=why)
            faults[index] = [(f"values[{bad[0]}]", why)]
        else:
            faults[index] = [(f"quality[{claimed[k].argmax()}]", say("says missing beside a value"))]
    return {
        index: Series(column.meter, column.quantity, column.start, column.step_s, column.unit, values[k], codes[k])
        for k, (index, column) in enumerate(columns.items())
        if index not in faults
    }


def _matrix(columns: list[_Column]) -> tuple[Int64Array, set[int]]:
    """Values of columns of one length, 0 for null, and which of the columns have nulls."""
    try:
        return np.array([column.values for column in columns], np.int64), set()
    except (TypeError, OverflowError):
        # A null, or what does not fit 64 bits: that is beyond every limit, and is refused as such.
        rows = [[min(value or 0, LARGEST_VALUE + 1) for value in column.values] for column in columns]
        return np.array(rows, np.int64), {k for k, column in enumerate(columns) if None in column.values}


def _codes(column: _Column) -> QualityArray | Said:
    if column.quality is None:
        return np.array([Quality.MISSING if value is None else Quality.MEASURED for value in column.values], np.uint8)
    if len(column.quality) != len(column.values):
        return say("%(codes)s codes for %(values)s values", codes=len(column.quality), values=len(column.values))
    unknown = set(column.quality) - set(Quality)
    if unknown:
        return say("%(code)s is not a quality code", code=min(unknown))
    codes = np.array(column.quality, dtype=np.uint8)
    codes[[index for index, value in enumerate(column.values) if value is None]] = Quality.MISSING
    return codes


@cache
def _limits(quantity: Quantity, unit: str) -> tuple[int, int, Said]:
    """Lowest and highest value in ``unit``, and what is said of one beyond them."""
    if quantity in CUMULATIVE:
        return 0, LARGEST_VALUE, say("is negative, or beyond %(largest)s", largest=LARGEST_VALUE)
    if BASE_UNIT[quantity] == "degC":
        per_degree = 100 // to_units(Decimal(1), unit, quantity, -2)
        lowest, highest = (limit * per_degree for limit in TEMPERATURE_RANGE_DEGC)
        coldest, hottest = TEMPERATURE_RANGE_DEGC
        return lowest, highest, say("is outside %(lowest)s .. %(highest)s degC", lowest=coldest, highest=hottest)
    return -LARGEST_VALUE, LARGEST_VALUE, say("is beyond %(largest)s", largest=LARGEST_VALUE)


def _reasons(error: ValidationError) -> list[Fault]:
    """(path, reason) of each fault; of a column whose values are all wrong, only the first ten."""
    reasons = []
    for fault in error.errors(include_url=False, include_input=False)[:10]:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault["loc"])
        reasons.append((path.removeprefix("."), say_shape(dict(fault))))
    return reasons
