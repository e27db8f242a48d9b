"""One truth for a quantity that a meter tells in several shapes: cumulative readings, the values of intervals of any
length, and those of civil days.

Intervals count where they are complete. A civil day that they do not fill counts by its own value, where that is no
less than what they tell of it; so does one whose value ranks higher than theirs. Cumulative readings bridge what is
then left open, from the last reading before a gap to the first after it, so that nothing there is estimated that a
reading knows. Where only one shape is there, it counts. So a reading that is added to complete intervals changes
nothing in the months that they cover.

Where readings and the others tell the same stretch they have to agree within the coarseness of both:
``|v(s1) - v(s0) - sum of the values from s0 to s1| <= 2 * step``, s0 and s1 the first and the last reading of an
unbroken stretch. Otherwise one of them is wrong, and people say which. Intervals that one account alone answers for
have to lie on the line between the device's readings around them, at each midnight and at their end, also where these
readings lie beyond what the intervals tell (``claims``)::

    |sum of the claims so far - (v(b) - v(a)) * time that they tell of so far / (b - a)| <= 2 * step

a and b are readings of the device that follow each other. Until people say that the claims are right, the readings
count there. Claims that a gap beside them leaves to the readings count for nothing, and are not asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from coop.metering.heat.claims import DOORS, is_on_line
from coop.metering.heat.measuring import Days, Span, count_days, use_of
from coop.metering.heat.midnights import midnights_between
from coop.metering.heat.model import Decided
from coop.metering.heat.stands import Count
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import DAY_S, Int64Array
from coop.metering.readings.blocks import RANK, find_claimed
from coop.metering.readings.days import Stored

Stretch = tuple[int, int]
"""From an instant up to another [s since 1970]."""


@dataclass(frozen=True)
class Disagreement:
    """Energy of one stretch by a meter's cumulative readings and by its intervals [base units], too far apart: as a
    whole, or (``is_within``) only at a midnight within it."""

    register_id: str
    serial: str
    from_s: int
    to_s: int
    by_readings: Decimal
    by_intervals: Decimal
    is_within: bool = False


@dataclass(frozen=True)
class Tiles:
    """Values over a time each, in the order of time, shape (n,): when each begins and how long it lasts [s], its value
    and its rank, of which register it is (``source``), and whether one account alone answers for it (1). A claim ranks
    just below what a device said with the same quality."""

    starts: Int64Array
    steps_s: Int64Array
    values: Int64Array
    ranks: Int64Array
    source: Int64Array
    claimed: Int64Array

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def ends(self) -> Int64Array:
        """End of each."""
        return np.asarray(self.starts + self.steps_s)

    def take(self, which: NDArray[np.bool_] | Int64Array) -> Tiles:
        """Some of them."""
        return Tiles(*(column[which] for column in vars(self).values()))

    def within(self, from_s: int, to_s: int) -> Tiles:
        """Those that lie between two instants."""
        return self.take((self.starts >= from_s) & (self.ends <= to_s))

    def cuts(self, at_s: Int64Array) -> NDArray[np.bool_]:
        """True for each instant that lies inside one of them."""
        if not len(self):
            return np.zeros(len(at_s), np.bool_)
        before = np.searchsorted(self.starts, at_s, "right") - 1
        return np.asarray((before >= 0) & (at_s > self.starts[before]) & (at_s < self.ends[before]))


NO_TILES = Tiles(*[np.empty(0, np.int64)] * 6)


def tile(stored: Mapping[int, Stored], source: int = 0) -> Tiles:
    """The values of a register."""
    days = [stored[day] for day in sorted(stored)]
    nothing = [np.empty(0, np.int64)]
    claimed = np.concatenate([find_claimed(one.content).astype(np.int64) for one in days] or nothing)
    return Tiles(
        np.concatenate([one.content.offsets + one.day * DAY_S for one in days] or nothing),
        np.concatenate([np.full(len(one.content), one.step_s, np.int64) for one in days] or nothing),
        np.concatenate([one.content.values for one in days] or nothing),
        2 * np.concatenate([RANK[one.content.quality] for one in days] or nothing) - claimed,
        np.concatenate([np.full(len(one.content), source, np.int64) for one in days] or nothing),
        claimed,
    )


def lay(intervals: Tiles, days: Tiles) -> Tiles:
    """Intervals with the civil days that count in their place; no two of what is returned overlap."""
    if not len(days):
        return intervals
    keep, chosen = np.ones(len(intervals), np.bool_), np.zeros(len(days), np.bool_)
    for k, (start, end) in enumerate(zip(days.starts.tolist(), days.ends.tolist(), strict=True)):
        touched = (intervals.starts < end) & (intervals.ends > start)
        inside = intervals.take(touched & (intervals.starts >= start) & (intervals.ends <= end))
        is_whole = int(inside.steps_s.sum()) == end - start
        is_outranked = days.ranks[k] > inside.ranks.max(initial=-1)
        if is_outranked or (not is_whole and int(days.values[k]) >= int(inside.values.sum())):
            chosen[k] = True
            keep[touched] = False
    kept = [intervals.take(keep), days.take(chosen)]
    joined = Tiles(*(np.concatenate(columns) for columns in zip(*(vars(one).values() for one in kept), strict=True)))
    return joined.take(np.argsort(joined.starts, kind="stable"))


def join_shapes(
    spans: Sequence[Span], tiles: Tiles, around: Tiles, readings: Span | None, readings_days: Days
) -> tuple[list[Span], list[Disagreement]]:
    """Choose for each part of a time the register that counts; ``spans`` are those of the registers that ``tiles`` are
    of, by their number, and as long as that of the ``readings``; ``around`` has the tiles beyond it as well.

    Returns the spans that count, in the order of time, and where readings and the others disagree.
    """
    if not len(tiles):
        return [readings or spans[0]], []
    whole = spans[0]
    if readings is None:
        return _cut(spans, tiles, whole.from_s, whole.to_s), []
    counted = count_days(readings, readings_days)

    def bridge(gaps: Iterable[Stretch]) -> list[Stretch]:
        wide = _merge(_clip([_widen(gap, counted, tiles) for gap in _merge(_clip(gaps, whole))], whole))
        return [gap for gap in wide if _bridges(replace(readings, from_s=gap[0], to_s=gap[1]), readings_days)]

    by_readings = [(one.before_s, one.at_s) for one in readings.decided if one.kind is BreakKind.READINGS]
    gaps = [*_gaps(tiles, whole.from_s, whole.to_s), *by_readings]
    bridged = bridge(gaps)
    misfits = _find_misfits(spans, around, readings, counted, _between(bridged, whole))
    if misfits:
        bridged = bridge([*gaps, *((one.from_s, one.to_s) for one in misfits)])
    found: list[Span] = []
    disagreements = [one for one in misfits if not _is_within((one.from_s, one.to_s), by_readings)]
    for from_s, to_s in _between(bridged, whole):
        found += _cut(spans, tiles, from_s, to_s)
        laid = tiles.within(from_s, to_s)
        if not _gaps(laid, from_s, to_s):
            disagreements += _compare(spans, laid, readings, counted, (from_s, to_s))
    found += [replace(readings, from_s=from_s, to_s=to_s) for from_s, to_s in bridged]
    return sorted(found, key=lambda span: span.from_s), disagreements


def _cut(spans: Sequence[Span], tiles: Tiles, from_s: int, to_s: int) -> list[Span]:
    """The spans of a stretch, each of one register and one step; what is missing belongs to what lies before it."""
    inside = tiles.within(from_s, to_s)
    if not len(inside):
        nearest = min(int(np.searchsorted(tiles.starts, from_s)), len(tiles) - 1)
        inside = tiles.take(np.array([nearest]))
    changes = np.flatnonzero((np.diff(inside.source) != 0) | (np.diff(inside.steps_s) != 0)) + 1
    edges = [from_s, *inside.starts[changes].tolist(), to_s]
    return [
        replace(spans[inside.source[i]], step_s=int(inside.steps_s[i]), from_s=start, to_s=end)
        for i, start, end in zip([0, *changes.tolist()], edges[:-1], edges[1:], strict=True)
    ]


def _gaps(tiles: Tiles, from_s: int, to_s: int) -> list[Stretch]:
    """Stretches between two instants of which none of the tiles tells."""
    ends, starts = np.append(from_s, tiles.ends), np.append(tiles.starts, to_s)
    return [(int(end), int(start)) for end, start in zip(ends, starts, strict=True) if start > end]


def _widen(gap: Stretch, counted: Count, tiles: Tiles) -> Stretch:
    """A gap out to the readings around it that lie in no tile."""
    at_s = counted.at_s[~tiles.cuts(counted.at_s)]
    before, after = at_s[at_s <= gap[0]], at_s[at_s >= gap[1]]
    return (int(before[-1]) if len(before) else gap[0], int(after[0]) if len(after) else gap[1])


def _bridges(span: Span, days: Days) -> bool:
    """True where cumulative readings lie on both sides of both ends."""
    use = use_of(span, days)
    return use is not None and use.gap_s is not None


def _clip(stretches: Iterable[Stretch], span: Span) -> list[Stretch]:
    clipped = [(max(from_s, span.from_s), min(to_s, span.to_s)) for from_s, to_s in stretches]
    return [stretch for stretch in clipped if stretch[0] < stretch[1]]


def _merge(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches in order, those that touch as one.

    >>> _merge([(5, 9), (1, 3), (3, 6)])
    [(1, 9)]
    """
    merged: list[Stretch] = []
    for from_s, to_s in sorted(stretches):
        if merged and from_s <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], to_s))
        else:
            merged.append((from_s, to_s))
    return merged


