"""A month of a co-operative as Parquet: every reading as it stands now, its days, and every allocation.

For auditors and successors, who want all of it in a form that any tool reads fast and exactly: whole numbers with the
power of ten of their unit beside them, instants in UTC, no float. Three files:

``readings``     one row a value: meter, quantity, unit, exponent, shape, at, step_s, value, quality
``days``         one row a register and UTC day: count, sum (of intervals), first and last (of stands), version
``allocations``  one row a share that was told: run, revision, group, connection, member, consumed_wh, allocated_wh

The value of a reading is ``value * 10 ** exponent`` of ``unit``. Needs the extra ``export``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any

from coop.kit.tx import Tx
from coop.metering.model import BASE_UNIT, DAY_S, Quality, Register, Shape
from coop.metering.periods import store as periods
from coop.metering.readings import store
from coop.metering.readings.days import Stored
from coop.metering.register import store as register
from coop.values import CoopError, Period, say

ROWS_AT_A_TIME = 50_000

Row = Mapping[str, Any]

_REGISTER = {"meter": "string", "quantity": "string", "unit": "string", "exponent": "int8", "shape": "string"}
_INSTANT = "timestamp[us, tz=UTC]"
SCHEMAS: Mapping[str, Mapping[str, str]] = {
    "readings": {**_REGISTER, "at": _INSTANT, "step_s": "int32", "value": "int64", "quality": "string"},
    "days": {
        **_REGISTER,
        "day": "date32",
        "version": "int32",
        "values": "int32",
        "sum": "int64",
        "first": "int64",
        "last": "int64",
    },
    "allocations": {
        "run_id": "string",
        "revision": "int32",
        "period_start": "date32",
        "period_end": "date32",
        "group_id": "string",
        "connection_id": "string",
        "member_id": "string",
        "consumed_wh": "int64",
        "allocated_wh": "int64",
        "key_id": "string",
        "resolution_id": "string",
    },
}
"""Columns of each file and their types."""


def write_month(tx: Tx, month: Period, folder: Path) -> dict[str, int]:
    """Write a month's files into a folder, each whole or not at all; returns how many rows each has.

    Raises:
        CoopError: the extra ``export`` is not installed.
    """
    require_parquet()
    counts = {}
    for name, source in SOURCES.items():
        path = folder / f"{tx.community}-{month}-{name}.parquet"
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            counts[path.name] = write_rows(file, name, source(tx, month))
        unfinished.replace(path)
    return counts


def require_parquet() -> None:
    """Say what is missing before anything is read.

    Raises:
        CoopError: the extra ``export`` is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401  (a third of the wheel of everything else, so it is asked for by name)
    except ImportError as error:
        raise CoopError(
            "extra-missing", say("Parquet needs the extra packages of: pip install 'coop-backoffice[export]'")
        ) from error


def write_rows(file: IO[bytes], name: str, rows: Iterable[Row]) -> int:
    """Write rows as one Parquet file of a known schema, some at a time; returns how many there were."""
    import pyarrow as pa
    from pyarrow import parquet

    types: dict[str, Any] = {_INSTANT: pa.timestamp("us", tz="UTC"), "date32": pa.date32()}
    schema = pa.schema([(column, types.get(word) or pa.type_for_alias(word)) for column, word in SCHEMAS[name].items()])
    count, waiting = 0, iter(rows)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(waiting, ROWS_AT_A_TIME)):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            count += len(batch)
    return count


def _stored(tx: Tx, month: Period) -> Iterator[tuple[Register, Stored]]:
    """Every register's days that a month reaches, as they stand now."""
    days = range(store.day_number(month.start_at), store.day_number(month.end_at - timedelta(microseconds=1)) + 1)
    for each in register.list_registers(tx):
        stored = store.latest(tx, [each.id], days)
        for key in sorted(stored):
            yield each, stored[key]


def _described(of: Register) -> dict[str, Any]:
    return {
        "meter": of.serial,
        "quantity": of.quantity.value,
        "unit": BASE_UNIT[of.quantity],
        "exponent": of.exponent,
        "shape": of.shape.value,
    }


def read_readings(tx: Tx, month: Period) -> Iterator[Row]:
    """Every value of the month, from its first civil midnight up to the next month's."""
    for of, stored in _stored(tx, month):
        head, content = _described(of), stored.content
        columns = (content.offsets.tolist(), content.values.tolist(), content.quality.tolist())
        for offset_s, value, quality in zip(*columns, strict=True):
            at = store.instant(stored.day * DAY_S + offset_s)
            if month.start_at <= at < month.end_at:
                yield {
                    **head,
                    "at": at,
                    "step_s": stored.step_s,
                    "value": value,
                    "quality": Quality(quality).name.lower(),
                }


def read_days(tx: Tx, month: Period) -> Iterator[Row]:
    """Every register's UTC day that the month reaches."""
    for of, stored in _stored(tx, month):
        values = stored.content.values
        is_stand = of.shape is Shape.STAND
        yield {
            **_described(of),
            "day": store.instant(stored.day * DAY_S).date(),
            "version": stored.version,
            "values": len(values),
            "sum": None if is_stand else int(values.sum()),
            "first": int(values[0]) if is_stand and len(values) else None,
            "last": int(values[-1]) if is_stand and len(values) else None,
        }


def read_allocations(tx: Tx, month: Period) -> Iterator[Row]:
    """Every share of the month that was told, in every revision."""
    for share, run in periods.list_told_allocations(tx):
        if run.period == month:
            yield {
                "run_id": run.id,
                "revision": run.revision,
                "period_start": run.period.start,
                "period_end": run.period.end,
                "group_id": run.group_id,
                "connection_id": share.connection_id,
                "member_id": share.member_id,
                "consumed_wh": share.consumed_wh,
                "allocated_wh": share.allocated_wh,
                "key_id": run.key_id,
                "resolution_id": run.resolution_id,
            }


SOURCES: Mapping[str, Callable[[Tx, Period], Iterator[Row]]] = {
    "readings": read_readings,
    "days": read_days,
    "allocations": read_allocations,
}
"""Where the rows of each file come from."""
