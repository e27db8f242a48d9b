"""Slots: small numbers that the processes of a service share out among themselves, each held by one of them.

A process that keeps something outside under a name of its own (a session at a broker) does so by slot. Whatever waits
under a slot whose process is gone must not wait for ever: whoever looks next takes every free slot that was ever used,
so one process may hold several. On PostgreSQL a slot is a lock of a connection, free as soon as its process is gone; on
SQLite there is one process, and slot 1.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from coop.kit.database import Database
from coop.kit.tables import slot


class Slots:
    """The slots of ``name`` that this process holds."""

    def __init__(self, database: Database, name: str) -> None:
        self.held: frozenset[int] = frozenset()
        self._database, self._name = database, name
        self._key = int.from_bytes(hashlib.sha256(f"{database.service}\x1f{name}".encode()).digest()[:4], signed=True)
        self._sql: Connection | None = None

    def claim(self) -> frozenset[int]:
        """Take every free slot that was ever used, or a new one when all are held by others; returns those held now.

        Raises:
            OperationalError: the database is away; no slot is held.
        """
        if self._database.is_sqlite:
            self.held = frozenset({1})
            return self.held
        try:
            sql = self._sql = self._sql or self._database.engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            )
            highest = sql.scalar(select(slot.c.highest).where(slot.c.name == self._name)) or 0
            free = {n for n in range(1, highest + 1) if n not in self.held and self._lock(sql, n)}
            self.held |= free
            number = highest
            while not self.held:
                number += 1
                if self._lock(sql, number):
                    self.held = frozenset({number})
                    self._note(sql, number)
        except SQLAlchemyError:
            self.release()
            raise
        return self.held

    def _lock(self, sql: Connection, number: int) -> bool:
        return bool(sql.exec_driver_sql("SELECT pg_try_advisory_lock(%s, %s)", (self._key, number)).scalar())

    def _note(self, sql: Connection, number: int) -> None:
        row = insert(slot).values(name=self._name, highest=number)
        larger = func.greatest(slot.c.highest, row.excluded.highest)
        sql.execute(row.on_conflict_do_update(index_elements=["name"], set_={"highest": larger}))

    def release(self) -> None:
        """Let others have the slots."""
        self.held = frozenset()
        if self._sql is not None:
            sql, self._sql = self._sql, None
            sql.invalidate()  # ends the connection, and its locks with it, however the connection is
            sql.close()
