"""Pages of an election: from the agenda over a member's vote, papers and the count to the office."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.governance.ballots.elections.reading import find_election
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import STATUTES as FIRST
from tests.governance.assembly import TOWN, admit, adopt, client, come, members, sit_down
from tests.governance.elections.room import SECRET, convene, count, open_vote, seat, stand, vote
from tests.governance.test_attendance import EVENING, at
from tests.metering.test_meter_pages import plain

PAGE = "/governance/elections/e"


@pytest.fixture
def steward(embedded: Database, tmp_path: Path) -> TestClient:
    convene(embedded)
    return client(embedded, tmp_path, "board")


def read(desk: TestClient, page: str = PAGE, lang: str = "en") -> str:
    answer = desk.get(page, headers={"Accept-Language": lang})
    assert answer.status_code == 200, answer.text
    return plain(answer.text)


def member(steward: TestClient, member_id: str) -> TestClient:
    return sit_down(steward, f"account-{member_id}", "member", member_id=member_id)


def test_the_agenda_takes_candidates_by_their_numbers(embedded: Database, tmp_path: Path) -> None:
    at(embedded, datetime(2026, 5, 1, 9, tzinfo=UTC))
    desk = client(embedded, tmp_path, "board")
    with embedded.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        adopt(tx, FIRST)
    form = {
        "held_on": "2026-06-24",
        "1.kind": "election",
        "1.subject_nl": "Bestuurslid",
        "1.office": "board",
        "1.seats": "1",
        "1.begins_on": "2026-07-01",
        "1.ends_on": "2029-07-01",
        "1.candidates": "L-001\nL-002",
        "1.nominated": "",
    }
    wrong = desk.post("/governance/meetings/new", data={**form, "1.candidates": "L-001\nL-999", "act": "keep"})
    assert wrong.status_code == 422
    assert "L-999 is no member on the day of the meeting" in plain(wrong.text)
    look = plain(desk.post("/governance/meetings/new", data={**form, "act": "look"}).text)
    assert "L-001, L-002" in look
    desk.post("/governance/meetings/new", data={**form, "act": "keep"})
    with embedded.read(TOWN) as tx:
        assert list(find_election(tx, "alv-2026-06-24-1").candidacy.options) == ["m001", "m002"]


def test_a_member_votes_changes_it_and_sees_it(steward: TestClient, embedded: Database) -> None:
    assert "Open this vote" in read(steward)
    assert steward.post(PAGE, data={"act": "open"}).status_code == 200
    desk = member(steward, "m004")
    assert "Choose one" in read(desk)
    empty = desk.post(f"{PAGE}/vote", data={"number": "1", "act": "own"}, headers={"Accept-Language": "en"})
    assert empty.status_code == 422
    assert "choose first, or choose blank" in plain(empty.text)
    for choice in ("m002", "m001"):
        answer = desk.post(f"{PAGE}/vote", data={"number": "1", "act": "own", "choice": choice, "ballot_id": choice})
        assert answer.status_code == 200
    assert "in the box Member L-001 ." in read(desk)
    assert "in the box" not in read(member(steward, "m005"))
    assert "Member L-001: " not in read(sit_down(steward, "b", "board"))
    assert member(steward, "m004").post(PAGE, data={"act": "count", "number": "1"}).status_code == 403


def test_stewards_count_papers_with_two_and_the_office_follows(steward: TestClient, embedded: Database) -> None:
    with embedded.write(TOWN, SECRETARY) as tx:
        come(tx, *members(5))
    steward.post(PAGE, data={"act": "open", "on_paper": "yes"})
    figures = {"votes.m001": "4", "votes.m002": "1", "valid": "5", "blank": "0", "invalid": "", "paper": "stembureau"}
    many = steward.post(PAGE, data={"act": "sheet", "number": "1", **figures, "votes.m001": "5", "valid": "6"})
    assert many.status_code == 422
    steward.post(PAGE, data={"act": "sheet", "number": "1", **figures})
    assert "You entered this yourself" in read(steward)
    second = sit_down(steward, "second", "board")
    [entry] = {part.split('"')[0] for part in second.get(PAGE).text.split(f"{PAGE}/papers/")[1:]}
    second.post(f"{PAGE}/papers/{entry}", data={"act": "confirm"})
    steward = sit_down(second, "first", "board")
    steward.post(PAGE, data={"act": "count", "number": "1"})
    assert stand(embedded).elected == ("m001",)
    steward.post("/governance/meetings/alv-1/close", data={"confirmed": "yes"})
    assert "Elected: Member L-001" in read(steward)
    offices = read(member(steward, "m009"), "/governance/offices")
    assert "To come Member L-001 : from 1 July 2026 until 1 July 2029" in offices
    minutes = read(steward, "/governance/meetings/alv-1/minutes")
    assert "adopted" in minutes
    assert steward.get("/governance/meetings/alv-1/minutes.pdf").status_code == 200
    assert steward.get("/governance/resolutions/e", follow_redirects=False).headers["location"] == PAGE


def test_a_secret_ballot_names_its_article_to_members(embedded: Database, tmp_path: Path) -> None:
    convene(embedded, articles=SECRET)
    open_vote(embedded)
    desk = client(embedded, tmp_path, "member", member_id="m001")
    assert "Art. 19.3 asks a secret ballot: one votes on paper" in read(desk)
    refused = desk.post(f"{PAGE}/vote", data={"number": "1", "choice": "m001", "act": "own"})
    assert refused.status_code == 422
    assert "art. 19.3 asks a secret ballot: vote on paper at the meeting" in plain(refused.text)


def test_nobody_reads_a_count_while_a_vote_is_open(steward: TestClient, embedded: Database) -> None:
    at(embedded, EVENING)
    vote(embedded, *["m001"] * 4, *["m002"] * 4, *["m003"] * 4)
    assert "4" in read(steward)
    open_vote(embedded)
    before = read(steward)
    desk = member(steward, "m004")
    desk.post(f"{PAGE}/vote", data={"number": "2", "act": "own", "choice": "m001"})
    assert read(sit_down(desk, "account-1", "board")) == before
    count(embedded, 2)


def test_whoever_has_a_seat_already_is_named_while_the_rest_is_voted_on(embedded: Database, tmp_path: Path) -> None:
    convene(embedded, seat(seats=2, candidates=["m001", "m002", "m003", "m004"]))
    vote(embedded, *["m001+m002"] * 4, *["m001+m003"] * 4, *["m004"] * 3)
    desk = client(embedded, tmp_path, "board")
    assert "Elected so far: Member L-001" in read(desk)
    assert "Offices" in read(desk, "/governance/")
