"""Lists of the register as files: the whole list with the page's filters, to whom the page is shown."""

from __future__ import annotations

import csv
import io

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from tests.desk import sign_in
from tests.members.browser import open_account
from tests.members.sample import VRIES, YILDIZ, bring_all

EXPORTS = "/members/exports"


def rows_of(client: TestClient, list_name: str, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{EXPORTS}/{list_name}.json{query}")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, str]] = answer.json()["rows"]
    return rows


def test_the_board_gets_the_register_with_the_filter_of_the_page(database: Database, client: TestClient) -> None:
    bring_all(database)
    sign_in(client, "board")
    assert [row["number"] for row in rows_of(client, "members")] == ["001", "002", "003"]
    assert [row["name"] for row in rows_of(client, "members", "?search=Yıldız")] == ["B. Yıldız"]
    page = client.get("/members/?search=Kade 2", headers={"accept": "text/html"}).text
    assert 'href="/members/exports/members.csv?search=Kade+2&amp;sort=number"' in page
    lines = list(csv.reader(io.StringIO(client.get(f"{EXPORTS}/gas-bills.csv").text)))
    assert lines[0] == ["Id", "Contract", "Year", "Gas [m³]", "Paid incl. VAT [EUR]"]
    assert [line[1:] for line in lines[1:]] == [["C1", "2021", "1250", "1187.50"], ["C1", "2022", "1180", "1652.00"]]


def test_all_connections_stand_there_with_each_who_held_them(database: Database, client: TestClient) -> None:
    bring_all(database)
    sign_in(client, "auditor")
    rows = rows_of(client, "connections")
    assert [(row["number"], row["closed_on"]) for row in rows] == [
        ("0001", None), ("0002", "2022-07-01"), ("0002", None), ("0003", None),
    ]  # fmt: skip
    assert [row["number"] for row in rows_of(client, "connections", f"?member_id={YILDIZ}")] == ["0002"]
    assert [row["starts_on"] for row in rows_of(client, "contracts")] == ["2022-01-01", "2022-07-01"]


@pytest.mark.parametrize("list_name", ["connections", "contracts", "gas-bills"])
def test_a_member_gets_their_own_rows_and_nobody_else_s(database: Database, client: TestClient, list_name: str) -> None:
    bring_all(database)
    sign_in(client, "member", member_id=VRIES)
    assert rows_of(client, list_name, f"?member_id={VRIES}")
    for query in ("", f"?member_id={YILDIZ}"):
        assert client.get(f"{EXPORTS}/{list_name}.csv{query}").status_code == 403


@pytest.mark.parametrize("list_name", ["members", "accounts", "imports"])
def test_who_may_not_see_a_page_gets_no_file_of_it(database: Database, client: TestClient, list_name: str) -> None:
    assert client.get(f"{EXPORTS}/{list_name}.json").status_code == 401
    sign_in(client, "member", member_id=VRIES)
    assert client.get(f"{EXPORTS}/{list_name}.json").status_code == 403


def test_changes_and_sign_ins_of_an_account_are_for_its_owner_and_its_keepers(
    database: Database, client: TestClient
) -> None:
    bring_all(database)
    account_id = open_account(database)
    sign_in(client, "member", member_id=VRIES)
    for list_name in ("account-changes", "sign-ins"):
        assert client.get(f"{EXPORTS}/{list_name}.csv?account_id={account_id}").status_code == 403
    sign_in(client, "board")
    assert [row["change"] for row in rows_of(client, "account-changes", f"?account_id={account_id}")] == [
        "Account made"
    ]
    assert rows_of(client, "sign-ins", f"?account_id={account_id}") == []
    assert [row["roles"] for row in rows_of(client, "accounts")] == ["member"]
    assert "hash" not in client.get(f"{EXPORTS}/accounts.json").text


def test_a_file_of_another_kind_is_not_there(database: Database, client: TestClient) -> None:
    sign_in(client, "board")
    assert client.get(f"{EXPORTS}/members.exe").status_code == 422
    assert client.get(f"{EXPORTS}/nothing.csv").status_code == 404
