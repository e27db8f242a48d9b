"""Members say themselves that they move; the register changes when the board writes it down."""

from __future__ import annotations

import json
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.members.connections.store import list_connections, list_occupancies
from coop.members.contracts.store import list_contracts
from coop.members.entry.store import list_waiting as list_stands
from coop.members.messages.model import Filter
from coop.members.messages.store import list_tracked
from coop.members.privacy.commands import carry_out, enter_request
from coop.members.register.commands import end_membership
from coop.members.register.store import get_member
from coop.members.told_moves import store
from tests.desk import CHAIR, COMMUNITY, SECRETARY, sign_in
from tests.members.browser import enter, open_account, text_of
from tests.members.sample import VRIES, YILDIZ, bring_all
from tests.members.test_register_forms import hidden

OWN, DESK, API = "/members/me/move", "/members/register/moves", "/members/api/v1"
JSON = {"accept": "application/json"}
OUT = {
    "way": "out",
    "moved_on": "01-02-2026",
    "heat_gj": "12,34",
    "address": "Laan 5",
    "postcode": "1052 BB",
    "city": "Amsterdam",
    "note": "Eva komt na mij",
}

WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"moved_on": "soon"}, "is not a date such as"),
    ({"moved_on": "01-02-2031"}, "lies more than a year from today"),
    ({"moved_on": "01-01-2022"}, "lies before the day on which you moved in"),
    ({"heat_gj": "much"}, "is no stand of a meter"),
    ({"city": ""}, "may not be empty"),
    ({"note": "a\x07b"}, "signs that print"),
    ({"connection_id": "of-another"}, "choose the home that you move out of"),
    ({"way": "in"}, "may not be empty"),
    ({"way": "sideways"}, "choose one of both"),
)


@pytest.fixture
def member(database: Database, client: TestClient) -> TestClient:
    """A. de Vries, who holds connection 0001, signed in."""
    bring_all(database)
    open_account(database)
    enter(client)
    return client


def place_of(database: Database, number: str) -> str:
    with database.read(COMMUNITY) as tx:
        return next(each.connection_id for each in list_connections(tx) if each.number == number)


def tell(client: TestClient, database: Database, status: int = 303, **fields: str) -> str:
    """Tell of a move by the form; the home is that of connection 0001."""
    answer = client.post(OWN, data={**OUT, "connection_id": place_of(database, "0001"), **fields})
    assert answer.status_code == status, answer.text
    return answer.text


def list_kinds(database: Database) -> dict[str, str]:
    """What messages A. de Vries got of a move, by kind."""
    with database.read(COMMUNITY) as tx:
        tracked = list_tracked(tx, Filter(member_id=VRIES))
    return {each.message.kind: each.message.content for each in tracked if each.message.kind.startswith("move-")}


def test_a_move_that_a_member_tells_of_is_written_down_by_the_board_and_answered(
    database: Database, member: TestClient
) -> None:
    tell(member, database)
    assert "waits for the board" in text_of(member, OWN)
    with database.read(COMMUNITY) as tx:
        assert list_contracts(tx, VRIES)[0].ends_on is None, "nothing changes by the member alone"
    member.cookies.clear()
    sign_in(member, "board")
    assert "A. de Vries tells of a move" in text_of(member, "/members/cards/waiting")
    page = text_of(member, f"{DESK}/1")
    assert "Eva komt na mij" in page
    assert "This is in order" in page
    written = member.post(f"{DESK}/1", data={"act": "write", "preview": hidden(page, "preview")})
    assert written.status_code == 303
    with database.read(COMMUNITY) as tx:
        assert list_contracts(tx, VRIES)[0].ends_on == date(2026, 2, 1)
        assert next(h for h in list_occupancies(tx) if h.member_id == VRIES).closed_on == date(2026, 2, 1)
        assert (get_member(tx, VRIES).address, get_member(tx, VRIES).left_on) == ("Laan 5", None)
        [(stands, number, _)] = list_stands(tx)
    assert (stands.heat_gj, stands.read_on, number) == ("12.34", date(2026, 2, 1), "0001")
    assert "u gaat op 1 februari 2026 weg uit Kade 1" in list_kinds(database)["move-written"]
    assert "Wrote down a move that the member told of" in text_of(member, "/members/log")
    assert "tells of a move" not in text_of(member, "/members/cards/waiting")


