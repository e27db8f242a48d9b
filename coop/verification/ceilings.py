"""Ceilings of Niet Meer Dan Nu, derived anew from what was promised: gas bills, index, weather, and end of a contract.

``mean of the reference years * index factor of each year since * share of the year that the contract covers``. Gas
bills, figures and ends of a contract were corrected over time, and an end counts once bills reach up to it: a ceiling
has to be the one of some state of what was told.

Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu (E9), docs/domain/degree-days.md#sharing-out,
docs/domain/time-and-calendars.md#price-index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import product

from coop.communities.choices import GuaranteeChoice
from coop.events.members import ContractSigned, GasYear
from coop.verification.rows import Kept
from coop.verification.told import Told

DAY = timedelta(days=1)

Figures = Mapping[tuple[str, int], Sequence[Fraction]]
"""Every value that a published figure was entered with, by series and year."""


def verify_ceilings(kept: Kept, told: Told) -> Iterator[str]:
    """Every entry of a guarantee year whose ceiling follows from nothing that was told."""
    contracts = {fact.contract_id: fact for fact in told.signed}
    references: dict[str, list[Sequence[GasYear]]] = defaultdict(list)
    for signed in told.signed:
        references[signed.contract_id].append(signed.reference)
    for correction in told.corrected:
        references[correction.contract_id].append(correction.reference)
    ends: dict[str, list[date | None]] = defaultdict(list)
    for ended in told.ended:
        ends[ended.contract_id].append(ended.ends_on)
    figures: dict[tuple[str, int], list[Fraction]] = defaultdict(list)
    for row in kept.figures:
        figures[row.series, row.year].append(Fraction(row.value))
    states = _states(kept)
    if not states:
        return  # none can be read, which is a finding of its own
    followed: dict[tuple[str, date], frozenset[int | None]] = {}
    for entry in kept.entries:
        contract = contracts.get(entry.contract_id)
        if contract is None:
            continue
        key = entry.contract_id, entry.year_start
        if key not in followed:
            ways = product(states, references[entry.contract_id], [None, *ends[entry.contract_id]])
            followed[key] = frozenset(
                ceiling
                for choices, reference, ends_on in ways
                for ceiling in _ceilings(contract, entry.year_start, choices, reference, ends_on, figures)
            )
        if entry.ceiling_cents not in followed[key]:
            yield (
                f"guarantee year {entry.year_start} of contract {entry.contract_id}, entry {entry.number}: a ceiling of"
                f" {entry.ceiling_cents} cents does not follow from what was told"
            )


def _states(kept: Kept) -> list[Sequence[tuple[date, GuaranteeChoice]]]:
    """The choices as they were made one after the other: what was known after the first, after the second ..."""
    made = [(row.valid_from, row.choice) for row in kept.choices if isinstance(row.choice, GuaranteeChoice)]
    return [made[:number] for number in range(1, len(made) + 1)]


def _choice_on(choices: Sequence[tuple[date, GuaranteeChoice]], day: date) -> GuaranteeChoice | None:
    """The choice of a day; of two from one day the one that was made later."""
    begun = [(since, number) for number, (since, _) in enumerate(choices) if since <= day]
    return choices[max(begun)[1]][1] if begun else None


def _ceilings(
    contract: ContractSigned,
    year: date,
    choices: Sequence[tuple[date, GuaranteeChoice]],
    reference: Iterable[GasYear],
    ends_on: date | None,
    figures: Figures,
) -> Iterator[int | None]:
    """The ceilings of a guarantee year [cents], one for each set of figures that was on file; None for no promise."""
    choice = _choice_on(choices, contract.starts_on)
    nth = year.year - contract.starts_on.year
    if choice is None or year != birthday(contract.starts_on, nth):
        return
    gas = sorted(reference, key=lambda each: each.year)[-choice.reference_years :]
    if choice.mode == "off" or not gas or nth >= choice.term_years:
        yield None
        return
    following = birthday(contract.starts_on, nth + 1)
    share = _covered(choice, year, following, ends_on)
    index = [
        figures.get((choice.index_series, _published(birthday(contract.starts_on, number), choice)), ())
        for number in range(1, nth + 1)
    ]
    for mean in _means(gas, choice.mode == "weather", choice, contract.starts_on.year, figures):
        for factors in product(*index):
            ceiling = mean * share
            for factor in factors:
                ceiling *= factor
            yield int(ceiling + Fraction(1, 2))


def _means(
    gas: Sequence[GasYear], is_restated: bool, choice: GuaranteeChoice, first_year: int, figures: Figures
) -> Iterator[Fraction]:
    """Mean gas bill [cents], in the weather mode each restated at normal weather: warm water stays as it was."""
    paid = [Fraction(each.amount_cents) for each in gas]
    if not is_restated:
        yield sum(paid, Fraction(0)) / len(gas)
        return
    warm_water = Fraction(choice.tap_share)
    normals = figures.get((choice.normal_degree_day_series, first_year), ())
    of_years = [figures.get((choice.degree_day_series, each.year), ()) for each in gas]
    for normal, *degree_days in product(normals, *of_years):
        restated = [
            cents * (warm_water + (1 - warm_water) * normal / cold) if each.gas_m3 else cents
            for each, cents, cold in zip(gas, paid, degree_days, strict=True)
        ]
        yield sum(restated, Fraction(0)) / len(gas)


def _covered(choice: GuaranteeChoice, year: date, following: date, ends_on: date | None) -> Fraction:
    """Share of a guarantee year that a contract covers until it ends."""
    if ends_on is None or ends_on >= following:
        return Fraction(1)
    whole = [year + number * DAY for number in range((following - year).days)]
    covered = [day for day in whole if day < ends_on]
    by_days = Fraction(len(covered), len(whole))
    cold = [Fraction(each) for each in choice.degree_days_by_month.split()]
    if choice.part_of_year == "days" or not sum(cold):
        return by_days
    heating = sum((_cold(cold, day) for day in covered), Fraction(0)) / sum(_cold(cold, day) for day in whole)
    warm_water = Fraction(choice.tap_share)
    return warm_water * by_days + (1 - warm_water) * heating


def _cold(by_month: Sequence[Fraction], day: date) -> Fraction:
    """Normal degree days of a day: those of its month, evenly."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return by_month[day.month - 1] / (following - day.replace(day=1)).days


def _published(day: date, choice: GuaranteeChoice) -> int:
    """The newest year whose index factor counts on a day."""
    year = day.year
    while _months(day) <= 12 * year + choice.index_month - 1 + choice.index_lag_months:
        year -= 1
    return year


def _months(day: date) -> int:
    return 12 * day.year + day.month - 1


def birthday(day: date, years: int) -> date:
    """The same day some years later; 1 March for 29 February in a year without one.

    >>> birthday(date(2024, 2, 29), 1).isoformat()
    '2025-03-01'
    """
    year = day.year + years
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, 3, 1) if (day.month, day.day) == (2, 29) and not is_leap else day.replace(year=year)
