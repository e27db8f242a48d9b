"""Figures of what contracts were billed: what brakes compare."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from coop.billing.bills.drafts import Draft
from coop.billing.model import LineKind
from coop.values import Period


@dataclass(frozen=True)
class Billed:
    """Figures of what a contract was billed for some days, or would be: energy, cost before the guarantee, the price of
    heat."""

    contract_id: str
    member_id: str
    connection_id: str
    days: Period
    cost_cents: int
    credit_cents: int
    heat_gj: Decimal
    shared_kwh: Decimal
    heat_price: Decimal | None

    @property
    def cents_per_day(self) -> Fraction:
        """Cost before the guarantee of a day."""
        return Fraction(self.cost_cents, self.days.days)


def measure(draft: Draft) -> Billed:
    """Measure what a draft would bill."""
    inputs, bill = draft.inputs, draft.bill
    heat = [line for line in bill.lines if line.kind is LineKind.HEAT]
    shared = (line.quantity for line in bill.lines if line.kind is LineKind.ELECTRICITY)
    return Billed(
        contract_id=inputs.contract_id,
        member_id=inputs.member_id,
        connection_id=inputs.connection_id,
        days=inputs.consumption.days,
        cost_cents=bill.total_cents + bill.credit_cents,
        credit_cents=bill.credit_cents,
        heat_gj=sum((line.quantity for line in heat), Decimal(0)),
        shared_kwh=sum(shared, Decimal(0)),
        heat_price=next((line.price_eur for line in heat if line.period == heat[-1].period), None),
    )