def test_the_board_says_why_it_writes_nothing_down_and_the_member_tells_anew(
    database: Database, member: TestClient
) -> None:
    tell(member, database, leaves="yes")
    member.cookies.clear()
    sign_in(member, "board")
    assert "needs 1 to 500 signs" in member.post(f"{DESK}/1", data={"act": "refuse", "reason": " "}).text
    assert member.post(f"{DESK}/1", data={"act": "refuse", "reason": "Die dag klopt niet"}).status_code == 303
    assert member.post(f"{DESK}/1", data={"act": "write", "preview": ""}).status_code == 303
    with database.read(COMMUNITY) as tx:
        assert list_contracts(tx, VRIES)[0].ends_on is None, "what is settled stays as it is"
    assert "Die dag klopt niet" in list_kinds(database)["move-refused"]
    member.cookies.clear()
    enter(member)
    assert "Die dag klopt niet" in text_of(member, OWN)
    tell(member, database)
    member.post(f"{OWN}/withdraw")
    assert "taken back" in text_of(member, OWN)
    with database.read(COMMUNITY) as tx:
        assert store.list_waiting(tx) == []


def test_whoever_moves_in_is_given_the_connection_that_the_board_names(database: Database, member: TestClient) -> None:
    tell(member, database, way="in", home="Kade 3", address="", postcode="", city="")
    member.cookies.clear()
    sign_in(member, "board")
    wish = {"connection": "0003", "contract": "C9", "tariff_clause": "2024-1"}
    unknown = member.post(f"{DESK}/1", data={**wish, "connection": "9999", "act": "check"})
    assert "there is no connection &#34;9999&#34;" in unknown.text
    page = member.post(f"{DESK}/1", data={**wish, "act": "check"}).text
    preview = hidden(page, "preview")
    assert member.post(f"{DESK}/1", data={**wish, "act": "write", "preview": preview}).status_code == 303
    with database.read(COMMUNITY) as tx:
        assert {c.number: c.starts_on for c in list_contracts(tx, VRIES)}["C9"] == date(2026, 2, 1)
        assert list_stands(tx)[0][0].connection_id == place_of(database, "0003")
    assert "wonen in Kade 3" in list_kinds(database)["move-written"]


def test_what_is_wrong_is_named_at_its_field_and_nothing_is_kept(database: Database, member: TestClient) -> None:
    for wrong, reason in WRONG:
        page = tell(member, database, 422, **wrong)
        assert reason in page, wrong
        assert "Nothing is told yet" in page
    with database.read(COMMUNITY) as tx:
        assert store.list_waiting(tx) == []


def test_one_move_waits_at_a_time_and_each_of_both_sees_their_own_page(database: Database, member: TestClient) -> None:
    tell(member, database)
    assert "take it back first" in tell(member, database, 409)
    assert member.get(DESK).status_code == 403
    assert member.post(f"{DESK}/1", data={"act": "write"}).status_code == 403
    tell(member, database, 409, connection_id=place_of(database, "0002"))
    member.cookies.clear()
    sign_in(member, "board")
    assert member.get(OWN).status_code == 403
    assert member.get(f"{DESK}/7").status_code == 404


def test_nobody_moves_out_of_a_home_that_another_holds(database: Database, member: TestClient) -> None:
    assert "choose the home" in tell(member, database, 422, connection_id=place_of(database, "0002"))
    with database.read(COMMUNITY) as tx:
        assert next(h for h in list_occupancies(tx) if h.member_id == YILDIZ).closed_on is None


