"""Breaks of a cumulative register: what its readings mean where they fall, or rise by more than can have been.

A register only counts up. Where its readings say otherwise, the first of these that holds explains it:

- *decided*: two people said what happened (``Decided``);
- *level*: the fall is no more than the register's coarseness, as where two doors round one meter differently: the
  count stays where it was;
- *dip* or *slip*: later readings fit the line before the fall, or the readings before it fit neither side: the fewest
  that let the rest be one line are set aside. What is set aside may not have climbed more than the line that is drawn
  past it, for a register that climbs is no fault of reading;
- *rollover*: the maximum is known, and the way across it is at the register's own pace;
- *reset*: the first reading is as near to zero as the climb after it shows that it must be, and half of what it was
  or less; unless the register is back where it was sooner than it can have counted there from zero, or one of the last
  readings before leapt far beyond its pace: then it may have been misread, and nobody may bill over it.

``near zero:  v(i) <= 3 * climb / time * gap + step``, the climb within a month after the fall; ``pace`` is the same
climb, or that of the month before. Where a dip and a reset (or a rollover) are both possible, the one at the
register's pace is taken; several low readings that climb like a register of their own are no dip. Everything else is a
``Doubt``, which nobody may bill over.

All verdicts follow from the set of readings, whatever came first.
Source: docs/domain/metering-formats-and-units.md#a-register-that-falls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coop.metering.heat.model import Aside, Break, Decided, Doubt, Verdict
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import DAY_S, QUALITY_RANK, Int64Array, Quality, QualityArray
from coop.metering.readings.plausibility import Bound

HORIZON_S = 31 * DAY_S
"""Time on both sides of a break over which a register's own pace is taken."""

_REACH_S = 3 * HORIZON_S
"""Time after a break within which readings can fit the line before it."""

_PACES = 3
"""So many times its own pace a register may go, and no slower than its pace divided by it."""

_PACES_ACROSS = 10
"""The same across a known maximum, which alone says a lot already."""

_LAST = 3
"""Rises before a fall that are looked at for one that was typed too high."""

_AHEAD = 512
"""Readings that are looked at together for where a line goes on."""

_LOOK_BACK = 32
"""Most readings before a fall that can be one slip: longer, and somebody has to say what happened."""


class _Past(NamedTuple):
    """A line drawn from reading ``q`` to reading ``k``, past the readings ``false`` between them."""

    q: int
    k: int
    false: tuple[int, ...]
    kind: BreakKind


def judge(
    at_s: Int64Array,
    values: Int64Array,
    quality: QualityArray,
    bound: Bound | None,
    decided: Sequence[Decided] = (),
) -> Verdict:
    """Say what a register's readings mean; the arrays have shape (n,), in the order of time: a dip, and a reset.

    >>> from coop.metering.readings.plausibility import Bound
    >>> day, quality, bound = np.arange(5) * 86_400, np.ones(5, np.uint8), Bound(72, 1)
    >>> judge(day, np.array([500, 503, 463, 509, 512]), quality, bound).asides
    (Aside(at_s=172800, value=463, why='dip'),)
    >>> judge(day, np.array([500, 503, 2, 5, 8]), quality, bound).breaks
    (Break(index=1, base=0, kind=<BreakKind.RESET: 'reset'>),)
    """
    judging = _Judging(at_s, values, quality, bound, tuple(decided))
    if not judging.false_by_decision() and judging.next_break(0) is None:
        return Verdict(judging.keep)
    judging.walk()
    place = np.cumsum(judging.keep) - 1
    return Verdict(
        judging.keep,
        tuple(Break(int(place[index]), base, kind) for index, base, kind in judging.breaks),
        tuple(Aside(int(at_s[i]), int(values[i]), judging.why[i]) for i in sorted(judging.why)),
        tuple(judging.doubts),
    )


