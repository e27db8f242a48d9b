"""Days that come by themselves: the job tells of each once, and of nothing that was over before it was put on file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from coop.events import Event
from coop.events.governance import (
    DeadlinePassed,
    MeetingConvened,
    SteeringReminded,
    VoteClosing,
    VoteEnded,
    VoteOpened,
)
from coop.governance.ballots import closing
from coop.governance.convening import commands as meetings
from coop.governance.meetings.jobs import JOBS
from coop.governance.model import Reached
from coop.governance.programmes import commands as programmes
from coop.governance.statutes.model import Advance
from coop.governance.statutes.version import Statutes
from coop.kit.database import Database
from coop.kit.jobs import list_runs, run_due
from coop.values import CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    HELD,
    IN_TIME,
    PARTNER,
    PROGRAMME,
    STATUTES,
    TOWN,
    admit,
    adopt,
    live,
    meeting,
    members,
    only,
    resolution,
    take_seats,
    told,
    told_with_notices,
    vote_all,
)
from tests.kit.clocks import SetClock

[JOB] = JOBS
CONVENED = datetime(2026, 5, 20, 9, tzinfo=UTC)


def midnight_after(day: date) -> datetime:
    """Just after the day is over in Amsterdam, in summer and in winter."""
    return datetime(day.year, day.month, day.day, 23, 11, tzinfo=UTC)


@pytest.fixture
def town(database: Database, clock: SetClock) -> Database:
    """A co-operative that convened a meeting and planned a programme in good time."""
    clock.set(CONVENED)
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        adopt(tx, STATUTES)
        programmes.plan_programme(tx, PROGRAMME)
        meetings.convene_meeting(tx, meeting(resolution("tariff"), resolution("key"), resolution("build")))
    return database


def pass_night(database: Database, clock: SetClock, day: date) -> tuple[str, list[Event]]:
    """Run the job in the night after a day; returns its outcome and the facts that it told."""
    before = len(told(database))
    clock.set(midnight_after(day))
    assert run_due(JOB, database, TOWN)
    with database.read(TOWN) as tx:
        run = list_runs(tx, 1)[0]
    assert run.succeeded
    return run.outcome or "", told(database)[before:]


def test_a_vote_opens_and_ends_by_the_calendar(town: Database, clock: SetClock) -> None:
    assert pass_night(town, clock, date(2026, 5, 22)) == ("no day asked for anything", [])
    opened = VoteOpened(meeting_id="alv-1", opened_on=date(2026, 5, 25), held_on=HELD)
    assert pass_night(town, clock, date(2026, 5, 24)) == ("1 vote is open", [opened])
    assert pass_night(town, clock, date(2026, 5, 25)) == ("1 vote is open", [])
    ended = VoteEnded(meeting_id="alv-1", held_on=HELD)
    assert pass_night(town, clock, HELD) == ("1 vote ended and waits for its count", [ended])
    with town.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    assert pass_night(town, clock, HELD + timedelta(days=1)) == ("no day asked for anything", [])


def test_members_are_reminded_of_a_vote_three_days_before_its_meeting_once(town: Database, clock: SetClock) -> None:
    assert VoteClosing not in map(type, pass_night(town, clock, date(2026, 6, 19))[1])
    closing = VoteClosing(meeting_id="alv-1", held_on=HELD)
    outcome, facts = pass_night(town, clock, date(2026, 6, 20))
    assert (outcome, facts) == ("1 vote is open, 1 vote is about to end", [closing])
    assert pass_night(town, clock, date(2026, 6, 21))[1] == []


def test_who_heard_of_a_vote_in_its_last_days_is_not_reminded_of_it(database: Database, clock: SetClock) -> None:
    clock.set(datetime(2026, 6, 15, 9, tzinfo=UTC))
    late = Statutes(date(2026, 1, 1), replace(ARTICLES, advance=Advance("art. 17", from_days=3)))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        adopt(tx, late)
        meetings.convene_meeting(tx, replace(meeting(resolution("tariff")), convened_on=date(2026, 6, 15)))
    _, facts = pass_night(database, clock, date(2026, 6, 20))
    assert [type(fact) for fact in facts] == [VoteOpened]
    assert pass_night(database, clock, date(2026, 6, 22))[1] == []


def test_a_meeting_is_told_with_its_agenda_and_the_first_day_of_its_vote(town: Database) -> None:
    (convened,) = only(told_with_notices(town), MeetingConvened)
    assert (convened.meeting_id, convened.held_on, convened.vote_from) == ("alv-1", HELD, date(2026, 5, 25))
    assert [point.subject_nl for point in convened.agenda] == ["Besluit tariff", "Besluit key", "Besluit build"]


def test_a_deadline_that_passes_is_told_once_and_not_when_the_milestone_was_reached(
    town: Database, clock: SetClock
) -> None:
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        vote_all(tx, "tariff", "key", "build")
        closing.close_meeting(tx, "alv-1")
    _, facts = pass_night(town, clock, date(2026, 12, 31))
    passed = only(facts, DeadlinePassed)
    assert [(fact.milestone_id, fact.name, fact.deadline) for fact in passed] == [
        ("permit", "Permit", date(2026, 12, 31))
    ]
    assert pass_night(town, clock, date(2027, 1, 1)) == ("1 deadline passed", [])
    with town.write(TOWN, SECRETARY) as tx:
        programmes.reach_milestone(tx, "permit", IN_TIME)
        programmes.reach_milestone(tx, "pump", Reached(date(2027, 1, 2), 1, ()))
    _, facts = pass_night(town, clock, date(2027, 6, 30))
    assert only(facts, DeadlinePassed) == []


def test_the_steering_group_is_reminded_every_two_weeks_until_it_releases(town: Database, clock: SetClock) -> None:
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        vote_all(tx, "tariff", "key", "build")
        closing.close_meeting(tx, "alv-1")
    clock.set(datetime(2026, 7, 1, 12, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        programmes.reach_milestone(tx, "pump", Reached(date(2026, 7, 1), 200_000_001, ()))
    assert pass_night(town, clock, date(2026, 7, 13))[1] == []
    outcome, [reminded] = pass_night(town, clock, date(2026, 7, 14))
    assert outcome == "1 tranche waits long for the steering group"
    assert isinstance(reminded, SteeringReminded)
    assert (reminded.tranche_id, reminded.waiting_since, reminded.reminded_on) == (
        "t3",
        date(2026, 7, 1),
        date(2026, 7, 15),
    )
    assert pass_night(town, clock, date(2026, 7, 15))[1] == []
    with town.write(TOWN, SECRETARY) as tx:
        take_seats(tx)
        programmes.decide_referred(tx, "t3", "keep", tx.today, "co-operative", "no test run")
    assert pass_night(town, clock, date(2026, 7, 28))[1] == []
    [again] = pass_night(town, clock, date(2026, 7, 29))[1]
    assert isinstance(again, SteeringReminded)
    assert again.reminded_on == date(2026, 7, 30)
    for actor, party in ((SECRETARY, "co-operative"), (PARTNER, "partner")):
        with town.write(TOWN, actor) as tx:
            programmes.decide_referred(tx, "t3", "release", tx.today, party, "it runs")
    assert pass_night(town, clock, date(2026, 8, 30))[1] == []


def test_a_night_without_a_server_is_made_up_for(town: Database, clock: SetClock) -> None:
    outcome, facts = pass_night(town, clock, date(2027, 8, 1))
    assert outcome == "1 vote ended and waits for its count, 2 deadlines passed"
    assert [type(fact) for fact in facts] == [VoteEnded, DeadlinePassed, DeadlinePassed]


def test_history_that_is_put_on_file_later_brings_no_reminder(database: Database, clock: SetClock) -> None:
    late = replace(PROGRAMME.phases[0].milestones[0], milestone_id="late", deadline=date(2026, 1, 1))
    history = replace(PROGRAMME.phases[0], phase_id="wg-0", milestones=(late,))
    with database.write(TOWN, SECRETARY) as tx:
        programmes.plan_programme(tx, replace(PROGRAMME, programme_id="old", phases=(history,), tranches=()))
    assert pass_night(database, clock, date(2027, 9, 1)) == ("no day asked for anything", [])


def test_the_job_says_nothing_of_another_co_operative(town: Database, clock: SetClock) -> None:
    clock.set(midnight_after(HELD))
    assert run_due(JOB, town, "elsewhere")
    assert told(town) == []


@pytest.mark.parametrize(
    ("begins_at", "votes_until", "first"),
    [
        ("10:00", "", datetime(2026, 6, 24, 8, tzinfo=UTC)),
        ("10:00", "20:00", datetime(2026, 6, 24, 18, tzinfo=UTC)),
        ("20:00", "12:00", datetime(2026, 6, 24, 18, tzinfo=UTC)),
        ("", "", datetime(2026, 6, 24, 22, tzinfo=UTC)),
    ],
)
def test_no_meeting_is_closed_before_it_began_and_the_vote_of_its_notice_is_over(
    database: Database, clock: SetClock, begins_at: str, votes_until: str, first: datetime
) -> None:
    live(database, until="convene")
    evening = meeting(resolution("a"), meeting_id="evening")
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, replace(evening, begins_at=begins_at, votes_until=votes_until))
    clock.set(first - timedelta(minutes=1))
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="its notice promised"):
        closing.close_meeting(tx, "evening")
    clock.set(first)
    with database.write(TOWN, SECRETARY) as tx:
        assert closing.close_meeting(tx, "evening")