def test_what_was_told_is_in_one_s_own_data_and_forgotten_with_them(database: Database, member: TestClient) -> None:
    tell(member, database)
    with ZipFile(BytesIO(member.get("/members/api/v1/me/export").content)) as files:
        [move] = json.loads(files.read("moves.json"))["rows"]
    assert (move["way"], move["heat_gj"], move["note"]) == ("out", "12.34", "Eva komt na mij")
    with database.write(COMMUNITY, SECRETARY) as tx:
        end_membership(tx, VRIES, date(2026, 1, 1))
        number = enter_request(tx, VRIES, "brief")
    with database.write(COMMUNITY, CHAIR) as tx:
        carry_out(tx, number)
        assert store.list_of(tx, VRIES) == []


def test_a_program_tells_looks_and_writes_down_as_the_pages_do(database: Database, member: TestClient) -> None:
    body = {"way": "out", "moved_on": "2026-02-01", "connection_id": place_of(database, "0001"), "heat_gj": "12.34"}
    wrong = member.post(f"{API}/me/moves", json={**body, "heat_gj": "1.2.3"}, headers=JSON)
    assert (wrong.status_code, [each["field"] for each in wrong.json()["problems"]]) == (422, ["heat_gj"])
    told = member.post(f"{API}/me/moves", json=body).raise_for_status().json()
    assert (told["number"], told["outcome"], told["heat_gj"]) == (1, None, "12.34")
    assert member.get(f"{API}/me/moves").json() == [told]
    assert member.post(f"{API}/me/moves", json=body, headers=JSON).json()["code"] == "move-waits"
    assert member.get(f"{API}/moves").status_code == 403

    member.cookies.clear()
    sign_in(member, "board")
    assert member.get(f"{API}/moves", params={"state": "waiting"}).json() == [told]
    look = member.post(f"{API}/moves/1/preview", json={}).raise_for_status().json()
    changed = {(each["noun"], each["field"]): each["new"] for each in look["differences"]}
    assert changed == {("occupancy", "closed_on"): "2026-02-01", ("contract", "ends_on"): "2026-02-01"}
    unseen = member.post(f"{API}/moves/1/write", json={"preview": "0" * 64}, headers=JSON)
    assert unseen.json()["code"] == "preview-needed"
    done = [member.post(f"{API}/moves/1/write", json={"preview": look["preview"]}).json() for _ in range(2)]
    assert done[0] == done[1] == member.get(f"{API}/moves/1").json()
    assert done[0]["outcome"] == "written"
    assert member.get(f"{API}/moves", params={"state": "waiting"}).json() == []
    with database.read(COMMUNITY) as tx:
        assert list_contracts(tx, VRIES)[0].ends_on == date(2026, 2, 1)
    assert "move-written" in list_kinds(database)


def test_a_program_refuses_with_a_reason_and_takes_back(database: Database, member: TestClient) -> None:
    body = {"way": "in", "moved_on": "2026-02-01", "home": "Kade 3"}
    member.post(f"{API}/me/moves", json=body).raise_for_status()
    assert [each["outcome"] for each in member.post(f"{API}/me/moves/withdraw").json()] == ["withdrawn"]
    member.post(f"{API}/me/moves", json=body).raise_for_status()
    member.cookies.clear()
    sign_in(member, "board")
    refused = member.post(f"{API}/moves/2/refuse", json={"reason": "There is no Kade 3."}).raise_for_status().json()
    assert (refused["outcome"], refused["reason"]) == ("refused", "There is no Kade 3.")
    assert "There is no Kade 3." in list_kinds(database)["move-refused"]


def test_a_number_that_no_database_holds_is_no_move(client: TestClient) -> None:
    sign_in(client, "board")
    for address in (DESK, f"{API}/moves"):
        assert client.get(f"{address}/{10**30}").status_code == 422
