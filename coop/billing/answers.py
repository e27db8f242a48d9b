"""What billing answers to programs: money in cents, decimals as text."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer

from coop.billing.handlers.results import RunResult
from coop.billing.handlers.verify import Verification
from coop.billing.model import BillInputs, Brake, GuaranteeEntry, GuaranteeMode, LineKind
from coop.billing.rules.tariffs import has_maximum
from coop.billing.storage import bills, heard, ledger, terms
from coop.billing.storage.bills import IssuedBill
from coop.billing.storage.heard import AdoptedTariff
from coop.billing.storage.runs import RunTotals
from coop.kit.tx import Tx
from coop.values import Period, eur

Plain = Annotated[Decimal, PlainSerializer(lambda value: format(value, "f"), return_type=str)]
"""A decimal as text without an exponent."""

PeriodName = Annotated[Period, PlainSerializer(str, return_type=str)]
"""A period as text, such as 2025-03."""


class Answer(BaseModel):
    """Made of nouns whose fields have the same names."""

    model_config = ConfigDict(from_attributes=True)


class BillSummaryOut(Answer):
    """One bill of a run."""

    bill_id: str
    number: str
    kind: str
    contract_id: str
    member_id: str
    period: PeriodName
    total_cents: int
    credit_cents: int
    likely_cents: int | None


class RunOut(Answer):
    """A run with its bills and brakes."""

    run_id: str
    kind: str
    period: PeriodName | None
    issued_on: date
    status: str
    bill_count: int
    total_cents: int
    brakes: list[Brake]
    bills: list[BillSummaryOut]


class RunRow(Answer):
    """One run of the list."""

    run_id: str
    kind: str
    period_start: date | None
    period_end: date | None
    issued_on: date
    status: str
    bill_count: int
    total_cents: int
    brakes: list[Brake]
    run_by: str
    released_at: datetime | None
    released_by: str | None


class LineOut(Answer):
    """One line of a bill."""

    kind: LineKind
    period_start: date
    period_end: date
    quantity: Plain
    unit: str
    price_eur: Plain
    amount_cents: int
    vat_rate: Plain
    tariff_id: str
    resolution_id: str
    source_id: str
    source_revision: int
    group_id: str
    notes: tuple[str, ...]
    cause: str


class VatOut(Answer):
    """One VAT rate of a bill."""

    excl_cents: int
    vat_cents: int
    incl_cents: int
    rate: Plain


class BillOut(Answer):
    """One bill with its lines, guarantee and VAT; the same bill is the same answer everywhere."""

    bill_id: str
    number: str
    kind: str
    corrects: str | None
    member_id: str
    contract_id: str
    connection_id: str
    period_start: date
    period_end: date
    issued_on: date
    total_cents: int
    total_eur: str
    credit_cents: int
    inputs_hash: str
    lines: list[LineOut]
    guarantee: tuple[GuaranteeEntry, ...]
    vat: list[VatOut]


class BillWithInputs(BillOut):
    """One bill with all that it was computed from."""

    inputs: BillInputs


class VerifiedLineOut(Answer):
    """One line as issued beside the same line recomputed."""

    kind: str
    issued_cents: int
    recomputed_cents: int


class ReferenceOut(Answer):
    """One thing that a bill rests on."""

    kind: str
    id: str
    revision: int
    versions: tuple[str, ...]
    period: Period | None
    adopts: str


class VerificationOut(Answer):
    """What came of recomputing a bill."""

    bill_id: str
    number: str
    total_cents: int
    recomputed_cents: int
    lines: list[VerifiedLineOut]
    references: list[ReferenceOut]
    findings: list[str]
    agrees: bool


class NoticeOut(Answer):
    """A written notice: to one member, or to all (null)."""

    sent_on: date
    channel: str
    member_id: str | None


class TariffOut(Answer):
    """A tariff with its parameters, its notices, and whether a maximum is on file for its year."""

    tariff_id: str
    resolution_id: str
    meeting_id: str
    valid_from: date
    decided_on: date
    parameters: dict[str, str]
    parameters_hash: str
    nmdn: GuaranteeMode
    maximum_on_file: bool
    notices: list[NoticeOut]


class BalanceOut(Answer):
    """Both columns of an account."""

    account: str
    debit_cents: int
    credit_cents: int


class State(Answer):
    """Bills in order of number and balances in order of account."""

    bills: list[BillOut]
    ledger: list[BalanceOut]


def run_out(result: RunResult) -> RunOut:
    """A run with its bills and brakes."""
    return RunOut.model_validate(result)


def run_row(total: RunTotals) -> RunRow:
    """One run of the list."""
    run = total.run
    return RunRow(
        run_id=run.id,
        kind=run.kind,
        period_start=run.period.start if run.period else None,
        period_end=run.period.end if run.period else None,
        issued_on=run.issued_on,
        status=run.status,
        bill_count=total.bill_count,
        total_cents=total.total_cents,
        brakes=list(run.brakes),
        run_by=run.run_by,
        released_at=run.released_at,
        released_by=run.released_by,
    )


def bill_out(issued: IssuedBill) -> BillOut:
    """One bill with its lines, guarantee and VAT."""
    return BillOut(**_bill_fields(issued))


def bill_with_inputs(issued: IssuedBill) -> BillWithInputs:
    """One bill with all that it was computed from."""
    return BillWithInputs(**_bill_fields(issued), inputs=issued.inputs)


def _bill_fields(issued: IssuedBill) -> dict[str, Any]:
    lines = [
        LineOut.model_validate({**vars(line), "period_start": line.period.start, "period_end": line.period.end})
        for line in issued.bill.lines
    ]
    return {
        "bill_id": issued.id,
        "number": issued.number,
        "kind": issued.kind,
        "corrects": issued.corrects,
        "member_id": issued.inputs.member_id,
        "contract_id": issued.inputs.contract_id,
        "connection_id": issued.inputs.connection_id,
        "period_start": issued.inputs.period.start,
        "period_end": issued.inputs.period.end,
        "issued_on": issued.issued_on,
        "total_cents": issued.bill.total_cents,
        "total_eur": str(eur(issued.bill.total_cents)),
        "credit_cents": issued.bill.credit_cents,
        "inputs_hash": issued.inputs_hash,
        "lines": lines,
        "guarantee": issued.bill.guarantee,
        "vat": [VatOut.model_validate(vat) for vat in issued.bill.vat],
    }


def verification_out(verified: Verification) -> VerificationOut:
    """What came of recomputing a bill."""
    return VerificationOut.model_validate(verified)


def list_tariffs(tx: Tx) -> list[TariffOut]:
    """Every tariff, oldest first, with its notices."""
    notices: dict[str, list[NoticeOut]] = {}
    for notice in terms.list_notices(tx):
        notices.setdefault(notice.tariff_id, []).append(NoticeOut.model_validate(notice))
    return [_tariff_out(adopted, notices.get(adopted.tariff_id, [])) for adopted in heard.list_tariffs(tx)]


def _tariff_out(adopted: AdoptedTariff, notices: list[NoticeOut]) -> TariffOut:
    return TariffOut(
        **{name: value for name, value in asdict(adopted).items() if name in TariffOut.model_fields},
        nmdn=adopted.tariff.nmdn,
        maximum_on_file=has_maximum(adopted.valid_from.year),
        notices=notices,
    )


def state(tx: Tx) -> State:
    """Every bill, line and balance in canonical order, without clocks or positions: two runs compare by it."""
    return State(
        bills=[bill_out(issued) for issued in bills.find_bills(tx)],
        ledger=[BalanceOut.model_validate(balance) for balance in ledger.trial_balance(tx)],
    )
