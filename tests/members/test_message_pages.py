"""Pages of messages: what waits and failed, letters that somebody posts, kinds, and one's own."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.members.messages import store
from coop.members.messages.changes import send_again, write_letter
from coop.members.messages.commands import send
from coop.members.messages.model import KINDS, Content
from coop.members.register.store import get_member
from coop.values import CoopError
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.kit.clocks import SetClock
from tests.members.browser import text_of
from tests.members.post import furnish, list_kept, listening, post_all
from tests.members.sample import AT, VRIES, YILDIZ, change_contact, list_facts
from tests.members.test_messages import BILL
from tests.poppler import assert_no_warning

PAGES = [
    "/members/messages",
    "/members/messages/letters",
    "/members/messages/kinds",
    "/members/messages/kinds/bill-ready",
    f"/members/{VRIES}/messages",
]


def send_bills(database: Database) -> tuple[str, str]:
    """A mail to A. de Vries and a letter to B. Yıldız; returns their ids."""
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        mail = send(tx, "bill-ready", get_member(tx, VRIES), "bill-1", **BILL)
        letter = send(tx, "bill-ready", get_member(tx, YILDIZ), "bill-2", **BILL)
    return mail, letter


def fail_mail(database: Database) -> tuple[str, str]:
    """The same, and the mail server refuses the mail."""
    ids = send_bills(database)
    with listening() as server:
        server.answers["vries@example.org"] = "550 5.1.1 <vries@example.org> no such user"
        post_all(database, server)
    return ids


@pytest.mark.parametrize("path", [*PAGES, f"/members/{YILDIZ}/messages"])
def test_a_member_does_not_see_the_messages_of_others(database: Database, client: TestClient, path: str) -> None:
    send_bills(database)
    sign_in(client, "member", member_id=VRIES)
    text_of(client, path, 403)


def test_without_a_mail_server_the_page_says_that_nothing_goes_out(database: Database, client: TestClient) -> None:
    send_bills(database)
    sign_in(client, "board")
    page = text_of(client, "/members/messages")
    assert "No mail server" in page
    assert "this installation has no mail server yet" in page


def test_the_list_tells_what_waits_from_what_failed_and_can_be_cut(database: Database, client: TestClient) -> None:
    fail_mail(database)
    sign_in(client, "board")
    page = text_of(client, "/members/messages?state=failed")
    assert "vries@example.org" in page
    assert "B. Yıldız" not in page
    waiting = text_of(client, "/members/messages?state=waiting&kind=bill-ready")
    assert "B. Yıldız" in waiting
    assert "vries@example.org" not in waiting
    assert "There is no such message." in text_of(client, "/members/messages?kind=invitation")


def test_who_may_not_see_addresses_sees_them_masked_everywhere(database: Database, client: TestClient) -> None:
    mail, _ = fail_mail(database)
    sign_in(client, "auditor")
    for path in (
        "/members/messages",
        f"/members/messages/{mail}",
        "/members/api/v1/messages",
        f"/members/api/v1/messages/{mail}",
        "/members/exports/mail-and-letters.csv",
    ):
        body = text_of(client, path)
        assert "v***@example.org" in body, path
        assert "vries@example.org" not in body, path


def test_one_message_shows_its_proof(database: Database, client: TestClient) -> None:
    mail, _ = send_bills(database)
    with listening() as server:
        post_all(database, server)
    sign_in(client, "treasurer")
    page = text_of(client, f"/members/messages/{mail}")
    assert "Taken by the mail server" in page
    assert "250 Ok: queued as 1" in page
    assert "e-mail to vries@example.org" in page
    assert "Uw rekening 2026-000007" in page
    text_of(client, "/members/messages/none", 404)


def test_what_failed_goes_again_and_is_sent_then(database: Database, client: TestClient) -> None:
    mail, _ = fail_mail(database)
    sign_in(client, "board")
    answer = client.post("/members/messages/retry", data={"state": "failed"})
    assert answer.status_code == 303
    with listening() as server:
        post_all(database, server)
    with database.read(COMMUNITY) as tx:
        assert store.get_tracked(tx, mail).state == "sent"
    verbs = [verb for verb, _ in list_facts(database) if verb.startswith("message-")]
    assert verbs == ["message-failed", "message-sent"]


def test_what_failed_goes_to_the_address_that_the_register_has_now(database: Database, client: TestClient) -> None:
    mail, _ = fail_mail(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        change_contact(tx, VRIES, {"email": "vries@new.example"})
    sign_in(client, "board")
    where = client.post(f"/members/messages/{mail}/again").headers["location"]
    assert where != f"/members/messages/{mail}"
    with listening() as server:
        received = post_all(database, server)
    assert [each.recipient for each in received] == ["vries@new.example"]
    with database.read(COMMUNITY) as tx:
        assert store.get_tracked(tx, mail).message.replaced_by == where.rpartition("/")[2]
    assert "There is no such message." in text_of(client, "/members/messages?state=failed")


def test_a_letter_takes_the_place_of_mail_that_failed_once(database: Database, client: TestClient) -> None:
    mail, _ = fail_mail(database)
    sign_in(client, "board")
    where = client.post(f"/members/messages/{mail}/letter").headers["location"]
    with database.read(COMMUNITY) as tx:
        letter = store.get_message(tx, where.rpartition("/")[2])
    assert (letter.channel, letter.address) == ("letter", "Kade 1\n1054 AA  Amsterdam")
    assert Content.load(letter.content).paragraphs[0] == "Beste A. de Vries,"
    with database.write(COMMUNITY, SECRETARY) as tx:
        with pytest.raises(CoopError, match="no letter"):
            write_letter(tx, mail)
        with pytest.raises(CoopError, match="on its way"):
            send_again(tx, mail)


def test_waiting_mail_that_becomes_a_letter_never_goes_as_mail(database: Database, client: TestClient) -> None:
    send_bills(database)
    sign_in(client, "board")
    client.post("/members/messages/as-letters", data={"state": "waiting"})
    with listening() as server:
        assert post_all(database, server) == []
    assert [message.channel for message in list_kept(database) if message.replaced_by is None] == ["letter", "letter"]


def test_a_message_with_a_secret_becomes_no_letter(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        invitation = send(tx, "invitation", get_member(tx, VRIES), "t", link="https://x/?k=S", until=date(2026, 1, 9))
        with pytest.raises(CoopError, match="works once"):
            write_letter(tx, invitation)


def test_a_letter_is_sent_once_somebody_says_that_they_posted_it(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    _, letter = send_bills(database)
    sign_in(client, "board")
    page = text_of(client, "/members/messages/letters")
    assert "1 letter, on a sheet of its own." in page
    assert "/billing/bills/bill-2.pdf" in page
    until = AT.isoformat()
    clock.set(AT + timedelta(days=2))
    with database.write(COMMUNITY, SECRETARY) as tx:  # made after the page was opened, so not among what was printed
        later = send(tx, "bill-ready", get_member(tx, YILDIZ), "bill-3", **BILL)
    sign_in(client, "board")
    posted = {"posted_on": (AT + timedelta(days=1)).date().isoformat(), "until": until, "kind": ""}
    assert client.post("/members/messages/letters", data=posted).status_code == 303
    with database.read(COMMUNITY) as tx:
        kept = store.get_message(tx, letter)
        assert store.get_message(tx, later).posted_on is None
    assert (kept.posted_on, kept.posted_by) == ((AT + timedelta(days=1)).date(), "account:account-1")
    facts = [fact for verb, fact in list_facts(database) if verb == "message-sent"]
    assert [(fact["channel"], fact["about"], fact["sent_at"][:10]) for fact in facts] == [
        ("letter", "bill-2", "2026-01-06")
    ]


@pytest.mark.parametrize("posted_on", ["2026-01-06", "2025-12-31", "", "yesterday"])
def test_a_letter_is_not_posted_tomorrow_nor_before_it_was_made(
    database: Database, client: TestClient, posted_on: str
) -> None:
    _, letter = send_bills(database)
    sign_in(client, "board")
    answer = client.post(f"/members/messages/{letter}/posted", data={"posted_on": posted_on})
    assert answer.status_code == 422
    with database.read(COMMUNITY) as tx:
        assert store.get_message(tx, letter).posted_on is None


def test_saying_twice_that_a_letter_was_posted_changes_nothing(database: Database, client: TestClient) -> None:
    _, letter = send_bills(database)
    sign_in(client, "board")
    for _ in range(2):
        body = {"message_ids": [letter], "posted_on": "2026-01-05"}
        assert client.post("/members/api/v1/messages/posted", json=body).status_code == 200
    assert [verb for verb, _ in list_facts(database)].count("message-sent") == 1


def test_a_letter_that_holds_a_secret_keeps_it_until_it_is_posted(database: Database, client: TestClient) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        letter = send(tx, "invitation", get_member(tx, YILDIZ), "t", link="https://x/?k=S", until=date(2026, 1, 9))
        assert "k=S" in store.get_message(tx, letter).content
    sign_in(client, "board")
    client.post(f"/members/messages/{letter}/posted", data={"posted_on": "2026-01-05"})
    with database.read(COMMUNITY) as tx:
        assert store.get_message(tx, letter).content == ""


def test_the_letters_are_one_tagged_pdf_with_a_sheet_each(database: Database, client: TestClient) -> None:
    send_bills(database)
    sign_in(client, "board")
    answer = client.get("/members/messages/letters.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert b"<pdfuaid:part>1<" in answer.content
    assert_no_warning(answer.content)
    assert client.get("/members/messages/letters.pdf?kind=invitation").status_code == 404
    assert client.get("/members/messages/letters.pdf?kind=x").status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_shown_in_both_languages(database: Database, client: TestClient, kind: str) -> None:
    furnish(database)
    sign_in(client, "board")
    page = text_of(client, f"/members/messages/kinds/{kind}")
    assert "Dear Noor de Wit," in page
    assert "Beste Noor de Wit," in page
    assert "%(" not in page


def test_words_of_the_co_operative_stand_in_messages_from_then_on(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    before, _ = send_bills(database)
    sign_in(client, "board")
    page = "/members/messages/kinds/bill-ready"
    words = {"language": "nl", "text": " Kom gerust langs  op dinsdag. <b>"}
    assert client.post(page, data=words).status_code == 303
    assert client.post(page, data={"language": "nl", "text": "x" * 1001}).status_code == 422
    assert client.post(page, data={"language": "xx", "text": "x"}).status_code == 404
    assert "Kom gerust langs op dinsdag. &lt;b&gt;" in text_of(client, page)
    with database.write(COMMUNITY, SECRETARY) as tx:
        after = send(tx, "bill-ready", get_member(tx, VRIES), "bill-4", **BILL)
        assert Content.load(store.get_message(tx, after).content).paragraphs[-2] == "Kom gerust langs op dinsdag. <b>"
        assert "dinsdag" not in store.get_message(tx, before).content
    clock.set(AT + timedelta(minutes=1))
    client.post(page, data={"language": "nl", "text": ""})
    with database.read(COMMUNITY) as tx:
        assert store.find_words(tx, "bill-ready") == {}
        assert len(store.list_words(tx)) == 2
    sign_in(client, "treasurer")
    assert client.post(page, data=words).status_code == 403


def test_a_member_sees_their_own_messages_and_says_how_to_be_written_to(database: Database, client: TestClient) -> None:
    mail, letter = send_bills(database)
    sign_in(client, "member", member_id=VRIES)
    page = text_of(client, "/members/me/messages")
    assert "vries@example.org" in page
    assert "Yıldız" not in page
    assert "Your messages" in text_of(client, f"/members/me/messages/{mail}")
    text_of(client, f"/members/me/messages/{letter}", 404)
    assert client.post("/members/me/messages", data={"language": "en", "by_letter": "yes"}).status_code == 303
    assert client.post("/members/me/messages", data={"language": "xx"}).status_code == 422
    with database.write(COMMUNITY, SECRETARY) as tx:
        kept = store.get_message(tx, send(tx, "bill-ready", get_member(tx, VRIES), "bill-5", **BILL))
    assert (kept.channel, kept.language) == ("letter", "en")
    assert "bill-5" in text_of(client, "/members/exports/own-messages.csv")
    with ZipFile(BytesIO(client.get("/members/api/v1/me/export").content)) as own:
        rows = own.read("messages.csv").decode()
    assert "bill-5" in rows
    assert letter not in rows


def test_the_board_writes_down_how_a_member_wants_to_be_written_to(database: Database, client: TestClient) -> None:
    send_bills(database)
    sign_in(client, "board")
    assert client.post(f"/members/{YILDIZ}/messages", data={"language": "en"}).status_code == 303
    assert client.post("/members/nobody/messages", data={"language": "en"}).status_code == 404
    with database.read(COMMUNITY) as tx:
        assert store.find_wish(tx, YILDIZ).language == "en"


def test_treasurer_and_auditor_do_no_more_than_they_may(database: Database, client: TestClient) -> None:
    mail, letter = fail_mail(database)
    sign_in(client, "auditor")
    assert '<form method="post"' not in text_of(client, f"/members/messages/{mail}").split("<main")[1]
    for path in (
        "/members/messages/retry",
        "/members/messages/as-letters",
        "/members/messages/letters",
        f"/members/messages/{mail}/again",
        f"/members/messages/{mail}/letter",
        f"/members/messages/{letter}/posted",
        f"/members/api/v1/messages/{mail}/again",
        f"/members/api/v1/messages/{mail}/letter",
    ):
        assert client.post(path, data={}).status_code == 403, path
