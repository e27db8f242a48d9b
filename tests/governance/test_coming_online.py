"""Members who note themselves present online: from their own session, by the server's clock, told in the minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from coop.governance.ballots import closing
from coop.governance.ballots.attendance.commands import Arrival
from coop.governance.ballots.attendance.rules import Noted, list_moves, list_present
from coop.governance.statutes.model import Online
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import TOWN, cast, client, rows, sit_down
from tests.governance.test_attendance import QUORATE, at, begin, findings, note, there
from tests.metering.test_meter_pages import plain

HYBRID = replace(QUORATE, online=Online("art. 18"))
MEETING, API = "/governance/meetings/alv-1", "/governance/api/v1/meetings/alv-1"
STARTS = datetime(2026, 6, 24, 8, tzinfo=UTC)
"""Ten o'clock in Amsterdam."""


def clock(hour: int, minute: int) -> datetime:
    return datetime(2026, 6, 24, hour - 2, minute, tzinfo=UTC)


@pytest.fixture
def desk(embedded: Database, tmp_path: Path) -> TestClient:
    begin(embedded, HYBRID)
    at(embedded, STARTS)
    return client(embedded, tmp_path, "board")


def member(desk: TestClient, number: int) -> TestClient:
    return sit_down(desk, f"account-m{number}", "member", member_id=f"m00{number}")


def test_members_come_and_leave_online_on_the_page_and_the_quorum_follows(desk: TestClient, embedded: Database) -> None:
    assert "I take part online" in desk_page(member(desk, 1))
    assert "You are on the list of who is there" in plain(desk.post(f"{MEETING}/here", data={"act": "come"}).text)
    assert "I leave the meeting" in desk_page(desk)
    at(embedded, clock(10, 20))
    member(desk, 2).post(f"{MEETING}/here", data={"act": "come"})
    board = sit_down(desk, "account-1", "board")
    assert [point["reached"] for point in board.get(f"{API}/quorum").json()["points"]] == [True, True]
    at(embedded, clock(10, 40))
    member(desk, 2).post(f"{MEETING}/here", data={"act": "leave"})
    board = sit_down(desk, "account-1", "board")
    assert [point["reached"] for point in board.get(f"{API}/quorum").json()["points"]] == [False, False]
    at(embedded, clock(10, 41))
    assert member(desk, 2).post(f"{API}/attendance/own", json={"change": "came"}).json()["new"]
    assert not desk.post(f"{API}/attendance/own", json={"change": "came"}).json()["new"]
    assert there(embedded) == {"m001": "online", "m002": "online"}
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        first, _ = closing.close_meeting(tx, "alv-1")
    assert (first.verdict.word, first.count.members_present) == ("adopted", 2)
    assert findings(embedded) == ()
    moves = sit_down(desk, "account-1", "board").get(f"{API}/minutes").json()["moves"]
    assert [(each["until"][11:16], each["came"], each["left"], each["there"]) for each in moves] == [
        ("10:30", 1, 0, 2),
        ("10:45", 1, 1, 2),
    ]
    said = "until 10:30 1 came and 0 left, 2 there; until 10:45 1 came and 1 left, 2 there"
    assert said in plain(desk.get(f"{MEETING}/minutes").text)
    assert desk.get(f"{MEETING}/minutes.pdf").status_code == 200
    closed = member(desk, 3).post(f"{API}/attendance/own", json={"change": "came"})
    assert closed.json()["code"] == "attendance-closed"


def desk_page(desk: TestClient) -> str:
    return plain(desk.get(MEETING).text)


def test_nobody_comes_online_too_early_or_out_of_the_room_or_without_a_place_on_the_list(
    desk: TestClient, embedded: Database
) -> None:
    at(embedded, clock(8, 59))
    early = member(desk, 1).post(f"{API}/attendance/own", json={"change": "came"})
    assert (early.json()["code"], "from an hour before the meeting, 09:00" in early.text) == ("no-online", True)
    assert "I take part online" not in desk_page(desk)
    at(embedded, clock(9, 0))
    assert desk.post(f"{API}/attendance/own", json={"change": "came"}).json()["new"]
    note(embedded, Arrival("m003"))
    assert member(desk, 3).post(f"{API}/attendance/own", json={"change": "came"}).json()["code"] == "in-the-room"
    assert not desk.post(f"{API}/attendance/own", json={"change": "left"}).json()["new"]
    assert there(embedded)["m003"] == "room"
    stranger = sit_down(desk, "account-x", "member", member_id="m999")
    assert stranger.post(f"{API}/attendance/own", json={"change": "came"}).status_code == 422
    board = sit_down(desk, "account-1", "board")
    assert board.post(f"{API}/attendance/own", json={"change": "came"}).status_code == 403


def test_statutes_that_know_no_meeting_from_elsewhere_are_named(embedded: Database, tmp_path: Path) -> None:
    begin(embedded)
    at(embedded, STARTS)
    desk = member(client(embedded, tmp_path, "board"), 1)
    refused = desk.post(f"{API}/attendance/own", json={"change": "came"})
    assert (refused.json()["code"], "BW 2:38" in refused.text) == ("no-online", True)
    assert "I take part online" not in desk_page(desk)


MOVES = st.lists(
    st.tuples(st.sampled_from(["m1", "m2", "m3"]), st.sampled_from(["came", "left"]), st.integers(-30, 90))
)


@given(MOVES)
def test_whoever_was_there_at_first_with_all_who_came_less_all_who_left_is_there(
    moves: list[tuple[str, str, int]],
) -> None:
    lines = [
        Noted(n, change, who, "online", "", 0, None, "page", minute_of(at_minute), who)
        for n, (who, change, at_minute) in enumerate(sorted(moves, key=lambda each: each[2]), start=1)
    ]
    there_now = len(list_present([line for line in lines if line.recorded_at <= STARTS]))
    for quarter in list_moves(lines, STARTS):
        there_now += quarter.came - quarter.left
        assert quarter.there == there_now
    assert there_now == len(list_present(lines))


def minute_of(minute: int) -> datetime:
    return datetime.fromtimestamp(STARTS.timestamp() + 60 * minute, UTC)
