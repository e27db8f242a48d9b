"""The feed for municipality and water board: whom it opens for, and that others can read it."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from coop.events import Envelope, read_event
from coop.events.governance import AllocationKeyAdopted, MilestoneReached
from coop.governance.feeds.api import PUBLIC
from coop.governance.service import GOVERNANCE
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.http import GuardedRoute
from tests.desk import SECRETARY, let_program_in, open_desk
from tests.governance.assembly import TOWN, client, live, members, told

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def token(embedded: Database) -> str:
    live(embedded)
    told(embedded)
    return let_program_in(embedded, "read:feed")["Authorization"].split()[1]


@pytest.fixture
def visitor(embedded: Database, tmp_path: Path) -> TestClient:
    return client(embedded, tmp_path)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["feed.json", "feed.atom"])
def test_a_feed_opens_with_its_token_in_a_header_alone(visitor: TestClient, token: str, path: str) -> None:
    assert visitor.get(f"/governance/{path}", headers=bearer(token)).status_code == 200
    assert visitor.get(f"/governance/{path}").status_code == 401
    assert visitor.get(f"/governance/{path}", params={"token": token}).status_code == 401
    wrong = visitor.get(f"/governance/{path}", headers=bearer(token[:-1]))
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong-token")


@pytest.mark.parametrize("path", ["feed.json", "feed.atom"])
def test_no_feed_writes_a_token_into_an_address(
    visitor: TestClient, token: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coop.governance.feeds.api.PAGE", 2)
    answer = visitor.get(f"/governance/{path}", headers=bearer(token))
    assert token not in answer.text + str(answer.headers)


def test_a_token_opens_the_feed_and_nothing_else(visitor: TestClient, token: str) -> None:
    opened = set()
    for router in GOVERNANCE.routers:
        for route in router.routes:
            assert isinstance(route, GuardedRoute)
            [method] = route.methods or set()
            address = re.sub(r"{\w+}", "x", route.path)
            if visitor.request(method, address, headers=bearer(token)).status_code not in (401, 403):
                opened.add(address)
    assert opened == {"/governance/feed.json", "/governance/feed.atom"}


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30, "9" * 24, "9" * 5000, -1])
def test_a_position_of_any_size_is_answered_with_the_field(visitor: TestClient, token: str, number: int | str) -> None:
    for path, name in (("feed.atom", "before"), ("feed.atom", "since"), ("feed.json", "since"), ("feed.json", "limit")):
        answer = visitor.get(f"/governance/{path}?{name}={number}", headers=bearer(token))
        assert answer.status_code == 422
        assert [problem["field"] for problem in answer.json()["problems"]] == [name]
    assert visitor.get(f"/governance/feed.atom?before={2**31 - 1}", headers=bearer(token)).status_code == 200


def test_a_partner_reads_the_feed_signed_in_and_a_member_does_not(
    embedded: Database, tmp_path: Path, token: str
) -> None:
    assert client(embedded, tmp_path, "partner").get("/governance/feed.atom").status_code == 200
    assert client(embedded, tmp_path, "member").get("/governance/feed.atom").status_code == 403


def test_the_json_feed_is_a_batch_of_cloudevents_of_public_types(
    embedded: Database, visitor: TestClient, token: str
) -> None:
    answer = visitor.get("/governance/feed.json", headers=bearer(token))
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    batch = answer.json()
    for event in batch:
        assert event["specversion"] == "1.0"
        assert all(isinstance(event[name], str) and event[name] for name in ("id", "source", "type", "subject"))
        assert datetime.fromisoformat(event["time"]).tzinfo is not None
        assert event["datacontenttype"] == "application/json"
        assert all(re.fullmatch("[a-z0-9]+", name) for name in event)
    assert not any({"actor", "channel"} & set(event) for event in batch)
    assert {event["type"] for event in batch} <= set(PUBLIC)
    assert AllocationKeyAdopted.TYPE not in {event["type"] for event in batch}
    assert [event["position"] for event in batch] == sorted(event["position"] for event in batch)
    [milestone] = [
        event for event in batch if event["data"].get("milestone_id") == "permit" and "cost_cents" in event["data"]
    ]
    with embedded.system_read() as sql:
        [fact] = [fact for fact in journal.envelopes(sql, "governance", 0) if fact.id == milestone["id"]]
    assert isinstance(read_event(fact), MilestoneReached)
    assert Envelope.from_json(fact.to_json()).hash == milestone["chainhash"]


@pytest.mark.parametrize("path", ["feed.json", "feed.atom"])
def test_no_feed_names_a_member(visitor: TestClient, token: str, path: str) -> None:
    text = visitor.get(f"/governance/{path}", headers=bearer(token)).text
    assert not any(member in text for member in members(4))


def test_the_json_feed_goes_on_from_a_position(visitor: TestClient, token: str) -> None:
    whole = visitor.get("/governance/feed.json", headers=bearer(token)).json()
    found, address = [], "/governance/feed.json?limit=2"
    while address:
        page = visitor.get(address, headers=bearer(token))
        found += page.json()
        following = re.fullmatch('<(.+)>; rel="next"', page.headers.get("link", ""))
        address = following.group(1) if following else ""
    assert found == whole
    assert len(whole) > 4


def test_the_atom_feed_is_one_that_a_reader_takes(visitor: TestClient, token: str) -> None:
    answer = visitor.get("/governance/feed.atom", headers=bearer(token))
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert feed.findtext(ATOM + name)
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "coop"
    assert {link.get("rel") for link in feed.findall(f"{ATOM}link")} == {"self", "alternate"}
    entries = feed.findall(f"{ATOM}entry")
    updated = [datetime.fromisoformat(entry.findtext(f"{ATOM}updated", "")) for entry in entries]
    assert updated == sorted(updated, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(entries) > 4
    for entry in entries:
        assert re.fullmatch("urn:uuid:[0-9a-f-]{36}", entry.findtext(f"{ATOM}id", ""))
        assert entry.findtext(f"{ATOM}title")
        links = entry.findall(f"{ATOM}link")
        assert [link.get("rel") for link in links] == ["alternate"]
        assert (links[0].get("href") or "").startswith("http://testserver/governance/")
    titles = [entry.findtext(f"{ATOM}title") for entry in entries]
    assert "Milestone reached: Permit" in titles
    assert "Resolution adopted: Resolution tariff" in titles


def test_the_atom_feed_speaks_dutch_sentences_of_the_day_that_they_tell_of(visitor: TestClient, token: str) -> None:
    feed = ElementTree.fromstring(visitor.get("/governance/feed.atom?lang=nl", headers=bearer(token)).content)
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "nl"
    assert feed.findtext(f"{ATOM}title") == "Besluiten en mijlpalen van coop"
    entries = {entry.findtext(f"{ATOM}title"): entry for entry in feed.findall(f"{ATOM}entry")}
    reached = entries["Mijlpaal bereikt: Vergunning"]
    assert reached.findtext(f"{ATOM}published") == "2026-11-30T23:00:00Z"
    assert (reached.findtext(f"{ATOM}content") or "").replace("\xa0", " ") == (
        "1 december 2026: Mijlpaal bereikt: Vergunning. Zij kostte € 1.050.000 van een budget van € 1.000.000;"
        " de uiterste datum was 31 december 2026."
    )
    texts = " ".join(entry.findtext(f"{ATOM}content") or "" for entry in entries.values())
    assert "4 stemmen voor, 0 tegen, 0 blanco; besloten volgens art. 14.2." in texts
    assert not re.search(r"[{}_]|[0-9a-f]{12}|EUR", texts), "no raw data, no ids"


def test_the_atom_feed_shows_only_what_came_after_a_position(visitor: TestClient, token: str) -> None:
    last = visitor.get("/governance/feed.json", headers=bearer(token)).json()[-2]["position"]
    feed = ElementTree.fromstring(visitor.get(f"/governance/feed.atom?since={last}", headers=bearer(token)).content)
    assert len(feed.findall(f"{ATOM}entry")) == 1


def test_an_older_page_of_the_atom_feed_is_linked(
    embedded: Database, visitor: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coop.governance.feeds.api.PAGE", 3)
    seen: list[str | None] = []
    address = "/governance/feed.atom"
    while address:
        feed = ElementTree.fromstring(visitor.get(address, headers=bearer(token)).content)
        seen += [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
        following = [link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "next"]
        address = following[0].get("href", "") if following else ""
    whole = visitor.get("/governance/feed.json", headers=bearer(token)).json()
    assert seen == [f"urn:uuid:{event['id']}" for event in reversed(whole)]


@pytest.mark.parametrize("path", ["feed.json", "feed.atom"])
def test_a_reader_who_has_it_all_is_told_so(embedded: Database, visitor: TestClient, token: str, path: str) -> None:
    etag = visitor.get(f"/governance/{path}", headers=bearer(token)).headers["etag"]
    again = {**bearer(token), "If-None-Match": etag}
    assert visitor.get(f"/governance/{path}", headers=again).status_code == 304
    with embedded.write(TOWN, SECRETARY) as tx:
        news = MilestoneReached(
            milestone_id="pump",
            programme_id="wg-heat",
            phase_id="wg-1",
            name="Heat pump",
            reached_on=date(2027, 9, 1),
            deadline=date(2027, 6, 30),
            budget_cents=1,
            cost_cents=1,
            evidence_hash="0" * 64,
        )
        tx.tell(news)
    assert visitor.get(f"/governance/{path}", headers=again).status_code == 304
    told(embedded)
    assert visitor.get(f"/governance/{path}", headers=again).status_code == 200


def test_an_empty_feed_is_still_a_feed(embedded: Database, tmp_path: Path) -> None:
    empty = let_program_in(embedded, "read:feed", community="elsewhere")
    visitor = open_desk(GOVERNANCE, embedded, tmp_path, community="elsewhere")
    assert visitor.get("/governance/feed.json", headers=empty).json() == []
    feed = ElementTree.fromstring(visitor.get("/governance/feed.atom", headers=empty).content)
    assert feed.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"
    assert feed.findall(f"{ATOM}entry") == []
