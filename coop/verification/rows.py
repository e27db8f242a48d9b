"""Rows of billing as they are stored, read whole and once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Result, Row, Table, select

from coop.billing.tables import bills as tables
from coop.billing.tables import heard as heard_tables
from coop.billing.tables.papers import bill_paper, notice_file
from coop.billing.tables.releases import amount_release
from coop.communities.choices import DatedChoice
from coop.communities.store import load_choices
from coop.kit.documents import UNREADABLE
from coop.kit.tables import document, inbox
from coop.kit.tx import Tx
from coop.values import CoopError

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
    """Rows that billing keeps of a co-operative on a day. Lines, postings and entries are in their order; ``papers``
    are the files that were put away, by bill; ``shown`` are those that show that a notice went out, by hash; ``frozen``
    is what papers say beside their inputs, by hash; ``heard`` are the ids of the facts that billing has handled;
    ``unreadable`` names the rows that can no longer be read and are left out."""

    bills: Rows
    lines: Mapping[str, Rows]
    postings: Rows
    entries: Rows
    runs: Rows
    amounts: Rows
    releases: Rows
    notices: Rows
    admitted: Rows
    left: Rows
    signed: Rows
    ended: Rows
    corrected: Rows
    figures: Rows
    choices: Sequence[DatedChoice]
    law: Rows
    papers: Mapping[str, KeptFile]
    shown: Mapping[str, KeptFile]
    frozen: Mapping[str, KeptFile]
    heard: frozenset[str]
    unreadable: Sequence[str]
    community: str
    today: date


def read_kept(tx: Tx) -> Kept:
    """Everything that is held beside what was told."""
    unreadable: list[str] = []

    def read(table: Table, *order: str) -> Rows:
        return _rows(tx, table, order, unreadable)

    lines: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in read(tables.bill_line, "bill_id", "position"):
        lines[row.bill_id].append(row)
    return Kept(
        bills=read(tables.bill, "ordinal"),
        lines=lines,
        postings=read(tables.posting, "transaction_id", "line"),
        entries=read(tables.guarantee_entry, "contract_id", "year_start", "number"),
        runs=read(tables.bill_run, "id"),
        amounts=read(tables.monthly_amount, "contract_id", "year_start", "number"),
        releases=read(amount_release, "contract_id", "number"),
        notices=read(tables.tariff_notice, "sent_on", "id"),
        admitted=read(heard_tables.member_admitted, "member_id", "joined_on"),
        left=read(heard_tables.member_left, "member_id", "number"),
        signed=read(heard_tables.contract_signed, "contract_id"),
        ended=read(heard_tables.contract_ended, "contract_id", "number"),
        corrected=read(heard_tables.gas_bills_corrected, "contract_id", "number"),
        figures=read(tables.yearly_figure, "series", "year", "number"),
        choices=_choices(tx, unreadable),
        law=read(heard_tables.law, "number"),
        papers=_files(tx, bill_paper, bill_paper.c.bill_id, bill_paper.c.sha256),
        shown=_files(tx, notice_file, notice_file.c.sha256, notice_file.c.sha256),
        frozen=_files(tx, document, document.c.sha256, document.c.sha256, _is_of_a_paper(tx)),
        heard=frozenset(tx.scalars(select(inbox.c.event_id).where(inbox.c.community == tx.community))),
        unreadable=unreadable,
        community=tx.community,
        today=tx.today,
    )


def _choices(tx: Tx, unreadable: list[str]) -> Sequence[DatedChoice]:
    """Choices in the order in which they were made; none when one of them can no longer be read, which is named."""
    try:
        return load_choices(tx).rows
    except (CoopError, *UNREADABLE) as broken:
        unreadable.append(f"a choice of the co-operative can no longer be read: {broken}")
        return ()


def _rows(tx: Tx, table: Table, order: Sequence[str], unreadable: list[str]) -> Rows:
    """All rows of a table but those that can no longer be read, which are named."""
    columns = table.c
    query = select(*columns).where(columns.community == tx.community).order_by(*(columns[name] for name in order))
    try:
        return tx.execute(query).all()
    except UNREADABLE:
        return list(_readable(tx.execute(query), f"{table.name} in order of {', '.join(order)}", unreadable))


def _readable(result: Result[Any], what: str, unreadable: list[str]) -> Iterator[Row[Any]]:
    number = 0
    while True:
        number += 1
        try:
            row = result.fetchone()
        except UNREADABLE as broken:
            unreadable.append(f"row {number} of {what} can no longer be read: {broken}")
            continue
        if row is None:
            return
        yield row


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
