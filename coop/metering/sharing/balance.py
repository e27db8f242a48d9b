"""Groups of one co-operative served in their order: what each point still needs, and what each producer has left.

Energies are whole thousandths of a Wh, by quarter-hour.

Invariant: a point first covers its own use, from what its own meters made in the same quarter-hour. What is left of its
need takes part, and what is left of its production is shared. Then each group in turn divides what its producers have
left over what its participants still need, so that over all groups together nobody is allocated more than was used, and
no producer gives more than it made. What a group takes, each of its producers gives in proportion to what it had, by
the same division as any other: largest remainder, a tie to the lowest id.

A quarter-hour that is missing counts as nothing, for production as for use; a quarter-hour in which nobody holds a
connection, or in which it does not share, takes no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from coop.metering.model import Int64Array
from coop.metering.sharing.allocation import Key, KeyKind, allocate
from coop.metering.sharing.claims import find_refuted
from coop.metering.sharing.inputs import Counter, Inputs, Point
from coop.metering.sharing.quarters import PER_WH, QUARTER_S, BoolArray, Quarters

DYNAMIC = Key(KeyKind.DYNAMIC)


@dataclass(frozen=True)
class Gap:
    """Quarter-hours that are missing of a connection that shares, or of a meter that produces. ``too_coarse`` where
    something was said, but of times longer than an hour; ``unmetered`` where no meter hung at all. ``silent_at`` names
    the connection of a meter that gave no quarter-hour, beside another one that did: it counts for nothing. ``refuted``
    counts the quarter-hours of a meter that one account said and that do not add up to what the meter counted."""

    subject: str
    is_producer: bool
    missing: int
    expected: int
    too_coarse: bool = False
    unmetered: bool = False
    silent_at: str = ""
    refuted: int = 0


@dataclass(frozen=True)
class Served:
    """Result of one group, by quarter-hour [thousandths of a Wh].

    ``use`` and ``allocated`` have shape (n, participants), ``made`` and ``given`` (n, producers): what each producer
    had to share, and what of it was taken.
    """

    inputs: Inputs
    use: Int64Array
    made: Int64Array
    allocated: Int64Array
    given: Int64Array

    @property
    def production(self) -> Int64Array:
        """Energy that there was to share, of all producers."""
        return np.asarray(self.made.sum(axis=1), np.int64)

    def at(self, quarter: int) -> Served:
        """One quarter-hour of it."""
        one = slice(quarter, quarter + 1)
        return Served(self.inputs, self.use[one], self.made[one], self.allocated[one], self.given[one])


class Balance:
    """Balance of what each point still needs and each producer has left, over ``n`` quarter-hours from ``from_s``
    on."""

    def __init__(self, chain: Sequence[Inputs], quarters: Quarters, from_s: int) -> None:
        self.from_s, self.n = from_s, quarters.energy.shape[1]
        self.points = {point.name: point for inputs in chain for point in inputs.points}
        # One that left and came back has two counters here.
        self.meters = list(dict.fromkeys(one.meter for point in self.points.values() for one in point.made))
        self._row = {name: k for k, name in enumerate(self.points)}
        self._made_row = {meter: k for k, meter in enumerate(self.meters)}
        self.taken = np.zeros((len(self.points), self.n), np.int64)
        self.own = np.zeros_like(self.taken)
        self.left = np.zeros((len(self.meters), self.n), np.int64)
        self.made = np.zeros_like(self.left)
        self.is_taken = np.zeros(self.taken.shape, np.bool_)
        self.is_made = np.zeros(self.left.shape, np.bool_)
        self._too_coarse: set[str] = set()
        self._between: dict[tuple[int, int], BoolArray] = {}
        self._silent: dict[str, list[str]] = {}
        self._refuted: dict[str, int] = {}
        plain = self._open_plain(quarters)
        for name, point in self.points.items():
            if name not in plain:
                self._open(name, point, quarters)
        self.need = self.taken - self.own

    def _open_plain(self, quarters: Quarters) -> set[str]:
        """Open the points that make nothing, and have one meter, for all of the time, of which one register says
        something and no account alone: nearly all of them, so all at once. Returns which they are."""
        says, is_claimed = (np.asarray(told.any(axis=1)) for told in (quarters.there, quarters.claimed))
        end_s = self.from_s + QUARTER_S * self.n
        found: dict[str, int] = {}
        for name, point in self.points.items():
            if len(point.taken) != 1 or point.made:
                continue
            [counter] = point.taken
            rows = [k for k in (quarters.row[source.register_id] for source in counter.sources) if says[k]]
            if len(rows) == 1 and not is_claimed[rows[0]] and counter.from_s <= self.from_s and end_s <= counter.to_s:
                found[name] = rows[0]
                self._silent[name] = []
                self._note_coarse(counter, quarters)
        places, rows = [self._row[name] for name in found], [*found.values()]
        self.taken[places], self.is_taken[places] = quarters.energy[rows], quarters.there[rows]
        return set(found)

    def _open(self, name: str, point: Point, quarters: Quarters) -> None:
        """Add up what a point took and made, and cover its own use."""
        row = self._row[name]
        read = [(counter.meter, *self._read(counter, quarters)) for counter in point.taken]
        silent = [meter for meter, _, there, hangs in read if hangs.any() and not there.any()]
        self._silent[name] = silent if len(silent) < len(read) else []
        hung, whole = np.zeros(self.n, np.bool_), np.ones(self.n, np.bool_)
        for meter, energy, there, hangs in read:
            if meter not in self._silent[name]:
                self.taken[row] += energy
                hung |= hangs
                whole &= there | ~hangs
        self.is_taken[row] = hung & whole
        uncovered = self.taken[row].copy()
        for counter in point.made:
            k = self._made_row[counter.meter]
            energy, there, _ = self._read(counter, quarters)
            covered = np.minimum(energy, uncovered)
            self.made[k] += energy
            self.is_made[k] |= there
            self.left[k] += energy - covered
            uncovered -= covered
        self.own[row] = self.taken[row] - uncovered

    def _read(self, counter: Counter, quarters: Quarters) -> tuple[Int64Array, BoolArray, BoolArray]:
        """Energy of a counter, where it is there, and where the meter hung."""
        energy, there = np.zeros(self.n, np.int64), np.zeros(self.n, np.bool_)
        hangs = self.between(counter.from_s, counter.to_s)
        rows = [quarters.row[source.register_id] for source in counter.sources]
        # What any register of the device says goes before what one account alone does.
        claimed = np.zeros(self.n, np.bool_)
        for is_claim in (False, True):
            for k in rows:
                fresh = quarters.there[k] & (quarters.claimed[k] == is_claim) & hangs & ~there
                energy[fresh] = quarters.energy[k, fresh]
                there |= fresh
                claimed |= fresh & is_claim
        if claimed.any():
            refuted = self._refute(counter, quarters, (energy, there, claimed))
            energy[refuted], there[refuted] = 0, False
        self._note_coarse(counter, quarters)
        return energy, there, hangs

    def _note_coarse(self, counter: Counter, quarters: Quarters) -> None:
        if any(source.register_id in quarters.too_coarse for source in counter.sources):
            self._too_coarse.add(counter.meter)

    def _refute(self, counter: Counter, quarters: Quarters, told: tuple[Int64Array, BoolArray, BoolArray]) -> BoolArray:
        """Quarter-hours of one account that do not add up to what the device counted."""
        refuted = np.zeros(self.n, np.bool_)
        unit = PER_WH * 10 ** max(0, *(source.exponent for source in counter.sources))
        for register_id in (source.register_id for source in counter.sources if source.register_id in quarters.read):
            at_s, count = quarters.read[register_id]
            refuted |= find_refuted(at_s, count, unit, self.from_s, *told)
        if refuted.any():
            self._refuted[counter.meter] = self._refuted.get(counter.meter, 0) + int(np.count_nonzero(refuted))
        return refuted

    def between(self, from_s: int, to_s: int) -> BoolArray:
        """True for the quarter-hours that lie, even in part, between two instants."""
        found = self._between.get((from_s, to_s))
        if found is None:
            starts = self.from_s + QUARTER_S * np.arange(self.n)
            found = np.asarray((starts + QUARTER_S > from_s) & (starts < to_s), np.bool_)
            # Nearly all meters hang, and nearly all members live there, for all of a run.
            found.flags.writeable = False
            self._between[from_s, to_s] = found
        return found

    def use_of(self, name: str) -> tuple[Int64Array, Int64Array]:
        """Energy that a point took, and the part that its own meters covered."""
        return self.taken[self._row[name]], self.own[self._row[name]]

    def held(self, inputs: Inputs) -> BoolArray:
        """Quarter-hours in which each participant shares, of shape (participants, n)."""
        held = np.zeros((len(inputs.participants), self.n), np.bool_)
        column = {name: k for k, name in enumerate(inputs.participants)}
        end_s = self.from_s + QUARTER_S * self.n
        whole = []
        for holding in inputs.holdings:
            if holding.from_s <= self.from_s and end_s <= holding.to_s:
                whole.append(column[holding.connection_id])
            else:
                held[column[holding.connection_id]] |= self.between(holding.from_s, holding.to_s)
        held[whole] = True
        return held

    def serve(self, inputs: Inputs) -> Served:
        """Let a group share what its producers have left over what its participants still need."""
        held = self.held(inputs)
        rows = _in_a_row([self._row[name] for name in inputs.participants])
        meters = _in_a_row([self._made_row[meter] for meter in inputs.producers])
        need = self.need[rows] if held.all() else self.need[rows] * held
        use, made = need.T.copy(), self.left[meters].T.copy()  # of what is left is taken below
        result = allocate(Key.read(inputs.parameters), inputs.participants, made.sum(axis=1), use)
        given = allocate(DYNAMIC, inputs.producers, result.allocated.sum(axis=1), made).allocated
        self.need[rows] -= result.allocated.T
        self.left[meters] -= given.T
        return Served(inputs, use, made, result.allocated, given)

    @property
    def names_silent(self) -> bool:
        """True where a meter gave no quarter-hour, beside another one that did."""
        return any(self._silent.values())

    def find_missing(self, inputs: Inputs) -> tuple[BoolArray, BoolArray]:
        """Quarter-hours that are missing of each participant and then each producer, and those that are expected; of
        shape (whose, n)."""
        counters = self._producing()
        hang = [self.between(counters[meter].from_s, counters[meter].to_s) for meter in inputs.producers]
        expected = np.vstack([self.held(inputs), *hang])
        taken = self.is_taken[_in_a_row([self._row[name] for name in inputs.participants])]
        made = self.is_made[_in_a_row([self._made_row[meter] for meter in inputs.producers])]
        return expected & ~np.vstack([taken, made]), expected

    def gaps(self, inputs: Inputs, missing: Sequence[int], expected: Sequence[int]) -> list[Gap]:
        """List what is missing for a group, by connection and by producer; so many quarter-hours ``missing`` of those
        that were ``expected``."""
        found = []
        counted = zip(missing, expected, strict=True)
        for name, (lacking, of) in zip(inputs.participants, counted, strict=False):
            point = self.points[name]
            coarse = any(counter.meter in self._too_coarse for counter in point.taken)
            found.append(Gap(name, False, lacking, of, coarse, not point.taken))
            found += [Gap(meter, False, 0, 0, silent_at=name) for meter in self._silent[name]]
            found += self._name_refuted(counter.meter for counter in point.taken)
        for meter, (lacking, of) in zip(inputs.producers, counted, strict=True):
            found.append(Gap(meter, True, lacking, of, meter in self._too_coarse))
        taking = {counter.meter for name in inputs.participants for counter in self.points[name].taken}
        return found + self._name_refuted(meter for meter in inputs.producers if meter not in taking)

    def _producing(self) -> dict[str, Counter]:
        return {counter.meter: counter for point in self.points.values() for counter in point.made}

    def _name_refuted(self, meters: Iterable[str]) -> list[Gap]:
        return [
            Gap(meter, False, 0, 0, refuted=self._refuted[meter])
            for meter in dict.fromkeys(meters)
            if meter in self._refuted
        ]


def _in_a_row(rows: Sequence[int]) -> slice | list[int]:
    """Rows of a matrix; as a slice where they follow each other, which nothing has to be copied for.

    >>> _in_a_row([2, 3, 4]), _in_a_row([2, 4])
    (slice(2, 5, None), [2, 4])
    """
    follow = len(rows) and list(rows) == list(range(rows[0], rows[0] + len(rows)))
    return slice(rows[0], rows[0] + len(rows)) if follow else list(rows)


def trace(served: Served) -> dict[str, Int64Array]:
    """By producer, what it gave to each participant, of shape (n, participants).

    Each producer in turn divides what it gave over what the participants got and is not yet traced, in proportion; so
    the parts of one producer add up to what it gave, and those of one participant to what it got.
    """
    untraced = served.allocated.copy()
    found = {}
    for k, meter in enumerate(served.inputs.producers):
        part = allocate(DYNAMIC, served.inputs.participants, served.given[:, k], untraced).allocated
        untraced -= part
        found[meter] = part
    return found
