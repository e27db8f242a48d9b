"""Own tokens: a member lets a program read what is theirs, and nothing of anybody else."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.members.identity.commands.accounts import set_active
from coop.members.identity.model import ROLES
from coop.members.own_tokens.model import TOKENS_MAX
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.kit.clocks import SetClock
from tests.members.browser import enter, open_account, text_of
from tests.members.sample import AT, bring_all, list_facts

PAGE = "/members/me/tokens"
JSON = {"accept": "application/json"}


@pytest.fixture
def account_id(database: Database, client: TestClient) -> str:
    """The account of A. de Vries, who is signed in."""
    bring_all(database)
    opened = open_account(database)
    enter(client)
    return opened


def give_out(client: TestClient, name: str = "Screen at home") -> str:
    """Make a token on the page."""
    answer = client.post(PAGE, data={"name": name})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
    token = re.search(r'value="(coop_[^"]+)"', answer.text)
    assert token
    return token[1]


def ask(client: TestClient, token: str, path: str = "/members/api/v1/me/export") -> int:
    """Status of the answer to whoever shows a token and nothing else."""
    kept = dict(client.cookies)
    client.cookies.clear()
    status = client.get(path, headers={**JSON, "authorization": f"Bearer {token}"}).status_code
    client.cookies.update(kept)
    return status


def test_a_program_takes_the_data_of_the_member_who_gave_it_a_token(
    database: Database, client: TestClient, account_id: str
) -> None:
    token = give_out(client)
    client.cookies.clear()
    answer = client.get("/members/api/v1/me/export", headers={**JSON, "authorization": f"Bearer {token}"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        rows = {name: json.loads(files.read(f"{name}.json"))["rows"] for name in ("members", "accounts", "sign-ins")}
    assert [row["number"] for row in rows["members"]] == ["001"]
    assert [row["name"] for row in rows["accounts"]] == ["A. de Vries"]
    assert len(rows["sign-ins"]) == 1


@pytest.mark.parametrize("path", ["/members/api/v1/members", "/members/api/v1/programs", PAGE, "/members/me"])
def test_it_opens_nothing_else(client: TestClient, account_id: str, path: str) -> None:
    assert ask(client, give_out(client), path) in (401, 403)


def test_it_is_shown_once_and_opens_nothing_once_it_is_ended_or_too_old(
    database: Database, client: TestClient, clock: SetClock, account_id: str
) -> None:
    first, second = give_out(client), give_out(client, "Other screen")
    page = text_of(client, PAGE)
    assert first.split("_", 2)[2] not in page
    assert page.count("not yet") == 2
    assert (ask(client, first), ask(client, second)) == (200, 200)
    for _ in range(2):
        assert client.post(f"{PAGE}/{first.split('_')[1]}/end").status_code == 303
    assert (ask(client, first), ask(client, second)) == (401, 200)
    assert "Screen at home" not in text_of(client, PAGE)
    clock.set(AT + timedelta(days=368))
    assert ask(client, second) == 401
    told = [name for name, _ in list_facts(database) if name.startswith("program")]
    assert told == ["program-token-made", "program-token-made", "program-token-ended"]


def test_closing_the_account_ends_what_it_gave_out(database: Database, client: TestClient, account_id: str) -> None:
    token = give_out(client)
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_active(tx, ROLES, account_id, active=False)
    assert ask(client, token) == 401


def test_a_token_of_somebody_else_can_be_neither_seen_nor_ended(
    database: Database, client: TestClient, account_id: str
) -> None:
    token = give_out(client)
    client.cookies.clear()
    sign_in(client, "member", "board", member_id="another")
    assert "Screen at home" not in text_of(client, PAGE)
    assert client.post(f"{PAGE}/{token.split('_')[1]}/end").status_code == 404
    assert "Screen at home" not in text_of(client, "/members/programs")
    assert ask(client, token) == 200


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x07b"])
def test_a_name_that_cannot_be_read_is_refused(client: TestClient, account_id: str, name: str) -> None:
    answer = client.post(PAGE, data={"name": name}, headers={"accept-language": "nl"})
    assert answer.status_code == 422
    assert "heeft 1 tot 100 leesbare tekens nodig" in answer.text


def test_there_is_an_end_to_how_many_work_at_once(client: TestClient, account_id: str) -> None:
    for turn in range(TOKENS_MAX):
        give_out(client, f"Screen {turn}")
    assert client.post(PAGE, data={"name": "one more"}).status_code == 409


def test_the_board_cannot_give_out_what_is_a_member_s_own(client: TestClient, account_id: str) -> None:
    client.cookies.clear()
    sign_in(client, "board")
    answer = client.post("/members/api/v1/programs", json={"name": "Spy", "scopes": ["read:own"]}, headers=JSON)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "scopes")
