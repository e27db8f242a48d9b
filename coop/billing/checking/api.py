"""Issued bills: with their lines, what they were computed from, and what comes of computing them again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import Field

from coop.billing.amounts.forecasts import forecast_contract
from coop.billing.bills import account_store as accounts
from coop.billing.bills import store as bills
from coop.billing.bills.sight import sees_all_bills, visible_account, visible_bill, visible_contract, visible_head
from coop.billing.bills.store import IssuedBill
from coop.billing.bodies import Name
from coop.billing.checking.verify import verify_bill as recompute
from coop.billing.fields import (
    BillId,
    BillNumber,
    Cents,
    ConnectionId,
    ContractId,
    CreditCents,
    DayAfter,
    FirstDay,
    IssuedOn,
    MemberId,
    ResolutionId,
    TariffId,
    VatRate,
    make_router,
    may,
)
from coop.billing.model import BillInputs, LineKind
from coop.kit.answers import Answer, ExactDecimal, PeriodName
from coop.kit.http import reading, session_of
from coop.kit.paging import Paged
from coop.values import NotFound, eur, say

routes = make_router()


class LineOut(Answer):
    """One line of a bill: a quantity at a price is an amount."""

    kind: LineKind
    """Purpose of the line: a product, or the credit of the guarantee."""
    component: Annotated[str, Field(examples=["Heat"])]
    """Component of the tariff that it prices; empty for the credit of the guarantee."""
    in_guarantee: bool
    """Whether it counts towards the ceiling of Niet Meer Dan Nu."""
    period_start: FirstDay
    period_end: DayAfter
    quantity: Annotated[ExactDecimal, Field(examples=["1.234"])]
    """Quantity, in `unit`."""
    unit: Annotated[str, Field(examples=["GJ", "kWh", "d"])]
    """Unit of the quantity."""
    price_eur: Annotated[ExactDecimal, Field(examples=["38.12"])]
    """Price [EUR], VAT included."""
    per: Annotated[str, Field(examples=["GJ"])]
    """Unit that the price is per: `GJ`, `kWh`, `year` or `once`; empty for the credit of the guarantee."""
    amount_cents: Cents
    vat_rate: VatRate
    tariff_id: TariffId
    resolution_id: ResolutionId
    source_id: str
    """Measurement or allocation run that it rests on; empty for a fixed part."""
    source_revision: Annotated[int, Field(examples=[1])]
    """Revision of that."""
    group_id: str
    """Sharing group of shared electricity; else empty."""
    notes: tuple[str, ...]
    """Stable codes of what a reader should know, such as `split-by-days`."""
    cause: str
    """On a correction, the reason for it."""


class GuaranteeYearOut(Answer):
    """Effect of a bill on one guarantee year of Niet Meer Dan Nu."""

    year: PeriodName
    """Days of the guarantee year."""
    ceiling_cents: Annotated[int | None, Field(examples=[120000])]
    """Ceiling of the year [euro cents]; null without a reference or a guarantee."""
    heat_cents: Annotated[int, Field(examples=[8421])]
    """Cost of heat on this bill [euro cents]."""
    credit_cents: CreditCents
    heat_so_far_cents: Annotated[int, Field(examples=[40210])]
    """Cost of heat in the year up to and with this bill [euro cents]."""
    credit_so_far_cents: Annotated[int, Field(examples=[1250])]
    """Taken off in the year up to and with this bill [euro cents]."""
    notes: tuple[str, ...]
    """Stable codes of what a reader should know."""
    causes: tuple[str, ...]
    """Stable codes of what moved: `cost`, or of the ceiling `gas-bills`, `index`, `degree-days`, `end`, `choice`."""


class AccountEntryOut(GuaranteeYearOut):
    """One entry of the account of a guarantee year: of a bill, or of a ceiling that moved without one."""

    number: Annotated[int, Field(examples=[1])]
    """Number of the entry within its guarantee year."""
    entered_on: date
    """Day of the entry."""
    bill_id: str | None
    """Bill that it is of; null where the ceiling moved alone."""


class VatOut(Answer):
    """One rate of VAT of a bill."""

    rate: VatRate
    excl_cents: Annotated[int, Field(examples=[6960])]
    """Amount without VAT [euro cents]."""
    vat_cents: Annotated[int, Field(examples=[1461])]
    """VAT [euro cents]."""
    incl_cents: Cents


class BillOut(Answer):
    """An issued bill with its lines, guarantee and VAT; the same bill is the same answer everywhere."""

    bill_id: BillId
    number: BillNumber
    kind: Literal["bill", "correction"]
    """A bill, or a correction of one."""
    corrects: str | None
    """Bill that it corrects."""
    member_id: MemberId
    contract_id: ContractId
    connection_id: ConnectionId
    period_start: FirstDay
    period_end: DayAfter
    issued_on: IssuedOn
    total_cents: Cents
    total_eur: Annotated[str, Field(examples=["84.21"])]
    """The total [EUR], VAT included."""
    asked_cents: Annotated[int, Field(examples=[8421])]
    """What is to be paid with it [euro cents]; below zero, paid back. Another amount than the total where the
    co-operative asks for even amounts, or carries small ones to the next bill."""
    credit_cents: CreditCents
    inputs_hash: str
    """SHA-256 of the document that holds all that it was computed from."""
    lines: list[LineOut]
    """Lines, in the order of the paper."""
    guarantee: list[GuaranteeYearOut]
    """Guarantee years that it touches."""
    vat: list[VatOut]
    """Amounts by rate of VAT."""


class BillWithInputs(BillOut):
    """A bill with all that it was computed from."""

    inputs: BillInputs
    """All that the bill follows from, and nothing else."""


class VerifiedLineOut(Answer):
    """A line as issued beside the same line computed again."""

    kind: Annotated[str, Field(examples=["heat"])]
    """Purpose of the line."""
    issued_cents: int
    """Amount on the bill [euro cents]."""
    recomputed_cents: int
    """Amount computed again [euro cents]."""


class ReferenceOut(Answer):
    """Something that a bill rests on."""

    kind: Annotated[str, Field(examples=["measurement"])]
    """Kind of thing."""
    id: str
    """Id of it."""
    revision: int
    """Revision of it; 0 where it has none."""
    versions: tuple[str, ...]
    """Hashes of the readings behind it."""
    period: PeriodName | None
    """Period of it; null where it has none."""
    adopts: str
    """Tariff or key that a resolution adopted; else empty."""


class VerificationOut(Answer):
    """Outcome of computing a bill again."""

    bill_id: BillId
    number: BillNumber
    total_cents: Cents
    recomputed_cents: int
    """The total computed again [euro cents]."""
    lines: list[VerifiedLineOut]
    """Lines, as issued and computed again."""
    references: list[ReferenceOut]
    """Everything that it rests on."""
    findings: list[str]
    """Each difference in a sentence; none when it agrees."""
    agrees: bool
    """Whether it comes out to the cent."""


class ExpectedMonthOut(Answer):
    """Days of a guarantee year that are still to be billed, as they are expected."""

    period: PeriodName
    """The days."""
    heat_j: Annotated[ExactDecimal, Field(examples=["2500000000"])]
    """Heat at normal weather [J]."""
    basis: Literal["last-year", "use-so-far", "gas-bills"]
    """What the heat rests on."""
    heat_cents: Annotated[int, Field(examples=[13400])]
    """Cost that counts towards the ceiling, before the guarantee [euro cents]."""
    other_cents: Annotated[int, Field(examples=[800])]
    """Cost that does not count towards the ceiling [euro cents]."""


class ForecastOut(Answer):
    """Cost that is expected of a guarantee year: what was billed, and the rest as it would be billed."""

    contract_id: ContractId
    year: PeriodName
    """Days of the guarantee year."""
    days: PeriodName
    """Days of it that the contract covers."""
    billed_heat_cents: Annotated[int, Field(examples=[40210])]
    """Billed so far that counts towards the ceiling, before the guarantee [euro cents]."""
    billed_other_cents: Annotated[int, Field(examples=[2400])]
    """Billed so far that does not count towards it [euro cents]."""
    expected: tuple[ExpectedMonthOut, ...]
    """The days that no bill covers yet, by month."""
    ceiling_cents: Annotated[int | None, Field(examples=[150205])]
    """Ceiling of the year [euro cents]; null where nothing is promised, or where it is not known yet."""
    ceiling_unknown: bool
    """Whether the ceiling waits for a figure that is not published yet."""
    heat_cents: Annotated[int, Field(examples=[138000])]
    """Heat of the whole year, before the guarantee [euro cents]."""
    credit_cents: Annotated[int, Field(examples=[0])]
    """What the guarantee gives back of it [euro cents]."""
    total_cents: Annotated[int, Field(examples=[147600])]
    """Everything together, after the guarantee [euro cents]."""
    month_cents: Annotated[int, Field(examples=[12300])]
    """The total a month, spread evenly [euro cents]."""


@routes.get("/bills")
@may("see-bills")
def list_bills(
    request: Request,
    page: Paged,
    member: Annotated[
        Name | None, Query(description="Only of this member; a member sees their own in any case.")
    ] = None,
) -> list[BillOut]:
    """Issued bills in order of number: a member's own, or any for those who watch."""
    session = session_of(request)
    member_id = member if sees_all_bills(session) else session.member_id or ""
    with reading(request) as tx:
        issued = page.close(bills.find_bills(tx, member_id=member_id, window=page.window), bills.bill_key)
    return [bill_out(bill) for bill in issued]


