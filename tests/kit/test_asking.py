"""Programs ask: pages of lists, entity tags, requests that come again, kinds of bodies, headers, versions.

One file: all of it is asked of one small service whose routes stand here, and each habit meets the others there.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Request, Response
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import func, insert, select, update

from coop.kit import repeats
from coop.kit.access import ANYBODY, SIGNED_IN, Access
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.contract import describe
from coop.kit.database import Database
from coop.kit.http import GuardedRoute, RawBody, create_app, reading, shows_once, writing
from coop.kit.keyset import cut_query
from coop.kit.paging import Paged
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.kit.sites import Site
from coop.kit.sunset import deprecated
from coop.kit.tables import kept_answer
from tests.kit.clocks import SetClock
from tests.kit.town import heard, open_database

ACCESS = Access("members", {"open": ANYBODY, "work": SIGNED_IN | {"read:members"}})
routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1", tags=["members"])
may = ACCESS.may
gate = threading.Event()
entered = threading.Event()


class Person(BaseModel):
    member_id: str


def rename(request: Request, before: str, after: str) -> None:
    with writing(request) as tx:
        mine = heard.c.community == tx.community, heard.c.member_id == before
        tx.execute(update(heard).where(*mine).values(member_id=after))


@routes.get("/people")
@may("work")
def list_people(request: Request, page: Paged, letter: str = "") -> list[Person]:
    with reading(request) as tx:
        query = select(heard.c.member_id).where(heard.c.community == tx.community, heard.c.member_id.like(f"{letter}%"))
        names = tx.scalars(cut_query(query, page.window, heard.c.member_id)).all()
    return [Person(member_id=name) for name in page.close(names, lambda name: (name,))]


@routes.get("/newest")
@may("work")
def list_newest(request: Request, page: Paged) -> list[str]:
    with reading(request) as tx:
        query = select(heard.c.member_id).where(heard.c.community == tx.community)
        names = tx.scalars(cut_query(query, page.window, heard.c.member_id, newest_first=True)).all()
    return list(page.close(names, lambda name: (name,)))


@routes.get("/at-hand")
@may("work")
def list_at_hand(page: Paged) -> list[int]:
    return list(page.cut(range(10), lambda number: (number,)))


@routes.get("/people/{member_id}")
@may("work")
def get_person(member_id: str) -> Person:
    return Person(member_id=member_id)


@routes.post("/people/{member_id}/name")
@may("work")
def name_person(request: Request, member_id: str, body: Person) -> Person:
    rename(request, member_id, body.member_id)
    return body


@routes.get("/towns/{town}")
@may("work")
def get_town(request: Request, town: str) -> Person:
    with reading(request) as tx:
        names = tx.scalars(select(heard.c.member_id).where(heard.c.community == tx.community)).all()
    return Person(member_id=",".join(names))


@routes.post("/towns/{town}")
@may("work")
def name_town(request: Request, town: str, body: Person) -> Person:
    rename(request, town, body.member_id)
    return body


@routes.post("/people")
@may("work")
def add_person(request: Request, body: Person) -> Person:
    with writing(request) as tx:
        tx.execute(insert(heard).values(community=tx.community, member_id=body.member_id))
    if body.member_id == "slow":
        entered.set()
        assert gate.wait(20)
    if body.member_id == "bug":
        raise RuntimeError
    return body


@routes.post("/secrets")
@may("work")
@shows_once
def make_secret(request: Request) -> dict[str, str]:
    with writing(request) as tx:
        tx.execute(insert(heard).values(community=tx.community, member_id="secret"))
    return {"token": "seen-once"}


@routes.get("/townsfolk")
@may("work")
@deprecated(since=date(2027, 1, 1), sunset=date(2028, 1, 1))
def list_townsfolk(letter: str) -> list[str]:
    return [letter]


@routes.post("/raw")
@may("open")
def take_raw(body: RawBody) -> int:
    return len(body)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(SYSTEM_CLOCK.now())


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/members.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = open_database(url, "members", clock)
    yield opened
    opened.close()


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Iterator[TestClient]:
    gate.clear()
    entered.clear()
    with TestClient(
        create_app(
            "t",
            Settings(data_dir=tmp_path, base_url="http://testserver"),
            {"members": database},
            [routes],
            lambda _request, status, _code, text, _problems: Response(text, status),
            lambda host: Site(host.removesuffix(".example"), "coop", "en", f"http://{host}"),
        ),
        raise_server_exceptions=False,
    ) as made:
        enter(made)
        yield made


def enter(client: TestClient, community: str = "demo", account: str = "a1") -> None:
    app: Any = client.app
    client.headers["host"] = f"{community}.example"
    session = Session(
        account, "Demo", frozenset({"board"}), None, community, "s", app.state.databases["members"].clock.now()
    )
    client.cookies.clear()
    client.cookies.set(COOKIE, sign(session, app.state.settings.signing_secret()))


def populate(database: Database, count: int, community: str = "demo") -> None:
    with database.system_write() as sql:
        sql.execute(insert(heard), [{"community": community, "member_id": f"m{n:04d}"} for n in range(count)])


def people(database: Database) -> list[str]:
    with database.read("demo") as tx:
        return list(tx.scalars(select(heard.c.member_id).where(heard.c.community == tx.community)))


def walk(client: TestClient, address: str) -> list[list[Any]]:
    pages = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        pages.append(answer.json())
        address = answer.links.get("next", {}).get("url", "")
    return pages


def test_every_row_is_on_exactly_one_page(client: TestClient, database: Database) -> None:
    populate(database, 23)
    pages = walk(client, "/members/api/v1/people?limit=10")
    assert [len(page) for page in pages] == [10, 10, 3]
    assert [row["member_id"] for page in pages for row in page] == [f"m{n:04d}" for n in range(23)]
    newest = [name for page in walk(client, "/members/api/v1/newest?limit=7") for name in page]
    assert newest == [f"m{n:04d}" for n in reversed(range(23))]
    assert walk(client, "/members/api/v1/at-hand?limit=5") == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_rows_that_come_and_go_do_not_shift_the_next_page(client: TestClient, database: Database) -> None:
    populate(database, 10)
    first = client.get("/members/api/v1/people?limit=5")
    with database.system_write() as sql:
        sql.execute(heard.delete().where(heard.c.member_id.in_(["m0001", "m0004"])))
        sql.execute(insert(heard).values(community="demo", member_id="m0000b"))
    assert [row["member_id"] for row in client.get(first.links["next"]["url"]).json()] == [
        f"m{n:04d}" for n in range(5, 10)
    ]


def test_a_page_has_a_largest_size_and_a_filter_stays_on_the_next(client: TestClient, database: Database) -> None:
    populate(database, 10)
    assert client.get("/members/api/v1/people?limit=501").status_code == 422
    assert client.get("/members/api/v1/people?limit=0").status_code == 422
    assert len(walk(client, "/members/api/v1/people?limit=4&letter=m000")) == 3


def test_a_cursor_that_was_changed_or_is_of_another_list_or_community_is_refused(
    client: TestClient, database: Database
) -> None:
    populate(database, 10)
    link = client.get("/members/api/v1/people?limit=5").links["next"]["url"]
    changed = link[:-3] + ("abc" if not link.endswith("abc") else "xyz")
    others = [changed, link.replace("/people", "/newest"), link + "&letter=m", "/members/api/v1/people?after=x"]
    answers = [client.get(address) for address in others]
    enter(client, community="zuid")
    answers.append(client.get(link))
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "bad-cursor")}


def test_what_was_read_before_and_has_not_changed_is_not_sent_again(client: TestClient, database: Database) -> None:
    populate(database, 3)
    first = client.get("/members/api/v1/people")
    tag = {"If-None-Match": first.headers["etag"]}
    again = client.get("/members/api/v1/people", headers=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    populate(database, 1, "zuid")
    assert client.get("/members/api/v1/people", headers=tag).status_code == 304
    client.post("/members/api/v1/people", json={"member_id": "new"})
    assert client.get("/members/api/v1/people", headers=tag).status_code == 200


def test_a_change_of_what_somebody_else_has_changed_is_refused(client: TestClient, database: Database) -> None:
    populate(database, 2)
    tag = client.get("/members/api/v1/people/m0000").headers["etag"]
    path, body = "/members/api/v1/people/m0000/name", {"member_id": "x"}
    stale = client.post(path, json=body, headers={"If-Match": '"of-yesterday"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition-failed")
    assert client.post(path, json=body, headers={"If-Match": f"W/{tag}"}).status_code == 200


def test_of_two_who_read_the_same_and_change_it_at_once_one_is_first(client: TestClient, database: Database) -> None:
    populate(database, 1)
    tag = client.get("/members/api/v1/towns/m0000").headers["etag"]

    def rename_it(name: str) -> int:
        answer = client.post("/members/api/v1/towns/m0000", json={"member_id": name}, headers={"If-Match": tag})
        return answer.status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(rename_it, ["one", "two"])) == [200, 412]


def test_a_change_with_a_key_that_was_carried_out_is_answered_again_and_not_refused(
    client: TestClient, database: Database
) -> None:
    populate(database, 1)
    tag = client.get("/members/api/v1/towns/m0000").headers["etag"]
    headers = {"If-Match": tag, "Idempotency-Key": "k"}
    for _ in range(2):
        answer = client.post("/members/api/v1/towns/m0000", json={"member_id": "new"}, headers=headers)
        assert answer.status_code == 200
    assert answer.headers["idempotency-replayed"] == "true"


def test_a_request_that_comes_again_with_its_key_is_carried_out_once(client: TestClient, database: Database) -> None:
    key = {"Idempotency-Key": "k1"}
    first = client.post("/members/api/v1/people", json={"member_id": "x"}, headers=key)
    again = client.post("/members/api/v1/people", json={"member_id": "x"}, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content) == (200, b'{"member_id":"x"}')
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert people(database) == ["x"]


def test_a_key_counts_for_one_person_of_one_community_and_one_request(client: TestClient, database: Database) -> None:
    key = {"Idempotency-Key": "k1"}
    assert client.post("/members/api/v1/people", json={"member_id": "x"}, headers=key).status_code == 200
    other = client.post("/members/api/v1/people", json={"member_id": "y"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    enter(client, account="a2")
    assert client.post("/members/api/v1/people", json={"member_id": "y"}, headers=key).status_code == 200
    enter(client, community="zuid")
    assert client.post("/members/api/v1/people", json={"member_id": "x"}, headers=key).status_code == 200
    assert sorted(people(database)) == ["x", "y"]


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(client: TestClient, key: str) -> None:
    answer = client.post("/members/api/v1/people", json={"member_id": "x"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-idempotency-key")


def test_a_request_that_failed_may_be_sent_again(client: TestClient, database: Database) -> None:
    key = {"Idempotency-Key": "k1"}
    assert client.post("/members/api/v1/people", json={"member_id": "bug"}, headers=key).status_code == 500
    assert people(database) == []
    assert client.post("/members/api/v1/people", json={"member_id": "x"}, headers=key).status_code == 200


def test_an_effect_whose_answer_could_not_be_kept_is_gone_as_well(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"Idempotency-Key": "k1"}

    def die(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(repeats, "_keep", die)
        assert client.post("/members/api/v1/people", json={"member_id": "x"}, headers=key).status_code == 500
    assert people(database) == []
    assert client.post("/members/api/v1/people", json={"member_id": "x"}, headers=key).status_code == 200
    assert people(database) == ["x"]


def test_the_same_request_twice_at_once_is_carried_out_once(client: TestClient, database: Database) -> None:
    def send() -> tuple[int, str]:
        answer = client.post("/members/api/v1/people", json={"member_id": "slow"}, headers={"Idempotency-Key": "k1"})
        return answer.status_code, answer.json().get("code", "")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(send)
        assert entered.wait(20)
        second = pool.submit(send)
        if not database.is_sqlite:  # there it waits for the writer before it, and gets the same answer
            assert second.result(20) == (409, "request-in-flight")
        gate.set()
        assert first.result(20) == (200, "")
        assert second.result(20)[0] in (200, 409)
    assert people(database) == ["slow"]


def test_an_answer_with_a_secret_is_not_kept(client: TestClient, database: Database) -> None:
    key = {"Idempotency-Key": "k1"}
    assert client.post("/members/api/v1/secrets", headers=key).json() == {"token": "seen-once"}
    again = client.post("/members/api/v1/secrets", headers=key)
    assert (again.status_code, again.json()["code"]) == (409, "answer-not-kept")
    with database.read("demo") as tx:
        bodies = tx.scalars(select(kept_answer.c.body).where(kept_answer.c.community == tx.community)).all()
    assert [bytes(body) for body in bodies] == [b""]
    assert people(database) == ["secret"]


def test_kept_answers_are_forgotten_after_a_week(client: TestClient, database: Database, clock: SetClock) -> None:
    client.post("/members/api/v1/people", json={"member_id": "x"}, headers={"Idempotency-Key": "k1"})
    for days, left in ((6, 1), (2, 0)):
        clock.set(clock.now() + timedelta(days=days))
        with database.write("demo", Session("j", "", frozenset(), None, "demo").actor("job")) as tx:
            repeats.forget_answers(tx)
            count = select(func.count()).select_from(kept_answer).where(kept_answer.c.community == tx.community)
            assert tx.scalar(count) == left


def test_a_problem_has_the_shape_of_rfc_9457(client: TestClient) -> None:
    answer = client.post("/members/api/v1/people", json={})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/bad-request",
        "title": "Request of another shape",
        "status": 422,
        "detail": "member_id: is missing",
        "code": "bad-request",
        "problems": [
            {"reason": "is missing", "field": "member_id", "line": None, "template": "is missing", "parameters": {}}
        ],
        "template": "",
        "parameters": {},
    }
    client.cookies.clear()
    stranger = client.post("/members/api/v1/people", json={})
    assert (stranger.status_code, stranger.headers["www-authenticate"]) == (401, 'Bearer realm="coop"')


def test_a_body_of_another_kind_or_that_cannot_be_read_is_named(client: TestClient) -> None:
    path = "/members/api/v1/people"
    as_text = client.post(path, content=b"{}", headers={"Content-Type": "text/plain"})
    assert (as_text.status_code, as_text.json()["code"]) == (415, "unsupported-media-type")
    latin = client.post(path, content=b'{"member_id": "\xe9"}', headers={"Content-Type": "application/json"})
    assert (latin.status_code, latin.json()["code"]) == (400, "unreadable-body")
    cut_off = client.post(path, content=b'{"member', headers={"Content-Type": "application/json"})
    assert (cut_off.status_code, cut_off.json()["code"]) == (422, "bad-request")
    assert client.post("/members/api/v1/raw", content=b"123", headers={"Content-Type": "text/plain"}).json() == 3


def test_an_unknown_version_of_the_contract_names_the_versions_there_are(client: TestClient) -> None:
    answer = client.get("/members/api/v9/people")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-version")
    assert "/members/api/v1/" in answer.json()["detail"]
    assert client.get("/members/api/people").json()["code"] == "unknown-version"
    assert client.get("/members/api/v1/nothing").json()["code"] == "not-found"
    assert client.get("/members/api/v1/people").headers["api-version"] == "1"
    assert "api-version" not in client.get("/nowhere").headers


def test_an_operation_that_will_go_says_so_in_every_answer_and_in_the_document(client: TestClient) -> None:
    answered, refused = client.get("/members/api/v1/townsfolk?letter=a"), client.get("/members/api/v1/townsfolk")
    assert (answered.status_code, refused.status_code) == (200, 422)
    for answer in (answered, refused):
        assert answer.headers["deprecation"] == "@1798761600"
        assert answer.headers["sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
    stays = client.get("/members/api/v1/people")
    assert stays.headers.keys().isdisjoint({"deprecation", "sunset"})
    paths = describe("t", "1", [routes], {}, "/", {})["paths"]
    going = paths["/members/api/v1/townsfolk"]["get"]
    assert going["deprecated"]
    assert {"Deprecation", "Sunset"} <= going["responses"]["200"]["headers"].keys()
    assert "May be gone from 2028-01-01 on." in going["description"]
    assert "deprecated" not in paths["/members/api/v1/people"]["get"]


def test_an_operation_goes_no_sooner_than_a_year_after_it_was_said() -> None:
    with pytest.raises(ValueError, match="no 365 days"):
        deprecated(since=date(2027, 1, 1), sunset=date(2027, 12, 31))


def test_too_many_headers_are_refused(client: TestClient) -> None:
    many = client.get("/members/api/v1/people", headers={f"x-{n}": "1" for n in range(200)})
    assert (many.status_code, many.json()["code"]) == (431, "too-many-headers")
    assert client.get("/members/api/v1/people", headers={"x-large": "1" * 33_000}).status_code == 431


def test_a_method_that_is_not_there_is_a_problem_that_names_those_that_are(client: TestClient) -> None:
    answer = client.delete("/members/api/v1/people")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


def test_the_document_says_what_follows_from_each_route() -> None:
    document = describe("t", "1", [routes], {"members": "People."}, "/", {})
    listed = document["paths"]["/members/api/v1/people"]["get"]
    added = document["paths"]["/members/api/v1/people"]["post"]
    named = document["paths"]["/members/api/v1/people/{member_id}/name"]["post"]
    raw = document["paths"]["/members/api/v1/raw"]["post"]
    assert listed["operationId"] == "list_people"
    assert {"304", "401", "403", "422"} <= set(listed["responses"])
    assert "412" in named["responses"]
    assert "412" not in added["responses"]
    assert "Link" in listed["responses"]["200"]["headers"]
    assert (listed["security"], raw["security"]) == ([{"session": []}, {"token": ["read:members"]}], [])
    assert [parameter["name"] for parameter in added["parameters"]] == ["Idempotency-Key"]
    assert "HTTPValidationError" not in json.dumps(document)


def test_two_operations_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="both called"):
        describe("t", "1", [routes, routes], {}, "/", {})
