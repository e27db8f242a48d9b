"""The paper of a bill: what it says beside what the bill was computed from, and how it is paid.

Invariant: a ``Paper`` is frozen when the bill is issued, and with the bill's inputs and its addressee it holds all that
is printed. It names nobody: whom the bill is for is kept apart, and forgotten in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from coop.billing.bills.asking import Asked, Why
from coop.billing.bills.comparing import Comparison, Origin
from coop.billing.bills.rules import last_day_to_pay
from coop.billing.guarantee.gas import GasBenchmark
from coop.billing.model import BillHead, BillInputs, Promise
from coop.values import Period

YEARS_KEPT: Final = 7
"""Years for which the books need a bill's paper, counted from the end of the year of its date.

Source: docs/domain/personal-data.md#how-long (E26).
"""


@dataclass(frozen=True)
class MeterStands:
    """Both stands of one register that a measurement goes from and to, in whole units of ``10 ** exponent`` J, each
    with how it came to be. ``counted`` is what it counted between them where that is not their difference, because it
    passed its highest stand and began at nothing again."""

    measurement_id: str
    meter: str
    from_at: datetime
    to_at: datetime
    from_stand: int
    to_stand: int
    exponent: int
    from_quality: str
    to_quality: str
    counted: int | None = None

    @property
    def used(self) -> int:
        """Amount that the register counted between its stands, in its units."""
        return self.to_stand - self.from_stand if self.counted is None else self.counted

    def in_gj(self, stand: int) -> Decimal:
        """A stand [GJ], with as many decimals as the register has.

        >>> at = datetime(2025, 1, 1)
        >>> MeterStands("m", "7001", at, at, 0, 12345678, 6, "measured", "measured").in_gj(12345678)
        Decimal('12345.678')
        """
        return Decimal(stand).scaleb(self.exponent - 9)


@dataclass(frozen=True)
class SharedUse:
    """Electricity that was used in the quarter-hours of an allocation, of which a part was shared [Wh]."""

    run_id: str
    revision: int
    group_id: str
    consumed_wh: int
    allocated_wh: int


class Sort(StrEnum):
    """Sort of a bill among those of a contract: that of a month, with an even amount or with what it comes to; the
    settlement of a guarantee year; the last one of a contract; or another."""

    BILL = "bill"
    ADVANCE = "advance"
    MONTHLY = "monthly"
    SETTLEMENT = "settlement"
    FINAL = "final"


@dataclass(frozen=True)
class Paper:
    """All that a bill's paper says beside its inputs. ``due_on`` is None where nothing is to be paid, ``reference`` is
    the creditor reference (ISO 11649) to pay under, ``connection`` the number of the connection, ``corrects`` number
    and day of the bill that this one changes; ``language`` is that of the co-operative, for whoever chose none;
    ``promise`` says how long the ceiling is promised, ``asked`` what the bill asks to be paid, and why; ``gas`` is what
    its newest ceiling is set beside. ``sort`` says which of the bills of a contract it is."""

    reference: str
    due_on: date | None
    language: str
    connection: str = ""
    corrects: tuple[str, date] | None = None
    stands: tuple[MeterStands, ...] = ()
    shared: tuple[SharedUse, ...] = ()
    comparison: Comparison | None = None
    origin: Origin | None = None
    promise: Promise | None = None
    asked: Asked | None = None
    gas: GasBenchmark | None = None
    sort: Sort = Sort.BILL


def sort_of(inputs: BillInputs, asked: Asked, ends_on: date | None) -> Sort:
    """Find which of the bills of a contract one is; ``ends_on`` is the first day without the contract. The settlement
    is the bill that reaches the end of a guarantee year and asks what those before it left."""
    days, years = inputs.consumption.days, [state.terms.year for state in inputs.guarantee]
    if inputs.corrects is not None:
        return Sort.BILL
    if ends_on is not None and ends_on <= days.end:
        return Sort.FINAL
    if asked.why is Why.EVEN:
        return Sort.ADVANCE
    if asked.why is Why.SETTLED and any(days.start < year.end <= days.end for year in years):
        return Sort.SETTLEMENT
    return Sort.MONTHLY if days == Period.month(days.start.year, days.start.month) else Sort.BILL


def reference_of(number: str) -> str:
    """The creditor reference (ISO 11649) under which a bill is paid: RF, two check digits, and the number.

    Source: docs/domain/payments-and-identifiers.md#identifiers (E21).

    >>> reference_of("KWG2026000123"), reference_of("2025-000001")
    ('RF81KWG2026000123', 'RF922025000001')
    """
    plain = "".join(sign for sign in number.upper() if sign.isalnum())
    digits = "".join([sign if sign.isdecimal() else str(int(sign, 36)) for sign in plain + "RF00"])
    return f"RF{98 - int(digits) % 97:02}{plain}"


def in_fours(reference: str) -> str:
    """An IBAN or a reference as people read it.

    >>> in_fours("RF922025000001")
    'RF92 2025 0000 01'
    """
    return " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))


def day_to_pay(head: BillHead) -> date | None:
    """The last day to pay a bill; None where nothing is to be paid."""
    return last_day_to_pay(head.issued_on) if head.asked_cents > 0 else None


def last_day_kept(issued_on: date) -> date:
    """The last day on which the books need the paper of a bill.

    >>> last_day_kept(date(2025, 2, 3)).isoformat()
    '2032-12-31'
    """
    return date(issued_on.year + YEARS_KEPT, 12, 31)


def needed_no_longer(today: date) -> date:
    """The day before which a bill's paper is forgotten, by the date of the bill.

    >>> needed_no_longer(date(2033, 1, 1)).isoformat(), needed_no_longer(date(2032, 12, 31)).isoformat()
    ('2026-01-01', '2025-01-01')
    """
    return date(today.year - YEARS_KEPT, 1, 1)
