"""The application every service wears: access and size before the body, refusals as answers, bugs as answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, Request, Response
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError

from coop.kit.access import ANYBODY, SIGNED_IN, Access, roles
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.database import Database
from coop.kit.http import GuardedRoute, body_max, create_app, reading, session_of, writing
from coop.kit.metrics import REQUEST_SECONDS
from coop.kit.problems import PROBLEMS_MAX
from coop.kit.session import COOKIE, Session, end_sessions, sign
from coop.kit.settings import Settings
from coop.values import BadInput, CoopError, NotFound, Problem
from tests.desk import lead_to, let_program_in
from tests.kit.town import SECRETARY, member, open_database

MEMBER = Session("a1", "Demo-lid 1", frozenset({"member"}), "m1", "demo", "s1", SYSTEM_CLOCK.now())
ACCESS = Access(
    "members", {"open": ANYBODY, "own": SIGNED_IN, "see-mine": roles("member", "read:members"), "rule": roles("board")}
)

routes = APIRouter(route_class=GuardedRoute)


class Rows(BaseModel):
    rows: list[dict[str, int]]


@routes.get("/refused")
@ACCESS.may("open")
def refused() -> None:
    raise CoopError("too-late", "the notice is too late")


@routes.post("/import")
@ACCESS.may("open")
def bad() -> None:
    raise BadInput([Problem("no such member", "member", 7)])


@routes.get("/mine")
@ACCESS.may("see-mine")
def mine(request: Request) -> str:
    return session_of(request).name


@routes.get("/board")
@ACCESS.may("rule")
def board(request: Request) -> str:
    return session_of(request).name


@routes.post("/rows")
@ACCESS.may("own")
@body_max(1000)
def take_rows(rows: Rows) -> int:
    return len(rows.rows)


@routes.get("/counted")
@ACCESS.may("open")
def counted(number: int) -> int:
    return 1 // number


@routes.get("/away")
@ACCESS.may("open")
def away() -> None:
    raise OperationalError("select 1", {}, OSError("disk is full"))


@routes.get("/missing")
@ACCESS.may("open")
def missing() -> None:
    raise NotFound


@routes.post("/many-problems")
@ACCESS.may("open")
def many_problems() -> None:
    raise BadInput([Problem("wrong", line=line) for line in range(5000)])


@routes.post("/tell")
@ACCESS.may("see-mine")
def tell(request: Request) -> str:
    with writing(request) as tx:
        tx.tell(member(1))
        return f"{tx.community} {tx.actor} {tx.actor.channel}"


@routes.get("/look")
@ACCESS.may("see-mine")
def look(request: Request) -> str:
    with reading(request) as tx:
        return tx.community


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    database = open_database(f"sqlite:///{tmp_path}/members.db", "members")
    settings = Settings(data_dir=tmp_path, base_url="https://coop.example")
    app = create_app(
        "t",
        settings,
        {"members": database},
        [routes],
        lambda _request, status, _code, text, _problems: Response(f"<h1>{text}</h1>", status),
        lead_to("https://coop.example"),
    )
    with TestClient(app, base_url="https://coop.example") as made:
        yield made
    database.close()


def enter(client: TestClient, session: Session = MEMBER) -> None:
    client.cookies.set(COOKIE, sign(session, client.app.state.settings.signing_secret()))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/refused", 409, "too-late"),
        ("/missing", 404, "not-found"),
        ("/away", 503, "unavailable"),
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
    assert answer.json()["problems"] == [
        {"reason": "no such member", "field": "member", "line": 7, "template": "no such member", "parameters": {}}
    ]


def test_a_malformed_request_names_the_field(client: TestClient) -> None:
    answer = client.get("/counted?number=many")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "number"


def test_an_answer_has_a_largest_number_of_problems(client: TestClient) -> None:
    problems = client.post("/many-problems").json()["problems"]
    assert len(problems) == PROBLEMS_MAX + 1
    assert problems[-1]["reason"] == "5000 problems in all"


def test_a_bug_is_answered_without_its_inside_and_the_connection_stays_open(client: TestClient) -> None:
    answer = client.get("/counted?number=0", headers={"accept": "text/html"})
    assert (answer.status_code, "ZeroDivision" in answer.text) == (500, False)
    assert client.get("/counted?number=1").json() == 1


def test_a_path_with_a_nul_is_not_found(client: TestClient) -> None:
    assert client.get("/%00").status_code == 404


def test_a_member_reaches_their_own_page_and_not_the_board_s(client: TestClient) -> None:
    enter(client)
    assert client.get("/mine").json() == "Demo-lid 1"
    assert client.get("/board").status_code == 403


def test_another_site_cannot_act_for_somebody(client: TestClient) -> None:
    assert client.post("/import", headers={"origin": "https://evil.example"}).json()["code"] == "other-origin"
    assert client.post("/import", headers={"sec-fetch-site": "cross-site"}).json()["code"] == "other-origin"
    assert client.post("/import", headers={"origin": "https://coop.example"}).status_code == 422


def test_who_is_not_signed_in_is_refused_before_the_body_is_read(client: TestClient) -> None:
    answer = client.post("/rows", content=b'{"rows": [' + b"{}," * 300 + b"{}]}")
    assert (answer.status_code, len(answer.content) < 200) == (401, True)


def test_a_body_that_is_too_large_is_refused_however_it_is_sent(client: TestClient) -> None:
    enter(client)
    large = b'{"rows": [' + b"{}," * 600 + b"{}]}"
    assert client.post("/rows", content=large).json()["code"] == "too-large"
    in_pieces = client.post("/rows", content=iter([large[:500], large[500:]]))
    assert in_pieces.status_code == 413
    assert client.post("/rows", json={"rows": [{}]}).json() == 1


def test_a_route_without_an_entry_of_the_access_table_does_not_start() -> None:
    with pytest.raises(TypeError, match="who may open it"):
        APIRouter(route_class=GuardedRoute).get("/open")(lambda: None)
    with pytest.raises(KeyError):
        ACCESS.may("no such entry")


def test_a_transaction_of_a_request_knows_who_acts_for_which_community_and_through_what(client: TestClient) -> None:
    enter(client)
    assert client.post("/tell").json() == "demo account:a1 api"
    assert client.get("/look").json() == "demo"


def test_an_ended_session_opens_nothing_from_then_on(client: TestClient) -> None:
    enter(client)
    assert client.get("/mine").status_code == 200
    with client.app.state.databases["members"].write("demo", SECRETARY) as tx:  # type: ignore[attr-defined]
        end_sessions(tx, "a1", "s1")
    assert client.get("/mine").status_code == 401


def test_a_program_acts_by_its_token_and_a_wrong_one_is_named(client: TestClient) -> None:
    database: Database = client.app.state.databases["members"]  # type: ignore[attr-defined]
    right, wrong = let_program_in(database, "read:members"), {"Authorization": "Bearer left"}
    token_id = right["Authorization"].split("_")[1]
    assert client.post("/tell", headers=right).json() == f"demo program:{token_id} api"
    assert client.get("/board", headers=right).status_code == 403
    refused = client.get("/mine", headers=wrong)
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong-token")
    assert client.get("/counted?number=1", headers=wrong).json() == 1
    assert client.get("/mine", headers={"Authorization": "Basic right"}).json()["code"] == "not-signed-in"


def test_pages_of_somebody_are_not_kept_and_https_is_remembered(client: TestClient) -> None:
    enter(client)
    headers = client.get("/mine").headers
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"].startswith("max-age=")


def test_head_answers_as_get_does_without_a_body(client: TestClient) -> None:
    answer = client.head("/refused")
    assert (answer.status_code, answer.content) == (409, b"")


def test_each_answer_and_each_line_of_the_log_has_the_request_s_id_and_no_query(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "coop.requests"):
        answer = client.get("/refused?token=SECRET", headers={"x-request-id": "id-from-the-proxy"})
    assert answer.headers["x-request-id"] == "id-from-the-proxy"
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("coop"))
    assert "SECRET" not in ours
    assert "GET /refused 409" in ours
    made = client.get("/refused", headers={"x-request-id": "no good: %"}).headers["x-request-id"]
    assert len(made) == 32


def test_request_times_are_counted_by_route_and_not_by_address(client: TestClient) -> None:
    client.get("/counted?number=1")
    client.get("/nowhere/at/all")
    routes_counted = {sample.labels["route"] for metric in REQUEST_SECONDS.collect() for sample in metric.samples}
    assert "/counted" in routes_counted
    assert not any("nowhere" in route for route in routes_counted)
