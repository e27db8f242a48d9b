"""The account of each guarantee year: what moved its cost, its credit or its ceiling, entry by entry.

Invariant: entries of a contract and a guarantee year are numbered 1, 2, 3 ... and never changed; the newest says how
the year stands. An entry is a bill's, or moves the ceiling alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, func, select

from coop.billing.bills.settling import CeilingMove, YearSoFar
from coop.billing.bills.store import NewBill
from coop.billing.model import BillHead, GuaranteeEntry, GuaranteeTerms
from coop.billing.tables.bills import guarantee_entry
from coop.billing.terms.rules import YearKey
from coop.kit.keyset import Key
from coop.kit.rows import insert_beside, select_as
from coop.kit.tx import Tx


@dataclass(frozen=True)
class AccountEntry(GuaranteeEntry):
    """An entry as it is kept, with its number within the year, its day and its bill, if it has one."""

    contract_id: str = ""
    number: int = 0
    entered_on: date = date.min
    bill_id: str | None = None


def add_entries(tx: Tx, new: Sequence[NewBill], moves: Iterable[CeilingMove]) -> None:
    """Enter what bills did to the guarantee years of their contracts, and the ceilings that moved without a bill."""
    entered: list[tuple[str, GuaranteeEntry, GuaranteeTerms, str | None, int | None]] = [
        (made.head.contract_id, entry, state.terms, made.head.id, made.head.ordinal)
        for made in new
        for state, entry in zip(made.inputs.guarantee, made.bill.guarantee, strict=True)
    ]
    entered += [(move.contract_id, move.entry, move.terms, None, None) for move in moves]
    if not entered:
        return
    contract_ids, entries, terms, bill_ids, ordinals = zip(*entered, strict=True)
    beside = {"contract_id": contract_ids, "terms": terms, "bill_id": bill_ids, "ordinal": ordinals}
    numbers = Counter(_last_numbers(tx))
    beside["number"] = tuple(_count(numbers, contract_id, entry) for contract_id, entry, *_ in entered)
    insert_beside(tx, guarantee_entry, entries, beside, entered_on=tx.today)


def _count(numbers: Counter[YearKey], contract_id: str, entry: GuaranteeEntry) -> int:
    """Number of the next entry of its guarantee year."""
    numbers[contract_id, entry.year.start] += 1
    return numbers[contract_id, entry.year.start]


def years_so_far(tx: Tx) -> dict[YearKey, YearSoFar]:
    """Standing of every guarantee year after its newest entry, by contract and first day."""
    columns, newest = guarantee_entry.c, _newest(tx).subquery()
    query = (
        select(
            columns.contract_id,
            columns.year_start,
            columns.heat_so_far_cents,
            columns.credit_so_far_cents,
            columns.ceiling_cents,
            columns.terms,
        )
        .join(
            newest,
            (columns.contract_id == newest.c.contract_id)
            & (columns.year_start == newest.c.year_start)
            & (columns.number == newest.c.number),
        )
        .where(columns.community == tx.community)
    )
    return {(contract, start): YearSoFar(*stands) for contract, start, *stands in tx.execute(query)}


def count_kept(tx: Tx) -> tuple[int, int]:
    """Guarantee years with a ceiling, and how many of them stay at or under it after what was given back, each as its
    newest entry has it."""
    columns, newest = guarantee_entry.c, _newest(tx).subquery()
    is_under = columns.heat_so_far_cents - columns.credit_so_far_cents <= columns.ceiling_cents
    query = (
        select(func.count(), func.sum(case((is_under, 1), else_=0)))
        .join(
            newest,
            (columns.contract_id == newest.c.contract_id)
            & (columns.year_start == newest.c.year_start)
            & (columns.number == newest.c.number),
        )
        .where(columns.community == tx.community, columns.ceiling_cents.is_not(None))
    )
    years, kept = tx.execute(query).one()
    return int(years), int(kept or 0)


def list_entries(tx: Tx, contract_id: str) -> list[AccountEntry]:
    """Every entry of a contract, by guarantee year and number."""
    columns = guarantee_entry.c
    order = (columns.year_start, columns.number)
    return select_as(tx, AccountEntry, guarantee_entry, columns.contract_id == contract_id, order_by=order)


def list_terms(tx: Tx, contract_id: str) -> dict[date, GuaranteeTerms]:
    """The terms under which each guarantee year of a contract stands now, by its first day."""
    columns = guarantee_entry.c
    query = (
        select(columns.year_start, columns.terms)
        .where(columns.community == tx.community, columns.contract_id == contract_id)
        .order_by(columns.year_start, columns.number)
    )
    return {row.year_start: row.terms for row in tx.execute(query)}


def entry_key(entry: AccountEntry) -> Key:
    """Place of an entry in the list of a contract."""
    return entry.year.start, entry.number


def guarantee_before(tx: Tx, head: BillHead, year_start: date) -> tuple[int, int]:
    """Heat and credit [cents] that the bills issued before this one brought to a guarantee year."""
    columns = guarantee_entry.c
    heat, credit = tx.execute(
        select(func.sum(columns.heat_cents), func.sum(columns.credit_cents)).where(
            columns.community == tx.community,
            columns.contract_id == head.contract_id,
            columns.year_start == year_start,
            columns.ordinal < head.ordinal,
        )
    ).one()
    return int(heat or 0), int(credit or 0)


def list_moved(tx: Tx) -> dict[YearKey, list[tuple[int, int, int]]]:
    """Ordinal, heat and credit [cents] of the entries that bills made, by contract and first day of the year."""
    columns = guarantee_entry.c
    query = select(
        columns.contract_id, columns.year_start, columns.ordinal, columns.heat_cents, columns.credit_cents
    ).where(columns.community == tx.community, columns.ordinal.is_not(None))
    moved: dict[YearKey, list[tuple[int, int, int]]] = defaultdict(list)
    for contract_id, start, ordinal, heat_cents, credit_cents in tx.execute(query):
        moved[contract_id, start].append((ordinal, heat_cents, credit_cents))
    return moved


def _newest(tx: Tx) -> Select[Any]:
    columns = guarantee_entry.c
    return (
        select(columns.contract_id, columns.year_start, func.max(columns.number).label("number"))
        .where(columns.community == tx.community)
        .group_by(columns.contract_id, columns.year_start)
    )


def _last_numbers(tx: Tx) -> dict[YearKey, int]:
    return {(contract_id, start): number for contract_id, start, number in tx.execute(_newest(tx))}
