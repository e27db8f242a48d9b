"""Mail through a real server: what arrives, and what becomes of it when the server refuses, is late or is away."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from coop.kit.outbound import Away, Message, Outgoing, Queue, Refused, TryLater, Worker, enqueue, send_due
from coop.kit.outbound.mail import Attachment, Mail, compose, mail_of
from coop.kit.settings import Settings
from tests.kit.post import START, House, greet, until
from tests.kit.town import COMMUNITY, SECRETARY
from tests.servers.mail import MailServer
from tests.servers.process import free_port

SENDER = "Ketelhuis WG <post@coop.example>"
AUTHORITY = trustme.CA()


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server that listens."""
    with MailServer().up() as listening:
        yield listening


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def mail_to(server: MailServer, timeout_s: float = 5.0) -> Mail:
    return Mail(f"smtp://localhost:{server.port}?starttls=never", SENDER, timeout_s=timeout_s)


def outgoing(message: Message) -> Outgoing:
    return Outgoing(
        id="11111111-2222-5333-8444-555555555555",
        community=COMMUNITY,
        recipient=message.recipient,
        subject=message.subject,
        media_type=message.media_type,
        body=message.body,
        made_at=START,
        tries=1,
    )


def send(mail: Mail, message: Message) -> str:
    with mail.open() as hand_over:
        return hand_over(outgoing(message))


def test_a_mail_arrives_with_text_html_and_attachment_and_every_header_that_it_needs(server: MailServer) -> None:
    pdf = bytes(range(256)) * 50
    message = compose(
        "noor@lid.example",
        "Uw rekening: € 12,34 – november",
        "Beste Noor,\n.\nUw rekening is € 12,34.\n",
        "<p>Uw rekening is <b>€ 12,34</b>.</p>",
        [Attachment("rekening ö.pdf", "application/pdf", pdf)],
    )
    assert send(mail_to(server), message) == "250 Ok: queued as 1"
    (received,) = server.received
    assert (received.sender, received.recipient) == ("post@coop.example", "noor@lid.example")
    mail = received.mail
    assert mail["From"] == SENDER
    assert mail["To"] == "noor@lid.example"
    assert mail["Subject"] == "Uw rekening: € 12,34 – november"
    assert mail["Date"].datetime == START
    assert mail["Message-ID"] == "<11111111-2222-5333-8444-555555555555@coop.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == ["Beste Noor,", ".", "Uw rekening is € 12,34."]
    assert "<b>€ 12,34</b>" in html.get_content()
    (attachment,) = mail.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content()) == ("rekening ö.pdf", pdf)


def test_plain_bytes_of_text_are_a_mail_as_well(server: MailServer) -> None:
    send(mail_to(server), Message("a@lid.example", "Dag", "text/html", "<p>Één</p>".encode()))
    assert server.received[0].mail.get_content_type() == "text/html"
    assert server.received[0].mail.get_content().strip() == "<p>Één</p>"
    with pytest.raises(Refused, match="image/png is no mail"):
        send(mail_to(server), Message("a@lid.example", "Dag", "image/png", b""))


def test_an_address_in_a_domain_beyond_ascii_is_sent_as_servers_know_it(server: MailServer) -> None:
    send(mail_to(server), compose("noor@coöperatie.example", "Dag", "Dag"))
    assert server.received[0].recipient == "noor@xn--coperatie-17a.example"


@pytest.mark.parametrize("address", ["noor", "noor@", "a@x.example, b@x.example", "a b@x.example", "nöor@x.example"])
def test_what_is_no_address_is_refused_without_asking_the_server(server: MailServer, address: str) -> None:
    with pytest.raises(Refused, match="no mail address"):
        send(mail_to(server), compose(address, "Dag", "Dag"))
    assert server.received == []


@pytest.mark.parametrize(
    ("where", "answer", "kind"),
    [
        ("a@lid.example", "550 5.1.1 no such user", Refused),
        ("a@lid.example", "451 4.7.1 greylisted, come back", TryLater),
        ("data", "554 5.7.1 this is spam", Refused),
        ("data", "452 4.2.2 mailbox full", TryLater),
    ],
)
def test_a_refusal_tells_for_now_from_for_good(
    server: MailServer, where: str, answer: str, kind: type[Exception]
) -> None:
    server.answers[where] = answer
    with pytest.raises(kind, match=answer):
        send(mail_to(server), compose("a@lid.example", "Dag", "Dag"))


