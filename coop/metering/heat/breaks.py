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
  or less; and the readings around it bear that out: none of them is false, those after it climb, none before it leapt
  far beyond its pace, and the register is not back where it was sooner than it can have counted there from zero.

``near zero:  v(i) <= 3 * pace * gap + step``; the pace of a month is the median of the paces over half of it each,
which a few false readings do not move. Where a dip and a reset (or a rollover) are both possible, the one at the
register's pace is taken; a line past several readings has to be at that pace, and readings that climb like a register
of their own are no fault of reading. Everything else is a ``Doubt``, which nobody may bill over.

All verdicts follow from the set of readings, whatever came first.
Source: docs/domain/metering-formats-and-units.md#a-register-that-falls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from coop.metering.heat.lines import FEW, HORIZON_S, PACES, REACH_S, Line
from coop.metering.heat.model import Aside, Break, Decided, Doubt, Verdict
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import QUALITY_RANK, Int64Array, Quality, QualityArray
from coop.metering.readings.plausibility import HOUR_S, Bound

_PACES_ACROSS = 10
"""The same across a known maximum, which alone says a lot already."""

_LAST = 3
"""Readings on either side of a reset that bear it out: nothing else may have happened among them."""

_SHORT_S = 6 * HOUR_S
"""Time below which a register may count anyhow, and its pace says nothing."""

_AHEAD = 512
"""Readings that are looked at together for where a line goes on."""

