"""Review of a period's registers: readings that are set aside, with the reason, and breaks that nothing explains.

For pages and people: closing asks the same rules and blocks, whether anybody looks here or not.
"""

from __future__ import annotations

from dataclasses import dataclass

from coop.kit.tx import Tx
from coop.metering.heat.breaks import Aside, Doubt
from coop.metering.heat.counters import MeterCounter, load_days
from coop.metering.heat.decisions import list_decided
from coop.metering.heat.measuring import Span
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


def review_period(tx: Tx, period: Period) -> list[Review]:
    """Registers of cumulative readings of which anything in a period is set aside or unexplained, by meter."""
    store = Store(tx)
    meters = {meter.serial: meter for meter in store.meters}
    between_s = seconds(period.start_at), seconds(period.end_at)
    decided = list_decided(tx)
    counters: list[tuple[Register, MeterCounter]] = []
    for register in store.registers.values():
        if register.shape is Shape.STAND and register.quantity in CUMULATIVE:
            bound = store.parameters.bound_of(meters[register.serial], register, period.start)
            known = decided.get(register.id, ())
            span = Span(register.serial, register.id, register.exponent, 0, *between_s, bound, known)
            counters.append((register, MeterCounter(span, None)))
    days = load_days(store, period, [counter for _, counter in counters])
    reviews = []
    for register, counter in counters:
        [(_, use)], _ = counter.count(days)
        if use is not None and (use.asides or use.doubts):
            reviews.append(Review(register, use.asides, use.doubts))
    return sorted(reviews, key=lambda review: (review.register.serial, review.register.quantity))