def test_a_refusal_of_our_own_address_fails_no_message_for_good(server: MailServer) -> None:
    server.sender_answer = "553 not your address"
    with pytest.raises(TryLater, match="553 not your address"):
        send(mail_to(server), compose("a@lid.example", "Dag", "Dag"))
    server.sender_answer = "552 too large"
    with pytest.raises(Refused, match="552 too large"):
        send(mail_to(server), compose("a@lid.example", "Dag", "Dag"))


def test_messages_of_a_round_share_a_connection_also_after_a_refusal(server: MailServer) -> None:
    server.answers["b@lid.example"] = "550 no such user"
    with mail_to(server).open() as hand_over:
        hand_over(outgoing(compose("a@lid.example", "Dag", "Dag")))
        with pytest.raises(Refused):
            hand_over(outgoing(compose("b@lid.example", "Dag", "Dag")))
        hand_over(outgoing(compose("c@lid.example", "Dag", "Dag")))
    assert [received.recipient for received in server.received] == ["a@lid.example", "c@lid.example"]
    assert len(server.connections) == 1


def test_an_answer_that_comes_too_late_is_trouble_of_the_message(server: MailServer) -> None:
    server.pause_s = 1.0
    with pytest.raises(TryLater, match="timed out"):
        send(mail_to(server, timeout_s=0.2), compose("a@lid.example", "Dag", "Dag"))


# --- who is on the other side


@pytest.mark.parametrize("encrypted_from_start", [True, False])
def test_a_password_goes_over_an_encrypted_connection(encrypted_from_start: bool) -> None:
    server = MailServer(tls=server_context(), encrypted_from_start=encrypted_from_start, password="s3cret/:@")
    scheme = "smtps" if encrypted_from_start else "smtp"
    with server.up():
        url = f"{scheme}://noor%40coop.example:s3cret%2F%3A%40@localhost:{server.port}"
        assert send(Mail(url, SENDER, trusting()), compose("a@lid.example", "Dag", "Dag")).startswith("250")
        wrong = Mail(url.replace("s3cret", "guess"), SENDER, trusting())
        with pytest.raises(Away, match="535") as caught, wrong.open():
            pass
    assert "guess" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "reason"), [("", "password is not sent in the clear"), ("?starttls=always", "starttls=always")]
)
def test_a_password_is_not_sent_in_the_clear(server: MailServer, options: str, reason: str) -> None:
    mail = Mail(f"smtp://noor:s3cret@localhost:{server.port}{options}", SENDER)
    with pytest.raises(Away, match=reason), mail.open():
        pass


def test_a_certificate_that_nobody_trusts_is_trouble_that_names_it() -> None:
    server = MailServer(tls=server_context())
    with server.up():
        mail = Mail(f"smtp://localhost:{server.port}", SENDER)
        with pytest.raises(Away, match=rf"localhost:{server.port}.*CERTIFICATE_VERIFY_FAILED"), mail.open():
            pass


# --- the queue over it


def test_while_the_server_is_away_mail_waits_uncounted_and_goes_once_it_comes_back(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = MailServer()
    mail = Mail(f"smtp://user:s3cret@localhost:{server.port}?starttls=never", SENDER)
    server.password = "s3cret"
    with Worker(Queue("mail", mail, greet, from_start=True), house.database, pause_s=0.01) as worker:
        house.admit(1, 2)
        until(lambda: worker.trouble)
        assert "refused" in str(worker.trouble)
        assert [(delivery.state, delivery.tries) for delivery in house.deliveries()] == [("waiting", 0)] * 2
        with server.up():
            until(lambda: len(house.deliveries("delivered")) == 2)
        until(lambda: worker.trouble is None)
    assert [received.recipient for received in server.received] == ["m0001@coop.example", "m0002@coop.example"]
    assert [delivery.proof for delivery in house.deliveries()] == ["250 Ok: queued as 1", "250 Ok: queued as 2"]
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("coop"))
    assert "delivered at try 1" in logged
    assert "s3cret" not in logged
    assert "m0001@" not in logged


