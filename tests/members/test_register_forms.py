"""Forms of the register as a volunteer sees them: looked at first, written down, and never over another's work."""

from __future__ import annotations

import re
from datetime import date

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.members.connections.store import list_connections, list_occupancies
from coop.members.contracts.store import list_contracts
from coop.members.entry.rules import merge_typed
from coop.members.history.store import list_changes
from coop.members.imports.store import list_imports
from coop.members.register.store import list_members
from tests.desk import COMMUNITY, sign_in
from tests.founding import found_in
from tests.members.browser import text_of
from tests.members.sample import VRIES, YILDIZ, bring_all, contracts_of, left_on, list_facts, list_verbs
from tests.members.test_changing import bill

BASE = "/members/register"
DORA = {"number": "004", "name": "Dora", "kind": "tenant", "joined_on": "2026-01-05", "email": "dora@example.org"}


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    match = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert match, f"no {name} on the page"
    return match[1]


def fill(client: TestClient, path: str, fields: dict[str, str], status: int = 200) -> str:
    """Check a form; returns its page."""
    answer = client.post(path, data=fields)
    assert answer.status_code == status, answer.text
    return answer.text


def write(client: TestClient, path: str, fields: dict[str, str]) -> str:
    """Check a form, then write it down as it was looked at; returns the address that follows."""
    page = fill(client, path, fields)
    answer = client.post(path, data={**fields, "preview": hidden(page, "preview"), "write": "yes"})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


@pytest.fixture
def board(database: Database, client: TestClient) -> TestClient:
    """Somebody of the board, with the sample in the register."""
    bring_all(database)
    sign_in(client, "board")
    return client


def test_one_member_is_admitted_by_a_form(database: Database, board: TestClient) -> None:
    assert 'value="004"' in text_of(board, f"{BASE}/members/new"), "the next number is suggested"
    before = list_verbs(database)
    assert "Nothing is written down yet" in fill(board, f"{BASE}/members/new", DORA)
    assert list_verbs(database) == before
    address = write(board, f"{BASE}/members/new", DORA)
    assert "Dora" in text_of(board, address)
    assert list_verbs(database)[len(before) :] == ["member-admitted"]


def test_a_form_names_every_problem_at_once(board: TestClient) -> None:
    wrong = {**DORA, "number": "001", "name": "", "email": "dora", "joined_on": "soon", "kvk": "12", "vat_id": "NL1"}
    page = fill(board, f"{BASE}/members/new", {**wrong, "number": "005"}, 422)
    for name in ("name", "email", "joined_on", "kvk", "vat_id"):
        assert f'id="{name}-error"' in page, name
    assert "001 is registered already" in fill(board, f"{BASE}/members/new", {**DORA, "number": "001"}, 422)


def test_a_member_by_form_is_taken_out_again_by_undo(database: Database, board: TestClient) -> None:
    write(board, f"{BASE}/members/new", DORA)
    with database.read(COMMUNITY) as tx:
        [entry] = [each for each in list_imports(tx) if each.channel == "page"]
    assert (entry.file_name, entry.channel) == ("", "page")
    assert board.post(f"/members/imports/{entry.import_id}/undo").status_code == 303
    with database.read(COMMUNITY) as tx:
        assert "Dora" not in [member.name for member in list_members(tx)]


def test_a_landlord_has_no_vote_and_a_business_its_numbers(database: Database, board: TestClient) -> None:
    write(board, f"{BASE}/members/new", {**DORA, "kind": "landlord"})
    assert list_facts(database)[-1][1]["votes"] == 0
    firm = {**DORA, "number": "005", "kind": "business", "kvk": "12345678", "vat_id": "NL000099998B57"}
    write(board, f"{BASE}/members/new", firm)
    assert list_facts(database)[-1][1].get("votes", 1) == 1
    page = fill(board, f"{BASE}/members/new", {**DORA, "number": "6", "kind": "landlord", "votes": "2"}, 422)
    assert "a landlord is a party without a vote" in page


def test_a_connection_is_opened_and_its_ean_code_checked(database: Database, board: TestClient) -> None:
    place = {"number": "0004", "building": "K2", "kind": "dwelling", "address": "Kade 4", "ean": "871234567890123456"}
    assert board.get(f"{BASE}/connections/new").status_code == 200, "the form opens by its link"
    assert "not an EAN code" in fill(board, f"{BASE}/connections/new", place, 422)
    write(board, f"{BASE}/connections/new", {**place, "ean": "", "home_equivalents": "0,75", "users": "12"})
    with database.read(COMMUNITY) as tx:
        made = {c.number: c for c in list_connections(tx)}["0004"]
    assert (str(made.home_equivalents), made.users) == ("0.75", 12)


