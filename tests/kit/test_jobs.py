"""Jobs: each due time is worked once, by whoever claims it, also after a kill and after a time without a server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.jobs import CLAIM_LASTS, Job, Work, list_runs, list_states, run_due, scheduler, switch
from coop.values import CoopError
from tests.kit.clocks import SetClock
from tests.kit.town import COMMUNITY

Pair = tuple[Database, Database]
NIGHT = datetime(2025, 10, 26, 1, 0, 30, tzinfo=UTC)


@pytest.fixture
def database(pair: Pair) -> Database:
    """A database whose clock stands in the night in which summer time ends."""
    pair[0].clock = SetClock(NIGHT)
    return pair[0]


def at(database: Database, instant: datetime) -> None:
    database.clock = SetClock(instant)


def counting(ran: list[datetime]) -> Job:
    def work(work: Work) -> str:
        ran.append(work.due_at)
        return "done"

    return Job("count", "Count", "0 * * * *", work)


def outcomes(database: Database, community: str = COMMUNITY) -> list[str | None]:
    with database.read(community) as tx:
        return [run.outcome for run in list_runs(tx)]


def test_two_schedulers_fire_a_job_once_however_the_second_falls(database: Database) -> None:
    ran: list[datetime] = []
    job = counting(ran)
    assert [run_due(job, database, COMMUNITY), run_due(job, database, COMMUNITY)] == [True, False]
    at(database, NIGHT.replace(minute=59, second=59))
    assert not run_due(job, database, COMMUNITY)
    at(database, NIGHT.replace(hour=2, minute=0, second=0))
    assert run_due(job, database, COMMUNITY)
    assert ran == [NIGHT.replace(second=0), NIGHT.replace(hour=2, second=0)]
    assert outcomes(database) == ["done", "done"]


def test_each_community_has_its_own_runs(database: Database) -> None:
    ran: list[datetime] = []
    assert [run_due(counting(ran), database, name) for name in ("noord", "zuid", "noord")] == [True, True, False]
    assert outcomes(database, "noord") == ["done"]
    assert outcomes(database) == []


def test_a_job_that_was_down_at_its_time_runs_once_when_it_is_back(database: Database) -> None:
    ran: list[datetime] = []
    job = counting(ran)
    run_due(job, database, COMMUNITY)
    at(database, NIGHT + timedelta(days=3))
    assert [run_due(job, database, COMMUNITY), run_due(job, database, COMMUNITY)] == [True, False]
    assert len(ran) == 2


def test_a_clock_that_is_set_back_does_not_run_a_job_again(database: Database) -> None:
    ran: list[datetime] = []
    job = counting(ran)
    at(database, NIGHT + timedelta(hours=1))
    run_due(job, database, COMMUNITY)
    at(database, NIGHT)
    run_due(job, database, COMMUNITY)
    at(database, NIGHT + timedelta(hours=1))
    assert not run_due(job, database, COMMUNITY)
    assert len(ran) == len(set(ran)) == 2


class Killed(BaseException):
    """Nothing catches this, as nothing catches a SIGKILL."""


def test_a_job_that_was_killed_at_work_is_taken_over_when_its_claim_has_lapsed(database: Database) -> None:
    tries: list[str] = []

    def dies_once(work: Work) -> str:
        tries.append("try")
        if len(tries) == 1:
            raise Killed
        return "done at last"

    job = Job("mortal", "Mortal", "0 1 * * *", dies_once)
    with pytest.raises(Killed):
        run_due(job, database, COMMUNITY)
    assert not run_due(job, database, COMMUNITY)
    at(database, NIGHT + CLAIM_LASTS + timedelta(seconds=1))
    assert run_due(job, database, COMMUNITY)
    assert outcomes(database) == ["done at last"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(CoopError("no", "not today"), "not today"), (KeyError("x"), "the program failed on it: KeyError: 'x'")],
)
def test_a_job_that_refuses_or_breaks_says_why_and_counts_as_failed(
    database: Database, error: Exception, outcome: str
) -> None:
    def fails(_work: Work) -> str:
        raise error

    job = Job("grumpy", "Grumpy", "0 1 * * *", fails)
    assert run_due(job, database, COMMUNITY)
    with database.read(COMMUNITY) as tx:
        (state,) = list_states(tx, [job])
    assert state.failed
    assert state.last is not None
    assert state.last.outcome == outcome


def test_a_job_that_is_switched_off_for_one_community_runs_for_the_others(database: Database) -> None:
    ran: list[datetime] = []
    job = counting(ran)
    with database.write("noord", COMMAND_LINE) as tx:
        switch(tx, job, enabled=False)
        assert [state.enabled for state in list_states(tx, [job])] == [False]
    assert [run_due(job, database, name) for name in ("noord", "zuid")] == [False, True]
    with database.write("noord", COMMAND_LINE) as tx:
        switch(tx, job, enabled=True)
    assert run_due(job, database, "noord")


def test_the_scheduler_looks_at_once_and_ends_with_its_block() -> None:
    looked = Event()
    look: Callable[[], Any] = looked.set
    with scheduler(look):
        assert looked.wait(10)
