"""Counters: what one meter tells of one quantity for a part of a period, in one shape or in several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from coop.metering.heat.degree_days import ShareByTime, linear
from coop.metering.heat.measuring import REACH_S, Days, Span, Use, use_of
from coop.metering.heat.model import Decided
from coop.metering.heat.shapes import NO_TILES, Disagreement, Tiles, join_shapes, lay, tile
from coop.metering.model import DAY_S, Meter, Quantity, Shape
from coop.metering.readings.days import Stored
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import find_devices, seconds
from coop.values import Period

Stock = Mapping[str, Mapping[int, Stored]]
"""Days of readings by register."""

Counted = tuple[list[tuple[Span, Use | None]], list[Disagreement]]
"""Spans of a counter with the count of each, and where its shapes disagree."""


@dataclass(frozen=True)
class MeterCounter:
    """The registers of one meter and quantity as spans of the same time: cumulative readings, intervals, civil days, or
    several of these."""

    readings: Span | None
    intervals: Span | None
    days: Span | None = None

    @property
    def register_ids(self) -> tuple[str, ...]:
        """Ids of its registers."""
        return tuple(span.register_id for span in (self.readings, *self._tiled) if span is not None)

    @property
    def _tiled(self) -> list[Span]:
        """Spans of the registers that tell of times, and not of instants."""
        return [span for span in (self.intervals, self.days) if span is not None]

    def within(self, from_s: int, to_s: int) -> MeterCounter:
        """The same for another time [s since 1970]."""
        every = (self.readings, self.intervals, self.days)
        return MeterCounter(*(span and replace(span, from_s=from_s, to_s=to_s) for span in every))

    def count(self, stock: Stock) -> Counted:
        """Counts of it, span by span in the order of time, and where its shapes disagree."""
        spans, disagreements = self._join(stock)
        return [(span, self.use(span, stock)) for span in spans], disagreements

    def use(self, span: Span, stock: Stock, share: ShareByTime = linear) -> Use | None:
        """Count of one of its spans."""
        return use_of(span, _contents(span, stock), share)

    def is_claimed(self, stock: Stock) -> bool:
        """True where one account alone answers for any of it: a device may have said otherwise before and after."""
        days = (one for register_id in self.register_ids for one in stock.get(register_id, {}).values())
        return any(one.content.claimed is not None for one in days)

    def is_at_edge(self, stock: Stock) -> bool:
        """True where it is only read, and nothing was read beyond one of its bounds: days further away may tell more,
        whatever is made of these. False where that shows only once it is counted."""
        if self.readings is None or self._tiled:
            return False
        offsets = {day: one.content.offsets for day, one in stock.get(self.readings.register_id, {}).items()}
        told = [day for day, at in offsets.items() if len(at)]
        if not told:
            return True
        first, last = min(told), max(told)
        return (
            first * DAY_S + int(offsets[first][0]) >= self.readings.from_s
            or last * DAY_S + int(offsets[last][-1]) <= self.readings.to_s
        )

    def _join(self, stock: Stock) -> tuple[list[Span], list[Disagreement]]:
        spans = self._tiled
        around = [tile(stock.get(span.register_id, {}), source) for source, span in enumerate(spans)]
        tiles = [one.within(span.from_s, span.to_s) for one, span in zip(around, spans, strict=True)]
        contents = _contents(self.readings, stock) if self.readings is not None else {}
        return join_shapes(spans, _lay(tiles), _lay(around), self.readings, contents)


def _lay(tiles: Sequence[Tiles]) -> Tiles:
    return lay(*tiles) if len(tiles) > 1 else tiles[0] if tiles else NO_TILES


def find_counter(
    store: Store,
    meter: Meter,
    quantity: Quantity,
    between_s: tuple[int, int],
    decided: Mapping[str, tuple[Decided, ...]],
    day: date,
) -> MeterCounter | None:
    """The counter of a meter between two instants [s since 1970], with the limits of a day; None where it was never
    read."""
    spans: dict[Shape, Span] = {}
    for shape, register in store.shapes_of(meter.serial, quantity).items():
        bound = store.parameters.bound_of(meter, register, day)
        known = decided.get(register.id, ())
        spans[shape] = Span(meter.serial, register.id, register.exponent, 0, *between_s, bound, known)
    return MeterCounter(*(spans.get(shape) for shape in (Shape.STAND, Shape.INTERVAL, Shape.DAY))) if spans else None


def load_days(store: Store, period: Period, counters: Iterable[MeterCounter]) -> dict[str, dict[int, Stored]]:
    """Days of readings around a period, and further ones where these do not tell enough."""
    return load_counts(store, period, counters)[0]


def days_around(period: Period) -> tuple[int, int]:
    """First and last of the UTC days that are read for a period, where these tell enough."""
    return seconds(period.start_at) // DAY_S - 1, seconds(period.end_at) // DAY_S + 1


def days_within_reach(period: Period) -> tuple[int, int]:
    """First and last of those that are read where these do not tell enough."""
    first_day, last_day = days_around(period)
    return first_day - REACH_S // DAY_S, last_day + REACH_S // DAY_S


def load_counts(
    store: Store, period: Period, counters: Iterable[MeterCounter]
) -> tuple[dict[str, dict[int, Stored]], dict[MeterCounter, Counted]]:
    """The same with the counts of those for which the days around the period were enough, as they mostly are."""
    counters = list(counters)
    first_day, last_day = days_around(period)
    days = store.days({identity for one in counters for identity in one.register_ids}, first_day, last_day)
    reach = days_within_reach(period)
    claimed = {one.readings.register_id for one in counters if one.readings is not None and one.is_claimed(days)}
    spoken = find_devices(store.tx, claimed, *reach)
    counts = {one: one.count(days) for one in counters if not one.is_at_edge(days)}
    wide = {
        identity
        for one in counters
        if one not in counts
        or (one.readings is not None and one.readings.register_id in spoken)
        or _looks_further(counts[one])
        for identity in one.register_ids
    }
    enough = {one: counted for one, counted in counts.items() if wide.isdisjoint(one.register_ids)}
    return days | store.days(wide, *reach), enough


def _looks_further(counted: Counted) -> bool:
    """True where the days did not tell enough: of a bound, or of a break."""
    spans, disagreements = counted
    return bool(disagreements) or any(
        use is None or use.gap_s is None or use.is_broken or use.is_at_edge for _, use in spans
    )


def _contents(span: Span, stock: Stock) -> Days:
    return {day: one.content for day, one in stock.get(span.register_id, {}).items()}