def test_a_contract_is_signed_with_four_gas_bills_and_decimal_commas(database: Database, board: TestClient) -> None:
    page = text_of(board, f"{BASE}/contracts/new?member=001")
    assert 'value="C3"' in page
    fields = {
        "number": "C3",
        "member": "001",
        "connection": "0003",
        "starts_on": "2026-02-01",
        "tariff_clause": "2024-1",
    }
    for year, paid in ((2022, "1.652,00"), (2023, "1.558,70"), (2024, "1610"), (2025, "1.490,5")):
        fields |= {f"gas_{year}_m3": "1100", f"gas_{year}_eur": paid}
    write(board, f"{BASE}/contracts/new", fields)
    contract = contracts_of(database, VRIES)[-1]
    assert [(each.year, each.amount_cents) for each in contract.gas_bills] == [
        (2022, 165_200),
        (2023, 155_870),
        (2024, 161_000),
        (2025, 149_050),
    ]


def test_unknown_numbers_are_refused_by_name(board: TestClient) -> None:
    fields = {"number": "C3", "member": "099", "connection": "0099", "starts_on": "2026-02-01"}
    page = fill(board, f"{BASE}/contracts/new", fields, 422)
    assert "there is no member &#34;099&#34;" in page
    assert "there is no connection &#34;0099&#34;" in page


def test_a_corrected_gas_bill_shows_the_bills_that_rest_on_it_before_it_is_written(
    database: Database, board: TestClient
) -> None:
    contract = contracts_of(database, VRIES)[0]
    bill(database, contract.contract_id)
    path = f"{BASE}/contracts/{contract.contract_id}/edit"
    page = text_of(board, path)
    fields = {name: hidden(page, name) for name in ("version", "member", "connection", "starts_on", "tariff_clause")}
    fields |= {"gas_2021_m3": "1250", "gas_2021_eur": "1187,50", "gas_2022_m3": "1180", "gas_2022_eur": "1562,00"}
    page = fill(board, path, fields)
    assert "2026-000001" in page
    assert "1652.00" in page
    assert "1562.00" in page
    assert "gas-bills-corrected" not in list_verbs(database)
    write(board, path, {**fields, "reason": "a digit turned round"})
    assert list_verbs(database)[-1] == "gas-bills-corrected"
    with database.read(COMMUNITY) as tx:
        assert list_changes(tx, "contract", "C1")[0].reason == "a digit turned round"
    page = text_of(board, f"/members/{VRIES}")
    assert "a digit turned round" in page
    assert "href='/billing/bills/bill-2026-000001'" in page


def test_what_two_secretaries_change_at_once_is_kept_of_both(database: Database, board: TestClient) -> None:
    path = f"{BASE}/members/{VRIES}/edit"
    page = text_of(board, path)
    names = ("version", "name", "email", "address", "postcode", "city", "joined_on", "votes", "kvk", "vat_id")
    opened = {name: hidden(page, name) for name in names} | {"kind": "owner"}
    write(board, path, {**opened, "email": "first@example.org"})
    page = fill(board, path, {**opened, "address": "Kade 77"})
    assert "Somebody else changed this" in page
    assert "first@example.org" in page
    second = {**opened, "address": "Kade 77", "email": "first@example.org", "version": hidden(page, "version")}
    write(board, path, second)
    with database.read(COMMUNITY) as tx:
        member = list_members(tx, "Vries")[0]
    assert (member.email, member.address) == ("first@example.org", "Kade 77")


def test_what_was_typed_over_an_older_form_counts_only_where_it_was_changed() -> None:
    now = {"name": "Anna", "email": "new@example.org"}
    assert merge_typed(now, [], {"name": "Anne", "email": "new@example.org"}) == {**now, "name": "Anne"}


MOVE = {
    "moved_on": "2026-02-01",
    "who": "new",
    "new_number": "004",
    "name": "Eva",
    "kind": "tenant",
    "contract": "C3",
    "tariff_clause": "2024-1",
    "heat_gj": "12,34",
    "electricity_in_kwh": "4.321",
}


def place_of(database: Database, number: str) -> str:
    with database.read(COMMUNITY) as tx:
        return next(c.connection_id for c in list_connections(tx) if c.number == number)


def test_a_move_is_one_action_and_one_undo(database: Database, board: TestClient) -> None:
    path = f"{BASE}/connections/{place_of(database, '0002')}/move"
    before = len(list_verbs(database))
    address = write(board, path, MOVE)
    assert sorted(list_verbs(database)[before:]) == [
        "connection-closed",
        "connection-opened",
        "contract-ended",
        "contract-signed",
        "member-admitted",
    ]
    page = text_of(board, address)
    assert "Eva" in page
    with database.read(COMMUNITY) as tx:
        ends = {c.number: (c.starts_on, c.ends_on) for c in list_contracts(tx)}
        [entry] = [each for each in list_imports(tx) if each.channel == "page"]
    assert (ends["C2"][1], ends["C3"]) == (date(2026, 2, 1), (date(2026, 2, 1), None))
    assert board.post(f"/members/imports/{entry.import_id}/undo").status_code == 303
    with database.read(COMMUNITY) as tx:
        assert [c.number for c in list_contracts(tx)] == ["C1", "C2"]
        assert list_occupancies(tx)[-1].closed_on is None
        assert {c.number: c.ends_on for c in list_contracts(tx)}["C2"] == date(2037, 7, 1)


