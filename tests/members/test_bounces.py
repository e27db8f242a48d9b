"""Reports of mail that came back: read whatever their shape, and noted once at the message that they are about."""

from __future__ import annotations

import io
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.members.messages import store
from coop.members.messages.commands import send
from coop.members.messages.formats.bounces import Bounce, decode
from coop.members.messages.model import Filter
from coop.members.register.store import get_member
from coop.members.service import MEMBERS
from coop.operator import mailing
from tests.desk import COMMUNITY, SECRETARY
from tests.flows.command import coop
from tests.members.post import furnish, listening, post_all
from tests.members.sample import VRIES, list_facts
from tests.members.test_messages import BILL
from tests.servers.process import free_port

KEY = "0f0e5dc9-9a3a-5b0c-8d64-5a40f0a2b6d1"

REPORT = """From: MAILER-DAEMON@mx.example
To: bounces@coop.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: ABC

Final-Recipient: rfc822; vries@example.org
Original-Recipient: rfc822;vries@example.org
Action: {action}
Status: 5.2.2
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; 552 5.2.2 mailbox full

--b
Content-Type: {returned}

{headers}
--b--
"""
HEADERS = f"From: post@warm.example\nTo: vries@example.org\nMessage-ID: <{KEY}@coop.example>\nSubject: Uw rekening\n"


def report(
    action: str = "failed", returned: str = "message/rfc822", headers: str = HEADERS + "\nBeste Noor\n"
) -> bytes:
    return REPORT.format(action=action, returned=returned, headers=headers).encode()


@pytest.mark.parametrize(
    "body",
    [
        report(),
        report(returned="text/rfc822-headers", headers=HEADERS),
        report(headers="Subject: x\n\n").replace(
            b"Subject: Und", f"In-Reply-To: <{KEY}@coop.example>\nSubject: Und".encode()
        ),
        report().replace(b"\n", b"\r\n"),
    ],
    ids=["with the mail", "with its headers", "as an answer", "with other line ends"],
)
def test_a_report_names_the_mail_and_the_reason(body: bytes) -> None:
    assert decode(body) == Bounce(KEY, "552 5.2.2 mailbox full")


@pytest.mark.parametrize(
    "body",
    [
        report(action="delayed"),
        report(action="delivered"),
        report(headers="Message-ID: <somebody-elses@mail.example>\n\n"),
        b"Subject: I am on holiday\nIn-Reply-To: <%s@coop.example>\n\nBack on Monday." % KEY.encode(),
        b"",
        b"\x00\xff" * 100,
    ],
    ids=["late", "delivered", "of another", "an answer of a person", "nothing", "noise"],
)
def test_what_is_no_report_of_a_failure_of_ours_is_left_alone(body: bytes) -> None:
    assert decode(body) is None


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_without_failing(body: bytes) -> None:
    decode(report()[:400] + body)


def test_a_mail_that_was_taken_and_came_back_has_failed_and_says_why(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        message_id = send(tx, "bill-ready", get_member(tx, VRIES), "bill-1", **BILL)
        key = store.get_message(tx, message_id).outbound_id or ""
    with listening() as server:
        post_all(database, server)
    monkeypatch.setattr(mailing, "open_truth", lambda _settings: nullcontext(database))
    for _ in range(2):
        said = mailing.take_bounce(Settings(), report().replace(KEY.encode(), key.encode()))
        assert said == f"{key} of {COMMUNITY} came back: 552 5.2.2 mailbox full"
    with database.read(COMMUNITY) as tx:
        (tracked,) = store.list_tracked(tx, Filter("failed"))
    assert (tracked.state, tracked.answer, tracked.can_be_letter) == ("failed", "552 5.2.2 mailbox full", True)
    assert [verb for verb, _ in list_facts(database) if verb.startswith("message-")] == [
        "message-sent",
        "message-failed",
    ]


def test_the_pipe_of_a_mail_server_hands_reports_to_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path, secret="a secret for the tests alone")
    MEMBERS.open_database(settings.url("members")).close()
    for body, said in ((report(), f"no mail from here has the key {KEY}"), (b"Hello", "this is no report")):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(body)))
        done = coop(settings, "mail", "bounce")
        assert (done.returncode, said in done.stdout) == (0, True), done


def test_the_mail_server_is_tried_by_a_command(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret="a secret for the tests alone")
    done = coop(settings, "mail", "try", "me@coop.example")
    assert (done.returncode, "no mail server is set" in done.stderr) == (1, True), done
    with listening() as server:
        url = f"smtp://localhost:{server.port}?starttls=never"
        done = coop(settings, "mail", "try", "me@coop.example", COOP_SMTP_URL=url, COOP_MAIL_FROM="a <a@coop.example>")
        assert (done.returncode, done.stdout) == (0, "250 Ok: queued as 1\n"), done
    away = coop(
        settings,
        "mail",
        "try",
        "me@coop.example",
        COOP_SMTP_URL=f"smtp://localhost:{free_port()}",
        COOP_MAIL_FROM="a <a@coop.example>",
    )
    assert (away.returncode, "refused" in away.stderr) == (1, True), away
