"""Sign-in, refusals as answers, jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from coop.kit.auth import COOKIE, NotAllowed, Session, read, require, sign
from coop.kit.web import create_app
from fastapi import APIRouter, Request, Response
from fastapi.testclient import TestClient
from pydantic import ValidationError

from coop.kit.database import Database
from coop.kit.jobs import Job, chain_check, last_runs, run_due, scheduler
from coop.kit.settings import Settings
from coop.values import BadInput, CoopError, NotFound, Problem
from tests.kit.town import member, open_database, tell

MEMBER = Session("a1", "Demo-lid 1", frozenset({"member"}), "m1", "demo")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    routes = APIRouter()

    @routes.get("/refused")
    def refused() -> None:
        raise CoopError("too-late", "the notice is too late")

    @routes.post("/import")
    def bad() -> None:
        raise BadInput([Problem("no such member", "member", 7)])

    @routes.get("/mine")
    def mine(request: Request) -> str:
        return require(request, "member").name

    @routes.get("/board")
    def board(request: Request) -> str:
        return require(request, "board").name

    @routes.get("/counted")
    def counted(number: int) -> int:
        return 1 // number

    @routes.get("/missing")
    def missing() -> None:
        raise NotFound

    settings = Settings(data_dir=tmp_path, base_url="https://coop.example")
    app = create_app("t", settings, [routes], lambda _r, status, code, text, _p: Response(f"<h1>{text}</h1>", status))
    app.state.secret = settings.signing_secret()
    with TestClient(app) as made:
        yield made


def test_a_session_survives_its_cookie_and_a_changed_cookie_does_not() -> None:
    cookie = sign(MEMBER, "secret")
    assert read(cookie, "secret") == MEMBER
    assert read(cookie, "other secret") is None
    assert read(cookie[:-2] + "xx", "secret") is None
    assert read(None, "secret") is None


def test_a_session_has_its_own_roles_only() -> None:
    assert MEMBER.has("board", "member")
    assert not MEMBER.has("board")
    assert NotAllowed().code == "not-allowed"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/refused", 409, "too-late"),
        ("/missing", 404, "not-found"),
        ("/nowhere", 404, "not-found"),
        ("/mine", 401, "not-signed-in"),
    ],
)
def test_programs_get_a_refusal_as_json(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_people_get_a_refusal_as_a_page(client: TestClient) -> None:
    answer = client.get("/refused", headers={"accept": "text/html"})
    assert (answer.status_code, answer.text) == (409, "<h1>the notice is too late</h1>")


def test_bad_input_names_line_field_and_reason(client: TestClient) -> None:
    answer = client.post("/import")
    assert answer.status_code == 422
    assert answer.json()["problems"] == [{"reason": "no such member", "field": "member", "line": 7}]


def test_a_malformed_request_names_the_field(client: TestClient) -> None:
    answer = client.get("/counted?number=many")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "number"


def test_a_bug_is_told_as_a_page_that_says_nothing_of_its_inside(client: TestClient) -> None:
    kind = TestClient(client.app, raise_server_exceptions=False)
    answer = kind.get("/counted?number=0", headers={"accept": "text/html"})
    assert (answer.status_code, "ZeroDivision" in answer.text) == (500, False)


def test_a_path_with_a_nul_is_not_found(client: TestClient) -> None:
    assert client.get("/%00").status_code == 404


def test_a_member_reaches_their_own_page_and_not_the_board_s(client: TestClient) -> None:
    client.cookies.set(COOKIE, sign(MEMBER, client.app.state.secret))  # type: ignore[attr-defined]  # our FastAPI app
    assert client.get("/mine").json() == "Demo-lid 1"
    assert client.get("/board").status_code == 403


def test_another_site_cannot_act_for_somebody(client: TestClient) -> None:
    assert client.post("/import", headers={"origin": "https://evil.example"}).json()["code"] == "other-origin"
    assert client.post("/import", headers={"sec-fetch-site": "cross-site"}).json()["code"] == "other-origin"
    assert client.post("/import", headers={"origin": "https://coop.example"}).status_code == 422


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    assert settings.signing_secret() == Settings(data_dir=tmp_path / "new").signing_secret()
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o077 == 0


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOP_BUS", "pigeon")
    with pytest.raises(ValidationError, match="bus"):
        Settings()


def test_two_schedulers_fire_a_job_once(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/members.db", "members")
    ran: list[datetime] = []

    def work(due_at: datetime) -> str:
        ran.append(due_at)
        return "done"

    job = Job("count", "0 3 * * *", database, work)
    at = datetime(2025, 10, 26, 1, 0, 30, tzinfo=UTC)
    assert [run_due(job, at), run_due(job, at.replace(second=59))] == [True, False]
    assert run_due(job, at.replace(hour=2))
    assert len(ran) == 2
    assert [outcome for _, _, outcome in last_runs(database)] == ["done", "done"]
    database.close()


def test_a_refusing_job_says_why(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/members.db", "members")

    def refuse(_due_at: datetime) -> str:
        raise CoopError("no", "not today")

    run_due(Job("grumpy", "0 3 * * *", database, refuse), datetime(2025, 1, 1, tzinfo=UTC))
    assert last_runs(database)[0][2] == "no: not today"
    database.close()


def test_the_nightly_check_walks_the_chain(tmp_path: Path) -> None:
    database: Database = open_database(f"sqlite:///{tmp_path}/members.db", "members")
    tell(database, member(1))
    job = chain_check(database)
    with scheduler([job]):
        run_due(job, datetime(2025, 1, 1, 3, 17, tzinfo=UTC))
    assert last_runs(database)[0][2] == "0 facts, chain whole"
    database.close()
