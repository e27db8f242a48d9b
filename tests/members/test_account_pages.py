"""Pages and API of accounts: signing in and out, the own account, and those of others."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.session import COOKIE
from coop.members.identity.commands.accounts import create_account, set_active
from coop.members.identity.model import ROLES, NewAccount
from coop.members.identity.pages.sign_in import keep_local
from coop.members.identity.texts import REFUSALS
from coop.members.messages.model import Content
from coop.members.tables import message
from coop.web.catalogs import languages
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.members.browser import EMAIL, PASSWORD, enter, open_account, text_of
from tests.members.mailbox import read_key, read_mails
from tests.members.sample import VRIES, YILDIZ, bring, bring_all, dump, list_facts

JSON = {"accept": "application/json"}


def test_a_member_signs_in_sees_themself_and_signs_out(database: Database, client: TestClient) -> None:
    bring_all(database)
    open_account(database)
    assert enter(client) == "/"
    page = text_of(client, "/members/me")
    assert "A. de Vries" in page
    assert "€1,187.50" in page
    assert "Yıldız" not in page
    assert client.post("/members/sign-out").headers["location"] == "/"
    text_of(client, "/members/me", 401)


def test_the_cookie_is_for_this_site_and_not_for_scripts(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database)
    answer = client.post("/members/sign-in", data={"email": EMAIL, "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax"))


def test_a_failed_sign_in_says_why_and_keeps_the_address(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database)
    for _ in range(5):
        page = enter(client, "wrong")
        assert REFUSALS["wrong-sign-in"] in page
        assert f'value="{EMAIL}"' in page
    assert REFUSALS["sign-in-paused"] in enter(client)
    assert client.post("/members/sign-in").status_code == 422


def test_every_refusal_of_a_sign_in_is_said_in_dutch() -> None:
    assert set(REFUSALS.values()) <= languages()["nl"].texts


@pytest.mark.parametrize("there", ["/billing/?year=2025", "/members/me"])
def test_a_sign_in_leads_on_to_where_one_was_going(database: Database, client: TestClient, there: str) -> None:
    bring(database, "members")
    open_account(database)
    assert enter(client, next=there) == there


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        " //evil.example",
    ],
)
def test_no_address_of_another_site_counts_as_our_own(there: str) -> None:
    assert keep_local(there) == "/"


def test_a_sign_in_never_leads_to_another_site(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database)
    page = text_of(client, "/members/sign-in?next=//evil.example/")
    assert 'name="next" value="/"' in page
    assert enter(client, next="https://evil.example/") == "/"


def test_who_is_signed_in_needs_no_form(client: TestClient) -> None:
    sign_in(client, "auditor")
    answer = client.get("/members/sign-in", params={"next": "/members/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/members/")


def test_a_password_is_changed_on_the_own_page(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database)
    enter(client)
    poor = client.post("/members/me/password", data={"old": PASSWORD, "new": "short"})
    assert (poor.status_code, REFUSALS["password-length"] in poor.text) == (422, True)
    wrong = client.post("/members/me/password", data={"old": "wrong", "new": "my own new words"})
    assert (wrong.status_code, REFUSALS["wrong-sign-in"] in wrong.text) == (422, True)
    right = client.post("/members/me/password", data={"old": PASSWORD, "new": "my own new words"})
    assert right.headers["location"] == "/members/me"
    assert enter(client, "my own new words") == "/"


def test_the_secretary_invites_a_member_who_chooses_a_password_that_nobody_else_sees(
    database: Database, client: TestClient
) -> None:
    bring(database, "members")
    sign_in(client, "board")
    assert f"/members/{VRIES}/accounts" in text_of(client, f"/members/{VRIES}")
    assert "cannot sign in yet" in text_of(client, f"/members/{VRIES}/accounts")
    answer = client.post(f"/members/{VRIES}/accounts", data={"email": "Vries@example.org"})
    page = text_of(client, answer.headers["location"])
    key = read_key(database, EMAIL)
    assert ("invited" in page, key in page) == (True, False)
    client.cookies.clear()
    assert REFUSALS["wrong-sign-in"] in enter(client, "")
    choice = {"key": key, "new": "my own new words"}
    assert client.post("/members/welcome", data=choice).headers["location"] == "/members/sign-in"
    assert enter(client, "my own new words", next="/members/me") == "/members/me"
    assert "A. de Vries" in text_of(client, "/members/me")


def test_a_member_without_mail_gets_a_letter_and_signs_in_with_their_number(
    database: Database, client: TestClient
) -> None:
    bring(database, "members")
    sign_in(client, "board")
    answer = client.post(f"/members/{YILDIZ}/accounts", data={"email": ""})
    assert "002" in text_of(client, answer.headers["location"])
    assert read_mails(database) == []
    with database.read(COMMUNITY) as tx:
        query = select(message.c.channel, message.c.content).where(message.c.community == COMMUNITY)
        ((channel, content),) = tx.execute(query).all()
    assert channel == "letter"
    key = Content.load(content).link.rpartition("key=")[2]
    client.cookies.clear()
    client.post("/members/welcome", data={"key": key, "new": "my own new words"})
    assert enter(client, "my own new words", email="002", next="/members/me") == "/members/me"


def test_the_secretary_helps_who_lost_a_password_and_sees_none(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database)
    sign_in(client, "operator")
    page = f"/members/accounts/{account_id}"
    sent = client.get(client.post(f"{page}/invite").headers["location"]).text
    key = read_key(database, EMAIL)
    assert (EMAIL in sent, key in sent) == (True, False)
    assert enter(client) == "/", "until it is used the password stays"
    client.cookies.clear()
    client.post("/members/welcome", data={"key": key, "new": "my own new words"})
    assert REFUSALS["wrong-sign-in"] in enter(client)
    assert [mail.kind for mail in read_mails(database)] == ["reset", "told-of-change"]
    sign_in(client, "operator")
    client.post(f"{page}/active", data={"active": "no"})
    assert "closed" in text_of(client, page)
    assert client.post(f"{page}/invite", headers=JSON).status_code == 409
    client.cookies.clear()
    assert REFUSALS["wrong-sign-in"] in enter(client, "my own new words")


def test_the_owner_of_an_account_that_nobody_used_is_told_that_they_were_invited_anew(
    database: Database, client: TestClient
) -> None:
    bring(database, "members")
    sign_in(client, "board")
    made = client.post("/members/accounts", data={"email": "new@example.org", "name": "Nora", "roles": ["auditor"]})
    account_id = made.headers["location"].rpartition("/")[2]
    assert client.post(f"/members/accounts/{account_id}/invite").status_code == 303
    told = read_mails(database)[-1]
    assert (told.kind, told.recipient) == ("told-of-change", "new@example.org")
    assert "er is opnieuw een uitnodiging gemaakt" in told.text


def test_nobody_sets_a_password_for_somebody_else(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database)
    sign_in(client, "board", "operator")
    before = dump(database)["account"]
    body = {"email": "x@example.org", "name": "X", "roles": [], "password": PASSWORD}
    assert client.post("/members/api/v1/accounts", json=body, headers=JSON).status_code == 422
    assert client.post("/members/api/v1/accounts/ready", json=body, headers=JSON).status_code == 403
    form = {"password": PASSWORD, "new": PASSWORD, "email": EMAIL, "one_time_until": "2030-01-01"}
    client.post(f"/members/accounts/{account_id}/invite", data=form)
    for path in ("password", "new-password"):
        assert client.post(f"/members/accounts/{account_id}/{path}", data=form, headers=JSON).status_code == 404
    assert dump(database)["account"] == before


def test_a_session_of_a_closed_account_no_longer_shows_the_own_page(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database)
    enter(client)
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_active(tx, ROLES, account_id, active=False)
    text_of(client, "/members/me", 401)


def test_a_cookie_that_was_kept_opens_nothing_after_signing_out(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database, "member", "board")
    enter(client)
    kept = client.cookies[COOKIE]
    client.post("/members/sign-out")
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, kept)
    text_of(client, "/members/me", 401)
    text_of(client, "/members/", 401)


def test_a_kept_cookie_of_a_closed_board_account_makes_no_account(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database, "member", "board")
    enter(client)
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        set_active(tx, ROLES, account_id, active=False)
    body = {"email": "x@example.org", "name": "X", "roles": ["board"]}
    assert client.post("/members/api/v1/accounts", json=body, headers=JSON).status_code == 401
    text_of(client, "/members/", 401)


def test_the_own_page_lists_sessions_and_ends_another(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database)
    enter(client)
    other = client.cookies[COOKIE]
    client.cookies.delete(COOKIE)
    enter(client)
    page = text_of(client, "/members/me")
    ends = re.findall(r"/members/me/sessions/[0-9a-f-]+/end", page)
    assert (len(ends), page.count(">testclient<"), page.count("this one")) == (1, 2, 1)
    assert "That session is ended." in client.get(client.post(ends[0]).headers["location"]).text
    assert not re.findall(r"/members/me/sessions/[0-9a-f-]+/end", text_of(client, "/members/me"))
    client.cookies.delete(COOKIE)
    client.cookies.set(COOKIE, other)
    text_of(client, "/members/me", 401)


def test_nobody_ends_a_session_of_somebody_else_from_their_own_page(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database)
    enter(client)
    assert client.post("/members/me/sessions/not-mine/end", headers=JSON).status_code == 404
    assert list_facts(database)[-1][0] == "member-admitted"


def test_signing_out_everywhere_signs_this_browser_out_too(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database)
    enter(client)
    assert "signed out everywhere" in client.get(client.post("/members/me/sign-out").headers["location"]).text
    text_of(client, "/members/me", 401)


def test_the_board_sees_and_ends_the_sessions_of_an_account(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database)
    enter(client)
    enter(client)
    kept = client.cookies[COOKIE]
    client.cookies.clear()
    sign_in(client, "board")
    page = f"/members/accounts/{account_id}"
    ends = re.findall(rf"{page}/sessions/[0-9a-f-]+/end", text_of(client, page))
    assert len(ends) == 2
    client.post(ends[0])
    assert len(re.findall(rf"{page}/sessions/[0-9a-f-]+/end", text_of(client, page))) == 1
    client.post(f"{page}/sign-out")
    assert "Nobody is signed in with this account." in text_of(client, page)
    client.cookies.clear()
    client.cookies.set(COOKIE, kept)
    text_of(client, "/members/me", 401)


@pytest.mark.parametrize("role", ["operator", "treasurer", "auditor"])
def test_only_the_board_sees_and_ends_sessions_of_others(database: Database, client: TestClient, role: str) -> None:
    bring(database, "members")
    account_id = open_account(database)
    enter(client)
    client.cookies.clear()
    sign_in(client, role)
    assert "/sessions/" not in text_of(client, f"/members/accounts/{account_id}")
    assert client.post(f"/members/accounts/{account_id}/sign-out").status_code == 403
    assert client.post(f"/members/api/v1/accounts/{account_id}/sign-out", headers=JSON).status_code == 403


@pytest.mark.parametrize("roles", [["treasurer", "board"], ["treasurer"], ["operator", "auditor"], ["partner"]])
def test_an_operator_makes_no_treasurer_or_board_member(
    database: Database, client: TestClient, roles: list[str]
) -> None:
    sign_in(client, "operator")
    before = dump(database)
    body = {"email": "o2@x.example", "name": "O", "roles": roles}
    answer = client.post("/members/api/v1/accounts", json=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    form = client.post("/members/accounts", data={"email": "o2@x.example", "name": "O", "roles": roles})
    assert form.status_code == 403
    assert dump(database) == before


def test_an_operator_takes_over_no_treasurer_s_account(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database, "member", "treasurer")
    sign_in(client, "operator")
    page = f"/members/accounts/{account_id}"
    shown = text_of(client, page).split("<main")[1]
    assert not [action for action in ("/invite", "/email", "/active") if f"{page}{action}" in shown]
    before = dump(database)
    for path, data in (
        ("invite", {}),
        ("email", {"email": "mine@example.org"}),
        ("active", {"active": "no"}),
        ("roles", {"change": "withdraw", "role": "treasurer"}),
    ):
        assert client.post(f"{page}/{path}", data=data).status_code == 403
    api = f"/members/api/v1/accounts/{account_id}"
    role = {"change": "withdraw", "role": "treasurer"}
    assert client.post(f"{api}/roles", json=role, headers=JSON).status_code == 403
    assert client.post(f"{api}/close", headers=JSON).status_code == 403
    assert dump(database) == before


def test_a_page_offers_the_roles_that_somebody_may_give_out(client: TestClient) -> None:
    def offered(role: str) -> set[str]:
        sign_in(client, role)
        return set(re.findall(r'name="roles" value="(\w+)"', text_of(client, "/members/accounts")))

    assert offered("operator") == {"operator"}
    assert offered("board") == set(ROLES) - {"member"}
    assert offered("auditor") == set()


def test_many_accounts_are_turned_page_by_page(database: Database, client: TestClient) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        for number in range(51):
            wanted = NewAccount(f"x{number}@example.org", f"Somebody {number:02d}", frozenset({"auditor"}), PASSWORD)
            create_account(tx, ROLES, wanted)
    sign_in(client, "board")
    first, last = text_of(client, "/members/accounts"), text_of(client, "/members/accounts?page=9")
    assert ("51 accounts" in first, "Somebody 49" in first, "Somebody 50" in first) == (True, True, False)
    assert ("Somebody 50" in last, "Page 2 of 2" in last) == (True, True)


def test_programs_list_close_and_open_accounts(database: Database, client: TestClient) -> None:
    bring(database, "members")
    account_id = open_account(database)
    sign_in(client, "board")
    (listed,) = client.get("/members/api/v1/accounts", headers=JSON).json()
    assert listed == {
        "account_id": account_id,
        "name": "A. de Vries",
        "roles": ["member"],
        "member_id": VRIES,
        "active": True,
    }
    api = f"/members/api/v1/accounts/{account_id}"
    assert client.post(f"{api}/close", headers=JSON).json()["active"] is False
    assert client.post(f"{api}/open", headers=JSON).json()["active"] is True
    assert client.post(f"{api}/sign-out", headers=JSON).json() == {"account_id": account_id}
    assert list_facts(database)[-1] == (
        "sessions-ended",
        {"account_id": account_id, "ended_at": "2026-01-05T09:30:00Z"},
    )


def test_a_common_password_is_refused_by_the_api_and_the_page(database: Database, client: TestClient) -> None:
    bring(database, "members")
    open_account(database)
    sign_in(client, "board")
    sign_in(client, "machine")
    body = {"email": "o2@x.example", "name": "O", "roles": ["auditor"], "password": "0123456789"}
    answer = client.post("/members/api/v1/accounts/ready", json=body, headers=JSON)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "password")
    client.cookies.clear()
    enter(client)
    choice = {"old": PASSWORD, "new": "0123456789"}
    assert REFUSALS["password-common"] in client.post("/members/me/password", data=choice).text
