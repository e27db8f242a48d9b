"""A tariff in words: each component with what it means, and what changes beside another tariff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from coop.communities.tariffs import USUAL, Component, Product
from coop.values import Said, join_said, say
from coop.web.language import N_, translate
from coop.web.writing import number, price

PRODUCTS: Final = {
    (Product.HEAT, "GJ"): N_("Heat"),
    (Product.COLD, "GJ"): N_("Cold"),
    (Product.COLD, "year"): N_("Cold, fixed part"),
    (Product.STANDING, "year"): N_("Standing charge"),
    (Product.METERING, "year"): N_("Metering charge"),
    (Product.DELIVERY_SET, "year"): N_("Delivery set"),
    (Product.CONNECTION, "once"): N_("Connection contribution"),
    (Product.CONNECTION, "year"): N_("Connection contribution, by the year"),
    (Product.SERVICES, "year"): N_("Services"),
    (Product.ELECTRICITY, "kWh"): N_("Shared electricity"),
}
"""What may be priced, and per what."""

MEANINGS: Final = {
    Product.HEAT: N_("For each gigajoule that the heat meter counts."),
    Product.COLD: N_("For cold from the source."),
    Product.STANDING: N_("For the network and the source, whatever you use."),
    Product.METERING: N_("For the heat meter and reading it."),
    Product.DELIVERY_SET: N_("For the set in your home that passes on the heat."),
    Product.CONNECTION: N_("For connecting your home to the network."),
    Product.SERVICES: N_("For what the co-operative does besides."),
    Product.ELECTRICITY: N_("For your share of the electricity of our roofs."),
}
"""What a member pays for with each product."""

PERS: Final = {"GJ": N_("per GJ"), "kWh": N_("per kWh"), "year": N_("per year"), "once": N_("once")}

CLASS_NAMES: Final = {
    "full": N_("heating and hot water"),
    "heating-only": N_("heating only"),
    "tap-water-only": N_("hot water only"),
    "above-100-kw": N_("connections above 100 kW"),
}

ACCOUNT_NAMES: Final = {
    "heat-variable": N_("Revenue of heat by use"),
    "heat-fixed": N_("Revenue of heat by the day"),
    "cold": N_("Revenue of cold"),
    "shared-electricity": N_("Revenue of shared electricity"),
    "connection": N_("Revenue of connections"),
    "services": N_("Revenue of services"),
}

VAT_NAMES: Final = {
    "energy": N_("VAT as on energy"),
    "standard": N_("usual VAT"),
    "none": N_("no VAT"),
}

PART_NAMES: Final = {"fixed per year": N_("Fixed parts together")}


@dataclass(frozen=True)
class Change:
    """A component beside the one of its name in another tariff: both prices in words, empty where there is none, and
    what kind of change it is: ``new``, ``gone``, ``dearer``, ``cheaper``, ``other`` or ``same``."""

    name: str
    before: str
    after: str
    kind: str


def component_name(lang: str, name: str) -> str:
    """The name of a component: a usual one in the language of the reader, any other as the meeting wrote it."""
    return translate(lang, name) if name in _USUAL_NAMES else name


def say_limited(key: str) -> Said:
    """Say what a maximum limits, ``standing per year``, as people read it.

    >>> print(say_limited("standing per year"))
    Standing charge, per year
    """
    if key in PART_NAMES:
        return say(PART_NAMES[key])
    product, per = key.replace(" per ", " ").rsplit(" ", 1)
    return join_said([say(PRODUCTS[Product(product), per]), say(PERS[per])], ", ")


def component_price(lang: str, component: Component, price_eur: Decimal | None = None) -> str:
    """The price of a component with its unit."""
    shown = component.price_eur if price_eur is None else price_eur
    return f"{price(lang, shown)} {translate(lang, PERS[component.per])}"


def meaning(lang: str, component: Component) -> str:
    """Sentences on what a component means for who pays it."""
    said = [translate(lang, MEANINGS[component.product])]
    unit = component.per
    if component.up_to is not None and not component.above:
        said.append(translate(lang, "Up to %(to)s %(unit)s a year.", to=number(lang, component.up_to), unit=unit))
    elif component.up_to is not None:
        edges = {"from": number(lang, component.above), "to": number(lang, component.up_to)}
        said.append(translate(lang, "From %(from)s to %(to)s %(unit)s a year.", unit=unit, **edges))
    elif component.above:
        above = number(lang, component.above)
        said.append(translate(lang, "Above %(from)s %(unit)s a year.", unit=unit, **{"from": above}))
    if component.cap_eur_per_year is not None:
        said.append(translate(lang, "At most %(cap)s a year.", cap=price(lang, component.cap_eur_per_year)))
    if component.years is not None:
        said.append(translate(lang, "For %(years)s years from the start of the contract.", years=component.years))
    if component.classes != ("full",):
        classes = ", ".join(translate(lang, CLASS_NAMES[name]) for name in component.classes)
        said.append(translate(lang, "For: %(classes)s.", classes=classes))
    if component.in_guarantee:
        said.append(translate(lang, "Counts towards your ceiling."))
    return " ".join(said)


def describe(lang: str, components: Sequence[Component]) -> list[tuple[str, str]]:
    """Every component: its name, and its price with what that means."""
    return [
        (component_name(lang, one.name), f"{component_price(lang, one)}. {meaning(lang, one)}") for one in components
    ]


def compare(lang: str, before: Sequence[Component], after: Sequence[Component]) -> list[Change]:
    """Changes from one tariff to another, component by component."""
    old = {component.name: component for component in before}
    changes = [_change(lang, old.get(component.name), component) for component in after]
    names = {component.name for component in after}
    return changes + [_change(lang, component, None) for component in before if component.name not in names]


def _change(lang: str, before: Component | None, after: Component | None) -> Change:
    shown = after or before
    assert shown is not None
    texts = ["" if one is None else component_price(lang, one) for one in (before, after)]
    return Change(component_name(lang, shown.name), texts[0], texts[1], _kind_of(before, after))


def _kind_of(before: Component | None, after: Component | None) -> str:
    if before is None or after is None:
        return "new" if before is None else "gone"
    if before == after:
        return "same"
    if (before.product, before.per) != (after.product, after.per) or before.price_eur == after.price_eur:
        return "other"
    return "dearer" if after.price_eur > before.price_eur else "cheaper"


_USUAL_NAMES: Final = frozenset(usual.name for usual in USUAL.values())


def usual_name(text: str, languages: Sequence[str]) -> str:
    """A name as it was typed; one that is a usual name in some language as it is put to the vote.

    >>> usual_name("Vastrecht", ["nl"])
    'Standing charge'
    """
    typed = text.strip()
    return next((name for name in sorted(_USUAL_NAMES) for lang in languages if translate(lang, name) == typed), typed)
