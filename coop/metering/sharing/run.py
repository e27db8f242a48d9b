"""Shared energy over a period: from quarter-hours to what each occupancy used and was allocated.

Columns are connections, in the order of their ids; each quarter-hour of a connection belongs to who held it then, and
to nobody when it stood empty: an empty home takes no share. A quarter-hour that is missing counts as zero, for
production as for use: nothing is shared that was not measured, and what comes in later is shared by a correction run.
Quarter-hours are counted in UTC from the first instant of the period, so the days on which the clock changes have 92
and 100 of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import DAY_S, Int64Array
from coop.metering.sharing.allocation import Key, allocate

QUARTER_S = 900


@dataclass(frozen=True)
class Holding:
    """A member's hold on a connection from ``from_s`` up to ``to_s`` [s since 1970], within the run."""

    connection_id: str
    member_id: str
    from_s: int
    to_s: int


@dataclass(frozen=True)
class Inputs:
    """All that a run depends on, besides the readings: what is written down so that it can be computed again.

    ``participants`` are connection ids in order; ``consumers`` names the registers of each, ``producers`` those whose
    export is shared.
    """

    parameters: Mapping[str, Any]
    from_s: int
    to_s: int
    participants: tuple[str, ...]
    consumers: Mapping[str, tuple[str, ...]]
    producers: tuple[str, ...]
    holdings: tuple[Holding, ...]

    def register_ids(self) -> list[str]:
        """Every register that is read."""
        return [*self.producers, *(one for ids in self.consumers.values() for one in ids)]


@dataclass(frozen=True)
class Matrices:
    """Quarter-hours of a run: ``production_wh`` (n,) and ``consumption_wh`` (n, participants), both C-ordered.

    ``missing`` counts quarter-hours without a reading: of producers, and of connections while somebody held them.
    """

    production_wh: Int64Array
    consumption_wh: Int64Array
    missing: int
    expected: int


@dataclass(frozen=True)
class Share:
    """Energy that one occupancy used and was allocated in the run [Wh]."""

    connection_id: str
    member_id: str
    consumed_wh: int
    allocated_wh: int


@dataclass(frozen=True)
class Outcome:
    """The result of a run."""

    shares: tuple[Share, ...]
    produced_wh: int
    surplus_wh: int
    missing: int
    expected: int


@dataclass(frozen=True)
class Quarters:
    """Quarter-hours as they are stored: row ``i`` is day ``days[i]`` since 1970-01-01 of register ``registers[i]``.

    ``values_wh`` and ``there`` have shape (rows, 96); what is not there is 0.
    """

    registers: Sequence[str]
    days: Sequence[int]
    values_wh: Int64Array
    there: NDArray[np.bool_]


NOTHING = Quarters((), (), np.zeros((0, DAY_S // QUARTER_S), np.int64), np.zeros((0, DAY_S // QUARTER_S), np.bool_))
"""No quarter-hour at all."""


def matrices(inputs: Inputs, found: Quarters) -> Matrices:
    """Put the readings of a run into their places."""
    n = (inputs.to_s - inputs.from_s) // QUARTER_S
    production = np.zeros(n, np.int64)
    produced = {identity: np.zeros(n, np.bool_) for identity in inputs.producers}
    rows = np.zeros((len(inputs.participants), n), np.int64)
    used = np.zeros((len(inputs.participants), n), np.bool_)
    column = {one: k for k, name in enumerate(inputs.participants) for one in inputs.consumers.get(name, ())}
    for i, (identity, day) in enumerate(zip(found.registers, found.days, strict=True)):
        start = (day * DAY_S - inputs.from_s) // QUARTER_S
        first, end = max(start, 0), min(start + found.there.shape[1], n)
        if first >= end:
            continue
        here, inside = slice(first, end), slice(first - start, end - start)
        if identity in produced:
            production[here] += found.values_wh[i, inside]
            produced[identity][here] |= found.there[i, inside]
        if identity in column:
            rows[column[identity], here] += found.values_wh[i, inside]
            used[column[identity], here] |= found.there[i, inside]
    held = _held(inputs, n)
    rows[~held] = 0
    missing = sum(n - int(np.count_nonzero(there)) for there in produced.values())
    missing += int(np.count_nonzero(held & ~used))
    expected = n * len(inputs.producers) + int(np.count_nonzero(held))
    return Matrices(production, np.ascontiguousarray(rows.T), missing, expected)


def run(inputs: Inputs, found: Matrices) -> Outcome:
    """Allocate, and add up per occupancy."""
    key = Key.read(inputs.parameters)
    result = allocate(key, inputs.participants, found.production_wh, found.consumption_wh)
    # Sums down the columns up to each quarter-hour at which somebody comes or goes.
    column = {name: k for k, name in enumerate(inputs.participants)}
    totals: dict[tuple[str, str], list[int]] = {}
    whole_consumed, whole_allocated = found.consumption_wh.sum(axis=0), result.allocated_wh.sum(axis=0)
    for one in inputs.holdings:
        k = column[one.connection_id]
        total = totals.setdefault((one.connection_id, one.member_id), [0, 0])
        if (one.from_s, one.to_s) == (inputs.from_s, inputs.to_s):
            total[0] += int(whole_consumed[k])
            total[1] += int(whole_allocated[k])
        else:
            quarters = slice((one.from_s - inputs.from_s) // QUARTER_S, (one.to_s - inputs.from_s) // QUARTER_S)
            total[0] += int(found.consumption_wh[quarters, k].sum())
            total[1] += int(result.allocated_wh[quarters, k].sum())
    shares = tuple(Share(*who, *total) for who, total in sorted(totals.items()))
    return Outcome(
        shares,
        int(found.production_wh.sum()),
        int(result.surplus_wh.sum()),
        found.missing,
        found.expected,
    )


def hash_inputs(inputs_body: bytes, found: Matrices) -> str:
    """Hash the stored inputs of a run and every quarter-hour: whatever arrived when, the same content hashes alike."""
    digest = hashlib.sha256(inputs_body)
    for matrix in (found.production_wh, found.consumption_wh):
        digest.update(np.ascontiguousarray(matrix, "<i8").data)
    return digest.hexdigest()


def _held(inputs: Inputs, n: int) -> NDArray[np.bool_]:
    held = np.zeros((len(inputs.participants), n), np.bool_)
    column = {name: k for k, name in enumerate(inputs.participants)}
    for one in inputs.holdings:
        first, end = (one.from_s - inputs.from_s) // QUARTER_S, (one.to_s - inputs.from_s) // QUARTER_S
        held[column[one.connection_id], first:end] = True
    return held


def participants_of(parameters: Mapping[str, Any], group: Sequence[str]) -> tuple[str, ...]:
    """List who takes part: those whom the key names, or the whole group where the key names nobody."""
    key = Key.read(parameters)
    return tuple(sorted(key.weights or key.order or group))
