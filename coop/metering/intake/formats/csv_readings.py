"""Readings in a CSV file, by a column mapping: cumulative registers ("stand") and interval values ("interval").

A file goes in whole or not at all, and every bad line is named at once. Values are decimals from end to end; nothing
passes through a float, so the fractions of a resampled register come out as written.

**Order.** Each meter's lines go forward in time; a line that repeats the one before is passed over.
**Local time.** Without an offset, times are civil times of the mapping's zone. In the autumn hour that comes twice, a
meter's first pass through it is summer and the second is winter; the spring hour that is skipped is refused.
**Intervals.** The time of a line is the start of its interval, or its end where the mapping says so.
**Gaps.** An empty cell is no reading. Intervals may have holes: each unbroken run becomes a series of its own.

Source: docs/domain/metering-formats-and-units.md#csv; RFC 4180 for the quoting.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from coop.metering.civil_days import are_civil_days, step_back, step_on
from coop.metering.intake.formats.csv_mapping import CsvColumn, CsvMapping
from coop.metering.intake.formats.plausible import implausible, too_late, unset_clock
from coop.metering.model import (
    BASE_UNIT,
    CUMULATIVE,
    Quality,
    Quantity,
    Series,
    Stand,
    to_units,
)
from coop.values import BadInput, Problem, Said, join_said, say, say_count

__all__ = ["CsvColumn", "CsvMapping", "CsvReadings", "decode_csv"]

MOST_PROBLEMS = 1000
"""Past this many bad lines the mapping is wrong, not the lines."""

_FITS = 2**63
_NUMBER = {sign: re.compile(rf"[+-]?[0-9]{{1,15}}(?:{re.escape(sign)}[0-9]{{1,15}})?") for sign in ".,"}


@dataclass(frozen=True)
class CsvReadings:
    """Contents of a file. ``exponents`` gives the resolution of each stand register: 10 ** exponent base units."""

    stands: list[Stand]
    series: list[Series]
    exponents: dict[tuple[str, Quantity], int]


@dataclass
class _Register:
    """Progress of one column of one meter."""

    column: CsvColumn
    last: Decimal | None = None
    run_start: datetime | None = None
    run: list[int] = field(default_factory=list)
    run_line: int = 0


@dataclass
class _Meter:
    """Progress of one meter: its last instant, and the cells of that line."""

    name: str
    registers: list[_Register]
    at: datetime | None = None
    cells: list[str] = field(default_factory=list)


def decode_csv(body: bytes, mapping: CsvMapping, *, received_at: datetime) -> CsvReadings:
    """Read a whole file, or say everything that is wrong with it.

    >>> mapping = CsvMapping.parse({"time_column": "time", "meter": "H1", "decimal": ",", "delimiter": ";",
    ...     "columns": [{"column": "energy", "quantity": "heat", "unit": "kWh", "exponent": -3}]})
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> read = decode_csv(b"time;energy\\n2026-01-01 00:00;12,5\\n2026-01-01 01:00;13,25\\n", mapping, received_at=now)
    >>> [(stand.at.isoformat(), stand.value) for stand in read.stands]
    [('2025-12-31T23:00:00+00:00', Decimal('12.5')), ('2026-01-01T00:00:00+00:00', Decimal('13.25'))]
    >>> decode_csv(b"time;energy\\n2026-01-01 00:00;12,5\\n2026-01-01 01:00;11\\n", mapping, received_at=now)
    Traceback (most recent call last):
        ...
    coop.values.BadInput: line 3, energy: 11 kWh is below 12.5 kWh, where the register already stood

    Raises:
        BadInput: with line, column and reason of every bad line, at most 1,000 of them and how many more.
    """
    problems: list[Problem] = []
    readings = CsvReadings([], [], {})
    meters: dict[str, _Meter] = {}
    zone = ZoneInfo(mapping.timezone)
    rows = _rows(body, mapping, problems)
    header = next(rows)[1]
    time_at = header.index(mapping.time_column)
    meter_at = header.index(mapping.meter_column) if mapping.meter_column else None
    places = [header.index(column.column) for column in mapping.columns]
    for line, cells in rows:
        name = mapping.meter if meter_at is None else cells[meter_at].strip()
        if not name:
            problems.append(Problem(say("no meter"), mapping.meter_column, line))
            continue
        if name not in meters:
            meters[name] = _Meter(name, [_Register(column) for column in mapping.columns])
        meter = meters[name]
        texts = [cells[place].strip() for place in places]
        at = _next_instant(cells[time_at].strip(), mapping, zone, meter, received_at)
        if isinstance(at, str):
            problems.append(Problem(at, mapping.time_column, line))
            continue
        if at == meter.at:
            if texts != meter.cells:
                problems.append(Problem(say("the same time again, with another value"), mapping.time_column, line))
            continue
        meter.at, meter.cells = at, texts
        for register, text in zip(meter.registers, texts, strict=True):
            reason = _take(register, name, at, text, line, mapping.decimal, readings) if text else None
            if reason:
                problems.append(Problem(reason, register.column.column, line))
    if not meters and not problems:
        problems.append(Problem(say("no line after the header"), line=1))
    if problems:
        more = len(problems) - MOST_PROBLEMS
        raise BadInput(
            problems[:MOST_PROBLEMS]
            + (
                [Problem(say_count("and %(num)s more bad line", "and %(num)s more bad lines", more))]
                if more > 0
                else []
            )
        )
    for meter in meters.values():
        for register in meter.registers:
            _close_run(register, meter.name, readings)
    return readings


def _rows(body: bytes, mapping: CsvMapping, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """(line, cells): the header first, then every line that has as many cells as the header."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput([Problem(say("not UTF-8 text"), line=body.count(b"\n", 0, error.start) + 1)]) from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mapping.delimiter, strict=True)
    header: list[str] = []
    try:
        for cells in reader:
            if not cells:
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                _check_header(header, mapping, reader.line_num)
                yield reader.line_num, header
            elif len(cells) == len(header):
                yield reader.line_num, cells
            else:
                reason = say("%(cells)s cells where the header has %(columns)s", cells=len(cells), columns=len(header))
                problems.append(Problem(reason, "line", reader.line_num))
    except csv.Error as error:
        raise BadInput(
            [*problems, Problem(say("is not whole: %(error)s", error=str(error)), "line", reader.line_num)]
        ) from error
    if not header:
        raise BadInput([Problem(say("the file is empty"), line=1)])


