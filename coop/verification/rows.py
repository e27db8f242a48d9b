"""Rows of billing as they are stored, read whole and once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, select

from coop.billing.storage import heard_tables, tables
from coop.billing.storage.paper_tables import bill_paper
from coop.kit.tables import document, inbox
from coop.kit.tx import Tx

Rows = Sequence[Row[Any]]

FILES_AT_ONCE = 50
"""Files are read so many at a time: together they are larger than all that is kept beside them."""


@dataclass(frozen=True)
class KeptFile:
    """Bytes that are kept under a name: the hash that is written beside them, and the one that they have."""

    name: str
    written_sha256: str
    sha256: str
    byte_count: int


@dataclass(frozen=True)
class Kept:
    """What billing keeps of a co-operative on a day. Lines, postings and entries are in their order; ``papers`` are the
    files that were put away, by bill; ``frozen`` is what papers say beside their inputs, by hash; ``heard`` are the ids
    of the facts that billing has handled."""

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
    papers: Mapping[str, KeptFile]
    frozen: Mapping[str, KeptFile]
    heard: frozenset[str]
    community: str
    today: date


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
        papers=_files(tx, bill_paper, bill_paper.c.bill_id, bill_paper.c.sha256),
        frozen=_files(tx, document, document.c.sha256, document.c.sha256, _is_of_a_paper(tx)),
        heard=frozenset(tx.scalars(select(inbox.c.event_id).where(inbox.c.community == tx.community))),
        community=tx.community,
        today=tx.today,
    )


def _rows(tx: Tx, table: Table, *order: str) -> Rows:
    columns = table.c
    query = select(*columns).where(columns.community == tx.community).order_by(*(columns[name] for name in order))
    return tx.execute(query).all()


def _is_of_a_paper(tx: Tx) -> ColumnElement[bool]:
    return document.c.sha256.in_(select(tables.bill.c.paper_hash).where(tables.bill.c.community == tx.community))


def _files(
    tx: Tx, table: Table, name: ColumnElement[str], sha256: ColumnElement[str], *where: ColumnElement[bool]
) -> dict[str, KeptFile]:
    """Files of a table by name, hashed anew."""
    query = select(name, sha256, table.c.body).where(table.c.community == tx.community, *where).order_by(name)
    files: dict[str, KeptFile] = {}
    last = ""
    while rows := tx.execute(query.where(name > last).limit(FILES_AT_ONCE)).all():
        for last, written, body in rows:
            content = body.encode() if isinstance(body, str) else bytes(body)  # SQLite gives text for text
            files[last] = KeptFile(last, written, hashlib.sha256(content).hexdigest(), len(content))
    return files
