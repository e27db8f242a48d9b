"""Terms of a tariff as a meeting adopts them: which prices they name, how each is written, and the most that the law
lets them be. Whoever puts a tariff to the vote and whoever bills by it judge it by the same rules.

Source: docs/domain/heat-tariffs-and-guarantee.md#maximum-tariffs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from coop.communities.law import MAXIMA_VAT, maxima, maxima_on, restate, vat_on
from coop.values import Problem, say

FIXED_PRICES: Final = (
    "heat_standing_eur_per_year",
    "heat_metering_eur_per_year",
    "heat_delivery_set_eur_per_year",
)
"""Prices of a year, whatever is used."""

PRICES: Final = ("heat_price_eur_per_gj", *FIXED_PRICES, "shared_electricity_price_eur_per_kwh")
"""Price parameters of a tariff, EUR incl. VAT."""

GUARANTEES: Final = ("plain", "weather", "off")
"""Ways in which the reference of Niet Meer Dan Nu is made."""

NAMES: Final = (*PRICES, "vat_rate", "nmdn", "valid_from")
"""Everything that a tariff says."""

FIXED_TOTAL: Final = "fixed_total_eur_per_year"

_DECIMAL = re.compile(r"\d{1,7}(\.\d{1,8})?")


def has_maximum(year: int) -> bool:
    """True when a maximum of that year is on file; until then the last one goes on."""
    return any(m.year == year for m in maxima())


def judge_shape(parameters: Mapping[str, Any]) -> list[Problem]:
    """Find what of a tariff is missing, or written in a way that cannot be billed.

    >>> [problem.field for problem in judge_shape({"valid_from": "2026-01-01", "heat_price_eur_per_gj": "34,50"})][:2]
    ['heat_price_eur_per_gj', 'heat_standing_eur_per_year']
    """
    problems = [
        Problem(
            say("is missing")
            if name not in parameters
            else say('"%(value)s" is no price such as 34.50', value=str(parameters[name])[:40]),
            name,
        )
        for name in (*PRICES, "vat_rate")
        if not (isinstance(parameters.get(name), str) and _DECIMAL.fullmatch(parameters[name]))
    ]
    if parameters.get("nmdn") not in GUARANTEES:
        reason = say(
            'says how Niet Meer Dan Nu is compared: %(ways)s, not "%(value)s"',
            ways=GUARANTEES,
            value=str(parameters.get("nmdn"))[:40],
        )
        problems.append(Problem(reason, "nmdn"))
    if _day(parameters.get("valid_from")) is None:
        problems.append(Problem(say("must be a date such as 2026-01-01"), "valid_from"))
    if not any(problem.field == "vat_rate" for problem in problems) and Decimal(parameters["vat_rate"]) >= 1:
        problems.append(Problem(say("is a share of one, such as 0.21"), "vat_rate"))
    return problems


def judge_law(valid_from: date, prices: Mapping[str, Decimal], vat_rate: Decimal, known_on: date) -> list[Problem]:
    """What of a tariff the law does not allow on its first day, as known on a day: components above ACM's maximum, each
    against its own and the fixed ones together against the total; a maximum that is not on file; another rate of VAT
    than that of the day."""
    problems = []
    if vat_rate != vat_on(valid_from):
        reason = say("is %(rate)s by law on %(day)s, and no vote sets it", rate=vat_on(valid_from), day=valid_from)
        problems.append(Problem(reason, "vat_rate"))
    limits = maxima_on(valid_from, known_on)
    if not limits:
        problems.append(Problem(say("no legal maximum of %(day)s is on file", day=valid_from), "valid_from"))
    asked = {**prices, FIXED_TOTAL: sum((prices[name] for name in FIXED_PRICES), Decimal(0))}
    problems += [
        Problem(
            say(
                "%(asked)s is above the maximum of %(most)s for %(year)s (%(source)s)",
                asked=asked[m.component],
                most=m.price_eur,
                year=str(m.year),
                source=m.source,
            ),
            m.component,
        )
        for m in limits
        if restate(asked[m.component], vat_rate, MAXIMA_VAT) > m.price_eur
    ]
    return problems


def judge_tariff(parameters: Mapping[str, Any]) -> list[Problem]:
    """Everything that keeps a tariff from being billed; nothing where it can be."""
    if problems := judge_shape(parameters):
        return problems
    prices = {name: Decimal(parameters[name]) for name in PRICES}
    valid_from = date.fromisoformat(parameters["valid_from"])
    return judge_law(valid_from, prices, Decimal(parameters["vat_rate"]), valid_from)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
