"""The lists of the home page: the steps of a beginning, and what waits, each service for itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Route

from coop.kit.actor import COMMAND_LINE
from coop.kit.http import GuardedRoute
from coop.kit.parking import park
from coop.kit.relay import settle
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.operator.beginning import begin, draft_profile
from coop.operator.runtime import embedded_app, local_bus
from tests.desk import SECRET

STEPS = (
    ("/members/cards/step-particulars", "Gegevens van de coöperatie"),
    ("/members/cards/step-register", "Er is nog geen lid"),
    ("/governance/cards/step-statutes", "Ze zijn er nog niet"),
    ("/governance/cards/step-tariff", "Nog geen vergadering heeft er een aangenomen"),
    ("/metering/cards/step-meters", "Er is nog geen meter"),
    ("/metering/cards/step-month", "Er is nog geen meterstand binnen"),
    ("/billing/cards/step-bills", "Er is nog geen maand afgesloten"),
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    """All four services with a co-operative that has just begun."""
    settings = Settings(data_dir=tmp_path, secret=SECRET)
    profile = draft_profile({"name": "Coöperatie Warm U.A.", "kvk": "12345678"}, "noor@warm.example")
    begin(settings, "warm", profile, "noor@warm.example")
    made = embedded_app(settings)
    rooms = made.state.rooms
    settle([("members", rooms["members"].database)], local_bus(rooms))
    yield made
    for room in rooms.values():
        room.database.close()


def enter(app: FastAPI, *roles: str) -> TestClient:
    """The pages in Dutch, as somebody with these roles."""
    client = TestClient(app, headers={"accept": "text/html", "accept-language": "nl"})
    began_at = app.state.databases["members"].clock.now()
    client.cookies.set(COOKIE, sign(Session("a-1", "Noor", frozenset(roles), None, "warm", "s-1", began_at), SECRET))
    return client


def lines_of(page: str) -> list[str]:
    """Addresses of the fragments that the lists of a home page ask for, in their order."""
    return re.findall(r'data-line="([^"]+)"', page)


def test_each_step_says_in_words_what_is_still_missing(app: FastAPI) -> None:
    board = enter(app, "board")
    assert [line for line in lines_of(board.get("/").text) if "/step-" in line] == [address for address, _ in STEPS]
    for address, words in STEPS:
        answer = board.get(address)
        assert answer.status_code == 200, address
        assert words in answer.text
        assert "nog te doen" in answer.text
    assert "Een rekening moet ook noemen: Straat en huisnummer, Postcode, Plaats, Btw-id, IBAN" in re.sub(
        r"\s+", " ", board.get("/members/cards/step-particulars").text
    )


def test_the_lists_are_links_before_any_script_runs(app: FastAPI) -> None:
    page = enter(app, "board").get("/").text
    for href in ("/members/community", "/members/imports", "/governance/meetings/new", "/billing/runs", "/operations"):
        assert re.search(rf'<li data-line="[^"]+"><a href="{href}">[^<]+</a></li>', page), href


@pytest.mark.parametrize("role", ["member", "partner", "auditor"])
def test_only_who_can_take_them_is_shown_the_steps(app: FastAPI, role: str) -> None:
    assert not [line for line in lines_of(enter(app, role).get("/").text) if "/step-" in line]


@pytest.mark.parametrize("role", ["member", "board", "treasurer", "partner", "auditor", "operator"])
def test_nothing_waits_in_a_co_operative_that_has_just_begun(app: FastAPI, role: str) -> None:
    person = enter(app, role)
    page = person.get("/").text
    assert "Er wacht niets op u." in page
    waiting = [line for line in lines_of(page) if "/step-" not in line]
    assert waiting
    for address in waiting:
        answer = person.get(address)
        assert answer.status_code == 200, address
        only_hers = "1 account heeft nog geen tweede stap" if role in ("board", "operator") else ""
        assert (only_hers in answer.text) if "members/cards/waiting" in address else (answer.text.strip() == ""), (
            address
        )


def test_what_was_refused_waits_for_the_operator(app: FastAPI) -> None:
    with app.state.databases["metering"].write("warm", COMMAND_LINE) as tx:
        park(tx, "telegram", "p1", b"/", "unreadable", "it has no end")
    line = enter(app, "operator").get("/metering/cards/troubles").text
    assert "Meetgegevens: 1 bericht is geweigerd en wacht" in line
    assert 'href="/metering/dead-letters"' in line
    assert 'data-line="/metering/cards/troubles"' not in enter(app, "treasurer").get("/").text


def test_every_line_opens_for_all_who_see_it(app: FastAPI) -> None:
    routes = {
        route.path: route
        for part in app.routes
        for route in getattr(part, "original_router", app).routes
        if isinstance(route, Route) and isinstance(route, GuardedRoute) and "GET" in (route.methods or ())
    }
    for room in app.state.pages:
        for line in (*room.steps, *room.waiting):
            shown_to = room.access.table[line.action]
            for address in (line.href, line.source):
                route = routes.get(address) or routes[re.sub(r"^/\w+", "/{service}", address)]
                opened_to = route.access.table[route.action]
                assert {role for role in shown_to if ":" not in role} <= opened_to or "signed in" in opened_to, (
                    f"{address} to {shown_to - opened_to}"
                )


def test_the_treasurer_finds_the_months_to_close_in_the_menu(app: FastAPI) -> None:
    assert re.search(r'<a href="/metering/data"[^>]*>Meetgegevens</a>', enter(app, "treasurer").get("/").text)


def test_a_partner_is_promised_no_bill(app: FastAPI) -> None:
    page = enter(app, "partner").get("/billing/").text
    assert "Uw eerste rekening" not in page
    assert "U krijgt geen rekening als lid." in page
