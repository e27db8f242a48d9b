"""Papers of bills: whom each is for, and the file that was put away; both forgotten when their term is over."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select

from coop.billing.tables.bills import bill, bill_run
from coop.billing.tables.papers import bill_paper, bill_recipient, recipient_key
from coop.communities.addressee import Addressee, unlock_addressee
from coop.kit.database import among
from coop.kit.lockbox import make_lock
from coop.kit.rows import find_by
from coop.kit.tx import Tx


@dataclass(frozen=True)
class StoredPaper:
    """The file of a bill with the hash that is written beside it."""

    bill_id: str
    sha256: str
    body: bytes

    @property
    def is_unchanged(self) -> bool:
        """True where the bytes still have the hash."""
        return hashlib.sha256(self.body).hexdigest() == self.sha256


@dataclass(frozen=True)
class PapersSoFar:
    """Files of a run's bills that are put away, of how many, from the first at ``since`` to the newest at ``until``."""

    count: int
    total: int
    since: datetime | None
    until: datetime | None
    now: datetime

    @property
    def seconds_left(self) -> int | None:
        """Estimate of the time that the others take at the pace so far; None where none comes at present.

        left = (until - since) / (count - 1) * (total - count)

        >>> from datetime import UTC
        >>> noon = datetime(2025, 2, 3, 12, tzinfo=UTC)
        >>> at = noon + timedelta(seconds=10)
        >>> PapersSoFar(101, 1201, noon, at, at).seconds_left
        110
        >>> PapersSoFar(101, 1201, noon, at, at + timedelta(minutes=2)).seconds_left is None
        True
        """
        if self.count < 2 or self.count == self.total or not (self.since and self.until):
            return None
        if self.now - self.until > RESTS_AFTER:
            return None
        elapsed_s = (self.until - self.since).total_seconds()
        return round(elapsed_s * (self.total - self.count) / (self.count - 1))


RESTS_AFTER = timedelta(minutes=1)
"""Time without a new paper after which nobody is at it."""


def measure_papers(tx: Tx, run_id: str) -> PapersSoFar:
    """Count the papers of a run that are put away."""
    mine = bill.c.community == tx.community, bill.c.run_id == run_id
    total = tx.scalar(select(func.count()).select_from(bill).where(*mine)) or 0
    at = bill_paper.c.archived_at
    put_away = (
        select(func.count(), func.min(at, type_=at.type), func.max(at, type_=at.type))
        .join(bill, (bill.c.community == bill_paper.c.community) & (bill.c.id == bill_paper.c.bill_id))
        .where(bill_paper.c.community == tx.community, *mine)
    )
    count, since, until = tx.execute(put_away).one()
    return PapersSoFar(count, total, since, until, tx.now)


def add_lock(tx: Tx, run_id: str) -> str:
    """Make the lock of a run, whose key is kept here."""
    private_key, lock = make_lock()
    tx.insert(recipient_key, [{"community": tx.community, "run_id": run_id, "private_key": private_key}])
    return lock


def keep_recipient(tx: Tx, bill_id: str, box: str) -> None:
    """Keep whom a bill is for. What was told first holds, and after the term of the paper nothing is kept.

    Raises:
        Unsealable: the box is not of this bill.
    """
    query = (
        select(bill.c.issued_on, recipient_key.c.private_key)
        .join(recipient_key, recipient_key.c.run_id == bill.c.run_id)
        .where(bill.c.community == tx.community, recipient_key.c.community == tx.community, bill.c.id == bill_id)
    )
    row = tx.execute(query).one_or_none()
    if row is None:
        return
    told = {
        "community": tx.community,
        "bill_id": bill_id,
        "issued_on": row.issued_on,
        "addressee": unlock_addressee(bytes(row.private_key), box, bill_id),
        "told_at": tx.now,
    }
    tx.insert_new(bill_recipient, [told], ["community", "bill_id"])


def find_recipients(tx: Tx, bill_ids: Collection[str]) -> dict[str, Addressee]:
    """Find whom bills are for, by id; one of whom nothing was told yet, or any more, is not among them."""
    columns = bill_recipient.c
    query = select(columns.bill_id, columns.addressee).where(
        columns.community == tx.community, among(tx, columns.bill_id, bill_ids)
    )
    return {row.bill_id: row.addressee for row in tx.execute(query)}


def find_paper(tx: Tx, bill_id: str) -> StoredPaper | None:
    """The file of a bill, or None."""
    return find_by(tx, StoredPaper, bill_paper, bill_id=bill_id)


def keep_paper(tx: Tx, bill_id: str, issued_on: date, body: bytes) -> StoredPaper:
    """Put the file of a bill away; one that lies there stays. Returns the one that lies there."""
    made = {
        "community": tx.community,
        "bill_id": bill_id,
        "issued_on": issued_on,
        "sha256": hashlib.sha256(body).hexdigest(),
        "byte_count": len(body),
        "body": body,
        "archived_at": tx.now,
    }
    tx.insert_new(bill_paper, [made], ["community", "bill_id"])
    kept = find_paper(tx, bill_id)
    assert kept is not None
    return kept


def list_untypeset(tx: Tx, limit: int, after: str = "") -> list[str]:
    """List bills that have an addressee and no file yet, in order of their ids, those behind ``after``."""
    columns = bill_recipient.c
    typeset = select(bill_paper.c.bill_id).where(bill_paper.c.community == tx.community)
    query = (
        select(columns.bill_id)
        .where(columns.community == tx.community, columns.bill_id > after, columns.bill_id.not_in(typeset))
        .order_by(columns.bill_id)
        .limit(limit)
    )
    return list(tx.scalars(query))


def forget_papers(tx: Tx, issued_before: date) -> int:
    """Delete files, addressees and keys of bills with a date before a day; returns how many bills were forgotten."""
    forgotten = tx.execute(
        delete(bill_recipient).where(
            bill_recipient.c.community == tx.community, bill_recipient.c.issued_on < issued_before
        )
    ).rowcount
    tx.execute(delete(bill_paper).where(bill_paper.c.community == tx.community, bill_paper.c.issued_on < issued_before))
    old_runs = select(bill_run.c.id).where(bill_run.c.community == tx.community, bill_run.c.issued_on < issued_before)
    tx.execute(
        delete(recipient_key).where(recipient_key.c.community == tx.community, recipient_key.c.run_id.in_(old_runs))
    )
    return int(forgotten)
