"""Votes that are divided, on the pages and through the API: a member's own, those of a giver, and those of paper."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.governance.ballots.store import list_standing
from coop.governance.model import Parts
from coop.kit.database import Database
from tests.governance.assembly import ARTICLES, TOWN, client, confirm_over_http, sit_down
from tests.governance.test_attendance import PAGE
from tests.governance.test_split_votes import begin
from tests.metering.test_meter_pages import plain

POINT = "/governance/resolutions/a"
NL = {"lang": "nl"}


@pytest.fixture
def desk(embedded: Database, tmp_path: Path) -> TestClient:
    """The member with most votes at the pages, on the evening of the meeting."""
    begin(embedded)
    return client(embedded, tmp_path, "member", member_id="m001")


def standing(database: Database, point: str = "a") -> dict[str, str | Parts]:
    with database.read(TOWN) as tx:
        return {member_id: each.parts or each.choice for member_id, each in list_standing(tx, point).items()}


def divide(desk: TestClient, **votes: str) -> tuple[int, str]:
    answer = desk.post(f"{POINT}/vote", data={"choice": "split", **votes}, params=NL)
    return answer.status_code, plain(answer.text)


def test_a_member_divides_their_votes_on_the_page_and_sees_what_is_wrong_with_them(
    desk: TestClient, embedded: Database
) -> None:
    seen = plain(desk.get(POINT, params=NL).text)
    assert "Uw stemmen verdelen" in seen
    assert "Art. 11.4 laat u uw stemmen verdelen" in seen
    status, page = divide(desk, votes_for="4", votes_against="2")
    assert (status, "verdeeld zijn 6 stemmen en het lid heeft er 5" in page) == (422, True)
    status, page = divide(desk, votes_for="4", votes_against="half")
    assert (status, "is een aantal stemmen, nul of meer" in page) == (422, True)
    assert standing(embedded) == {}
    status, page = divide(desk, votes_for="3", votes_against="2", ballot_id="one")
    assert (status, "3 voor, 2 tegen" in page) == (200, True)
    assert standing(embedded) == {"m001": Parts(3, 2)}
    assert "U stemde 3 voor, 2 tegen op" in plain(desk.get(POINT, params=NL).text)
    form = desk.get(POINT).text
    assert 'name="votes_for" type="number" inputmode="numeric" min="0" max="5" step="1" value="3"' in form
    desk.post(f"{POINT}/vote", data={"choice": "blank"})
    assert standing(embedded) == {"m001": "blank"}


def test_who_has_one_vote_or_statutes_that_are_silent_sees_no_more_than_before(
    desk: TestClient, embedded: Database, tmp_path: Path
) -> None:
    sit_down(desk, "three", "member", member_id="m003")
    assert "Divide your votes" not in desk.get(POINT).text


def test_where_the_statutes_are_silent_no_page_offers_to_divide(embedded: Database, tmp_path: Path) -> None:
    begin(embedded, ARTICLES)
    desk = client(embedded, tmp_path, "member", member_id="m001")
    assert "Divide your votes" not in desk.get(POINT).text
    status, page = divide(desk, votes_for="5", votes_against="4")
    assert (status, "art. 11 laat niemand zijn stemmen verdelen" in page) == (422, True)


def test_a_program_divides_votes_and_is_told_what_is_wrong(desk: TestClient, embedded: Database) -> None:
    address = "/governance/api/v1/resolutions/a/vote"
    body = {"choice": "split", "ballot_id": "one", "votes_for": 3, "votes_against": 2}
    for new in (True, False):
        assert desk.post(address, json=body).json()["new"] is new
    assert standing(embedded) == {"m001": Parts(3, 2)}
    for change in ({"votes_blank": 1}, {"votes_for": -3}, {"choice": "for"}, {"votes_for": 2}):
        answer = desk.post(address, json={**body, "ballot_id": "two", **change})
        assert answer.status_code in (400, 422), answer.text
    assert standing(embedded) == {"m001": Parts(3, 2)}


def test_a_holder_divides_the_votes_of_one_giver_on_the_page_and_through_the_api(
    desk: TestClient, embedded: Database
) -> None:
    for number in ("one", "two"):
        sit_down(desk, number, "member", member_id="m001" if number == "one" else "m002")
        desk.post(f"{PAGE}/mandate", data={"act": "give", "number": "L-003"})
    sit_down(desk, "three", "member", member_id="m003")
    page = plain(desk.get(f"{PAGE}/mandate", params=NL).text)
    assert "De stemmen van één lid verdelen" in page
    assert "allen gelijk" in page
    cast = {"act": "cast", "resolution_id": "a", "choice": "split", "ballot_id": "b1", "giver": "m001"}
    wrong = desk.post(f"{PAGE}/mandate", data={**cast, "votes_for": "3", "votes_against": "3"}, params=NL)
    assert (wrong.status_code, "het lid heeft er 5" in plain(wrong.text)) == (422, True)
    desk.post(f"{PAGE}/mandate", data={**cast, "votes_for": "3", "votes_against": "2"})
    assert "U stemde 3 voor, 2 tegen namens L-001." in plain(desk.get(f"{PAGE}/mandate", params=NL).text)
    desk.post(f"{PAGE}/mandate", data={**cast, "choice": "against", "giver": "m002", "ballot_id": "b2"})
    assert standing(embedded) == {"m001": Parts(3, 2), "m002": "against"}
    body = {"choice": "split", "ballot_id": "b3", "votes_blank": 3, "member_id": "m002"}
    address = "/governance/api/v1/resolutions/a/vote-by-mandates"
    assert desk.post(address, json=body).json()["new"] == 1
    assert desk.post(address, json={**body, "member_id": None, "ballot_id": "b4"}).status_code in (400, 422)
    assert standing(embedded) == {"m001": Parts(3, 2), "m002": Parts(0, 0, 3)}


def test_two_people_enter_divided_papers_and_the_second_reads_how(desk: TestClient, embedded: Database) -> None:
    sit_down(desk, "account-1", "board")
    lines = "L-001 3v+2t v\nL-002 1v+1t+1b -"
    desk.post(f"{PAGE}/ballots", data={"paper": "room", "lines": lines})
    page = plain(desk.get(f"{PAGE}/ballots", params=NL).text)
    assert "2 stembiljetten verdelen de stemmen." in page
    assert "Lid L-001, punt 1: 3 voor, 2 tegen" in page
    assert standing(embedded) == {}
    entry = desk.get("/governance/api/v1/entries").json()[0]["entry_id"]
    confirm_over_http(desk, entry)
    assert standing(embedded) == {"m001": Parts(3, 2), "m002": Parts(1, 1, 1)}
    rows = [{"member_id": "m002", "choice": "split", "votes_for": 4, "votes_against": -1}]
    body = {"resolution_id": "b", "paper": "room", "ballots": rows}
    answer = desk.post("/governance/api/v1/meetings/alv-1/votes", json=body)
    assert answer.status_code in (400, 422), answer.text
    assert "a number of votes, none or more" in answer.text


def test_own_data_say_how_votes_were_divided(desk: TestClient) -> None:
    divide(desk, votes_for="3", votes_against="2")
    answer = desk.get("/governance/api/v1/me/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        name = next(each for each in archive.namelist() if "ballots" in each and each.endswith(".csv"))
        text = archive.read(name).decode("utf-8-sig")
    [row] = [line for line in text.splitlines() if line.startswith(("a,", "a;"))]
    assert [each.strip('"') for each in row.replace(";", ",").split(",")][2:6] == ["Divided", "3", "2", "0"]


def test_the_form_of_the_statutes_and_their_page_say_that_votes_may_be_divided(desk: TestClient) -> None:
    page = plain(desk.get("/governance/statutes", params=NL).text)
    assert "Wie meer stemmen heeft, mag ze bij een voorstel verdelen" in page
    assert "Wie 5 stemmen heeft, mag er 4 voor en 1 tegen uitbrengen" in page
    sit_down(desk, "account-1", "board")
    form = desk.get("/governance/statutes/new").text
    assert 'name="voters.split"' in form
    assert 'name="voters.split_article"' in form
