"""A small co-operative for the tests: its statutes, its members, a meeting and a programme."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.demo.tariffs import components
from coop.events import Envelope, Event, read_event
from coop.events.governance import (
    AttendanceFrozen,
    AttendanceNoted,
    BallotEntered,
    BallotsCommitted,
    MeetingConvened,
    StatutesAdopted,
    TariffProposed,
    VotingListFrozen,
)
from coop.events.members import MemberAdmitted, MemberLeft
from coop.events.metering import EVERYBODY, SharingGroupChanged, SharingSpell
from coop.governance.articles import commands as statutes
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.attendance import commands as attendance
from coop.governance.ballots.attendance.commands import Arrival
from coop.governance.ballots.counting import count_ballots
from coop.governance.ballots.store import list_standing
from coop.governance.ballots.words import commands as words
from coop.governance.convening import commands as meetings
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.meetings.heard_answers import on_sharing_group_changed
from coop.governance.meetings.heard_voters import on_member_admitted, on_member_left
from coop.governance.meetings.voter_store import find_members
from coop.governance.meetings.voting_lists import weigh_members
from coop.governance.model import (
    Count,
    Evidence,
    Meeting,
    Milestone,
    Phase,
    Programme,
    Reached,
    Resolution,
    Tranche,
)
from coop.governance.programmes import commands as programmes
from coop.governance.service import GOVERNANCE
from coop.governance.statutes.model import Advance, Articles, Proxies, Quorum, Rule, Share, Term, Voters
from coop.governance.statutes.record import describe_articles
from coop.governance.statutes.version import Statutes
from coop.kit import journal
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.session import COOKIE, Session, sign
from coop.kit.tx import Tx
from tests.desk import COMMUNITY, SECRET, SECRETARY, open_desk, sign_in
from tests.governance.seating import PARTNER as PARTNER
from tests.governance.seating import SECOND as SECOND
from tests.governance.seating import take_seat as take_seat
from tests.governance.seating import take_seats as take_seats
from tests.kit.clocks import SetClock

Kind = TypeVar("Kind", bound=Event)

HELD = date(2026, 6, 24)
CONVENED = date(2026, 5, 20)
TOWN = COMMUNITY
"""Another person of the board than the one who enters."""

LATER = datetime(2027, 9, 1, 12, tzinfo=UTC)
"""After everything in the life below."""

HALF = Share(1, 2, above=True)
PLAIN = Rule("art. 12", HALF)
TWO_THIRDS = Rule("art. 14.2", Share(2, 3), quorum=Quorum("art. 14.1", Share(1, 4), "votes"))
ARTICLES = Articles(
    "Deed of 2020",
    rules={
        "ordinary": PLAIN,
        "tariff": TWO_THIRDS,
        "realisation": replace(PLAIN, article="art. 15"),
        "statutes": Rule("art. 21", Share(2, 3)),
    },
    notices={"ordinary": Term("art. 13", 7)},
    voters=Voters("art. 11", plural=True),
    proxies=Proxies("art. 16", most_held=2),
    advance=Advance("art. 17"),
)
STATUTES = Statutes(date(2020, 1, 1), ARTICLES)
CHANGE = dict(describe_articles(ARTICLES))
"""The articles as the record holds them, to be changed."""

TARIFF = {
    "valid_from": "2027-01-01",
    "components": components("34.50", "480.00", "30.00", "110.00", "0.21"),
}
KEY = {"group_id": "roofs", "kind": "dynamic", "weights": None, "valid_from": "2027-01-01"}
BUILD = {"programme_id": "wg-heat", "phase_id": "wg-1", "budget_cents": 500_000_000}


USUAL: dict[str, dict[str, Any]] = {
    "dissolution": {
        "dissolved_on": "2030-01-01",
        "liquidators": "board",
        "balance_to": "the members (art. 23)",
        "books_kept_by": "the notary",
    },
}
"""Parameters of a kind that has fields, where a test is about none of them."""


def resolution(resolution_id: str, kind: str = "other", parameters: dict[str, Any] | None = None) -> Resolution:
    return Resolution(
        resolution_id,
        kind,
        f"Besluit {resolution_id}",
        f"Resolution {resolution_id}",
        "",
        "",
        parameters or USUAL.get(kind, {}),
    )


def meeting(
    *points: Resolution, meeting_id: str = "alv-1", held_on: date = HELD, convened_on: date = CONVENED
) -> Meeting:
    return Meeting(meeting_id, held_on, convened_on, "WG-plein", points, begins_at="10:00")


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

PAPERS = {"permit": b"%PDF-1.7 permit Z/2026/1", "insurance": b"%PDF-1.7 policy P-77"}
PERMIT = Evidence("permit", "Z/2026/1", sha256(PAPERS["permit"]).hexdigest())
INSURANCE = Evidence("insurance", "P-77", sha256(PAPERS["insurance"]).hexdigest())
IN_TIME = Reached(date(2026, 12, 1), 105_000_000, (PERMIT, INSURANCE))


TOLD_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""When the register told what nearly every test begins with."""


