"""Law that sets prices, as dated data: VAT by day of consumption, and the most that ACM lets heat cost.

Each publication is a row that is only ever added: what holds from a day on, where it stands, and the day from which it
is known here. A maximum of a day is that of the newest publication whose first day is not after it, among those that
are known: where ACM is late, the last one goes on (Warmtewet art. 5 lid 5), and a repair counts back to its first day
once it is known. A co-operative begins with the publications of ``law.toml``.

Source: docs/domain/heat-tariffs-and-guarantee.md#maximum-tariffs; docs/domain/vat-and-bills.md#vat.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

from coop.values import BadInput, CoopError, Period, Problem, say

MAXIMA_VAT: Final = Decimal("0.21")
"""The rate that ACM's maxima hold."""

MAXIMUM: Final = "maximum"
VAT: Final = "vat"
KINDS: Final = (VAT, MAXIMUM)
"""Kinds of publications: rates of VAT of categories, and the maxima of a day, all together."""

RATE: Final = "rate"
"""The one figure that a publication of VAT has for a category."""

VAT_CATEGORIES: Final = ("energy", "standard", "none")
"""Categories of VAT, each with a rate of its own by day."""

PRICE_STEP: Final = Decimal("0.000001")
"""To so much a price is rounded that the law makes [EUR]."""


@dataclass(frozen=True)
class Publication:
    """Law as it was published: ``figures`` from a day on, by class of customers or category of VAT and by component
    [EUR incl. 21 % VAT, or a rate]. ``published_on`` is the day that its source names, ``known_from`` the day from
    which bills know it."""

    kind: str
    valid_from: date
    published_on: date
    known_from: date
    figures: Mapping[str, Mapping[str, Decimal]]
    source: str
    mark: str = ""

    def rivals(self, other: Publication) -> bool:
        """True where both say something of the same from the same day: of VAT, only where they name a category both."""
        is_same_day = (self.kind, self.valid_from) == (other.kind, other.valid_from)
        return is_same_day and (self.kind == MAXIMUM or bool(self.figures.keys() & other.figures.keys()))


@dataclass(frozen=True)
class Maximum:
    """ACM's maximum of one component for a class of customers from a day on, EUR incl. 21 % VAT. ``component`` says
    what is priced per what, such as ``heat per GJ``; ``fixed per year`` binds the sum of the fixed parts."""

    valid_from: date
    known_from: date
    customer_class: str
    component: str
    price_eur: Decimal
    source: str
    mark: str

    @property
    def year(self) -> int:
        """Year that it begins in."""
        return self.valid_from.year


@dataclass(frozen=True)
class Law:
    """Publications in the order in which they were told. Whatever is asked of it rests on all of them: ``as_known_on``
    leaves out what was not known on a day."""

    publications: tuple[Publication, ...]

    def as_known_on(self, day: date) -> Law:
        """The law of the publications that were known on a day."""
        known = tuple(each for each in self.publications if each.known_from <= day)
        return self if len(known) == len(self.publications) else Law(known)

    def holds(self, published: Publication) -> bool:
        """True where the newest publication of its kind and its day has the same figures."""
        of_day = self._list_of_day(published)
        return bool(of_day) and of_day[-1].figures == published.figures

    def held(self, published: Publication) -> bool:
        """True where a publication is on file as it is, be it that another one followed it."""
        of_day = self._list_of_day(published)
        return any(each.figures == published.figures and each.source == published.source for each in of_day)

    @cached_property
    def maxima(self) -> tuple[Maximum, ...]:
        """Every maximum, oldest first, of one day those that are known later last."""
        return tuple(maximum for _, of_day in self._days_of_maxima for maximum in of_day)

    @cached_property
    def vat_rates(self) -> Mapping[str, tuple[tuple[date, Decimal], ...]]:
        """Rates of VAT of each category with their first days, oldest first."""
        rates: dict[str, list[tuple[date, Decimal]]] = {}
        for each in _in_order(self.publications, VAT):
            for category, figures in each.figures.items():
                rates.setdefault(category, []).append((each.valid_from, figures[RATE]))
        return {category: tuple(of_category) for category, of_category in rates.items()}

    def maxima_on(self, day: date) -> tuple[Maximum, ...]:
        """The maxima of a day; none where no maximum of so long ago is on file.

        >>> for known_on in (date(2024, 3, 1), date(2024, 7, 1)):
        ...     limits = shipped_law().as_known_on(known_on).maxima_on(date(2024, 3, 1))
        ...     [str(limit.price_eur) for limit in limits if "standing" in limit.component]
        ['618.82', '309.41', '309.41']
        ['582.82', '291.42', '291.42']
        """
        return next((maxima for valid_from, maxima in reversed(self._days_of_maxima) if valid_from <= day), ())

    def vat_on(self, day: date, category: str = "energy") -> Decimal:
        """The rate of VAT on what is supplied on a day, by its category; before all that are on file, the first.

        >>> [str(shipped_law().vat_on(day)) for day in (date(2022, 6, 30), date(2022, 7, 1), date(2023, 1, 1))]
        ['0.21', '0.09', '0.21']

        Raises:
            CoopError: ``no-law``, no rate of this category is known.
        """
        rates = self.vat_rates.get(category)
        if not rates:
            raise CoopError("no-law", say("no rate of VAT of %(category)s is on file", category=category))
        return next((rate for valid_from, rate in reversed(rates) if valid_from <= day), rates[0][1])

    def days_within(self, period: Period) -> list[date]:
        """Days within a period on which the law may change."""
        days = {each.valid_from for each in self.publications}
        return sorted(day for day in days if period.start < day < period.end)

    def has_maximum(self, year: int) -> bool:
        """True when a maximum of that year is on file; until then the last one goes on."""
        return any(valid_from.year == year for valid_from, _ in self._days_of_maxima)

    def _list_of_day(self, published: Publication) -> list[Publication]:
        return [each for each in _in_order(self.publications, published.kind) if each.rivals(published)]

    @cached_property
    def _days_of_maxima(self) -> tuple[tuple[date, tuple[Maximum, ...]], ...]:
        return tuple((each.valid_from, tuple(_maxima_of(each))) for each in _in_order(self.publications, MAXIMUM))


