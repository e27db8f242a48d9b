"""Amount that a bill asks to be paid: what it comes to, or an even amount a month that is settled once a year.

Invariant: a plan moves only when money is asked for, never what is owed. What a contract was billed and not yet asked
for is carried from bill to bill; the bill that settles asks for all of it, so that after it the contract was asked for
exactly what it was billed. VAT, revenue and the guarantee know nothing of plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from coop.billing.guarantee.rules import guarantee_years
from coop.billing.model import BillHead, Contract
from coop.values import Period


class Why(StrEnum):
    """Ground on which a bill asks what it asks."""

    WHOLE = "whole"
    EVEN = "even"
    SETTLED = "settled"
    LATER = "later"
    SMALL = "small"


@dataclass(frozen=True)
class MonthlyAmount:
    """An even amount of a contract in a guarantee year, for periods that begin from ``from_day`` on. ``basis`` says
    whether it is what was ``expected``, was ``asked`` by the member, or follows a ``drift``; ``expected_cents`` is what
    was expected when it was set."""

    contract_id: str
    year_start: date
    number: int
    from_day: date
    amount_cents: int
    expected_cents: int
    basis: str
    set_on: date
    set_by: str


@dataclass(frozen=True)
class Standing:
    """Standing of a contract before a bill: what it was billed and not asked for, how far its bills reach, and the
    numbers of the bills that asked for something else than they came to, since nothing was left."""

    carried_cents: int = 0
    reaches: date = date.min
    unsettled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """Amount that a bill asks, and why: ``brought_cents`` was left from bills before, ``carried_cents`` is left after
    it. ``settles`` are the numbers of the bills that it settles with itself; ``coming`` is another amount that binds
    from a day on."""

    why: Why
    brought_cents: int
    asked_cents: int
    carried_cents: int
    settles: tuple[str, ...] = ()
    coming: tuple[int, date] | None = None


def ask(
    total_cents: int,
    standing: Standing,
    amount: MonthlyAmount | None,
    period: Period,
    contract: Contract,
    *,
    is_correction: bool,
    least_cents: int,
    coming: MonthlyAmount | None = None,
) -> Asked:
    """Decide what the bill of a contract for a period asks.

    An ``amount`` holds until the guarantee year or the contract is over: then the bill settles. What changes a year
    that is settled is asked for as it is. Less than ``least_cents`` waits, but not for a contract that is over.

    >>> year, home = Period.year(2025), Contract("c", "m", "k", date(2025, 1, 1), None, None, ())
    >>> even = MonthlyAmount("c", year.start, 1, year.start, 10000, 10000, "expected", year.start, "job")
    >>> january, december = year.months()[0], year.months()[-1]
    >>> first = ask(18000, Standing(), even, january, home, is_correction=False, least_cents=0)
    >>> first.asked_cents, first.carried_cents
    (10000, 8000)
    >>> before = Standing(-2500, december.start, ("2025-000011",))
    >>> last = ask(9000, before, even, december, home, is_correction=False, least_cents=0)
    >>> last.why.value, last.asked_cents, last.settles
    ('settled', 6500, ('2025-000011',))
    """
    year = year_of(contract, period.start)
    over = min(year.end, contract.ends_on or year.end)
    reaches = standing.reaches if is_correction else max(standing.reaches, period.end)
    is_over = contract.ends_on is not None and contract.ends_on <= reaches
    due_cents = standing.carried_cents + total_cents
    if amount is not None and not is_over:
        if standing.reaches >= over:
            return _asked(Why.WHOLE, standing, total_cents, total_cents)
        if is_correction:
            return _asked(Why.LATER, standing, total_cents, 0)
        if period.end < over:
            following = (coming.amount_cents, coming.from_day) if coming is not None else None
            return _asked(Why.EVEN, standing, total_cents, amount.amount_cents, coming=following)
    if 0 < abs(due_cents) < least_cents and not is_over:
        return _asked(Why.SMALL, standing, total_cents, 0)
    why = Why.SETTLED if standing.unsettled else Why.WHOLE
    return _asked(why, standing, total_cents, due_cents, settles=standing.unsettled)


def moves_nothing(head: BillHead) -> bool:
    """True for a correction by which the member owes as much as before and pays nothing: it is kept for the books, and
    nobody is written to about it."""
    return head.corrects is not None and head.total_cents == head.asked_cents == 0


def year_of(contract: Contract, day: date) -> Period:
    """The guarantee year of a contract in which a day lies; before it begins, its first."""
    begin = max(day, contract.starts_on)
    return guarantee_years(contract, Period(begin, date.fromordinal(begin.toordinal() + 1)))[0]


def _asked(
    why: Why,
    standing: Standing,
    total_cents: int,
    asked_cents: int,
    settles: tuple[str, ...] = (),
    coming: tuple[int, date] | None = None,
) -> Asked:
    carried_cents = standing.carried_cents + total_cents - asked_cents
    return Asked(why, standing.carried_cents, asked_cents, carried_cents, settles, coming)


def stand_after(standing: Standing, number: str, period_end: date, asked: Asked, *, is_correction: bool) -> Standing:
    """Standing of a contract after a bill."""
    reaches = standing.reaches if is_correction else max(standing.reaches, period_end)
    if asked.carried_cents == 0:
        return Standing(0, reaches)
    moved = asked.carried_cents != asked.brought_cents
    return Standing(asked.carried_cents, reaches, (*standing.unsettled, number) if moved else standing.unsettled)


def amount_on(amounts: Sequence[MonthlyAmount], period: Period) -> MonthlyAmount | None:
    """The newest amount, of those of a contract and a guarantee year, that holds on the first day of a period."""
    held = [amount for amount in amounts if amount.from_day <= period.start]
    return max(held, key=lambda amount: (amount.from_day, amount.number)) if held else None


def coming_amount(amounts: Sequence[MonthlyAmount], day: date) -> MonthlyAmount | None:
    """The amount that is told and begins after a day, or None."""
    coming = [amount for amount in amounts if amount.from_day > day]
    return max(coming, key=lambda amount: amount.number) if coming else None


def first_day_after_notice(day: date) -> date:
    """The first day from which an amount that is told on a day may hold, so that a bill comes between that names it.

    >>> first_day_after_notice(date(2025, 11, 20)).isoformat()
    '2026-01-01'
    """
    following = Period.month(day.year, day.month).end
    return Period.month(following.year, following.month).end


def has_drifted(amount_cents: int, expected_cents: int, drift_percent: int) -> bool:
    """True where what is expected is further from an amount than so many percent of the amount.

    >>> has_drifted(10000, 11500, 15), has_drifted(10000, 11501, 15)
    (False, True)
    """
    return abs(expected_cents - amount_cents) * 100 > amount_cents * drift_percent


def bounds_of(expected_cents: int, margin_percent: int) -> tuple[int, int]:
    """The least and the most that a member may set where so much is expected.

    >>> bounds_of(12345, 25)
    (9259, 15431)
    """
    part = expected_cents * margin_percent
    return -((part - expected_cents * 100) // 100), expected_cents + part // 100
