"""Hearing everything again: a service forgets what it heard and is told anew from the other services' journals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coop.kit import counts, journal, parking
from coop.kit.database import Database
from coop.kit.inbox import consume
from coop.kit.service import Service
from coop.kit.tables import dead_letter, inbox, source_position


def rebuild(
    service: Service,
    database: Database,
    journals: Mapping[str, Database],
    batch: int = 1000,
    progress: Callable[[str, int], None] = lambda name, count: None,
) -> int:
    """Forget everything that ``service`` heard and hear it again from the other services' journals.

    Its own truths stay: handlers derive their ids from what they hear, so what exists already is found again. Returns
    how many facts were replayed. Killed on the way, run it again: it starts from nothing heard.
    """
    consumer = service.consumer(database)
    replayed = 0
    with database.system_write() as sql:
        for table in reversed(service.metadata.sorted_tables):
            if table.name in {heard.name for heard in service.heard_tables}:
                sql.execute(table.delete())
        sql.execute(inbox.delete())
        counts.forget_heard(sql)
        sql.execute(source_position.delete())
        sql.execute(
            dead_letter.delete().where(dead_letter.c.kind == parking.EVENT, dead_letter.c.resolved_at.is_(None))
        )
    for name, source in journals.items():
        if name == service.name:
            continue
        position = 0
        while True:
            with source.system_read() as sql:
                heard = journal.envelopes(sql, name, position, batch)
            if not heard:
                break
            replayed += consume(consumer, heard)
            position = heard[-1].position
            progress(name, replayed)
    return replayed
