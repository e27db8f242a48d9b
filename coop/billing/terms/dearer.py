"""Judgement whether a tariff makes nothing dearer for a contract than another one on a day (BW 2:59).

Prices are compared by what they price and per what, whatever a component is called: what is paid by the year or once by
its sum, what is measured in each band of use. A price that leaves the guarantee is dearer, for no ceiling holds it any
more; so is a cap that is higher or gone, and an annuity that runs longer.

Source: docs/domain/law-and-co-operative.md#a-price-change-binds-a-member.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from coop.billing.model import Tariff
from coop.communities.law import Law, restate
from coop.communities.tariffs import METERED, Component, of_class

NOTHING = Decimal(0)


def is_nowhere_dearer(tariff: Tariff, than: Tariff, customer_class: str, day: date, law: Law) -> bool:
    """True where no use whatever costs more under a tariff than under another on a day."""
    mine, theirs = _by_key(tariff, customer_class), _by_key(than, customer_class)
    return all(_costs_no_more(components, theirs.get(key, []), day, law) for key, components in mine.items())


def price_on(component: Component, since: date, day: date, law: Law) -> Decimal:
    """A price that was voted with the VAT of one day, with that of another."""
    return restate(component.price_eur, law.vat_on(since, component.vat), law.vat_on(day, component.vat))


_Dated = tuple[Component, date]


def _by_key(tariff: Tariff, customer_class: str) -> dict[str, list[_Dated]]:
    components: dict[str, list[_Dated]] = {}
    for component in of_class(tariff.components, customer_class):
        components.setdefault(component.key, []).append((component, tariff.valid_from))
    return components


def _costs_no_more(mine: Sequence[_Dated], theirs: Sequence[_Dated], day: date, law: Law) -> bool:
    """Compare components of one key."""
    if all(component.price_eur == 0 for component, _ in mine):
        return True
    if mine[0][0].per in METERED:
        edges = {component.above for component, _ in (*mine, *theirs)}
        return all(_band_costs_no_more(mine, theirs, edge, day, law) for edge in edges)
    # By guarantee and by years, so that nothing moves out of the ceiling or runs longer unseen.
    sorts = {(component.in_guarantee, component.years) for component, _ in mine}
    return all(_sum_of(mine, sort, day, law) <= _sum_of(theirs, sort, day, law) for sort in sorts)


def _sum_of(components: Sequence[_Dated], sort: tuple[bool, int | None], day: date, law: Law) -> Decimal:
    of_sort = [
        price_on(component, since, day, law)
        for component, since in components
        if (component.in_guarantee, component.years) == sort
    ]
    return sum(of_sort, NOTHING)


def _band_costs_no_more(mine: Sequence[_Dated], theirs: Sequence[_Dated], edge: Decimal, day: date, law: Law) -> bool:
    """Compare the price of the next unit of use above an edge."""
    own, other = _band_at(mine, edge), _band_at(theirs, edge)
    if own is None or price_on(*own, day, law) == 0:
        return True
    if other is None:
        return False
    has_same_cap = own[0].cap_eur_per_year == other[0].cap_eur_per_year
    is_capped_lower = own[0].cap_eur_per_year is not None and (
        other[0].cap_eur_per_year is None or own[0].cap_eur_per_year <= other[0].cap_eur_per_year
    )
    keeps_promise = own[0].in_guarantee or not other[0].in_guarantee
    return (
        price_on(*own, day, law) <= price_on(*other, day, law) and (has_same_cap or is_capped_lower) and keeps_promise
    )


def _band_at(components: Sequence[_Dated], edge: Decimal) -> _Dated | None:
    return next(
        (dated for dated in components if dated[0].above <= edge and (dated[0].up_to is None or edge < dated[0].up_to)),
        None,
    )
