"""Sums of a run of shared energy by UTC day, and the hash that binds a run to them.

A quarter-hour is divided by itself, so a day comes to the same whatever the others are. All that a run tells follows
from the sums of its days: only then is anything rounded. The hash of a run is over its stored inputs and, of each day,
over every quarter-hour and over the sums; so sums that somebody changed do not belong to what was told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coop.metering.model import DAY_S, Int64Array
from coop.metering.sharing.inputs import Inputs
from coop.metering.sharing.quarters import QUARTER_S, BoolArray

Occupant = tuple[str, str]
"""Connection and member."""


@dataclass(frozen=True)
class Sums:
    """Sums of a run over some time: by occupancy what it had to cover, got and needed in all [thousandths of a Wh]; by
    participant and then by producer the quarter-hours that are missing and that were expected; by producer what it made
    to share, and gave [thousandths of a Wh]. The last axis is that of whose they are."""

    used: Int64Array
    got: Int64Array
    needed: Int64Array
    missing: Int64Array
    expected: Int64Array
    made: Int64Array
    given: Int64Array


@dataclass(frozen=True)
class Layout:
    """Places of the sums of a run in a row, one after the other in the order of ``Sums``."""

    occupants: tuple[Occupant, ...]
    participants: int
    producers: int

    @classmethod
    def of(cls, inputs: Inputs) -> Layout:
        """Places of the sums of the run with these inputs."""
        who = {(one.connection_id, one.member_id) for one in inputs.holdings}
        return cls(tuple(sorted(who)), len(inputs.participants), len(inputs.producers))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of each of the sums."""
        occupants, subjects = len(self.occupants), self.participants + self.producers
        return occupants, occupants, occupants, subjects, subjects, self.producers, self.producers

    @property
    def width(self) -> int:
        """Length of a row."""
        return sum(self.sizes)

    def split(self, rows: Int64Array) -> Sums:
        """Parts of a row, or of many: what is written in a part is written in the row."""
        bounds = np.cumsum((0, *self.sizes)).tolist()
        return Sums(*(rows[..., start:end] for start, end in pairwise(bounds)))


@dataclass(frozen=True)
class Days:
    """Sums of a run by UTC day, row ``i`` of day ``first + i`` since 1970-01-01, and of each day the hash over what
    every producer had to share and every participant had to cover in each of its quarter-hours."""

    first: int
    table: Int64Array
    hashes: tuple[bytes, ...]


def day_starts(from_s: int, n: int) -> Int64Array:
    """Places at which each UTC day begins among ``n`` quarter-hours from ``from_s`` on.

    >>> day_starts(23 * 3600, 100).tolist()
    [0, 4, 100]
    """
    first, end = from_s // DAY_S, -(-(from_s + n * QUARTER_S) // DAY_S)
    starts = (np.arange(first, end, dtype=np.int64) * DAY_S - from_s) // QUARTER_S
    return np.append(np.maximum(starts, 0), n)


def sum_up(quarters: Int64Array | BoolArray, starts: Int64Array) -> Int64Array:
    """Sums by day of a matrix of shape (n, whose), or of one column of it."""
    found = np.empty((len(starts) - 1, *quarters.shape[1:]), np.int64)
    # Day by day: ``reduceat`` takes ten times as long where the quarter-hours of one do not lie beside each other.
    for i, (start, end) in enumerate(pairwise(starts.tolist())):
        found[i] = quarters[start:end].sum(axis=0, dtype=np.int64)
    return found


def hash_quarters(matrices: Sequence[Int64Array], starts: Int64Array) -> tuple[bytes, ...]:
    """Hash of each day over the quarter-hours of some matrices."""
    bounds = starts.tolist()
    found = []
    for start, end in pairwise(bounds):
        digest = hashlib.sha256()
        for matrix in matrices:
            digest.update(_plain(matrix[start:end]))
        found.append(digest.digest())
    return tuple(found)


def hash_run(inputs_body: bytes, days: Days) -> str:
    """Hash the stored inputs of a run and every day of it: whatever arrived when, the same content hashes alike."""
    digest = hashlib.sha256(inputs_body)
    for row, sha256 in zip(days.table, days.hashes, strict=True):
        digest.update(sha256)
        digest.update(_plain(row))
    return digest.hexdigest()


def _plain(matrix: Int64Array) -> memoryview:
    return np.ascontiguousarray(matrix, "<i8").data
