"""What the law makes of a tariff's prices on the days on which it binds, whatever was voted and whoever was told.

A price above the maximum of a day is by law that maximum (Warmtewet art. 5 lid 6), and the rate of VAT is that of the
day of consumption. Neither needs a notice or a clause, and both reach contracts that have ended. Where only the total
of the fixed parts has a maximum, what goes above it comes off the standing charge: a choice.

Source: docs/domain/heat-tariffs-and-guarantee.md#rules-about-the-maximum (E3); docs/domain/vat-and-bills.md#vat (E5).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise

from coop.billing.model import LegalPrice, Tariff, TariffSpan
from coop.communities.law import MAXIMA_VAT, law_days, maxima_on, restate, vat_on
from coop.communities.tariffs import FIXED_PRICES, FIXED_TOTAL, PRICES
from coop.values import Period

STANDING = FIXED_PRICES[0]


def hold_to_law(spans: Iterable[TariffSpan], known_on: date) -> tuple[TariffSpan, ...]:
    """The spans with what the law makes of them as known on a day, cut where that changes."""
    held: list[TariffSpan] = []
    for span in spans:
        for part in _cut(span.period):
            lawful = _hold(span.tariff, part, known_on)
            last = held[-1] if held else None
            if last is not None and last.period.end == part.start and _same(last, lawful):
                held[-1] = TariffSpan(Period(last.period.start, part.end), last.tariff, last.lowered, last.vat_rate)
            else:
                held.append(lawful)
    return tuple(held)


def law_of(period: Period, known_on: date) -> tuple[str, ...]:
    """The law of a period as known on a day, to tell whether it is still the same."""
    return tuple(
        f"{part.start} {vat_on(part.start)} "
        + " ".join(f"{m.component}={m.price_eur}" for m in maxima_on(part.start, known_on))
        for part in _cut(period)
    )


def _cut(period: Period) -> list[Period]:
    bounds = [period.start, *law_days(period), period.end]
    return [Period(start, end) for start, end in pairwise(bounds)]


def _same(span: TariffSpan, other: TariffSpan) -> bool:
    return (span.tariff, span.lowered, span.vat_rate) == (other.tariff, other.lowered, other.vat_rate)


def _hold(tariff: Tariff, days: Period, known_on: date) -> TariffSpan:
    """The span of some days on which the law does not change."""
    rate = vat_on(days.start)
    prices = {name: restate(getattr(tariff, name), tariff.vat_rate, rate) for name in PRICES}
    limits = {m.component: restate(m.price_eur, MAXIMA_VAT, rate) for m in maxima_on(days.start, known_on)}
    lawful = {name: min(price, limits.get(name, price)) for name, price in prices.items()}
    fixed = sum((lawful[name] for name in FIXED_PRICES), Decimal(0))
    excess = fixed - limits.get(FIXED_TOTAL, fixed)
    if excess > 0:
        lawful[STANDING] = max(Decimal(0), lawful[STANDING] - excess)
    lowered = tuple(LegalPrice(name, price) for name, price in lawful.items() if price != getattr(tariff, name))
    return TariffSpan(days, tariff, lowered, rate if rate != tariff.vat_rate else None)
