"""The page of a member joins what each service has on them, by fragments of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from coop.kit.relay import settle
from coop.kit.settings import Settings
from coop.operator.beginning import begin, draft_profile
from coop.operator.runtime import embedded_app, local_bus
from tests.desk import SECRET
from tests.operator.test_home_lists import enter

ANNA = {"number": "L-1", "name": "Anna Demo", "kind": "owner", "joined_on": "2026-01-01"}
NEW = "/members/register/members/new"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    """All four services with a co-operative of one member, of whom every service has heard."""
    settings = Settings(data_dir=tmp_path, secret=SECRET)
    profile = draft_profile({"name": "Coöperatie Warm U.A.", "kvk": "12345678"}, "noor@warm.example")
    begin(settings, "warm", profile, "noor@warm.example")
    made = embedded_app(settings)
    rooms = made.state.rooms
    board = enter(made, "board")
    checked = board.post(NEW, data=ANNA)
    preview = re.search(r'name="preview"[^>]* value="([^"]*)"', checked.text)
    assert preview, checked.text
    kept = board.post(NEW, data=ANNA | {"preview": preview[1], "write": "yes"})
    assert "Anna Demo" in kept.text, kept.text
    settle([("members", rooms["members"].database)], local_bus(rooms))
    yield made
    for room in rooms.values():
        room.database.close()


def find_page(person: TestClient) -> str:
    address = re.search(r"href='(/members/[0-9a-f-]{36})'", person.get("/members/").text)
    assert address
    return address[1]


@pytest.mark.parametrize("role", ["board", "treasurer", "auditor", "operator"])
def test_who_keeps_the_books_finds_energy_votes_messages_and_looks_of_a_member(app: FastAPI, role: str) -> None:
    person = enter(app, role)
    address = find_page(person)
    member_id = address.removeprefix("/members/")
    page = person.get(address).text
    for source, words in (
        (f"/metering/cards/members/{member_id}", "Nog geen afgesloten maand."),
        (f"/governance/cards/members/{member_id}", "vandaag 1 stem"),
    ):
        assert f'data-card="{source}"' in page
        answer = person.get(source)
        assert answer.status_code == 200, source
        assert words in answer.text
    assert f'href="/metering/members/{member_id}"' in page, "a link before any script runs"
    assert "Nog geen afgesloten maand" in person.get(f"/metering/members/{member_id}").text
    assert f"{address}/messages" in page


def test_the_board_sees_who_looked_at_the_use_of_a_member(app: FastAPI) -> None:
    board = enter(app, "board")
    page = board.get(find_page(board).replace("/members/", "/members/privacy/members/"))
    assert "Niemand dan het lid zelf bekeek het in detail." in page.text


@pytest.mark.parametrize("role", ["member", "partner"])
def test_nobody_else_reads_what_a_service_has_on_a_member(app: FastAPI, role: str) -> None:
    member_id = find_page(enter(app, "board")).removeprefix("/members/")
    for service in ("metering", "governance"):
        assert enter(app, role).get(f"/{service}/cards/members/{member_id}").status_code == 403
