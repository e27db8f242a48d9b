"""The operator's pages of a service: its chain, what was parked and why, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.kit import journal, parking
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.service import Pages, Room
from coop.kit.settings import Settings
from coop.kit.tables import dead_letter
from coop.members.service import MEMBERS
from coop.operator import operations
from coop.operator.access import ACCESS
from coop.operator.operations import readable
from coop.values import CoopError
from coop.web.app import assemble_app
from tests.desk import COMMUNITY, SECRET, SECRETARY, lead_to, sign_in
from tests.kit.town import member
from tests.migrated import MigratedUrl

JSON = {"accept": "application/json"}


def replay_note(room: Room, community: str, actor: Actor, letter_id: str) -> None:
    """Take a note, unless it is a heavy one."""
    with room.database.write(community, actor) as tx:
        if b"heavy" in parking.get_parked(tx, letter_id).body:
            raise CoopError("no", "still too heavy")
        parking.resolve(tx, letter_id, "replayed")


SERVICE = replace(MEMBERS, replayers={"note": replay_note}, letter_kinds={"note": "Note"})


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, migrated_url: MigratedUrl) -> Iterator[Database]:
    """Migrated and empty."""
    opened = SERVICE.open_database(migrated_url(SERVICE, request.param), migrate=False)
    yield opened
    opened.close()


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Iterator[TestClient]:
    """The operator at the pages, in English."""
    settings = Settings(data_dir=tmp_path, secret=SECRET)
    pages = Pages(name="operator", label="Operations", access=ACCESS)
    rooms = {"members": Room(SERVICE, database, settings)}
    app = assemble_app("coop", settings, rooms, lead_to("http://testserver"), (pages,), (operations.routes,))
    app.state.databases["operator"] = database
    app.state.services = (SERVICE,)
    headers = {"accept": "text/html", "accept-language": "en"}
    with TestClient(app, base_url="http://testserver", headers=headers, follow_redirects=False) as opened:
        yield sign_in(opened, "operator")


def park(database: Database, kind: str = "event", body: bytes = b'{"id": "e1"}', community: str = COMMUNITY) -> str:
    with database.write(community, SECRETARY) as tx:
        return parking.park(tx, kind, "/coop/governance", body, "tariff-not-allowed", "price <too> high")


@pytest.fixture
def letter_id(database: Database) -> str:
    """A parked fact."""
    return park(database)


def list_parked(database: Database) -> list[str]:
    with database.read(COMMUNITY) as tx:
        return [letter.id for letter in parking.list_parked(tx)]


def test_the_card_counts_and_points_to_what_is_parked(database: Database, client: TestClient, letter_id: str) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        tx.tell(member(1), member(2), member(3))
    with database.system_write() as sql:
        journal.seal(sql, limit=2)
    card = " ".join(client.get("/members/cards/operations").text.split())
    assert "1 parked" in card
    assert "<dt>Facts sealed in the chain</dt><dd>2</dd>" in card
    assert "<dt>Waiting to be sealed</dt><dd>1</dd>" in card
    assert 'href="/members/dead-letters"' in card


def test_the_page_of_all_services_points_to_each(client: TestClient) -> None:
    assert 'data-card="/members/cards/operations"' in client.get("/operations").text


def test_what_is_parked_is_shown_with_its_reason_and_what_came_in(client: TestClient, letter_id: str) -> None:
    page = client.get("/members/dead-letters").text
    assert "price &lt;too&gt; high" in page
    assert "{&#34;id&#34;: &#34;e1&#34;}" in page
    assert f"/members/dead-letters/{letter_id}/discard" in page


def test_nothing_parked_is_said(client: TestClient) -> None:
    sign_in(client, "board")
    assert "Nothing is parked" in client.get("/members/dead-letters").text
    assert "nothing parked" in client.get("/members/cards/operations").text


def test_another_co_operative_s_dead_letters_are_neither_seen_nor_worked(
    database: Database, client: TestClient
) -> None:
    elsewhere = park(database, community="elsewhere")
    assert "Nothing is parked" in client.get("/members/dead-letters").text
    assert client.get("/members/api/v1/dead-letters", headers=JSON).json() == []
    assert client.post(f"/members/dead-letters/{elsewhere}/discard").status_code == 409
    assert client.post(f"/members/api/v1/dead-letters/{elsewhere}/replay", headers=JSON).status_code == 409


@pytest.mark.parametrize(("kind", "reason"), [("event", "missing or malformed"), ("note", "still too heavy")])
def test_a_replay_that_is_refused_again_says_why_and_keeps_it(
    database: Database, client: TestClient, kind: str, reason: str
) -> None:
    letter_id = park(database, kind, b'{"weight": "heavy"}')
    answer = client.post(f"/members/dead-letters/{letter_id}/replay")
    page = client.get(answer.headers["location"]).text
    assert "Refused again: " in page
    assert reason in page
    assert list_parked(database) == [letter_id]


def test_a_replay_that_is_taken_clears_it(database: Database, client: TestClient) -> None:
    letter_id = park(database, "note")
    answer = client.post(f"/members/api/v1/dead-letters/{letter_id}/replay", headers=JSON)
    assert answer.json() == {"resolution": "replayed"}
    assert list_parked(database) == []
    assert client.get("/members/api/v1/dead-letters", headers=JSON).json() == []


def test_what_cannot_be_tried_again_is_refused(database: Database, client: TestClient) -> None:
    letter_id = park(database, "telegram")
    answer = client.post(f"/members/api/v1/dead-letters/{letter_id}/replay", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (409, "no-replay")
    assert list_parked(database) == [letter_id]


def test_discarding_is_asked_twice_and_stays_on_file(database: Database, client: TestClient, letter_id: str) -> None:
    path = f"/members/dead-letters/{letter_id}/discard"
    assert "price &lt;too&gt; high" in client.get(path).text
    assert list_parked(database) == [letter_id]
    assert client.post(path).headers["location"] == "/members/dead-letters"
    assert list_parked(database) == []
    with database.system_read() as sql:
        kept = sql.execute(select(dead_letter)).one()
    assert (kept.resolution, kept.reason) == ("discarded", "price <too> high")
    assert kept.resolved_by == "account:account-1"
    assert client.post(path).status_code == 409


def test_no_other_word_than_replay_or_discard_touches_it(
    database: Database, client: TestClient, letter_id: str
) -> None:
    assert client.post(f"/members/dead-letters/{letter_id}/delete").status_code == 404
    assert list_parked(database) == [letter_id]


@pytest.mark.parametrize("role", ["member", "treasurer", "partner"])
def test_only_board_and_operator_work_on_what_is_parked_and_the_auditor_sees_it(
    database: Database, client: TestClient, letter_id: str, role: str
) -> None:
    sign_in(client, role)
    pages = ("/members/cards/operations", "/members/dead-letters", "/operations")
    for path in pages:
        assert client.get(path).status_code == 403
    sign_in(client, "auditor")
    for path in pages:
        assert client.get(path).status_code == 200
    for role_of_none in (role, "auditor"):
        sign_in(client, role_of_none)
        for path in (f"/members/dead-letters/{letter_id}/discard", f"/members/api/v1/dead-letters/{letter_id}/replay"):
            assert client.post(path).status_code == 403
    assert list_parked(database) == [letter_id]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"/KWG5\r\n1-3:0.2.8(50)", "/KWG5\r\n1-3:0.2.8(50)"),
        ("coöperatie".encode(), "coöperatie"),
        (b"\x10\x5b\x01", "10 5b 01"),
        (b"\xff\xfe", "ff fe"),
        (b"a" * 3000, "a" * 2000 + " …"),
    ],
)
def test_what_came_in_is_shown_as_text_or_bytes(body: bytes, shown: str) -> None:
    assert readable(body) == shown
