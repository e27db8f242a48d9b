"""The history as it is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select

from coop.kit.database import among
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx
from coop.members.history.model import Change, Difference
from coop.members.tables.history import register_change


def add_changes(
    tx: Tx, differences: Mapping[tuple[str, str], Sequence[Difference]], import_id: str | None, reason: str = ""
) -> dict[tuple[str, str], int]:
    """Add what changed, by noun and record, and return the version that each has now; whoever calls holds the lock of
    the register."""
    number = next_number(tx)
    changes = []
    by, channel = str(tx.actor), tx.actor.channel
    for (noun, record), fields in differences.items():
        for part in fields:
            values = part.field, part.old, part.new, reason
            changes.append(Change(number, noun, record, *values, tx.now, by, channel, import_id))
            number += 1
    insert_nouns(tx, register_change, changes)
    return {(change.noun, change.record): change.number for change in changes}


def next_number(tx: Tx) -> int:
    """The number of the next change; whoever calls holds the lock of the register."""
    columns = register_change.c
    return (tx.scalar(select(func.max(columns.number)).where(columns.community == tx.community)) or 0) + 1


def list_changes(tx: Tx, noun: str, record: str, after: int = 0) -> list[Change]:
    """List the changes of a record, newest first: all, or those after a version of it."""
    columns = register_change.c
    return select_as(
        tx,
        Change,
        register_change,
        columns.noun == noun,
        columns.record == record,
        columns.number > after,
        order_by=[columns.number.desc()],
    )


def list_changes_of(tx: Tx, records: Collection[tuple[str, str]]) -> list[Change]:
    """List the changes of several records, by noun and record, newest first."""
    columns = register_change.c
    changes = select_as(
        tx,
        Change,
        register_change,
        among(tx, columns.record, {record for _, record in records}),
        order_by=[columns.number.desc()],
    )
    return [change for change in changes if (change.noun, change.record) in records]


def list_changes_by(tx: Tx, import_id: str) -> list[Change]:
    """List what one import or form changed, in order."""
    columns = register_change.c
    return select_as(tx, Change, register_change, columns.import_id == import_id, order_by=[columns.number])


def version_of(tx: Tx, noun: str, record: str) -> int:
    """The number of the newest change of a record; 0 where it is as it was added."""
    columns = register_change.c
    query = select(func.max(columns.number)).where(
        columns.community == tx.community, columns.noun == noun, columns.record == record
    )
    return tx.scalar(query) or 0
