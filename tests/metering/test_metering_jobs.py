"""What metering does by itself: closing months that are over, and correcting what late values touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from coop.events.metering import PeriodClosed, PeriodMeasured
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.journal import journal
from coop.metering.jobs import JOBS, close_months, correct_periods
from coop.metering.model import Quality
from coop.metering.periods import store as periods
from coop.metering.periods.schedule import find_month_to_close
from coop.values import CoopError, Period
from tests.metering.homes import (
    COMMUNITY,
    Killed,
    at,
    close_anyway,
    deliver,
    gj,
    occupy,
    set_clock,
    writing,
)
from tests.metering.test_closing import MARCH, heat_of_march, told

APRIL, MAY = Period.month(2025, 4), Period.month(2025, 5)
REST = timedelta(days=2)


def work(database: Database, at: datetime, job: str = "close-months") -> Work:
    """The job in hand at an instant."""
    set_clock(database, at)
    return Work(database, COMMUNITY, at, job)


def stands(database: Database, at: datetime, *values: str) -> None:
    """Stands of the three homes at an instant."""
    with writing(database) as tx:
        deliver(tx, *(gj(f"H{i}", at, value) for i, value in enumerate(values, start=1)))


@pytest.fixture
def march(database: Database) -> Database:
    """March with all of its stands, not closed."""
    with writing(database) as tx:
        heat_of_march(tx)
    return database


def test_the_month_that_is_over_closes_once_in_the_name_of_the_job(march: Database) -> None:
    said = close_months(work(march, MARCH.end_at + REST))
    assert said == "2025-03 closed: 3 measurements, 0 allocations"
    assert close_months(work(march, MARCH.end_at + REST)) == "no month waits to be closed"
    with march.read(COMMUNITY) as tx:
        assert len(told(tx, PeriodMeasured)) == 3
        assert len(told(tx, PeriodClosed)) == 1
        closing = journal.c.type.in_([PeriodMeasured.TYPE, PeriodClosed.TYPE])
        query = select(journal.c.actor, journal.c.channel).where(journal.c.community == tx.community, closing)
        assert set(tx.execute(query)) == {("job:close-months", "job")}


def test_a_month_is_left_alone_until_it_has_rested(march: Database) -> None:
    assert close_months(work(march, MARCH.end_at + REST - timedelta(seconds=1))) == "no month waits to be closed"


def test_a_month_that_is_not_complete_stays_open_and_the_outcome_says_what_is_missing(database: Database) -> None:
    stands(database, MARCH.start_at, "10", "20", "30")
    stands(database, MARCH.end_at, "11", "21")
    said = close_months(work(database, MARCH.end_at + REST))
    assert said.startswith("2025-03 is not complete: meter H3: no stand near enough to 2025-03-01 or 2025-04-01")
    stands(database, MARCH.end_at, "11", "21", "31")
    assert close_months(work(database, MARCH.end_at + REST)).startswith("2025-03 closed")


def test_months_that_were_missed_close_in_order_up_to_the_first_that_lacks_something(march: Database) -> None:
    stands(march, APRIL.end_at, "15", "23", "1")
    stands(march, MAY.end_at, "16")
    close_months(work(march, MARCH.end_at + REST))
    said = close_months(work(march, MAY.end_at + REST))
    assert said.startswith("2025-04 closed: 3 measurements, 0 allocations; 2025-05 is not complete: meter H2")


def test_what_lies_before_the_first_closing_is_the_boards(march: Database) -> None:
    stands(march, APRIL.end_at, "15", "23", "1")
    assert close_months(work(march, APRIL.end_at + REST)) == "2025-04 closed: 3 measurements, 0 allocations"


def test_the_rest_of_a_month_closes_after_a_period_that_ended_within_it(one_database: Database) -> None:
    middle = date(2025, 3, 16)
    with writing(one_database) as tx:
        heat_of_march(tx)
        close_anyway(tx, Period(MARCH.start, middle))
    set_clock(one_database, MARCH.end_at + REST)
    with one_database.read(COMMUNITY) as tx:
        assert find_month_to_close(tx) == Period(middle, MARCH.end)


def test_a_co_operative_without_readings_closes_nothing(database: Database) -> None:
    assert close_months(work(database, MARCH.end_at + REST)) == "no month waits to be closed"
    assert close_months(Work(database, "another", MARCH.end_at + REST, "close-months")) == "no month waits to be closed"


def test_late_values_are_corrected_once_and_named(march: Database) -> None:
    close_months(work(march, MARCH.end_at + REST))
    with writing(march) as tx:
        late = gj("H1", MARCH.end_at, "14.70", Quality.CORRECTED)
        deliver(tx, late, received_at=at("2025-04-05T00:00"))
    later = work(march, at("2025-04-06T00:00"), "correct-periods")
    assert correct_periods(later) == "2025-03 corrected: 1 measurements, 0 allocations"
    assert correct_periods(later) == "no late value touched a closed period"
    with march.read(COMMUNITY) as tx:
        [newest] = periods.list_closed(tx)
    assert (newest.revision, newest.cause) == (2, "late reading of meter H1 on 2025-03-31")


def test_a_stand_that_later_readings_show_to_be_wrong_is_corrected_in_the_month_that_ended_with_it(
    database: Database,
) -> None:
    """0.1 GJ a day, and 1.5 GJ too much at midnight between two months, after which nothing is heard for four days."""
    wrong, april = 62, Period.month(2025, 4).end_at
    days = [(MARCH.end_at + timedelta(days=day - wrong), Decimal(day) / 10) for day in range(wrong + 30)]
    days[wrong] = MARCH.end_at, days[wrong][1] + Decimal("1.5")
    with writing(database) as tx:
        deliver(tx, *(gj("H1", instant, str(value)) for instant, value in days[: wrong + 1]))
        close_anyway(tx, MARCH)
        [too_much] = {row.energy_j for row in periods.list_measurements(tx, MARCH) if row.member_id == "M1"}
    with writing(database) as tx:
        deliver(tx, *(gj("H1", instant, str(value)) for instant, value in days[wrong + 4 :]))
    said = correct_periods(work(database, april, "correct-periods"))
    assert said == "2025-03 corrected: 1 measurements, 0 allocations"
    with database.read(COMMUNITY) as tx:
        [newest] = periods.list_closed(tx)
        energy = [row.energy_j for row in periods.list_measurements(tx, MARCH) if row.member_id == "M1"][-1]
    assert (energy, newest.cause) == (too_much - 1_500_000_000, "readings that came later showed it otherwise")
    assert correct_periods(work(database, april, "correct-periods")) == "no late value touched a closed period"


def test_a_late_value_is_named_by_the_civil_day_of_its_instant_and_not_by_its_utc_day(march: Database) -> None:
    close_months(work(march, MARCH.end_at + REST))
    with writing(march) as tx:
        # The first hour of 15 March in Amsterdam is still 14 March in UTC.
        late = gj("H1", at("2025-03-14T23:30"), "99.00", Quality.CORRECTED)
        deliver(tx, late, received_at=at("2025-04-05T00:00"))
        assert [str(one.civil_day) for one in periods.list_late(tx)] == ["2025-03-15"]


def test_late_values_that_change_nothing_are_looked_at_once(march: Database) -> None:
    close_months(work(march, MARCH.end_at + REST))
    stands(march, at("2025-03-20T12:00"), "13", "22", "0")
    with march.read(COMMUNITY) as tx:
        assert len(periods.list_late(tx)) == 3
    later = work(march, at("2025-04-06T00:00"), "correct-periods")
    assert correct_periods(later) == "2025-03 comes out the same"
    assert correct_periods(later) == "no late value touched a closed period"
    with march.read(COMMUNITY) as tx:
        assert [one.revision for one in periods.list_closed(tx)] == [1]


def test_a_correction_that_is_refused_fails_the_job_and_not_the_other_corrections(march: Database) -> None:
    stands(march, APRIL.end_at, "15", "23", "1")
    close_months(work(march, MARCH.end_at + REST))
    close_months(work(march, APRIL.end_at + REST))
    with writing(march) as tx:
        occupy(tx, "C1", "M9", date(2025, 3, 10), date(2025, 3, 20))
        for month, value in ((MARCH, "14.70"), (APRIL, "15.20")):
            deliver(tx, gj("H1", month.end_at, value, Quality.CORRECTED), received_at=at("2025-05-05T00:00"))
    with pytest.raises(CoopError, match="2025-03 cannot be corrected: members M1 and M9 hold") as refused:
        correct_periods(work(march, at("2025-05-06T00:00"), "correct-periods"))
    assert "2025-04 corrected" in refused.value.message


def test_a_job_that_is_killed_in_the_middle_leaves_whole_months_and_goes_on_the_next_time(
    march: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands(march, APRIL.end_at, "15", "23", "1")
    close_months(work(march, MARCH.end_at + REST))
    stands(march, MAY.end_at, "16", "24", "2")

    @contextmanager
    def killed_in_may(self: Work) -> Iterator[object]:
        with original(self) as tx:
            yield tx
            if any(one.period == MAY for one in periods.list_closed(tx)):
                raise Killed

    original = Work.write
    monkeypatch.setattr(Work, "write", killed_in_may)
    with pytest.raises(Killed):
        close_months(work(march, MAY.end_at + REST))
    monkeypatch.undo()
    with march.read(COMMUNITY) as tx:
        assert [one.period for one in periods.list_closed(tx)] == [MARCH, APRIL]
    assert close_months(work(march, MAY.end_at + REST)) == "2025-05 closed: 3 measurements, 0 allocations"


def test_jobs_have_names_that_differ_and_times_that_come(one_database: Database) -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert all(job.next_after(MARCH.end_at) is not None for job in JOBS)
