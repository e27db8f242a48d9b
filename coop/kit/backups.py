"""Records of the backups that were made, which each service keeps so that its pages and metrics can tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from coop.kit.database import Database
from coop.kit.inserting import insert_mappings
from coop.kit.tables import backup_record


@dataclass(frozen=True)
class Backup:
    """A backup that was made."""

    taken_at: datetime
    name: str
    size_bytes: int
    is_encrypted: bool


def note_backup(database: Database, backup: Backup) -> None:
    """Note that a backup was made."""
    with database.system_write() as sql:
        insert_mappings(sql, backup_record, [vars(backup)], ["taken_at"])


def find_newest(sql: Connection) -> Backup | None:
    """The newest backup, or None when there is none."""
    row = sql.execute(select(backup_record).order_by(backup_record.c.taken_at.desc()).limit(1)).first()
    return Backup(*row) if row else None
