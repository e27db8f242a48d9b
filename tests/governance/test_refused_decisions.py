"""Decisions that a service could not take: whoever reads the resolution sees it, with the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from coop.communities.answering import answer_with
from coop.events import Envelope
from coop.events.governance import TariffAdopted
from coop.events.metering import AllocationKeyAnswered, PeriodClosed
from coop.governance.convening import commands as meetings
from coop.governance.meetings.answer_store import find_refusals
from coop.governance.meetings.heard_answers import on_decision_answered, on_period_closed
from coop.kit.database import Database
from coop.values import BadInput, say
from tests.desk import SECRETARY
from tests.governance.assembly import KEY, LATER, TOWN, client, envelope, live, meeting, resolution
from tests.metering.test_meter_pages import plain

REASON = say("%(subject)s reaches into what is closed: %(periods)s", subject="key 1", periods=("2027-01",))
ADOPTED = TariffAdopted.model_construct(resolution_id="key")
REFUSED = answer_with(AllocationKeyAnswered)(ADOPTED, ("reaches-closed", REASON))
TAKEN = answer_with(AllocationKeyAnswered)(ADOPTED, None)


def hear(database: Database, *answers: AllocationKeyAnswered, minutes: int = 0) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        for number, answer in enumerate(answers):
            on_decision_answered(tx, answer, told(answer, minutes + number))


def told(answer: AllocationKeyAnswered, minutes: int) -> Envelope:
    return envelope(answer, at=LATER + timedelta(minutes=minutes))


@pytest.fixture
def refused(embedded: Database) -> Database:
    live(embedded, until="reach")
    assert isinstance(REFUSED, AllocationKeyAnswered)
    hear(embedded, REFUSED)
    return embedded


def test_the_page_of_a_resolution_says_in_red_and_in_dutch_that_it_was_not_taken(
    refused: Database, tmp_path: Path
) -> None:
    member = client(refused, tmp_path, "member", member_id="m001")
    page = member.get("/governance/resolutions/key", params={"lang": "nl"}).text
    assert "panel-danger" in page
    assert "Aangenomen, maar zonder gevolg" in plain(page)
    assert "2027-01" in plain(page)
    assert "reaches into" not in plain(page)
    other = plain(member.get("/governance/resolutions/tariff", params={"lang": "nl"}).text)
    assert "zonder gevolg" not in other


def test_it_waits_on_the_home_of_the_board_and_not_on_that_of_a_member(refused: Database, tmp_path: Path) -> None:
    waiting = client(refused, tmp_path, "board").get("/governance/cards/waiting").text
    assert "Adopted, and without effect: Resolution key" in plain(waiting)
    assert "not taken" in waiting
    waiting = client(refused, tmp_path, "member", member_id="m001").get("/governance/cards/waiting").text
    assert "without effect" not in waiting


def test_lists_and_the_api_say_it_too(refused: Database, tmp_path: Path) -> None:
    board = client(refused, tmp_path, "board")
    assert "not taken" in board.get("/governance/").text
    assert "not taken" in board.get("/governance/meetings/alv-1").text
    answer = board.get("/governance/api/v1/resolutions/key").json()
    assert answer["refused"]["service"] == "metering"
    assert answer["refused"]["code"] == "reaches-closed"
    assert answer["refused"]["reason"] == "key 1 reaches into what is closed: 2027-01"
    assert board.get("/governance/api/v1/resolutions/tariff").json()["refused"] is None


def test_a_key_that_reaches_into_a_closed_period_is_refused_before_the_notice_goes_out(database: Database) -> None:
    live(database, until="convene")
    closed = PeriodClosed(
        period_start=date(2027, 1, 1),
        period_end=date(2027, 2, 1),
        revision=1,
        measured_count=1,
        allocated_count=1,
        run_id="run",
    )
    with database.write(TOWN, SECRETARY) as tx:
        on_period_closed(tx, closed, envelope(closed))
        on_period_closed(tx, closed.model_copy(update={"revision": 2}), envelope(closed))
        with pytest.raises(BadInput, match="closed up to 2027-02-01") as refused:
            meetings.convene_meeting(tx, meeting(resolution("key", "allocation-key", KEY)))
        assert [problem.field for problem in refused.value.problems] == ["key.parameters.valid_from"]
        later = resolution("key", "allocation-key", KEY | {"valid_from": "2027-02-01"})
        meetings.convene_meeting(tx, meeting(later))


def test_a_point_without_a_subject_is_refused_at_every_door(database: Database) -> None:
    live(database, until="convene")
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match="say what is decided"):
        meetings.convene_meeting(tx, meeting(replace(resolution("empty"), subject_nl=" ", subject_en="")))


def test_once_it_is_taken_after_all_nothing_says_so_any_more_in_whatever_order_it_is_heard(database: Database) -> None:
    live(database, until="reach")
    with database.write(TOWN, SECRETARY) as tx:
        assert isinstance(TAKEN, AllocationKeyAnswered)
        assert isinstance(REFUSED, AllocationKeyAnswered)
        on_decision_answered(tx, TAKEN, told(TAKEN, 2))
        on_decision_answered(tx, REFUSED, told(REFUSED, 1))
        on_decision_answered(tx, REFUSED, told(REFUSED, 1))
        assert find_refusals(tx) == {}
        on_decision_answered(tx, REFUSED, told(REFUSED, 3))
        assert list(find_refusals(tx)) == ["key"]
