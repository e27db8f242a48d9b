"""Nouns of billing: tariff, reading, share, guarantee, bill.

Invariant: a bill follows from ``BillInputs`` and from nothing else. Everything that a price, a ceiling or a sum depends
on stands in it, so that the inputs kept with an issued bill give the same bill again, to the cent, at any later time.
Amounts are whole cents incl. VAT, prices ``Decimal`` EUR incl. VAT, heat whole or decimal joules, electricity Wh.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from coop.communities.tariffs import Component, Product
from coop.values import Period


class LineKind(StrEnum):
    """Purpose of a line of a bill, in the order of the bill: a product, or the credit of the guarantee."""

    HEAT = Product.HEAT.value
    COLD = Product.COLD.value
    STANDING = Product.STANDING.value
    METERING = Product.METERING.value
    DELIVERY_SET = Product.DELIVERY_SET.value
    CONNECTION = Product.CONNECTION.value
    SERVICES = Product.SERVICES.value
    ELECTRICITY = Product.ELECTRICITY.value
    GUARANTEE = "guarantee"


class GuaranteeMode(StrEnum):
    """Way in which the reference of Niet Meer Dan Nu is made, as promised to a contract; over once its term is."""

    PLAIN = "plain"
    WEATHER = "weather"
    OFF = "off"
    OVER = "over"


@dataclass(frozen=True)
class Tariff:
    """Priced components that a meeting adopted, by the resolution that adopted them."""

    tariff_id: str
    resolution_id: str
    valid_from: date
    decided_on: date
    components: tuple[Component, ...]


@dataclass(frozen=True)
class Notice:
    """Written notice of a tariff to a member (BW 2:59), and the day from which bills know of it."""

    tariff_id: str
    member_id: str
    sent_on: date
    channel: str = ""
    known_on: date = date.min


@dataclass(frozen=True)
class GasYear:
    """Amount that a member paid for gas in one year, incl. VAT."""

    year: int
    gas_m3: int
    amount_cents: int


@dataclass(frozen=True)
class Contract:
    """A supply contract; ``ends_on`` is the first day without it, ``correction`` the number of the newest correction of
    its reference years (0: as signed for), ``customer_class`` says which components of a tariff it pays."""

    contract_id: str
    member_id: str
    connection_id: str
    starts_on: date
    ends_on: date | None
    tariff_clause: str | None
    reference: tuple[GasYear, ...]
    customer_class: str = "full"
    correction: int = 0

    def within(self, period: Period) -> Period | None:
        """The days of a period that it covers."""
        start = max(self.starts_on, period.start)
        end = min(self.ends_on or period.end, period.end)
        return Period(start, end) if start < end else None


@dataclass(frozen=True)
class Midnight:
    """Energy that a meter had counted of a reading when a civil day began [J]."""

    day: date
    energy_j: Decimal


@dataclass(frozen=True)
class HeatReading:
    """Heat, or another ``quantity``, that metering measured for a member over ``period``, in one revision. ``versions``
    are the hashes over the interval blocks that were read, ``midnights`` those within it that were read, by day."""

    measurement_id: str
    revision: int
    period: Period
    energy_j: Decimal
    estimated: bool
    cause: str
    versions: tuple[str, ...]
    quantity: str = "heat"
    midnights: tuple[Midnight, ...] = ()


@dataclass(frozen=True)
class SharedEnergy:
    """Shared electricity that metering allocated to a member over ``period``, in one revision."""

    run_id: str
    revision: int
    group_id: str
    key_id: str
    resolution_id: str
    period: Period
    allocated_wh: int


@dataclass(frozen=True)
class LegalPrice:
    """The price of a component as the law sets it, EUR incl. VAT."""

    component: str
    price_eur: Decimal


@dataclass(frozen=True)
class LegalRate:
    """The rate of VAT of a category."""

    category: str
    rate: Decimal


@dataclass(frozen=True)
class TariffSpan:
    """Days on which one tariff binds the member, the prices that the law sets in the place of those that were voted
    (``lowered``), and the ``rates`` of VAT of these days."""

    period: Period
    tariff: Tariff
    lowered: tuple[LegalPrice, ...] = ()
    rates: tuple[LegalRate, ...] = ()

    def price_of(self, component: Component) -> Decimal:
        """The price of a component that the law lets it have, EUR incl. VAT."""
        lawful = (price.price_eur for price in self.lowered if price.component == component.name)
        return next(lawful, component.price_eur)

    def rate_of(self, category: str) -> Decimal:
        """The rate of VAT of a category on these days."""
        return next(rate.rate for rate in self.rates if rate.category == category)


@dataclass(frozen=True)
class Profile:
    """Spread of a year's heat over its days where nobody read a meter: the share that is tap water by days, the rest by
    normal degree days of each month; all of it by days where there are none."""

    tap_share: Decimal = Decimal(0)
    degree_days_by_month: str = ""


BY_DAYS = Profile()
"""All of it by days."""


@dataclass(frozen=True)
class Consumption:
    """Use that is priced: the days of the contract, the energy of these days, and the tariffs that bind the member.

    ``readings`` and ``shares`` carry the days that they stand for; where these reach beyond ``days`` (another contract
    of the same member covers the rest), only the part by days is charged. ``cuts`` are the days on which a guarantee
    year begins: cost before and after counts towards different ceilings. ``begins_on`` is the first day of the
    contract, on which what is paid once falls due; ``profile`` shares out a year where nothing was read.
    """

    days: Period
    readings: tuple[HeatReading, ...]
    shares: tuple[SharedEnergy, ...]
    spans: tuple[TariffSpan, ...]
    cuts: tuple[date, ...] = ()
    customer_class: str = "full"
    begins_on: date | None = None
    profile: Profile = BY_DAYS


@dataclass(frozen=True)
class YearFigure:
    """A published figure of one year: an index factor such as 1.033, or weighted degree days."""

    year: int
    value: Decimal


@dataclass(frozen=True)
class PublishedFigure:
    """A figure as it was published: of which series and year, and where."""

    series: str
    year: int
    value: Decimal
    source: str


@dataclass(frozen=True)
class Chosen:
    """The co-operative's choice under which a ceiling is reckoned: series of figures, years that count, what of it a
    part of a year has, since when it holds and by which resolution (empty: that of the founding)."""

    index_series: str = "cpi-households"
    degree_day_series: str = "wdd"
    reference_years: int = 4
    valid_from: date = date(2000, 1, 1)
    resolution_id: str = ""
    index_month: int = 12
    index_lag_months: int = 0
    part_of_year: str = "days"
    degree_days_by_month: str = ""


@dataclass(frozen=True)
class Promise:
    """Term for which a ceiling is promised: before ``ends_on``, whatever is voted; from ``exit_on`` on one may stop."""

    ends_on: date
    exit_on: date


@dataclass(frozen=True)
class GuaranteeTerms:
    """Terms that the ceiling of one guarantee year follows from: the ``reference`` years that count, index ``factors``
    from the second guarantee year on, degree days for the weather variant, and how many days of ``year`` are
    covered."""

    year: Period
    mode: GuaranteeMode
    reference: tuple[GasYear, ...]
    factors: tuple[YearFigure, ...]
    tap_share: Decimal
    degree_days: tuple[YearFigure, ...]
    normal_degree_days: Decimal | None
    days_covered: int
    chosen: Chosen = Chosen()


@dataclass(frozen=True)
class GuaranteeState:
    """A guarantee year as it stood before this bill. ``tariff`` and ``vat_rate`` are those of the credit where no day
    of the bill has one; ``terms_before`` are those of the entry before, where they were others."""

    terms: GuaranteeTerms
    heat_before_cents: int
    credit_before_cents: int
    tariff: Tariff | None = None
    terms_before: GuaranteeTerms | None = None
    vat_rate: Decimal | None = None


@dataclass(frozen=True)
class Issuer:
    """The co-operative as a bill names it: as it was on the day of issue, whatever becomes of it later.

    Source: docs/domain/vat-and-bills.md#what-a-bill-holds.
    """

    name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    kvk: str = ""
    vat_id: str = ""
    iban: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class BillInputs:
    """All that a bill follows from. ``previous`` is what the bill before priced, when this one corrects it; ``issuer``
    is known when the bill is issued."""

    contract_id: str
    member_id: str
    connection_id: str
    period: Period
    consumption: Consumption
    previous: Consumption | None
    corrects: str | None
    guarantee: tuple[GuaranteeState, ...]
    issuer: Issuer = Issuer()


@dataclass(frozen=True)
class Line:
    """One line: ``quantity`` of ``unit`` at ``price_eur`` is ``amount_cents`` incl. VAT.

    ``quantity`` is GJ, kWh or days; the price of what is priced by the day is per year, as ``per`` says. ``component``
    is the part of the tariff that it prices, ``account`` that of its revenue, ``in_guarantee`` whether it counts
    towards the ceiling. ``source_id`` and ``source_revision`` name the measurement or the allocation run; ``notes`` are
    stable codes of what a reader should know, such as ``split-by-days``; ``cause`` says on a correction why.
    """

    kind: LineKind
    period: Period
    quantity: Decimal
    unit: str
    price_eur: Decimal
    amount_cents: int
    vat_rate: Decimal
    tariff_id: str
    resolution_id: str
    source_id: str = ""
    source_revision: int = 0
    group_id: str = ""
    notes: tuple[str, ...] = ()
    cause: str = ""
    component: str = ""
    per: str = ""
    account: str = ""
    in_guarantee: bool = False


@dataclass(frozen=True)
class GuaranteeEntry:
    """Movement in one guarantee year, by a bill or without one. ``ceiling_cents`` is None where there is no reference
    or no guarantee; ``causes`` are stable codes: ``cost``, and of a ceiling that moved ``gas-bills``, ``index``,
    ``degree-days``, ``end`` and ``choice``."""

    year: Period
    ceiling_cents: int | None
    heat_cents: int
    credit_cents: int
    heat_so_far_cents: int
    credit_so_far_cents: int
    notes: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class VatAmount:
    """One rate of a bill: ``excl + vat = incl``, exactly."""

    rate: Decimal
    excl_cents: int
    vat_cents: int
    incl_cents: int


@dataclass(frozen=True)
class Bill:
    """A bill as computed. ``credit_cents`` is what the guarantee took off (below zero: took back)."""

    lines: tuple[Line, ...]
    guarantee: tuple[GuaranteeEntry, ...]
    vat: tuple[VatAmount, ...]
    total_cents: int
    credit_cents: int


@dataclass(frozen=True)
class BillHead:
    """An issued bill without its lines. ``ordinal`` counts the bills of the co-operative in the order in which they
    were issued; ``sequence`` counts within the year of the date, and makes the number. ``asked_cents`` is what is to be
    paid with it: another amount than the total where the co-operative asks for even amounts, or carries small ones.
    ``inputs_hash`` is that of the document with its inputs, ``paper_hash`` of what its paper says beside them."""

    id: str
    number: str
    year: int
    sequence: int
    ordinal: int
    run_id: str
    kind: str
    corrects: str | None
    member_id: str
    contract_id: str
    connection_id: str
    period: Period
    days: Period
    issued_on: date
    total_cents: int
    asked_cents: int
    credit_cents: int
    vat: tuple[VatAmount, ...]
    inputs_hash: str
    paper_hash: str
