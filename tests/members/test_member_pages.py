"""The pages and the API of the register, as browsers and programs see them."""

from __future__ import annotations

import re
from datetime import date

import pytest

from coop.kit.database import Database
from coop.members import accounts
from coop.members.pages.sign_in import REFUSALS, local
from coop.web.catalogs import languages
from tests.members.desk import (
    CONNECTIONS,
    MEMBERS,
    TOWN,
    VRIES,
    YILDIZ,
    Visitor,
    bring,
    bring_all,
    left_on,
    verbs,
)

EMAIL, PASSWORD = "vries@example.org", "four words of mine"


def open_account(database: Database) -> str:
    with database.write() as tx:
        return accounts.create_account(tx, TOWN, EMAIL, "A. de Vries", {"member"}, PASSWORD, VRIES)


def sign_in(visitor: Visitor, password: str = PASSWORD, **more: str) -> str:
    """Sign in by the form; returns where it leads, or the page that says why not."""
    answer = visitor.client.post("/members/sign-in", data={"email": EMAIL, "password": password, **more})
    return answer.headers.get("location", answer.text)


def text_of(visitor: Visitor, path: str, status: int = 200) -> str:
    answer = visitor.client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_member_signs_in_sees_themself_and_signs_out(database: Database, visitor: Visitor) -> None:
    bring_all(database)
    open_account(database)
    assert sign_in(visitor) == "/"
    page = text_of(visitor, "/members/me")
    assert "A. de Vries" in page
    assert "€1,187.50" in page
    assert "Yıldız" not in page
    assert visitor.client.post("/members/sign-out").headers["location"] == "/"
    text_of(visitor, "/members/me", 401)


def test_the_cookie_is_for_this_site_and_not_for_scripts(database: Database, visitor: Visitor) -> None:
    bring(database, "members")
    open_account(database)
    answer = visitor.client.post("/members/sign-in", data={"email": EMAIL, "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax"))


def test_a_failed_sign_in_says_why_and_keeps_the_address(database: Database, visitor: Visitor) -> None:
    bring(database, "members")
    open_account(database)
    for _ in range(5):
        page = sign_in(visitor, "wrong")
        assert REFUSALS["wrong-sign-in"] in page
        assert f'value="{EMAIL}"' in page
    assert REFUSALS["sign-in-paused"] in sign_in(visitor)
    assert visitor.client.post("/members/sign-in").status_code == 422


def test_every_refusal_of_a_sign_in_is_said_in_dutch() -> None:
    assert set(REFUSALS.values()) <= languages()["nl"].texts


@pytest.mark.parametrize("there", ["/billing/?year=2025", "/members/me"])
def test_a_sign_in_leads_on_to_where_one_was_going(database: Database, visitor: Visitor, there: str) -> None:
    bring(database, "members")
    open_account(database)
    assert sign_in(visitor, next=there) == there


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
    assert local(there) == "/"


def test_a_sign_in_never_leads_to_another_site(database: Database, visitor: Visitor) -> None:
    bring(database, "members")
    open_account(database)
    page = text_of(visitor, "/members/sign-in?next=//evil.example/")
    assert 'name="next" value="/"' in page
    assert sign_in(visitor, next="https://evil.example/") == "/"


