"""Messages to members: what they say, in which language, and which way they go."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from coop.kit.database import Database
from coop.kit.outbound import list_messages
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.commands.telling import tell_owner
from coop.members.identity.model import ROLES, NewAccount
from coop.members.identity.store import get_account
from coop.members.messages import store
from coop.members.messages.commands import send
from coop.members.messages.model import KINDS, Content, Wish
from coop.members.messages.texts import KIND_NAMES
from coop.members.messages.words import WORDS
from coop.members.register.store import get_member
from coop.members.tables import member
from coop.values import say
from tests.desk import COMMUNITY, SECRETARY
from tests.members.mailbox import read_mails
from tests.members.post import furnish, listening, post_all
from tests.members.sample import VRIES, YILDIZ, change_contact, list_facts

BILL = {
    "number": "2026-000007",
    "first": date(2026, 1, 1),
    "last": date(2026, 1, 31),
    "pay_cents": 12345,
    "due_on": date(2026, 2, 28),
    "link": "/billing/bills/2026-000007",
}


def test_a_mail_carries_text_and_html_from_the_co_operative_in_the_language_of_its_reader(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        store.save_wish(tx, Wish(VRIES, "en"))
        message_id = send(tx, "bill-ready", get_member(tx, VRIES), "bill-1", **BILL)
    with listening() as server:
        (received,) = post_all(database, server)
    assert (received.sender, received.recipient) == ("bounces@coop.example", "vries@example.org")
    mail = received.mail
    assert mail["Subject"] == "Your bill 2026-000007 of Warm"
    assert str(mail["From"]) == "Coöperatie Warm <post@warm.example>"
    assert mail["Reply-To"] == "bestuur@warm.example"
    assert mail["List-Id"] == "<bill-ready.demo.coop.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    text = plain.get_content().replace("\r\n", "\n")
    assert "Dear A. de Vries,\n\nYour bill 2026-000007 over 1 January 2026 to 31 January 2026 is there.\n\n" in text
    assert "You pay €123.45." in text
    assert "See the bill:\nhttps://warm.example/billing/bills/2026-000007\n\nWith kind regards," in text
    assert "corrects" not in text  # a paragraph whose value is missing is left out
    assert '<a href="https://warm.example/billing/bills/2026-000007"' in html.get_content()
    with database.read(COMMUNITY) as tx:
        kept = store.get_message(tx, message_id)
    assert mail["Message-ID"] == f"<{kept.outbound_id}@coop.example>"


def test_without_a_wish_the_language_is_that_of_the_co_operative(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        send(tx, "bill-ready", get_member(tx, VRIES), "bill-1", **BILL)
    with listening() as server:
        (received,) = post_all(database, server)
    assert received.mail["Subject"] == "Uw rekening 2026-000007 van Warm"


def test_who_has_no_mail_address_gets_a_letter_that_waits(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        message_id = send(tx, "bill-ready", get_member(tx, YILDIZ), "bill-2", **BILL)
    with database.read(COMMUNITY) as tx:
        kept = store.get_message(tx, message_id)
        assert list_messages(tx, "waiting") == []
    assert (kept.channel, kept.name, kept.address) == ("letter", "B. Yıldız", "Kade 2\n1054 AA  Amsterdam")
    assert kept.posted_on is None
    assert Content.load(kept.content).paragraphs[0] == "Beste B. Yıldız,"


def test_who_wants_letters_gets_letters_but_an_account_is_written_to_where_it_signs_in(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        store.save_wish(tx, Wish(VRIES, "nl", by_letter=True))
        letter = send(tx, "bill-ready", get_member(tx, VRIES), "bill-1", **BILL)
        wanted = NewAccount("elsewhere@example.org", "A. de Vries", frozenset({"member"}), "tien tekens lang", VRIES)
        account = get_account(tx, create_account(tx, ROLES, wanted))
        reset = send(tx, "reset", account, "token-1", link="https://warm.example/x?t=1", until=date(2026, 1, 9))
        assert store.get_message(tx, letter).channel == "letter"
        mail = store.get_message(tx, reset)
    assert (mail.channel, mail.address, mail.member_id) == ("mail", "elsewhere@example.org", VRIES)


def test_the_same_cause_is_one_message_also_after_the_address_changed(database: Database) -> None:
    furnish(database)
    for _ in range(2):
        with database.write(COMMUNITY, SECRETARY) as tx:
            send(tx, "bill-ready", get_member(tx, VRIES), "bill-1", **BILL)
            change_contact(tx, VRIES, {"email": "new@example.org"})
    with database.read(COMMUNITY) as tx:
        assert len(list_messages(tx, "waiting")) == 1


def test_a_secret_link_stands_in_the_queue_alone_and_nowhere_once_it_went(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        link = "https://warm.example/members/choose?key=S3CRET"
        message_id = send(tx, "invitation", get_member(tx, VRIES), "token-1", link=link, until=date(2026, 1, 9))
        assert store.get_message(tx, message_id).content == ""
    with listening() as server:
        (received,) = post_all(database, server)
    assert "S3CRET" in received.mail.as_string()
    with database.system_read() as sql:
        assert sql.exec_driver_sql("SELECT length(body) FROM outbound_message").scalars().all() == [0]


def test_a_change_is_said_in_the_language_of_its_reader(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        store.save_wish(tx, Wish(VRIES, "en"))
        message_id = send(
            tx,
            "told-of-change",
            get_member(tx, VRIES),
            "change-1",
            at=datetime(2026, 7, 1, 10, 15, tzinfo=UTC),
            change=say("the roles are %(roles)s now", roles=("board", "member")),
            by="Noor de Wit",
        )
        content = Content.load(store.get_message(tx, message_id).content)
    assert content.paragraphs[1] == (
        "On 1 Jul 2026 12:15 this was changed in your account: the roles are board, member now."
    )


@pytest.mark.parametrize(
    "name",
    ["Ørjan Ångström-Łukasz", "李小龍", "<script>alert(1)</script>", "O'Brien & Co", "A\r\nBcc: everybody@example.org"],
)
def test_any_name_arrives_as_it_is_and_ends_no_header(database: Database, name: str) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(update(member).where(member.c.community == COMMUNITY, member.c.member_id == VRIES).values(name=name))
        send(tx, "bill-ready", get_member(tx, VRIES), "bill-1", **BILL)
    with listening() as server:
        (received,) = post_all(database, server)
    plain, html = received.mail.get_body(("plain",)), received.mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert " ".join(name.split()) in plain.get_content()
    assert "<script>" not in html.get_content()
    assert received.mail["Bcc"] is None
    assert received.recipient == "vries@example.org"


def test_every_kind_has_its_words() -> None:
    assert set(WORDS) == set(KINDS) == set(KIND_NAMES)


def test_an_unknown_kind_is_a_mistake_of_the_caller(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(ValueError, match="no kind"):
        send(tx, "greeting", get_member(tx, VRIES), "x")


def test_what_became_of_mail_is_told_once_when_it_is_noted(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        change_contact(tx, YILDIZ, {"email": "gone@example.org"})
        sent = send(tx, "bill-ready", get_member(tx, VRIES), "bill-1", **BILL)
        failed = send(tx, "bill-ready", get_member(tx, YILDIZ), "bill-2", **BILL)
    with listening() as server:
        server.answers["gone@example.org"] = "550 5.1.1 no such user"
        post_all(database, server)
        post_all(database, server)
    facts = [fact for verb, fact in list_facts(database) if verb.startswith("message-")]
    assert [(fact["message_id"], fact["member_id"], fact["about"], fact["channel"]) for fact in facts] == [
        (sent, VRIES, "bill-1", "mail"),
        (failed, YILDIZ, "bill-2", "mail"),
    ]
    assert "failed_at" in facts[1]
    assert "gone" not in str(facts)


def test_a_change_of_an_account_is_told_however_long_its_sentence(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        account_id = create_account(tx, ROLES, NewAccount("a@lid.example", "A", frozenset()))
        tell_owner(tx, get_account(tx, account_id), say("a way to choose another password was made"))
        tell_owner(tx, get_account(tx, account_id), say("it was closed"))
    assert [mail.kind for mail in read_mails(database)] == ["told-of-change"] * 2