def _check_header(header: list[str], mapping: CsvMapping, line: int) -> None:
    named = [mapping.time_column, *(column.column for column in mapping.columns)]
    named += [mapping.meter_column] if mapping.meter_column else []
    problems = []
    for name in dict.fromkeys(named):
        if header.count(name) != 1:
            wrong = say("no such column") if name not in header else say("more than one such column")
            problems.append(
                Problem(
                    say("%(wrong)s; the file has %(header)s", wrong=wrong, header=", ".join(header)[:200]), name, line
                )
            )
    if problems:
        raise BadInput(problems)


def _next_instant(
    text: str, mapping: CsvMapping, zone: ZoneInfo, meter: _Meter, received_at: datetime
) -> datetime | Said:
    """The line's instant, or why it cannot be the next one of this meter."""
    try:
        told = _civil(text, mapping.time_format)
        at = _first_or_second(told, zone, meter.at) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError):
        if mapping.time_format:
            return say("'%(text)s' is no time like %(time_format)s", text=text[:40], time_format=mapping.time_format)
        return say("'%(text)s' is no time", text=text[:40])
    if at is None:
        return say(
            "%(text)s does not exist in %(timezone)s: the clock skips it in spring",
            text=text,
            timezone=mapping.timezone,
        )
    if meter.at is not None and at < meter.at:
        return say("%(text)s lies before the line above it of meter %(name)s", text=text, name=meter.name)
    return unset_clock(at) or too_late(at, received_at) or at


def _civil(text: str, time_format: str) -> datetime:
    """As the file tells it, with the offset if it tells one: the caller supplies the zone where it does not."""
    return datetime.strptime(text, time_format) if time_format else datetime.fromisoformat(text)  # noqa: DTZ007


def _first_or_second(civil: datetime, zone: ZoneInfo, last: datetime | None) -> datetime | None:
    """Instant of a civil time: the second of two when the first has been; None when there is none."""
    first = civil.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) != civil:
        return None
    return civil.replace(tzinfo=zone, fold=1).astimezone(UTC) if last is not None and last >= first else first


def _take(
    register: _Register, meter: str, at: datetime, text: str, line: int, decimal: str, readings: CsvReadings
) -> Said | None:
    """Take one value over, or say why not."""
    column = register.column
    if not _NUMBER[decimal].fullmatch(text):
        return say("'%(text)s' is not a number with '%(decimal)s' before its decimals", text=text[:40], decimal=decimal)
    value = Decimal(text.replace(decimal, "."))
    reason = implausible(column.quantity, value, column.unit)
    if reason:
        return reason
    try:
        units = to_units(value, column.unit, column.quantity, column.resolution)
    except ValueError as error:
        return join_said(error.args)
    if abs(units) >= _FITS:
        return say(
            "%(value)s %(unit)s in steps of 10^%(resolution)s is more than a register can hold",
            value=value,
            unit=column.unit,
            resolution=column.resolution,
        )
    if column.step_s is None:
        return _take_stand(register, Stand(meter, column.quantity, at, value, column.unit, line=line), readings)
    start = step_back(at, column.step_s) if column.time_is == "end" else at
    return _take_interval(register, column.step_s, meter, start, units, line, readings)


def _take_stand(register: _Register, stand: Stand, readings: CsvReadings) -> Said | None:
    last, register.last = register.last, stand.value
    if stand.quantity in CUMULATIVE and last is not None and stand.value < last:
        return say(
            "%(value)s %(unit)s is below %(last)s %(unit)s, where the register already stood",
            value=stand.value,
            unit=stand.unit,
            last=last,
        )
    readings.stands.append(stand)
    readings.exponents[stand.meter, stand.quantity] = register.column.resolution
    return None


def _take_interval(
    register: _Register, step_s: int, meter: str, at: datetime, units: int, line: int, readings: CsvReadings
) -> Said | None:
    if at.microsecond or (int(at.timestamp()) % step_s and not are_civil_days(at, step_s)):
        return say("%(at)s does not lie on a step of %(step_s)s s", at=at, step_s=step_s)
    if register.run_start is not None:
        end = step_on(register.run_start, step_s, len(register.run))
        if at < end:
            return say("less than %(step_s)s s after the value before it", step_s=step_s)
        if at > end:
            _close_run(register, meter, readings)
    if register.run_start is None:
        register.run_start, register.run_line = at, line
    register.run.append(units)
    return None


def _close_run(register: _Register, meter: str, readings: CsvReadings) -> None:
    """Make a series of the unbroken run, in the unit of which its values are whole numbers."""
    column = register.column
    if register.run_start is None or column.step_s is None:
        return
    unit = "cdegC" if BASE_UNIT[column.quantity] == "degC" else BASE_UNIT[column.quantity]
    values = np.array(register.run, dtype=np.int64)
    quality = np.full(len(values), Quality.MEASURED, dtype=np.uint8)
    readings.series.append(
        Series(meter, column.quantity, register.run_start, column.step_s, unit, values, quality, register.run_line)
    )
    register.run_start, register.run = None, []
