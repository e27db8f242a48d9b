"""Programs: made with a token that is shown once, listed, given meters and ended, by page and by API."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.events.scopes import PROGRAM_SCOPES
from coop.kit.database import Database
from coop.kit.tokens import list_devices, list_gateways
from coop.members.programs import texts
from coop.members.service import MEMBERS
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.kit.clocks import SetClock
from tests.members.browser import text_of
from tests.members.sample import AT, list_facts

API = "/members/api/v1/programs"
JSON = {"accept": "application/json"}
BOOKS = {"name": "Bookkeeping", "scopes": ["read:members"]}
BOX = {"name": "Box", "scopes": ["write:readings"], "gateway": "boiler-room", "meters": ["E-1", "H-1"]}


def make(client: TestClient, body: dict[str, Any]) -> tuple[str, str]:
    """Id and token of a program that is let in."""
    answer = client.post(API, json=body, headers=JSON)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    return made["program"]["token_id"], made["token"]


def read_members(client: TestClient, token: str) -> int:
    """Status of the answer to a program that asks for the members."""
    client.cookies.clear()
    answer = client.get("/members/api/v1/members", headers={**JSON, "authorization": f"Bearer {token}"})
    sign_in(client, "board")
    return answer.status_code


def test_a_program_comes_in_until_its_token_is_ended(database: Database, client: TestClient) -> None:
    sign_in(client, "board")
    token_id, token = make(client, BOOKS)
    assert read_members(client, token) == 200
    assert client.get(f"{API}/{token_id}", headers=JSON).json()["used_on"] == AT.date().isoformat()
    ended = [client.post(f"{API}/{token_id}/end", headers=JSON).json() for _ in range(2)]
    assert ended[0] == ended[1]
    assert (ended[0]["state"], ended[0]["ended_by"]) == ("ended", "account:account-1")
    assert read_members(client, token) == 401
    assert [name for name, _ in list_facts(database)] == ["program-token-made", "program-token-ended"]


def test_the_token_is_answered_once_and_never_again(database: Database, client: TestClient) -> None:
    sign_in(client, "operator")
    token_id, token = make(client, BOOKS)
    secret = token.split("_", 2)[2]
    for address in (API, f"{API}/{token_id}"):
        assert secret not in client.get(address, headers=JSON).text
    for address in ("/members/programs", f"/members/programs/{token_id}"):
        assert secret not in text_of(client, address)
    with database.system_read() as sql:
        for table in ("program", "program_token", "journal"):
            assert secret not in str(sql.exec_driver_sql(f"SELECT * FROM {table}").all())


def test_a_request_that_comes_again_makes_no_second_token_and_keeps_no_first_one(
    database: Database, client: TestClient
) -> None:
    sign_in(client, "board")
    keyed = {**JSON, "idempotency-key": "once"}
    token = client.post(API, json=BOOKS, headers=keyed).json()["token"]
    again = client.post(API, json=BOOKS, headers=keyed)
    assert (again.status_code, again.json()["code"]) == (409, "answer-not-kept")
    assert len(client.get(API, headers=JSON).json()) == 1
    with database.system_read() as sql:
        assert token.split("_", 2)[2] not in str(sql.exec_driver_sql("SELECT * FROM kept_answer").all())


def test_a_token_expires_after_the_last_day_a_year_from_now_by_default(client: TestClient, clock: SetClock) -> None:
    sign_in(client, "board")
    _, usual = make(client, BOOKS)
    _, short = make(client, {**BOOKS, "last_day": (AT + timedelta(days=3)).date().isoformat()})
    for days, expected in ((0, (200, 200)), (3, (200, 200)), (5, (200, 401)), (365, (200, 401)), (367, (401, 401))):
        clock.set(AT + timedelta(days=days))
        sign_in(client, "board")
        assert (read_members(client, usual), read_members(client, short)) == expected, days


IMPOSSIBLE = [
    ({"name": " "}, "name"),
    ({"name": "x" * 101}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"scopes": []}, "scopes"),
    ({"scopes": ["read:everything"]}, "scopes"),
    ({"scopes": ["write:readings"]}, "gateway"),
    ({"gateway": "g", "meters": ["E-1"]}, "gateway"),
    ({"meters": ["E-1"]}, "meters"),
    ({"last_day": "2020-01-01"}, "last_day"),
    ({"last_day": (AT + timedelta(days=732)).date().isoformat()}, "last_day"),
    ({"last_day": "9999-12-31"}, "last_day"),
    ({"has_token": False}, "scopes"),
    ({**BOX, "gateway": "two words"}, "gateway"),
    ({**BOX, "gateway": "coop/+"}, "gateway"),
    ({**BOX, "meters": []}, "meters"),
    ({**BOX, "meters": None}, "meters"),
    ({**BOX, "meters": ["E 1"]}, "meters"),
    ({**BOX, "has_token": False, "last_day": "2026-01-01"}, "last_day"),
]


@pytest.mark.parametrize(("changes", "field"), IMPOSSIBLE)
def test_what_cannot_be_is_refused_by_its_field(client: TestClient, changes: dict[str, Any], field: str) -> None:
    sign_in(client, "board")
    answer = client.post(API, json={**BOOKS, **changes}, headers=JSON)
    assert (answer.status_code, field in {problem["field"] for problem in answer.json()["problems"]}) == (422, True)


def test_a_client_cannot_choose_the_token(client: TestClient) -> None:
    sign_in(client, "board")
    assert client.post(API, json={**BOOKS, "token": "coop_1_mine"}, headers=JSON).status_code == 422


def test_only_the_board_lets_a_gateway_speak_for_every_meter(database: Database, client: TestClient) -> None:
    sign_in(client, "operator")
    plant = {**BOX, "meters": "every"}
    assert client.post(API, json=plant, headers=JSON).json()["code"] == "board-only"
    token_id, _ = make(client, BOX)
    refused = client.post(f"{API}/{token_id}/meters", json={"meters": "every"}, headers=JSON)
    assert refused.json()["code"] == "board-only"
    sign_in(client, "board")
    make(client, {**plant, "gateway": "plant"})
    assert "every meter" in text_of(client, "/members/programs")
    with database.read(COMMUNITY) as tx:
        assert list_gateways(tx) == {"boiler-room": frozenset({"E-1", "H-1"}), "plant": None}


def test_a_gateway_gets_other_meters_and_keeps_its_token(database: Database, client: TestClient) -> None:
    sign_in(client, "operator")
    token_id, _ = make(client, BOX)
    for _ in range(2):
        client.post(f"{API}/{token_id}/meters", json={"meters": ["E-2", "E-2"]}, headers=JSON).raise_for_status()
    with database.read(COMMUNITY) as tx:
        assert list_gateways(tx) == {"boiler-room": frozenset({"E-2"})}
    assert [name for name, _ in list_facts(database)] == ["program-token-made", "gateway-meters-set"]
    books, _ = make(client, BOOKS)
    assert client.post(f"{API}/{books}/meters", json={"meters": ["E-2"]}, headers=JSON).status_code == 422


def test_a_gateway_without_a_token_has_none_and_never_expires(database: Database, client: TestClient) -> None:
    sign_in(client, "operator")
    made = client.post(API, json={**BOX, "has_token": False}, headers=JSON).json()
    assert (made["token"], made["program"]["expires_at"], made["program"]["has_token"]) == (None, None, False)
    with database.read(COMMUNITY) as tx:
        assert list_gateways(tx) == {"boiler-room": frozenset({"E-1", "H-1"})}


def test_a_gateway_is_a_device_once_a_second_person_said_so(database: Database, client: TestClient) -> None:
    sign_in(client, "board")
    token_id, _ = make(client, BOX)
    confirm, seen = f"{API}/{token_id}/confirm", {"meters": BOX["meters"]}
    assert client.post(confirm, json=seen, headers=JSON).json()["code"] == "second-person"
    assert "waits for you" not in text_of(client, "/members/cards/waiting")
    assert devices(database) == {"boiler-room": frozenset()}
    sign_in(client, "operator", account_id="account-2")
    assert f"/members/programs/{token_id}" in text_of(client, "/members/cards/waiting")
    assert client.post(confirm, json={"meters": ["E-1"]}, headers=JSON).json()["code"] == "other-meters"
    for _ in range(2):
        shown = client.post(confirm, json=seen, headers=JSON).json()
    assert (shown["device_meters"], shown["waits"], shown["confirmed_by"]) == (
        ["E-1", "H-1"],
        False,
        "account:account-2",
    )
    told = [fact for name, fact in list_facts(database) if name == "device-meters-set"]
    assert [fact["named_by"] for fact in told] == ["account-1"]

    added = client.post(f"{API}/{token_id}/meters", json={"meters": ["H-1", "E-2"]}, headers=JSON).json()
    assert (added["device_meters"], added["waits"]) == (["H-1"], True), "taken off at once, added by two"
    assert client.post(confirm, json={"meters": ["H-1", "E-2"]}, headers=JSON).json()["code"] == "second-person"
    dropped = client.post(f"{API}/{token_id}/drop", headers=JSON).json()
    assert (dropped["meters"], dropped["state"], dropped["waits"]) == (["H-1"], "open", False)
    back = client.post(f"{API}/{token_id}/meters", json={"meters": ["E-1", "H-1"]}, headers=JSON).json()
    assert (back["device_meters"], back["waits"]) == (["H-1"], True), "what was taken off comes back by two"
    lone, _ = make(client, {**BOX, "gateway": "attic"})
    assert client.post(f"{API}/{lone}/drop", headers=JSON).json()["state"] == "ended"
    assert client.post(f"{API}/{lone}/confirm", json=seen, headers=JSON).json()["code"] == "no-gateway"


def test_the_page_of_a_gateway_says_who_has_to_confirm_it_and_takes_it(database: Database, client: TestClient) -> None:
    sign_in(client, "board")
    token_id, _ = make(client, {**BOX, "meters": "every"})
    page = f"/members/programs/{token_id}"
    assert "While you are alone, nothing has to be done" in text_of(client, page)
    assert f"{page}/confirm" not in text_of(client, page)
    sign_in(client, "operator", account_id="account-2")
    assert "waits for a second person" in text_of(client, "/members/programs")
    assert f'action="{page}/confirm"' in text_of(client, page)
    assert client.post(f"{page}/confirm", data={"every": "yes"}).status_code == 303
    assert devices(database) == {"boiler-room": None}
    assert "waits for a second person" not in text_of(client, "/members/programs")
    assert "Confirmed" in text_of(client, page)
    assert ",*,*," in client.get("/members/exports/programs.csv").text


def devices(database: Database) -> dict[str, frozenset[str] | None]:
    with database.read(COMMUNITY) as tx:
        return list_devices(tx)


@pytest.mark.parametrize("role", ["member", "partner", "treasurer", "auditor"])
def test_others_make_and_end_no_tokens(client: TestClient, role: str) -> None:
    sign_in(client, "board")
    token_id, token = make(client, BOOKS)
    sign_in(client, role)
    assert client.post(API, json=BOOKS, headers=JSON).status_code == 403
    assert client.post(f"{API}/{token_id}/end", headers=JSON).status_code == 403
    client.cookies.clear()
    bearer = {**JSON, "authorization": f"Bearer {token}"}
    assert client.post(API, json=BOOKS, headers=bearer).status_code == 403, "nor does a program"


def test_a_token_opens_nothing_at_another_co_operative_which_sees_and_ends_none_of_ours(
    database: Database, client: TestClient, tmp_path: Path
) -> None:
    sign_in(client, "board")
    token_id, token = make(client, BOOKS)
    with open_desk(MEMBERS, database, tmp_path, "https://zuid.example", "zuid") as zuid:
        assert read_members(zuid, token) == 401
        sign_in(zuid, "board", community="zuid")
        assert zuid.get(API, headers=JSON).json() == []
        assert zuid.post(f"{API}/{token_id}/end", headers=JSON).status_code == 404
    assert read_members(client, token) == 200


def test_the_page_lets_a_program_in_shows_its_token_once_and_ends_it(client: TestClient) -> None:
    sign_in(client, "board")
    page = text_of(client, "/members/programs")
    assert all(f'value="{scope}"' in page for scope in PROGRAM_SCOPES)
    answer = client.post("/members/programs", data={"name": "Bookkeeping", "scopes": ["read:bills", "read:members"]})
    token = re.search(r'value="(coop_[^"]+)"', answer.text)
    assert token, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert f"curl -H &#39;Authorization: Bearer {token[1]}&#39;" in answer.text
    assert read_members(client, token[1]) == 200
    token_id = token[1].split("_")[1]
    assert "read:bills" in text_of(client, f"/members/programs/{token_id}")
    assert "confirmed" in client.post(f"/members/programs/{token_id}/end").text
    assert read_members(client, token[1]) == 200
    ended = client.post(f"/members/programs/{token_id}/end", data={"confirmed": "yes"})
    assert ended.headers["location"] == "/members/programs"
    assert read_members(client, token[1]) == 401
    assert "ended" in text_of(client, "/members/programs")


def test_the_page_registers_a_gateway_and_changes_its_meters(database: Database, client: TestClient) -> None:
    sign_in(client, "operator")
    fields = {
        "name": "Box", "scopes": "write:readings", "gateway": "box", "meters": "E-1\r\nH-1, H-2", "no_token": "yes",
    }  # fmt: skip
    assert "coop/demo/box/p1" in client.post("/members/programs", data={**fields, "last_day": "2025-12-31"}).text
    [token_id] = re.findall(r'"/members/programs/(\w+)"', text_of(client, "/members/programs").replace("'", '"'))
    assert "E-1, H-1, H-2" in text_of(client, f"/members/programs/{token_id}")
    client.post(f"/members/programs/{token_id}/meters", data={"meters": "E-9"})
    with database.read(COMMUNITY) as tx:
        assert list_gateways(tx) == {"box": frozenset({"E-9"})}
    assert client.post("/members/programs", data={**fields, "last_day": "soon", "no_token": ""}).status_code == 422
    assert client.post("/members/programs", data={"name": "x"}).status_code == 422


def test_every_scope_has_its_words_and_an_example() -> None:
    assert tuple(texts.SCOPES) == PROGRAM_SCOPES
    assert set(texts.EXAMPLES) == set(PROGRAM_SCOPES)
