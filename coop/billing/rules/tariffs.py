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

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from coop.billing.model import Contract, GuaranteeMode, Notice, Tariff, TariffSpan
from coop.communities.tariffs import PRICES, judge_maxima, judge_shape
from coop.values import BadInput, Period, Problem, say


def read_tariff(
    tariff_id: str, resolution_id: str, valid_from: date, decided_on: date, parameters: Mapping[str, str]
) -> Tariff:
    """The tariff that a resolution's parameters say.

    Raises:
        BadInput: a parameter is missing or is not a decimal text, ``nmdn`` is unknown, or the dates disagree; every
            problem at once.
    """
    problems = judge_shape(parameters)
    if parameters.get("valid_from") != valid_from.isoformat() and not any(p.field == "valid_from" for p in problems):
        reason = say("is not the first day of the decision, %(day)s", day=valid_from)
        problems.append(Problem(reason, "valid_from"))
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
    """Components above ACM's maximum of the tariff's first year."""
    return judge_maxima(tariff.valid_from, {name: getattr(tariff, name) for name in PRICES})


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