def test_a_server_that_refuses_and_puts_off_gets_each_mail_once(house: House, server: MailServer) -> None:
    server.answers = {"m0002@coop.example": "550 no such user", "m0003@coop.example": "451 later"}
    queue = Queue("mail", mail_to(server), greet, from_start=True)
    house.admit(1, 2, 3, 4)
    house.work(queue)
    assert [(d.state, d.trouble) for d in house.deliveries()] == [
        ("delivered", None),
        ("failed", "the mail server answered: 550 no such user"),
        ("waiting", "the mail server answered: 451 later"),
        ("delivered", None),
    ]
    server.answers.clear()
    house.wait(minutes=1)
    house.work(queue)
    assert sorted(received.recipient[:5] for received in server.received) == ["m0001", "m0003", "m0004"]


def test_a_mail_that_was_taken_and_answered_too_late_comes_again_under_the_same_id(
    house: House, server: MailServer
) -> None:
    server.pause_s = 0.6
    queue = Queue("mail", mail_to(server, timeout_s=0.3), greet, from_start=True)
    house.admit(1)
    house.work(queue)
    until(lambda: server.received)
    server.pause_s = 0
    house.wait(minutes=1)
    house.work(queue)
    assert len(house.deliveries("delivered")) == 1
    assert len(server.received) == 2
    assert len({str(received.mail["Message-ID"]) for received in server.received}) == 1


def test_two_workers_on_one_server_send_each_mail_once(house: House, server: MailServer) -> None:
    queue = Queue("mail", mail_to(server), greet, from_start=True)
    with Worker(queue, house.database, 0.01), Worker(queue, house.database, 0.01):
        house.admit(*range(30))
        until(lambda: len(house.deliveries("delivered")) == 30, patience_s=30)
    assert sorted(received.recipient for received in server.received) == [f"m{i:04d}@coop.example" for i in range(30)]


# --- settings


def test_a_mail_server_is_set_with_its_sender(tmp_path: Path) -> None:
    assert mail_of(Settings(data_dir=tmp_path)) is None
    with MailServer().up() as server:
        settings = Settings(smtp_url=f"smtp://localhost:{server.port}", mail_from=SENDER)  # type: ignore[arg-type]
        mail = mail_of(settings)
        assert mail is not None
        send(mail, compose("a@lid.example", "Dag", "Dag"))
        assert server.received[0].mail["From"] == SENDER


@pytest.mark.parametrize(
    ("url", "sender", "reason"),
    [
        ("smtp://user:s3cret@mail.example", "", "needs a sender"),
        ("smtp://user:s3cret@mail.example", "nobody", "no mail address"),
        ("mailto://user:s3cret@mail.example", SENDER, "smtp:// or smtps://"),
        ("smtp://user:s3cret@mail.example:port", SENDER, "no address of a mail server"),
        ("smtp://user:s3cret@mail.example:99999", SENDER, "no address of a mail server"),
        ("smtp://:s3cret@mail.example", SENDER, "without a password"),
        ("smtp://user:s3cret%C3%A9@mail.example", SENDER, "beyond ASCII"),
        ("smtp://user:s3cret@/", SENDER, "names no server"),
        ("smtp://user:s3cret@mail.example/path", SENDER, "has a path"),
        ("smtp://user:s3cret@mail.example?starttls=maybe", SENDER, "another option"),
    ],
)
def test_a_wrong_setting_is_named_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, url: str, sender: str, reason: str
) -> None:
    monkeypatch.setenv("COOP_SMTP_URL", url)
    monkeypatch.setenv("COOP_MAIL_FROM", sender)
    with pytest.raises(ValidationError, match=reason) as caught:
        Settings()
    assert "s3cret" not in str(caught.value)


def test_settings_do_not_show_the_password() -> None:
    settings = Settings(smtp_url="smtp://user:s3cret@mail.example", mail_from=SENDER)  # type: ignore[arg-type]
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings.model_dump())


def test_a_mail_enqueued_by_hand_goes_the_same_way(house: House, server: MailServer) -> None:
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        enqueue(tx, "mail", compose("a@lid.example", "Inloggen", "https://coop.example/x"), "sign-in 1")
    assert send_due(house.database, Queue("mail", mail_to(server))) == 1
    assert server.received[0].mail["Subject"] == "Inloggen"


def test_a_port_where_nobody_listens_is_away() -> None:
    with pytest.raises(Away, match="refused"), Mail(f"smtp://localhost:{free_port()}", SENDER).open():
        pass