def envelope(event: Event, community: str = TOWN, at: datetime = TOLD_AT, position: int = 1) -> Envelope:
    return Envelope(
        "1",
        event.TYPE,
        "/coop/members",
        event.key(),
        at,
        community,
        "account:registrar",
        "api",
        position,
        "0" * 64,
        event.canonical(),
    )


def admit(
    tx: Tx,
    *members: str,
    votes: int = 1,
    joined_on: date = date(2021, 1, 1),
    told_at: datetime = TOLD_AT,
    kind: str = "owner",
) -> None:
    for member_id in members:
        number = member_id.replace("m", "L-")
        event = MemberAdmitted(member_id=member_id, kind=kind, joined_on=joined_on, votes=votes, member_number=number)
        on_member_admitted(tx, event, envelope(event, tx.community, told_at))


def share(tx: Tx, group_id: str, *connections: str, position: int = 1) -> None:
    """Metering tells who shares in a group, from the beginning: everybody where nobody is named."""
    spells = [SharingSpell(connection_id=each, joins_on=date(2000, 1, 1)) for each in connections or (EVERYBODY,)]
    event = SharingGroupChanged(group_id=group_id, number=position, spells=tuple(spells))
    on_sharing_group_changed(tx, event, envelope(event, tx.community, position=position))


def leave(tx: Tx, member_id: str, left_on: date | None, number: int = 0, told_at: datetime = TOLD_AT) -> None:
    event = MemberLeft(member_id=member_id, left_on=left_on, number=number)
    on_member_left(tx, event, envelope(event, tx.community, told_at))


def rows(choices: dict[str, str], cast_on: date = HELD) -> list[dict[str, Any]]:
    return [
        {"member_id": member, "choice": choice, "cast_on": cast_on.isoformat()} for member, choice in choices.items()
    ]


def members(count: int) -> list[str]:
    return [f"m{number:03d}" for number in range(1, count + 1)]


def confirm(tx: Tx, entry: Entry) -> int:
    """A second person confirms what the first one entered; returns how many things are new."""
    first, tx.actor = tx.actor, SECOND
    try:
        return entries.confirm(tx, entry.entry_id, KINDS)[1]
    finally:
        tx.actor = first


def cast(
    tx: Tx, resolution_id: str, batch: list[dict[str, Any]], meeting_id: str = "alv-1", paper: str = "room"
) -> int:
    """Ballots that one person enters and another confirms; returns how many are new."""
    return confirm(tx, ballots.enter_ballots(tx, meeting_id, paper, {resolution_id: batch}))


def adopt(tx: Tx, version: Statutes) -> None:
    """Statutes, entered by one person and confirmed by another."""
    confirm(tx, statutes.adopt_statutes(tx, version))


def come(tx: Tx, *members: str, meeting_id: str = "alv-1", manner: str = "room") -> None:
    """Members who come in, as somebody else of the board notes than who closes."""
    first, tx.actor = tx.actor, SECOND
    for member_id in members:
        attendance.note_arrival(tx, meeting_id, Arrival(member_id, manner))
    tx.actor = first


def speak(tx: Tx, speaker: str, says: Mapping[str, str], meeting_id: str = "alv-1") -> int:
    """Words of the chair or a body by resolution, entered by one person and confirmed by another."""
    said = [(resolution_id, speaker, word) for resolution_id, word in says.items()]
    return confirm(tx, words.enter_words(tx, meeting_id, "sheet 2 of the minutes", said))


def vote_all(tx: Tx, *resolutions: str, choice: str = "for") -> None:
    for resolution_id in resolutions:
        cast(tx, resolution_id, rows(dict.fromkeys(members(4), choice)))


