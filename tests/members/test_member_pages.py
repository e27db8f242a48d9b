"""Pages and API of the register and its imports, as browsers and programs see them."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from coop.kit.database import Database
from coop.members.imports.formats.csv_lines import FILE_BYTES_MAX
from coop.members.register.store import list_members
from tests.desk import COMMUNITY, sign_in
from tests.members.browser import open_account, text_of
from tests.members.sample import CONNECTIONS, MEMBERS, VRIES, YILDIZ, bring, bring_all, left_on, list_verbs

PAGES = [
    "/members/",
    f"/members/{VRIES}",
    "/members/imports",
    f"/members/{VRIES}/leave",
    "/members/accounts",
    f"/members/{VRIES}/accounts",
    "/members/accounts/any",
]


@pytest.mark.parametrize("path", [*PAGES, "/members/me"])
def test_who_is_not_signed_in_is_asked_to(database: Database, client: TestClient, path: str) -> None:
    bring(database, "members")
    assert "/members/sign-in?next=" in text_of(client, path, 401)


@pytest.mark.parametrize("path", [*PAGES, f"/members/{YILDIZ}"])
def test_a_member_sees_only_themself(database: Database, client: TestClient, path: str) -> None:
    bring(database, "members")
    sign_in(client, "member", "partner", member_id=VRIES)
    assert "Yıldız" not in text_of(client, path, 403)


@pytest.mark.parametrize("role", ["treasurer", "auditor"])
def test_treasurer_and_auditor_see_and_change_nothing(database: Database, client: TestClient, role: str) -> None:
    bring(database, "members")
    account_id = open_account(database)
    sign_in(client, role)
    for page in (
        f"/members/{VRIES}",
        "/members/accounts",
        f"/members/{VRIES}/accounts",
        f"/members/accounts/{account_id}",
    ):
        assert 'method="post"' not in text_of(client, page).split("<main")[1]
    for path in (
        f"/members/register/members/{VRIES}/edit",
        f"/members/{VRIES}/leave",
        f"/members/{VRIES}/accounts",
        f"/members/accounts/{account_id}/invite",
        f"/members/accounts/{account_id}/email",
        f"/members/accounts/{account_id}/active",
        f"/members/accounts/{account_id}/roles",
        f"/members/accounts/{account_id}/sign-out",
        f"/members/accounts/{account_id}/sessions/1/end",
        "/members/accounts",
        "/members/imports/1/undo",
        "/members/api/v1/accounts",
        f"/members/api/v1/accounts/{account_id}/roles",
        f"/members/api/v1/accounts/{account_id}/close",
        f"/members/api/v1/accounts/{account_id}/sign-out",
        f"/members/api/v1/members/{VRIES}/leave",
    ):
        body = {
            "left_on": "2026-01-01",
            "email": "x@example.org",
            "name": "X",
            "roles": ["board"],
            "change": "grant",
            "role": "board",
        }
        answer = client.post(path, json=body) if "/api/" in path else client.post(path, data={})
        assert answer.status_code == 403, path


def test_the_register_is_searched_and_turned_page_by_page(database: Database, client: TestClient) -> None:
    rows = [f"{number:03d},owner,Somebody {number},2024-01-01,Kade 100%" for number in range(1, 121)]
    bring(database, "members", "\n".join(["number,kind,name,joined_on,address", *rows]))
    sign_in(client, "board")
    first, last = text_of(client, "/members/"), text_of(client, "/members/?page=3")
    assert ("Somebody 50<" in first, "Somebody 51<" in first, "120 members" in first) == (True, False, True)
    assert ("Somebody 101<" in last, "Page 3 of 3" in last) == (True, True)
    assert "Page 3 of 3" in text_of(client, "/members/?page=99")
    assert "1 member<" in text_of(client, "/members/?search=somebody+77")
    assert "120 members" in text_of(client, "/members/?search=100%25")
    assert "Nobody found" in text_of(client, "/members/?search=_01")
    assert "Nobody found" in text_of(client, "/members/?search=%00")
    assert "<script>" not in text_of(client, "/members/?search=<script>alert(1)</script>")


def test_an_empty_register_says_what_to_do(client: TestClient) -> None:
    sign_in(client, "board")
    assert "No members yet" in text_of(client, "/members/")
    assert "Nothing was imported yet." in text_of(client, "/members/imports")


def look_at_file(client: TestClient, kind: str, body: str | bytes, name: str = "leden.csv") -> str:
    """Send a file by the form; returns the page of what it would do."""
    answer = client.post("/members/imports", data={"kind": kind}, files={"file": (name, body, "text/csv")})
    return client.get(answer.headers["location"]).text if "location" in answer.headers else answer.text


def take_file(client: TestClient, kind: str, body: str | bytes, name: str = "leden.csv") -> str:
    """Send a file and take it as it was looked at; returns the page that follows."""
    page = look_at_file(client, kind, body, name)
    form = re.search(r'action="(/members/imports/drafts/[^"]+)".*?name="preview" value="(\w*)"', page)
    if form is None:
        return page
    answer = client.post(form[1], data={"preview": form[2]})
    return client.get(answer.headers["location"]).text


def test_a_file_is_looked_at_taken_and_undone_in_the_browser(database: Database, client: TestClient) -> None:
    sign_in(client, "board")
    assert "What this file would do" in look_at_file(client, "members", MEMBERS)
    assert list_verbs(database) == []
    assert "leden.csv is imported: 3 of its 3 lines were new, 0 changed." in take_file(client, "members", MEMBERS)
    page = look_at_file(client, "members", MEMBERS)
    assert "leden.csv was imported before; nothing changed." in page
    link = re.search(r"/members/imports/([0-9a-f-]+)/undo", page)
    assert link
    assert "3 records" in text_of(client, link[0])
    assert client.post(link[0]).headers["location"] == "/members/imports"
    page = text_of(client, "/members/imports")
    assert "3 records are out of the register" in page
    assert link[0] not in page
    text_of(client, link[0], 404)


def test_every_difference_is_shown_before_a_file_changes_the_register(database: Database, client: TestClient) -> None:
    bring_all(database)
    sign_in(client, "board")
    dutch = "lidnummer;soort;naam;lid sinds;e-mailadres\r\n001;eigenaar;Ren\xe9e de Vries;01-03-2020;\r\n"
    for heading, text in (("lidnummer", "Nummer"), ("soort", "Soort"), ("naam", "Naam"), ("lid sinds", "Lid sinds")):
        dutch = dutch.replace(heading, text, 1)
    body = dutch.replace("e-mailadres", "E-mailadres").encode("cp1252")
    page = look_at_file(client, "members", body)
    assert "A. de Vries" in page
    assert "Ren\xe9e de Vries" in page
    text_of(client, f"/members/{VRIES}")
    assert "A. de Vries" in text_of(client, f"/members/{VRIES}"), "nothing is done before it is confirmed"
    assert "0 of its 1 lines were new, 1 changed" in take_file(client, "members", body)
    assert "Ren\xe9e de Vries" in text_of(client, f"/members/{VRIES}")


def test_what_was_looked_at_is_what_is_done(database: Database, client: TestClient) -> None:
    bring_all(database)
    sign_in(client, "board")
    header = "number,kind,name,joined_on\n"
    page = look_at_file(client, "members", f"{header}001,owner,First,2020-03-01\n")
    form = re.search(r'action="([^"]+/confirm)".*?name="preview" value="(\w+)"', page)
    assert form
    take_file(client, "members", f"{header}001,owner,Second,2020-03-01\n")
    answer = client.post(form[1], data={"preview": form[2]})
    assert "/drafts/" in answer.headers["location"]
    page = client.get(answer.headers["location"]).text
    assert "The register changed meanwhile" in page
    assert "Second" in page
    assert client.post(form[1].replace("drafts/", "drafts/x"), data={}).status_code == 404


def test_the_bad_lines_of_a_file_stand_on_a_page_and_in_a_file(database: Database, client: TestClient) -> None:
    sign_in(client, "operator")
    kinds, days = ("owner", "tenannt"), ("2024-01-01", "soon")
    lines = [f"{n:04d},{kinds[n % 25 == 0]},Member {n},{days[n % 20 == 0]}" for n in range(500)]
    page = look_at_file(client, "members", "number,kind,name,joined_on\n" + "\n".join(lines))
    assert "leden.csv is not imported" in page
    assert "&#34;tenannt&#34; is none of tenant, owner, business, corporation, landlord" in page
    link = re.search(r'href="(/members/imports/drafts/[^"]+/lines\.csv)"', page)
    assert link
    rows = client.get(link[1]).text.splitlines()
    assert sum(",wrong," in row for row in rows) == 500 // 25 + 500 // 20
    assert list_verbs(database) == []


def test_a_template_comes_back_as_a_file_that_is_read(database: Database, client: TestClient) -> None:
    sign_in(client, "board")
    for lang in ("nl", "en"):
        client.headers["accept-language"] = lang
        sheet = client.get("/members/imports/templates/members.xlsx").content
        book = load_workbook(BytesIO(sheet))
        lines = book.worksheets[0]
        row: dict[str, str | date] = {
            "nummer": lang,
            "number": lang,
            "soort": "huurder",
            "kind": "tenant",
            "naam": "Anna",
            "name": "Anna",
        }
        headings = [str(cell.value).casefold() for cell in lines[1]]
        values = [row.get(heading, "") for heading in headings]
        values[3] = date(2024, 1, 1)
        lines.append(values)
        out = BytesIO()
        book.save(out)
        take_file(client, "members", out.getvalue(), "leden.xlsx")
    with database.read(COMMUNITY) as tx:
        read = [(member.number, member.kind, member.name) for member in list_members(tx)]
    assert read == [("en", "tenant", "Anna"), ("nl", "tenant", "Anna")]


def test_a_list_that_was_downloaded_is_read_back_and_changes_nothing(database: Database, client: TestClient) -> None:
    bring_all(database)
    sign_in(client, "board")
    client.headers["accept-language"] = "nl"
    sheet = client.get("/members/exports/members.xlsx").content
    book = load_workbook(BytesIO(sheet))
    page = look_at_file(client, "members", sheet, "leden.xlsx")
    assert book.worksheets[0].max_row == 4
    assert "Geen regel verandert wat in het register staat" not in page
    assert ">3<" in page


def test_ending_a_membership_is_asked_twice(database: Database, client: TestClient) -> None:
    bring_all(database)
    sign_in(client, "board")
    page = text_of(client, f"/members/{YILDIZ}/leave?left_on=2026-03-01")
    assert "1 March 2026" in page
    assert 'name="left_on" value="2026-03-01"' in page
    assert left_on(database, YILDIZ) is None
    client.post(f"/members/{YILDIZ}/leave", data={"left_on": "2026-03-01", "confirmed": "yes"})
    assert left_on(database, YILDIZ) == date(2026, 3, 1)
    text_of(client, f"/members/{YILDIZ}/leave?left_on=soon", 422)


def test_an_unknown_member_is_not_there(client: TestClient) -> None:
    sign_in(client, "board")
    text_of(client, "/members/nobody", 404)


def test_programs_import_undo_and_list(database: Database, client: TestClient) -> None:
    sign_in(client, "operator")
    headers = {"accept": "application/json", "content-type": "text/csv"}
    for kind, body, added in (("members", MEMBERS, 3), ("connections", CONNECTIONS, 3)):
        for dry_run, new in ((True, True), (False, True), (False, False)):
            answer = client.post(
                f"/members/api/v1/imports/{kind}", content=body, headers=headers, params={"dry_run": dry_run}
            ).json()
            assert (answer["count"], answer["added"], answer["new"], answer["dry_run"]) == (3, added, new, dry_run)
    bad = client.post("/members/api/v1/imports/members", content="number\n1\n", headers=headers)
    assert bad.status_code == 422
    problem = bad.json()["problems"][0]
    assert (problem["reason"], problem["field"], problem["line"]) == ("the column is missing", "kind", 1)
    listed = client.get("/members/api/v1/members", params={"search": "002"}, headers=headers).json()
    assert [(member["number"], "address" in member) for member in listed] == [("002", False)]
    import_id = answer["import_id"]
    assert client.post(f"/members/api/v1/imports/{import_id}/undo").json() == {"removed": 3}
    missing = client.post("/members/api/v1/imports/none/undo", headers={"accept": "application/json"})
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


def test_a_program_ends_a_membership_and_makes_an_account(database: Database, client: TestClient) -> None:
    bring_all(database)
    sign_in(client, "board")
    headers = {"accept": "application/json"}
    body = {"email": "Water@example.org", "name": "Water", "roles": ["partner"], "password": "long enough"}
    first, again = (client.post("/members/api/v1/accounts", json=body, headers=headers).json() for _ in range(2))
    assert first == again
    answer = client.post(f"/members/api/v1/members/{YILDIZ}/leave", json={"left_on": "2026-03-01"}, headers=headers)
    assert answer.json() == {"left_on": "2026-03-01"}
    assert left_on(database, YILDIZ) == date(2026, 3, 1)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    sign_in(client, "board")
    large = "x" * (FILE_BYTES_MAX + 1)
    headers = {"accept": "application/json", "content-type": "text/csv"}
    answer = client.post("/members/api/v1/imports/members", content=large, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    form = client.post("/members/imports", data={"kind": "members"}, files={"file": ("x.csv", large + "x" * 70_000)})
    assert form.status_code == 413


def test_a_file_that_is_as_large_as_it_may_be_is_read(client: TestClient) -> None:
    sign_in(client, "board")
    line = "001,owner,Anna,2024-01-01\n"
    body = "number,kind,name,joined_on\n" + line
    body += "\n" * (FILE_BYTES_MAX - len(body))
    headers = {"accept": "application/json", "content-type": "text/csv"}
    assert client.post("/members/api/v1/imports/members", content=body, headers=headers).json()["added"] == 1
    assert "imported before" in look_at_file(client, "members", body)


def test_only_a_number_of_kilobytes_fits_a_form_of_contact_data(database: Database, client: TestClient) -> None:
    bring(database, "members")
    sign_in(client, "board")
    assert client.post(f"/members/register/members/{VRIES}/edit", data={"name": "x" * 70_000}).status_code == 413
