"""One truth for a quantity that a meter tells in two shapes: cumulative readings, and the values of intervals.

Intervals count where they are complete; cumulative readings bridge the gaps between them, from the last reading before
a gap to the first after it, so that nothing there is estimated that a reading knows. Where only one shape is there, it
counts. So a reading that is added to complete intervals changes nothing in the months that they cover.

Where both tell the same stretch they have to agree within the coarseness of both:
``|v(s1) - v(s0) - sum of the intervals from s0 to s1| <= 2 * step``, s0 and s1 the first and the last reading of an
unbroken stretch of intervals. Otherwise one of them is wrong, and people say which.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from coop.metering.heat.breaks import Decided
from coop.metering.heat.measuring import Days, Span, count_days, use_of
from coop.metering.heat.stands import Count
from coop.metering.model import DAY_S, Int64Array
from coop.metering.verdicts import BreakKind

Stretch = tuple[int, int]
"""From an instant up to another [s since 1970]."""


@dataclass(frozen=True)
class Disagreement:
    """Energy of one stretch by a meter's cumulative readings and by its intervals [base units], too far apart."""

    register_id: str
    serial: str
    from_s: int
    to_s: int
    by_readings: Decimal
    by_intervals: Decimal


def join_shapes(
    readings: Span, readings_days: Days, intervals: Span, intervals_days: Days
) -> tuple[list[Span], list[Disagreement]]:
    """Choose for each part of a span the shape that counts; both spans are of one meter and quantity, and as long.

    Returns the spans that count, in the order of time, and where the two shapes disagree.
    """
    step_s = intervals.step_s
    starts = _starts_within(intervals, intervals_days)
    counted = count_days(readings, readings_days)
    if not step_s or not len(starts):
        return [readings], []
    if not len(counted.at_s):
        return [intervals], []
    by_readings = [(one.before_s, one.at_s) for one in readings.decided if one.kind is BreakKind.READINGS]
    gaps = _merge([*_gaps(intervals, starts), *_clip(by_readings, intervals)])
    bridged = _merge(_clip([_widen(gap, counted, intervals) for gap in gaps], intervals))
    bridged = [gap for gap in bridged if _bridges(replace(readings, from_s=gap[0], to_s=gap[1]), readings_days)]
    spans, disagreements = [], []
    for from_s, to_s in _between(bridged, intervals):
        span = replace(intervals, from_s=from_s, to_s=to_s)
        spans.append(span)
        if not _gaps(span, starts[(starts >= from_s) & (starts < to_s)]):
            disagreements += _compare(span, intervals_days, readings, counted)
    spans += [replace(readings, from_s=from_s, to_s=to_s) for from_s, to_s in bridged]
    return sorted(spans, key=lambda span: span.from_s), disagreements


def _starts_within(span: Span, days: Days) -> Int64Array:
    at_s = np.concatenate([days[day].offsets + day * DAY_S for day in sorted(days)] or [np.empty(0, np.int64)])
    return np.asarray(at_s[(at_s >= span.from_s) & (at_s + span.step_s <= span.to_s)])


def _gaps(span: Span, starts: Int64Array) -> list[Stretch]:
    """Stretches of a span of which no interval tells."""
    edges = np.concatenate([[span.from_s - span.step_s], starts, [span.to_s]])
    ends = edges[:-1] + span.step_s
    return [(int(end), int(start)) for end, start in zip(ends, edges[1:], strict=True) if start > end]


def _widen(gap: Stretch, counted: Count, span: Span) -> Stretch:
    """A gap out to the readings around it that lie where an interval begins."""
    at_s = counted.at_s[(counted.at_s - span.from_s) % span.step_s == 0]
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
    """What stretches in order leave of a span."""
    edges = [span.from_s, *(edge for stretch in stretches for edge in stretch), span.to_s]
    return [(from_s, to_s) for from_s, to_s in zip(edges[::2], edges[1::2], strict=True) if from_s < to_s]


def _compare(span: Span, days: Days, readings: Span, counted: Count) -> list[Disagreement]:
    """Ask an unbroken stretch of intervals whether the cumulative readings in it say the same."""
    inside = (counted.at_s >= span.from_s) & (counted.at_s <= span.to_s)
    places = np.flatnonzero(inside & ((counted.at_s - span.from_s) % span.step_s == 0))
    if len(places) < 2 or readings.bound is None:
        return []
    from_s, to_s = int(counted.at_s[places[0]]), int(counted.at_s[places[-1]])
    if _is_decided(readings.decided, from_s, to_s):
        return []
    by_readings = Decimal(int(counted.counted[places[-1]] - counted.counted[places[0]])).scaleb(readings.exponent)
    use = use_of(replace(span, from_s=from_s, to_s=to_s), days)
    by_intervals = use.energy if use is not None else Decimal(0)
    if abs(by_readings - by_intervals) <= 2 * Decimal(readings.bound.step).scaleb(readings.exponent):
        return []
    return [Disagreement(readings.register_id, readings.serial, from_s, to_s, by_readings, by_intervals)]


def _is_decided(decided: Sequence[Decided], from_s: int, to_s: int) -> bool:
    """True where people said that the intervals are right."""
    return any(one.kind is BreakKind.INTERVALS and one.before_s <= from_s and to_s <= one.at_s for one in decided)