STEPS: dict[str, Callable[[Tx], object]] = {
    "admit": lambda tx: admit(tx, *members(4)),
    "share": lambda tx: share(tx, "roofs"),
    "leave": lambda tx: leave(tx, "m004", date(2030, 1, 1)),
    "statutes": lambda tx: adopt(tx, STATUTES),
    "plan": lambda tx: programmes.plan_programme(tx, PROGRAMME),
    "convene": lambda tx: meetings.convene_meeting(tx, MEETING),
    "vote": lambda tx: vote_all(tx, "tariff", "key", "build"),
    "come": lambda tx: come(tx, *members(4)),
    "close": lambda tx: closing.close_meeting(tx, "alv-1"),
    "reach": lambda tx: programmes.reach_milestone(tx, "permit", IN_TIME),
    "reach late": lambda tx: programmes.reach_milestone(tx, "pump", Reached(date(2027, 7, 10), 200_000_000, ())),
    "seats": take_seats,
    "keep": lambda tx: programmes.decide_referred(tx, "t3", "keep", date(2027, 7, 20), "co-operative", "no test run"),
    "offer": lambda tx: programmes.decide_referred(tx, "t3", "release", date(2027, 8, 9), "partner", "it runs"),
    "release": lambda tx: programmes.decide_referred(
        tx, "t3", "release", date(2027, 8, 10), "co-operative", "it runs now"
    ),
}
"""A whole life of a co-operative, step by step."""


def actor_of(step: str) -> Actor:
    """Whoever takes a step of the life."""
    return PARTNER if step == "offer" else SECRETARY


TIMES = {
    "admit": datetime(2026, 5, 1, 9, tzinfo=UTC),
    "convene": datetime(2026, 5, 20, 9, tzinfo=UTC),
    "vote": datetime(2026, 6, 24, 18, tzinfo=UTC),
    "reach": LATER,
}
"""When the server hears of a step; of the others at the time of the one before."""


def live(database: Database, until: str = "", community: str = TOWN) -> None:
    """Take the steps before ``until``, all of them when it is empty, each in its own transaction and at its time."""
    clock = database.clock
    assert isinstance(clock, SetClock)
    for name, step in STEPS.items():
        clock.set(TIMES.get(name, clock.now()))
        if name == until:
            return
        with database.write(community, actor_of(name)) as tx:
            step(tx)


def tally(tx: Tx, resolution_id: str, held_on: date = HELD) -> Count:
    """The count that closing now would come to, which no door of the product tells."""
    return count_ballots(
        list_standing(tx, resolution_id).values(), weigh_members(tx, held_on, find_members(tx, held_on))
    )


_USUAL = (
    MeetingConvened,
    TariffProposed,
    StatutesAdopted,
    VotingListFrozen,
    AttendanceNoted,
    AttendanceFrozen,
    BallotsCommitted,
    BallotEntered,
)


def told(database: Database) -> list[Event]:
    """Every fact that was told, in order, but those with which nearly every test begins."""
    return [fact for fact in told_with_notices(database) if not isinstance(fact, _USUAL)]


def told_with_notices(database: Database) -> list[Event]:
    """Every fact that was told, in order."""
    with database.system_write() as sql:
        journal.seal(sql)
    with database.system_read() as sql:
        return [read_event(fact) for fact in journal.envelopes(sql, "governance", 0)]


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the database but the numbers of the rows that were rolled back."""
    with database.system_read() as sql:
        rows = {}
        for table in GOVERNANCE.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name != "row_id"]
            rows[table.name] = sorted((tuple(row) for row in sql.execute(select(*columns))), key=repr)
        return rows


def only(events: Iterable[Event], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def client(
    database: Database, folder: Path, *roles: str, member_id: str | None = None, community: str = TOWN
) -> TestClient:
    """The pages and the API of governance, with somebody signed in where roles are named."""
    desk = open_desk(GOVERNANCE, database, folder)
    return sign_in(desk, *roles, member_id=member_id, community=community) if roles else desk


def sit_down(desk: TestClient, account_id: str, *roles: str, member_id: str | None = None) -> TestClient:
    """The same application with somebody else signed in."""
    session = Session(account_id, "Somebody", frozenset(roles), member_id, TOWN, f"session-{account_id}", now_at(desk))
    desk.cookies.set(COOKIE, sign(session, SECRET))
    return desk


def clock_of(desk: TestClient) -> SetClock:
    """The clock of an application."""
    clock = desk.app.state.databases["governance"].clock  # type: ignore[attr-defined]
    assert isinstance(clock, SetClock)
    return clock


def now_at(desk: TestClient) -> datetime:
    """The time at an application."""
    return clock_of(desk).now()


def confirm_over_http(desk: TestClient, entry_id: str, status: int = 200) -> dict[str, Any]:
    """A second person of the board confirms an entry; then the first is signed in again."""
    sit_down(desk, "account-2", "board")
    answer = desk.post(f"/governance/api/v1/entries/{entry_id}/confirm")
    sit_down(desk, "account-1", "board")
    assert answer.status_code == status, answer.text
    return dict(answer.json())
