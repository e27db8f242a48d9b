"""Review of a period's registers: readings that are set aside, with the reason, and breaks that nothing explains.

For pages and people: closing asks the same rules and blocks, whether anybody looks here or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from coop.kit.tx import Tx
from coop.metering.heat.counters import MeterCounter, load_days
from coop.metering.heat.decisions import list_decided
from coop.metering.heat.measuring import Span, count_days
from coop.metering.heat.model import Aside, Doubt
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import CUMULATIVE, Register, Shape
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import seconds
from coop.values import Period


@dataclass(frozen=True)
class Review:
    """One register of which something needs a look; values are in its units, ``10 ** register.exponent``."""

    register: Register
    asides: tuple[Aside, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True)
class Judged:
    """Meaning of a register's readings in a period: which of them are set aside, after which instants [s since 1970] it
    went on from elsewhere and why, and what nothing explains."""

    asides: tuple[Aside, ...] = ()
    breaks: tuple[tuple[int, BreakKind], ...] = ()
    doubts: tuple[Doubt, ...] = ()


def judge_readings(tx: Tx, register: Register, period: Period, known_at: datetime | None = None) -> Judged:
    """Say what a register's readings in a period mean, as is known now or was at an instant; of intervals there is
    nothing to say."""
    if register.shape is not Shape.STAND or register.quantity not in CUMULATIVE:
        return Judged()
    store = Store(tx, known_at)
    span = _spans(store, period, [register])[0][1]
    counter = MeterCounter(span, None)
    days = load_days(store, period, [counter]).get(register.id, {})
    counted = count_days(span, {day: one.content for day, one in days.items()})
    broken = [(int(counted.at_s[one.index + 1]), one.kind) for one in counted.breaks]
    return Judged(
        tuple(one for one in counted.asides if span.from_s <= one.at_s <= span.to_s),
        tuple(pair for pair in broken if span.from_s <= pair[0] <= span.to_s and pair[1] is not BreakKind.UNKNOWN),
        tuple(one for one in counted.doubts if one.before_s < span.to_s and one.at_s > span.from_s),
    )


def _spans(store: Store, period: Period, registers: Iterable[Register]) -> list[tuple[Register, Span]]:
    meters = store.by_serial
    between_s = seconds(period.start_at), seconds(period.end_at)
    decided = list_decided(store.tx, store.known_at)
    spans = []
    for register in registers:
        if register.shape is Shape.STAND and register.quantity in CUMULATIVE:
            bound = store.parameters.bound_of(meters[register.serial], register, period.start)
            known = decided.get(register.id, ())
            spans.append((register, Span(register.serial, register.id, register.exponent, 0, *between_s, bound, known)))
    return spans


def review_period(tx: Tx, period: Period) -> list[Review]:
    """Registers of cumulative readings of which anything in a period is set aside or unexplained, by meter."""
    store = Store(tx)
    spans = _spans(store, period, store.registers.values())
    counters = [(register, MeterCounter(span, None)) for register, span in spans]
    days = load_days(store, period, [counter for _, counter in counters])
    reviews = []
    for register, counter in counters:
        [(_, use)], _ = counter.count(days)
        if use is not None and (use.asides or use.doubts):
            reviews.append(Review(register, use.asides, use.doubts))
    return sorted(reviews, key=lambda review: (review.register.serial, review.register.quantity))
