"""Moves that members told of, as they are kept."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update

from coop.kit.rows import columns_of, maker_of, row_of
from coop.kit.tx import Tx
from coop.members.tables import told_move
from coop.members.told_moves.model import Outcome, Telling, Told

_TELLING = columns_of(Telling, told_move)
_REST = [told_move.c[name] for name in Told.__dataclass_fields__ if name != "told"]


def add_telling(tx: Tx, telling: Telling) -> int:
    """Keep what a member tells; returns its number."""
    columns = told_move.c
    number = (tx.scalar(select(func.max(columns.number)).where(columns.community == tx.community)) or 0) + 1
    told = {"number": number, "told_at": tx.now, "told_by": str(tx.actor), "told_through": tx.actor.channel}
    tx.execute(insert(told_move), [row_of(tx, telling, **told, reason="")])
    return number


def settle(tx: Tx, number: int, outcome: Outcome, reason: str = "") -> None:
    """Keep what became of a telling."""
    columns = told_move.c
    values = {"outcome": outcome, "reason": reason, "settled_at": tx.now, "settled_by": str(tx.actor)}
    these = columns.community == tx.community, columns.number == number
    tx.execute(update(told_move).where(*these).values(values | {"settled_through": tx.actor.channel}))


def find_told(tx: Tx, number: int) -> Told | None:
    """Find a telling by its number."""
    return next(iter(_select(tx, told_move.c.number == number)), None)


def find_waiting(tx: Tx, member_id: str) -> Told | None:
    """Find the telling of a member that waits."""
    return next((told for told in list_of(tx, member_id) if told.outcome is None), None)


def list_of(tx: Tx, member_id: str) -> list[Told]:
    """List what a member told, newest first."""
    return _select(tx, told_move.c.member_id == member_id)


def list_told(tx: Tx) -> list[Told]:
    """List all tellings, those that wait first, then the newest."""
    return sorted(list_newest(tx), key=lambda told: told.outcome is not None)


def list_newest(tx: Tx) -> list[Told]:
    """List all tellings, newest first."""
    return _select(tx)


def list_waiting(tx: Tx) -> list[Told]:
    """List the tellings that wait, newest first."""
    return _select(tx, told_move.c.outcome.is_(None))


def forget_told(tx: Tx, member_id: str) -> None:
    """Forget what a member told: where they live is nobody's business any more."""
    tx.execute(delete(told_move).where(told_move.c.community == tx.community, told_move.c.member_id == member_id))


def _select(tx: Tx, *where: ColumnElement[bool]) -> list[Told]:
    query = select(*_REST, *_TELLING).where(told_move.c.community == tx.community, *where)
    return [_read(row) for row in tx.execute(query.order_by(told_move.c.number.desc()))]


def _read(row: Row[tuple[object, ...]]) -> Told:
    rest = {column.name: value for column, value in zip(_REST, row, strict=False)}
    return Told(told=maker_of(Telling)(row[len(_REST) :]), **rest)  # type: ignore[arg-type]  # the columns are Told's own