def restate(price_eur: Decimal, stated: Decimal, rate: Decimal) -> Decimal:
    """A price that holds one rate of VAT, with another in its place.

    >>> str(restate(Decimal("53.95"), Decimal("0.21"), Decimal("0.09")))
    '48.599587'
    """
    if stated == rate:
        return price_eur
    return (price_eur * (1 + rate) / (1 + stated)).quantize(PRICE_STEP, ROUND_HALF_UP)


@cache
def shipped_law() -> Law:
    """The law that a co-operative begins with: each publication is known from the day on which it was published."""
    return Law(tuple(read_publications(files(__package__).joinpath("law.toml").read_text())))


def read_publications(text: str) -> list[Publication]:
    """The publications of a file such as ``law.toml``, in its order.

    >>> read_publications("[[vat]]\\nvalid_from = 2027-01-01\\ncategory = 'energy'\\nrate = 'x'\\nsource = 'Stb. 2026'")
    Traceback (most recent call last):
    ...
    coop.values.BadInput: line 1, vat: 'x' is not a number

    Raises:
        BadInput: it is no such file, or something of a publication is missing; every problem at once.
    """
    try:
        rows = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise BadInput([Problem(say("is no file of law: %(error)s", error=str(broken)))], "bad-law") from None
    problems = [Problem(say("'%(name)s' is none of %(known)s", name=name, known=KINDS)) for name in rows.keys() - KINDS]
    publications = []
    for kind in KINDS:
        for line, row in enumerate(rows.get(kind, ()), start=1):
            try:
                publications.append(_read(kind, row))
            except KeyError as missing:
                problems.append(Problem(say("%(name)s is missing", name=str(missing.args[0])), kind, line))
            except (AttributeError, TypeError) as wrong:
                problems.append(Problem(say("is no publication: %(error)s", error=str(wrong)), kind, line))
            except BadInput as refusal:
                problems += [Problem(each.reason, kind, line) for each in refusal.problems]
    if problems:
        raise BadInput(problems, "bad-law")
    return publications


def _read(kind: str, row: Mapping[str, Any]) -> Publication:
    published_on = row.get("known_from", row["valid_from"])
    for day in (row["valid_from"], published_on):
        if type(day) is not date:
            raise BadInput([Problem(say("'%(text)s' is no day", text=str(day)))])
    prices = {row["category"]: {RATE: row["rate"]}} if kind == VAT else row["prices"]
    figures = {of: {name: _read_figure(text) for name, text in own.items()} for of, own in prices.items()}
    return Publication(kind, row["valid_from"], published_on, published_on, figures, row["source"], row.get("mark", ""))


def _read_figure(text: object) -> Decimal:
    try:
        return Decimal(str(text))
    except ArithmeticError:
        raise BadInput([Problem(say("'%(text)s' is not a number", text=str(text)))]) from None


def _in_order(publications: Iterable[Publication], kind: str) -> list[Publication]:
    """Publications of a kind, oldest first; of those from one day, what is known or told later comes later."""
    of_kind = (each for each in publications if each.kind == kind)
    return sorted(of_kind, key=lambda each: (each.valid_from, each.known_from))


def _maxima_of(published: Publication) -> Iterable[Maximum]:
    for customer_class, prices in sorted(published.figures.items()):
        for component, price in sorted(prices.items()):
            yield Maximum(
                published.valid_from,
                published.known_from,
                customer_class,
                component,
                price,
                published.source,
                published.mark,
            )
