"""A small co-operative for the tests: its statutes, its members, a meeting and a programme."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from coop.events import Envelope, Event, read_event
from coop.events.members import MemberAdmitted, MemberLeft
from coop.governance.handlers import closing, meetings, programmes
from coop.governance.handlers.voters import on_member_admitted, on_member_left
from coop.governance.model import (
    Evidence,
    Meeting,
    Milestone,
    Phase,
    Programme,
    Reached,
    Resolution,
    Statutes,
    Tranche,
    VotingRule,
)
from coop.governance.storage import metadata
from coop.kit import journal
from coop.kit.database import Database

Kind = TypeVar("Kind", bound=Event)

HELD = date(2026, 6, 24)
CONVENED = date(2026, 5, 20)
TOWN = "wg"

PLAIN = VotingRule("other", "art. 12", 7, 0, 0, 1, 2, "cast", 1, "open", 30)
TWO_THIRDS = VotingRule("tariff", "art. 14.2", 7, 1, 4, 2, 3, "cast", 2, "open", 30)
STATUTES = Statutes(
    date(2020, 1, 1),
    "Deed of 2020",
    (
        TWO_THIRDS,
        PLAIN,
        replace(PLAIN, kind="allocation-key"),
        replace(PLAIN, kind="programme"),
        replace(PLAIN, kind="realisation", article="art. 15"),
    ),
)

TARIFF = {"valid_from": "2027-01-01", "heat_price_eur_per_gj": "34.50", "vat_rate": "0.21"}
KEY = {"group_id": "roofs", "kind": "dynamic", "weights": None, "valid_from": "2027-01-01"}
BUILD = {"programme_id": "wg-heat", "phase_id": "wg-1", "budget_cents": 500_000_000}


def resolution(resolution_id: str, kind: str = "other", parameters: dict[str, Any] | None = None) -> Resolution:
    return Resolution(
        resolution_id, kind, f"Besluit {resolution_id}", f"Resolution {resolution_id}", "", "", parameters or {}
    )


def meeting(
    *points: Resolution, meeting_id: str = "alv-1", held_on: date = HELD, convened_on: date = CONVENED
) -> Meeting:
    return Meeting(meeting_id, held_on, convened_on, "WG-plein", points)


MEETING = meeting(
    resolution("tariff", "tariff", TARIFF),
    resolution("key", "allocation-key", KEY),
    resolution("build", "realisation", BUILD),
)

PROGRAMME = Programme(
    "wg-heat",
    "WG heat",
    (
        Phase(
            "wg-1",
            "Bron",
            "Source",
            500_000_000,
            (
                Milestone(
                    "permit", "Vergunning", "Permit", 100_000_000, 50, date(2026, 12, 31), ("permit", "insurance")
                ),
                Milestone("pump", "Warmtepomp", "Heat pump", 200_000_000, 0, date(2027, 6, 30), ()),
            ),
        ),
    ),
    (
        Tranche("t1", "permit", "Municipality", 308_000_000),
        Tranche("t2", "permit", "Water board", 231_000_000),
        Tranche("t3", "pump", "Municipality", 154_000_000),
    ),
)

PERMIT = Evidence("permit", "Z/2026/1", "a" * 64)
INSURANCE = Evidence("insurance", "P-77", "b" * 64)
IN_TIME = Reached(date(2026, 12, 1), 105_000_000, (PERMIT, INSURANCE))


def envelope(event: Event, community: str = TOWN) -> Envelope:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Envelope("1", event.TYPE, "/coop/members", event.key(), at, community, 1, "0" * 64, event.canonical())


def admit(
    connection: Connection, *members: str, votes: int = 1, joined_on: date = date(2021, 1, 1), community: str = TOWN
) -> None:
    for member_id in members:
        event = MemberAdmitted(member_id=member_id, kind="owner", joined_on=joined_on, votes=votes)
        on_member_admitted(connection, event, envelope(event, community))


def leave(connection: Connection, member_id: str, left_on: date, community: str = TOWN) -> None:
    event = MemberLeft(member_id=member_id, left_on=left_on)
    on_member_left(connection, event, envelope(event, community))


def rows(choices: dict[str, str], cast_on: date = HELD) -> list[dict[str, Any]]:
    return [
        {"member_id": member, "choice": choice, "cast_on": cast_on.isoformat()} for member, choice in choices.items()
    ]


def members(count: int) -> list[str]:
    return [f"m{number:03d}" for number in range(1, count + 1)]


def vote_all(connection: Connection, *resolutions: str, choice: str = "for") -> None:
    for resolution_id in resolutions:
        meetings.cast_votes(connection, TOWN, "alv-1", resolution_id, rows(dict.fromkeys(members(4), choice)))


STEPS: dict[str, Callable[[Connection], object]] = {
    "admit": lambda connection: admit(connection, *members(4)),
    "leave": lambda connection: leave(connection, "m004", date(2030, 1, 1)),
    "statutes": lambda connection: meetings.adopt_statutes(connection, TOWN, STATUTES),
    "plan": lambda connection: programmes.plan_programme(connection, TOWN, PROGRAMME),
    "convene": lambda connection: meetings.convene_meeting(connection, TOWN, MEETING),
    "vote": lambda connection: vote_all(connection, "tariff", "key", "build"),
    "close": lambda connection: closing.close_meeting(connection, TOWN, "alv-1", HELD),
    "reach": lambda connection: programmes.reach_milestone(connection, TOWN, "permit", IN_TIME),
    "reach late": lambda connection: programmes.reach_milestone(
        connection, TOWN, "pump", Reached(date(2027, 7, 10), 200_000_000, ())
    ),
    "keep": lambda connection: programmes.decide_referred(connection, TOWN, "t3", "keep", date(2027, 7, 20), "board"),
    "release": lambda connection: programmes.decide_referred(
        connection, TOWN, "t3", "release", date(2027, 8, 10), "board"
    ),
}
"""A whole life of a co-operative, step by step."""


def live(database: Database, until: str = "") -> None:
    """Take the steps before ``until``, all of them when it is empty, each in its own transaction."""
    for name, step in STEPS.items():
        if name == until:
            return
        with database.write() as connection:
            step(connection)


def told(database: Database) -> list[Event]:
    """Every fact that was told, in order."""
    with database.write() as connection:
        journal.seal(connection)
    with database.read() as connection:
        return [read_event(fact) for fact in journal.envelopes(connection, "governance", 0)]


def contents(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the database but the moment at which it was written."""
    found = {}
    for table in metadata.sorted_tables:
        columns = [column for column in table.columns if column.name not in ("row_id", "occurred_at")]
        found[table.name] = sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)
    return found


def only(events: Iterable[Event], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]
