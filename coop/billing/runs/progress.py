"""Progress of bills that are being made: how many of how many, and how long it still takes.

What a run writes is seen by nobody before it is all there, so its progress goes another way: each note is kept in this
process, and in PostgreSQL, where another process may be asked, in a transaction of its own. A SQLite file has one
writer, which is the run itself, and one process, which has the note.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import update

from coop.billing.tables.bills import run_work
from coop.kit.actor import NOBODY
from coop.kit.database import Database

PRICED, WRITTEN = "priced", "written"
"""Stages: every contract is priced, then every bill is written with its number and all that its paper says."""

Watch = Callable[[str, int, int], None]
"""Told of a stage how much of how much is done."""

NOTE_EVERY_S: Final = 0.5
PRICING_PERMILLE: Final = 400
"""Part of a run that is pricing, about; the rest is writing."""
LEAST_PERMILLE: Final = 20
"""Part from which on the pace says something."""


@dataclass(frozen=True)
class Progress:
    """Amount of a ``stage`` that is done at ``noted_at``, of a run that began to price at ``begun_at``."""

    stage: str
    done: int
    total: int
    begun_at: datetime
    noted_at: datetime

    @property
    def permille(self) -> int:
        """Part of the whole run that is done."""
        part = self.done * 1000 // self.total if self.total else 1000
        if self.stage == PRICED:
            return part * PRICING_PERMILLE // 1000
        return PRICING_PERMILLE + part * (1000 - PRICING_PERMILLE) // 1000

    @property
    def seconds_left(self) -> int | None:
        """Estimate of the time that the rest takes at the pace so far; None where that is too early to say.

        left = elapsed * (1 - done) / done. Priced 600 of 1,200 in 4 s is a fifth of the run:

        >>> from datetime import UTC, timedelta
        >>> noon = datetime(2025, 2, 3, 12, tzinfo=UTC)
        >>> Progress(PRICED, 600, 1200, noon, noon + timedelta(seconds=4)).seconds_left
        16
        >>> Progress(WRITTEN, 600, 1200, noon, noon + timedelta(seconds=14)).seconds_left
        6
        """
        if self.permille < LEAST_PERMILLE:
            return None
        elapsed_s = (self.noted_at - self.begun_at).total_seconds()
        return round(elapsed_s * (1000 - self.permille) / self.permille)


def nobody(_stage: str, _done: int, _total: int) -> None:
    """Watch nothing."""


_noted: WeakKeyDictionary[Database, dict[tuple[str, str], Progress | None]] = WeakKeyDictionary()
_guard = Lock()


class Meter:
    """Notes the progress of a run, by its ``name``, for as long as the block lasts."""

    def __init__(self, database: Database, community: str, name: str) -> None:
        self._database, self._key = database, (community, name)
        self._begun_at: datetime | None = None
        self._next_s, self._stage = 0.0, ""

    def __enter__(self) -> Meter:
        self._keep(None)
        return self

    def __exit__(self, *_: object) -> None:
        with _guard:
            _noted.get(self._database, {}).pop(self._key, None)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that so much is done: at the beginning and the end of a stage, and now and then between."""
        if stage == self._stage and done < total and time.monotonic() < self._next_s:
            return
        now = self._database.clock.now()
        self._begun_at = self._begun_at or now
        progress = Progress(stage, done, total, self._begun_at, now)
        self._keep(progress)
        if not self._database.is_sqlite:
            self._publish(progress)
        self._stage, self._next_s = stage, time.monotonic() + NOTE_EVERY_S

    def _keep(self, progress: Progress | None) -> None:
        with _guard:
            _noted.setdefault(self._database, {})[self._key] = progress

    def _publish(self, progress: Progress) -> None:
        community, name = self._key
        mine = run_work.c.community == community, run_work.c.name == name
        with self._database.write(community, NOBODY) as tx:
            tx.execute(update(run_work).where(*mine).values(**vars(progress)))


def find_noted(database: Database, community: str, name: str) -> tuple[bool, Progress | None]:
    """True where this process makes the run, with what it noted last."""
    with _guard:
        of_database = _noted.get(database, {})
        return (community, name) in of_database, of_database.get((community, name))
