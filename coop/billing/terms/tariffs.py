"""Tariffs: what a meeting's parameters say, what the law allows, and from which day a tariff binds a member.

Invariant: a tariff binds through the contract, never by the vote alone. The tariff in force when the contract starts is
the contract's own. A later one binds from its first day or from the written notice, whichever is later, and only where
the contract reserves the power to change the tariff; until then the one before goes on (BW 2:59,
docs/domain/law-and-co-operative.md#a-price-change-binds-a-member).

One case reaches back: on each day before its notice a tariff binds where it makes nothing dearer than what bound on
that day, such as the repair of 2024 (E3, docs/domain/heat-tariffs-and-guarantee.md#e3), because nobody needs protection
from paying less. Its notice may come after the contract has ended, so leavers get their credit.

A decision that falls (it is suspended, annulled, withdrawn or repealed) binds no longer from its moment, and
what bound before binds again: on days before the fall was told only where that makes nothing dearer, and in the place
of a contract's own tariff never where it is dearer, because that member signed in good faith (BW 2:16 lid 2,
docs/domain/meetings-votes-and-statutes.md#a-decision-that-falls).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from coop.billing.model import Contract, Notice, Tariff, TariffSpan
from coop.billing.terms.dearer import is_nowhere_dearer
from coop.communities.law import Law
from coop.communities.stops import Stop, is_stopped
from coop.communities.tariff_law import judge_law
from coop.communities.tariffs import Component, judge_shape, read_components
from coop.values import BadInput, Period, Problem, say

Stops = Mapping[str, Sequence[Stop]]
"""By resolution, what was told of decisions that fell."""

NO_STOPS: Final[Stops] = {}


def read_tariff(
    tariff_id: str, resolution_id: str, valid_from: date, decided_on: date, parameters: Mapping[str, Any]
) -> Tariff:
    """The tariff that a resolution's parameters say.

    Raises:
        BadInput: a component or a field of one is missing, unknown or wrong, or the dates disagree; every problem at
            once.
    """
    problems = judge_shape(parameters)
    if parameters.get("valid_from") != valid_from.isoformat() and not any(p.field == "valid_from" for p in problems):
        reason = say("is not the first day of the decision, %(day)s", day=valid_from)
        problems.append(Problem(reason, "valid_from"))
    if problems:
        raise BadInput(problems, "bad-tariff")
    return Tariff(tariff_id, resolution_id, valid_from, decided_on, read_components(parameters))


def find_component(tariff: Tariff, name: str) -> Component | None:
    """The component of a tariff with a name, or None."""
    return next((component for component in tariff.components if component.name == name), None)


def against_law(tariff: Tariff, law: Law) -> list[Problem]:
    """Find what the law does not allow on the tariff's first day, as known on that day or when it was decided later."""
    known = law.as_known_on(max(tariff.valid_from, tariff.decided_on))
    return judge_law(known, tariff.valid_from, tariff.components)


def terms_of(
    contract: Contract,
    tariffs: Iterable[Tariff],
    notices: Sequence[Notice],
    law: Law,
    stops: Stops = NO_STOPS,
) -> list[tuple[date, Tariff]]:
    """From which day which tariff binds this contract, in order of days.

    On no day does it make a price dearer than what binds without the tariffs whose notice came later than that day, or
    than what bound as long as nobody had told that a tariff fell.

    Args:
        notices: written notices of any tariff.
        stops: by resolution, what was told of decisions that fell.
    """
    in_order = sorted(tariffs, key=lambda tariff: (tariff.valid_from, tariff.decided_on, tariff.tariff_id))
    own = _signed_tariff(contract, in_order, stops)
    if own is None:
        return []
    begins = max(own.valid_from, contract.starts_on)
    sent = first_notices(notices) if contract.tariff_clause is not None else {}
    reached = {
        tariff.tariff_id: sent[tariff.tariff_id, contract.member_id]
        for tariff in in_order
        if (tariff.tariff_id, contract.member_id) in sent
    }
    # Also the first day of a tariff that nobody was told of, for it may stand in the place of one that fell, and of a
    # rate of VAT, for which of two tariffs is dearer may follow from it.
    changes = {tariff.valid_from for tariff in in_order} | set(reached.values())
    changes |= {day for rates in law.vat_rates.values() for day, _ in rates}
    changes |= {
        day
        for tariff in in_order
        for stop in stops.get(tariff.resolution_id, ())
        for day in (stop.from_on, stop.told_on)
    }
    terms: list[tuple[date, Tariff]] = []
    for day in sorted({begins, *(max(begins, day) for day in changes)}):
        tariff = _binding_on(day, contract, own, in_order, reached, law, stops)
        if not terms or terms[-1][1] != tariff:
            terms.append((day, tariff))
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


