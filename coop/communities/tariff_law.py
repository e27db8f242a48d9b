"""The law over a tariff: the most that each component may cost, its category of VAT, and the promise that no vote takes
back. Whoever puts a tariff to the vote and whoever bills by it judge it by the same rules.

Source: docs/domain/heat-tariffs-and-guarantee.md#a-tariff-is-a-list-of-components.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from coop.communities.law import MAXIMA_VAT, Law, Maximum, restate
from coop.communities.tariff_texts import say_limited
from coop.communities.tariffs import (
    CLASSES,
    FIXED,
    METERED,
    Component,
    Product,
    judge_shape,
    name_unknown,
    of_class,
    read_components,
)
from coop.values import Problem, say

UNREGULATED: Final = "above-100-kw"
"""The class of customers for whom the law sets no maxima.

Source: docs/domain/law-and-co-operative.md (a customer is protected up to a connection of 100 kW).
"""

FIXED_TOTAL: Final = "fixed per year"
CONNECTED_ONCE: Final = f"{Product.CONNECTION} once"
REGULATED: Final = ("heat per GJ", "cold per year", CONNECTED_ONCE, *(f"{product} per year" for product in FIXED))
"""What only may be priced where a maximum is on file: that of the day, and for a contribution to the connection the
newest that was published. An annuity counts as the contribution that all its years add up to."""

PROMISED: Final = (Product.HEAT, *FIXED)
"""Products that every contract's ceiling was promised for: no tariff takes them out from under it."""

VAT_OF: Final[Mapping[Product, tuple[str, ...]]] = {
    **dict.fromkeys(Product, ("energy",)),
    Product.CONNECTION: ("standard",),
    Product.SERVICES: ("standard", "none"),
}
"""Categories of VAT that the law has for a product: a vote chooses between them and no other."""


def judge_law(law: Law, valid_from: date, components: Sequence[Component]) -> list[Problem]:
    """Find what of a tariff the law, or a promise, does not allow on its first day: another VAT than the product's,
    heat outside the ceilings; class by class components above ACM's maximum, each against its own and the fixed ones
    together against the total; a maximum that is not on file."""
    if misplaced := _judge_places(components):
        return misplaced
    limits = law.maxima_on(valid_from)
    if not limits:
        return [Problem(say("no legal maximum of %(day)s is on file", day=valid_from), "valid_from")]
    problems: dict[tuple[str, str], Problem] = {}
    for customer_class in sorted({name for component in components for name in component.classes}, key=CLASSES.index):
        if customer_class == UNREGULATED:
            continue
        most = _newest_connection(law, valid_from, customer_class) | limits_of(limits, customer_class)
        for problem in _judge_class(law, valid_from, components, customer_class, most):
            problems.setdefault((problem.field, problem.reason), problem)
    return list(problems.values())


def judge_tariff(parameters: Mapping[str, Any], law: Law, decided_on: date) -> list[Problem]:
    """Everything that keeps a tariff from being billed, by the law as it is known on its first day or when it is
    decided later; nothing where it can be."""
    if problems := judge_shape(parameters):
        return problems
    valid_from = date.fromisoformat(parameters["valid_from"])
    return judge_law(law.as_known_on(max(valid_from, decided_on)), valid_from, read_components(parameters))


def limits_of(limits: Iterable[Maximum], customer_class: str) -> dict[str, Maximum]:
    """The maxima of a class, by what they limit."""
    return {limit.component: limit for limit in limits if limit.customer_class == customer_class}


def beside_maxima(
    law: Law, valid_from: date, components: Iterable[Component]
) -> list[tuple[Component, Maximum | None]]:
    """Each component with the maximum of its own on a day, for the first class that pays it."""
    known = law.maxima_on(valid_from)
    return [(component, limits_of(known, component.classes[0]).get(component.key)) for component in components]


def fixed_beside_maximum(law: Law, valid_from: date, components: Iterable[Component]) -> tuple[Decimal, Maximum] | None:
    """Cost of the fixed parts of the usual home together, with the maximum of that; None where none is on file."""
    limit = limits_of(law.maxima_on(valid_from), CLASSES[0]).get(FIXED_TOTAL)
    fixed = [component.price_eur for component in of_class(components, CLASSES[0]) if component.product in FIXED]
    return None if limit is None else (sum(fixed, Decimal(0)), limit)


def _judge_places(components: Sequence[Component]) -> list[Problem]:
    """Find components with a VAT that the law has not for them, and heat that would not count towards the ceiling."""
    problems = []
    for number, component in enumerate(components):
        if component.vat not in VAT_OF[component.product]:
            problems.append(name_unknown(component.vat, VAT_OF[component.product], f"components.{number}.vat"))
        if component.product in PROMISED and not component.in_guarantee:
            reason = say("counts towards the ceiling that contracts were promised: no vote takes it out")
            problems.append(Problem(reason, f"components.{number}.guarantee"))
    return problems


def _newest_connection(law: Law, valid_from: date, customer_class: str) -> dict[str, Maximum]:
    """The newest maximum of a contribution to the connection, which ACM does not publish every year."""
    published = [
        limit
        for limit in law.maxima
        if (limit.component, limit.customer_class) == (CONNECTED_ONCE, customer_class)
        and limit.valid_from <= valid_from
    ]
    return {CONNECTED_ONCE: published[-1]} if published else {}


def _judge_class(
    law: Law, valid_from: date, components: Sequence[Component], customer_class: str, most: Mapping[str, Maximum]
) -> list[Problem]:
    numbers = {component.name: number for number, component in enumerate(components)}
    mine = of_class(components, customer_class)
    problems: list[Problem] = []
    asked: dict[str, list[tuple[Decimal, str]]] = {}
    for component in mine:
        field = f"components.{numbers[component.name]}.price"
        rate = law.vat_on(valid_from, component.vat)
        price = restate(component.price_eur, rate, MAXIMA_VAT) * (component.years or 1)
        key = CONNECTED_ONCE if component.product is Product.CONNECTION else component.key
        is_limited = key in most or (component.product in FIXED and FIXED_TOTAL in most)
        if key in REGULATED and not is_limited:
            reason = say(
                "no legal maximum of %(component)s on %(day)s is on file for this class of customer",
                component=say_limited(key),
                day=valid_from,
            )
            problems.append(Problem(reason, field))
        asked.setdefault(key, []).append((price, field))
        if component.product in FIXED:
            asked.setdefault(FIXED_TOTAL, []).append((price, "components"))
    for key, prices in asked.items():
        limit = most.get(key)
        if limit is None:
            continue
        together = max(price for price, _ in prices) if key.endswith(METERED) else sum(price for price, _ in prices)
        if together > limit.price_eur:
            reason = say(
                "%(component)s: %(asked)s is above the maximum of %(most)s for %(year)s (%(source)s)",
                component=say_limited(key),
                asked=together,
                most=limit.price_eur,
                year=str(limit.year),
                source=limit.source,
            )
            problems.append(Problem(reason, max(prices)[1]))
    return problems
