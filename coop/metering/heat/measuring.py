"""One connection's use in a period, from the stands of the meters that hung there.

A ``Span`` is one register for part of the period: a meter exchange or a move makes two. All that the result depends on
is in the spans and the days of readings, so it can be computed again from what was written down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from coop.metering.heat.degree_days import ShareByTime, linear
from coop.metering.heat.lines import HORIZON_S
from coop.metering.heat.midnights import read_at_midnights, sum_at_midnights
from coop.metering.heat.model import Aside, Decided, Doubt, Misfit
from coop.metering.heat.stands import Count, Part, Point, count, parts, point
from coop.metering.model import DAY_S, Int64Array, Quality, QualityArray
from coop.metering.readings.blocks import Day, find_claimed
from coop.metering.readings.plausibility import HOUR_S, Bound

REACH_S = 92 * DAY_S
"""Distance from a bound within which a stand is looked for to estimate the bound from."""

Days = Mapping[int, Day]
"""Readings of one register by day since 1970-01-01."""


@dataclass(frozen=True)
class Span:
    """A register from ``from_s`` up to ``to_s`` [s since 1970]; ``step_s`` is 0 for stands. ``decided`` is what people
    said of its breaks."""

    serial: str
    register_id: str
    exponent: int
    step_s: int
    from_s: int
    to_s: int
    bound: Bound | None = None
    decided: tuple[Decided, ...] = ()


@dataclass(frozen=True)
class Use:
    """Use that a span counted: its parts with a hash over the readings behind each, and what is uncertain about it.

    ``open_s`` holds the instants between which a reading would change an estimated bound; ``gap_s`` is the longest such
    stretch, None where a bound has no reading on one side at all. ``asides`` are readings that do not count, ``doubts``
    the breaks that nobody may bill over; ``watched_s`` holds the instants between which a reading would shed light on
    a break; ``is_broken`` says that there is any among the readings that were looked at, and ``is_at_edge`` that these
    begin or end with a bound, so that nothing beyond it says whether its stand is right. ``misfits`` are claims beside
    a device that two people have to decide on; ``unheard_s`` holds the instants between which the device itself would
    judge what one account alone says.
    """

    span: Span
    parts: tuple[Part, ...]
    hashes: tuple[str, ...]
    estimated: bool
    open_s: tuple[tuple[int, int], ...]
    gap_s: int | None
    asides: tuple[Aside, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    watched_s: tuple[tuple[int, int], ...] = ()
    is_broken: bool = False
    is_at_edge: bool = False
    misfits: tuple[Misfit, ...] = ()
    unheard_s: tuple[tuple[int, int], ...] = ()

    @property
    def energy(self) -> Decimal:
        """In base units, exact."""
        return Decimal(sum(part.energy for part in self.parts)).scaleb(self.span.exponent)


def use_of(span: Span, days: Days, share: ShareByTime = linear) -> Use | None:
    """Count a span; None where its register has no reading at all."""
    if span.step_s:
        return _sum_of(span, days)
    register = count_days(span, days)
    if not len(register.at_s):
        return None
    start, end = point(register, span.from_s, share), point(register, span.to_s, share)
    found = [replace(part, midnights=_read_at_midnights(register, part)) for part in parts(register, start, end)]
    around = [bound for bound in (start, end) if not bound.is_exact]
    missing = any(bound.before_s is None or bound.after_s is None for bound in around)
    gaps = [
        bound.after_s - bound.before_s for bound in around if bound.before_s is not None and bound.after_s is not None
    ]
    return Use(
        span,
        tuple(found),
        tuple(_hash(span, register, part) for part in found),
        any(quality == Quality.ESTIMATED for part in found for quality in (part.start.quality, part.end.quality)),
        tuple(
            (
                bound.at_s - REACH_S if bound.before_s is None else bound.before_s,
                bound.at_s + REACH_S if bound.after_s is None else bound.after_s,
            )
            for bound in around
        ),
        None if missing else max(gaps, default=0),
        tuple(one for one in register.asides if span.from_s <= one.at_s <= span.to_s),
        tuple(one for one in register.doubts if one.before_s < span.to_s and one.at_s > span.from_s),
        _watch(span, register),
        bool(register.asides or register.doubts or register.breaks),
        bool(register.at_s[0] >= span.from_s or register.at_s[-1] <= span.to_s),
        tuple(one for one in register.misfits if one.before_s < span.to_s and one.at_s > span.from_s),
        _watch_claims(span, register),
    )


def _read_at_midnights(register: Count, part: Part) -> tuple[int | None, ...]:
    start, end = part.start, part.end
    return read_at_midnights(register.at_s, register.counted, register.quality, start.at_s, end.at_s, start.counted)


def _watch(span: Span, register: Count) -> tuple[tuple[int, int], ...]:
    """Instants after the last reading between which another one would show more of a break in the span."""
    last_s = int(register.at_s[-1])
    broken_s = [aside.at_s for aside in register.asides] + [doubt.at_s for doubt in register.doubts]
    broken_s += [int(register.at_s[one.index + 1]) for one in register.breaks]
    near_s = [at_s for at_s in broken_s if span.from_s <= at_s <= span.to_s and last_s < at_s + HORIZON_S]
    return tuple((last_s, at_s + HORIZON_S) for at_s in near_s)


def _watch_claims(span: Span, register: Count) -> tuple[tuple[int, int], ...]:
    """Instants between which a device would judge claims of this span: one that fell silent before them, one that
    spoke only after them, or one that was not heard at all."""
    if register.claimed is None or not register.claimed.any():
        return ()
    heard_s = register.at_s[~register.claimed].tolist()
    if not heard_s:
        return ((span.from_s - REACH_S, span.to_s + REACH_S),)
    watched = []
    if register.claimed[0] and heard_s[0] > span.from_s:
        watched.append((span.from_s - REACH_S, heard_s[0]))
    if register.claimed[-1] and heard_s[-1] < span.to_s:
        watched.append((heard_s[-1], span.to_s + REACH_S))
    return tuple(watched)


def count_days(span: Span, days: Days) -> Count:
    """All readings of a span's register as one count."""
    order = sorted(days)
    if not order:
        return count(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8), span.bound)
    claimed = None
    if any(days[day].claimed is not None for day in order):
        claimed = np.concatenate([find_claimed(days[day]) for day in order])
    return count(
        np.concatenate([days[day].offsets + day * DAY_S for day in order]),
        np.concatenate([days[day].values for day in order]),
        np.concatenate([days[day].quality for day in order]),
        span.bound,
        span.decided,
        claimed,
    )


