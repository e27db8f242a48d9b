"""Rows of billing as they are stored, read whole and once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, select

from coop.billing.storage import heard_tables, tables
from coop.kit.tables import inbox
from coop.kit.tx import Tx

Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class Kept:
    """What billing keeps of a co-operative. Lines, postings and entries are in their order; ``heard`` are the ids of
    the facts that billing has handled."""

    bills: Rows
    lines: Mapping[str, Rows]
    postings: Rows
    entries: Rows
    runs: Rows
    notices: Rows
    admitted: Rows
    left: Rows
    signed: Rows
    ended: Rows
    corrected: Rows
    heard: frozenset[str]
    community: str


def read_kept(tx: Tx) -> Kept:
    """Everything that is held beside what was told."""
    lines: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in _rows(tx, tables.bill_line, "bill_id", "position"):
        lines[row.bill_id].append(row)
    return Kept(
        bills=_rows(tx, tables.bill, "ordinal"),
        lines=lines,
        postings=_rows(tx, tables.posting, "transaction_id", "line"),
        entries=_rows(tx, tables.guarantee_entry, "contract_id", "year_start", "number"),
        runs=_rows(tx, tables.bill_run, "id"),
        notices=_rows(tx, tables.tariff_notice, "sent_on", "id"),
        admitted=_rows(tx, heard_tables.member_admitted, "member_id", "joined_on"),
        left=_rows(tx, heard_tables.member_left, "member_id", "left_on"),
        signed=_rows(tx, heard_tables.contract_signed, "contract_id"),
        ended=_rows(tx, heard_tables.contract_ended, "contract_id", "ends_on"),
        corrected=_rows(tx, heard_tables.gas_bills_corrected, "contract_id", "number"),
        heard=frozenset(tx.scalars(select(inbox.c.event_id).where(inbox.c.community == tx.community))),
        community=tx.community,
    )


def _rows(tx: Tx, table: Table, *order: str) -> Rows:
    columns = table.c
    query = select(*columns).where(columns.community == tx.community).order_by(*(columns[name] for name in order))
    return tx.execute(query).all()
