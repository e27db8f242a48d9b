"""What the operator sees of a service, and does with what was parked."""

from __future__ import annotations

import pytest
from coop.web.operations import readable
from tests.members.desk import Visitor, bring

from coop.kit import inbox, journal
from coop.kit.database import Database
from coop.values import CoopError


@pytest.fixture
def letter_id(database: Database, visitor: Visitor) -> str:
    """A parked fact, and an operator at the screen."""
    visitor.sit_down_as("operator")
    with database.write() as tx:
        return inbox.park(tx, "event", "/coop/governance", b'{"id": "e1"}', "tariff-not-allowed", "price <too> high")


def still_parked(database: Database) -> list[str]:
    with database.read() as tx:
        return [letter.id for letter in inbox.parked(tx)]


def test_the_card_counts_and_points_to_what_is_parked(database: Database, visitor: Visitor, letter_id: str) -> None:
    bring(database, "members")
    with database.write() as tx:
        journal.seal(tx, limit=2)
    card = " ".join(visitor.client.get("/members/cards/operations").text.split())
    assert "1 parked" in card
    assert "<dt>Facts sealed in the chain</dt><dd>2</dd>" in card
    assert "<dt>Waiting to be sealed</dt><dd>1</dd>" in card
    assert 'href="/members/dead-letters"' in card


def test_what_is_parked_is_shown_with_its_reason_and_what_came_in(visitor: Visitor, letter_id: str) -> None:
    page = visitor.client.get("/members/dead-letters").text
    assert "price &lt;too&gt; high" in page
    assert "{&#34;id&#34;: &#34;e1&#34;}" in page
    assert f"/members/dead-letters/{letter_id}/discard" in page


def test_nothing_parked_is_said(visitor: Visitor) -> None:
    visitor.sit_down_as("board")
    assert "Nothing is parked" in visitor.client.get("/members/dead-letters").text
    assert "nothing parked" in visitor.client.get("/members/cards/operations").text


def test_a_replay_that_is_refused_again_says_why_and_keeps_it(
    database: Database, visitor: Visitor, letter_id: str
) -> None:
    def refuse(_letter_id: str) -> None:
        raise CoopError("no", "still too high")

    visitor.replayers["event"] = refuse
    answer = visitor.client.post(f"/members/dead-letters/{letter_id}/replay")
    assert "Refused again: still too high" in visitor.client.get(answer.headers["location"]).text
    assert still_parked(database) == [letter_id]


def test_a_replay_that_is_taken_clears_it(database: Database, visitor: Visitor, letter_id: str) -> None:
    def take(wanted: str) -> None:
        with database.write() as tx:
            inbox.resolve(tx, wanted, "replayed")

    visitor.replayers["event"] = take
    answer = visitor.client.post(f"/members/api/dead-letters/{letter_id}/replay")
    assert answer.json() == {"resolution": "replayed"}
    assert still_parked(database) == []
    assert visitor.client.get("/members/api/dead-letters").json() == []


def test_what_cannot_be_tried_again_is_refused(database: Database, visitor: Visitor, letter_id: str) -> None:
    answer = visitor.client.post(
        f"/members/api/dead-letters/{letter_id}/replay", headers={"accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "no-replay")
    assert still_parked(database) == [letter_id]


def test_discarding_is_asked_twice_and_stays_on_file(database: Database, visitor: Visitor, letter_id: str) -> None:
    path = f"/members/dead-letters/{letter_id}/discard"
    assert "price &lt;too&gt; high" in visitor.client.get(path).text
    assert still_parked(database) == [letter_id]
    assert visitor.client.post(path).headers["location"] == "/members/dead-letters"
    assert still_parked(database) == []
    with database.read() as tx:
        kept = tx.execute(inbox.dead_letter.select()).one()
    assert (kept.resolution, kept.reason) == ("discarded", "price <too> high")
    assert visitor.client.post(path).status_code == 409


def test_no_other_word_than_replay_or_discard_touches_it(database: Database, visitor: Visitor, letter_id: str) -> None:
    assert visitor.client.post(f"/members/dead-letters/{letter_id}/delete").status_code == 404
    assert still_parked(database) == [letter_id]


@pytest.mark.parametrize("role", ["member", "treasurer", "partner"])
def test_only_board_and_operator_work_on_what_is_parked(
    database: Database, visitor: Visitor, letter_id: str, role: str
) -> None:
    visitor.sit_down_as(role)
    for path in ("/members/cards/operations", "/members/dead-letters", "/members/operations"):
        assert visitor.client.get(path).status_code == 403
    for path in (f"/members/dead-letters/{letter_id}/discard", f"/members/api/dead-letters/{letter_id}/replay"):
        assert visitor.client.post(path).status_code == 403
    assert still_parked(database) == [letter_id]


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
