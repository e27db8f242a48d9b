"""Ballots of the room and on paper: one person enters them by members' numbers, another confirms, then they count."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.governance.handlers import closing, entries, meetings
from coop.governance.handlers.entries import Row
from coop.governance.storage import entries as store
from coop.governance.storage import meetings as meeting_store
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.session import COOKIE, Session, sign
from coop.values import BadInput, CoopError
from tests.desk import SECRET, SECRETARY
from tests.governance.assembly import HELD, LATER, TOWN, client, live, rows
from tests.metering.test_meter_pages import plain

SECOND = Actor("account", "account-2", "page")
PAGE = "/governance/meetings/alv-1/ballots"


def standing(database: Database, resolution_id: str = "tariff") -> dict[str, tuple[str, str | None]]:
    with database.read(TOWN) as tx:
        history = meeting_store.list_ballots(tx, resolution_id)
    return {member_id: (cast[-1].choice, cast[-1].proxy_holder) for member_id, cast in history.items()}


def enter(database: Database, *papers: Row, actor: Actor = SECRETARY) -> str:
    with database.write(TOWN, actor) as tx:
        return entries.enter_ballots(tx, "alv-1", "room", papers).entry_id


def test_ballots_count_once_another_person_confirmed_them(database: Database) -> None:
    live(database, until="vote")
    entry_id = enter(database, Row(1, "L-001", "", {"tariff": "for"}), Row(2, "L-002", "L-001", {"tariff": "against"}))
    assert standing(database) == {}
    with pytest.raises(CoopError, match="yourself"), database.write(TOWN, SECRETARY) as tx:
        entries.confirm_entry(tx, entry_id)
    with database.write(TOWN, SECOND) as tx:
        assert entries.confirm_entry(tx, entry_id) == 2
    with database.write(TOWN, SECOND) as tx:
        assert entries.confirm_entry(tx, entry_id) == 0
        [(entry, settled)] = store.list_entries(tx, "alv-1")
    assert standing(database) == {"m001": ("for", None), "m002": ("against", "m001")}
    assert settled is not None
    assert (entry.actor, settled.actor, entry.paper) == (str(SECRETARY), str(SECOND), "room")


def test_what_is_left_out_never_counts(database: Database) -> None:
    live(database, until="vote")
    entry_id = enter(database, Row(1, "L-001", "", {"tariff": "for"}))
    with database.write(TOWN, SECRETARY) as tx:
        entries.drop_entry(tx, entry_id)
        entries.drop_entry(tx, entry_id)
    with pytest.raises(CoopError, match="dropped"), database.write(TOWN, SECOND) as tx:
        entries.confirm_entry(tx, entry_id)
    assert standing(database) == {}


def test_a_vote_that_a_member_cast_in_person_since_is_not_replaced(database: Database) -> None:
    live(database, until="vote")
    entry_id = enter(database, Row(1, "L-001", "", {"tariff": "for"}))
    with database.write(TOWN, Actor("account", "anna", "page")) as tx:
        meetings._fill_box(tx, "alv-1", "tariff", rows({"m001": "against"}), personal=True)
    with pytest.raises(BadInput), database.write(TOWN, SECOND) as tx:
        entries.confirm_entry(tx, entry_id)
    assert standing(database) == {"m001": ("against", None)}


@pytest.mark.parametrize(
    ("paper", "field", "line"),
    [
        (Row(3, "L-999", "", {"tariff": "for"}), "number", 3),
        (Row(3, "L-001", "L-999", {"tariff": "for"}), "holder", 3),
        (Row(3, "", "", {"tariff": "for"}), "number", 3),
        (Row(3, "L-001", "", {}), "choice", 3),
        (Row(3, "L-001", "L-001", {"tariff": "for"}), "proxy_holder", 3),
    ],
)
def test_a_bad_ballot_is_named_by_its_line_and_nothing_is_kept(
    database: Database, paper: Row, field: str, line: int
) -> None:
    live(database, until="vote")
    with pytest.raises(BadInput) as refused:
        enter(database, Row(1, "L-002", "", {"tariff": "for"}), paper)
    assert [(problem.field, problem.line) for problem in refused.value.problems] == [(field, line)]
    with database.read(TOWN) as tx:
        assert store.list_entries(tx, "alv-1") == []


def test_the_limit_of_proxies_and_a_second_ballot_of_one_member_are_refused(database: Database) -> None:
    live(database, until="vote")
    proxies = [Row(line, f"L-{line:03d}", "L-004", {"build": "for"}) for line in (1, 2)]
    with pytest.raises(BadInput):
        enter(database, *proxies)
    with pytest.raises(BadInput):
        enter(database, Row(1, "L-001", "", {"tariff": "for"}), Row(2, "L-001", "", {"tariff": "against"}))


def test_ballots_after_the_closing_are_refused(database: Database) -> None:
    live(database, until="vote")
    waiting = enter(database, Row(1, "L-003", "", {"tariff": "for"}))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.cast_votes(tx, "alv-1", "tariff", rows({"m001": "for"}))
        closing.close_meeting(tx, "alv-1", HELD)
    with pytest.raises(CoopError, match="closed"), database.write(TOWN, SECOND) as tx:
        entries.confirm_entry(tx, waiting)


def sit_down(desk: TestClient, account_id: str, *roles: str) -> TestClient:
    session = Session(account_id, "Somebody", frozenset(roles), None, TOWN, f"session-{account_id}", LATER)
    desk.cookies.set(COOKIE, sign(session, SECRET))
    return desk


def test_two_people_of_the_board_enter_and_confirm_on_the_page(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="vote")
    desk = client(embedded, tmp_path, "board")
    filled = {"paper": "room", "1.number": "L-001", "1.choice.0": "for", "1.choice.1": "blank", "3.number": "L-002"}
    refused = desk.post(PAGE, params={"lang": "nl"}, data=filled)
    assert refused.status_code == 422
    assert "kies ten minste één keer voor, tegen of blanco" in plain(refused.text)
    assert 'value="L-002"' in refused.text
    done = desk.post(PAGE, params={"lang": "en"}, data=filled | {"3.choice.0": "against", "3.holder": "L-001"})
    page = plain(desk.get(PAGE, params={"lang": "en"}).text)
    assert "waits for a second person" in page
    assert "Member L-002, point 1: against (by proxy of L-001)" in page
    address = re.search(rf"{PAGE}/[0-9a-f-]+", done.text)
    assert address
    own = desk.post(address[0], params={"lang": "nl"}, data={"act": "confirm"})
    assert "u hebt deze stemmen zelf ingevoerd" in plain(own.text)
    sit_down(desk, "account-2", "board").post(address[0], data={"act": "confirm"})
    assert standing(embedded) == {"m001": ("for", None), "m002": ("against", "m001")}
    assert "counts" in plain(desk.get(PAGE, params={"lang": "en"}).text)
    assert sit_down(desk, "account-3", "member").get(PAGE).status_code == 403
