"""Files that show that notices went out: kept as long as the paper of a bill that leans on one, then erased. Their hash
stays with the list and in what was told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import delete, func, select

from coop.billing.bills.paper import last_day_kept
from coop.billing.notices.store import Entry, list_entries
from coop.billing.tables.bills import bill, bill_line
from coop.billing.tables.papers import notice_file
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, civil_date, say


def keep_file(tx: Tx, body: bytes) -> str:
    """Keep a file; returns its hash. The same bytes are kept once."""
    sha256 = hashlib.sha256(body).hexdigest()
    row = {"community": tx.community, "sha256": sha256, "byte_count": len(body), "body": body, "kept_at": tx.now}
    tx.insert_new(notice_file, [row], ["community", "sha256"])
    return sha256


def load_file(tx: Tx, entry: Entry) -> bytes:
    """The file that shows to whom a list went, byte for byte as it was handed in.

    Raises:
        NotFound: it was erased once no bill leant on it any more, or it is gone.
        CoopError: ``changed-document``, the bytes no longer have the hash.
    """
    sha256, columns = entry.evidence_hash, notice_file.c
    body = tx.scalar(select(columns.body).where(columns.community == tx.community, columns.sha256 == sha256))
    if body is None:
        until = find_last_day(tx, entry)
        if until is not None and until < tx.today:
            raise NotFound(
                say(
                    "the file was kept up to and including %(day)s, and is erased; its fingerprint stays: %(sha256)s",
                    day=until,
                    sha256=sha256,
                )
            )
        raise NotFound(say("there is no document %(sha256)s", sha256=sha256))
    content = body.encode() if isinstance(body, str) else bytes(body)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CoopError("changed-document", say("document %(sha256)s was changed after it was kept", sha256=sha256))
    return content


def find_last_day(tx: Tx, entry: Entry) -> date | None:
    """The last day on which a file is kept: that of the paper of the newest bill by the tariff, and no shorter than if
    a bill had been made as the list was settled; None while it waits."""
    return _last_day(entry, _billed_on(tx, [entry.tariff_id]))


def forget_files(tx: Tx) -> int:
    """Erase the files whose days are over; returns how many."""
    entries = list_entries(tx)
    billed_on = _billed_on(tx, {entry.tariff_id for entry in entries})
    over, needed = set[str](), set[str]()  # several lists may have the same file
    for entry in entries:
        until = _last_day(entry, billed_on)
        (needed if until is None or until >= tx.today else over).add(entry.evidence_hash)
    columns, count = notice_file.c, 0
    for sha256 in sorted(over - needed):
        count += tx.execute(
            delete(notice_file).where(columns.community == tx.community, columns.sha256 == sha256)
        ).rowcount
    return count


def _last_day(entry: Entry, billed_on: Mapping[str, date]) -> date | None:
    if entry.settled_at is None:
        return None
    settled_on = civil_date(entry.settled_at)
    return last_day_kept(max(settled_on, billed_on.get(entry.tariff_id, settled_on)))


def _billed_on(tx: Tx, tariff_ids: Iterable[str]) -> dict[str, date]:
    """The day of the newest bill by each of some tariffs that has one."""
    query = (
        select(bill_line.c.tariff_id, func.max(bill.c.issued_on, type_=bill.c.issued_on.type).label("newest"))
        .join(bill, (bill.c.community == bill_line.c.community) & (bill.c.id == bill_line.c.bill_id))
        .where(
            bill_line.c.community == tx.community,
            bill.c.community == tx.community,
            bill_line.c.tariff_id.in_(list(tariff_ids)),
        )
        .group_by(bill_line.c.tariff_id)
    )
    return {row.tariff_id: row.newest for row in tx.execute(query)}
