"""Lines of a bill: what was measured times its price, what is charged by the day, and what is paid once.

Invariant: nothing is lost where a line is cut. Energy is split as it was read at midnight, and between two readings in
whole units of its own resolution by largest remainder, heat by the profile of the year and the rest by days, so the
parts are together what was measured. A yearly price S costs
``round(S * days to the end / Y) - round(S * days to the start / Y)``, days counted from 1 January of a year of Y days,
so any cuts of a calendar year cost together exactly S. Bands of a year's use are shared out over its days, heat by the
profile of the year, and use within the days fills them from below: together they are what was used.

Source: docs/domain/vat-and-bills.md#rounding; docs/domain/heat-tariffs-and-guarantee.md#worked-examples (E3, E4, E6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final

from coop.billing.bills.splitting import note_of_split, split_energy
from coop.billing.guarantee.profile import share_of_years
from coop.billing.model import BY_DAYS, Consumption, Line, LineKind, Midnight, Profile, TariffSpan
from coop.communities.tariff_law import UNREGULATED
from coop.communities.tariffs import METERED, Component, Product, of_class
from coop.values import Period, anniversary, round_cents

_ORDER = {kind: rank for rank, kind in enumerate(LineKind)}
_SCALES = {"GJ": -9, "kWh": -3}
"""Power of ten from the base unit, J or Wh, to the unit that is priced."""

PRODUCT_OF = {"heat": Product.HEAT, "cold": Product.COLD}
"""Product that is priced of each quantity that metering measures for a member."""

_Use = tuple[Product, str, date, date]
"""Energy of a product, by the group that shared it and the days of its use: a dict finds dates sooner than a period."""


@dataclass(frozen=True)
class _Metered:
    """Energy that was measured or allocated over a period, in the base unit of what it is priced per."""

    product: Product
    per: str
    period: Period
    amount: Decimal
    source_id: str
    source_revision: int
    group_id: str = ""
    notes: tuple[str, ...] = ()
    midnights: tuple[Midnight, ...] = ()


@dataclass(frozen=True)
class _Price:
    """A component as a span of a tariff prices it: at what the law lets it cost, and with the rate of VAT."""

    component: Component
    kind: LineKind
    price_eur: Decimal
    vat_rate: Decimal


@dataclass(frozen=True)
class _Priced:
    """Prices of a span for a class of customers: most bills have the same spans, and ask each once."""

    span: TariffSpan
    prices: tuple[_Price, ...]
    metered: Mapping[tuple[Product, str], Sequence[_Price]]
    asks_begin: bool
    """Whether a line depends on the day on which the contract began."""
    charged: dict[tuple[Period, date | None], list[Line]] = field(default_factory=dict)
    """Lines of what is charged by the day and paid once, by the days and the first day of the contract."""


_PRICED: Final[dict[tuple[int, str], _Priced]] = {}
"""Prices of spans, by the object and the class: two that are equal may write their prices otherwise."""
_PRICED_MOST: Final = 1024
_CHARGED_MOST: Final = 1024


def lines_of(consumption: Consumption) -> list[Line]:
    """Every line of what was consumed, without the guarantee, in the order of the bill."""
    pieces = _pieces(consumption)
    lines: list[Line] = []
    used: dict[_Use, Decimal] = {}
    for metered in _metered(consumption):
        lines += _energy_lines(consumption, metered, pieces, used)
    for days, priced in pieces:
        lines += _charged_lines(priced, days, consumption.begins_on)
    lines.sort(key=lambda line: (_ORDER[line.kind], line.group_id, line.period.start))
    return lines


def is_priced(consumption: Consumption, product: Product, period: Period) -> bool:
    """True where on every day of a period some component prices what is measured of a product."""
    for span in consumption.spans:
        if span.period.start < period.end and period.start < span.period.end:
            metered = _priced(span, consumption.customer_class).metered
            if not any((product, per) in metered for per in METERED):
                return False
    return True


def fixed_cents(amount_eur_per_year: Decimal, period: Period) -> int:
    """Cost of a yearly amount over days of one calendar year, so that any cuts of the year sum to the amount.

    >>> fixed_cents(Decimal("618.82"), Period(date(2024, 1, 1), date(2024, 5, 1)))
    20458

    Raises:
        ValueError: the period reaches into another calendar year.
    """
    new_year = date(period.start.year, 1, 1)
    days_of_year = (date(period.start.year + 1, 1, 1) - new_year).days
    until, since = (period.end - new_year).days, (period.start - new_year).days
    if until > days_of_year:
        raise ValueError(f"{period} reaches into another calendar year")
    return _share_cents(amount_eur_per_year, until, days_of_year) - _share_cents(
        amount_eur_per_year, since, days_of_year
    )


def _share_cents(amount_eur: Decimal, days: int, days_of_year: int) -> int:
    over, under = amount_eur.as_integer_ratio()
    return (200 * over * days + under * days_of_year) // (2 * under * days_of_year)


def _pieces(consumption: Consumption) -> list[tuple[Period, _Priced]]:
    """Prices of the tariff spans, cut where a guarantee year begins."""
    return [
        (part, priced)
        for span in consumption.spans
        for priced in (_priced(span, consumption.customer_class),)
        for part in _cut(span.period, consumption.cuts)
    ]


def _priced(span: TariffSpan, customer_class: str) -> _Priced:
    """Prices of a span, as they are remembered; what is remembered holds the span, so that no other has its number."""
    key = id(span), customer_class
    priced = _PRICED.get(key)
    if priced is None:
        if len(_PRICED) >= _PRICED_MOST:
            _PRICED.clear()
        priced = _PRICED[key] = _price(span, customer_class)
    return priced


def _price(span: TariffSpan, customer_class: str) -> _Priced:
    components = of_class(span.tariff.components, customer_class)
    prices = tuple(
        _Price(each, LineKind(each.product.value), span.price_of(each), span.rate_of(each.vat)) for each in components
    )
    metered: dict[tuple[Product, str], list[_Price]] = {}
    for price in prices:
        metered.setdefault((price.component.product, price.component.per), []).append(price)
    asks_begin = any(each.per == "once" or each.years is not None for each in components)
    return _Priced(span, prices, metered, asks_begin)


def _cut(period: Period, days: Iterable[date]) -> list[Period]:
    bounds = [period.start, *sorted(day for day in days if period.start < day < period.end), period.end]
    if len(bounds) == 2:
        return [period]
    return [Period(start, end) for start, end in pairwise(bounds)]


def _within(pieces: Sequence[tuple[Period, _Priced]], period: Period) -> list[tuple[Period, _Priced]]:
    if len(pieces) == 1 and pieces[0][0] == period:
        return [(period, pieces[0][1])]
    parts = ((piece.overlap(period), priced) for piece, priced in pieces)
    return [(part, priced) for part, priced in parts if part is not None]


def _metered(consumption: Consumption) -> Iterator[_Metered]:
    for reading in consumption.readings:
        yield _Metered(
            PRODUCT_OF[reading.quantity],
            "GJ",
            reading.period,
            reading.energy_j,
            reading.measurement_id,
            reading.revision,
            notes=("estimated",) if reading.estimated else (),
            midnights=reading.midnights,
        )
    for share in consumption.shares:
        amount_wh = Decimal(share.allocated_wh)
        yield _Metered(
            Product.ELECTRICITY, "kWh", share.period, amount_wh, share.run_id, share.revision, share.group_id
        )


def _energy_lines(
    consumption: Consumption,
    metered: _Metered,
    pieces: Sequence[tuple[Period, _Priced]],
    used: dict[_Use, Decimal],
) -> list[Line]:
    """The lines of what was metered, one for each component that prices it; ``used`` counts what fills its bands."""
    parts = _within(pieces, metered.period)
    profile = consumption.profile if metered.product is Product.HEAT else BY_DAYS
    days = [part for part, _ in parts]
    note = note_of_split(metered.period, days, profile, metered.midnights)
    notes = ((note,) if note else ()) + metered.notes
    if metered.product is Product.HEAT and consumption.customer_class == UNREGULATED:
        notes += ("without-maximum",)
    amounts = split_energy(metered.amount, metered.period, days, profile, metered.midnights)
    lines = []
    for (part, priced), amount in zip(parts, amounts, strict=True):
        key = metered.product, metered.group_id, part.start, part.end
        before = used.get(key, Decimal(0))
        used[key] = before + amount
        for price in priced.metered.get((metered.product, metered.per), ()):
            component = price.component
            in_band = _below(component, before + amount, part, profile) - _below(component, before, part, profile)
            if component.above and not in_band:
                continue
            quantity = in_band.scaleb(_SCALES[metered.per])
            cents = round_cents(quantity * price.price_eur)
            most = _cap_cents(component, part, profile)
            lines.append(
                _line(
                    price,
                    priced.span,
                    part,
                    quantity,
                    metered.per,
                    cents if most is None else min(cents, most),
                    source_id=metered.source_id,
                    source_revision=metered.source_revision,
                    group_id=metered.group_id,
                    notes=notes if most is None or cents <= most else (*notes, "capped"),
                )
            )
    return lines


def _below(component: Component, amount: Decimal, part: Period, profile: Profile) -> Decimal:
    """Part of an amount that was used in some days that lies in the band of a component and below its edge.

    An edge of so much a year is, over some days, its share of the year by the profile, in whole base units.
    """
    if not component.above and component.up_to is None:
        return amount
    edges = [component.above] if component.up_to is None else [component.above, component.up_to]
    share = share_of_years(part, profile)
    whole = [Decimal(_round(Fraction(edge.scaleb(-_SCALES[component.per])) * share)) for edge in edges]
    reached = amount if component.up_to is None else min(amount, whole[1])
    return max(Decimal(0), reached - whole[0])


def _cap_cents(component: Component, part: Period, profile: Profile) -> int | None:
    """The most that a component may cost over some days: its share of the cap of a year."""
    if component.cap_eur_per_year is None:
        return None
    return _round(Fraction(component.cap_eur_per_year) * 100 * share_of_years(part, profile))


def _round(amount: Fraction) -> int:
    """A whole number, half up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def _charged_lines(priced: _Priced, days: Period, begins_on: date | None) -> list[Line]:
    """Lines of what is charged by the day, and of what is paid once, in the order of the tariff."""
    key = days, begins_on if priced.asks_begin else None
    lines = priced.charged.get(key)
    if lines is None:
        lines = []
        for price in priced.prices:
            if price.component.per == "year":
                lines += _yearly_lines(price, priced.span, days, begins_on)
            elif price.component.per == "once" and begins_on is not None:
                lines += _single_lines(price, priced.span, days, begins_on)
        if len(priced.charged) >= _CHARGED_MOST:
            priced.charged.clear()
        priced.charged[key] = lines
    return lines


