"""What a run answers: its bills, its brakes, its status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from coop.billing.handlers.drafts import Draft
from coop.billing.model import Brake
from coop.billing.storage import bills
from coop.billing.storage import runs as stored_runs
from coop.values import Period, derive_id


@dataclass(frozen=True)
class BillSummary:
    """One bill of a run. ``number`` is empty in a preview; ``likely_cents`` is what the bill before makes likely."""

    bill_id: str
    number: str
    kind: str
    contract_id: str
    member_id: str
    period: Period
    total_cents: int
    credit_cents: int
    likely_cents: int | None


@dataclass(frozen=True)
class RunResult:
    """What a run did or would do. ``status``: preview, held (by its brakes) or issued."""

    run_id: str
    kind: str
    period: Period | None
    issued_on: date
    status: str
    bills: tuple[BillSummary, ...]
    brakes: tuple[Brake, ...]

    @property
    def total_cents(self) -> int:
        """Sum of all bills."""
        return sum(bill.total_cents for bill in self.bills)


def summary_of(community: str, made: Draft, number: str) -> BillSummary:
    """The bill that a draft becomes."""
    inputs = made.inputs
    # A correction is named by what it corrects, so a chain of corrections has one id each.
    bill_id = derive_id("bill", community, inputs.contract_id, inputs.period, inputs.corrects or "")
    return BillSummary(
        bill_id=bill_id,
        number=number,
        kind="correction" if inputs.corrects else "bill",
        contract_id=inputs.contract_id,
        member_id=inputs.member_id,
        period=inputs.period,
        total_cents=made.bill.total_cents,
        credit_cents=made.bill.credit_cents,
        likely_cents=made.likely_cents,
    )


def as_issued(connection: Connection, community: str, run: Any) -> RunResult:
    """The answer of a run that was issued: the same however often it is asked."""
    issued = bills.find_bills(connection, community, run_id=run.id)
    return RunResult(
        run_id=run.id,
        kind=run.kind,
        period=Period(run.period_start, run.period_end) if run.period_start else None,
        issued_on=run.issued_on,
        status="issued",
        bills=tuple(
            BillSummary(
                bill_id=one.id,
                number=one.number,
                kind=one.kind,
                contract_id=one.inputs.contract_id,
                member_id=one.inputs.member_id,
                period=one.inputs.period,
                total_cents=one.bill.total_cents,
                credit_cents=one.bill.credit_cents,
                likely_cents=None,
            )
            for one in issued
        ),
        brakes=tuple(stored_runs.brakes_of(run)),
    )
