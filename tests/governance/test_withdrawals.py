"""Meetings and points that are withdrawn or put off: by two people, with a reason, and never what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from coop.events.governance import MeetingWithdrawn, PointWithdrawn, ResolutionDecided, VoteClosing, VoteEnded
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.store import list_standing
from coop.governance.ballots.views import view_meetings, view_undecided
from coop.governance.convening import commands as meetings
from coop.governance.convening import withdrawals
from coop.governance.convening.withdrawals import Anew
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.meetings import store
from coop.governance.meetings.deadlines import tell_days
from coop.governance.minutes import records
from coop.governance.programmes.reports import keep_file
from coop.governance.statutes.record import describe_articles
from coop.governance.statutes.version import Statutes
from coop.governance.tables.assembly import withdrawn_point
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    TARIFF,
    TOWN,
    adopt,
    cast,
    client,
    confirm,
    live,
    meeting,
    only,
    resolution,
    rows,
    sit_down,
    told,
    vote_all,
)
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

ANEW = Anew(date(2026, 7, 8), "20:00", "19:00")
REASON = "De zaal is niet vrij"


def at(database: Database, when: datetime) -> None:
    clock = database.clock
    assert isinstance(clock, SetClock)
    clock.set(when)


def withdraw(
    database: Database, points: Sequence[str] = (), anew: Anew | None = None, meeting_id: str = "alv-1"
) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        confirm(tx, withdrawals.propose_withdrawal(tx, meeting_id, REASON, points, anew))


@pytest.fixture
def convened(database: Database) -> Database:
    """The meeting of the life, convened, with one vote cast by a member."""
    live(database, until="vote")
    at(database, datetime(2026, 6, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        ballots.cast_own_vote(tx, "tariff", "m001", "for", "ballot-1")
    return database


def test_nothing_is_withdrawn_before_a_second_person_agrees(convened: Database) -> None:
    with convened.write(TOWN, SECRETARY) as tx:
        entry = withdrawals.propose_withdrawal(tx, "alv-1", REASON)
        with pytest.raises(CoopError, match="somebody else"):
            entries.confirm(tx, entry.entry_id, KINDS)
    assert only(told(convened), MeetingWithdrawn) == []
    with convened.write(TOWN, SECRETARY) as tx:
        ballots.cast_own_vote(tx, "tariff", "m002", "for", "ballot-2")


def test_what_waits_looks_only_at_meetings_of_which_nothing_is_decided(convened: Database) -> None:
    def wait() -> list[str]:
        with convened.read(TOWN) as tx:
            assert view_undecided(tx) == [view for view in view_meetings(tx) if not view.is_over]
            return [view.meeting.meeting_id for view in view_undecided(tx)]

    assert wait() == ["alv-1"]
    withdraw(convened, ["tariff"])
    assert wait() == ["alv-1"], "its other points are still to come"
    at(convened, datetime(2026, 6, 24, 18, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    assert wait() == []


def test_a_withdrawn_meeting_takes_no_vote_and_is_never_decided(convened: Database) -> None:
    withdraw(convened)
    [fact] = only(told(convened), MeetingWithdrawn)
    assert (fact.reason, fact.withdrawn_on, fact.held_anew_on) == (REASON, date(2026, 6, 1), None)
    with convened.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="withdrawn"):
        ballots.cast_own_vote(tx, "tariff", "m002", "for")
    at(convened, datetime(2026, 6, 24, 19, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="nothing to decide"):
        closing.close_meeting(tx, "alv-1")
    for day in (23, 25):
        at(convened, datetime(2026, 6, day, 3, tzinfo=UTC))
        with convened.write(TOWN, SECRETARY) as tx:
            tell_days(tx)
    assert [fact for fact in told(convened) if isinstance(fact, VoteClosing | VoteEnded | ResolutionDecided)] == []


def test_a_point_falls_away_with_its_reason_and_the_others_are_decided(convened: Database) -> None:
    withdraw(convened, ["tariff"])
    [fact] = only(told(convened), PointWithdrawn)
    assert (fact.resolution_id, fact.subject_nl, fact.reason) == ("tariff", "Besluit tariff", REASON)
    at(convened, datetime(2026, 6, 24, 18, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx:
        vote_all(tx, "key", "build")
        closed = closing.close_meeting(tx, "alv-1")
        assert [outcome.resolution.resolution_id for outcome in closed] == ["key", "build"]
        assert closing.close_meeting(tx, "alv-1") == closed
        record = records.resolution_record(tx, "tariff")
    assert record["verdict"] is None
    assert record["withdrawn"]["reason"] == REASON
    assert [fact.resolution_id for fact in only(told(convened), ResolutionDecided)] == ["key", "build"]


def test_nothing_that_was_decided_is_withdrawn_by_a_command_or_in_the_database(database: Database) -> None:
    live(database, until="reach")
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="closed and decided"):
        withdrawals.propose_withdrawal(tx, "alv-1", REASON)
    with pytest.raises(DBAPIError, match="decided"), database.write(TOWN, SECRETARY) as tx:
        tx.execute(insert(withdrawn_point).values(community=TOWN, resolution_id="tariff", entry_id="none"))


def test_a_withdrawal_that_waits_is_refused_once_the_meeting_is_closed(convened: Database) -> None:
    with convened.write(TOWN, SECRETARY) as tx:
        entry = withdrawals.propose_withdrawal(tx, "alv-1", REASON)
    at(convened, datetime(2026, 6, 24, 18, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    with convened.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="closed and decided"):
        confirm(tx, entry)


@pytest.mark.parametrize("points", [["tariff"], []])
def test_what_members_voted_on_is_counted_and_not_withdrawn_once_the_votes_are_over(
    convened: Database, points: list[str]
) -> None:
    at(convened, datetime(2026, 6, 24, 21, 59, tzinfo=UTC))  # 23:59 in Amsterdam
    with convened.write(TOWN, SECRETARY) as tx:
        entry = withdrawals.propose_withdrawal(tx, "alv-1", REASON, points)
    at(convened, datetime(2026, 6, 24, 22, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx:
        with pytest.raises(CoopError, match="it is counted, not withdrawn"):
            confirm(tx, entry)
        with pytest.raises(CoopError, match="it is counted, not withdrawn"):
            withdrawals.propose_withdrawal(tx, "alv-1", "Another reason", ["key"])
        assert len(closing.close_meeting(tx, "alv-1")) == 3


def test_the_hour_until_which_members_vote_ends_withdrawing_too(database: Database) -> None:
    live(database, until="convene")
    at(database, datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, replace(meeting(resolution("t")), begins_at="20:00", votes_until="20:00"))
    at(database, datetime(2026, 6, 24, 18, tzinfo=UTC))  # 20:00 in Amsterdam
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="it is counted, not withdrawn"):
        withdrawals.propose_withdrawal(tx, "alv-1", REASON)


def test_a_point_that_is_named_twice_is_withdrawn_once(convened: Database) -> None:
    withdraw(convened, ["tariff", "tariff"])
    assert [fact.resolution_id for fact in only(told(convened), PointWithdrawn)] == ["tariff"]


def test_a_withdrawn_meeting_far_ahead_keeps_no_change_of_the_statutes_away(convened: Database) -> None:
    changed = replace(ARTICLES, name="Deed of 2026")
    with convened.write(TOWN, SECRETARY) as tx:
        far = meeting(resolution("far"), meeting_id="far", held_on=date(2060, 1, 1), convened_on=date(2026, 6, 1))
        meetings.convene_meeting(tx, far)
        change = resolution("change", "statutes", dict(describe_articles(changed)))
        held_on = date(2026, 6, 25)
        meetings.convene_meeting(tx, meeting(change, meeting_id="alv-2", held_on=held_on, convened_on=date(2026, 6, 1)))
    at(convened, datetime(2026, 6, 25, 18, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx:
        cast(tx, "change", rows({"m001": "for", "m002": "for"}, held_on), meeting_id="alv-2")
        closing.close_meeting(tx, "alv-2")
        deed = keep_file(tx, "akte.pdf", b"%PDF-1.7 the deed")
        version = Statutes(date(2026, 6, 26), changed, held_on, "change", notary="the notary in town", deed_file=deed)
        at(convened, datetime(2026, 6, 26, 9, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="of 2060-01-01 was convened"):
        adopt(tx, version)
    withdraw(convened, meeting_id="far")
    with convened.write(TOWN, SECRETARY) as tx:
        adopt(tx, version)
        assert [kept.articles.name for kept in store.list_statutes(tx)] == ["Deed of 2020", "Deed of 2026"]


def test_a_meeting_is_put_off_by_a_new_notice_with_its_own_term_and_votes(convened: Database) -> None:
    withdraw(convened, anew=ANEW)
    [fact] = only(told(convened), MeetingWithdrawn)
    assert (fact.followed_by, fact.held_anew_on) == ("alv-1-again-2", ANEW.held_on)
    with convened.write(TOWN, SECRETARY) as tx:
        again = store.find_meeting(tx, "alv-1-again-2")
        assert again is not None
        assert (again.held_on, again.convened_on, again.place) == (ANEW.held_on, date(2026, 6, 1), "WG-plein")
        assert [point.kind for point in again.resolutions] == ["tariff", "allocation-key", "realisation"]
        assert list_standing(tx, "alv-1-again-2-1") == {}
    at(convened, datetime(2026, 6, 20, 9, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx:
        assert ballots.cast_own_vote(tx, "alv-1-again-2-1", "m001", "against", "ballot-1")
    withdraw(convened, anew=Anew(date(2026, 7, 15)), meeting_id="alv-1-again-2")
    assert only(told(convened), MeetingWithdrawn)[-1].followed_by == "alv-1-again-3"


def test_a_new_day_that_leaves_too_few_days_is_refused_with_the_article(convened: Database) -> None:
    with convened.write(TOWN, SECRETARY) as tx:
        with pytest.raises(CoopError, match=r"art\. 13 asks 7 clear days"):
            withdrawals.propose_withdrawal(tx, "alv-1", REASON, anew=Anew(date(2026, 6, 8)))
        with pytest.raises(BadInput, match="hour"):
            withdrawals.propose_withdrawal(tx, "alv-1", REASON, anew=Anew(date(2026, 7, 8), "acht uur"))


def test_a_withdrawal_needs_a_reason_and_points_of_the_agenda(convened: Database) -> None:
    with convened.write(TOWN, SECRETARY) as tx:
        with pytest.raises(BadInput, match="reason"):
            withdrawals.propose_withdrawal(tx, "alv-1", "  ")
        with pytest.raises(BadInput, match="not on the agenda"):
            withdrawals.propose_withdrawal(tx, "alv-1", REASON, ["elsewhere"])
        with pytest.raises(BadInput, match="withdraw the meeting itself"):
            withdrawals.propose_withdrawal(tx, "alv-1", REASON, ["tariff", "key", "build"])
    withdraw(convened)
    with convened.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="withdrawn before"):
        withdrawals.propose_withdrawal(tx, "alv-1", "Another reason")


def test_own_votes_end_at_the_hour_that_the_notice_says(database: Database) -> None:
    live(database, until="convene")
    at(database, datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        evening = replace(meeting(resolution("t", "tariff", TARIFF)), begins_at="20:00", votes_until="20:00")
        meetings.convene_meeting(tx, evening)
    at(database, datetime(2026, 6, 24, 17, 59, tzinfo=UTC))  # 19:59 in Amsterdam
    with database.write(TOWN, SECRETARY) as tx:
        assert ballots.cast_own_vote(tx, "t", "m001", "for")
    at(database, datetime(2026, 6, 24, 18, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        with pytest.raises(CoopError, match="one could vote here until"):
            ballots.cast_own_vote(tx, "t", "m002", "for")
        assert cast(tx, "t", rows({"m002": "for", "m003": "against"})) == 2


@pytest.fixture
def board(embedded: Database, tmp_path: Path) -> TestClient:
    live(embedded, until="vote")
    at(embedded, datetime(2026, 6, 1, 9, tzinfo=UTC))
    return client(embedded, tmp_path, "board")


PAGE = "/governance/meetings/alv-1"


def test_the_board_puts_a_meeting_off_on_its_pages_and_a_member_sees_it(board: TestClient) -> None:
    member = sit_down(board, "m", "member", member_id="m001")
    member.post("/governance/resolutions/tariff/vote", data={"choice": "for"})
    sit_down(board, "account-1", "board")
    form = {"extent": "put-off", "held_on": "2026-07-08", "begins_at": "20:00", "reason": REASON}
    kept = board.post(f"{PAGE}/withdraw", data=form, params={"lang": "nl"})
    assert "iemand anders van het bestuur" in plain(kept.text)
    entry_id = kept.text.split("/withdraw/")[1].split('"')[0]
    refused = board.post(f"{PAGE}/withdraw/{entry_id}", data={"act": "confirm"})
    assert refused.status_code == 422
    sit_down(board, "account-2", "board")
    assert "Confirm that something is withdrawn" in board.get("/governance/cards/waiting").text
    done = board.post(f"{PAGE}/withdraw/{entry_id}", data={"act": "confirm"})
    assert done.url.path == PAGE
    sit_down(board, "m", "member", member_id="m001")
    seen = plain(board.get(PAGE, params={"lang": "nl"}).text)
    assert "Deze vergadering gaat niet door" in seen
    assert REASON in seen
    assert "Zij is nu op 8 juli 2026: iedereen stemt opnieuw." in seen
    own = plain(board.get("/governance/resolutions/tariff", params={"lang": "nl"}).text)
    assert "Die stem telt niet meer." in own
    assert 'name="choice"' not in board.get("/governance/resolutions/tariff").text


def test_single_points_are_taken_off_on_the_page_and_a_wrong_form_names_its_field(board: TestClient) -> None:
    none_chosen = board.post(f"{PAGE}/withdraw", data={"extent": "points", "reason": REASON})
    assert none_chosen.status_code == 422
    assert "choose at least one point" in none_chosen.text
    assert board.post(f"{PAGE}/withdraw", data={"extent": "put-off", "reason": REASON}).status_code == 422
    kept = board.post(f"{PAGE}/withdraw", data={"extent": "points", "point.1": "yes", "reason": REASON})
    entry_id = kept.text.split("/withdraw/")[1].split('"')[0]
    sit_down(board, "account-2", "board")
    board.post(f"{PAGE}/withdraw/{entry_id}", data={"act": "confirm"})
    assert "withdrawn" in board.get(PAGE).text
    listed = board.get("/governance/api/v1/resolutions/key").json()
    assert listed["withdrawn"]["reason"] == REASON


def test_the_api_withdraws_by_two_people_and_lists_it(board: TestClient) -> None:
    body = {"reason": REASON, "held_on": "2026-07-08", "begins_at": "20:00", "entry_id": "w-1"}
    made = board.post(f"/governance/api/v1{PAGE.removeprefix('/governance')}/withdraw", json=body)
    assert (made.status_code, made.json()["state"], made.json()["kind"]) == (200, "waits", "withdrawal")
    sit_down(board, "account-2", "board")
    assert board.post("/governance/api/v1/entries/w-1/confirm").json()["state"] == "confirmed"
    listed = {each["meeting_id"]: each for each in board.get("/governance/api/v1/meetings").json()}
    assert listed["alv-1"]["withdrawn"]["followed_by"] == "alv-1-again-2"
    assert listed["alv-1-again-2"]["begins_at"] == "20:00"
    assert listed["alv-1-again-2"]["withdrawn"] is None


def test_the_calendar_file_moves_a_meeting_that_is_put_off_and_cancels_one_that_is_withdrawn(
    board: TestClient, embedded: Database
) -> None:
    def lines(meeting_id: str) -> dict[str, str]:
        answer = board.get(f"/governance/meetings/{meeting_id}/calendar.ics")
        assert answer.headers["content-type"].startswith("text/calendar")
        assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))
        return dict(line.split(":", 1) for line in answer.text.split("\r\n") if ":" in line)

    first = lines("alv-1")
    assert (first["METHOD"], first["SEQUENCE"], first["DTSTART"]) == ("PUBLISH", "0", "20260624T080000Z")
    withdraw(embedded, anew=ANEW)
    moved = lines("alv-1")
    assert (moved["UID"], moved["SEQUENCE"], moved["DTSTART"]) == (first["UID"], "1", "20260708T180000Z")
    assert moved == lines("alv-1-again-2")
    withdraw(embedded, meeting_id="alv-1-again-2")
    cancelled = lines("alv-1")
    assert (cancelled["METHOD"], cancelled["STATUS"], cancelled["SEQUENCE"]) == ("CANCEL", "CANCELLED", "2")
    assert cancelled["UID"] == first["UID"]


def test_a_new_notice_for_the_same_day_gets_an_id_of_its_own_after_a_withdrawal(
    board: TestClient, embedded: Database
) -> None:
    form = {"act": "keep", "held_on": "2026-06-24", "1.kind": "other", "1.subject_nl": "Dak"}
    assert board.post("/governance/meetings/new", data=form).url.path == "/governance/meetings/alv-2026-06-24"
    withdraw(embedded, meeting_id="alv-2026-06-24")
    again = board.post("/governance/meetings/new", data=form)
    assert again.url.path == "/governance/meetings/alv-2026-06-24-again-2"


@pytest.mark.parametrize("page", ["minutes", "withdraw", "ballots"])
@pytest.mark.parametrize("act", ["confirm", "drop"])
def test_a_page_settles_no_entry_of_another_kind_or_of_another_meeting(board: TestClient, page: str, act: str) -> None:
    board.post(
        "/governance/api/v1/meetings",
        json={"meeting_id": "alv-2", "held_on": "2026-06-30", "resolutions": [AGENDA_POINT]},
    ).raise_for_status()
    posted = {"reason": REASON}
    waiting = [
        board.post(f"/governance/api/v1/meetings/{meeting_id}/withdraw", json=posted).json()["entry_id"]
        for meeting_id in ("alv-1", "alv-2")
    ]
    other = waiting[1] if page == "withdraw" else waiting[0]
    sit_down(board, "account-2", "board")
    answer = board.post(f"{PAGE}/{page}/{other}", data={"act": act, "reason": "a mistake"})
    assert answer.status_code in (404, 409, 422)
    entries_made = {entry["entry_id"]: entry for entry in board.get("/governance/api/v1/entries").json()}
    assert [entries_made[entry_id]["state"] for entry_id in waiting] == ["waits", "waits"]


AGENDA_POINT = {"resolution_id": "p2", "kind": "other", "subject_nl": "Iets", "subject_en": "Something"}
