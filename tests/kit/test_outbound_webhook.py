"""Webhooks to a real receiver that checks every signature with the reference library."""

from __future__ import annotations

import base64
import secrets
import ssl
from collections.abc import Iterator, Sequence
from time import monotonic

import pytest
import trustme

from coop.events import Envelope
from coop.kit import journal
from coop.kit.outbound import Message, Outgoing, Queue, Refused, TryLater, enqueue
from coop.kit.outbound.webhook import Webhooks, announce, check_url, is_public, read_secret
from coop.kit.tx import Tx
from coop.values import BadInput
from tests.kit.post import START, House
from tests.kit.town import COMMUNITY, SECRETARY
from tests.servers.process import free_port
from tests.servers.receiver import Receiver


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A subscriber that listens."""
    with Receiver(new_secret()).up() as listening:
        yield listening


def hooks_to(receiver: Receiver, *, timeout_s: float = 5.0, tls: ssl.SSLContext | None = None) -> Webhooks:
    return Webhooks(lambda _community, _url: [receiver.secret], allow_private=True, timeout_s=timeout_s, tls=tls)


def outgoing(url: str, body: bytes = b'{"id":"fact-1","type":"members.member-admitted.v1"}') -> Outgoing:
    return Outgoing("message-1", COMMUNITY, url, "x", "application/cloudevents+json", body, START, 1)


def send(hooks: Webhooks, url: str) -> str:
    with hooks.open() as hand_over:
        return hand_over(outgoing(url))


def test_a_fact_arrives_signed_as_a_cloud_event_that_says_nothing_of_who_acted(
    house: House, receiver: Receiver
) -> None:
    def tell_subscriber(_tx: Tx, envelope: Envelope) -> Sequence[Message]:
        return [announce(receiver.url(), envelope)]

    house.admit(1)
    house.work(Queue("webhooks", hooks_to(receiver), tell_subscriber, from_start=True))
    (taken,) = receiver.taken
    (delivery,) = house.deliveries()
    with house.database.system_read() as sql:
        (fact,) = journal.envelopes(sql, "members", 0)
    assert (delivery.state, delivery.proof) == ("delivered", "202 Accepted: taken")
    assert (taken.id, taken.path, taken.media_type) == (delivery.id, "/hooks?from=coop", "application/cloudevents+json")
    assert {name: taken.event[name] for name in ("specversion", "id", "type", "source", "subject", "position")} == {
        "specversion": "1.0",
        "id": fact.id,
        "type": "members.member-admitted.v1",
        "source": "/coop/members",
        "subject": "m0001",
        "position": 1,
    }
    assert taken.event["data"]["member_id"] == "m0001"
    assert "secretary" not in str(taken.event)


def test_while_a_secret_is_replaced_both_count(receiver: Receiver) -> None:
    hooks = Webhooks(lambda _community, _url: [new_secret(), receiver.secret], allow_private=True)
    assert send(hooks, receiver.url()) == "202 Accepted: taken"


def test_a_secret_that_is_not_the_subscriber_s_is_refused_by_it(receiver: Receiver) -> None:
    hooks = Webhooks(lambda _community, _url: [new_secret()], allow_private=True)
    with pytest.raises(Refused, match="401 Unauthorized: No matching signature found"):
        send(hooks, receiver.url())


def test_secrets_are_looked_up_for_the_co_operative_and_address_at_hand(receiver: Receiver) -> None:
    subscribers = {(COMMUNITY, receiver.url()): [receiver.secret]}
    hooks = Webhooks(lambda community, url: subscribers.get((community, url), []), allow_private=True)
    send(hooks, receiver.url())
    with pytest.raises(Refused, match="nobody subscribes"):
        send(hooks, receiver.url("/other"))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", base64.b64encode(bytes(32)).decode()])
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(BadInput, match="is not whsec_ and base64") as caught:
        read_secret(secret)
    assert "c2hvcnQ" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [*((status, TryLater) for status in (301, 408, 429, 500, 503)), *((status, Refused) for status in (400, 404, 410))],
)
def test_a_refusal_tells_for_now_from_for_good(receiver: Receiver, status: int, kind: type[Exception]) -> None:
    receiver.answers = [(status, {"location": receiver.url("/elsewhere")}, b"because\x00 \xff")]
    with pytest.raises(kind, match=rf": {status} .*: because"):
        send(hooks_to(receiver), receiver.url())
    assert receiver.taken == []


@pytest.mark.parametrize(("asked", "wait_s"), [("120", 120.0), ("soon", 0.0), ("-5", 0.0), ("²", 0.0)])
def test_a_wait_that_the_receiver_asks_for_is_passed_on(receiver: Receiver, asked: str, wait_s: float) -> None:
    receiver.answers = [(503, {"retry-after": asked}, b"")]
    with pytest.raises(TryLater) as caught:
        send(hooks_to(receiver), receiver.url())
    assert caught.value.wait_s == wait_s


def test_an_answer_that_drips_is_cut_off_in_time(receiver: Receiver) -> None:
    receiver.drip_s = 0.05
    began = monotonic()
    with pytest.raises(TryLater, match=r"no answer within 0\.5 s"):
        send(hooks_to(receiver, timeout_s=0.5), receiver.url())
    assert monotonic() - began < 2


def test_a_receiver_that_is_away_gets_its_messages_in_order_once_it_is_back(house: House) -> None:
    receiver = Receiver(new_secret())
    queue = Queue("webhooks", hooks_to(receiver))
    for number in range(3):
        with house.database.write(COMMUNITY, SECRETARY) as tx:
            enqueue(tx, "webhooks", hook(receiver.url(), number), str(number))
    house.work(queue)
    assert [delivery.tries for delivery in house.deliveries("waiting")] == [1, 0, 0]
    assert "ConnectionRefusedError" in (house.deliveries()[0].trouble or "")
    with receiver.up():
        house.wait(minutes=1)
        house.work(queue)
    assert [taken.event["number"] for taken in receiver.taken] == [0, 1, 2]
    assert len(house.deliveries("delivered")) == 3


def test_a_slow_receiver_and_a_gone_one_do_not_hold_up_the_others(house: House, receiver: Receiver) -> None:
    slow = Receiver(receiver.secret, drip_s=0.05)
    gone = f"http://localhost:{free_port()}/"
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        for number in range(3):
            for url in (gone, slow.url(), receiver.url()):
                enqueue(tx, "webhooks", hook(url, number), str(number))
    with slow.up():
        house.work(Queue("webhooks", hooks_to(receiver, timeout_s=0.3)))
    assert [taken.event["number"] for taken in receiver.taken] == [0, 1, 2]
    assert [delivery.tries for delivery in house.deliveries("waiting")] == [1, 1, 0, 0, 0, 0]


def hook(url: str, number: int) -> Message:
    return Message(url, "number", "application/json", b'{"number": %d}' % number)


# --- addresses


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "//hooks.example/",
        "https://user:pass@hooks.example/",
        "https://hooks.example:0/",
        "https://hooks.example:http/",
        "https://hooks.example/a b",
        "https://hoöks.example/",
        "https://[::1/",
    ],
)
def test_only_web_addresses_are_called(receiver: Receiver, url: str) -> None:
    with pytest.raises(BadInput, match="no http or https address"):
        check_url(url)
    with pytest.raises(Refused, match="no http or https address"):
        send(hooks_to(receiver), url)


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.1.2.3", "169.254.169.254", "2130706433"],
)
def test_our_own_networks_are_not_called(receiver: Receiver, host: str) -> None:
    hooks = Webhooks(lambda _community, _url: [receiver.secret])
    with pytest.raises(Refused, match="private network"):
        send(hooks, receiver.url(host=host))
    assert receiver.taken == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2a00:1450:400e::1", True),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1", False),
        ("2002:7f00:1::1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
    ],
)
def test_a_private_address_is_known_also_inside_another(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_that_nobody_knows_is_tried_again(receiver: Receiver) -> None:
    with pytest.raises(TryLater, match="gaierror"):
        send(hooks_to(receiver), "https://hooks.invalid/")


def test_a_receiver_shows_a_certificate_that_is_trusted() -> None:
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(theirs)
    authority.configure_trust(ours)
    receiver = Receiver(new_secret(), tls=theirs)
    with receiver.up():
        assert send(hooks_to(receiver, tls=ours), receiver.url()) == "202 Accepted: taken"
        with pytest.raises(TryLater, match="CERTIFICATE_VERIFY_FAILED"):
            send(hooks_to(receiver), receiver.url())
        with pytest.raises(TryLater, match="CERTIFICATE_VERIFY_FAILED"):
            send(hooks_to(receiver, tls=ours), receiver.url(host="127.0.0.1"))
    assert len(receiver.taken) == 1
