"""Answer of a run: its bills, its brakes, its status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from coop.billing.bills.drafts import Draft, LeftOut
from coop.billing.brake import Brake
from coop.billing.model import BillHead
from coop.billing.runs.drafting import DraftedRun
from coop.billing.runs.store import BillRun
from coop.kit.tx import Tx
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
    """Outcome of a run, done or foreseen. ``status``: preview, held (by its brakes) or issued. ``left_out`` are
    contracts that the run does not bill; ``run_by`` and ``released_by`` are the accounts of who ran it and who released
    it."""

    run_id: str
    kind: str
    period: Period | None
    issued_on: date
    status: str
    bills: tuple[BillSummary, ...]
    brakes: tuple[Brake, ...]
    left_out: tuple[LeftOut, ...] = ()
    run_by: str = ""
    released_by: str | None = None
    released_at: datetime | None = None

    @property
    def bill_count(self) -> int:
        """Number of bills."""
        return len(self.bills)

    @property
    def total_cents(self) -> int:
        """Sum of all bills."""
        return sum(bill.total_cents for bill in self.bills)


def bill_id_of(tx: Tx, draft: Draft) -> str:
    """Id of the bill that a draft becomes; a correction is named by what it corrects, so each of a chain has one."""
    inputs = draft.inputs
    return derive_id("bill", tx.community, inputs.contract_id, inputs.period, inputs.corrects or "")


def kind_of(draft: Draft) -> str:
    """``bill`` or ``correction``."""
    return "correction" if draft.inputs.corrects else "bill"


def as_drafted(tx: Tx, run_id: str, drafted: DraftedRun, status: str, run: BillRun | None = None) -> RunResult:
    """The answer of a run whose bills have no numbers yet; ``run`` where somebody ran it."""
    summaries = tuple(
        BillSummary(
            bill_id=bill_id_of(tx, draft),
            number="",
            kind=kind_of(draft),
            contract_id=draft.inputs.contract_id,
            member_id=draft.inputs.member_id,
            period=draft.inputs.period,
            total_cents=draft.bill.total_cents,
            credit_cents=draft.bill.credit_cents,
            likely_cents=draft.likely_cents,
        )
        for draft in drafted.drafts
    )
    return RunResult(
        run_id=run_id,
        kind=drafted.kind,
        period=drafted.period,
        issued_on=drafted.issued_on,
        status=status,
        bills=summaries,
        brakes=drafted.brakes,
        left_out=drafted.left_out,
        run_by=run.run_by if run else "",
    )


def as_issued(run: BillRun, heads: Sequence[BillHead]) -> RunResult:
    """The answer of a run that was issued: the same however often it is asked."""
    summaries = tuple(map(_summary_of, heads))
    return RunResult(
        run_id=run.id,
        kind=run.kind,
        period=run.period,
        issued_on=run.issued_on,
        status="issued",
        bills=summaries,
        brakes=run.brakes,
        run_by=run.run_by,
        released_by=run.released_by,
        released_at=run.released_at,
    )


def _summary_of(head: BillHead) -> BillSummary:
    return BillSummary(
        bill_id=head.id,
        number=head.number,
        kind=head.kind,
        contract_id=head.contract_id,
        member_id=head.member_id,
        period=head.period,
        total_cents=head.total_cents,
        credit_cents=head.credit_cents,
        likely_cents=None,
    )
