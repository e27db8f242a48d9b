"""Questions to people about a register: a break that nothing explains, the meanings it can have, and what each of them
would make of the months that it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from coop.kit.tx import Tx
from coop.metering.heat.decisions import (
    CLAIMS,
    Proposal,
    add_decided,
    count_period,
    decide_break,
    decide_claims,
    decide_shapes,
    find_disagreement,
    find_doubt,
    find_misfit,
    list_choices,
    list_decided,
)
from coop.metering.heat.model import Decided, Doubt
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import BASE_UNIT, Register
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import instant
from coop.metering.register import closed
from coop.values import NotFound, Period, civil_date, say

SHAPES = (BreakKind.READINGS, BreakKind.INTERVALS)
"""Meanings of a stretch that a meter's readings and intervals tell differently."""

MONTHS_SHOWN = 3
"""Most months of which is shown what they would come to."""


@dataclass(frozen=True)
class Question:
    """A break between two instants [s since 1970]: the readings on both sides, or the energy by readings and by
    intervals where these disagree [base unit]; and the decision that each meaning would be."""

    register: Register
    before_s: int
    at_s: int
    before: Decimal
    after: Decimal
    choices: tuple[Decided, ...]

    @property
    def unit(self) -> str:
        """Base unit of its quantity."""
        return BASE_UNIT[self.register.quantity]

    @property
    def is_of_claims(self) -> bool:
        """True where one account said what does not fit a device."""
        return self.choices[-1].kind is BreakKind.ASIDE

    @property
    def is_of_shapes(self) -> bool:
        """True where a meter's readings and intervals disagree."""
        return self.choices[0].kind in SHAPES


@dataclass(frozen=True)
class Month:
    """Energy of a month now and by each meaning of a break [base unit]; ``is_closed`` where it would have to be
    corrected."""

    period: Period
    is_closed: bool
    now: Decimal | None
    by_kind: tuple[tuple[BreakKind, Decimal | None], ...]


def find_question(tx: Tx, register_id: str, before_s: int, at_s: int) -> Question:
    """A break as people are asked about it; one that was decided can be decided again.

    Raises:
        NotFound: there is no such register, or nothing to ask about there.
    """
    with suppress(NotFound):
        return _find_claims(tx, register_id, before_s, at_s)
    try:
        register, doubt = find_doubt(tx, register_id, at_s)
    except NotFound:
        return _find_shapes(tx, register_id, before_s, at_s)
    if doubt.before_s != before_s:
        raise NotFound(say("nothing in this register is unexplained at that moment"))
    before, after = (Decimal(units).scaleb(register.exponent) for units in (doubt.before, doubt.after))
    choices = tuple(_decide(doubt, kind) for kind in list_choices(tx, register, doubt))
    return Question(register, before_s, at_s, before, after, choices)


def propose_meaning(tx: Tx, register_id: str, before_s: int, at_s: int, kind: BreakKind, reason: str) -> Proposal:
    """Propose what a break means; nothing changes before another confirms it.

    Raises:
        NotFound: there is no such break.
        BadInput: it cannot have been that, or no reason is given.
    """
    if kind in SHAPES:
        return decide_shapes(tx, register_id, before_s, at_s, kind, reason)
    if kind is BreakKind.ASIDE or find_question(tx, register_id, before_s, at_s).is_of_claims:
        return decide_claims(tx, register_id, before_s, at_s, kind, reason)
    return decide_break(tx, register_id, at_s, kind, reason)


def weigh_meanings(tx: Tx, question: Question) -> list[Month]:
    """Answer what the months around a break come to now, and would by each of its meanings, for the home where the
    meter hung then; nothing is kept of it."""
    store, decided = Store(tx), list_decided(tx)
    register, hung_s = question.register, question.at_s
    return [
        Month(
            period,
            bool(closed.list_reached(tx, period.start, period.end)),
            count_period(store, register, period, decided, hung_s),
            tuple(
                (choice.kind, count_period(store, register, period, add_decided(decided, register.id, choice), hung_s))
                for choice in question.choices
            ),
        )
        for period in _months_around(question)
    ]


def _decide(doubt: Doubt, kind: BreakKind) -> Decided:
    false = {BreakKind.DIP: doubt.false_low_s, BreakKind.SLIP: doubt.false_high_s}.get(kind, (None, None))
    return Decided(doubt.before_s, doubt.at_s, kind, *false)


def _find_claims(tx: Tx, register_id: str, before_s: int, at_s: int) -> Question:
    register, misfit = find_misfit(tx, register_id, before_s, at_s)
    before, after = (Decimal(units).scaleb(register.exponent) for units in (misfit.before, misfit.after))
    return Question(register, before_s, at_s, before, after, tuple(Decided(before_s, at_s, kind) for kind in CLAIMS))


def _find_shapes(tx: Tx, register_id: str, from_s: int, to_s: int) -> Question:
    register, found = find_disagreement(tx, register_id, from_s, to_s)
    choices = tuple(Decided(from_s, to_s, kind) for kind in SHAPES)
    return Question(register, from_s, to_s, found.by_readings, found.by_intervals, choices)


def _months_around(question: Question) -> Sequence[Period]:
    first, last = civil_date(instant(question.before_s)), civil_date(instant(question.at_s))
    start = date(first.year, first.month, 1)
    months = Period(start, last + timedelta(days=1)).months()
    return [Period.month(one.start.year, one.start.month) for one in months][-MONTHS_SHOWN:]
