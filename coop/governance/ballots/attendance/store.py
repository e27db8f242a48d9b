"""Queries on attendance: the lines as they were noted, and the list as it was frozen when the meeting was closed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select

from coop.governance.ballots.attendance.rules import Noted, Present
from coop.governance.tables.assembly import attendance, attendance_list
from coop.governance.tables.stamps import stamp
from coop.kit import documents
from coop.kit.documents import Schema
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx
from coop.values import canonical_json

Listed = Mapping[str, Present]


def write_attendance(listed: Listed) -> bytes:
    """Write version 1: members in the order of their ids, with their manner, the holder of their mandate or nothing,
    and the line that they are there by."""
    return canonical_json([[each.member_id, each.manner, each.holder, each.line] for _, each in sorted(listed.items())])


def read_attendance(body: bytes) -> Listed:
    """Read version 1."""
    return {str(row[0]): Present(str(row[0]), str(row[1]), str(row[2]), int(row[3])) for row in json.loads(body)}


ATTENDANCE: Final[Schema[Listed]] = Schema("attendance-list", 1, write_attendance, {1: read_attendance})
"""Attendance when a meeting was closed, and for whom."""


def list_noted(tx: Tx, meeting_id: str) -> Sequence[Noted]:
    """Every line of a meeting, in the order in which they were noted."""
    where = attendance.c.meeting_id == meeting_id
    return select_as(tx, Noted, attendance, where, order_by=[attendance.c.number])


def add_noted(tx: Tx, meeting_id: str, line: Noted) -> None:
    """Note a line."""
    insert_nouns(tx, attendance, [line], meeting_id=meeting_id)


def find_list_hash(tx: Tx, meeting_id: str) -> str | None:
    """The hash of the frozen list, or None where there is none."""
    columns = attendance_list.c
    return tx.scalar(
        select(columns.list_hash).where(columns.community == tx.community, columns.meeting_id == meeting_id)
    )


def find_list(tx: Tx, meeting_id: str) -> Listed | None:
    """The frozen list, or None where there is none."""
    list_hash = find_list_hash(tx, meeting_id)
    return None if list_hash is None else ATTENDANCE.open(documents.load(tx, list_hash))


def add_list(tx: Tx, meeting_id: str, listed: Listed) -> str:
    """Freeze a list; returns its hash."""
    list_hash = documents.keep(tx, ATTENDANCE.seal(listed))
    row = {"community": tx.community, "meeting_id": meeting_id, "list_hash": list_hash, **stamp(tx)}
    tx.insert(attendance_list, [row])
    return list_hash