@pytest.mark.parametrize(
    ("number", "moved_on", "is_warned"),
    [
        ("0001", "2026-12-31", True),  # C1 began on 1 January 2022 and has gas bills: five years end on 1 January 2027
        ("0001", "2027-01-01", False),
        ("0002", "2026-02-01", False),  # C2 has no gas bills, so no guarantee ends with it
    ],
)
def test_an_end_before_the_years_agreed_on_is_warned_of_before_it_is_written(
    database: Database, board: TestClient, number: str, moved_on: str, *, is_warned: bool
) -> None:
    found_in(database)
    path = f"{BASE}/connections/{place_of(database, number)}/move"
    page = fill(board, path, {**MOVE, "moved_on": moved_on})
    assert "This is in order. Nothing is written down yet." in page
    assert ("Contract C1 would end on 31 December 2026." in page) == is_warned
    assert ("agreed on until 1 January 2027 at least" in page) == is_warned
    with database.read(COMMUNITY) as tx:
        assert {contract.number: contract.ends_on for contract in list_contracts(tx)}["C1"] is None


def test_stands_of_a_move_wait_until_somebody_entered_them_at_the_meters(database: Database, board: TestClient) -> None:
    write(board, f"{BASE}/connections/{place_of(database, '0002')}/move", MOVE)
    line = text_of(board, "/members/cards/waiting")
    assert "Enter the stands of 1 February 2026 at connection 0002" in line
    page = text_of(board, f"{BASE}/stands")
    assert "12.34 GJ" in page
    assert "Kade 2" in page
    action = re.search(rf'action="({BASE}/stands/[^"]+)"', page)
    assert action
    for _ in range(2):
        assert board.post(action[1], data={"act": "entered"}).status_code == 303
    assert "No stands wait" in text_of(board, f"{BASE}/stands")
    assert "Enter the stands" not in text_of(board, "/members/cards/waiting")
    assert board.post(f"{BASE}/stands/{VRIES}/2026-02-01").status_code == 404


def test_whoever_moves_out_may_leave_as_well(database: Database, board: TestClient) -> None:
    path = f"{BASE}/connections/{place_of(database, '0002')}/move"
    write(board, path, {**MOVE, "leaves": "yes", "who": "member", "member": "001"})
    assert left_on(database, YILDIZ) == date(2026, 2, 1)
    with database.read(COMMUNITY) as tx:
        [entry] = [each for each in list_imports(tx) if each.channel == "page"]
    answer = board.post(f"/members/imports/{entry.import_id}/undo")
    assert answer.status_code == 422
    assert "member 002 left on" in answer.text


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"moved_on": "soon"}, "is not a date"),
        ({"moved_on": "2019-01-01"}, "nobody held this connection"),
        ({"who": "member", "member": "099"}, "there is no member"),
        ({"contract": ""}, "may not be empty"),
        ({"heat_gj": "much"}, "is no stand of a meter"),
        ({"electricity_out_kwh": "-1"}, "is no stand of a meter"),
    ],
)
def test_a_move_that_cannot_be_says_why(
    database: Database, board: TestClient, change: dict[str, str], problem: str
) -> None:
    path = f"{BASE}/connections/{place_of(database, '0002')}/move"
    before = list_verbs(database)
    answer = board.post(path, data={**MOVE, **change})
    assert answer.status_code in (409, 422)
    assert problem in answer.text
    assert list_verbs(database) == before


def test_the_list_is_filtered_and_sorted_and_downloaded_as_it_is_shown(database: Database, board: TestClient) -> None:
    write(board, f"{BASE}/members/new", DORA)
    page = text_of(board, "/members/?lacks=contract&sort=-number")
    assert ("Dora" in page, "Vries" in page) == (True, False)
    assert "1 member<" in text_of(board, "/members/?search=1054+AB")
    assert "2 members" in text_of(board, "/members/?kind=tenant")
    lines = board.get("/members/exports/members.csv?lacks=contract&sort=-number").text.splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["004", "003"]
    text_of(board, "/members/?sort=secret", 422)


def test_the_number_of_users_is_held_beside_the_law(database: Database, board: TestClient) -> None:
    assert "A small system has at most 1,500" in text_of(board, f"{BASE}/connections")
    path = f"{BASE}/connections/{place_of(database, '0001')}/edit"
    page = text_of(board, path)
    fields = {name: hidden(page, name) for name in ("version", "building", "address", "ean", "home_equivalents")}
    write(board, path, {**fields, "kind": "dwelling", "users": "1300"})
    assert "comes near 1,500 users" in text_of(board, f"{BASE}/connections")


@pytest.mark.parametrize("role", ["treasurer", "auditor", "member"])
def test_only_who_keeps_the_register_sees_a_form(database: Database, client: TestClient, role: str) -> None:
    bring_all(database)
    sign_in(client, role, member_id=VRIES)
    for path in (f"{BASE}/members/new", f"{BASE}/members/{VRIES}/edit", f"{BASE}/connections/x/move"):
        assert client.get(path).status_code == 403
        assert client.post(path, data=DORA).status_code == 403