def _sum_of(span: Span, days: Days) -> Use:
    """Interval values within the span, as a register that starts at zero; what is missing counts as nothing."""
    at_s = np.concatenate([days[day].offsets + day * DAY_S for day in sorted(days)] or [np.empty(0, np.int64)])
    values = np.concatenate([days[day].values for day in sorted(days)] or [np.empty(0, np.int64)])
    quality = np.concatenate([days[day].quality for day in sorted(days)] or [np.empty(0, np.uint8)])
    inside = (at_s >= span.from_s) & (at_s + span.step_s <= span.to_s)
    total, there = int(values[inside].sum()), int(inside.sum())
    # Part of an interval at a bound, where a meter was exchanged, is no gap; a civil day that is shorter is one.
    missing = span.to_s - span.from_s - there * span.step_s >= min(span.step_s, HOUR_S)
    estimated = missing or bool((quality[inside] == Quality.ESTIMATED).any())
    # A device's readings around it, however far, would judge what one account says of the time between.
    is_claimed = any(days[day].claimed is not None for day in days)
    how = Quality.ESTIMATED if estimated else Quality.MEASURED
    start = Point(span.from_s, 0, how, span.from_s, span.from_s)
    end = Point(span.to_s, total, how, span.to_s, span.to_s)
    digest = hashlib.sha256(span.register_id.encode())
    for column in (at_s[inside], values[inside], quality[inside]):
        digest.update(np.ascontiguousarray(column).tobytes())
    return Use(
        span,
        (Part(start, end, 0, total, _sum_at_midnights(span, at_s[inside], values[inside], quality[inside])),),
        (digest.hexdigest(),),
        estimated,
        ((span.from_s, span.to_s),) if missing else (),
        None if missing else 0,
        unheard_s=((span.from_s - REACH_S, span.to_s + REACH_S),) if is_claimed else (),
    )


def _sum_at_midnights(
    span: Span, at_s: Int64Array, values: Int64Array, quality: QualityArray
) -> tuple[int | None, ...]:
    return sum_at_midnights(at_s, values, quality, span.step_s, span.from_s, span.to_s)


def _hash(span: Span, register: Count, part: Part) -> str:
    """Over the readings that the part's ends come from: the same readings, however they arrived, give the same hash."""
    told = [span.register_id, str(span.exponent)]
    for end in (part.start, part.end):
        for at_s in (end.before_s, end.after_s):
            if at_s is not None:
                i = int(register.at_s.searchsorted(at_s))
                told.append(f"{at_s} {register.stands[i]} {register.quality[i]}")
    told += [f"{part.start.at_s} {part.from_stand}", f"{part.end.at_s} {part.to_stand}"]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def total_energy(uses: Sequence[Use]) -> Decimal:
    """Sum of several spans, in base units, exact and written without an exponent or needless zeros."""
    total = sum((use.energy for use in uses), Decimal(0))
    return total.quantize(Decimal(1)) if total == total.to_integral_value() else total.normalize()
