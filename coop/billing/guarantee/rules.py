"""Niet Meer Dan Nu: the ceiling of a guarantee year, and the credit that keeps a member under it.

Invariant: after every bill ``credit so far = max(0, heat cost so far - ceiling)``, so no bill, in whatever order months
and corrections come, leaves a member above the ceiling, and at the end of the year the credits are together exactly the
yearly formula. A guarantee year is twelve months from the start of the contract. Its ceiling is the mean of the
reference years times the index factors of every year since, rounded once; a year cut short by the end of the contract
has its share by days, or by days for tap water and by the normal degree days of each month for the rest.

The weather variant restates each reference year at normal degree days and scales the amount that was paid by the same
factor.

Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu (E9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from coop.billing.guarantee.profile import share_of
from coop.billing.model import (
    Chosen,
    Contract,
    GasYear,
    GuaranteeEntry,
    GuaranteeMode,
    GuaranteeState,
    GuaranteeTerms,
    Profile,
    Promise,
    YearFigure,
)
from coop.communities.choices import Choices, DatedChoice, GuaranteeChoice
from coop.values import CoopError, Period, anniversary, say

Figures = Mapping[tuple[str, int], Decimal]
"""Published yearly figures by series and year."""

PROMISES = (GuaranteeMode.PLAIN, GuaranteeMode.WEATHER)
"""Modes in which there is a ceiling."""


def guarantee_years(contract: Contract, days: Period) -> list[Period]:
    """The guarantee years of a contract that ``days`` touch."""
    return list(_years_between(contract.starts_on, days.start, days.end))


@lru_cache(maxsize=4096)  # a run asks the same of most contracts, and of each more than once
def _years_between(starts_on: date, first: date, end: date) -> tuple[Period, ...]:
    number = max(0, first.year - starts_on.year - 1)
    years = []
    while (start := anniversary(starts_on, number)) < end:
        year = Period(start, anniversary(starts_on, number + 1))
        if year.end > first:
            years.append(year)
        number += 1
    return tuple(years)


def guarantee_year(contract: Contract, start: date) -> Period:
    """The guarantee year of a contract that begins on a day."""
    return Period(start, anniversary(contract.starts_on, start.year - contract.starts_on.year + 1))


def guarantee_terms(
    contract: Contract,
    year: Period,
    until: date,
    figures: Figures,
    choices: Choices,
) -> GuaranteeTerms:
    """Terms that the ceiling of a guarantee year follows from, once bills reach up to ``until``: an end of the contract
    counts from then on, so that no credit is given for an end that is still to come and may move.

    All of it is reckoned as was promised on the day on which the contract began, whatever was voted since.

    Raises:
        CoopError: an index factor or a degree-day figure that is needed is not on file, or no choice holds.
    """
    row, choice = choices.dated_on(GuaranteeChoice, contract.starts_on)
    chosen = chosen_of(row, choice)
    mode = promised_mode(contract, year.start, choices)
    reference = tuple(sorted(contract.reference, key=lambda gas_year: gas_year.year)[-choice.reference_years :])
    if mode not in PROMISES or not reference:
        return GuaranteeTerms(year, mode, reference, (), choice.tap_share, (), None, year.days, chosen)
    begun = range(1, year.start.year - contract.starts_on.year + 1)
    indexed = (index_year(anniversary(contract.starts_on, number), choice) for number in begun)
    factors = tuple(_figure(figures, choice.index_series, published) for published in indexed)
    ended = contract.ends_on is not None and contract.ends_on <= until and contract.ends_on < year.end
    covered = max(0, (contract.ends_on - year.start).days) if ended and contract.ends_on else year.days
    degree_days, normal = _degree_days(mode, reference, contract, choice, figures)
    return GuaranteeTerms(year, mode, reference, factors, choice.tap_share, degree_days, normal, covered, chosen)


def promise_of(contract: Contract, choices: Choices) -> Promise | None:
    """Term for which a ceiling is promised to a contract, by the choice of the day on which it began; None without one.

    Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu.
    """
    choice = choices.on(GuaranteeChoice, contract.starts_on)
    if GuaranteeMode(choice.mode) not in PROMISES or not contract.reference:
        return None
    return Promise(
        anniversary(contract.starts_on, choice.term_years), anniversary(contract.starts_on, choice.exit_after_years)
    )


def promised_mode(contract: Contract, day: date, choices: Choices) -> GuaranteeMode:
    """Promise to a contract in the guarantee year that begins on a day, by the choice of the day on which the
    contract began: nothing more once the term is over."""
    promise = choices.on(GuaranteeChoice, contract.starts_on)
    if day >= anniversary(contract.starts_on, promise.term_years):
        return GuaranteeMode.OVER
    return GuaranteeMode(promise.mode)


def chosen_of(row: DatedChoice, choice: GuaranteeChoice) -> Chosen:
    """Figures of the choice under which a ceiling is reckoned."""
    return Chosen(
        index_series=choice.index_series,
        degree_day_series=choice.degree_day_series,
        reference_years=choice.reference_years,
        valid_from=row.valid_from,
        resolution_id=row.resolution_id,
        index_month=choice.index_month,
        index_lag_months=choice.index_lag_months,
        part_of_year=choice.part_of_year,
        degree_days_by_month=choice.degree_days_by_month,
    )


def index_year(day: date, choice: GuaranteeChoice) -> int:
    """The newest year whose index factor is published on a day.

    Source: docs/domain/time-and-calendars.md#price-index.
    """
    years_later, month = divmod(choice.index_month + choice.index_lag_months, 12)
    year = day.year - years_later
    return year if date(day.year, month + 1, 1) <= day else year - 1


def covered_share(terms: GuaranteeTerms) -> Fraction:
    """Share that a guarantee year has of its ceiling: all of it, or the share of the days that the contract covers.

    By degree days: ``s * days / days of the year + (1 - s) * WDD of the days / WDD of the year``, where the normal
    degree days of a month lie evenly on its days.

    Source: docs/domain/degree-days.md#sharing-out.
    """
    by_days = Fraction(terms.days_covered, terms.year.days)
    if by_days in (0, 1) or terms.chosen.part_of_year != "degree-days":
        return by_days
    covered = Period(terms.year.start, terms.year.start + timedelta(days=terms.days_covered))
    return share_of(covered, terms.year, Profile(terms.tap_share, terms.chosen.degree_days_by_month))


def reference_eur(terms: GuaranteeTerms) -> Fraction:
    """Mean yearly gas amount, unrounded [EUR].

    Raises:
        ValueError: there are no reference years.
    """
    if not terms.reference:
        raise ValueError("no reference years")
    return sum((restated_eur(gas_year, terms) for gas_year in terms.reference), Fraction(0)) / len(terms.reference)


def normal_gas_m3(gas_m3: Decimal, tap_share: Decimal, degree_days: Decimal, normal_degree_days: Decimal) -> Fraction:
    """Gas of one year restated at normal weather [m3]: ``gas * (s + (1 - s) * wdd_n / wdd_y)``.

    >>> round(float(normal_gas_m3(Decimal(1250), Decimal("0.21"), Decimal(2890), Decimal(2800))), 2)
    1219.25

    Args:
        gas_m3: gas burnt in the year [m3].
        tap_share: s, the share that heats tap water and does not follow the weather.
        degree_days: wdd_y, weighted degree days of the year [K d].
        normal_degree_days: wdd_n, those of a normal year [K d].

    Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu (E9).
    """
    tap = Fraction(tap_share)
    return Fraction(gas_m3) * (tap + (1 - tap) * Fraction(normal_degree_days) / Fraction(degree_days))


@lru_cache(maxsize=4096)  # a run asks the same of a guarantee year half a dozen times
def ceiling_cents(terms: GuaranteeTerms) -> int | None:
    """The ceiling of the guarantee year, half-up to cents; None where nothing is promised.

    ``mean over y of (amount_y * f_y) * product of the index factors * share of the year covered``, with ``f_y`` 1 in
    the plain mode and that of ``normal_gas_m3`` in the weather mode.

    Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu (E9).
    """
    if terms.mode not in PROMISES or not terms.reference:
        return None
    ceiling = reference_eur(terms) * 100
    for factor in terms.factors:
        ceiling *= Fraction(factor.value)
    ceiling *= covered_share(terms)
    return (2 * ceiling.numerator + ceiling.denominator) // (2 * ceiling.denominator)


def yearly_credit_cents(heat_cents: int, ceiling: int) -> int:
    """Credit of a whole year: what goes above the ceiling."""
    return max(0, heat_cents - ceiling)


def credit_due_cents(terms: GuaranteeTerms, heat_cents: int) -> int:
    """Credit that a guarantee year is due for so much heat cost: nothing where nothing is promised."""
    return _credit_due_cents(ceiling_cents(terms), heat_cents)


def _credit_due_cents(ceiling: int | None, heat_cents: int) -> int:
    return 0 if ceiling is None else yearly_credit_cents(heat_cents, ceiling)


def apply_guarantee(state: GuaranteeState, heat_cents: int) -> GuaranteeEntry:
    """Effect of a bill with ``heat_cents`` of heat cost on a guarantee year. The credit is below zero only where a
    correction lowered the cost, or raised the ceiling, after credit had been given."""
    ceiling = ceiling_cents(state.terms)
    heat_so_far = state.heat_before_cents + heat_cents
    due = _credit_due_cents(ceiling, heat_so_far)
    return GuaranteeEntry(
        year=state.terms.year,
        ceiling_cents=ceiling,
        heat_cents=heat_cents,
        credit_cents=due - state.credit_before_cents,
        heat_so_far_cents=heat_so_far,
        credit_so_far_cents=due,
        notes=_notes(state.terms),
        causes=(*(("cost",) if heat_cents else ()), *_causes(state.terms_before, state.terms)),
    )


def _causes(before: GuaranteeTerms | None, now: GuaranteeTerms) -> tuple[str, ...]:
    """Name what of the terms of a ceiling is no longer what it was."""
    if before is None:
        return ()
    compared = {
        "gas-bills": before.reference != now.reference,
        "index": before.factors != now.factors,
        "degree-days": (before.degree_days, before.normal_degree_days) != (now.degree_days, now.normal_degree_days),
        "end": before.days_covered != now.days_covered,
        "choice": (before.chosen, before.tap_share, before.mode) != (now.chosen, now.tap_share, now.mode),
    }
    return tuple(cause for cause, differs in compared.items() if differs)


def _notes(terms: GuaranteeTerms) -> tuple[str, ...]:
    if terms.mode not in PROMISES:
        return ("guarantee-off",) if terms.mode is GuaranteeMode.OFF else ("guarantee-over",)
    if not terms.reference:
        return ("no-reference",)
    notes = []
    if len(terms.reference) < terms.chosen.reference_years:
        notes.append("fewer-reference-years")
    if terms.days_covered < terms.year.days:
        notes.append("shortened-year")
    return tuple(notes)


def restated_eur(gas_year: GasYear, terms: GuaranteeTerms) -> Fraction:
    """Amount that a gas year counts for: what was paid, in the weather mode restated at normal weather [EUR,
    unrounded]."""
    paid = Fraction(gas_year.amount_cents, 100)
    if terms.mode is not GuaranteeMode.WEATHER or not gas_year.gas_m3 or terms.normal_degree_days is None:
        return paid
    degree_days = next(figure.value for figure in terms.degree_days if figure.year == gas_year.year)
    gas_m3 = Decimal(gas_year.gas_m3)
    return paid * normal_gas_m3(gas_m3, terms.tap_share, degree_days, terms.normal_degree_days) / Fraction(gas_m3)


def _degree_days(
    mode: GuaranteeMode,
    reference: Sequence[GasYear],
    contract: Contract,
    choice: GuaranteeChoice,
    figures: Figures,
) -> tuple[tuple[YearFigure, ...], Decimal | None]:
    if mode is not GuaranteeMode.WEATHER:
        return (), None
    years = tuple(_figure(figures, choice.degree_day_series, gas_year.year) for gas_year in reference)
    return years, _figure(figures, choice.normal_degree_day_series, contract.starts_on.year).value


def _figure(figures: Figures, series: str, year: int) -> YearFigure:
    value = figures.get((series, year))
    if value is None:
        raise CoopError(
            "figure-missing",
            say(
                "the ceiling needs %(series)s of %(year)s, which is not on file; enter it first",
                series=series,
                year=year,
            ),
        )
    return YearFigure(year, value)
