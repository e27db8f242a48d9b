"""Tariffs: what a meeting's parameters say, what the law allows, and from which day a tariff binds a member.

Invariant: a tariff binds through the contract, never by the vote alone. The tariff in force when the contract starts is
the contract's own. A later one binds from its first day or from the written notice, whichever is later, and only where
the contract reserves the power to change the tariff; until then the one before goes on (BW 2:59,
docs/domain/law-and-co-operative.md#a-price-change-binds-a-member).

One case reaches back: a tariff that makes nothing dearer, such as the repair of 2024 (E3,
docs/domain/heat-tariffs-and-guarantee.md#e3), binds a member who was notified from its own first day, because nobody
needs protection from paying less. Its notice may come after the contract has ended, so leavers get their credit.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from coop.billing.model import Contract, GuaranteeMode, Notice, Tariff, TariffSpan
from coop.values import BadInput, Period, Problem, say

_DECIMAL = re.compile(r"\d{1,7}(\.\d{1,8})?")

PRICES = (
    "heat_price_eur_per_gj",
    "heat_standing_eur_per_year",
    "heat_metering_eur_per_year",
    "heat_delivery_set_eur_per_year",
    "shared_electricity_price_eur_per_kwh",
)
"""Price parameters of a tariff, EUR incl. VAT."""

_FIXED_PRICES = PRICES[1:4]


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
    """All maxima on file; each row of ``maxima.toml`` names its own source.

    Source: docs/domain/heat-tariffs-and-guarantee.md#maximum-tariffs.
    """
    rows = tomllib.loads(files(__package__).joinpath("maxima.toml").read_text())["maximum"]
    return tuple(
        Maximum(row["year"], name, Decimal(value), row["source"], row["mark"])
        for row in rows
        for name, value in row.items()
        if "_eur_per_" in name
    )


def read_tariff(
    tariff_id: str, resolution_id: str, valid_from: date, decided_on: date, parameters: Mapping[str, str]
) -> Tariff:
    """The tariff that a resolution's parameters say.

    Raises:
        BadInput: a parameter is missing or is not a decimal text, ``nmdn`` is unknown, or the dates disagree; every
            problem at once.
    """
    problems = [
        Problem(
            say("is missing")
            if name not in parameters
            else say("'%(value)s' is not a decimal number", value=parameters[name]),
            name,
        )
        for name in (*PRICES, "vat_rate")
        if not _DECIMAL.fullmatch(parameters.get(name, ""))
    ]
    if parameters.get("nmdn") not in tuple(GuaranteeMode):
        problems.append(
            Problem(
                say("'%(mode)s' is none of %(modes)s", mode=parameters.get("nmdn"), modes=tuple(GuaranteeMode)), "nmdn"
            )
        )
    if parameters.get("valid_from") != valid_from.isoformat():
        problems.append(
            Problem(
                say(
                    "'%(day)s' is not the first day %(valid_from)s",
                    day=parameters.get("valid_from"),
                    valid_from=valid_from,
                ),
                "valid_from",
            )
        )
    if not problems and Decimal(parameters["vat_rate"]) >= 1:
        problems.append(Problem(say("is a share of one, such as 0.21"), "vat_rate"))
    if problems:
        raise BadInput(problems, "bad-tariff")
    return Tariff(
        tariff_id=tariff_id,
        resolution_id=resolution_id,
        valid_from=valid_from,
        decided_on=decided_on,
        **{name: Decimal(parameters[name]) for name in (*PRICES, "vat_rate")},
        nmdn=GuaranteeMode(parameters["nmdn"]),
    )


def above_maximum(tariff: Tariff) -> list[Problem]:
    """Components above ACM's maximum of the tariff's first year. Each is checked against its own maximum, and the fixed
    ones together against the published total where only that is known."""
    asked = {name: getattr(tariff, name) for name in PRICES}
    asked["fixed_total_eur_per_year"] = sum((asked[name] for name in _FIXED_PRICES), Decimal(0))
    return [
        Problem(
            say(
                "%(asked)s is above the maximum of %(maximum)s for %(year)s (%(source)s)",
                asked=asked[m.component],
                maximum=m.price_eur,
                year=m.year,
                source=m.source,
            ),
            m.component,
        )
        for m in maxima()
        if m.year == tariff.valid_from.year and asked[m.component] > m.price_eur
    ]


def has_maximum(year: int) -> bool:
    """True when a maximum of that year is on file; without one a tariff is taken and flagged."""
    return any(m.year == year for m in maxima())


def terms_of(
    contract: Contract, tariffs: Iterable[Tariff], notices: Sequence[Notice], member_on: Sequence[Period]
) -> list[tuple[date, Tariff]]:
    """From which day which tariff binds this contract, in order of days.

    Args:
        notices: written notices of any tariff.
        member_on: spans of membership; a notice to all reached this member when its day lies in one of them.
    """
    in_order = sorted(tariffs, key=lambda tariff: (tariff.valid_from, tariff.decided_on, tariff.tariff_id))
    own = _own_tariff(contract, in_order)
    if own is None:
        return []
    terms = [(max(own.valid_from, contract.starts_on), own)]
    if contract.tariff_clause is None:
        return terms
    for tariff in in_order[in_order.index(own) + 1 :]:
        sent_on = notified_on(contract, tariff, notices, member_on)
        if sent_on is None:
            continue
        begins = tariff.valid_from if _nowhere_dearer(tariff, terms[-1][1]) else max(tariff.valid_from, sent_on)
        begins = max(begins, contract.starts_on)
        # A later decision replaces what an earlier one would have set from that day on.
        terms = [(since, older) for since, older in terms if since < begins] + [(begins, tariff)]
    return terms


def spans_of(terms: Sequence[tuple[date, Tariff]], days: Period) -> tuple[TariffSpan, ...]:
    """The days cut by the tariffs that bind on them; days before the first tariff have no span."""
    spans = []
    for index, (since, tariff) in enumerate(terms):
        until = terms[index + 1][0] if index + 1 < len(terms) else date.max
        part = Period(since, until).overlap(days)
        if part is not None:
            spans.append(TariffSpan(part, tariff))
    return tuple(spans)


def _own_tariff(contract: Contract, in_order: Sequence[Tariff]) -> Tariff | None:
    """In force at the start; a co-operative's first contracts may be older than its first tariff, then that one."""
    in_force = [tariff for tariff in in_order if tariff.valid_from <= contract.starts_on]
    decided_before = [tariff for tariff in in_force if tariff.decided_on <= contract.starts_on]
    if decided_before:
        return decided_before[-1]
    candidates = in_force or list(in_order)
    return min(candidates, key=lambda tariff: (tariff.decided_on, tariff.tariff_id)) if candidates else None


def notified_on(
    contract: Contract, tariff: Tariff, notices: Sequence[Notice], member_on: Sequence[Period]
) -> date | None:
    """The day of the first written notice of a tariff that reached the member of a contract, or None."""
    reached = [
        notice.sent_on
        for notice in notices
        if notice.tariff_id == tariff.tariff_id
        and (
            notice.member_id == contract.member_id
            or (notice.member_id is None and any(span.start <= notice.sent_on < span.end for span in member_on))
        )
    ]
    return min(reached, default=None)


def needs_notice(contract: Contract, tariff: Tariff) -> bool:
    """True where a tariff binds a contract only once its member is told of it in writing: the contract began before it,
    runs on under it, and reserves that the tariff may change (BW 2:59)."""
    runs_on = contract.ends_on is None or contract.ends_on > tariff.valid_from
    return contract.tariff_clause is not None and contract.starts_on < tariff.valid_from and runs_on


def _nowhere_dearer(tariff: Tariff, than: Tariff) -> bool:
    same_promise = tariff.nmdn == than.nmdn
    return same_promise and all(getattr(tariff, name) <= getattr(than, name) for name in PRICES)