@routes.get("/bills/{bill_id}")
@may("see-bills")
def get_bill(request: Request, bill_id: Name) -> BillWithInputs:
    """One bill by id or number, with what it was computed from."""
    with reading(request) as tx:
        issued = visible_bill(tx, session_of(request), bill_id)
    return BillWithInputs(**_bill_fields(issued), inputs=issued.inputs)


@routes.get("/bills/{bill_id}/verify")
@may("see-bills")
def verify_bill(request: Request, bill_id: Name) -> VerificationOut:
    """Compute a bill again from the facts that it names."""
    with reading(request) as tx:
        verification = recompute(tx, visible_head(tx, session_of(request), bill_id).id)
    return VerificationOut.model_validate(verification)


@routes.get("/contracts/{contract_id}/guarantee")
@may("see-bills")
def list_guarantee_entries(request: Request, contract_id: Name, page: Paged) -> list[AccountEntryOut]:
    """The account of each guarantee year of a contract: every entry that moved its cost, its credit or its ceiling."""
    with reading(request) as tx:
        entries = page.cut(visible_account(tx, session_of(request), contract_id), accounts.entry_key)
    return [AccountEntryOut.model_validate(entry) for entry in entries]


@routes.get("/contracts/{contract_id}/forecast")
@may("see-bills")
def get_forecast(request: Request, contract_id: Name) -> ForecastOut:
    """Answer what the guarantee year of a contract in which today lies will cost; nothing is owed by it."""
    with reading(request) as tx:
        made = forecast_contract(tx, visible_contract(tx, session_of(request), contract_id))
    if made is None:
        raise NotFound(say("nothing can be told yet of what contract %(contract)s will cost", contract=contract_id))
    return ForecastOut.model_validate(made)


def bill_out(issued: IssuedBill) -> BillOut:
    """An issued bill with its lines, guarantee and VAT."""
    return BillOut(**_bill_fields(issued))


def _bill_fields(issued: IssuedBill) -> dict[str, Any]:
    bill, inputs = issued.bill, issued.inputs
    return {
        "bill_id": issued.id,
        "number": issued.number,
        "kind": issued.kind,
        "corrects": issued.corrects,
        "member_id": inputs.member_id,
        "contract_id": inputs.contract_id,
        "connection_id": inputs.connection_id,
        "period_start": inputs.period.start,
        "period_end": inputs.period.end,
        "issued_on": issued.issued_on,
        "total_cents": bill.total_cents,
        "total_eur": str(eur(bill.total_cents)),
        "asked_cents": issued.asked_cents,
        "credit_cents": bill.credit_cents,
        "inputs_hash": issued.inputs_hash,
        "lines": [
            LineOut.model_validate({**vars(line), "period_start": line.period.start, "period_end": line.period.end})
            for line in bill.lines
        ],
        "guarantee": [GuaranteeYearOut.model_validate(entry) for entry in bill.guarantee],
        "vat": [VatOut.model_validate(amount) for amount in bill.vat],
    }
