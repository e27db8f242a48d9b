"""View of a run for its brakes: the drafts of a run, the facts and terms that they rest on, and what was billed
before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from coop.billing.bills.billed import Billed, measure
from coop.billing.bills.drafts import Draft, PeriodFacts
from coop.billing.bills.settling import CeilingMove, YearSoFar
from coop.billing.brake import Brake, BrakeFigure, FigureUnit
from coop.billing.terms.rules import Book, YearKey
from coop.communities.choices import BrakeChoice, GuaranteeChoice
from coop.communities.law import Law
from coop.values import Period

SMALLEST_RUN = 10
"""Bills from which on totals and shares of a run say something."""

FEWEST = 3
"""Bills from which on an error may be one of the mass."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Look:
    """A run before it is issued.

    ``before`` is what was billed for the period that ended when this one begins, ``year_before`` for the same days of
    the year before, by contract. ``billed`` are all periods with bills; ``facts`` say of each period whether the run
    bills it for the first time. ``classes_before`` are the classes of customers of the newest bills of contracts that
    the law does not protect now.
    """

    period: Period | None
    drafts: Sequence[Draft]
    moves: Sequence[CeilingMove]
    facts: Sequence[tuple[PeriodFacts, bool]]
    book: Book
    law: Law
    years: Mapping[YearKey, YearSoFar]
    choice: BrakeChoice
    heating: GuaranteeChoice
    before: Mapping[str, Billed] = field(default_factory=dict)
    year_before: Mapping[str, Billed] = field(default_factory=dict)
    billed: Collection[Period] = ()
    classes_before: Mapping[str, str] = field(default_factory=dict)
    _weights: dict[Period, Fraction] = field(default_factory=dict)

    @cached_property
    def first(self) -> list[Draft]:
        """Bills that correct nothing."""
        return [draft for draft in self.drafts if draft.inputs.previous is None]

    @cached_property
    def now(self) -> dict[str, Billed]:
        """Figures of what the run would bill for its period, by contract."""
        return {
            draft.inputs.contract_id: measure(draft)
            for draft in self.first
            if self.period is not None and draft.inputs.period == self.period
        }

    @cached_property
    def ended_years(self) -> dict[YearKey, YearSoFar]:
        """Guarantee years by contract and the first day after them."""
        ended = ((name, so_far) for (name, _), so_far in self.years.items())
        return {(name, so_far.terms.year.end): so_far for name, so_far in ended if so_far.terms is not None}

    def weigh(self, days: Period) -> Fraction:
        """The share of a year's heat that some days usually take: tap water by days, the rest by normal degree days.

        Source: docs/domain/degree-days.md#sharing-out.
        """
        weight = self._weights.get(days)
        if weight is None:
            by_month = [int(number) for number in self.heating.degree_days_by_month.split()]
            cold = sum(
                (Fraction(by_month[part.start.month - 1] * part.days, _days_of(part.start)) for part in days.months()),
                Fraction(0),
            )
            tap = Fraction(self.heating.tap_share)
            weight = tap * Fraction(days.days, 365) + (1 - tap) * cold / sum(by_month)
            self._weights[days] = weight
        return weight

    def pair(self, before: Mapping[str, Billed]) -> list[tuple[Billed, Billed]]:
        """Pairs of what contracts are billed now and what they were billed before."""
        return [(billed, before[name]) for name, billed in self.now.items() if name in before]


def is_mass(count: int, of: int) -> bool:
    """True for so many of a run that it is no chance: three or more, and a tenth."""
    return count >= FEWEST and count * 10 >= of


def median(values: Iterable[Fraction]) -> Fraction:
    """The middle value; of two the lower one."""
    in_order = sorted(values)
    return in_order[(len(in_order) - 1) // 2]


def brake(code: str, subject: str = "", concerns: Iterable[str] = (), **figures: BrakeFigure) -> Brake:
    """A brake with the figures that its sentence names, and the contracts whose bills it concerns."""
    return Brake(code, subject, tuple(figures.items()), tuple(dict.fromkeys(concerns)))


def show(unit: FigureUnit) -> Callable[[object], BrakeFigure]:
    """Make figures of a unit."""
    return lambda value: BrakeFigure(_text(value), unit)


def _text(value: object) -> str:
    if isinstance(value, Fraction):
        return str(Decimal(round(value * 1000)).scaleb(-3))
    return value.isoformat() if isinstance(value, date) else str(value)


def _days_of(day: date) -> int:
    return Period.month(day.year, day.month).days


cents, gj, kwh = show(FigureUnit.CENTS), show(FigureUnit.GJ), show(FigureUnit.KWH)
count, percent, times = show(FigureUnit.COUNT), show(FigureUnit.PERCENT), show(FigureUnit.TIMES)
day, span, text = show(FigureUnit.DAY), show(FigureUnit.PERIOD), show(FigureUnit.TEXT)
number, price = show(FigureUnit.NUMBER), show(FigureUnit.PRICE)