_GOING_ON = (BreakKind.RESET, BreakKind.ROLLOVER, BreakKind.EXCHANGE, BreakKind.KEEP)
"""Meanings by which a register went on from elsewhere, or from where it stood."""

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

    >>> from coop.metering.readings.plausibility import HOUR_S, Bound
    >>> day, quality, bound = np.arange(5) * 86_400, np.ones(5, np.uint8), Bound(72, 1)
    >>> judge(day, np.array([500, 503, 463, 509, 512]), quality, bound).asides
    (Aside(at_s=172800, value=463, why='dip'),)
    >>> judge(day, np.array([500, 503, 2, 5, 8]), quality, bound).breaks
    (Break(index=1, base=0, kind=<BreakKind.RESET: 'reset'>),)
    """
    judging = _Judging(at_s, values, bound, quality, tuple(decided))
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
class _Judging(Line):
    """One register on its way to a verdict."""

    quality: QualityArray
    decided: tuple[Decided, ...]
    why: dict[int, str] = field(default_factory=dict)
    breaks: list[tuple[int, int, BreakKind]] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

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
            level = np.maximum(level, self.level(start))
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
        if known is not None and known.kind in _GOING_ON:
            return self._go_on(p, i, known.kind)
        falls = self.level(p) > int(self.values[i])
        past = self._past(p, i, falls)
        kind = self._evidence(p, i) if falls else None
        if kind is BreakKind.RESET and self._leapt(p):
            kind = None
        if past is not None and (kind is not None or self._climbs_alone(past, i)):
            choice = self._choose(p, i, past, kind)
            past, kind = (past if choice is past.kind else None), (kind if choice is kind else None)
        if past is not None and not self._is_sure(past):
            past = None
        if kind is BreakKind.RESET and not self._is_shown(p, i):
            kind = None
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
        level, value = self.level(p), int(self.values[i])
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
            if self._follows(self.line(i - 1), i) and self._is_below(i, past.k):
                self.keep[i] = True
                del self.why[i]

    def _follows(self, line: Int64Array, i: int) -> bool:
        rise = int(self.values[i]) - int(self.values[line].max())
        time = int(self.at_s[i] - self.at_s[line[-1]])
        return -self.step <= rise and (self.bound is None or rise <= self.bound.most(time))

    def _past(self, p: int, i: int, falls: bool) -> _Past | None:
        """The line past the fewest readings that joins both sides of a break, if there is one."""
        line = self.line(p)
        looked_at = line[-_LOOK_BACK - 1 :].tolist() if falls else [p]
        later = i + np.flatnonzero(self.keep[i:] & (self.at_s[i:] <= self.at_s[p] + REACH_S))
        found: list[_Past] = []
        for back, q in enumerate(reversed(looked_at)):
            k = self._first_after(q, later, below=None if falls else int(self.values[i]))
            if k is None:
                continue
            high = tuple(line[len(line) - back :].tolist())
            low = tuple(later[: int(np.searchsorted(later, k))].tolist())
            false = (*high, *low)
            if not false or self.climb(high) + self.climb(low) > self.rise(q, k) + self.step:
                continue
            kind = BreakKind.DIP if falls and not high else BreakKind.SLIP
            found.append(_Past(q, k, false, kind))
        return min(found, key=self._rank, default=None)

    def _first_after(self, q: int, later: Int64Array, below: int | None) -> int | None:
        """The first of the later readings to which the line from ``q`` can lead (and that is ``below`` a jump)."""
        level = self.level(q)
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
        level = self.level(past.q)
        off = [
            abs(int(self.values[i]) - level - self.rise(past.q, past.k) * int(self.at_s[i] - self.at_s[past.q]) / span)
            for i in past.false
        ]
        return len(past.false), ranks, -sum(off)

    def _evidence(self, p: int, i: int) -> BreakKind | None:
        """Rollover or reset, where there is evidence of one."""
        if self.bound is None:
            return None
        gap, value, level = int(self.at_s[i] - self.at_s[p]), int(self.values[i]), self.level(p)
        before, after = self.pace_before(p), self.pace_after(i)
        across = value + self.bound.modulus - level
        if self.bound.modulus and 0 <= across <= self.bound.most(gap):
            paces = [pace for pace in (before, after) if pace is not None]
            is_pace = not paces or across <= _PACES_ACROSS * max(paces) * gap + self.step
            return BreakKind.ROLLOVER if is_pace else None
        if after and value <= min(level // 2 + self.step, self.bound.most(gap), PACES * after * gap + self.step):
            return BreakKind.RESET
        return None

    def _is_shown(self, p: int, i: int) -> bool:
        """True where a reset is borne out: the readings around it are undisturbed, and of one pace."""
        before, after, gap = self.pace_before(p), self.pace_after(i), int(self.at_s[i] - self.at_s[p])
        # One false reading among so few makes their pace.
        most = _PACES_ACROSS if len(self.line(p)) > _LAST else PACES
        if before and after and not before / most <= after <= before * most:
            return False
        if before and int(self.values[i]) > PACES * _PACES_ACROSS * before * gap + self.step:
            return False
        return not (self._is_crowded(p, i) or self._regains(p, i) or self._leapt(p, is_at_rest=True))

    def _is_crowded(self, p: int, i: int) -> bool:
        """True where anything else happened among the readings just before a fall or just after it, or where these
        leap, or stand still though the register counted before."""
        line = self.line(p)[-_LAST - 1 :]
        if p - int(line[0]) >= len(line) or (len(line) <= _LAST and self.breaks):
            return True
        after = i + np.flatnonzero(self.keep[i:])[:FEW]
        near = int(np.searchsorted(self.at_s[after], self.at_s[i] + HORIZON_S, "right"))
        after = after[: max(near, 2)]
        last, time = int(after[-1]), int(self.at_s[after[-1]] - self.at_s[i])
        if len(after) < 2 or last > self.run_end(i, time):
            return True
        pace_until, pace_since = self.pace_before(p) or 0, self.pace_after(i) or 0
        fastest = min(PACES * pace_since, PACES**2 * (pace_until or pace_since))
        for a, b in pairwise(after.tolist()):
            most = fastest * max(int(self.at_s[b] - self.at_s[a]), _SHORT_S) + self.step
            if int(self.values[b] - self.values[a]) > most:
                return True
        expected = pace_until * int(self.at_s[last] - self.at_s[p])
        return self.climb(after.tolist()) == 0 and expected > PACES * self.step

    def _regains(self, p: int, i: int) -> bool:
        """True where the readings after a fall are back where the register was: sooner than it can have counted there
        from zero, or just when it would be there had it never fallen."""
        level = self.level(p)
        run = i + np.flatnonzero(self.keep[i : self.run_end(i, REACH_S) + 1])
        back = run[self.values[run] >= level - self.step]
        if not len(back):
            return False
        k = int(back[0])
        paces, time = self.paces(p, k), int(self.at_s[k] - self.at_s[p])
        if not paces:
            return False
        return not self.is_pace(int(self.values[k]), time, paces) or self.is_pace(self.rise(p, k), time, paces)

    def _leapt(self, p: int, is_at_rest: bool = False) -> bool:
        """True where the register was typed too high, perhaps, before it fell: one of its last rises went far beyond
        its pace until then. A register that had not counted yet tells no pace, but where ``is_at_rest``."""
        for a, b in pairwise(self.line(p)[-_LAST - 1 :].tolist()):
            before, time = self.pace_before(a), int(self.at_s[b] - self.at_s[a])
            has_counted = self.level(a) - int(self.values[self.first]) > self.step
            if before is None or not (has_counted or is_at_rest):
                continue
            if int(self.values[b] - self.values[a]) > _PACES_ACROSS * before * time + 3 * self.step:
                return True
        return False

    def _is_sure(self, past: _Past) -> bool:
        """True where a line past false readings is beyond doubt. One past several has to be at the register's pace;
        those typed too high agree, and those too low do not begin like a register that was reset. Where a register
        stood still until a single one that was typed too high, it may have stood still wrongly."""
        line = self.line(past.q)
        is_at_rest = len(line) > _LAST and self.level(past.q) - int(self.values[self.first]) <= self.step
        if is_at_rest and past.kind is BreakKind.SLIP and self.rise(past.q, past.k) > self.step:
            return False
        false = self._all_false(past)
        if len(false) == 1:
            return True
        paces, time = self.paces(past.q, past.k), int(self.at_s[past.k] - self.at_s[past.q])
        if not paces or not self.is_pace(self.rise(past.q, past.k), time, [max(paces)]):
            return False
        high = [at for at in false if self.values[at] > self.values[past.k]]
        low = [at for at in false if self.values[at] < self.values[past.q]]
        if np.ptp(self.values[high or [past.k]]) > self.step:
            return False
        if np.ptp(self.values[low or [past.q]]) <= self.step:
            return True
        gap = int(self.at_s[low[0]] - self.at_s[low[0] - 1])
        return int(self.values[low[0]]) > PACES * max(paces) * gap + self.step

    def _all_false(self, past: _Past) -> tuple[int, ...]:
        """Readings that a line leaves out, with those between its ends that were set aside before and stay so: one
        false reading beside another is a run of them, however each was found."""
        set_aside = [i for i in range(past.q + 1, past.k) if self.why.get(i) in (BreakKind.DIP, BreakKind.SLIP)]
        line = self.line(past.q)
        stay = (i for i in set_aside if not (self._follows(line, i) and self._is_below(i, past.k)))
        return tuple(sorted({*past.false, *stay}))

    def _is_below(self, i: int, k: int) -> bool:
        return -self.step <= int(self.values[k] - self.values[i])

    def _is_borne_out(self, k: int) -> bool:
        """True where a reading is the last, or any within reach after it stands as high."""
        until = int(np.searchsorted(self.at_s, self.at_s[k] + REACH_S, "right"))
        after = k + 1 + np.flatnonzero(self.keep[k + 1 : until])
        return not len(after) or int(self.values[after].max()) >= int(self.values[k]) - self.step

    def _climbs_alone(self, past: _Past, i: int) -> bool:
        """True where the readings after a fall climb back like a register of their own."""
        low = [at for at in past.false if at >= i]
        return len(low) > 1 and self.climb(low) > self.step and past.k <= self.run_end(i, REACH_S)

    def _choose(self, p: int, i: int, past: _Past, kind: BreakKind | None) -> BreakKind | None:
        """Choose between a line past false readings and a register that went on from elsewhere (of the evident kind, or
        of none): the one at the register's own pace, or None where that does not tell."""
        if kind is not None and not self._is_borne_out(past.k):
            return None
        paces = self.paces(past.q, past.k)
        time = int(self.at_s[past.k] - self.at_s[p])
        if not paces or time <= 0:
            return past.kind if past.k > self.run_end(i, REACH_S) else None
        counted = int(self.values[past.k])
        if kind is BreakKind.ROLLOVER and self.bound is not None:
            counted += self.bound.modulus - self.level(p)
        elif kind is None:
            counted -= int(self.values[i])
        is_past = self.is_pace(self.rise(past.q, past.k), int(self.at_s[past.k] - self.at_s[past.q]), paces)
        is_other = self.is_pace(counted, time, paces)
        if past.k > self.run_end(i, REACH_S):
            low = [at for at in past.false if at >= i]
            return None if kind is not None and is_other and np.ptp(self.values[low]) > self.step else past.kind
        if is_past and is_other:
            return None
        return past.kind if is_past else kind if is_other else None

    def _doubt(self, p: int, i: int) -> Doubt:
        """Name a break that nothing explains, and what would be false on either side of it."""
        before, after = self.level(p), int(self.values[i])
        line, end = self.line(p), self.run_end(i)
        later = i + np.flatnonzero(self.keep[i : end + 1])
        if after < before:
            low, high = later[self.values[later] < before], line[self.values[line] > after]
        else:
            low, high = line, later
        false_low, false_high = ((int(self.at_s[side[0]]), int(self.at_s[side[-1]])) for side in (low, high))
        return Doubt(int(self.at_s[p]), int(self.at_s[i]), before, after, false_low, false_high)
