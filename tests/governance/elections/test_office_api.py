"""Offices by the API: programs list, tell and settle them as people do on the page, by the same rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.events.elections import PersonElected, TermEnded
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import TOWN, admit, client, confirm_over_http, members, only, sit_down, told
from tests.metering.test_meter_pages import plain

OFFICES = "/governance/api/v1/offices"
TERM = {
    "office": "board",
    "member_id": "m001",
    "begins_on": "2024-05-01",
    "ends_on": "2028-05-01",
    "paper": "minutes of 30 April 2024",
}
END = {key: TERM[key] for key in ("office", "member_id", "begins_on")} | {"ended_on": "2026-03-01", "paper": "letter"}


@pytest.fixture
def board(embedded: Database, tmp_path: Path) -> TestClient:
    with embedded.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(3))
    return client(embedded, tmp_path, "board")


def post(desk: TestClient, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = desk.post(f"{OFFICES}{path}", json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def test_a_term_holds_once_a_second_person_confirms_it_and_ends_in_the_same_way(
    board: TestClient, embedded: Database
) -> None:
    entered = post(board, "", TERM | {"entry_id": "term-1"})
    assert (entered["state"], board.get(OFFICES).json()) == ("waits", [])
    assert post(board, "", TERM | {"entry_id": "term-1"}) == entered
    assert confirm_over_http(board, "term-1")["state"] == "confirmed"
    [held] = board.get(OFFICES).json()
    assert (held["member_id"], held["ends_on"], held["state"], held["entry_id"]) == (
        "m001",
        "2028-05-01",
        "now",
        "term-1",
    )
    assert post(board, "", TERM | {"paper": "another"}, 409)["code"] == "term-there"
    ended = post(board, "/ends", END)
    assert board.get(OFFICES).json()[0]["ends_on"] == "2028-05-01"
    confirm_over_http(board, ended["entry_id"])
    [past] = board.get(OFFICES).json()
    assert (past["ends_on"], past["state"]) == ("2026-03-01", "past")
    assert "1 March 2026" in plain(board.get("/governance/offices").text)
    facts = told(embedded)
    assert [each.member_id for each in only(facts, PersonElected)] == ["m001"]
    assert [str(each.ends_on) for each in only(facts, TermEnded)] == ["2026-03-01"]


def test_nobody_confirms_their_own_and_who_left_it_out_says_why(board: TestClient) -> None:
    entry_id = post(board, "", TERM)["entry_id"]
    answer = board.post(f"/governance/api/v1/entries/{entry_id}/confirm")
    assert (answer.status_code, answer.json()["code"]) == (409, "second-person")
    assert board.post(f"/governance/api/v1/entries/{entry_id}/drop", json={"reason": ""}).status_code == 422
    assert board.post(f"/governance/api/v1/entries/{entry_id}/drop", json={"reason": "a typo"}).status_code == 200
    confirm_over_http(board, entry_id, 409)
    assert board.get(OFFICES).json() == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"office": "king"}, "office"), ({"ends_on": "2024-05-01"}, "ends_on"), ({"member_id": "m009"}, "member_id")],
)
def test_what_the_page_refuses_a_program_is_refused_too(board: TestClient, changed: dict[str, str], field: str) -> None:
    refused = post(board, "", TERM | changed, 422)
    assert [problem["field"] for problem in refused["problems"]] == [field]


def test_the_end_of_a_term_that_is_not_there_is_not_found_and_none_lies_ahead(board: TestClient) -> None:
    post(board, "/ends", END, 404)
    confirm_over_http(board, post(board, "", TERM)["entry_id"])
    assert post(board, "/ends", END | {"ended_on": "2028-01-01"}, 422)["problems"][0]["field"] == "ends_on"


@pytest.mark.parametrize(
    ("role", "reads", "enters"), [("member", 200, 403), ("auditor", 200, 403), ("operator", 200, 200)]
)
def test_each_role_does_by_the_api_what_it_does_on_the_page(
    board: TestClient, role: str, reads: int, enters: int
) -> None:
    desk = sit_down(board, "account-9", role)
    assert (desk.get(OFFICES).status_code, desk.post(OFFICES, json=TERM).status_code) == (reads, enters)
