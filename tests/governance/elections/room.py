"""A meeting that elects, for the tests: twelve members, one seat, three candidates, on the evening itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from coop.governance.ballots.elections import commands, papers
from coop.governance.ballots.elections.model import Counted, Sheet, Stand
from coop.governance.ballots.elections.reading import find_election
from coop.governance.convening import commands as meetings
from coop.governance.model import Resolution
from coop.governance.statutes.model import Articles, Online, Rule, Share
from coop.governance.statutes.version import Statutes
from coop.kit.actor import Actor
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import ARTICLES, TOWN, admit, adopt, confirm, meeting, members, resolution
from tests.governance.test_attendance import EVENING, at

MEMBER = Actor("account", "member-1", "page")
ONLINE = replace(ARTICLES, online=Online("art. 18"))
SECRET = replace(ONLINE, rules={**ONLINE.rules, "election": Rule("art. 19.3", Share(1, 2, above=True), secret=True)})
BEFORE = datetime(2026, 6, 10, 9, tzinfo=UTC)
SEAT: dict[str, Any] = {
    "office": "board",
    "seats": 1,
    "begins_on": "2026-07-01",
    "ends_on": "2029-07-01",
    "candidates": ["m001", "m002", "m003"],
}


def seat(resolution_id: str = "e", **changed: Any) -> Resolution:
    return resolution(resolution_id, "election", {**SEAT, **changed})


def convene(database: Database, *points: Resolution, articles: Articles = ONLINE, count: int = 12) -> None:
    """Members and a meeting with these points under these statutes, on its evening."""
    at(database, datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(count))
        adopt(tx, Statutes(date(2020, 1, 1), articles))
    at(database, datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(*(points or (seat(),))))
    at(database, EVENING)


def open_vote(database: Database, point: str = "e", *, on_paper: bool = False) -> Sequence[str]:
    with database.write(TOWN, SECRETARY) as tx:
        return tuple(commands.open_vote(tx, point, on_paper=on_paper).options)


def choose(database: Database, choices: Mapping[str, Sequence[str]], number: int = 1, point: str = "e") -> None:
    """Ballots of members, each from their own session."""
    for member_id, names in choices.items():
        with database.write(TOWN, MEMBER) as tx:
            commands.cast_own(tx, point, number, member_id, names)


def count(database: Database, number: int = 1, point: str = "e") -> Counted:
    with database.write(TOWN, SECRETARY) as tx:
        return commands.close_vote(tx, point, number)


def vote(database: Database, *names: str, number: int = 1, point: str = "e") -> Counted:
    """A whole vote: members in turn choose these names, ``-`` for blank."""
    open_vote(database, point)
    listed = zip(members(len(names)), names, strict=True)
    choose(database, {member: () if name == "-" else tuple(name.split("+")) for member, name in listed}, number, point)
    return count(database, number, point)


def sheet(database: Database, figures: Sheet, number: int = 1, point: str = "e") -> int:
    """A count on paper that one person enters and another confirms."""
    with database.write(TOWN, SECRETARY) as tx:
        return confirm(tx, papers.enter_count(tx, point, number, "stembureau", figures))


def lot(database: Database, *drawn: str, number: int, point: str = "e") -> None:
    with database.write(TOWN, SECRETARY) as tx:
        confirm(tx, papers.enter_lot(tx, point, number, "proces-verbaal van loting", drawn))


def stand(database: Database, point: str = "e") -> Stand:
    with database.read(TOWN) as tx:
        return find_election(tx, point).stand
