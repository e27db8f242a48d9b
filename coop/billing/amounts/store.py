"""Even amounts of contracts, and how each contract stands with what it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select

from coop.billing.bills.asking import MonthlyAmount, Standing
from coop.billing.tables.bills import bill, monthly_amount
from coop.kit.database import among
from coop.kit.rows import row_of, select_as
from coop.kit.tx import Tx


@dataclass(frozen=True)
class Billed:
    """Fields of an issued bill that say how its contract stands."""

    contract_id: str
    number: str
    kind: str
    period_end: date
    total_cents: int
    asked_cents: int


def add_amount(tx: Tx, amount: MonthlyAmount) -> None:
    """Keep an amount, numbered after those before it."""
    tx.insert(monthly_amount, [row_of(tx, amount)])


def list_amounts(tx: Tx, contract_ids: Sequence[str] | None = None) -> list[MonthlyAmount]:
    """The amounts of these contracts, or of all, by contract and year in the order in which they were set."""
    columns = monthly_amount.c
    where = () if contract_ids is None else (among(tx, columns.contract_id, contract_ids),)
    order = (columns.contract_id, columns.year_start, columns.number)
    return select_as(tx, MonthlyAmount, monthly_amount, *where, order_by=order)


def list_standings(tx: Tx, contract_ids: Sequence[str] | None = None) -> dict[str, Standing]:
    """Standing of contracts that have bills after their newest one; the numbers are those since nothing was left."""
    columns = bill.c
    where = () if contract_ids is None else (among(tx, columns.contract_id, contract_ids),)
    standings: dict[str, Standing] = {}
    for each in select_as(tx, Billed, bill, *where, order_by=[columns.ordinal]):
        before = standings.get(each.contract_id, Standing())
        carried_cents = before.carried_cents + each.total_cents - each.asked_cents
        reaches = before.reaches if each.kind == "correction" else max(before.reaches, each.period_end)
        moved = (each.number,) if each.total_cents != each.asked_cents else ()
        standings[each.contract_id] = Standing(
            carried_cents, reaches, (*before.unsettled, *moved) if carried_cents else ()
        )
    return standings


def list_reached(tx: Tx) -> dict[str, date]:
    """Contracts that were billed what they were not asked for, or the reverse, and how far their bills reach."""
    columns = bill.c
    reaches = func.max(case((columns.corrects.is_(None), columns.period_end)))
    query = (
        select(columns.contract_id, reaches)
        .where(columns.community == tx.community)
        .group_by(columns.contract_id)
        .having(func.sum(columns.total_cents - columns.asked_cents) != 0)
        .order_by(columns.contract_id)
    )
    return dict(iter(tx.execute(query)))


def sum_carried(tx: Tx, contract_id: str) -> int:
    """Amount that a contract was billed and not yet asked for [cents]; below zero, it was asked for more."""
    columns = bill.c
    query = select(func.sum(columns.total_cents - columns.asked_cents)).where(
        columns.community == tx.community, columns.contract_id == contract_id
    )
    return int(tx.scalar(query) or 0)
