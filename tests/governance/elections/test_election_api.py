"""The JSON API of elections: what the page does, by the same commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import TOWN, client, come, confirm_over_http, members, sit_down
from tests.governance.elections.room import SECRET, convene
from tests.governance.elections.test_election_pages import PAGE, read

API = "/governance/api/v1/elections/e"


@pytest.fixture
def desk(embedded: Database, tmp_path: Path) -> TestClient:
    convene(embedded)
    return client(embedded, tmp_path, "board")


def steward(desk: TestClient) -> TestClient:
    return sit_down(desk, "account-1", "board")


def cast(desk: TestClient, names: list[str], number: int = 1) -> None:
    """Members in turn vote for these names, each in their own session; ``-`` for blank."""
    for member_id, name in zip(members(len(names)), names, strict=True):
        sit_down(desk, f"account-{member_id}", "member", member_id=member_id)
        body = {"number": number, "choices": [] if name == "-" else [name], "ballot_id": f"{number}-{member_id}"}
        answer = desk.post(f"{API}/ballots", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["own"] == {"choices": body["choices"], "by_holder": False, "mandates": 0}


def test_an_election_goes_over_two_rounds_by_the_api_and_the_page_says_the_same(desk: TestClient) -> None:
    before: dict[str, Any] = desk.get(API).json()
    assert [each["name"] for each in before["candidates"]] == before["next_options"] == ["m001", "m002", "m003"]
    assert (before["open_vote"], before["own"], before["rounds"], before["is_over"]) == (None, None, [], False)
    opened = desk.post(f"{API}/votes", json={"on_paper": False}).json()["open_vote"]
    assert (opened["number"], opened["kind"], opened["names_most"]) == (1, "round", 1)
    cast(desk, ["m001"] * 5 + ["m002"] * 4 + ["m003"] * 2 + ["-"])
    shown = steward(desk).get(API).json()
    assert (shown["rounds"], shown["own"], shown["next_options"]) == ([], None, []), "nobody reads an open count"
    counted = desk.post(f"{API}/counts", json={"number": 1}).json()
    [first] = counted["rounds"]
    assert first["votes"] == [{"name": f"m00{n}", "votes": votes} for n, votes in ((1, 5), (2, 4), (3, 2))]
    assert (first["valid"], first["blank"], first["word"]) == (11, 1, "next round")
    assert counted["next_options"] == ["m001", "m002"]
    assert desk.post(f"{API}/counts", json={"number": 1}).json() == counted, "counted once"
    desk.post(f"{API}/votes", json={})
    cast(desk, ["m001"] * 5 + ["m002"] * 7, number=2)
    over = steward(desk).post(f"{API}/counts", json={"number": 2}).json()
    assert (over["elected"], over["is_over"], over["next_options"], over["decided_on"]) == (["m002"], True, [], None)
    page = read(desk)
    assert "Elected: Member L-002" in page
    assert "11 votes on valid papers, 1 blank, 0 invalid, of 12." in page
    desk.post("/governance/api/v1/meetings/alv-1/close", json={})
    assert desk.get(API).json()["decided_on"] == "2026-06-24"


def test_papers_and_a_lot_are_entered_by_one_and_confirmed_by_another(desk: TestClient, embedded: Database) -> None:
    with embedded.write(TOWN, SECRETARY) as tx:
        come(tx, *members(6))
    desk.post(f"{API}/votes", json={"on_paper": True})
    sheet: dict[str, Any] = {"number": 1, "valid": 6, "paper": "polling committee", "entry_id": "papers-1"}
    sheet["votes"] = [{"name": "m001", "votes": 3}, {"name": "m002", "votes": 3}]
    twice = desk.post(f"{API}/paper-counts", json={**sheet, "votes": [{"name": "m001", "votes": 3}] * 2})
    assert (twice.status_code, twice.json()["code"]) == (422, "bad-count")
    assert desk.post(f"{API}/paper-counts", json=sheet).json()["state"] == "waits"
    confirm_over_http(desk, "papers-1")
    tied = desk.post(f"{API}/counts", json={"number": 1}).json()
    assert (tied["rounds"][0]["word"], tied["rounds"][0]["entry_id"]) == ("next round", "papers-1")
    desk.post(f"{API}/votes", json={"on_paper": True})
    again = sheet | {"number": 2, "entry_id": "papers-2"}
    desk.post(f"{API}/paper-counts", json=again)
    confirm_over_http(desk, "papers-2")
    drawn = desk.post(f"{API}/counts", json={"number": 2}).json()
    assert drawn["draw"] == {"among": ["m001", "m002"], "picks": 1, "does": "elects"}
    assert desk.post(f"{API}/votes", json={}).json()["code"] == "lot-missing"
    lot = {"number": 2, "drawn": ["m002"], "paper": "from a hat", "entry_id": "lot-1"}
    desk.post(f"{API}/lots", json=lot)
    confirm_over_http(desk, "lot-1")
    over = desk.get(API).json()
    assert (over["elected"], over["draw"], over["rounds"][1]["drawn"]) == (["m002"], None, ["m002"])


def test_the_api_refuses_what_the_page_refuses(desk: TestClient, embedded: Database) -> None:
    ballot = {"number": 1, "choices": ["m001"], "ballot_id": "b"}
    assert desk.post(f"{API}/ballots", json=ballot).status_code == 403, "a steward is no member"
    sit_down(desk, "account-5", "member", member_id="m005")
    assert desk.post(f"{API}/ballots", json=ballot).json()["code"] == "vote-not-open"
    assert desk.post(f"{API}/votes", json={}).status_code == 403
    assert desk.get("/governance/api/v1/elections/none").status_code == 404
    steward(desk).post(f"{API}/votes", json={})
    sit_down(desk, "account-5", "member", member_id="m005")
    for choices in (["m009"], ["m001", "m002"], ["m001", "m001"]):
        assert desk.post(f"{API}/ballots", json={**ballot, "choices": choices}).json()["code"] == "bad-ballots"
    assert desk.post(f"{API}/mandate-ballots", json=ballot).json()["code"] == "no-mandates"
    assert desk.post(f"{API}/ballots", json={**ballot, "number": 10**9}).status_code == 422


def test_a_secret_ballot_is_refused_by_the_api_with_its_article(embedded: Database, tmp_path: Path) -> None:
    convene(embedded, articles=SECRET)
    desk = client(embedded, tmp_path, "board")
    assert desk.post(f"{API}/votes", json={}).json()["open_vote"]["secret"]
    sit_down(desk, "account-5", "member", member_id="m005")
    refused = desk.post(f"{API}/ballots", json={"number": 1, "choices": ["m001"], "ballot_id": "b"})
    assert refused.json()["code"] == "secret-ballot"
    assert "asks a secret ballot" in read(desk, PAGE)