def _yearly_lines(price: _Price, span: TariffSpan, period: Period, begins_on: date | None) -> list[Line]:
    years = price.component.years
    if years is not None and begins_on is not None:
        over = anniversary(begins_on, years)
        if period.start >= over:
            return []
        period = Period(period.start, min(period.end, over))
    new_years = [date(year, 1, 1) for year in range(period.start.year + 1, period.end.year + 1)]
    return [
        _line(price, span, part, Decimal(part.days), "d", fixed_cents(price.price_eur, part))
        for part in _cut(period, new_years)
        if price.price_eur
    ]


def _single_lines(price: _Price, span: TariffSpan, period: Period, begins_on: date) -> list[Line]:
    """Lines of what is paid once, on the day on which the contract begins."""
    if not period.start <= begins_on < period.end:
        return []
    day = Period(begins_on, date.fromordinal(begins_on.toordinal() + 1))
    return [_line(price, span, day, Decimal(1), "", round_cents(price.price_eur))]


def _line(
    price: _Price,
    span: TariffSpan,
    period: Period,
    quantity: Decimal,
    unit: str,
    amount_cents: int,
    source_id: str = "",
    source_revision: int = 0,
    group_id: str = "",
    notes: tuple[str, ...] = (),
) -> Line:
    component = price.component
    return Line(
        kind=price.kind,
        period=period,
        quantity=quantity,
        unit=unit,
        price_eur=price.price_eur,
        amount_cents=amount_cents,
        vat_rate=price.vat_rate,
        tariff_id=span.tariff.tariff_id,
        resolution_id=span.tariff.resolution_id,
        source_id=source_id,
        source_revision=source_revision,
        group_id=group_id,
        notes=notes,
        component=component.name,
        per=component.per,
        account=component.account,
        in_guarantee=component.in_guarantee,
    )
