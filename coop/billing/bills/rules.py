"""The bill as a pure function of its inputs, and the correction that brings an earlier one up to date.

A correction prices what the bill before priced and what is true now, and bills the difference, line by line with its
cause. Both go through the same guarantee: heat cost that changes afterwards changes the credit of its year as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from coop.billing.bills.lines import lines_of
from coop.billing.guarantee.rules import apply_guarantee
from coop.billing.model import (
    Bill,
    BillInputs,
    Consumption,
    GuaranteeEntry,
    GuaranteeState,
    Line,
    LineKind,
)
from coop.billing.terms.vat import vat_by_rate

DAYS_TO_PAY = 14
"""Usual time to pay in the Netherlands. Source: docs/domain/duties-to-customers.md#arrears."""

_Key = tuple[LineKind, str, str, date, date, str]


def last_day_to_pay(issued_on: date) -> date:
    """Last day to pay a bill.

    >>> last_day_to_pay(date(2026, 2, 20)).isoformat()
    '2026-03-06'
    """
    return issued_on + timedelta(days=DAYS_TO_PAY)


def compute_bill(inputs: BillInputs, lines_before: Sequence[Line] | None = None) -> Bill:
    """The bill that follows from its inputs: lines, guarantee credit, VAT on the document total. ``lines_before`` are
    those of what it corrects, where they are known already.

    Source: docs/domain/vat-and-bills.md#what-a-bill-holds (fixed and variable apart, incl. VAT, clear units);
    docs/domain/vat-and-bills.md#rounding; docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu.
    """
    lines = lines_of(inputs.consumption)
    if inputs.previous is not None:
        if lines_before is None:
            lines_before = lines_of(inputs.previous)
        lines = differences(inputs.previous, inputs.consumption, lines_before, lines)
    entries = []
    for state in inputs.guarantee:
        year = state.terms.year
        within = [line for line in lines if line.in_guarantee and year.start <= line.period.start < year.end]
        entry = apply_guarantee(state, sum(line.amount_cents for line in within))
        entries.append(entry)
        if entry.credit_cents:
            lines.append(_credit_line(entry, state, inputs, within))
    vat = vat_by_rate(lines)
    return Bill(
        lines=tuple(lines),
        guarantee=tuple(entries),
        vat=vat,
        total_cents=sum(amount.incl_cents for amount in vat),
        credit_cents=sum(entry.credit_cents for entry in entries),
    )


def differences(
    before: Consumption, now: Consumption, lines_before: Sequence[Line], lines_now: Sequence[Line]
) -> list[Line]:
    """Lines of what is billed now less what was billed before, one line for each that differs in money, with its
    cause."""
    old, new = _by_key(lines_before), _by_key(lines_now)
    for_all = _cause_of_all(before, now)
    changed = []
    for key, became in new.items():
        was = old.pop(key, None)
        amount_cents = became.amount_cents - (was.amount_cents if was else 0)
        if amount_cents:
            quantity = became.quantity - (was.quantity if was else Decimal(0))
            changed.append(_moved(became, quantity, amount_cents, for_all or _cause(was, became, now)))
    for was in old.values():
        if was.amount_cents:
            changed.append(_moved(was, -was.quantity, -was.amount_cents, for_all or _cause(was, None, now)))
    return changed


def _moved(line: Line, quantity: Decimal, amount_cents: int, cause: str) -> Line:
    """A line with the quantity and the money that moved, and why: ``replace`` takes twice the time of it."""
    return Line(
        line.kind,
        line.period,
        quantity,
        line.unit,
        line.price_eur,
        amount_cents,
        line.vat_rate,
        line.tariff_id,
        line.resolution_id,
        line.source_id,
        line.source_revision,
        line.group_id,
        line.notes,
        cause,
        line.component,
        line.per,
        line.account,
        line.in_guarantee,
    )


def _by_key(lines: Sequence[Line]) -> dict[_Key, Line]:
    """Lines by what they are for; readings of one kind over the same days count as one."""
    by_key: dict[_Key, Line] = {}
    for line in lines:
        days = line.period
        key = (line.kind, line.component, line.group_id, days.start, days.end, line.tariff_id)
        sum_so_far = by_key.get(key)
        if sum_so_far is not None:
            line = replace(
                line,
                quantity=sum_so_far.quantity + line.quantity,
                amount_cents=sum_so_far.amount_cents + line.amount_cents,
            )
        by_key[key] = line
    return by_key


def _cause_of_all(before: Consumption, now: Consumption) -> str:
    """Reason why every line may differ, or nothing. The plain texts are translated where they are shown."""
    if before.days != now.days:
        return "the days of the contract changed"
    if {span.tariff.tariff_id for span in before.spans} != {span.tariff.tariff_id for span in now.spans}:
        return "another tariff binds"
    if _lawful(before) != _lawful(now):
        return "the law sets another price"
    return ""


def _cause(was: Line | None, became: Line | None, now: Consumption) -> str:
    """Reason why one line differs, where there is none for all."""
    source_now = (became.source_id, became.source_revision) if became else ("", 0)
    source_before = (was.source_id, was.source_revision) if was else ("", 0)
    if source_now != source_before and source_now[0]:
        # What moved a share may be a neighbour's meter: only the reason of one's own reading is printed.
        reasons = [r.cause for r in now.readings if (r.measurement_id, r.revision) == source_now]
        return f"revision {source_now[1]}: {reasons[0]}" if reasons and reasons[0] else f"revision {source_now[1]}"
    return "the days of a tariff changed"


def _lawful(consumption: Consumption) -> set[object]:
    return {(span.lowered, span.rates) for span in consumption.spans}


def _credit_line(entry: GuaranteeEntry, state: GuaranteeState, inputs: BillInputs, within: Sequence[Line]) -> Line:
    """The credit reduces the price of the year's heat, so it carries the rate and the tariff of that heat."""
    days = inputs.consumption.days
    spans = inputs.consumption.spans or (inputs.previous or inputs.consumption).spans
    in_year = [span for span in spans if span.period.overlap(entry.year)]
    tariff = in_year[-1].tariff if in_year else state.tariff
    rate = in_year[-1].rate_of("energy") if in_year else state.vat_rate
    assert tariff is not None, "a guarantee year that no day of the bill lies in names its tariff"
    assert rate is not None, "and its rate of VAT"
    return Line(
        kind=LineKind.GUARANTEE,
        period=days.overlap(entry.year) or entry.year,
        quantity=Decimal(1),
        unit="",
        price_eur=Decimal(-entry.credit_cents).scaleb(-2),
        amount_cents=-entry.credit_cents,
        vat_rate=within[-1].vat_rate if within else rate,
        tariff_id=tariff.tariff_id,
        resolution_id=tariff.resolution_id,
        notes=entry.notes,
        cause="the ceiling changed" if inputs.previous is not None and not within else "",
    )
