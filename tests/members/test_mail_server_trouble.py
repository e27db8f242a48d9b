"""Bad mail servers, over real sockets: nothing is lost, nothing is called sent that was not, and the rest goes on."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from coop.kit.database import Database
from coop.kit.outbound import Away, Queue, send_due
from coop.kit.outbound.mail import Mail
from coop.members.messages import store
from coop.members.messages.commands import send
from coop.members.messages.formats.mail import NAME, Post
from coop.members.messages.model import Filter
from coop.members.messages.settling import settle
from coop.members.register.store import get_member
from coop.members.service import MEMBERS
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock
from tests.members.post import SENDER, URL, WARM, agree_to_mail, envelope_of, furnish, listening, post_all, queue_to
from tests.members.sample import VRIES, YILDIZ, bring, change_contact, list_facts
from tests.members.test_messages import BILL
from tests.members.test_messages_heard import MEETING
from tests.servers.mail import MailServer
from tests.servers.process import free_port
from tests.servers.rude import Rudeness, RudeServer


def write_to(database: Database, member_id: str = VRIES, about: str = "bill-1") -> str:
    with database.write(COMMUNITY, SECRETARY) as tx:
        return send(tx, "bill-ready", get_member(tx, member_id), about, **BILL)


def state_of(database: Database, message_id: str) -> tuple[str, str]:
    with database.read(COMMUNITY) as tx:
        tracked = store.get_tracked(tx, message_id)
    return tracked.state, tracked.answer


def told(database: Database) -> list[str]:
    return [verb for verb, _ in list_facts(database) if verb.startswith("message-")]


def queue_at(port: int, user: str = "", timeout_s: float = 0.4) -> Queue:
    mail = Mail(f"smtp://{user}localhost:{port}?starttls=never", SENDER, timeout_s=timeout_s)
    return Queue(NAME, Post(mail, URL), settle=settle, in_order=False)


def test_a_server_that_is_away_loses_nothing_and_counts_no_try(database: Database) -> None:
    furnish(database)
    message_id = write_to(database)
    with pytest.raises(Away):
        send_due(database, queue_at(free_port()))
    assert state_of(database, message_id) == ("waiting", "")
    with listening() as server:
        assert len(post_all(database, server)) == 1
    assert state_of(database, message_id)[0] == "sent"


def test_a_server_that_refuses_the_sign_in_is_trouble_of_the_installation_alone(database: Database) -> None:
    furnish(database)
    message_id = write_to(database)
    with MailServer(password="another").up() as server, pytest.raises(Away, match="535") as caught:
        send_due(database, queue_at(server.port, "coop:s3cret@", 5.0))
    assert "s3cret" not in str(caught.value)
    assert state_of(database, message_id) == ("waiting", "")
    assert told(database) == []


@pytest.mark.parametrize("rudeness", ["before greeting", "silent", "garbage"])
def test_a_server_that_does_not_speak_is_away(database: Database, rudeness: Rudeness) -> None:
    furnish(database)
    message_id = write_to(database)
    with RudeServer(rudeness).up() as server, pytest.raises(Away):
        send_due(database, queue_at(server.port))
    assert state_of(database, message_id) == ("waiting", "")


@pytest.mark.parametrize("rudeness", ["in the middle of the mail", "after taking it"])
def test_a_server_that_hangs_up_leaves_the_mail_waiting_and_it_comes_under_the_same_key(
    database: Database, clock: SetClock, rudeness: Rudeness
) -> None:
    furnish(database)
    message_id = write_to(database)
    with RudeServer(rudeness).up() as rude:
        send_due(database, queue_at(rude.port))
        assert rude.taken == (rudeness == "after taking it")
    state, answer = state_of(database, message_id)
    assert state == "waiting"
    assert answer
    assert told(database) == []
    clock.set(clock.now() + timedelta(minutes=2))
    with listening() as server:
        (received,) = post_all(database, server)
    with database.read(COMMUNITY) as tx:
        key = store.get_message(tx, message_id).outbound_id
    assert received.mail["Message-ID"] == f"<{key}@coop.example>"
    assert told(database) == ["message-sent"]


def test_a_server_that_answers_too_late_is_tried_again_later(database: Database, clock: SetClock) -> None:
    furnish(database)
    message_id = write_to(database)
    with listening() as server:
        server.pause_s = 1.0
        send_due(database, queue_to(server, timeout_s=0.2))
        state, answer = state_of(database, message_id)
        assert (state, "timed out" in answer) == ("waiting", True)
        server.pause_s = 0.0
        clock.set(clock.now() + timedelta(minutes=2))
        post_all(database, server)
    assert state_of(database, message_id)[0] == "sent"
    assert told(database) == ["message-sent"]


def test_a_greylist_holds_up_one_mail_and_no_other(database: Database, clock: SetClock) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        change_contact(tx, YILDIZ, {"email": "yildiz@example.org"})
    grey, other = write_to(database), write_to(database, YILDIZ, "bill-2")
    with listening() as server:
        server.answers["vries@example.org"] = "451 4.7.1 greylisted, come back"
        post_all(database, server)
        state, answer = state_of(database, grey)
        assert (state, answer.endswith("451 4.7.1 greylisted, come back")) == ("waiting", True)
        assert state_of(database, other)[0] == "sent"
        server.answers.clear()
        clock.set(clock.now() + timedelta(minutes=5))
        post_all(database, server)
    assert state_of(database, grey)[0] == "sent"


def test_a_server_that_refuses_one_reader_fails_that_mail_at_once(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        change_contact(tx, YILDIZ, {"email": "yildiz@example.org"})
    refused, other = write_to(database), write_to(database, YILDIZ, "bill-2")
    with listening() as server:
        server.answers["vries@example.org"] = "550 5.1.1 no such user"
        post_all(database, server)
    state, answer = state_of(database, refused)
    assert (state, answer.endswith("550 5.1.1 no such user")) == ("failed", True)
    assert state_of(database, other)[0] == "sent"
    assert told(database) == ["message-failed", "message-sent"]


def test_a_sender_that_would_end_a_header_adds_no_reader_and_no_header(database: Database) -> None:
    furnish(database, replace(WARM, mail_sender="", site_name="Warm\r\nBcc: all@example.org"))
    write_to(database)
    with listening() as server:
        (received,) = post_all(database, server)
    assert received.recipient == "vries@example.org"
    assert received.mail["Bcc"] is None
    assert str(received.mail["From"]) == '"Warm Bcc: all@example.org" <bounces@coop.example>'


MANY = 400


def test_many_mails_are_made_and_sent_while_other_work_goes_on(database: Database) -> None:
    furnish(database)
    lines = ["number,kind,name,joined_on,email,address,postcode,city"]
    lines += [
        f"M{number:05d},owner,Lid {number},2020-03-01,lid{number}@example.org,Kade {number},1054 AA,Amsterdam"
        for number in range(MANY)
    ]
    bring(database, "members", "\n".join(lines) + "\n")
    agree_to_mail(database)
    waits: list[float] = []
    stopping = threading.Event()
    worker = threading.Thread(target=_work, args=(database, waits, stopping))
    with database.write(COMMUNITY, SECRETARY) as tx:
        MEMBERS.hears[type(MEETING)](tx, MEETING, envelope_of(MEETING, tx.now))
    worker.start()
    with listening() as server:
        try:
            post_all(database, server)
        finally:
            stopping.set()
            worker.join(30)
        assert len({each.recipient for each in server.received}) == MANY + 1
    with database.read(COMMUNITY) as tx:
        assert store.count_tracked(tx, Filter("sent", channel="mail")) == {("meeting-notice", "sent"): MANY + 1}
    assert len(waits) > 5
    assert max(waits) < 5.0  # a busy machine included; one transaction a mail is what others wait for


def _work(database: Database, waits: list[float], stopping: threading.Event) -> None:
    """Other work: a small change every so often, timed."""
    while not stopping.wait(0.05):
        began = time.monotonic()
        with database.write(COMMUNITY, SECRETARY) as tx:
            change_contact(tx, YILDIZ, {"address": f"Kade {len(waits)}"})
        waits.append(time.monotonic() - began)
