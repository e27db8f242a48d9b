"""Store of what rests on the register, as it was heard."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select

from coop.kit.database import among
from coop.kit.rows import select_as
from coop.kit.tx import Tx
from coop.members.resting.model import HeardBill
from coop.members.tables.history import heard_bill, heard_use, heard_vote

_ORDER = [heard_bill.c.issued_on, heard_bill.c.number]


def list_bills_on(tx: Tx, contract_ids: Collection[str]) -> list[HeardBill]:
    """List the bills of contracts, oldest first."""
    return select_as(tx, HeardBill, heard_bill, among(tx, heard_bill.c.contract_id, contract_ids), order_by=_ORDER)


def list_bills_of(tx: Tx, member_id: str) -> list[HeardBill]:
    """List the bills of a member, oldest first."""
    return select_as(tx, HeardBill, heard_bill, heard_bill.c.member_id == member_id, order_by=_ORDER)


def count_measured(tx: Tx, connection_ids: Collection[str], member_ids: Collection[str]) -> int:
    """Count the periods in which use through one of these connections, or by one of these members, was measured."""
    columns = heard_use.c
    query = (
        select(func.count())
        .select_from(heard_use)
        .where(
            columns.community == tx.community,
            among(tx, columns.connection_id, connection_ids) | among(tx, columns.member_id, member_ids),
        )
    )
    return tx.scalar(query) or 0


def count_votes_since(tx: Tx, day: date) -> int:
    """Count the meetings whose voting list was made on a day or later."""
    query = select(func.count()).select_from(heard_vote)
    return tx.scalar(query.where(heard_vote.c.community == tx.community, heard_vote.c.opened_on >= day)) or 0
