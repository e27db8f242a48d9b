"""Privacy: what members said to each use of their data, with its evidence, and who looked at their use."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from coop.events import Envelope, Event
from coop.events.metering import UseSeen
from coop.kit.database import Database
from coop.kit.inbox import consume
from coop.members.consents.commands import consents_to, find_consents, read_wording
from coop.members.consents.store import list_consenting
from coop.members.messages.commands import send
from coop.members.register.store import get_member
from coop.members.service import MEMBERS
from coop.members.tables import message
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.kit.clocks import SetClock
from tests.members.browser import enter, open_account, text_of
from tests.members.sample import AT, VRIES, YILDIZ, bring_all, list_facts

PAGE = "/members/me/privacy"


@pytest.fixture(autouse=True)
def account_id(database: Database, client: TestClient) -> str:
    """The account of A. de Vries, who is signed in."""
    bring_all(database)
    opened = open_account(database)
    enter(client)
    return opened


def hear(database: Database, event: Event) -> None:
    """Let the register hear a fact, as its service tells it."""
    fact = Envelope(
        id=event.fact_id(COMMUNITY),
        type=event.TYPE,
        source=f"/coop/{event.service()}",
        subject=event.key(),
        time=AT,
        community=COMMUNITY,
        actor=str(SECRETARY),
        channel="page",
        position=1,
        hash="0" * 64,
        data=event.canonical(),
    )
    consume(MEMBERS.consumer(database), [fact])


def as_board(client: TestClient, *roles: str) -> None:
    client.cookies.clear()
    sign_in(client, *(roles or ("board",)))


def say(client: TestClient, given: str, purpose: str = "quarter-hours", lang: str = "nl") -> int:
    headers = {"accept-language": lang}
    return client.post(f"{PAGE}/consents/{purpose}", data={"given": given}, headers=headers).status_code


def test_a_member_agrees_and_withdraws_and_each_answer_keeps_the_words_that_were_shown(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    with database.read(COMMUNITY) as tx:
        assert not consents_to(tx, VRIES, "quarter-hours")
    assert [say(client, "yes"), say(client, "yes")] == [303, 303]
    with database.read(COMMUNITY) as tx:
        assert consents_to(tx, VRIES, "quarter-hours")
        assert not consents_to(tx, YILDIZ, "quarter-hours")
        words = read_wording(tx, find_consents(tx, VRIES)["quarter-hours"].wording_sha256)
    assert (words["language"], "per kwartier" in words["text"]) == ("nl", True)
    clock.set(AT + timedelta(hours=3))
    say(client, "no", lang="en")
    with database.read(COMMUNITY) as tx:
        assert not consents_to(tx, VRIES, "quarter-hours")
    page = text_of(client, PAGE)
    assert "you said no on 5 Jan 2026" in page
    assert page.count("the words then") == 2
    told = [(name, fact["purpose"]) for name, fact in list_facts(database) if name.startswith("consent")]
    assert told == [("consent-given", "quarter-hours"), ("consent-withdrawn", "quarter-hours")]


@pytest.mark.parametrize(("purpose", "given", "status"), [("nonsense", "yes", 409), ("research", "perhaps", 422)])
def test_what_nobody_asked_is_not_kept(client: TestClient, purpose: str, given: str, status: int) -> None:
    assert say(client, given, purpose) == status


def test_nobody_sees_the_words_of_an_answer_that_is_not_theirs(database: Database, client: TestClient) -> None:
    say(client, "yes")
    with database.read(COMMUNITY) as tx:
        sha256 = find_consents(tx, VRIES)["quarter-hours"].wording_sha256
    assert "per kwartier" in text_of(client, f"{PAGE}/wordings/{sha256}")
    client.cookies.clear()
    sign_in(client, "member", member_id=YILDIZ)
    assert client.get(f"{PAGE}/wordings/{sha256}").status_code == 403


def test_the_board_enters_an_answer_from_paper_and_the_member_sees_who_did(
    database: Database, client: TestClient
) -> None:
    as_board(client)
    form = {"purpose": "research", "given": "yes", "paper": "form 12", "signed_on": "2025-12-30"}
    answer = client.post(f"/members/privacy/members/{VRIES}/consents", data=form)
    assert answer.status_code == 303, answer.text
    client.cookies.clear()
    enter(client)
    page = text_of(client, PAGE)
    assert "account-1, from paper: form 12 of 30 Dec 2025" in page
    with database.read(COMMUNITY) as tx:
        kept = find_consents(tx, VRIES)["research"]
    assert (kept.actor, kept.paper, kept.signed_on) == (str(SECRETARY), "form 12", date(2025, 12, 30))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"paper": " "}, "needs 1 to 200 signs"),
        ({"paper": "x" * 201}, "needs 1 to 200 signs"),
        ({"signed_on": ""}, "is missing"),
        ({"signed_on": "2026-01-06"}, "lies in the future"),
        ({"signed_on": "yesterday"}, "is no day"),
    ],
)
def test_an_answer_by_another_hand_needs_its_paper_and_day(
    client: TestClient, changes: dict[str, str], reason: str
) -> None:
    as_board(client)
    form = {"purpose": "research", "given": "yes", "paper": "form 12", "signed_on": "2025-12-30", **changes}
    answer = client.post(f"/members/privacy/members/{VRIES}/consents", data=form)
    assert (answer.status_code, reason in answer.text) == (422, True)


def test_a_list_that_members_signed_is_entered_at_once_or_not_at_all(database: Database, client: TestClient) -> None:
    as_board(client)
    form = {"purpose": "mail-notices", "paper": "list of 5 January", "signed_on": "2026-01-05"}
    for numbers, reason in (("001, 9", "there is no member"), ("", "name at least one member")):
        refused = client.post("/members/privacy/consents", data={**form, "numbers": numbers})
        assert (refused.status_code, reason in refused.text) == (422, True), refused.text
    with database.read(COMMUNITY) as tx:
        assert list_consenting(tx, "mail-notices") == set()
    assert client.post("/members/privacy/consents", data={**form, "numbers": "001\r\n002, 001"}).status_code == 303
    with database.read(COMMUNITY) as tx:
        assert list_consenting(tx, "mail-notices") == {VRIES, YILDIZ}


def test_a_notice_goes_by_mail_only_to_who_agreed_to_that(database: Database, client: TestClient) -> None:
    words = {"valid_from": AT.date(), "decided_on": AT.date(), "prices": "heat", "link": "/"}
    with database.write(COMMUNITY, SECRETARY) as tx:
        vries = get_member(tx, VRIES)
        before = send(tx, "tariff-notice", vries, "tariff-1", **words)
        plan = send(tx, "plan-of-month", vries, "plan", month=AT.date(), plan="nothing", link="/")
    say(client, "yes", "mail-notices")
    with database.write(COMMUNITY, SECRETARY) as tx:
        after = send(tx, "tariff-notice", get_member(tx, VRIES), "tariff-2", **words)
        query = select(message.c.message_id, message.c.channel).where(message.c.community == COMMUNITY)
        channels = {row.message_id: row.channel for row in tx.execute(query)}
    assert [channels[each] for each in (before, plan, after)] == ["letter", "mail", "mail"]


@pytest.mark.parametrize("roles", [("treasurer",), ("member",), ("partner",)])
def test_others_neither_see_nor_enter_answers(client: TestClient, roles: tuple[str, ...]) -> None:
    as_board(client, *roles)
    assert client.get("/members/privacy").status_code == 403
    assert client.post(f"/members/privacy/members/{VRIES}/consents", data={}).status_code == 403
    as_board(client, "auditor")
    assert client.get("/members/privacy").status_code == 200
    assert client.post("/members/privacy/purposes", data={"title": "a", "text": "b"}).status_code == 403


def test_the_board_asks_for_a_purpose_of_its_own_and_ends_it(database: Database, client: TestClient) -> None:
    as_board(client)
    form = {"title": "Open house", "text": "A visit to your heat pump on 12 September."}
    for _ in range(2):
        assert client.post("/members/privacy/purposes", data=form).status_code == 303
    page = text_of(client, "/members/privacy")
    assert page.count("A visit to your heat pump") == 1
    purpose_id = page.split("/members/privacy/purposes/")[1].split("/")[0]
    client.cookies.clear()
    enter(client)
    assert say(client, "yes", purpose_id) == 303
    as_board(client)
    assert client.post(f"/members/privacy/purposes/{purpose_id}/end").status_code == 303
    client.cookies.clear()
    enter(client)
    assert "A visit to your heat pump" not in text_of(client, PAGE)
    assert "Open house" in text_of(client, PAGE), "what was said stays"
    assert say(client, "no", purpose_id) == 409
    assert client.post("/members/privacy/purposes/nonsense/end").status_code == 403


def test_answers_and_looks_are_in_one_s_own_data(database: Database, client: TestClient) -> None:
    say(client, "yes")
    hear(database, UseSeen(viewer="account:x", member_id=VRIES, subject="readings", seen_on=AT.date()))
    hear(database, UseSeen(viewer="account:x", member_id=YILDIZ, subject="readings", seen_on=AT.date()))
    with ZipFile(BytesIO(client.get("/members/api/v1/me/export").content)) as files:
        said = json.loads(files.read("consents.json"))["rows"]
        looks = json.loads(files.read("looks.json"))["rows"]
    assert [(row["purpose_id"], row["is_given"]) for row in said] == [("quarter-hours", True)]
    assert [(row["viewer"], row["subject"], row["of_everybody"]) for row in looks] == [("account:x", "readings", False)]


def test_an_answer_is_never_changed_or_deleted(database: Database, client: TestClient) -> None:
    say(client, "yes")
    for statement in ("UPDATE consent SET is_given = (1 = 0)", "DELETE FROM consent"):
        with pytest.raises(DatabaseError, match="never changed or deleted"), database.system_write() as sql:
            sql.execute(text(statement))


def test_a_member_sees_who_looked_at_their_use_and_at_everybody_s(
    database: Database, client: TestClient, account_id: str
) -> None:
    day = AT.date()
    for viewer, member_id, subject in (
        (f"account:{account_id}", VRIES, "quarter-hours"),
        ("program:0123456789ab", None, "lists"),
        ("account:another", YILDIZ, "readings"),
    ):
        looked = UseSeen(viewer=viewer, member_id=member_id, subject=subject, seen_on=day)
        hear(database, looked)
        hear(database, looked)
    page = text_of(client, PAGE)
    looks = page[page.index("Who looked at your use") :]
    assert looks.count("5 Jan 2026") == 2
    assert "A. de Vries" in looks
    assert "the readings behind your bill" not in looks
