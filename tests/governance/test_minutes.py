"""Minutes: what was decided stands in them at once, with its article; one person adds words, another confirms them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.events.governance import MinutesConfirmed
from coop.governance.minutes import commands as minutes
from coop.governance.minutes.commands import Said, Written
from coop.governance.minutes.store import find_minutes, load_minutes
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import TOWN, client, confirm, live, only, sit_down, told
from tests.metering.test_meter_pages import plain

WORDS = Written(
    "A. Jansen",
    "B. de Vries",
    "De vergadering dankt de vrijwilligers.",
    {"tariff": Said("De prijs dekt de kosten.", "Twee leden vinden het vastrecht te hoog.")},
)
PAGE = "/governance/meetings/alv-1/minutes"


@pytest.fixture
def closed(database: Database) -> Database:
    live(database, until="reach")
    return database


def test_minutes_hold_every_figure_by_themselves_and_the_words_of_two_people(closed: Database) -> None:
    with closed.write(TOWN, SECRETARY) as tx:
        entry = minutes.write_minutes(tx, "alv-1", WORDS)
        assert find_minutes(tx, "alv-1") is None
        confirm(tx, entry)
        kept = find_minutes(tx, "alv-1")
        assert kept is not None
        content = load_minutes(tx, kept)
    tariff = content["points"][0]
    assert (tariff["verdict"], tariff["article"]) == ("adopted", "art. 14.2")
    assert (tariff["votes_for"], tariff["votes_needed"]) == (4, 3)
    assert tariff["dissent"] == "Twee leden vinden het vastrecht te hoog."
    assert content["took_part"] == {"on_the_pages": 0, "on_paper": 4, "by_proxy": 0}
    assert (content["members_entitled"], content["chair"]) == (4, "A. Jansen")
    assert content["closed_at"] == "2026-06-24T20:00+02:00"
    [fact] = only(told(closed), MinutesConfirmed)
    assert (fact.number, fact.minutes_hash) == (1, kept.minutes_hash)


def test_minutes_that_are_written_anew_take_the_place_of_the_first_which_stay_on_file(closed: Database) -> None:
    with closed.write(TOWN, SECRETARY) as tx:
        confirm(tx, minutes.write_minutes(tx, "alv-1", WORDS))
        confirm(tx, minutes.write_minutes(tx, "alv-1", Written("A. Jansen", "C. Bos")))
        kept = find_minutes(tx, "alv-1")
        assert kept is not None
        assert (kept.number, load_minutes(tx, kept)["secretary"]) == (2, "C. Bos")
    assert [fact.number for fact in only(told(closed), MinutesConfirmed)] == [1, 2]


def test_no_minutes_are_made_of_an_open_meeting_and_none_without_their_makers(database: Database) -> None:
    live(database, until="close")
    with database.write(TOWN, SECRETARY) as tx:
        with pytest.raises(CoopError, match="once the meeting is closed"):
            minutes.write_minutes(tx, "alv-1", WORDS)
        with pytest.raises(BadInput) as refused:
            minutes.write_minutes(tx, "alv-1", Written("", "x" * 101, points={"tariff": Said("y" * 4001)}))
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["chair", "secretary", "tariff.considerations"]


def test_a_point_that_is_not_on_the_agenda_has_no_place_in_the_minutes(closed: Database) -> None:
    with closed.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match="not on the agenda"):
        minutes.write_minutes(tx, "alv-1", Written("A", "B", points={"elsewhere": Said("c")}))


@pytest.fixture
def board(embedded: Database, tmp_path: Path) -> TestClient:
    live(embedded, until="reach")
    return client(embedded, tmp_path, "board")


def test_the_list_of_decisions_is_a_tagged_pdf_within_ten_seconds_of_the_closing(board: TestClient) -> None:
    begun = time.monotonic()
    answer = board.get(f"{PAGE}.pdf", params={"lang": "nl"})
    assert time.monotonic() - begun < 10
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in answer.content
    assert board.get(f"{PAGE}.pdf", params={"lang": "nl"}).content == answer.content
    page = plain(board.get(PAGE, params={"lang": "nl"}).text)
    assert "concept" in page
    assert "art. 14.2" in page


def test_the_board_writes_minutes_on_a_page_and_members_read_them_at_the_resolution(board: TestClient) -> None:
    form = {
        "chair": "A. Jansen",
        "secretary": "B. de Vries",
        "0.considerations": "De prijs dekt de kosten.",
        "0.dissent": "Te hoog vastrecht.",
    }
    kept = board.post(PAGE, data=form)
    entry_id = kept.text.split("/alv-1/minutes/")[1].split('"')[0]
    assert board.post(f"{PAGE}/{entry_id}", data={"act": "confirm"}).status_code == 422
    sit_down(board, "account-2", "board")
    done = board.post(f"{PAGE}/{entry_id}", data={"act": "confirm"}, params={"lang": "nl"})
    assert done.url.path == PAGE
    assert "confirmed them on" in plain(done.text)
    sit_down(board, "m", "member", member_id="m001")
    assert "Te hoog vastrecht." in plain(board.get("/governance/resolutions/tariff").text)
    assert 'name="chair"' not in board.get(PAGE).text
    assert board.post(PAGE, data=form).status_code == 403


def test_the_api_answers_minutes_as_data_before_and_after_they_are_confirmed(board: TestClient) -> None:
    address = "/governance/api/v1/meetings/alv-1/minutes"
    first = board.get(address).json()
    assert (first["confirmed_at"], first["points"][0]["verdict"], first["chair"]) == (None, "adopted", "")
    body = {
        "chair": "A",
        "secretary": "B",
        "points": [{"resolution_id": "tariff", "considerations": "c"}],
        "entry_id": "minutes-1",
    }
    assert board.post(address, json=body).json()["kind"] == "minutes"
    sit_down(board, "account-2", "board")
    assert board.post("/governance/api/v1/entries/minutes-1/confirm").json()["state"] == "confirmed"
    after = board.get(address).json()
    assert after["points"][0]["considerations"] == "c"
    assert len(after["sha256"]) == 64
    assert after["confirmed_at"] is not None
