"""Bills, lines and the state of the guarantee: what billing itself issued.

Invariant: the inputs of a bill are a kept document, and ``inputs_hash`` is the hash of its bytes. They are shown as
they are stored; whoever relies on them compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, func, or_, select

from coop.billing.bills.billed import Billed
from coop.billing.bills.drafts import LastBill
from coop.billing.bills.schemas import BILL_CONSUMPTION, BILL_INPUTS
from coop.billing.model import Bill, BillHead, BillInputs, Consumption, GuaranteeEntry, Line, LineKind
from coop.billing.tables.bills import bill, bill_line, guarantee_entry
from coop.kit import documents
from coop.kit.database import among
from coop.kit.documents import Document
from coop.kit.keyset import Key, Window
from coop.kit.rows import find_as, group_as, insert_beside, insert_nouns, select_as
from coop.kit.tx import Tx
from coop.values import NotFound, Period, say


@dataclass(frozen=True)
class IssuedBill(BillHead):
    """A bill as it stands in the store, with the document of its inputs and what that says."""

    document: Document
    inputs: BillInputs
    bill: Bill


@dataclass(frozen=True)
class NewBill:
    """A bill about to be issued."""

    head: BillHead
    document: Document
    paper: Document
    inputs: BillInputs
    bill: Bill


@dataclass(frozen=True)
class Counters:
    """The last bill that was issued: of all, and within a year."""

    ordinal: int
    sequence: int


def insert_bills(tx: Tx, new: Sequence[NewBill]) -> None:
    """Write bills with their inputs and lines, and the lines first: there is no bill without any."""
    documents.keep_all(tx, [kept for made in new for kept in (made.document, made.paper)])
    beside: dict[str, Sequence[object]] = {
        "bill_id": [made.head.id for made in new for _ in made.bill.lines],
        "position": [position for made in new for position in range(1, len(made.bill.lines) + 1)],
    }
    insert_beside(tx, bill_line, [line for made in new for line in made.bill.lines], beside)
    insert_nouns(tx, bill, [made.head for made in new])


def read_counters(tx: Tx, year: int) -> Counters:
    """Number up to which the bills are counted; right until the transaction ends, for who holds the lock of the
    runs."""
    mine = bill.c.community == tx.community
    return Counters(
        ordinal=tx.scalar(select(func.max(bill.c.ordinal)).where(mine)) or 0,
        sequence=tx.scalar(select(func.max(bill.c.sequence)).where(mine, bill.c.year == year)) or 0,
    )


def find_newest_day(tx: Tx) -> date | None:
    """The latest day that a bill has, or None before the first."""
    return tx.scalar(
        select(func.max(bill.c.issued_on, type_=bill.c.issued_on.type)).where(bill.c.community == tx.community)
    )


def last_bills(tx: Tx, period: Period) -> dict[str, LastBill]:
    """The newest bill or correction of each contract for a period.

    Raises:
        UnreadableDocument: the inputs of one were changed after it was issued; no correction may rest on them.
    """
    return _read_newest(tx, _heads(tx, *_of_period(period), order_by=[bill.c.ordinal]))


def newest_bills(tx: Tx, contract_ids: Sequence[str]) -> dict[str, LastBill]:
    """The newest bill or correction of each of these contracts, of whatever period.

    Raises:
        UnreadableDocument: as ``last_bills``.
    """
    return _read_newest(tx, _heads(tx, among(tx, bill.c.contract_id, contract_ids), order_by=[bill.c.ordinal]))


def _read_newest(tx: Tx, in_order: Sequence[BillHead]) -> dict[str, LastBill]:
    newest = {head.contract_id: head for head in in_order}
    stored = documents.find_stored(tx, [head.inputs_hash for head in newest.values()])
    return {
        contract_id: LastBill(head.id, head.period, _read_unchanged(head, stored))
        for contract_id, head in newest.items()
    }


def list_billed(tx: Tx, ends_on: date) -> dict[str, Billed]:
    """Figures of what each contract was billed for the period that ends on a day, without the corrections of later."""
    mine = bill.c.community == tx.community, bill.c.period_end == ends_on, bill.c.corrects.is_(None)
    columns = bill_line.c
    lines = (
        select(columns.bill_id, columns.kind, columns.quantity, columns.price_eur)
        .join(bill, (bill.c.community == columns.community) & (bill.c.id == columns.bill_id))
        .where(*mine, columns.kind.in_((LineKind.HEAT, LineKind.ELECTRICITY)))
        .order_by(columns.bill_id, columns.position)
    )
    energy: dict[tuple[str, LineKind], Decimal] = {}
    prices: dict[str, Decimal] = {}
    for bill_id, kind, quantity, price_eur in tx.execute(lines):
        energy[bill_id, kind] = energy.get((bill_id, kind), Decimal(0)) + quantity
        if kind is LineKind.HEAT:
            prices[bill_id] = price_eur
    return {
        head.contract_id: Billed(
            contract_id=head.contract_id,
            member_id=head.member_id,
            connection_id=head.connection_id,
            days=head.days,
            cost_cents=head.total_cents + head.credit_cents,
            credit_cents=head.credit_cents,
            heat_gj=energy.get((head.id, LineKind.HEAT), Decimal(0)),
            shared_kwh=energy.get((head.id, LineKind.ELECTRICITY), Decimal(0)),
            heat_price=prices.get(head.id),
        )
        for head in _heads(tx, *mine, order_by=[bill.c.ordinal])
    }


def list_heads(tx: Tx, *, run_id: str | None = None, member_id: str | None = None) -> list[BillHead]:
    """Issued bills without their lines, in order of number: of one run, of one member, or all."""
    wanted = ((bill.c.run_id, run_id), (bill.c.member_id, member_id))
    return _heads(tx, *(column == value for column, value in wanted if value is not None))


@dataclass(frozen=True)
class BilledMonth:
    """Amounts that a tariff billed for a period, over so many contracts; what a correction took back is taken off."""

    period: Period
    contracts: int
    amount_cents: int


def sum_billed(tx: Tx, resolution_id: str, from_on: date) -> list[BilledMonth]:
    """Sum what the tariff of a resolution billed for days from ``from_on`` on, by period; what came to nothing is left
    out."""
    head, line = bill.c, bill_line.c
    query = (
        select(head.period_start, head.period_end, head.contract_id, func.sum(line.amount_cents))
        .join(bill, (head.community == line.community) & (head.id == line.bill_id))
        .where(line.community == tx.community, line.resolution_id == resolution_id, line.period_end > from_on)
        .group_by(head.period_start, head.period_end, head.contract_id)
        .having(func.sum(line.amount_cents) != 0)
    )
    by_period: dict[Period, list[int]] = {}
    for start, end, _, cents in tx.execute(query):
        by_period.setdefault(Period(start, end), []).append(int(cents))
    return [BilledMonth(period, len(sums), sum(sums)) for period, sums in sorted(by_period.items())]


def list_resting(tx: Tx, figures: Sequence[str], connection_id: str | None = None) -> list[BillHead]:
    """Issued bills of which a line rests on one of these figures (measurements, runs of shared electricity), in order
    of number: of one connection, or of all."""
    mine = bill_line.c.community == tx.community
    resting = select(bill_line.c.bill_id).where(mine, among(tx, bill_line.c.source_id, set(figures)))
    here = [bill.c.connection_id == connection_id] if connection_id is not None else []
    return _heads(tx, bill.c.id.in_(resting), *here)


def find_head(tx: Tx, number_or_id: str) -> BillHead | None:
    """An issued bill without its lines, or None."""
    return find_as(tx, BillHead, bill, or_(bill.c.id == number_or_id, bill.c.number == number_or_id))


def find_bills(
    tx: Tx,
    *,
    member_id: str | None = None,
    contract_id: str | None = None,
    contract_ids: Sequence[str] | None = None,
    run_id: str | None = None,
    window: Window | None = None,
) -> list[IssuedBill]:
    """Issued bills in order of number, with their lines: of one member, of one contract, of these contracts, of one
    run, or all; with ``window`` that part of them, and one more.

    Raises:
        UnreadableDocument: the inputs of one no longer follow their schema.
    """
    wanted = ((bill.c.member_id, member_id), (bill.c.contract_id, contract_id), (bill.c.run_id, run_id))
    where: tuple[ColumnElement[bool], ...] = tuple(column == value for column, value in wanted if value is not None)
    if contract_ids is not None:
        where += (among(tx, bill.c.contract_id, contract_ids),)
    heads = select_as(tx, BillHead, bill, *where, order_by=(bill.c.year, bill.c.sequence), window=window)
    if window is not None:
        where = (among(tx, bill.c.id, [head.id for head in heads]),)
    return _with_lines(tx, heads, *where)


def sum_carried_before(tx: Tx, head: BillHead) -> int:
    """Amount that the bills of a contract before this one were not asked for [cents]."""
    columns = bill.c
    query = select(func.sum(columns.total_cents - columns.asked_cents)).where(
        columns.community == tx.community,
        columns.contract_id == head.contract_id,
        columns.ordinal < head.ordinal,
    )
    return int(tx.scalar(query) or 0)


def bill_key(head: BillHead) -> Key:
    """Place of a bill in the list of all."""
    return head.year, head.sequence


def get_head(tx: Tx, number_or_id: str) -> BillHead:
    """An issued bill without its lines.

    Raises:
        NotFound: there is none.
    """
    head = find_head(tx, number_or_id)
    if head is None:
        raise NotFound(say("there is no bill %(bill)s", bill=number_or_id))
    return head


def get_bill(tx: Tx, number_or_id: str) -> IssuedBill:
    """One issued bill with its lines.

    Raises:
        NotFound: there is none.
        UnreadableDocument: its inputs no longer follow their schema.
    """
    head = get_head(tx, number_or_id)
    [issued] = _with_lines(tx, [head], bill.c.id == head.id)
    return issued


def list_by_id(tx: Tx, bill_ids: Sequence[str]) -> list[BillHead]:
    """These bills without their lines, in order of number."""
    return _heads(tx, among(tx, bill.c.id, bill_ids))


def list_related(tx: Tx, head: BillHead) -> list[BillHead]:
    """The other bills of the same contract and period, in the order in which they were issued."""
    return _heads(
        tx,
        *_of_period(head.period),
        bill.c.contract_id == head.contract_id,
        bill.c.id != head.id,
        order_by=[bill.c.ordinal],
    )


def _heads(
    tx: Tx, *where: ColumnElement[bool], order_by: Sequence[ColumnElement[object]] = (bill.c.year, bill.c.sequence)
) -> list[BillHead]:
    return select_as(tx, BillHead, bill, *where, order_by=order_by)


def _of_period(period: Period) -> tuple[ColumnElement[bool], ...]:
    return bill.c.period_start == period.start, bill.c.period_end == period.end


def _with_lines(tx: Tx, heads: Sequence[BillHead], *where: ColumnElement[bool]) -> list[IssuedBill]:
    stored = documents.find_stored(tx, [head.inputs_hash for head in heads])
    wanted = select(bill.c.id).where(bill.c.community == tx.community, *where)
    lines = group_as(
        tx, Line, bill_line, [bill_line.c.bill_id], bill_line.c.bill_id.in_(wanted), order_by=[bill_line.c.position]
    )
    entries = group_as(
        tx,
        GuaranteeEntry,
        guarantee_entry,
        [guarantee_entry.c.bill_id],
        guarantee_entry.c.bill_id.in_(wanted),
        order_by=[guarantee_entry.c.year_start],
    )
    return [
        IssuedBill(
            **vars(head),
            document=_stored(head, stored),
            inputs=BILL_INPUTS.open(_stored(head, stored)),
            bill=Bill(
                tuple(lines.get((head.id,), ())),
                tuple(entries.get((head.id,), ())),
                head.vat,
                head.total_cents,
                head.credit_cents,
            ),
        )
        for head in heads
    ]


def _stored(head: BillHead, stored: Mapping[str, Document]) -> Document:
    document = stored.get(head.inputs_hash)
    if document is None:
        raise NotFound(say("the inputs of bill %(number)s are gone", number=head.number))
    return document


def _read_unchanged(head: BillHead, stored: Mapping[str, Document]) -> Consumption:
    document = _stored(head, stored)
    if document.sha256 != head.inputs_hash:
        raise documents.UnreadableDocument(
            "changed-document",
            say("the inputs of bill %(number)s were changed after it was issued", number=head.number),
        )
    return BILL_CONSUMPTION.open(document)
