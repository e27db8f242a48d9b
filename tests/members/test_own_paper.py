"""All that is held of a member as one PDF, made of the parts that each service gave to their browser."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.web.own_paper import ROWS_SHOWN, ListIn, _print
from tests.desk import sign_in
from tests.members.sample import VRIES, bring_all
from tests.poppler import assert_no_warning

PAPER = "/members/me/own-data.pdf"


@pytest.fixture
def member(database: Database, client: TestClient) -> TestClient:
    bring_all(database)
    return sign_in(client, "member", member_id=VRIES)


def take(client: TestClient) -> dict[str, Any]:
    answer = client.get("/members/api/v1/me/export", params={"form": "paper"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return {"title": "Register", "lists": answer.json()["lists"]}


def test_a_service_gives_the_beginning_of_each_list_of_one_s_own(member: TestClient) -> None:
    lists = {each["name"]: each for each in take(member)["lists"]}
    [row] = lists["members"]["rows"]
    assert "A. de Vries" in row
    assert lists["members"]["count"] == 1
    assert len(row) == len(lists["members"]["columns"])
    assert {"contracts", "gas-bills", "connections", "messages", "accounts"} <= set(lists)


def test_all_parts_are_set_as_one_paper(member: TestClient) -> None:
    readings = {"name": "readings", "columns": ["Time", "GJ"], "rows": [["1", "2"]] * ROWS_SHOWN, "count": 35_040}
    parts = [take(member), {"title": "Energy", "lists": [readings]}]
    answer = member.post(PAPER, json=parts)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"%PDF")
    assert_no_warning(answer.content)
    assert "own-data.pdf" in answer.headers["content-disposition"]
    wicked = {"name": "x", "columns": ['#panic("x")'], "rows": [['"] #read("/etc/passwd")'], []], "count": 2}
    assert member.post(PAPER, json=[{"title": "x", "lists": [wicked]}]).content.startswith(b"%PDF")


def test_paper_writes_days_in_words_and_leaves_out_ids_and_empty_columns() -> None:
    row = ["0b8b7a4e-1111-2222-3333-444455556666", "2026-11-26T10:07:44.5Z", "2026-01-05", "", "€ 5"]
    listing = ListIn(name="bills", columns=["Id", "Made [UTC]", "Day", "Reply", "Amount"], rows=[row], count=1)
    printed = _print(listing, "nl")
    assert printed["title"] == "Uw rekeningen"
    assert printed["columns"] == ["Made", "Day", "Amount"]
    assert printed["rows"] == [["26 nov 2026 11:07", "5 januari 2026", "€ 5"]]


@pytest.mark.parametrize(
    "parts",
    [
        [{"title": "x" * 101, "lists": []}],
        [{"title": "x", "lists": [{"name": "x", "columns": [], "rows": [], "count": 0}]}],
        [{"title": "x", "lists": [{"name": "x", "columns": ["a"], "rows": [["b"]] * (ROWS_SHOWN + 1), "count": 1}]}],
        "nothing",
    ],
)
def test_what_is_no_part_is_refused(member: TestClient, parts: object) -> None:
    assert member.post(PAPER, json=parts, headers={"accept": "application/json"}).status_code == 422


def test_only_who_is_signed_in_has_a_paper_made(client: TestClient) -> None:
    assert client.post(PAPER, json=[], headers={"accept": "application/json"}).status_code == 401
