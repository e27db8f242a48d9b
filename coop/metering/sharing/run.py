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

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from coop.metering.model import Int64Array
from coop.metering.sharing.balance import Balance, Gap, Served, trace
from coop.metering.sharing.inputs import Inputs
from coop.metering.sharing.quarters import PER_WH, QUARTER_S, Readings, resample

Occupant = tuple[str, str]
"""Connection and member."""


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


@dataclass
class Told:
    """Whole Wh that the groups before have told of each occupancy, and the quarter-hours in which it shared in any."""

    allocated_wh: dict[Occupant, int] = field(default_factory=dict)
    shared_s: dict[Occupant, set[tuple[int, int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Producer:
    """Energy that one meter made to share in a run, and gave to the group [thousandths of a Wh]; ``to`` says what it
    gave to which occupancy."""

    meter: str
    made: int
    given: int
    to: Mapping[Occupant, int]


class Runs:
    """Runs of groups that have points in common, over the same time, in their order."""

    def __init__(self, chain: tuple[Inputs, ...], readings: Readings) -> None:
        exponents = dict(sorted({name: e for inputs in chain for name, e in inputs.exponents().items()}.items()))
        n = (chain[0].to_s - chain[0].from_s) // QUARTER_S
        self.balance = Balance(chain, resample(readings, exponents, chain[0].from_s, n))
        self._whole_need = self.balance.need.copy()
        self._row = {name: k for k, name in enumerate(self.balance.points)}
        self._told = Told()

    def run(self, inputs: Inputs) -> tuple[Served, Outcome]:
        """Let the next group share, and add up per occupancy."""
        served = self.balance.serve(inputs)
        used, got = self._add_up(inputs, served)
        needed = {who: self._need(who) for who in used}
        before = self._told.allocated_wh
        room = {who: min(-(-used[who] // PER_WH), needed[who] - before.get(who, 0)) for who in used}
        told = divide_down(got, room)
        for who, wh in told.items():
            self._told.allocated_wh[who] = self._told.allocated_wh.get(who, 0) + wh
        gaps = self.balance.gaps(inputs)
        produced_wh = int(served.made.sum()) // PER_WH
        outcome = Outcome(
            tuple(Share(*who, room[who], told[who], needed[who]) for who in sorted(used)),
            tuple(
                Giving(meter, int(served.made[:, k].sum()), int(served.given[:, k].sum()))
                for k, meter in enumerate(inputs.producers)
            ),
            produced_wh,
            produced_wh - sum(told.values()),
            sum(gap.missing for gap in gaps),
            sum(gap.expected for gap in gaps),
            tuple(gaps),
        )
        return served, outcome

    def _add_up(self, inputs: Inputs, served: Served) -> tuple[dict[Occupant, int], dict[Occupant, int]]:
        """Thousandths of a Wh that each occupancy had to cover, and got."""
        column = {name: k for k, name in enumerate(inputs.participants)}
        whole_used, whole_got = served.use.sum(axis=0), served.allocated.sum(axis=0)
        used: dict[Occupant, int] = {}
        got: dict[Occupant, int] = {}
        for holding in inputs.holdings:
            who, k = (holding.connection_id, holding.member_id), column[holding.connection_id]
            if (holding.from_s, holding.to_s) == (inputs.from_s, inputs.to_s):
                here = whole_used[k], whole_got[k]
            else:
                span = slice(*((at - inputs.from_s) // QUARTER_S for at in (holding.from_s, holding.to_s)))
                here = served.use[span, k].sum(), served.allocated[span, k].sum()
            used[who], got[who] = used.get(who, 0) + int(here[0]), got.get(who, 0) + int(here[1])
            self._told.shared_s.setdefault(who, set()).add((holding.from_s, holding.to_s))
        return used, got

    def _need(self, who: Occupant) -> int:
        """Whole Wh that an occupancy needed in all the time in which it shared so far."""
        spans = self._told.shared_s[who]
        inside = np.zeros(self.balance.n, np.bool_)
        for from_s, to_s in spans:
            inside |= self.balance.between(from_s, to_s)
        need = int(self._whole_need[self._row[who[0]], inside].sum())
        return -(-need // PER_WH)


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


def run_again(inputs: Inputs, readings: Readings) -> tuple[tuple[Served, ...], Balance, Outcome]:
    """Compute a run from its stored inputs: the groups before it, and then itself, which is the last one served."""
    runs = Runs((*inputs.before, inputs), readings)
    served = []
    for each in (*inputs.before, inputs):
        step, outcome = runs.run(each)
        served.append(step)
    return tuple(served), runs.balance, outcome


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


def hash_run(inputs_body: bytes, served: Served) -> str:
    """Hash the stored inputs of a run and every quarter-hour: whatever arrived when, the same content hashes alike."""
    digest = hashlib.sha256(inputs_body)
    for matrix in (served.made, served.use):
        digest.update(_plain(matrix))
    return digest.hexdigest()


def _plain(matrix: Int64Array) -> memoryview:
    return np.ascontiguousarray(matrix, "<i8").data