@dataclass
class _Judging:
    """One register on its way to a verdict: ``first`` is where the unbroken line begins that is being followed."""

    at_s: Int64Array
    values: Int64Array
    quality: QualityArray
    bound: Bound | None
    decided: tuple[Decided, ...]
    first: int = 0
    keep: NDArray[np.bool_] = field(init=False)
    why: dict[int, str] = field(default_factory=dict)
    breaks: list[tuple[int, int, BreakKind]] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keep = np.ones(len(self.values), np.bool_)
        self.step = self.bound.step if self.bound is not None else 0

    def false_by_decision(self) -> bool:
        """Set aside what people said is false; True where anything was."""
        for one in self.decided:
            if one.false_from_s is None or one.false_to_s is None:
                continue
            for i in np.flatnonzero((self.at_s >= one.false_from_s) & (self.at_s <= one.false_to_s)).tolist():
                self._set_aside([i], "decided")
        return bool(self.why)

    def walk(self) -> None:
        """Follow the register from break to break."""
        start = int(np.argmax(self.keep)) if self.keep.any() else len(self.keep)
        self.first = start
        while start < len(self.values) and (found := self.next_break(start)) is not None:
            start = self._explain(*found)

    def next_break(self, start: int) -> tuple[int, int] | None:
        """The next two neighbours, of those that count from ``start`` on, between which the register broke."""
        here = start + np.flatnonzero(self.keep[start:])
        values = self.values[here]
        level = np.maximum.accumulate(values)
        if start > self.first:
            level = np.maximum(level, self._level(start))
        wrong = level - values > self.step
        if self.bound is not None:
            rise, time = values[1:] - level[:-1], np.diff(self.at_s[here])
            # In floats only to pass what is clearly possible; what comes near the bound is judged in whole numbers.
            near = rise > 0.999 * (self.bound.per_hour / 3600 * time + self.bound.step)
            for i in np.flatnonzero(near).tolist():
                wrong[i + 1] |= int(rise[i]) > self.bound.most(int(time[i]))
        if not wrong.any():
            return None
        at = int(np.argmax(wrong))
        return int(here[at - 1]), int(here[at])

    def _explain(self, p: int, i: int) -> int:
        """Explain the break between two neighbours; returns where the line goes on."""
        known = next((one for one in self.decided if one.before_s <= self.at_s[p] and self.at_s[i] <= one.at_s), None)
        if known is not None and known.kind not in (BreakKind.DIP, BreakKind.SLIP):
            return self._go_on(p, i, known.kind)
        falls = self._level(p) > int(self.values[i])
        past = self._past(p, i, falls)
        kind = self._evidence(p, i) if falls else None
        if kind is BreakKind.RESET and (self._leapt(p) or (past is None and self._regains(p, i))):
            kind = None
        if past is not None and (kind is not None or self._climbs_alone(past, i)):
            choice = self._choose(p, i, past, kind)
            past, kind = (past if choice is past.kind else None), (kind if choice is kind else None)
        if past is not None:
            self._set_aside(past.false, past.kind)
            self._admit_again(past)
            return past.k
        if kind is not None:
            return self._go_on(p, i, kind)
        self.doubts.append(self._doubt(p, i))
        return self._go_on(p, i, BreakKind.UNKNOWN)

    def _go_on(self, p: int, i: int, kind: BreakKind) -> int:
        """Start another line at ``i``, counted from zero, across the maximum, or from where it stands."""
        level, value = self._level(p), int(self.values[i])
        match kind:
            case BreakKind.RESET:
                base = 0
            case BreakKind.ROLLOVER:
                base = level - (self.bound.modulus if self.bound is not None else 0)
            case BreakKind.KEEP if value >= level:
                base = level
            case _:
                base = value
        self.breaks.append((p, base, kind))
        self.first = i
        return i

    def _set_aside(self, indices: Iterable[int], why: str) -> None:
        for i in indices:
            self.keep[i] = False
            self.why[i] = str(why)

    def _admit_again(self, past: _Past) -> None:
        """Let readings count after all that were set aside for one that turned out to be false itself."""
        for i in range(past.q + 1, past.k):
            if i in past.false or self.why.get(i) not in (BreakKind.DIP, BreakKind.SLIP):
                continue
            if self._follows(self._line(i - 1), i) and -self.step <= int(self.values[past.k] - self.values[i]):
                self.keep[i] = True
                del self.why[i]

    def _follows(self, line: Int64Array, i: int) -> bool:
        rise = int(self.values[i]) - int(self.values[line].max())
        time = int(self.at_s[i] - self.at_s[line[-1]])
        return -self.step <= rise and (self.bound is None or rise <= self.bound.most(time))

    def _line(self, until: int) -> Int64Array:
        """Readings that count from the beginning of the line up to ``until``."""
        return self.first + np.flatnonzero(self.keep[self.first : until + 1])

    def _level(self, at: int) -> int:
        """Highest value of the line up to a reading: what it had counted by then."""
        return int(self.values[self._line(at)].max())

    def _past(self, p: int, i: int, falls: bool) -> _Past | None:
        """The line past the fewest readings that joins both sides of a break, if there is one."""
        line = self._line(p)
        looked_at = line[-_LOOK_BACK - 1 :].tolist() if falls else [p]
        later = i + np.flatnonzero(self.keep[i:] & (self.at_s[i:] <= self.at_s[p] + _REACH_S))
        found: list[_Past] = []
        for back, q in enumerate(reversed(looked_at)):
            k = self._first_after(q, later, below=None if falls else int(self.values[i]))
            if k is None:
                continue
            high = tuple(line[len(line) - back :].tolist())
            low = tuple(later[: int(np.searchsorted(later, k))].tolist())
            false = (*high, *low)
            if not false or self._climb(high) + self._climb(low) > self._rise(q, k) + self.step:
                continue
            kind = BreakKind.DIP if falls and not high else BreakKind.SLIP
            found.append(_Past(q, k, false, kind))
        return min(found, key=self._rank, default=None)

    def _first_after(self, q: int, later: Int64Array, below: int | None) -> int | None:
        """The first of the later readings to which the line from ``q`` can lead (and that is ``below`` a jump)."""
        level = self._level(q)
        # It is nearly always one of the next few, and a month may hold a reading each ten seconds.
        for start in range(0, len(later), _AHEAD):
            near = later[start : start + _AHEAD]
            rise = self.values[near] - level
            fits = rise >= -self.step
            if below is not None:
                fits &= self.values[near] < below
            for at in np.flatnonzero(fits).tolist():
                k = int(near[at])
                if self.bound is None or int(rise[at]) <= self.bound.most(int(self.at_s[k] - self.at_s[q])):
                    return k
        return None

    def _rank(self, past: _Past) -> tuple[int, int, float]:
        """Order in which lines are preferred: the fewest readings set aside, the least trusted, the farthest off."""
        ranks = sum(QUALITY_RANK[Quality(int(self.quality[i]))] for i in past.false)
        span = int(self.at_s[past.k] - self.at_s[past.q])
        level = self._level(past.q)
        off = [
            abs(int(self.values[i]) - level - self._rise(past.q, past.k) * int(self.at_s[i] - self.at_s[past.q]) / span)
            for i in past.false
        ]
        return len(past.false), ranks, -sum(off)

    def _climb(self, indices: Sequence[int]) -> int:
        """Most that readings rose above the first of them."""
        return int(self.values[list(indices)].max()) - int(self.values[indices[0]]) if indices else 0

    def _rise(self, q: int, k: int) -> int:
        return int(self.values[k]) - self._level(q)

    def _evidence(self, p: int, i: int) -> BreakKind | None:
        """Rollover or reset, where there is evidence of one."""
        if self.bound is None:
            return None
        gap, value, level = int(self.at_s[i] - self.at_s[p]), int(self.values[i]), self._level(p)
        after = self._pace(i, self._run_end(i))
        across = value + self.bound.modulus - level
        if self.bound.modulus and 0 <= across <= self.bound.most(gap):
            paces = [pace for pace in (self._pace_before(p), after) if pace is not None]
            is_pace = not paces or across <= _PACES_ACROSS * max(paces) * gap + self.step
            return BreakKind.ROLLOVER if is_pace else None
        if (
            after
            and value <= level // 2 + self.step
            and value <= min(self.bound.most(gap), _PACES * after * gap + self.step)
        ):
            return BreakKind.RESET
        return None

    def _regains(self, p: int, i: int) -> bool:
        """True where the readings after a fall are back where the register was sooner than it can have counted there
        from zero."""
        level = self._level(p)
        run = i + np.flatnonzero(self.keep[i : self._run_end(i, _REACH_S) + 1])
        back = run[self.values[run] >= level - self.step]
        if not len(back):
            return False
        k = int(back[0])
        paces = [pace for pace in (self._pace_before(p), self._pace(k, self._run_end(k))) if pace is not None]
        return bool(paces) and not self._is_pace(int(self.values[k]), int(self.at_s[k] - self.at_s[p]), paces)

    def _leapt(self, p: int) -> bool:
        """True where the register was typed too high, perhaps, before it fell: one of its last rises went far beyond
        its pace until then."""
        line = self._line(p)
        near = line[self.at_s[line] >= self.at_s[p] - HORIZON_S].tolist()
        for a, b in pairwise(near[-_LAST - 1 :]):
            pace, time = self._pace(near[0], a), int(self.at_s[b] - self.at_s[a])
            if pace is not None and int(self.values[b] - self.values[a]) > _PACES_ACROSS * pace * time + 3 * self.step:
                return True
        return False

    def _is_borne_out(self, k: int) -> bool:
        """True where a reading is the last, or any within reach after it stands as high."""
        until = int(np.searchsorted(self.at_s, self.at_s[k] + _REACH_S, "right"))
        after = k + 1 + np.flatnonzero(self.keep[k + 1 : until])
        return not len(after) or int(self.values[after].max()) >= int(self.values[k]) - self.step

    def _climbs_alone(self, past: _Past, i: int) -> bool:
        """True where the readings after a fall climb back like a register of their own."""
        low = [at for at in past.false if at >= i]
        return len(low) > 1 and self._climb(low) > self.step and past.k <= self._run_end(i, _REACH_S)

    def _choose(self, p: int, i: int, past: _Past, kind: BreakKind | None) -> BreakKind | None:
        """Choose between a line past false readings and a register that went on from elsewhere (of the evident kind, or
        of none): the one at the register's own pace, or None where that does not tell."""
        if kind is not None and not self._is_borne_out(past.k):
            return None
        before, after = self._pace_before(past.q), self._pace(past.k, self._run_end(past.k))
        paces = [pace for pace in (before, after) if pace is not None]
        time = int(self.at_s[past.k] - self.at_s[p])
        if not paces or time <= 0:
            return past.kind if past.k > self._run_end(i, _REACH_S) else None
        counted = int(self.values[past.k])
        if kind is BreakKind.ROLLOVER and self.bound is not None:
            counted += self.bound.modulus - self._level(p)
        elif kind is None:
            counted -= int(self.values[i])
        is_past = self._is_pace(self._rise(past.q, past.k), int(self.at_s[past.k] - self.at_s[past.q]), paces)
        is_other = self._is_pace(counted, time, paces)
        if past.k > self._run_end(i, _REACH_S):
            low = [at for at in past.false if at >= i]
            return None if kind is not None and is_other and self._climb(low) > self.step else past.kind
        if is_past and is_other:
            return kind if self._climbs_alone(past, i) else None
        return past.kind if is_past else kind if is_other else None

    def _is_pace(self, counted: int, time: int, paces: Sequence[float]) -> bool:
        low, high = min(paces) / _PACES * time - self.step, max(paces) * _PACES * time + self.step
        return low <= counted <= high

    def _run_end(self, i: int, within_s: int = HORIZON_S) -> int:
        """Last reading of the unbroken run from ``i`` on, within a time."""
        until = int(np.searchsorted(self.at_s, self.at_s[i] + within_s, "right"))
        here = i + np.flatnonzero(self.keep[i:until])
        values = self.values[here]
        level = np.maximum.accumulate(values)
        wrong = level - values > self.step
        if self.bound is not None:
            rise, time = np.diff(values), np.diff(self.at_s[here])
            wrong[1:] |= rise > self.bound.per_hour / 3600 * time + self.bound.step
        return int(here[int(np.argmax(wrong)) - 1 if wrong.any() else -1])

    def _pace(self, start: int, end: int) -> float | None:
        """Units per second from one reading to another; None where they are one."""
        time = int(self.at_s[end] - self.at_s[start])
        return (int(self.values[end]) - int(self.values[start])) / time if time > 0 else None

    def _pace_before(self, p: int) -> float | None:
        line = self._line(p)
        near = line[self.at_s[line] >= self.at_s[p] - HORIZON_S]
        return self._pace(int(near[0]), p)

    def _doubt(self, p: int, i: int) -> Doubt:
        """Name a break that nothing explains, and what would be false on either side of it."""
        before, after = self._level(p), int(self.values[i])
        line, end = self._line(p), self._run_end(i)
        later = i + np.flatnonzero(self.keep[i : end + 1])
        if after < before:
            low, high = later[self.values[later] < before], line[self.values[line] > after]
        else:
            low, high = line, later
        false_low, false_high = ((int(self.at_s[side[0]]), int(self.at_s[side[-1]])) for side in (low, high))
        return Doubt(int(self.at_s[p]), int(self.at_s[i]), before, after, false_low, false_high)
