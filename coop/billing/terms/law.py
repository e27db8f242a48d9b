"""Prices that the law makes of a tariff's on the days on which it binds, whatever was voted and whoever was told.

A price above the maximum of a day is by law that maximum (Warmtewet art. 5 lid 6), for the class of the customer, and
the rate of VAT is that of the day of consumption. Neither needs a notice or a clause, and both reach contracts that
have ended. Where the fixed parts together are above the maximum of their total, that comes off the standing charge: a
choice.

Source: docs/domain/heat-tariffs-and-guarantee.md#rules-about-the-maximum (E3); docs/domain/vat-and-bills.md#vat (E5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from coop.billing.model import LegalPrice, LegalRate, Tariff, TariffSpan
from coop.billing.terms.dearer import price_on
from coop.communities.law import MAXIMA_VAT, VAT_CATEGORIES, Law, restate
from coop.communities.tariff_law import FIXED_TOTAL, UNREGULATED, limits_of
from coop.communities.tariffs import FIXED, METERED, Component, Product, of_class
from coop.values import Period


def hold_to_law(spans: Iterable[TariffSpan], law: Law, customer_class: str = "full") -> tuple[TariffSpan, ...]:
    """The spans with what the law makes of them for a class of customers; cut where that changes."""
    held: list[TariffSpan] = []
    for span in spans:
        for part in _cut(span.period, law):
            lawful = _hold(span.tariff, part, law, customer_class)
            last = held[-1] if held else None
            if last is not None and last.period.end == part.start and _same(last, lawful):
                held[-1] = TariffSpan(Period(last.period.start, part.end), last.tariff, last.lowered, last.rates)
            else:
                held.append(lawful)
    return tuple(held)


def law_of(period: Period, law: Law) -> tuple[str, ...]:
    """The law of a period, to tell whether it is still the same."""
    return tuple(
        f"{part.start} "
        + " ".join(f"{category}={law.vat_on(part.start, category)}" for category in VAT_CATEGORIES)
        + "".join(f" {m.customer_class}/{m.component}={m.price_eur}" for m in law.maxima_on(part.start))
        for part in _cut(period, law)
    )


def _cut(period: Period, law: Law) -> list[Period]:
    bounds = [period.start, *law.days_within(period), period.end]
    return [Period(start, end) for start, end in pairwise(bounds)]


def _same(span: TariffSpan, other: TariffSpan) -> bool:
    return (span.tariff, span.lowered, span.rates) == (other.tariff, other.lowered, other.rates)


def _hold(tariff: Tariff, days: Period, law: Law, customer_class: str) -> TariffSpan:
    """The span of some days on which the law does not change."""
    components = of_class(tariff.components, customer_class)
    prices = {component.name: price_on(component, tariff.valid_from, days.start, law) for component in components}
    limits = {} if customer_class == UNREGULATED else limits_of(law.maxima_on(days.start), customer_class)
    for limited, limit in limits.items():
        of_key = [component for component in components if component.key == limited]
        if of_key:
            _lower(of_key, prices, _restated(limit.price_eur, of_key[0], days.start, law))
    if FIXED_TOTAL in limits:
        fixed = [component for component in components if component.product in FIXED]
        standing = [component for component in fixed if component.product is Product.STANDING]
        if fixed:
            most = _restated(limits[FIXED_TOTAL].price_eur, fixed[0], days.start, law)
            others = sum((prices[component.name] for component in fixed if component not in standing), Decimal(0))
            _lower(standing, prices, max(Decimal(0), most - others))
    lowered = tuple(
        LegalPrice(component.name, prices[component.name])
        for component in components
        if prices[component.name] != component.price_eur
    )
    categories = dict.fromkeys(["energy", *(component.vat for component in components)])
    rates = tuple(LegalRate(category, law.vat_on(days.start, category)) for category in categories)
    return TariffSpan(days, tariff, lowered, rates)


def _restated(price_eur: Decimal, component: Component, day: date, law: Law) -> Decimal:
    """A maximum with the rate of VAT of a component on a day."""
    return restate(price_eur, MAXIMA_VAT, law.vat_on(day, component.vat))


def _lower(components: Sequence[Component], prices: dict[str, Decimal], most: Decimal) -> None:
    """Lower each price of a unit to the most that it may be, or prices of a year until their sum is no more than that,
    from the last one on."""
    if components and components[0].per in METERED:
        for component in components:
            prices[component.name] = min(prices[component.name], most)
        return
    excess = sum((prices[component.name] for component in components), Decimal(0)) - most
    for component in reversed(components):
        if excess <= 0:
            return
        less = min(excess, prices[component.name])
        prices[component.name] -= less
        excess -= less
