"""A tariff as a meeting adopts it: a list of priced components, and how each is written. Whoever puts a tariff to the
vote and whoever bills by it judge it by the same rules, these and those of the law (``tariff_law``).

A component has a ``name`` and prices a ``product`` per unit, year or once, for the customer classes that it names (the
usual home where it names none). A price per unit may hold for a band of a year's use alone, ``from`` and ``to`` [units
a year], and may have a ``cap`` [EUR a year]; a contribution to the connection that is paid as an annuity runs for so
many ``years``. Whether it counts towards the ceiling of Niet Meer Dan Nu (``guarantee``), the ``account`` of its
revenue and its category of VAT (``vat``) are part of what is voted. Prices are in EUR, and hold VAT at the rate of the
first day.

Source: docs/domain/heat-tariffs-and-guarantee.md#a-tariff-is-a-list-of-components.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from coop.communities.law import VAT_CATEGORIES
from coop.values import YEARS, Problem, say


class Product(StrEnum):
    """Product that a component prices, in the order of a bill."""

    HEAT = "heat"
    COLD = "cold"
    STANDING = "standing"
    METERING = "metering"
    DELIVERY_SET = "delivery-set"
    CONNECTION = "connection"
    SERVICES = "services"
    ELECTRICITY = "electricity"


METERED: Final = ("GJ", "kWh")
"""Units of what is measured; anything else is priced per year or once."""

CLASSES: Final = ("full", "heating-only", "tap-water-only", "above-100-kw")
"""Customer classes: space heating and hot water, one of them alone, and a connection that the law does not protect."""

ACCOUNTS: Final = ("heat-variable", "heat-fixed", "cold", "shared-electricity", "connection", "services")
"""Accounts of revenue."""


@dataclass(frozen=True)
class Usual:
    """Usual form of a component that is put to the vote: its name, and what it is beside its price."""

    name: str
    guarantee: bool
    account: str
    vat: str


USUAL: Final[Mapping[tuple[Product, str], Usual]] = {
    (Product.HEAT, "GJ"): Usual("Heat", True, "heat-variable", "energy"),
    (Product.COLD, "GJ"): Usual("Cold", False, "cold", "energy"),
    (Product.COLD, "year"): Usual("Cold, fixed part", False, "cold", "energy"),
    (Product.STANDING, "year"): Usual("Standing charge", True, "heat-fixed", "energy"),
    (Product.METERING, "year"): Usual("Metering charge", True, "heat-fixed", "energy"),
    (Product.DELIVERY_SET, "year"): Usual("Delivery set", True, "heat-fixed", "energy"),
    (Product.CONNECTION, "once"): Usual("Connection contribution", False, "connection", "standard"),
    (Product.CONNECTION, "year"): Usual("Connection contribution, by the year", False, "connection", "standard"),
    (Product.SERVICES, "year"): Usual("Services", False, "services", "standard"),
    (Product.ELECTRICITY, "kWh"): Usual("Shared electricity", False, "shared-electricity", "energy"),
}
"""Every product with the unit, year or once that it is priced per, and what is usual for it."""

FIXED: Final = (Product.STANDING, Product.METERING, Product.DELIVERY_SET)
"""Fixed parts of heat, whose sum has a maximum of its own."""

FIELDS: Final = (
    "name",
    "product",
    "per",
    "price",
    "classes",
    "from",
    "to",
    "cap",
    "years",
    "guarantee",
    "account",
    "vat",
)
"""Everything that a component says."""

NAMES: Final = ("valid_from", "components")
"""Everything that a tariff says."""

COMPONENTS_MAX: Final = 60
NAME_MAX: Final = 60
_NEEDED: Final = ("name", "product", "per", "price", "guarantee", "account", "vat")
_DECIMAL = re.compile(r"[0-9]{1,7}(\.[0-9]{1,8})?")


@dataclass(frozen=True)
class Component:
    """One priced part of a tariff."""

    name: str
    product: Product
    per: str
    price_eur: Decimal
    in_guarantee: bool
    account: str
    vat: str
    classes: tuple[str, ...] = ("full",)
    above: Decimal = Decimal(0)
    up_to: Decimal | None = None
    cap_eur_per_year: Decimal | None = None
    years: int | None = None

    @property
    def key(self) -> str:
        """Name of what it prices, and per what: such as ``heat per GJ``."""
        return f"{self.product} once" if self.per == "once" else f"{self.product} per {self.per}"


def of_class(components: Iterable[Component], customer_class: str) -> tuple[Component, ...]:
    """The components that a customer of a class pays."""
    return tuple(component for component in components if customer_class in component.classes)


def read_components(parameters: Mapping[str, Any]) -> tuple[Component, ...]:
    """The components of a tariff whose shape was judged."""
    return tuple(
        Component(
            name=said["name"],
            product=Product(said["product"]),
            per=said["per"],
            price_eur=Decimal(said["price"]),
            in_guarantee=said["guarantee"],
            account=said["account"],
            vat=said["vat"],
            classes=tuple(said.get("classes", ("full",))),
            above=Decimal(said.get("from", "0")),
            up_to=_decimal(said.get("to")),
            cap_eur_per_year=_decimal(said.get("cap")),
            years=said.get("years"),
        )
        for said in parameters["components"]
    )


def write_components(components: Iterable[Component]) -> list[dict[str, Any]]:
    """Components as they are put to the vote: what is as usual for everybody is left out.

    >>> heat = Component("Heat", Product.HEAT, "GJ", Decimal("34.50"), True, "heat-variable", "energy")
    >>> read_components({"components": write_components([heat])}) == (heat,)
    True
    """
    return [_write(component) for component in components]


def judge_shape(parameters: Mapping[str, Any]) -> list[Problem]:
    """Find what of a tariff is missing, unknown, or written in a way that cannot be billed.

    >>> [problem.field for problem in judge_shape({"valid_from": "2026-01-01", "components": [], "vat_rate": "0.21"})]
    ['vat_rate', 'components']
    """
    problems = [Problem(say("is nothing that a tariff says"), name) for name in parameters if name not in NAMES]
    if _day(parameters.get("valid_from")) is None:
        problems.append(Problem(say("must be a date such as 2026-01-01"), "valid_from"))
    components = parameters.get("components")
    if not isinstance(components, list) or not 0 < len(components) <= COMPONENTS_MAX:
        reason = say("is a list of one to %(most)s priced components", most=COMPONENTS_MAX)
        return [*problems, Problem(reason, "components")]
    for number, said in enumerate(components):
        problems += [
            Problem(problem.reason, f"components.{number}{'.' if problem.field else ''}{problem.field}")
            for problem in _judge_component(said)
        ]
    return problems or _judge_together(read_components(parameters))


def _judge_component(said: object) -> list[Problem]:
    """Problems of one component; the field is that within it."""
    if not isinstance(said, Mapping):
        return [Problem(say("is no component with its fields"), "")]
    problems = [Problem(say("is nothing that a component says"), str(name)) for name in said if name not in FIELDS]
    missing = [name for name in _NEEDED if name not in said]
    if missing:
        return [*problems, *(Problem(say("is missing"), name) for name in missing)]
    name, product, per = said["name"], said["product"], said["per"]
    if not (isinstance(name, str) and 0 < len(name.strip()) <= NAME_MAX and name.isprintable()):
        problems.append(Problem(say("is a name of at most %(most)s characters", most=NAME_MAX), "name"))
    ways = [way for way in USUAL if way[0] == product]
    if not ways:
        problems.append(name_unknown(product, Product, "product"))
    elif per not in [way[1] for way in ways]:
        problems.append(name_unknown(per, [way[1] for way in ways], "per"))
    problems += _judge_figures(said)
    if not isinstance(said["guarantee"], bool):
        problems.append(Problem(say("says true or false"), "guarantee"))
    for field, known in (("account", ACCOUNTS), ("vat", VAT_CATEGORIES)):
        if said[field] not in known:
            problems.append(name_unknown(said[field], known, field))
    classes = said.get("classes", ["full"])
    if not isinstance(classes, list) or not classes or len(set(map(str, classes))) < len(classes):
        problems.append(Problem(say("is a list of classes of customers, each once"), "classes"))
    else:
        problems += [name_unknown(named, CLASSES, "classes") for named in classes if named not in CLASSES]
    return problems


def _judge_figures(said: Mapping[str, Any]) -> list[Problem]:
    """Problems with the figures of a component, or with what stands beside a price that cannot have it."""
    problems = [
        Problem(say('"%(value)s" is no price such as 34.50', value=str(said[name])[:40]), name)
        for name in ("price", "from", "to", "cap")
        if name in said and not (isinstance(said[name], str) and _DECIMAL.fullmatch(said[name]))
    ]
    is_metered = said["per"] in METERED
    problems += [
        Problem(say("belongs to a price per GJ or kWh alone"), name)
        for name in ("from", "to", "cap")
        if name in said and not is_metered
    ]
    years = said.get("years")
    if "years" in said and (said["product"], said["per"]) != ("connection", "year"):
        problems.append(Problem(say("belongs to a contribution to the connection that is paid by the year"), "years"))
    elif "years" in said and not (isinstance(years, int) and not isinstance(years, bool) and 1 <= years <= 50):
        problems.append(Problem(say("is a whole number of years from 1 to 50"), "years"))
    elif (said["product"], said["per"]) == ("connection", "year") and "years" not in said:
        problems.append(Problem(say("is missing"), "years"))
    return problems


def _judge_together(components: Sequence[Component]) -> list[Problem]:
    """Problems between components: two of one name, and bands of use that overlap or leave a gap."""
    names = [component.name for component in components]
    problems = [
        Problem(say('"%(name)s" stands here twice', name=name), f"components.{number}.name")
        for number, name in enumerate(names)
        if name in names[:number]
    ]
    for customer_class in CLASSES:
        by_key: dict[str, list[Component]] = {}
        for component in of_class(components, customer_class):
            if component.per in METERED:
                by_key.setdefault(component.key, []).append(component)
        for bands in by_key.values():
            bands.sort(key=lambda component: component.above)
            ends = [bands[0].above == 0, bands[-1].up_to is None]
            if not all(ends) or any(band.up_to != following.above for band, following in pairwise(bands)):
                reason = say(
                    "%(names)s: bands of use begin at 0, follow each other, and the last one has no end",
                    names=tuple(component.name for component in bands),
                )
                problems.append(Problem(reason, f"components.{names.index(bands[0].name)}.to"))
    unique = {(problem.field, problem.reason): problem for problem in problems}
    return list(unique.values())


def _write(component: Component) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": component.name,
        "product": component.product.value,
        "per": component.per,
        "price": format(component.price_eur, "f"),
        "guarantee": component.in_guarantee,
        "account": component.account,
        "vat": component.vat,
    }
    if component.classes != ("full",):
        said["classes"] = list(component.classes)
    if component.above:
        said["from"] = format(component.above, "f")
    if component.up_to is not None:
        said["to"] = format(component.up_to, "f")
    if component.cap_eur_per_year is not None:
        said["cap"] = format(component.cap_eur_per_year, "f")
    if component.years is not None:
        said["years"] = component.years
    return said


def name_unknown(value: object, known: Iterable[str], field: str) -> Problem:
    """Name a word that is none of those that are known."""
    reason = say('"%(value)s" is none of %(known)s', value=str(value)[:40], known=tuple(map(str, known)))
    return Problem(reason, field)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _day(text: object) -> date | None:
    """A day in the one way that facts write it: ``20260101`` and ``2026-W01-1`` are refused, as is one that ends no
    period, such as the last that there is."""
    try:
        day = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return day if day is not None and text == day.isoformat() and day.year in YEARS else None
