"""Gateways that fall silent are named on the home page, on their own page and by a job; every gap has a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.metering.heat import questions
from coop.metering.heat.verdicts import BreakKind
from coop.metering.intake.silence import list_silent
from coop.metering.jobs import JOBS, name_silent_gateways
from coop.metering.periods.results import find_breaks
from coop.metering.provenance.record_views import list_missing_times
from coop.metering.service import METERING
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.metering.histories.test_months_with_breaks import DAYS, MARCH, exchanged_in_silence
from tests.metering.homes import NOW, deliver, gj, let_gateway_in, set_clock, writing
from tests.metering.test_meter_pages import plain


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        client.headers.update({"accept": "text/html"})
        yield sign_in(client, "board", account_id="reader")


def speak_each(database: Database, minutes: int, times: int) -> None:
    """Let the gateway deliver so many times, the last time now."""
    for i in range(times):
        at = NOW - timedelta(minutes=minutes * (times - 1 - i))
        set_clock(database, at)
        with writing(database) as tx:
            deliver(tx, gj("H1", at, str(5 + i)), received_at=at)


def silent_after(database: Database, **time: float) -> list[str]:
    set_clock(database, NOW + timedelta(**time))
    with database.read(COMMUNITY) as tx:
        return [one.gateway for one in list_silent(tx)]


@pytest.mark.parametrize(
    ("minutes", "still", "silent"),
    [
        (15, {"minutes": 44}, {"minutes": 46}),
        (1, {"minutes": 29}, {"minutes": 31}),
        (1440, {"days": 2.9}, {"days": 3.1}),
    ],
)
def test_a_gateway_is_silent_after_three_of_its_own_intervals(
    database: Database, minutes: int, still: dict[str, float], silent: dict[str, float]
) -> None:
    speak_each(database, minutes, 10)
    assert silent_after(database, **still) == []
    assert silent_after(database, **silent) == ["gw"]


def test_days_that_are_brought_in_at_once_do_not_hurry_a_gateway(database: Database) -> None:
    set_clock(database, NOW)
    with writing(database) as tx:
        for day in range(10):
            at = NOW - timedelta(days=9 - day)
            deliver(tx, gj("H1", at, str(5 + day)), received_at=at)
    assert silent_after(database, days=2.9) == []
    assert silent_after(database, days=3.1) == ["gw"]


def test_a_gateway_that_holds_a_token_and_never_spoke_is_silent(one_database: Database) -> None:
    let_gateway_in(one_database, "box", "H1")
    assert silent_after(one_database, minutes=1) == ["box"]


def test_silent_gateways_are_named_on_the_home_page_on_their_own_and_by_a_job_each_hour(
    desk: TestClient, one_database: Database
) -> None:
    speak_each(one_database, 15, 10)
    assert "gw" not in plain(desk.get("/metering/cards/waiting?lang=en").text)
    set_clock(one_database, NOW + timedelta(hours=2))
    assert "1 gateway is silent: gw" in plain(desk.get("/metering/cards/waiting?lang=en").text)
    assert "15 min" in plain(desk.get("/metering/gateways?lang=en").text)
    assert "gw" in desk.get("/metering/exports/heard.csv").text
    assert name_silent_gateways(Work(one_database, COMMUNITY, NOW, "silent-gateways")) == "not heard: gw"
    [job] = [job for job in JOBS if job.name == "silent-gateways"]
    assert job.next_after(NOW) is not None


def test_a_page_of_gateways_that_were_heard_does_not_say_that_there_are_none(
    desk: TestClient, one_database: Database
) -> None:
    assert "No gateways yet" in plain(desk.get("/metering/gateways?lang=en").text)
    speak_each(one_database, 15, 2)
    page = plain(desk.get("/metering/gateways?lang=en").text)
    assert "No gateways yet" not in page
    assert "No gateway has a token" in page


def test_what_is_missing_is_of_this_month_where_none_is_asked(desk: TestClient, one_database: Database) -> None:
    assert f"What is missing in {NOW:%B %Y}" in plain(desk.get("/metering/missing?lang=en").text)


def test_every_gap_of_a_month_has_a_meter_a_time_and_a_reason(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, *(gj("H1", day, str(5 + i)) for i, day in enumerate(DAYS) if i not in (7, 8)), received_at=DAYS[31])
        deliver(tx, gj("H2", DAYS[2], "5"), received_at=DAYS[2])
        found = list_missing_times(tx, MARCH)
    reasons = {serial: str(gap.why) for serial, _, gap in found.gaps}
    assert reasons["H3"] == "it was never read"
    assert [(gap.start, gap.end) for serial, _, gap in found.gaps if serial == "H1"] == [(DAYS[7], DAYS[9])]
    assert "was not heard" in reasons["H1"]
    page = plain(desk.get("/metering/missing?period=2025-03&lang=en").text)
    assert "it was never read" in page
    assert "H1" in desk.get("/metering/exports/missing-times.csv?period=2025-03").text
    assert "/metering/missing?period=2025-03" in desk.get("/metering/data?period=2025-03").text


def test_what_waits_for_a_second_person_stands_on_the_home_page_of_others(
    desk: TestClient, one_database: Database
) -> None:
    with writing(one_database) as tx:
        exchanged_in_silence(tx)
        found = find_breaks(tx, MARCH)[0]
        questions.propose_meaning(tx, found.register_id, found.before_s, found.at_s, BreakKind.EXCHANGE, "order 117")
        proposer = tx.actor.id
    waiting = "what somebody made of 1 break of a meter"
    assert waiting in plain(desk.get("/metering/cards/waiting?lang=en").text)
    sign_in(desk, "board", account_id=proposer)
    assert waiting not in plain(desk.get("/metering/cards/waiting?lang=en").text)
