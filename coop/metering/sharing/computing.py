"""Computing of runs that have points in common: the whole of them, or only the days of which somebody spoke since.

A quarter-hour that a register said as such says nothing of any other, so of a run that was computed before only the
days are read and shared again of which a delivery spoke. What every other day came to is kept (``standing``), and
belongs to what was told: the hash of the run that was told is over it.

Everything is computed whole where that does not hold: a claim of one account alone, which is held against all that the
device counted; a meter that says nothing beside another that does; a register that was touched and is read, or says
other intervals than quarter-hours. Registers of the latter kind that nobody touched are read for the whole run, so the
days that are shared again have of them what they had.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from coop.kit.documents import Document
from coop.metering.model import DAY_S, Int64Array, Quality
from coop.metering.readings import store as readings
from coop.metering.readings.blocks import find_claimed, pack, unpack, unpack_many
from coop.metering.readings.days import Packed, Stored, unpack_all
from coop.metering.readings.documents import Rows, rows_of
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import RegisterDay
from coop.metering.register.groups import Roster
from coop.metering.register.store import AdoptedKey
from coop.metering.sharing.inputs import Inputs
from coop.metering.sharing.quarters import COARSEST_S, QUARTER_S, Readings, RegisterValues, WholeDays
from coop.metering.sharing.run import Outcome, Outcomes, Runs
from coop.metering.sharing.standing import KeptDay, KeptRun, Which
from coop.metering.sharing.sums import Days, Layout, hash_run
from coop.values import Period

DAYS_MAX = 0.5
"""Most of a run, as a part of its days, that is computed by day: beyond that all of it costs about as much."""
_NOT_BY_DAY = -1
"""In the place of a version: the register says more than quarter-hours, and is read for the whole run each time."""


@dataclass(frozen=True)
class Run:
    """One run: a group, for as long within the period as one key was in force. ``document`` is its inputs as they are
    kept, and ``inputs_hash`` is over it and over every quarter-hour. ``days`` are what to keep of each UTC day; none
    where something is judged by more than its own quarter-hour. ``said`` are the readings of the days of ``versions``,
    where it was computed from all of them and from nothing else."""

    group_id: str
    period: Period
    key: AdoptedKey
    inputs: Inputs
    document: Document
    inputs_hash: str
    outcome: Outcome
    versions: Rows
    days: tuple[KeptDay, ...] = ()
    said: Readings | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Plan:
    """A group for as long as one key was in force and the same meters produced."""

    group: Roster
    span: Period
    key: AdoptedKey

    @property
    def producers(self) -> tuple[str, ...]:
        """Serials of the meters that produce."""
        return self.group.producers_on(self.span.start)


@dataclass(frozen=True)
class Chain:
    """Groups that have points in common, in their order: plans, inputs, and the inputs as they are kept."""

    store: Store
    plans: tuple[Plan, ...]
    inputs: tuple[Inputs, ...]
    documents: tuple[Document, ...]

    @property
    def from_s(self) -> int:
        """Instant at which they begin [s since 1970]."""
        return self.inputs[-1].from_s

    @property
    def to_s(self) -> int:
        """Instant at which they end [s since 1970]."""
        return self.inputs[-1].to_s

    @property
    def first(self) -> int:
        """UTC day on which they begin."""
        return self.from_s // DAY_S

    @property
    def last(self) -> int:
        """UTC day on which they end."""
        return (self.to_s - 1) // DAY_S

    @property
    def register_ids(self) -> list[str]:
        """Every register that is read."""
        return self.inputs[-1].register_ids()

    def load(self, days: Iterable[int], others: Collection[str]) -> dict[RegisterDay, Packed]:
        """Load some days of all registers, and every day of some others; of cumulative ones also those in which the
        readings around the bounds may lie."""
        every, some = frozenset(self.register_ids), frozenset(others)
        wanted = dict.fromkeys(range(self.first, self.last + 1), some) | dict.fromkeys(days, every)
        for day in ((self.from_s - COARSEST_S) // DAY_S, (self.to_s + COARSEST_S) // DAY_S):
            wanted.setdefault(day, self.store.cumulative & some)
        return readings.packed(self.store.tx, {day: ids for day, ids in wanted.items() if ids}, self.store.known)

    def finish(
        self,
        at: int,
        days: Days,
        outcome: Outcome,
        versions: Rows,
        kept: Sequence[KeptDay],
    ) -> Run:
        """The run of one of the groups."""
        plan, document = self.plans[at], self.documents[at]
        return Run(
            plan.group.group_id,
            plan.span,
            plan.key,
            self.inputs[at],
            document,
            hash_run(document.body, days),
            outcome,
            versions,
            tuple(kept),
        )


@dataclass
class _Days:
    """Days of a run, open to be changed: sums, hashes over the quarter-hours, and versions of the registers in the
    order of their ids; a row a day from ``first`` on."""

    first: int
    ids: Sequence[str]
    table: Int64Array
    hashes: list[bytes]
    versions: Int64Array

    @classmethod
    def empty(cls, inputs: Inputs, first: int, count: int) -> _Days:
        """So many days of which nothing is known."""
        ids = inputs.register_ids()
        sums = np.zeros((count, Layout.of(inputs).width), np.int64)
        return cls(first, ids, sums, [b""] * count, np.zeros((count, len(ids)), np.int64))

    @classmethod
    def open(cls, inputs: Inputs, first: int, kept: Sequence[KeptDay]) -> _Days:
        """Days as they were kept."""
        found = cls.empty(inputs, first, len(kept))
        for i, day in enumerate(kept):
            found.table[i] = unpack(zlib.decompress(day.sums), found.table.shape[1])
            found.hashes[i] = day.sha256
            found.versions[i] = unpack(zlib.decompress(day.versions), len(found.ids))
        return found

    @property
    def days(self) -> Days:
        """Their sums and hashes."""
        return Days(self.first, self.table, tuple(self.hashes))

    @property
    def others(self) -> set[str]:
        """Registers that say more than quarter-hours."""
        return {self.ids[k] for k in np.flatnonzero((self.versions == _NOT_BY_DAY).any(axis=0)).tolist()}

    def put(self, days: Days, loaded: Mapping[RegisterDay, Packed], others: Collection[str]) -> None:
        """Write some days as they were computed."""
        place = slice(days.first - self.first, days.first - self.first + len(days.hashes))
        self.table[place], self.hashes[place] = days.table, days.hashes
        self.versions[place] = 0
        at = {register_id: k for k, register_id in enumerate(self.ids)}
        for (register_id, day), packed in loaded.items():
            if register_id in at and place.start <= day - self.first < place.stop:
                self.versions[day - self.first, at[register_id]] = packed.version
        self.versions[place, [at[register_id] for register_id in others if register_id in at]] = _NOT_BY_DAY

    def keep(self, i: int) -> KeptDay:
        """One of them, as it is kept."""
        sums, versions = pack(self.table[i : i + 1])[0], pack(self.versions[i : i + 1])[0]
        return KeptDay(self.first + i, zlib.compress(sums, 1), self.hashes[i], zlib.compress(versions, 1))

    def list_versions(self, loaded: Mapping[RegisterDay, Packed]) -> Rows:
        """Versions of all days that the run was made of; of the registers that say more, as they were loaded."""
        others = self.others
        is_there = self.versions > 0
        first, after = is_there.argmax(axis=0), len(is_there) - is_there[::-1].argmax(axis=0)
        columns = zip(self.ids, self.versions.T.tolist(), first.tolist(), after.tolist(), strict=True)
        known = {
            register_id: (self.first + start, versions[start:end])
            for register_id, versions, start, end in columns
            if versions[start] > 0 and register_id not in others
        }
        return known | rows_of({key: day.version for key, day in loaded.items() if key[0] in others})


def run_whole(chain: Chain) -> list[Run]:
    """Run the groups of a chain in their order, over all of their time."""
    loaded = chain.load(range(chain.first, chain.last + 1), chain.register_ids)
    said = contents(loaded)
    runs = Runs(chain.inputs, said)
    found = []
    for at, inputs in enumerate(chain.inputs):
        _, days, outcome = runs.run(inputs)
        opened = _Days.empty(inputs, chain.first, len(days.hashes))
        opened.put(days, loaded, said.others)
        kept = [opened.keep(i) for i in range(len(days.hashes))] if runs.is_by_day else []
        found.append(chain.finish(at, days, outcome, opened.list_versions(loaded), kept))
    # The last group was computed with those before it, as its inputs say, and with no others.
    count = sum(len(row) - row.count(0) for _, row in found[-1].versions.values())
    return [*found[:-1], replace(found[-1], said=said if count == len(loaded) else None)]


def renew(
    chain: Chain, kept: Sequence[KeptRun], told: Mapping[Which, str], touched: Collection[RegisterDay]
) -> list[Run] | None:
    """Run the groups of a chain again on the days of which somebody spoke, beside what is ``kept`` of the others and
    belongs to what was ``told``; None where that may not come to what all of it would."""
    days = sorted({day for _, day in touched})
    if days[0] < chain.first or days[-1] > chain.last:
        return None
    if not all(one.days for one in kept) or len(days) > DAYS_MAX * (chain.last - chain.first + 1):
        return None
    opened = [_Days.open(inputs, chain.first, one.days) for inputs, one in zip(chain.inputs, kept, strict=True)]
    for plan, document, one in zip(chain.plans, chain.documents, opened, strict=True):
        if hash_run(document.body, one.days) != told.get((plan.group.group_id, plan.span)):
            return None
    others = opened[-1].others
    loaded = chain.load(days, others)
    said = contents(loaded)
    if not others.isdisjoint(register_id for register_id, _ in touched) or said.others.keys() - others:
        return None
    outcomes = Outcomes()
    for first, last in _stretches(days):
        from_s, to_s = max(first * DAY_S, chain.from_s), min((last + 1) * DAY_S, chain.to_s)
        runs = Runs(chain.inputs, said, from_s, (to_s - from_s) // QUARTER_S)
        if not runs.is_by_day:
            return None
        for inputs, one in zip(chain.inputs, opened, strict=True):
            one.put(runs.serve(inputs)[1], loaded, others)
    found = []
    for at, (inputs, one) in enumerate(zip(chain.inputs, opened, strict=True)):
        anew = [one.keep(i) if day.day in days else day for i, day in enumerate(kept[at].days)]
        outcome = outcomes.add(inputs, one.days, runs.balance)
        found.append(chain.finish(at, one.days, outcome, one.list_versions(loaded), anew))
    return found


def _stretches(days: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of days that follow each other.

    >>> _stretches([3, 4, 5, 9])
    [(3, 5), (9, 9)]
    """
    found: list[tuple[int, int]] = []
    for day in days:
        if found and found[-1][1] == day - 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def contents(days: Mapping[RegisterDay, Packed]) -> Readings:
    """Stored days as the rules take them."""
    rows = [one for one in days.values() if one.step_s == QUARTER_S]
    values, quality = unpack_many([one.readings for one in rows], [one.quality for one in rows], DAY_S // QUARTER_S)
    there = quality != Quality.MISSING
    claimed = np.zeros_like(there)
    for k, one in enumerate(rows):
        if one.claimed:
            claimed[k, there[k]] = np.frombuffer(one.claimed, np.bool_)
    ids, numbers = [one.register_id for one in rows], [one.day for one in rows]
    whole = WholeDays(ids, numbers, values if there.all() else np.where(there, values, 0), there, claimed)
    pieces: dict[tuple[str, int], list[Stored]] = {}
    told = [one for one in days.values() if one.step_s != QUARTER_S]
    for each in unpack_all(sorted(told, key=lambda one: one.day)):
        pieces.setdefault((each.register_id, each.step_s), []).append(each)
    others: dict[str, list[RegisterValues]] = {}
    for (register_id, step_s), stored in pieces.items():
        starts = np.concatenate([one.day * DAY_S + one.content.offsets for one in stored])
        values = np.concatenate([one.content.values for one in stored])
        claimed = np.concatenate([find_claimed(one.content) for one in stored])
        said = [RegisterValues(starts[~claimed], step_s, values[~claimed])] if not claimed.all() else []
        if claimed.any():
            # A stand that is claimed says something only beside the others.
            which = claimed if step_s else np.ones_like(claimed)
            said.append(RegisterValues(starts[which], step_s, values[which], claimed=True))
        others.setdefault(register_id, []).extend(said)
    return Readings(whole, others)