def tariff_on(terms: Sequence[tuple[date, Tariff]], day: date) -> Tariff:
    """The tariff that binds on a day; on one before all of them, the first."""
    return next((tariff for since, tariff in reversed(terms) if since <= day), terms[0][1])


def _own_tariff(contract: Contract, in_order: Sequence[Tariff]) -> Tariff | None:
    """In force at the start; a co-operative's first contracts may be older than its first tariff, then that one."""
    in_force = [tariff for tariff in in_order if tariff.valid_from <= contract.starts_on]
    decided_before = [tariff for tariff in in_force if tariff.decided_on <= contract.starts_on]
    if decided_before:
        return decided_before[-1]
    candidates = in_force or list(in_order)
    return min(candidates, key=lambda tariff: (tariff.decided_on, tariff.tariff_id)) if candidates else None


def first_notices(notices: Iterable[Notice]) -> dict[tuple[str, str], date]:
    """The day of the first written notice by tariff and member."""
    first: dict[tuple[str, str], date] = {}
    for notice in notices:
        named = notice.tariff_id, notice.member_id
        first[named] = min(notice.sent_on, first.get(named, notice.sent_on))
    return first


def needs_notice(contract: Contract, tariff: Tariff) -> bool:
    """True where a tariff binds a contract only once its member is told of it in writing: the contract began before it,
    runs on under it, and reserves that the tariff may change (BW 2:59)."""
    runs_on = contract.ends_on is None or contract.ends_on > tariff.valid_from
    return contract.tariff_clause is not None and contract.starts_on < tariff.valid_from and runs_on


def _signed_tariff(contract: Contract, in_order: Sequence[Tariff], stops: Stops) -> Tariff | None:
    """The tariff that a contract was signed under: none that had fallen by then, but where nothing else was in
    force."""
    start = contract.starts_on
    left = [each for each in in_order if not is_stopped(stops.get(each.resolution_id, ()), start, start)]
    own = _own_tariff(contract, left)
    return own if own is not None and own.valid_from <= start else _own_tariff(contract, in_order)


def _binding_on(
    day: date,
    contract: Contract,
    own: Tariff,
    in_order: Sequence[Tariff],
    reached: Mapping[str, date],
    law: Law,
    stops: Stops,
) -> Tariff:
    """The tariff that binds on a day. What fell is left out from the day on which that was told, and before it, or in
    the place of the ``own`` tariff of the contract, only where nothing becomes dearer by it."""
    told = {each.tariff_id for each in in_order if is_stopped(stops.get(each.resolution_id, ()), day, day)}
    fallen = {each.tariff_id for each in in_order if is_stopped(stops.get(each.resolution_id, ()), day)}
    kept = [each for each in in_order if each == own or each.tariff_id not in told]
    bound = _replaced_on(day, contract, own, kept, reached, law)
    if fallen == told and own.tariff_id not in fallen:
        return bound
    left = [each for each in in_order if each.tariff_id not in fallen]
    first = own if own in left else _own_tariff(contract, left)
    if first is None or first.valid_from > day:
        return bound
    instead = _replaced_on(day, contract, first, left, reached, law)
    return instead if is_nowhere_dearer(instead, bound, contract.customer_class, day, law) else bound


def _replaced_on(
    day: date, contract: Contract, first: Tariff, in_order: Sequence[Tariff], reached: Mapping[str, date], law: Law
) -> Tariff:
    """The tariff that a contract begins with, or what replaced it by a day: a later decision an earlier one, before its
    notice only where it makes nothing dearer."""
    bound = first
    for tariff in in_order[in_order.index(first) + 1 :]:
        sent_on = reached.get(tariff.tariff_id)
        if sent_on is None or tariff.valid_from > day:
            continue
        if sent_on <= day or is_nowhere_dearer(tariff, bound, contract.customer_class, day, law):
            bound = tariff
    return bound
