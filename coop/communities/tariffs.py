"""Terms of a tariff as a meeting adopts them: which prices they name, how each is written, and the most that the law
lets them be. Whoever puts a tariff to the vote and whoever bills by it judge it by the same rules.

Source: docs/domain/heat-tariffs-and-guarantee.md#maximum-tariffs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

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


@dataclass(frozen=True)
class Maximum:
    """ACM's maximum of one component in one year, EUR incl. VAT."""

    year: int
    component: str
    price_eur: Decimal
    source: str
    mark: str


@cache
def maxima() -> tuple[Maximum, ...]:
    """All maxima on file; each row of ``maxima.toml`` names its own source."""
    rows = tomllib.loads(files(__package__).joinpath("maxima.toml").read_text())["maximum"]
    return tuple(
        Maximum(row["year"], name, Decimal(value), row["source"], row["mark"])
        for row in rows
        for name, value in row.items()
        if "_eur_per_" in name
    )


def has_maximum(year: int) -> bool:
    """True when a maximum of that year is on file; without one a tariff is taken and flagged."""
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


def judge_maxima(valid_from: date, prices: Mapping[str, Decimal]) -> list[Problem]:
    """Components above ACM's maximum of the tariff's first year. Each is checked against its own maximum, and the fixed
    ones together against the published total where only that is known."""
    asked = {**prices, FIXED_TOTAL: sum((prices[name] for name in FIXED_PRICES), Decimal(0))}
    return [
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
        for m in maxima()
        if m.year == valid_from.year and asked[m.component] > m.price_eur
    ]


def judge_tariff(parameters: Mapping[str, Any]) -> list[Problem]:
    """Everything that keeps a tariff from being billed; nothing where it can be."""
    if problems := judge_shape(parameters):
        return problems
    prices = {name: Decimal(parameters[name]) for name in PRICES}
    return judge_maxima(date.fromisoformat(parameters["valid_from"]), prices)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
