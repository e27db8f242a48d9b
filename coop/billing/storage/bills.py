"""Bills, lines and the state of the guarantee: what billing itself issued."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, and_, func, insert, select, update

from coop.billing.model import Bill, BillInputs, GuaranteeEntry, Line, LineKind, VatAmount
from coop.billing.storage.tables import (
    bill,
    bill_counter,
    bill_line,
    guarantee_entry,
    posting,
)
from coop.kit.journal import insert_new
from coop.values import Period

_INPUTS = TypeAdapter(BillInputs)
_VAT = TypeAdapter(tuple[VatAmount, ...])


@dataclass(frozen=True)
class IssuedBill:
    """A bill as it stands in the store."""

    id: str
    number: str
    run_id: str
    kind: str
    corrects: str | None
    issued_on: date
    inputs: BillInputs
    inputs_hash: str
    bill: Bill


@dataclass(frozen=True)
class YearSoFar:
    """What the bills so far did to a guarantee year; ``until`` is the last day that they reach."""

    heat_cents: int
    credit_cents: int
    until: date


def canonical(inputs: BillInputs) -> str:
    """The inputs as canonical JSON: keys in order, decimals and dates as text."""
    return orjson.dumps(inputs, default=str, option=orjson.OPT_SORT_KEYS).decode()


def hash_of(canonical_inputs: str) -> str:
    """SHA-256 over canonical inputs."""
    return hashlib.sha256(canonical_inputs.encode()).hexdigest()


def inputs_of(text: str) -> BillInputs:
    """Read what ``canonical`` wrote."""
    return _INPUTS.validate_json(text)


def insert_rows(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Insert issued rows by table name, bills first."""
    for table in (bill, bill_line, guarantee_entry, posting):
        if rows[table.name]:
            connection.execute(insert(table), rows[table.name])