def _between(stretches: Sequence[Stretch], span: Span) -> list[Stretch]:
    """Rest that stretches in order leave of a span."""
    edges = [span.from_s, *(edge for stretch in stretches for edge in stretch), span.to_s]
    return [(from_s, to_s) for from_s, to_s in zip(edges[::2], edges[1::2], strict=True) if from_s < to_s]


def _find_misfits(
    spans: Sequence[Span], tiles: Tiles, readings: Span, counted: Count, counting: Sequence[Stretch]
) -> list[Disagreement]:
    """Stretches of intervals, of which any lies in a span, that one account alone tells otherwise than the device's
    readings around them: all between two readings where they tell it whole, else the claims that count (within
    ``counting``)."""
    if readings.bound is None or not tiles.claimed.any():
        return []
    by_device = ~counted.claimed if counted.claimed is not None else np.ones(len(counted.at_s), np.bool_)
    places = np.flatnonzero(by_device & ~tiles.cuts(counted.at_s))
    at_s, count = counted.at_s[places], counted.counted[places]
    edges = np.searchsorted(tiles.starts, at_s)
    deciding = (tiles.claimed > 0) & _lie_in(tiles, counting)
    laid_s, claims, decisive = (np.diff(_add_up(one)[edges]) for one in (tiles.steps_s, tiles.claimed, deciding))
    is_whole = laid_s == np.diff(at_s)
    whole = spans[0]
    asked = (at_s[:-1] < whole.to_s) & (at_s[1:] > whole.from_s) & (np.where(is_whole, claims, decisive) > 0)
    finest = min([readings.exponent, *(span.exponent for span in spans)])
    finer = np.array([10 ** (span.exponent - finest) for span in spans], np.int64)
    coarser = 10 ** (readings.exponent - finest)
    found = []
    for k in np.flatnonzero(asked).tolist():
        between = np.arange(edges[k], edges[k + 1])
        told = tiles.take(between if is_whole[k] else between[deciding[between]])
        energies = told.values * finer[told.source]
        line = int(at_s[k + 1] - at_s[k]), int(count[k + 1] - count[k])
        follows = _follow(told, energies, (line[0], line[1] * coarser), DOORS * readings.bound.step * coarser)
        from_s, to_s = int(told.starts[0]), int(told.ends[-1])
        if not all(follows) and not _is_decided(readings.decided, from_s, to_s):
            by_readings = Decimal(line[1] * int(told.steps_s.sum()) // line[0]).scaleb(readings.exponent)
            by_intervals = Decimal(int(energies.sum())).scaleb(finest)
            sums = by_readings, by_intervals
            found.append(Disagreement(readings.register_id, readings.serial, from_s, to_s, *sums, follows[-1]))
    return found


def _lie_in(tiles: Tiles, stretches: Iterable[Stretch]) -> NDArray[np.bool_]:
    inside = np.zeros(len(tiles), np.bool_)
    for from_s, to_s in stretches:
        inside |= (tiles.starts >= from_s) & (tiles.ends <= to_s)
    return inside


def _add_up(column: NDArray[np.bool_] | Int64Array) -> Int64Array:
    """Sums of all before each place, and of all."""
    return np.concatenate([[0], np.cumsum(column, dtype=np.int64)])


def _follow(told: Tiles, energies: Int64Array, line: tuple[int, int], margin: int) -> list[bool]:
    """Whether what tiles tell follows a line (so long, so much) at each midnight between them and, last, at their end;
    of the time alone that they tell of."""
    to_s = int(told.ends[-1])
    marks = np.searchsorted(told.starts, [*midnights_between(int(told.starts[0]), to_s), to_s])
    so_far = zip(*(_add_up(column)[marks].tolist() for column in (told.steps_s, energies)), strict=True)
    return [is_on_line(time_s, energy, (0, line[0], 0, line[1]), margin) for time_s, energy in so_far]


def _is_within(stretch: Stretch, others: Iterable[Stretch]) -> bool:
    return any(from_s <= stretch[0] and stretch[1] <= to_s for from_s, to_s in others)


def _compare(
    spans: Sequence[Span], tiles: Tiles, readings: Span, counted: Count, between_s: Stretch
) -> list[Disagreement]:
    """Ask an unbroken stretch of tiles whether the cumulative readings in it say the same."""
    inside = (counted.at_s >= between_s[0]) & (counted.at_s <= between_s[1])
    places = np.flatnonzero(inside & ~tiles.cuts(counted.at_s))
    if len(places) < 2 or readings.bound is None:
        return []
    from_s, to_s = int(counted.at_s[places[0]]), int(counted.at_s[places[-1]])
    if _is_decided(readings.decided, from_s, to_s):
        return []
    by_readings = Decimal(int(counted.counted[places[-1]] - counted.counted[places[0]])).scaleb(readings.exponent)
    laid = tiles.within(from_s, to_s)
    sums = [int(laid.values[laid.source == source].sum()) for source in range(len(spans))]
    by_intervals = sum(
        (Decimal(energy).scaleb(span.exponent) for span, energy in zip(spans, sums, strict=True)), Decimal(0)
    )
    if abs(by_readings - by_intervals) <= DOORS * Decimal(readings.bound.step).scaleb(readings.exponent):
        return []
    return [Disagreement(readings.register_id, readings.serial, from_s, to_s, by_readings, by_intervals)]


def _is_decided(decided: Sequence[Decided], from_s: int, to_s: int) -> bool:
    """True where people said that the intervals are right."""
    return any(one.kind is BreakKind.INTERVALS and one.before_s <= from_s and to_s <= one.at_s for one in decided)
