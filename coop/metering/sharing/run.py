"""Shared energy over a period: from quarter-hours to what each occupancy used and was allocated, and each producer
gave.

Inside, energies are whole thousandths of a Wh; a run tells whole Wh. What was allocated in all is rounded down once,
and divided by largest remainder over the occupancies; over the groups that one occupancy shares in, what is told never
adds up to more than it used. So each is off by less than one Wh over the whole period, whatever the number of its
quarter-hours.

Quarter-hours are counted in UTC from the first instant of the period, so the days on which the clock changes have 92
and 100 of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coop.metering.model import DAY_S, Int64Array
from coop.metering.sharing.balance import Balance, Gap, Served, trace
from coop.metering.sharing.inputs import Inputs
from coop.metering.sharing.quarters import PER_WH, QUARTER_S, BoolArray, Readings, resample
from coop.metering.sharing.sums import Days, Layout, Occupant, Sums, day_starts, hash_quarters, sum_up


@dataclass(frozen=True)
class Share:
    """Energy that one occupancy used and was allocated in the run [Wh]. ``consumed_wh`` is what was left to cover after
    its own production and the groups before; ``needed_wh`` what it needed in all the time in which it shared in this
    group and those before: more than that is never allocated by all of them together."""

    connection_id: str
    member_id: str
    consumed_wh: int
    allocated_wh: int
    needed_wh: int


@dataclass(frozen=True)
class Giving:
    """Energy that one meter had to share in a run, and gave to the group [thousandths of a Wh]."""

    meter: str
    made: int
    given: int


@dataclass(frozen=True)
class Outcome:
    """The result of a run. ``gaps`` are what is missing of each connection and each producer."""

    shares: tuple[Share, ...]
    givings: tuple[Giving, ...]
    produced_wh: int
    surplus_wh: int
    missing: int
    expected: int
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Producer:
    """Energy that one meter made to share in a run, and gave to the group [thousandths of a Wh]; ``to`` says what it
    gave to which occupancy."""

    meter: str
    made: int
    given: int
    to: Mapping[Occupant, int]


class Ran(NamedTuple):
    """Outcome of sharing in one group: by quarter-hour, by day, and in all."""

    served: Served
    days: Days
    outcome: Outcome


class Runs:
    """Runs of groups that have points in common, over the same time, in their order; or over ``n`` quarter-hours of it
    from ``from_s`` on."""

    def __init__(
        self, chain: tuple[Inputs, ...], readings: Readings, from_s: int | None = None, n: int | None = None
    ) -> None:
        exponents = dict(sorted({name: e for inputs in chain for name, e in inputs.exponents().items()}.items()))
        self._from_s = chain[0].from_s if from_s is None else from_s
        n = (chain[0].to_s - self._from_s) // QUARTER_S if n is None else n
        quarters = resample(readings, exponents, self._from_s, n)
        self.balance = Balance(chain, quarters, self._from_s)
        self.is_by_day = not quarters.claimed.any() and not self.balance.names_silent
        """True where nothing in it is judged by more than its own quarter-hour: no claim of one account alone, which is
        held against all that the device counted, and no meter that says nothing beside another that does."""
        self._starts = day_starts(self._from_s, n)
        self._whole_need = self.balance.need.copy()
        self._need_by_day = sum_up(self._whole_need.T, self._starts)
        self._row = {name: k for k, name in enumerate(self.balance.points)}
        self._shared_s: dict[Occupant, set[tuple[int, int]]] = {}
        self._outcomes = Outcomes()

    def run(self, inputs: Inputs) -> Ran:
        """Let the next group share, and add up per occupancy."""
        served, days = self.serve(inputs)
        return Ran(served, days, self._outcomes.add(inputs, days, self.balance))

    def serve(self, inputs: Inputs) -> tuple[Served, Days]:
        """Let the next group share, and add up by day."""
        served = self.balance.serve(inputs)
        layout = Layout.of(inputs)
        table = np.zeros((len(self._starts) - 1, layout.width), np.int64)
        sums = layout.split(table)
        self._add_up(inputs, served, layout, sums)
        missing, expected = self.balance.find_missing(inputs)
        sums.missing[:] = sum_up(missing.T, self._starts)
        sums.expected[:] = sum_up(expected.T, self._starts)
        sums.made[:] = sum_up(served.made, self._starts)
        sums.given[:] = sum_up(served.given, self._starts)
        hashes = hash_quarters((served.made, served.use), self._starts)
        return served, Days(self._from_s // DAY_S, table, hashes)

    def _add_up(self, inputs: Inputs, served: Served, layout: Layout, sums: Sums) -> None:
        """Add up what each occupancy had to cover, got, and needed in all the time in which it shared so far."""
        column = {name: k for k, name in enumerate(inputs.participants)}
        place = {who: i for i, who in enumerate(layout.occupants)}
        used, got = sum_up(served.use, self._starts), sum_up(served.allocated, self._starts)
        whole: dict[int, int] = {}
        for holding in inputs.holdings:
            who, k = (holding.connection_id, holding.member_id), column[holding.connection_id]
            self._shared_s.setdefault(who, set()).add((holding.from_s, holding.to_s))
            if self._is_all(holding.from_s, holding.to_s):
                whole[place[who]] = k
            else:
                inside = self.balance.between(holding.from_s, holding.to_s)
                sums.used[:, place[who]] += self._sum_inside(served.use[:, k], inside)
                sums.got[:, place[who]] += self._sum_inside(served.allocated[:, k], inside)
        sums.used[:, [*whole]] += used[:, [*whole.values()]]
        sums.got[:, [*whole]] += got[:, [*whole.values()]]
        needed: dict[int, int] = {}
        for who, i in place.items():
            row, spans = self._row[who[0]], self._shared_s[who]
            if any(self._is_all(*span) for span in spans):
                needed[i] = row
            else:
                inside = np.any([self.balance.between(*span) for span in spans], axis=0)
                sums.needed[:, i] = self._sum_inside(self._whole_need[row], inside)
        sums.needed[:, [*needed]] = self._need_by_day[:, [*needed.values()]]

    def _is_all(self, from_s: int, to_s: int) -> bool:
        return from_s <= self._from_s and self._from_s + self.balance.n * QUARTER_S <= to_s

    def _sum_inside(self, column: Int64Array, inside: BoolArray) -> Int64Array:
        return sum_up(np.where(inside, column, 0), self._starts)


class Outcomes:
    """What runs of groups that have points in common tell, one after the other, of what their days come to."""

    def __init__(self) -> None:
        self._told_wh: dict[Occupant, int] = {}

    def add(self, inputs: Inputs, days: Days, balance: Balance) -> Outcome:
        """Round what the next group came to; over all groups nobody is told more than it used."""
        layout = Layout.of(inputs)
        sums = layout.split(np.asarray(days.table.sum(axis=0), np.int64))
        who = layout.occupants
        used, got = dict(zip(who, sums.used.tolist(), strict=True)), dict(zip(who, sums.got.tolist(), strict=True))
        needed = {one: -(-need // PER_WH) for one, need in zip(who, sums.needed.tolist(), strict=True)}
        room = {one: min(-(-used[one] // PER_WH), needed[one] - self._told_wh.get(one, 0)) for one in who}
        told = divide_down(got, room)
        for one, wh in told.items():
            self._told_wh[one] = self._told_wh.get(one, 0) + wh
        gaps = balance.gaps(inputs, sums.missing.tolist(), sums.expected.tolist())
        produced_wh = int(sums.made.sum()) // PER_WH
        return Outcome(
            tuple(Share(*one, room[one], told[one], needed[one]) for one in who),
            tuple(map(Giving, inputs.producers, sums.made.tolist(), sums.given.tolist())),
            produced_wh,
            produced_wh - sum(told.values()),
            sum(gap.missing for gap in gaps),
            sum(gap.expected for gap in gaps),
            tuple(gaps),
        )


def divide_down(parts: Mapping[Occupant, int], room_wh: Mapping[Occupant, int]) -> dict[Occupant, int]:
    """Parts in thousandths of a Wh as whole Wh that add up to their sum, rounded down; each within its room.

    >>> who = {name: ("C" + name, name) for name in "ABC"}
    >>> parts = {who["A"]: 1600, who["B"]: 1600, who["C"]: 300}
    >>> list(divide_down(parts, dict.fromkeys(parts, 9)).values())
    [2, 1, 0]
    """
    whole = {who: min(part // PER_WH, room_wh[who]) for who, part in parts.items()}
    left = sum(parts.values()) // PER_WH - sum(whole.values())
    line = sorted((who for who in parts if whole[who] < room_wh[who]), key=lambda who: (-(parts[who] % PER_WH), who))
    for who in line[:left]:
        whole[who] += 1
    return whole


def run_again(inputs: Inputs, readings: Readings) -> tuple[tuple[Ran, ...], Balance]:
    """Compute a run from its stored inputs: the groups before it, and then itself, which is the last one served."""
    runs = Runs((*inputs.before, inputs), readings)
    return tuple(runs.run(each) for each in (*inputs.before, inputs)), runs.balance


def list_producers(served: Served) -> list[Producer]:
    """List of what each producer of a run made, gave to whom, and had left; all that the producers gave is all that the
    occupancies got."""
    inputs = served.inputs
    column = {name: k for k, name in enumerate(inputs.participants)}
    found = []
    for k, (meter, part) in enumerate(trace(served).items()):
        to: dict[Occupant, int] = {}
        for holding in inputs.holdings:
            who = (holding.connection_id, holding.member_id)
            span = slice(*((at - inputs.from_s) // QUARTER_S for at in (holding.from_s, holding.to_s)))
            to[who] = to.get(who, 0) + int(part[span, column[holding.connection_id]].sum())
        found.append(Producer(meter, int(served.made[:, k].sum()), int(served.given[:, k].sum()), to))
    return found
