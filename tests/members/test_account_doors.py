"""Doors of accounts: forms that are too large, tries, networks, programs, and signs that nobody can type."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.model import ROLES, NewAccount
from coop.members.identity.pages.sign_in import BROWSER_COOKIE, FORM_MAX
from coop.members.identity.texts import REFUSALS
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.members.browser import EMAIL, PASSWORD, enter, open_account, text_of
from tests.members.mailbox import read_key
from tests.members.sample import VRIES, bring
from tests.members.test_account_pages import JSON


@pytest.mark.parametrize("path", ["/members/sign-in", "/members/welcome", "/members/forgotten"])
def test_a_large_form_of_somebody_who_is_not_signed_in_is_refused_unread(client: TestClient, path: str) -> None:
    answer = client.post(path, data={"email": EMAIL, "password": "x" * FORM_MAX}, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_large_account_is_refused_unread(client: TestClient) -> None:
    sign_in(client, "board")
    body = {"email": EMAIL, "name": "x" * 20_000, "roles": ["auditor"], "password": PASSWORD}
    assert client.post("/members/api/v1/accounts", json=body, headers=JSON).status_code == 413


def test_tries_are_counted_by_the_address_that_they_come_from(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database)
    stranger = TestClient(
        client.app, base_url="https://coop.example", client=("203.0.113.9", 1), follow_redirects=False
    )
    for _ in range(6):
        assert stranger.post("/members/sign-in", data={"email": EMAIL, "password": "wrong"}).status_code == 422
    assert enter(client) == "/"


def test_the_own_page_says_who_asked_for_another_password(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database)
    sign_in(client, "board")
    client.post(f"/members/accounts/{account_id}/invite")
    assert "Another password asked for" in text_of(client, f"/members/accounts/{account_id}")
    client.cookies.clear()
    client.post("/members/welcome", data={"key": read_key(database, EMAIL), "new": "my own new words"})
    enter(client, "my own new words")
    page = " ".join(text_of(client, "/members/me").split())
    for change, actor in (("Another password asked for", "account:account-1"), ("Own password chosen", "A. de Vries")):
        assert re.search(rf"{change}</td> <td [^>]*>{actor}<", page)


def test_a_browser_keeps_its_mark_and_gets_in_whatever_others_on_its_network_do(
    database: Database, client: TestClient
) -> None:
    bring(database, "members")
    open_account(database)
    enter(client)
    mark = client.cookies[BROWSER_COOKIE]
    client.post("/members/sign-out")
    neighbour = TestClient(client.app, base_url="https://coop.example", follow_redirects=False)
    for number in range(40):
        neighbour.post("/members/sign-in", data={"email": EMAIL if number < 6 else f"{number}@x.example"})
    neighbour.headers["accept-language"] = "en"
    assert REFUSALS["sign-in-paused"] in enter(neighbour)
    assert enter(client) == "/"
    assert client.cookies[BROWSER_COOKIE] == mark


def test_a_program_changes_an_account_only_as_it_was_read(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database)
    sign_in(client, "board")
    api = f"/members/api/v1/accounts/{account_id}"
    tag = {"If-Match": client.get(api, headers=JSON).headers["etag"], **JSON}
    assert client.post(f"{api}/close", headers=tag).status_code == 200
    late = client.post(f"{api}/open", headers=tag)
    assert (late.status_code, late.json()["code"]) == (412, "precondition-failed")
    assert client.get(api, headers=JSON).json()["active"] is False


def test_accounts_are_found_by_name_role_and_state(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database, "member", "treasurer")
    with database.write(COMMUNITY, SECRETARY) as tx:
        create_account(tx, ROLES, NewAccount("zelda@example.org", "Zelda", frozenset({"auditor"})))
    sign_in(client, "auditor")

    def found(query: str) -> set[str]:
        page = text_of(client, f"/members/accounts?{query}").split("<table")[-1]
        return {name for name in ("A. de Vries", "Zelda") if name in page}

    assert found("search=VRIES") == {"A. de Vries"}
    assert found("search=%25") == found("search=%00") == set()
    assert (found("role=auditor"), found("role=treasurer")) == ({"Zelda"}, {"A. de Vries"})
    assert (found("state=invited"), found("state=open"), found("state=closed")) == ({"Zelda"}, {"A. de Vries"}, set())
    assert found("role=king&state=lost") == {"A. de Vries", "Zelda"}


def test_signs_that_nobody_can_type_are_refused_and_break_nothing(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database)
    sign_in(client, "board")
    odd = "a\x00b@example.org"
    for path, form in (
        ("/members/accounts", {"email": odd, "name": "N"}),
        (f"/members/{VRIES}/accounts", {"email": odd}),
        (f"/members/accounts/{account_id}/email", {"email": odd}),
        (f"/members/accounts/{account_id}/roles", {"change": "grant", "role": odd}),
        ("/members/accounts/roles/confirm", {"number": "99999999999999"}),
    ):
        assert client.post(path, data=form, headers=JSON).status_code == 422, path
    client.cookies.clear()
    assert client.post("/members/forgotten", data={"email": odd}).status_code == 200
    assert client.post("/members/sign-in", data={"email": odd, "password": odd}).status_code == 422
    assert client.get("/members/welcome", params={"key": odd}).status_code == 410
