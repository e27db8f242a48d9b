"""The use that is to be expected of days nobody has measured yet, from what was priced before.

Heat rests, in this order, on the same days a year before, on what was used in the last twelve months, or on the gas of
before: each as it would have been in normal weather. Other energy rests on the same days a year before, else on its
mean by day. Nothing is expected of what nothing is known of.

Source: docs/domain/degree-days.md#normal-year (E11), docs/domain/degree-days.md#sharing-out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from coop.billing.bills.comparing import MONTHLY_DEGREE_DAYS, Figures, year_before
from coop.billing.guarantee.profile import share_of_years
from coop.billing.guarantee.rules import normal_gas_m3
from coop.billing.model import BY_DAYS, Consumption, Contract, Profile
from coop.values import Period

LEAST_SHARE: Final = Fraction(1, 12)
"""Of a year's heat so much must have been measured before the rest follows from it: a summer alone tells little. A
choice."""

Key = tuple[str, str]
"""Quantity that was measured, or ``shared`` with its group."""


@dataclass(frozen=True)
class Use:
    """Energy of some days [J of heat or cold, Wh of electricity]."""

    period: Period
    amount: Fraction


@dataclass(frozen=True)
class Expected:
    """Energy that is expected of some days, and what it rests on: ``last-year``, ``use-so-far`` or ``gas-bills``."""

    period: Period
    amount: Decimal
    basis: str


def uses_of(priced: Iterable[Consumption], profile: Profile) -> dict[Key, list[Use]]:
    """Energy that was used on the days of a contract, by kind: of a reading that reaches beyond them, their share."""
    uses: dict[Key, dict[Period, Fraction]] = {}
    for consumption in priced:
        measured = [
            *(((each.quantity, ""), each.period, each.energy_j) for each in consumption.readings),
            *((("shared", each.group_id), each.period, Decimal(each.allocated_wh)) for each in consumption.shares),
        ]
        for key, period, amount in measured:
            days = period.overlap(consumption.days)
            if days is not None:
                share = _part(days, period, profile if key[0] == "heat" else BY_DAYS)
                of_days = uses.setdefault(key, {})
                of_days[days] = of_days.get(days, Fraction(0)) + Fraction(amount) * share
    return {key: [Use(days, amount) for days, amount in sorted(of_days.items())] for key, of_days in uses.items()}


def expect_heat(
    days: Period,
    uses: Sequence[Use],
    contract: Contract,
    profile: Profile,
    figures: Figures,
    gj_per_m3: Fraction,
) -> Expected | None:
    """The heat of some days at normal weather [J]; None where nothing is known of the home. ``gj_per_m3`` is the heat
    of a cubic metre of gas.

    >>> year, gas = Period.year(2026), [Use(Period.year(2025), Fraction(30))]
    >>> nobody = Contract("c", "m", "k", year.start, None, None, ())
    >>> expect_heat(Period.month(2026, 1), gas, nobody, Profile(), {}, Fraction(1, 35))
    Expected(period=Period(start=datetime.date(2026, 1, 1), end=datetime.date(2026, 2, 1)), amount=Decimal('3'), \
basis='last-year')
    """
    share = share_of_years(days, profile)
    before = _last_year(days, uses, profile)
    if before is not None:
        return Expected(days, _whole(before * _to_normal(year_before(days), profile, figures)), "last-year")
    newest = max((use.period.end for use in uses), default=days.start)
    recent = [use for use in uses if (newest - use.period.end).days < 365]
    measured = sum((share_at_weather(use.period, profile, figures) for use in recent), Fraction(0))
    if measured >= LEAST_SHARE:
        return Expected(days, _whole(sum(use.amount for use in recent) / measured * share), "use-so-far")
    gas_m3 = _usual_gas_m3(contract, profile, figures)
    return None if gas_m3 is None else Expected(days, _whole(gas_m3 * gj_per_m3 * 10**9 * share), "gas-bills")


def expect_other(days: Period, uses: Sequence[Use]) -> Decimal:
    """Energy of some days that does not follow the cold: as on the same days a year before, else the mean by day."""
    before = _last_year(days, uses, BY_DAYS)
    if before is None:
        recent = [use for use in uses if (uses[-1].period.end - use.period.end).days < 365]
        before = sum((use.amount for use in recent), Fraction(0)) * days.days / sum(use.period.days for use in recent)
    return _whole(before)


def share_at_weather(days: Period, profile: Profile, figures: Figures) -> Fraction:
    """Share of a normal year's heat that some days asked for, by the degree days that they had: those that are on file,
    and the normal ones of a month of which none are."""
    normal = [int(number) for number in profile.degree_days_by_month.split()]
    tap, share = Fraction(profile.tap_share), Fraction(0)
    for part in days.months():
        month = Period.month(part.start.year, part.start.month)
        had = figures.get((MONTHLY_DEGREE_DAYS[month.start.month - 1], month.start.year))
        if had is None or not sum(normal):
            share += share_of_years(part, profile)
            continue
        by_days = Fraction(part.days, Period.year(month.start.year).days)
        share += tap * by_days + (1 - tap) * Fraction(had) / sum(normal) * Fraction(part.days, month.days)
    return share


def _to_normal(days: Period, profile: Profile, figures: Figures) -> Fraction:
    """Times so much the heat of some days would have been in normal weather."""
    had = share_at_weather(days, profile, figures)
    return share_of_years(days, profile) / had if had else Fraction(1)


def _last_year(days: Period, uses: Sequence[Use], profile: Profile) -> Fraction | None:
    """Energy that was used on the same days a year before; None where not all of them were measured."""
    before = year_before(days)
    parts = [(use, part) for use in uses if (part := use.period.overlap(before)) is not None]
    if sum(part.days for _, part in parts) != before.days:
        return None
    return sum((use.amount * _part(part, use.period, profile) for use, part in parts), Fraction(0))


def _part(days: Period, whole: Period, profile: Profile) -> Fraction:
    """Share of what was used in a period that some of its days have."""
    share = share_of_years(whole, profile)
    return share_of_years(days, profile) / share if share else Fraction(days.days, whole.days)


def _usual_gas_m3(contract: Contract, profile: Profile, figures: Mapping[tuple[str, int], Decimal]) -> Fraction | None:
    """Mean gas of the reference years, each at normal weather where its degree days are on file [m3]."""
    normal = sum(int(number) for number in profile.degree_days_by_month.split())
    years = [year for year in contract.reference if year.gas_m3 > 0]
    if not years:
        return None
    restated = []
    for year in years:
        had = figures.get(("wdd", year.year))
        gas_m3 = Decimal(year.gas_m3)
        weather = had if had and normal else None
        restated.append(
            normal_gas_m3(gas_m3, profile.tap_share, weather, Decimal(normal)) if weather else Fraction(gas_m3)
        )
    return sum(restated, Fraction(0)) / len(restated)


def _whole(amount: Fraction) -> Decimal:
    """Whole base units, half up."""
    return Decimal((2 * amount.numerator + amount.denominator) // (2 * amount.denominator))
