"""Facts that a run needs of those that were heard, loaded by set: once for the terms, once for each period."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import func, select

from coop.billing.bills.drafts import Part, PeriodFacts
from coop.billing.bills.lines import PRODUCT_OF
from coop.billing.guarantee.rules import promise_of
from coop.billing.model import Contract, GasYear, HeatReading, Promise, SharedEnergy
from coop.billing.tables import heard as heard_tables
from coop.billing.terms import heard_store as heard
from coop.billing.terms import store as terms
from coop.billing.terms.heard_store import Allocation, Closing, Measurement
from coop.billing.terms.rules import Book, Holder
from coop.communities.law_store import load_law
from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.values import Period, Said, say

Fact = TypeVar("Fact", Measurement, Allocation)


@dataclass(frozen=True)
class Arrivals:
    """Numbers of facts of a period that have come, of those that metering told; ``told`` is None while it is open."""

    come: int
    told: int | None
    complete: bool


def load_book(tx: Tx, contract_id: str | None = None) -> Book:
    """The terms as heard so far, of every contract or of one."""
    return Book(
        contracts=_contracts(tx, contract_id),
        tariffs=tuple(adopted.tariff for adopted in heard.list_tariffs(tx)),
        notices=tuple(terms.list_notices(tx)),
        memberships=list_memberships(tx),
        figures={(figure.series, figure.year): figure.value for figure in terms.list_figures(tx)},
        choices=load_choices(tx),
        law=load_law(tx),
        stops=heard.list_stops(tx),
    )


def find_contract(tx: Tx, contract_id: str) -> Contract | None:
    """One contract, or None."""
    return next(iter(_contracts(tx, contract_id)), None)


def list_contracts(tx: Tx, member_id: str | None = None) -> list[Contract]:
    """The contracts of a member, or all, in order of id."""
    return list(_contracts(tx, member_id=member_id))


def list_promises(tx: Tx) -> dict[str, Promise]:
    """Terms for which ceilings are promised, by contract; one without a promise is not among them."""
    choices = load_choices(tx)
    promises = ((contract.contract_id, promise_of(contract, choices)) for contract in _contracts(tx))
    return {contract_id: promise for contract_id, promise in promises if promise is not None}


def find_promise(tx: Tx, contract_id: str) -> Promise | None:
    """Term for which a ceiling is promised to a contract, or None."""
    contract = find_contract(tx, contract_id)
    return promise_of(contract, load_choices(tx)) if contract else None


def list_references(tx: Tx, contract_id: str) -> set[GasYear]:
    """Every reference year that was ever told of a contract, as signed or by a correction."""
    told: set[GasYear] = set()
    for table in (heard_tables.contract_signed, heard_tables.gas_bills_corrected):
        query = select(table.c.reference).where(table.c.community == tx.community, table.c.contract_id == contract_id)
        for reference in tx.scalars(query):
            told.update(reference)
    return told


def load_period(tx: Tx, period: Period) -> PeriodFacts:
    """Readings and shares of a period, with what is missing until it is complete.

    A period is complete when every revision up to the newest that was closed has come with exactly the number of facts
    that metering told for it, and no newer one has begun.
    """
    measured, allocated = heard.list_measurements(tx, period), heard.list_allocations(tx, period)
    closings = {closing.revision: closing for closing in heard.list_closings(tx) if closing.period == period}
    newest = max([*closings, *(fact.revision for fact in measured), *(fact.revision for fact in allocated), 1])
    missing = [
        reason
        for revision in range(1, newest + 1)
        for reason in _missing(revision, closings.get(revision), measured, allocated)
    ]
    return _gather(period, newest, tuple(missing), measured, allocated)


def load_use(tx: Tx, period: Period, connections: Collection[str] | None) -> PeriodFacts:
    """Readings and shares of a period that is complete, of all connections or of these."""
    measured = heard.list_measurements(tx, period, connections)
    return _gather(period, 1, (), measured, heard.list_allocations(tx, period, connections))


def _gather(
    period: Period,
    revision: int,
    missing: tuple[Said, ...],
    measured: Iterable[Measurement],
    allocated: Iterable[Allocation],
) -> PeriodFacts:
    """The newest revision of what was measured and allocated, by holder."""
    readings: dict[Holder, list[HeatReading]] = {}
    parts: dict[str, list[Part]] = {}
    unpriced: set[tuple[str, str]] = set()
    for measurement in _newest(measured, lambda fact: fact.quantity):
        if measurement.quantity in PRODUCT_OF:
            readings.setdefault(measurement.holder, []).append(measurement.reading)
            parts[measurement.measurement_id] = [
                Part(part.meter, part.from_at, part.to_at) for part in measurement.parts
            ]
        else:
            unpriced.add((measurement.connection_id, measurement.quantity))
    shares: dict[Holder, list[SharedEnergy]] = {}
    for allocation in _newest(allocated, lambda fact: fact.group_id):
        shares.setdefault(allocation.holder, []).append(allocation.share)
    return PeriodFacts(period, revision, missing, readings, shares, tuple(sorted(unpriced)), parts)


def closed_periods(tx: Tx) -> list[tuple[Period, int]]:
    """Every period that metering closed, with its newest revision, in order."""
    newest: dict[Period, int] = {}
    for closing in heard.list_closings(tx):
        newest[closing.period] = max(closing.revision, newest.get(closing.period, 0))
    return list(newest.items())


def count_arrivals(tx: Tx) -> dict[Period, Arrivals]:
    """Completeness of each period, by civil month where metering has not closed it yet."""
    closings = heard.list_closings(tx)
    closed = sorted({closing.period for closing in closings})
    come: dict[tuple[Period, int], int] = {}
    for table in (heard_tables.measurement, heard_tables.allocation):
        days = table.c.period_start, table.c.period_end
        rows = tx.execute(
            select(*days, table.c.revision, func.count())
            .where(table.c.community == tx.community)
            .group_by(*days, table.c.revision)
        )
        for start, end, revision, count in rows:
            holding = (period for period in closed if period.start <= start and end <= period.end)
            period = next(holding, Period.month(start.year, start.month))
            come[period, revision] = come.get((period, revision), 0) + count
    told = {
        (closing.period, closing.revision): closing.measured_count + closing.allocated_count for closing in closings
    }
    return {period: _arrivals(period, come, told) for period in {period for period, _ in (*come, *told)}}


def _arrivals(
    period: Period, come: Mapping[tuple[Period, int], int], told: Mapping[tuple[Period, int], int]
) -> Arrivals:
    newest = max(revision for of, revision in (*come, *told) if of == period)
    keys = [(period, revision) for revision in range(1, newest + 1)]
    is_closed = all(key in told for key in keys)
    return Arrivals(
        come=sum(come.get(key, 0) for key in keys),
        told=sum(told[key] for key in keys) if is_closed else None,
        complete=is_closed and all(come.get(key, 0) == told[key] for key in keys),
    )


def _missing(
    revision: int, closing: Closing | None, measured: Sequence[Measurement], allocated: Sequence[Allocation]
) -> list[Said]:
    """Facts that have not come yet of one revision of a period."""
    if closing is None:
        return [say("revision %(revision)s is not closed", revision=revision)]
    measurements = sum(fact.revision == revision for fact in measured)
    allocations = sum(fact.revision == revision for fact in allocated)
    missing = []
    if measurements != closing.measured_count:
        counts = {"come": measurements, "wanted": closing.measured_count, "revision": revision}
        missing.append(say("%(come)s of %(wanted)s measurements of revision %(revision)s have come", **counts))
    if allocations != closing.allocated_count:
        counts = {"come": allocations, "wanted": closing.allocated_count, "revision": revision}
        missing.append(say("%(come)s of %(wanted)s allocations of revision %(revision)s have come", **counts))
    return missing


def _newest(facts: Iterable[Fact], kind_of: Callable[[Fact], str]) -> list[Fact]:
    """The newest revision for each connection, member, kind and days."""
    newest: dict[tuple[Holder, str, Period], Fact] = {}
    for fact in facts:
        key = (fact.holder, kind_of(fact), fact.period)
        if key not in newest or fact.revision > newest[key].revision:
            newest[key] = fact
    return [newest[key] for key in sorted(newest)]


def _contracts(tx: Tx, contract_id: str | None = None, member_id: str | None = None) -> tuple[Contract, ...]:
    signed, ended = heard_tables.contract_signed.c, heard_tables.contract_ended.c
    columns = (
        signed.contract_id,
        signed.member_id,
        signed.connection_id,
        signed.starts_on,
        signed.tariff_clause,
        signed.reference,
        signed.customer_class,
    )
    query = select(*columns).where(signed.community == tx.community).order_by(signed.contract_id)
    ends = select(ended.contract_id, ended.ends_on).where(ended.community == tx.community)
    corrected = heard_tables.gas_bills_corrected.c
    corrections = select(corrected.contract_id, corrected.number, corrected.reference).where(
        corrected.community == tx.community
    )
    if contract_id is not None:
        query = query.where(signed.contract_id == contract_id)
        ends = ends.where(ended.contract_id == contract_id)
        corrections = corrections.where(corrected.contract_id == contract_id)
    if member_id is not None:
        query = query.where(signed.member_id == member_id)
    newest = {row.contract_id: row for row in tx.execute(corrections.order_by(corrected.number))}
    last_ends: dict[str, date | None] = dict(iter(tx.execute(ends.order_by(ended.number))))
    contracts = (Contract(ends_on=last_ends.get(row.contract_id), **row._mapping) for row in tx.execute(query))
    return tuple(_correct(contract, newest.get(contract.contract_id)) for contract in contracts)


def _correct(contract: Contract, newest: Any) -> Contract:
    """A contract with the reference years of the newest correction, where there is one."""
    return replace(contract, reference=newest.reference, correction=newest.number) if newest else contract


def list_memberships(tx: Tx) -> dict[str, tuple[Period, ...]]:
    """The days on which each was a member, up to the leaving that was told last."""
    admitted, left = heard_tables.member_admitted.c, heard_tables.member_left.c
    leavings = select(left.member_id, left.left_on).where(left.community == tx.community).order_by(left.number)
    ends: dict[str, date | None] = dict(iter(tx.execute(leavings)))
    spans: dict[str, tuple[Period, ...]] = {}
    joined = select(admitted.member_id, admitted.joined_on).where(admitted.community == tx.community)
    for member_id, joined_on in tx.execute(joined.order_by(admitted.member_id, admitted.joined_on)):
        end = ends.get(member_id) or date.max
        if end > joined_on:
            spans[member_id] = (*spans.get(member_id, ()), Period(joined_on, end))
    return spans
