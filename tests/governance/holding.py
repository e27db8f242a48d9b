"""A meeting convened, voted in and closed by the secretary, and statutes that a meeting changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from coop.governance.articles.commands import describe_change
from coop.governance.ballots import closing
from coop.governance.convening import commands as meetings
from coop.governance.model import Meeting
from coop.governance.programmes.reports import keep_file
from coop.governance.statutes.model import Articles, Term
from coop.governance.statutes.version import Statutes
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import (
    HELD,
    PLAIN,
    TOWN,
    TWO_THIRDS,
    cast,
    meeting,
    members,
    resolution,
    rows,
)
from tests.kit.clocks import SetClock


def convene(database: Database, convened: Meeting) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, convened)


def vote(database: Database, resolution_id: str, choices: dict[str, str], cast_on: date = HELD) -> int:
    with database.write(TOWN, SECRETARY) as tx:
        return cast(tx, resolution_id, rows(choices, cast_on))


def close(database: Database, closed_on: date | None = None, meeting_id: str = "alv-1") -> list[closing.Outcome]:
    with database.write(TOWN, SECRETARY) as tx:
        return closing.close_meeting(tx, meeting_id, closed_on)


def change_statutes(database: Database, clock: SetClock, newer: Statutes) -> Statutes:
    """Hold a meeting that adopts a version; returns it with its resolution and the deed of two days later."""
    parameters = dict(describe_change(newer))
    clock.set(datetime(2026, 2, 1, 9, tzinfo=UTC))
    convened = meeting(
        resolution("change", "statutes", parameters),
        meeting_id="alv-0",
        held_on=date(2026, 3, 1),
        convened_on=date(2026, 2, 1),
    )
    convene(database, convened)
    clock.set(datetime(2026, 3, 1, 18, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "change", rows(dict.fromkeys(members(4), "for"), date(2026, 3, 1)), "alv-0")
        closing.close_meeting(tx, "alv-0")
        deed = keep_file(tx, "akte.pdf", b"%PDF-1.7 the deed")
    clock.set(datetime(2026, 5, 20, 9, tzinfo=UTC))
    return replace(newer, resolution_id="change", deed_on=date(2026, 3, 3), notary="the notary in town", deed_file=deed)


STRICTER = Statutes(
    HELD,
    Articles(
        "Deed of 2026",
        rules={"ordinary": PLAIN, "tariff": replace(TWO_THIRDS, article="art. 20")},
        notices={"ordinary": Term("art. 20", 60)},
    ),
)
