"""The account of heat that no meter in a home saw: what was fed into the network less what was drawn from it, interval
by interval, each with the meters that it comes from.

A period is cut at every hour at which the level of each meter is known, so that nothing within an entry is shared out:
hours where all meters tell hours, civil days where some tell days, and one entry where nothing between is known. What
was fed in is divided over those who drew heat by the engine that divides shared electricity (``DYNAMIC``). What is left
goes into the account; what was drawn beyond it comes out of the account, for it was still in the pipes.

Invariant, for every entry, in whole joules: ``fed_in + out_of = drawn + into``, at most one of ``into`` and ``out_of``
is not zero, and the balance is the sum of all ``into`` less all ``out_of`` until then. Where a meter does not tell the
whole of an entry, nothing is booked and its meters are named.

Those who draw are the heat meters of connections, held or empty, and those of no connection, which measure common heat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from coop.communities.allocation_keys import Key, KeyKind
from coop.metering.heat.levels import BoolArray, Levels
from coop.metering.model import Int64Array
from coop.metering.readings.store import instant, seconds
from coop.metering.sharing.allocation import allocate
from coop.metering.sharing.explanation import allocate_interval
from coop.values import Period

DYNAMIC = Key(KeyKind.DYNAMIC)
_COMPILED = 1 << 40
"""Energies from here on [J] take the engine's way of whole numbers of any size."""


@dataclass(frozen=True)
class Column:
    """One meter in one place, with its levels."""

    serial: str
    connection_id: str | None
    feeds: bool
    levels: Levels


class Entry(NamedTuple):
    """One line of the account, from an instant up to another [s since 1970], in J; ``unsure`` names the meters that do
    not tell the whole of it: then nothing is booked."""

    from_s: int
    to_s: int
    fed_in_j: int
    drawn_j: int
    into_j: int
    out_of_j: int
    balance_j: int
    unsure: tuple[str, ...] = ()

    @property
    def start(self) -> datetime:
        """Instant at which it begins."""
        return instant(self.from_s)

    @property
    def end(self) -> datetime:
        """Instant at which it ends."""
        return instant(self.to_s)

    @property
    def residual_j(self) -> int:
        """Heat that it adds to the balance; below zero where more was drawn than was fed in."""
        return self.into_j - self.out_of_j


class Part(NamedTuple):
    """Heat that one meter counted in an entry [J]. Of a meter that drew, ``from_feed_j`` came from what was fed in
    within the entry, the rest out of the account; ``is_whole`` is False where its readings do not tell all of it."""

    serial: str
    connection_id: str | None
    feeds: bool
    energy_j: int
    from_feed_j: int
    is_whole: bool


@dataclass(frozen=True)
class HeatAccount:
    """The account of a period. ``energy_j``, ``from_feed_j`` and ``is_whole`` have shape (entries, columns)."""

    period: Period
    known_at: datetime | None
    columns: tuple[Column, ...]
    entries: tuple[Entry, ...]
    energy_j: Int64Array
    from_feed_j: Int64Array
    is_whole: BoolArray

    @property
    def booked(self) -> tuple[Entry, ...]:
        """Entries of which everything is known."""
        return tuple(one for one in self.entries if not one.unsure)

    @property
    def balance_j(self) -> int:
        """Heat that was lost on the way, or is still in the pipes."""
        return self.entries[-1].balance_j if self.entries else 0

    @property
    def booked_permille(self) -> int:
        """Share of the period that is booked."""
        booked_s = sum(one.to_s - one.from_s for one in self.booked)
        return booked_s * 1000 // (seconds(self.period.end_at) - seconds(self.period.start_at))

    def find_parts(self, at_s: int) -> tuple[Entry, list[Part]] | None:
        """The entry in which an instant lies, and what each meter counted in it; those that fed in first."""
        k = next((k for k, one in enumerate(self.entries) if one.from_s <= at_s < one.to_s), None)
        if k is None:
            return None
        columns = zip(*(rows[k].tolist() for rows in (self.energy_j, self.from_feed_j, self.is_whole)), strict=True)
        parts = [
            Part(column.serial, column.connection_id, column.feeds, *told)
            for column, told in zip(self.columns, columns, strict=True)
        ]
        return self.entries[k], sorted(parts, key=lambda one: (not one.feeds, one.connection_id or "", one.serial))


def draw_up(period: Period, bounds: Int64Array, columns: Sequence[Column], known_at: datetime | None) -> HeatAccount:
    """Draw up the account of a period from the levels of its meters at ``bounds``."""
    known = np.all([one.levels.known for one in columns], axis=0) if columns else np.zeros(len(bounds), np.bool_)
    known[[0, -1]] = True
    cuts = np.flatnonzero(known)
    energy_j = _difference([one.levels.energy_j for one in columns], cuts)
    missing_s = _difference([one.levels.due_s - one.levels.there_s for one in columns], cuts)
    is_whole = missing_s < np.array([one.levels.slack_s for one in columns], np.int64)
    feeds = np.array([one.feeds for one in columns], np.bool_)
    fed_in_j = energy_j[:, feeds].sum(axis=1)
    reached_j = np.zeros_like(energy_j)
    names = [f"{one.serial} {k}" for k, one in enumerate(columns) if not one.feeds]
    if names:
        reached_j[:, ~feeds] = _divide(names, fed_in_j, energy_j[:, ~feeds])
    reached_j[:, feeds] = energy_j[:, feeds]
    drawn_j = energy_j[:, ~feeds].sum(axis=1)
    used_j = reached_j[:, ~feeds].sum(axis=1)
    entries: list[Entry] = []
    balance_j = 0
    for k, (from_s, to_s) in enumerate(zip(bounds[cuts[:-1]].tolist(), bounds[cuts[1:]].tolist(), strict=True)):
        unsure = tuple(dict.fromkeys(columns[i].serial for i in np.flatnonzero(~is_whole[k]).tolist()))
        into_j, out_of_j = (0, 0) if unsure else (int(fed_in_j[k] - used_j[k]), int(drawn_j[k] - used_j[k]))
        balance_j += into_j - out_of_j
        entries.append(Entry(from_s, to_s, int(fed_in_j[k]), int(drawn_j[k]), into_j, out_of_j, balance_j, unsure))
    return HeatAccount(period, known_at, tuple(columns), tuple(entries), energy_j, reached_j, is_whole)


def _difference(levels: Sequence[Int64Array], cuts: Int64Array) -> Int64Array:
    """Rise of each level from cut to cut, shape (cuts - 1, columns)."""
    return (
        np.stack([np.diff(one[cuts]) for one in levels], axis=1) if levels else np.zeros((len(cuts) - 1, 0), np.int64)
    )


def _divide(names: Sequence[str], fed_in_j: Int64Array, drawn_j: Int64Array) -> Int64Array:
    """Divide what was fed in over those who drew, each up to what it drew."""
    divided = np.zeros_like(drawn_j)
    large = (fed_in_j >= _COMPILED) | (drawn_j >= _COMPILED).any(axis=1)
    divided[~large] = allocate(DYNAMIC, names, fed_in_j[~large], drawn_j[~large]).allocated
    for k in np.flatnonzero(large).tolist():
        divided[k] = allocate_interval(DYNAMIC, names, int(fed_in_j[k]), drawn_j[k].tolist())
    return divided
