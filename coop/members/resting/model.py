"""Nouns of what rests on the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class HeardBill:
    """A bill that billing issued. ``kind``: bill, or correction."""

    bill_id: str
    number: str
    kind: str
    member_id: str
    contract_id: str
    period_start: date
    period_end: date
    issued_on: date
    total_cents: int
    credit_cents: int


@dataclass(frozen=True)
class Rest:
    """Count of what rests on records of the register: bills, how many periods were measured, how many voting lists hold
    them."""

    bills: tuple[HeardBill, ...] = ()
    measured: int = 0
    votes: int = 0

    def __bool__(self) -> bool:
        return bool(self.bills or self.measured or self.votes)