def test_who_is_signed_in_needs_no_form(visitor: Visitor) -> None:
    visitor.sit_down_as("auditor")
    answer = visitor.client.get("/members/sign-in", params={"next": "/members/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/members/")


def test_a_password_is_changed_on_the_own_page(database: Database, visitor: Visitor) -> None:
    bring(database, "members")
    open_account(database)
    sign_in(visitor)
    poor = visitor.client.post("/members/me/password", data={"old": PASSWORD, "new": "short"})
    assert (poor.status_code, REFUSALS["bad-input"] in poor.text) == (422, True)
    wrong = visitor.client.post("/members/me/password", data={"old": "wrong", "new": "my own new words"})
    assert (wrong.status_code, REFUSALS["wrong-sign-in"] in wrong.text) == (422, True)
    right = visitor.client.post("/members/me/password", data={"old": PASSWORD, "new": "my own new words"})
    assert right.headers["location"] == "/members/me"
    assert sign_in(visitor, "my own new words") == "/"


PAGES = ["/members/", f"/members/{VRIES}", "/members/imports", "/members/operations", f"/members/{VRIES}/leave"]


@pytest.mark.parametrize("path", [*PAGES, "/members/me", "/members/dead-letters"])
def test_who_is_not_signed_in_is_asked_to(database: Database, visitor: Visitor, path: str) -> None:
    bring(database, "members")
    assert "/members/sign-in?next=" in text_of(visitor, path, 401)


@pytest.mark.parametrize("path", [*PAGES, f"/members/{YILDIZ}", "/members/dead-letters"])
def test_a_member_sees_only_themself(database: Database, visitor: Visitor, path: str) -> None:
    bring(database, "members")
    visitor.sit_down_as("member", "partner", member_id=VRIES)
    assert "Yıldız" not in text_of(visitor, path, 403)


@pytest.mark.parametrize("role", ["treasurer", "auditor"])
def test_treasurer_and_auditor_see_and_change_nothing(database: Database, visitor: Visitor, role: str) -> None:
    bring(database, "members")
    account_id = open_account(database)
    visitor.sit_down_as(role)
    assert "<form" not in text_of(visitor, f"/members/{VRIES}").split("<main")[1]
    for path in (
        f"/members/{VRIES}/contact",
        f"/members/{VRIES}/leave",
        f"/members/{VRIES}/accounts",
        f"/members/accounts/{account_id}/password",
        f"/members/accounts/{account_id}/email",
        f"/members/accounts/{account_id}/active",
        "/members/imports/1/undo",
        "/members/api/accounts",
        f"/members/api/members/{VRIES}/leave",
    ):
        body = {
            "left_on": "2026-01-01",
            "email": "x@example.org",
            "name": "X",
            "roles": ["board"],
            "password": "y" * 12,
        }
        answer = visitor.client.post(path, json=body) if "/api/" in path else visitor.client.post(path, data={})
        assert answer.status_code == 403, path


def test_the_register_is_searched_and_turned_page_by_page(database: Database, visitor: Visitor) -> None:
    rows = [f"{number:03d},owner,Somebody {number},2024-01-01,Kade 100%" for number in range(1, 121)]
    bring(database, "members", "\n".join(["number,kind,name,joined_on,address", *rows]))
    visitor.sit_down_as("board")
    first, last = text_of(visitor, "/members/"), text_of(visitor, "/members/?page=3")
    assert ("Somebody 50<" in first, "Somebody 51<" in first, "120 members" in first) == (True, False, True)
    assert ("Somebody 101<" in last, "Page 3 of 3" in last) == (True, True)
    assert "Page 3 of 3" in text_of(visitor, "/members/?page=99")
    assert "1 member<" in text_of(visitor, "/members/?search=somebody+77")
    assert "120 members" in text_of(visitor, "/members/?search=100%25")
    assert "Nobody found" in text_of(visitor, "/members/?search=_01")
    assert "Nobody found" in text_of(visitor, "/members/?search=%00")
    assert "<script>" not in text_of(visitor, "/members/?search=<script>alert(1)</script>")


def test_an_empty_register_says_what_to_do(visitor: Visitor) -> None:
    visitor.sit_down_as("board")
    assert "No members yet" in text_of(visitor, "/members/")
    assert "Nothing was imported yet." in text_of(visitor, "/members/imports")


def send_file(visitor: Visitor, kind: str, body: str, *, dry_run: bool) -> str:
    """Send a file by the form; returns the message or the page."""
    data = {"kind": kind} | ({"dry_run": "yes"} if dry_run else {})
    answer = visitor.client.post("/members/imports", data=data, files={"file": ("leden.csv", body, "text/csv")})
    return visitor.client.get(answer.headers["location"]).text if "location" in answer.headers else answer.text


def test_a_file_is_checked_imported_and_undone_in_the_browser(database: Database, visitor: Visitor) -> None:
    visitor.sit_down_as("board")
    assert "leden.csv is in order: 3 of its 3 lines are new." in send_file(visitor, "members", MEMBERS, dry_run=True)
    assert verbs(database) == []
    assert "leden.csv is imported: 3 of its 3 lines were new." in send_file(visitor, "members", MEMBERS, dry_run=False)
    page = send_file(visitor, "members", MEMBERS, dry_run=False)
    assert "leden.csv was imported before; nothing changed." in page
    found = re.search(r"/members/imports/([0-9a-f-]+)/undo", page)
    assert found
    assert "3 records" in text_of(visitor, found[0])
    assert visitor.client.post(found[0]).headers["location"] == "/members/imports"
    page = text_of(visitor, "/members/imports")
    assert "3 records are out of the register" in page
    assert found[0] not in page
    text_of(visitor, found[0], 404)


def test_the_bad_lines_of_a_file_stand_beside_the_form(visitor: Visitor) -> None:
    visitor.sit_down_as("operator")
    page = send_file(visitor, "members", MEMBERS.replace("tenant", "tenannt"), dry_run=False)
    assert "leden.csv is not imported" in page
    assert "&#39;tenannt&#39; is none of tenant, owner, business, corporation" in page
    assert "1 problem<" in page
    assert 'name="file"' in page


def shown_once(page: str) -> str:
    """The one-time password on a page."""
    found = re.search(r"<code[^>]*>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", page)
    assert found, page
    return found[1]


def test_the_secretary_makes_an_account_and_the_member_takes_it_over(database: Database, visitor: Visitor) -> None:
    bring(database, "members")
    visitor.sit_down_as("board")
    assert "cannot sign in yet" in text_of(visitor, f"/members/{VRIES}")
    answer = visitor.client.post(f"/members/{VRIES}/accounts", data={"email": "Vries@example.org"})
    assert answer.headers["cache-control"] == "no-store"
    once = shown_once(answer.text)
    assert once not in text_of(visitor, f"/members/{VRIES}")
    again = visitor.client.post(f"/members/{VRIES}/accounts", data={"email": EMAIL})
    assert (again.status_code, "already" in again.text) == (422, True)
    visitor.client.cookies.clear()
    assert "Choose your password" in sign_in(visitor, once)
    text_of(visitor, "/members/me", 401)
    choice = {"email": EMAIL, "old": once, "new": "my own new words", "next": "/members/me"}
    assert visitor.client.post("/members/new-password", data=choice | {"new": "short"}).status_code == 422
    assert visitor.client.post("/members/new-password", data=choice).headers["location"] == "/members/me"
    assert "A. de Vries" in text_of(visitor, "/members/me")


def test_the_secretary_helps_who_lost_a_password_or_moved(database: Database, visitor: Visitor) -> None:
    bring(database, "members")
    account_id = open_account(database)
    visitor.sit_down_as("operator")
    once = shown_once(visitor.client.post(f"/members/accounts/{account_id}/password").text)
    visitor.client.post(f"/members/accounts/{account_id}/email", data={"email": "new@example.org"})
    visitor.client.post(f"/members/{VRIES}/contact", data={"name": "A. de Vries", "city": "Utrecht"})
    page = text_of(visitor, f"/members/{VRIES}")
    assert ("new@example.org" in page, "Utrecht" in page, "one-time password until" in page) == (True, True, True)
    visitor.client.post(f"/members/accounts/{account_id}/active", data={"active": "no"})
    assert "closed" in text_of(visitor, f"/members/{VRIES}")
    assert REFUSALS["wrong-sign-in"] in sign_in(visitor, once, email="new@example.org")


def test_a_session_of_a_closed_account_no_longer_shows_the_own_page(database: Database, visitor: Visitor) -> None:
    bring(database, "members")
    account_id = open_account(database)
    sign_in(visitor)
    with database.write() as tx:
        accounts.set_active(tx, TOWN, account_id, False)
    text_of(visitor, "/members/me", 401)


def test_ending_a_membership_is_asked_twice(database: Database, visitor: Visitor) -> None:
    bring_all(database)
    visitor.sit_down_as("board")
    page = text_of(visitor, f"/members/{YILDIZ}/leave?left_on=2026-03-01")
    assert "1 March 2026" in page
    assert 'name="left_on" value="2026-03-01"' in page
    assert left_on(database, YILDIZ) is None
    visitor.client.post(f"/members/{YILDIZ}/leave", data={"left_on": "2026-03-01", "confirmed": "yes"})
    assert left_on(database, YILDIZ) == date(2026, 3, 1)
    text_of(visitor, f"/members/{YILDIZ}/leave?left_on=soon", 422)


def test_an_unknown_member_is_not_there(visitor: Visitor) -> None:
    visitor.sit_down_as("board")
    text_of(visitor, "/members/nobody", 404)


def test_programs_import_undo_and_list(database: Database, visitor: Visitor) -> None:
    visitor.sit_down_as("operator")
    headers = {"accept": "application/json", "content-type": "text/csv"}
    for kind, body, added in (("members", MEMBERS, 3), ("connections", CONNECTIONS, 3)):
        for dry_run, new in ((True, True), (False, True), (False, False)):
            answer = visitor.client.post(
                f"/members/api/imports/{kind}", content=body, headers=headers, params={"dry_run": dry_run}
            ).json()
            assert (answer["count"], answer["added"], answer["new"], answer["dry_run"]) == (3, added, new, dry_run)
    bad = visitor.client.post("/members/api/imports/members", content="number\n1\n", headers=headers)
    assert (bad.status_code, bad.json()["problems"][0]) == (
        422,
        {"reason": "the column is missing", "field": "kind", "line": 1},
    )
    listed = visitor.client.get("/members/api/members", params={"search": "002"}, headers=headers).json()
    assert [(one["number"], "address" in one) for one in listed] == [("002", False)]
    import_id = answer["import_id"]
    assert visitor.client.post(f"/members/api/imports/{import_id}/undo").json() == {"removed": 3}
    missing = visitor.client.post("/members/api/imports/none/undo", headers={"accept": "application/json"})
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


def test_a_program_ends_a_membership_and_makes_an_account(database: Database, visitor: Visitor) -> None:
    bring_all(database)
    visitor.sit_down_as("board")
    headers = {"accept": "application/json"}
    body = {"email": "Water@example.org", "name": "Water", "roles": ["partner"], "password": "long enough"}
    first, again = (visitor.client.post("/members/api/accounts", json=body, headers=headers).json() for _ in range(2))
    assert first == again
    answer = visitor.client.post(
        f"/members/api/members/{YILDIZ}/leave", json={"left_on": "2026-03-01"}, headers=headers
    )
    assert answer.json() == {"left_on": "2026-03-01"}
    assert left_on(database, YILDIZ) == date(2026, 3, 1)
