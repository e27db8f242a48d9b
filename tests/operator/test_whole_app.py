"""The application of all services: every route has its entry, health names every part, metrics stay inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Route

from coop.demo.cooperative import PROFILE
from coop.events import SERVICES
from coop.events.members import MemberLeft
from coop.events.scopes import SCOPES
from coop.kit import journal, positions
from coop.kit.access import ANYBODY, SIGNED_IN
from coop.kit.actor import COMMAND_LINE
from coop.kit.http import GuardedRoute
from coop.kit.jobs import run_due
from coop.kit.positions import Head
from coop.kit.release import VERSION
from coop.kit.settings import Settings
from coop.members.service import MEMBERS
from coop.operator.chain import CHAIN_CHECK
from coop.operator.founding import add_community
from coop.operator.matrix import matrix, roles_of, scopes_of_rooms
from coop.operator.runtime import embedded_app
from coop.operator.services import service_named
from coop.web.shell import FLASH_COOKIE
from tests.desk import COMMUNITY, SECRET, sign_in
from tests.founding import found_everywhere

OPEN_TO_ALL = {"/static/{name}", "/openapi.json"}
"""Routes that no table opens: they show what the program is, and nothing of anybody."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """All four services; its threads do not run."""
    made = embedded_app(Settings(data_dir=tmp_path_factory.mktemp("whole"), secret=SECRET))
    found_everywhere(made.state.rooms)
    yield made
    for room in made.state.rooms.values():
        room.database.close()


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


def routes_of(app: FastAPI) -> list[Route]:
    """All routes, also those of the routers that the application has taken in."""
    return [
        route
        for part in app.routes
        for route in getattr(part, "original_router", app).routes
        if isinstance(route, Route) and (hasattr(part, "original_router") or route is part)
    ]


def test_a_host_name_that_no_co_operative_has_is_named_as_such(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret=SECRET)
    names = {"name": "Zuid U.A.", "site_name": "Zuid", "mail_sender": "bestuur@zuid.example"}
    add_community(settings, "zuid", {**asdict(PROFILE), **names, "hosts": "zuid.example"})
    with TestClient(embedded_app(settings), headers={"accept": "application/json"}) as client:
        for path in ("/members/api/v1/members", "/billing/api/v1/bills", "/governance/feed.json"):
            stranger = client.get(path, headers={"host": "noord.example"})
            assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown-host"), path
            assert client.get(path, headers={"host": "zuid.example"}).status_code == 401, path


@pytest.mark.parametrize("cookie", ["5", "null", "[1]", "[1,2,3]", "{}", "[" * 3000, "%5B%22done%22%2C%7B%7D%5D"])
def test_a_message_cookie_that_we_did_not_write_breaks_no_page(client: TestClient, cookie: str) -> None:
    assert client.get("/", headers={"cookie": f"{FLASH_COOKIE}={cookie}"}).status_code == 200


def test_every_route_names_an_entry_of_its_service_s_table(app: FastAPI) -> None:
    tables = {room.name: room.access for room in app.state.pages}
    routes = [route for route in routes_of(app) if route.path not in OPEN_TO_ALL]
    assert len(routes) > 100
    for route in routes:
        assert isinstance(route, GuardedRoute), f"{route.path} is not guarded"
        assert route.access is tables[route.access.service], route.path
        assert route.action in route.access.table, route.path


def test_every_entry_of_a_table_opens_something(app: FastAPI) -> None:
    used = {(route.access.service, route.action) for route in routes_of(app) if isinstance(route, GuardedRoute)}
    used |= {(room.name, part.action) for room in app.state.pages for part in (*room.sections, *room.cards)}
    in_code = "\n".join(path.read_text() for path in Path("coop").rglob("*.py"))
    idle = [
        f"{room.name}: {action}"
        for room in app.state.pages
        for action in room.access.table
        if (room.name, action) not in used and in_code.count(f'"{action}"') < 2 and not action.startswith("grant-")
    ]
    assert idle == []


def test_every_scope_opens_something_and_nothing_that_its_makers_may_not_do_themselves(app: FastAPI) -> None:
    rooms = app.state.pages
    assert scopes_of_rooms(rooms) == SCOPES
    makers = MEMBERS.access.table["keep-programs"] - set(SCOPES)
    for room in rooms:
        for action, needed in room.access.table.items():
            if needed & set(SCOPES):
                assert makers <= needed or needed >= SIGNED_IN, f"{room.name}: {action}"


def test_no_scope_opens_accounts_votes_or_the_release_of_money() -> None:
    for room, action in (
        ("members", "keep-programs"),
        ("members", "change-accounts"),
        ("governance", "vote"),
        ("governance", "enter-ballots"),
        ("governance", "decide-tranche"),
        ("billing", "release-runs"),
        ("metering", "close-period"),
        ("metering", "import-readings"),
    ):
        assert not service_named(room).access.table[action] & set(SCOPES), action


def test_what_nobody_is_signed_in_for_opens_nothing_but_the_doorstep(app: FastAPI, client: TestClient) -> None:
    opened = set()
    for route in routes_of(app):
        if isinstance(route, GuardedRoute) and route.access.table[route.action] != ANYBODY:
            path = route.path.replace("{service}", "metering")
            for method in route.methods or ():
                answer = client.request(method, path, headers={"accept": "application/json"})
                if answer.status_code != 401:
                    opened.add(f"{method} {path}: {answer.status_code}")
    assert opened == set()


def test_the_matrix_shows_every_action_and_by_role_what_opens_for_it(app: FastAPI, client: TestClient) -> None:
    rooms = app.state.pages
    assert sum(len(rows) for _, rows in matrix(rooms)) == sum(len(room.access.table) for room in rooms)
    for role in (*roles_of(rooms), *scopes_of_rooms(rooms)):
        shown = {(room.name, row.action) for room, rows in matrix(rooms, role) for row in rows}
        expected = {
            (room.name, action)
            for room in rooms
            for action, needed in room.access.table.items()
            if needed == ANYBODY or role in needed or (needed >= SIGNED_IN and ":" not in role)
        }
        assert shown == expected
    page = sign_in(client, "treasurer").get("/access?role=treasurer", headers={"accept": "text/html"}).text
    assert "release-runs" in page
    assert "adopt-statutes" not in page


def test_livez_answers_whatever_is_wrong_and_readyz_names_every_part(client: TestClient) -> None:
    assert client.get("/livez").text == f"ok coop {VERSION}\n"
    assert client.head("/livez").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["version"] == client.get("/openapi.json").json()["info"]["version"] == VERSION
    parts = answer.json()["parts"]
    for name in SERVICES:
        for part in ("relay", "database", "gaps", "chain", "jobs"):
            assert parts[f"{part} {name}"] == "ok"


def test_a_lost_journal_and_a_failed_job_show_in_readyz_metrics_and_on_the_page(
    app: FastAPI, client: TestClient
) -> None:
    billing, members = app.state.rooms["billing"].database, app.state.rooms["members"].database
    now = billing.clock.now()
    positions.note_head(billing, "governance", Head(9, "a" * 64), now, is_heard=True)
    positions.note_head(billing, "governance", Head(9, "b" * 64), now, is_heard=True)
    with members.write(COMMUNITY, COMMAND_LINE) as tx:
        tx.tell(MemberLeft(member_id="m1", left_on=now.date()))
    with members.system_write() as sql:
        journal.seal(sql)
        journal.mark_published(sql, journal.head(sql)[0] + 6)
    assert run_due(CHAIN_CHECK, members, COMMUNITY)
    parts = client.get("/readyz").json()["parts"]
    assert "governance" in parts["gaps billing"]
    assert "was handed to the bus and is gone" in parts["chain members"]
    outside = client.get("/readyz", headers={"x-forwarded-for": "203.0.113.7"}).json()["parts"]
    assert outside["chain members"] == "trouble", "the words of servers stay inside"
    gauges = client.get("/metrics").text
    assert 'coop_part_up{part="gaps billing"} 0.0' in gauges
    assert 'coop_part_up{part="chain members"} 0.0' in gauges
    board = sign_in(client, "board")
    assert "facts are missing" in board.get("/billing/cards/operations?lang=en").text
    assert "governance" in board.get("/billing/dead-letters").text


def test_metrics_are_for_inside_alone_and_hold_no_name(client: TestClient) -> None:
    assert client.get("/metrics", headers={"x-forwarded-for": "203.0.113.7"}).status_code == 403
    text = client.get("/metrics").text
    assert "coop_chain_position" in text
    assert COMMUNITY not in text


def test_jobs_are_shown_and_switched_by_who_may(client: TestClient) -> None:
    board = sign_in(client, "board")
    (job,) = [job for job in board.get("/members/api/v1/jobs").json() if job["name"] == "chain-check"]
    assert job["enabled"]
    assert board.post("/members/api/v1/jobs/chain-check", json={"enabled": False}).json()["enabled"] is False
    assert "switched off" in board.get("/members/dead-letters?lang=en").text
    assert board.post("/members/api/v1/jobs/no-such-job", json={"enabled": True}).status_code == 404
    assert sign_in(client, "member").post("/members/api/v1/jobs/chain-check", json={"enabled": True}).status_code == 403