def line_rows(bill_id: str, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Rows of a bill's lines."""
    return [
        {
            "bill_id": bill_id,
            "position": position,
            "kind": line.kind.value,
            "period_start": line.period.start,
            "period_end": line.period.end,
            "quantity": format(line.quantity, "f"),
            "unit": line.unit,
            "price_eur": format(line.price_eur, "f"),
            "amount_cents": line.amount_cents,
            "vat_rate": format(line.vat_rate, "f"),
            "tariff_id": line.tariff_id,
            "resolution_id": line.resolution_id,
            "source_id": line.source_id,
            "source_revision": line.source_revision,
            "group_id": line.group_id,
            "notes": " ".join(line.notes),
            "cause": line.cause,
        }
        for position, line in enumerate(lines, 1)
    ]


def entry_rows(
    bill_id: str, community: str, contract_id: str, until: date, entries: Sequence[GuaranteeEntry]
) -> list[dict[str, Any]]:
    """Rows of what a bill did to its guarantee years."""
    return [
        {
            "bill_id": bill_id,
            "year_start": entry.year.start,
            "year_end": entry.year.end,
            "community": community,
            "contract_id": contract_id,
            "until": until,
            "ceiling_cents": entry.ceiling_cents,
            "heat_cents": entry.heat_cents,
            "credit_cents": entry.credit_cents,
            "heat_so_far_cents": entry.heat_so_far_cents,
            "credit_so_far_cents": entry.credit_so_far_cents,
            "notes": " ".join(entry.notes),
        }
        for entry in entries
    ]


def vat_json(amounts: Sequence[VatAmount]) -> str:
    """VAT amounts as JSON."""
    return orjson.dumps(amounts, default=str).decode()


def lock_numbers(connection: Connection, community: str, year: int) -> int:
    """The last number of a year; until the transaction ends nobody else issues in it."""
    insert_new(connection, bill_counter, [{"community": community, "year": year, "last": 0}], ["community", "year"])
    last: int = connection.execute(
        select(bill_counter.c.last)
        .where(bill_counter.c.community == community, bill_counter.c.year == year)
        .with_for_update()
    ).scalar_one()
    return last


def save_number(connection: Connection, community: str, year: int, last: int) -> None:
    """Remember the last number that was given."""
    connection.execute(
        update(bill_counter).where(bill_counter.c.community == community, bill_counter.c.year == year).values(last=last)
    )


def years_so_far(connection: Connection, community: str) -> dict[tuple[str, date], YearSoFar]:
    """State of every guarantee year, by contract and first day."""
    table = guarantee_entry
    rows = connection.execute(
        select(
            table.c.contract_id,
            table.c.year_start,
            func.sum(table.c.heat_cents),
            func.sum(table.c.credit_cents),
            func.max(table.c.until),
        )
        .where(table.c.community == community)
        .group_by(table.c.contract_id, table.c.year_start)
    )
    return {
        (contract, start): YearSoFar(int(heat), int(credit), until) for contract, start, heat, credit, until in rows
    }


def newest_bills(connection: Connection, community: str, period: Period) -> dict[str, IssuedBill]:
    """The newest bill or correction of each contract for a period."""
    rows = connection.execute(
        select(bill)
        .where(bill.c.community == community, bill.c.period_start == period.start, bill.c.period_end == period.end)
        .order_by(bill.c.year, bill.c.sequence)
    ).all()
    return {row.contract_id: _issued(row, ()) for row in rows}


def amounts_before(connection: Connection, community: str, start: date) -> dict[str, tuple[int, int]]:
    """For each contract billed up to ``start`` in the period before it: cost before guarantee [cents], and days."""
    rows = connection.execute(
        select(bill.c.contract_id, bill.c.total_cents, bill.c.credit_cents, bill.c.days_start, bill.c.days_end).where(
            bill.c.community == community, bill.c.period_end == start, bill.c.corrects.is_(None)
        )
    )
    return {
        contract: (total + credit, (days_end - days_start).days)
        for contract, total, credit, days_start, days_end in rows
    }


def find_bills(
    connection: Connection,
    community: str,
    *,
    member_id: str | None = None,
    run_id: str | None = None,
    bill_id: str | None = None,
    number: str | None = None,
) -> list[IssuedBill]:
    """Issued bills in order of number, with their lines."""
    query = select(bill).where(bill.c.community == community).order_by(bill.c.year, bill.c.sequence)
    for column, value in (
        (bill.c.member_id, member_id),
        (bill.c.run_id, run_id),
        (bill.c.id, bill_id),
        (bill.c.number, number),
    ):
        if value is not None:
            query = query.where(column == value)
    rows = connection.execute(query).all()
    lines: dict[str, list[Line]] = {}
    wanted = query.with_only_columns(bill.c.id).order_by(None).subquery()
    for row in connection.execute(
        select(bill_line)
        .join(wanted, wanted.c.id == bill_line.c.bill_id)
        .order_by(bill_line.c.bill_id, bill_line.c.position)
    ):
        lines.setdefault(row.bill_id, []).append(_line(row))
    entries: dict[str, list[GuaranteeEntry]] = {}
    for row in connection.execute(
        select(guarantee_entry)
        .join(wanted, wanted.c.id == guarantee_entry.c.bill_id)
        .order_by(guarantee_entry.c.bill_id, guarantee_entry.c.year_start)
    ):
        entries.setdefault(row.bill_id, []).append(_entry(row))
    return [_issued(row, lines.get(row.id, ()), entries.get(row.id, ())) for row in rows]


def chain_of(connection: Connection, community: str, issued: IssuedBill) -> list[tuple[str, str, str]]:
    """Id, number and kind of the other bills of the same contract and period, in order of number."""
    period = issued.inputs.period
    rows = connection.execute(
        select(bill.c.id, bill.c.number, bill.c.kind)
        .where(
            bill.c.community == community,
            bill.c.contract_id == issued.inputs.contract_id,
            bill.c.period_start == period.start,
            bill.c.period_end == period.end,
            bill.c.id != issued.id,
        )
        .order_by(bill.c.year, bill.c.sequence)
    )
    return [(row.id, row.number, row.kind) for row in rows]


def entries_before(
    connection: Connection, community: str, contract_id: str, year_start: date, number: str
) -> tuple[int, int]:
    """Heat and credit [cents] that the bills before ``number`` brought to a guarantee year."""
    order = select(bill.c.year, bill.c.sequence).where(bill.c.community == community, bill.c.number == number)
    year, sequence = connection.execute(order).one()
    earlier = (bill.c.year < year) | and_(bill.c.year == year, bill.c.sequence < sequence)
    heat, credit = connection.execute(
        select(func.sum(guarantee_entry.c.heat_cents), func.sum(guarantee_entry.c.credit_cents))
        .join(bill, bill.c.id == guarantee_entry.c.bill_id)
        .where(
            guarantee_entry.c.community == community,
            guarantee_entry.c.contract_id == contract_id,
            guarantee_entry.c.year_start == year_start,
            earlier,
        )
    ).one()
    return int(heat or 0), int(credit or 0)


def _issued(row: Row[Any], lines: Sequence[Line], entries: Sequence[GuaranteeEntry] = ()) -> IssuedBill:
    return IssuedBill(
        id=row.id,
        number=row.number,
        run_id=row.run_id,
        kind=row.kind,
        corrects=row.corrects,
        issued_on=row.issued_on,
        inputs=inputs_of(row.inputs),
        inputs_hash=row.inputs_hash,
        bill=Bill(tuple(lines), tuple(entries), _VAT.validate_json(row.vat), row.total_cents, row.credit_cents),
    )


def _line(row: Row[Any]) -> Line:
    return Line(
        kind=LineKind(row.kind),
        period=Period(row.period_start, row.period_end),
        quantity=Decimal(row.quantity),
        unit=row.unit,
        price_eur=Decimal(row.price_eur),
        amount_cents=row.amount_cents,
        vat_rate=Decimal(row.vat_rate),
        tariff_id=row.tariff_id,
        resolution_id=row.resolution_id,
        source_id=row.source_id,
        source_revision=row.source_revision,
        group_id=row.group_id,
        notes=tuple(row.notes.split()),
        cause=row.cause,
    )


def _entry(row: Row[Any]) -> GuaranteeEntry:
    return GuaranteeEntry(
        year=Period(row.year_start, row.year_end),
        ceiling_cents=row.ceiling_cents,
        heat_cents=row.heat_cents,
        credit_cents=row.credit_cents,
        heat_so_far_cents=row.heat_so_far_cents,
        credit_so_far_cents=row.credit_so_far_cents,
        notes=tuple(row.notes.split()),
    )
