"""The queue of what goes out: made once, delivered at least once, never lost, whatever happens on the way."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop.kit import outbound, parking
from coop.kit.outbound import (
    Message,
    Outgoing,
    Queue,
    Refused,
    TryLater,
    enqueue,
    make_due,
    retry,
    retry_all,
    send_due,
    wait_after,
)
from coop.values import BadInput, CoopError
from tests.kit.post import START, House, Pigeon, PowerCutError, letter, mail_queue, open_house, parked, refuse_all
from tests.kit.town import COMMUNITY, SECRETARY


def test_each_fact_is_followed_by_its_message_once(house: House) -> None:
    pigeon = Pigeon()
    queue = mail_queue(pigeon)
    house.admit(1, 2)
    house.work(queue)
    house.admit(2, 3)
    house.work(queue)
    assert pigeon.recipients == ["m0001@coop.example", "m0002@coop.example", "m0003@coop.example"]
    (first, *_) = house.deliveries()
    assert (first.state, first.proof, first.tries) == ("delivered", "flown to m0001@coop.example", 1)
    assert (first.made_at, first.delivered_at) == (START, START)


def test_facts_that_no_message_follows_from_are_passed(house: House) -> None:
    queue = mail_queue(Pigeon())
    house.admit(1, 2, kind="tenant")
    assert make_due(house.database, queue) == 2
    assert make_due(house.database, queue) == 0
    assert house.deliveries() == []


def test_a_new_queue_writes_nobody_about_the_past(house: House) -> None:
    house.admit(1)
    queue = mail_queue(Pigeon(), from_start=False)
    house.work(queue)
    house.admit(2)
    house.work(queue)
    assert house.recipients() == ["m0002@coop.example"]


def test_a_message_of_a_transaction_that_fails_is_never_sent(house: House) -> None:
    def fail_half_way() -> None:
        with house.database.write(COMMUNITY, SECRETARY) as tx:
            enqueue(tx, "mail", letter("a@coop.example"), "request-1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert house.deliveries() == []


def test_the_same_cause_and_recipient_are_the_same_message(house: House) -> None:
    ids = []
    for cause, text in (("request-1", "een"), ("request-1", "twee"), ("request-2", "drie")):
        with house.database.write(COMMUNITY, SECRETARY) as tx:
            ids.append(enqueue(tx, "mail", letter("a@coop.example", text), cause))
    assert ids[0] == ids[1] != ids[2]
    pigeon = Pigeon()
    house.work(mail_queue(pigeon))
    assert [outgoing.body for outgoing in pigeon.delivered] == [b"een", b"drie"]


def test_two_messages_of_one_fact_to_the_same_recipient_are_refused_and_not_merged(house: House) -> None:
    queue = Queue("mail", Pigeon(), lambda _tx, _fact: [letter("a@x.example"), letter("a@x.example")], from_start=True)
    house.admit(1)
    house.work(queue)
    assert parked(house) == ["recipient: two messages of one cause go to the same recipient"]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (lambda: Message("", "x", "text/plain", b""), "recipient"),
        (lambda: Message("a@x.example", "Dag\r\nBcc: b@x.example", "text/plain", b""), "subject"),
        (lambda: Message("a@x.example", "x" * 301, "text/plain", b""), "subject"),
        (lambda: Message("a@x.example", "\ud800", "text/plain", b""), "subject"),
        (lambda: Message("a@x.example", "x", "text/plain", bytes(20 * 1024 * 1024 + 1)), "body"),
    ],
)
def test_a_message_that_no_transport_could_carry_is_not_made(message: Callable[[], Message], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        message()
    assert [problem.field for problem in caught.value.problems] == [field]


def test_once_delivered_the_body_is_gone_and_its_hash_stays(house: House) -> None:
    queue = mail_queue(Pigeon())
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        enqueue(tx, "mail", letter("a@coop.example", "https://coop.example/secret"), "request-1")
    house.work(queue)
    (delivery,) = house.deliveries("delivered")
    assert delivery.sha256 == hashlib.sha256(b"https://coop.example/secret").hexdigest()
    with house.database.system_read() as sql:
        assert sql.exec_driver_sql("SELECT length(body) FROM outbound_message").scalar() == 0


# --- failures


def test_what_is_not_taken_now_is_tried_again_after_growing_waits_and_then_fails_with_its_reason(house: House) -> None:
    def busy(_outgoing: Outgoing) -> None:
        raise TryLater("451 busy")

    queue = mail_queue(Pigeon(busy), tries_max=4)
    house.admit(1)
    house.work(queue)
    waits = []
    while waiting := house.deliveries("waiting"):
        (delivery,) = waiting
        assert delivery.trouble == "451 busy"
        assert delivery.next_try_at is not None
        waits.append((delivery.next_try_at - house.clock.now()).total_seconds())
        assert send_due(house.database, queue) == 0
        house.clock.set(delivery.next_try_at)
        house.work(queue)
    assert all(low <= wait <= high for wait, (low, high) in zip(waits, [(24, 36), (96, 144), (384, 576)], strict=True))
    (delivery,) = house.deliveries("failed")
    assert (delivery.tries, delivery.trouble) == (4, "gave up after 4 tries: 451 busy")


@given(st.integers(1, 10**6))
def test_waits_are_bounded_and_differ(tries: int) -> None:
    waits = {wait_after(tries) for _ in range(20)}
    assert len(waits) > 1
    assert all(24 <= wait <= 6 * 3600 * 1.2 for wait in waits)


def test_a_wait_that_the_other_side_asks_for_is_kept_and_bounded(house: House) -> None:
    asked = {"a@x.example": 3600.0, "b@x.example": 1e9}

    def busy(outgoing: Outgoing) -> None:
        raise TryLater("429", asked[outgoing.recipient])

    with house.database.write(COMMUNITY, SECRETARY) as tx:
        for recipient in asked:
            enqueue(tx, "mail", letter(recipient), "request")
    house.work(mail_queue(Pigeon(busy)))
    assert [delivery.next_try_at for delivery in house.deliveries()] == [
        START + timedelta(hours=1),
        START + timedelta(days=1),
    ]


def test_what_is_refused_fails_at_once_and_the_others_go_on(house: House) -> None:
    def refuse_two(outgoing: Outgoing) -> None:
        if outgoing.recipient.startswith("m0002"):
            raise Refused("550 no such user")

    queue = mail_queue(Pigeon(refuse_two))
    house.admit(1, 2, 3)
    house.work(queue)
    assert [(d.state, d.trouble) for d in house.deliveries()] == [
        ("delivered", None),
        ("failed", "550 no such user"),
        ("delivered", None),
    ]


def test_a_bug_of_a_transport_is_the_trouble_of_its_message_alone(house: House) -> None:
    def stumble(outgoing: Outgoing) -> None:
        if outgoing.recipient.startswith("m0001"):
            raise KeyError("oops")

    house.admit(1, 2)
    house.work(mail_queue(Pigeon(stumble)))
    assert [(d.state, d.trouble) for d in house.deliveries()] == [
        ("waiting", "the program failed on it: KeyError: 'oops'"),
        ("delivered", None),
    ]


def test_what_failed_is_sent_by_hand_once_its_cause_is_mended(house: House) -> None:
    pigeon = Pigeon(obey=refuse_all)
    queue = mail_queue(pigeon)
    house.admit(1, 2, 3)
    house.work(queue)
    pigeon.obey = lambda _outgoing: None
    house.work(queue)
    assert house.recipients("failed") == ["m0001@coop.example", "m0002@coop.example", "m0003@coop.example"]
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        retry(tx, house.deliveries()[1].id)
    house.work(queue)
    assert pigeon.recipients == ["m0002@coop.example"]
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        assert retry_all(tx, "mail") == 2
    house.work(queue)
    assert pigeon.recipients == ["m0002@coop.example", "m0001@coop.example", "m0003@coop.example"]


def test_what_is_delivered_or_unknown_or_being_sent_is_not_sent_by_hand(house: House) -> None:
    def retry_while_it_is_sent(outgoing: Outgoing) -> None:
        with pytest.raises(CoopError, match="no message"), house.database.write(COMMUNITY, SECRETARY) as tx:
            retry(tx, outgoing.id)

    house.admit(1)
    house.work(mail_queue(Pigeon(retry_while_it_is_sent)))
    (delivery,) = house.deliveries("delivered")
    assert not delivery.can_retry
    for message_id in (delivery.id, "nothing"):
        with pytest.raises(CoopError, match="no message"), house.database.write(COMMUNITY, SECRETARY) as tx:
            retry(tx, message_id)


def test_a_fact_whose_message_cannot_be_made_is_parked_and_can_be_made_later(house: House) -> None:
    pigeon = Pigeon()
    queue = mail_queue(pigeon)
    house.admit(1)
    house.admit(2, kind="ghost")
    house.admit(3)
    house.work(queue)
    assert pigeon.recipients == ["m0001@coop.example", "m0003@coop.example"]
    assert parked(house) == ["m0002 is a ghost"]
    with house.database.read(COMMUNITY) as tx:
        letter_id = parking.list_parked(tx, 1, None, outbound.UNMADE)[0].id
    for queues, reason in (([queue], "ghost"), ([], "no queue mail")):
        with pytest.raises(CoopError, match=reason):
            outbound.make_again(house.database, queues, COMMUNITY, SECRETARY, letter_id)
    mended = replace(queue, make=lambda _tx, fact: [letter(f"{fact.subject}@coop.example")])
    outbound.make_again(house.database, [mended], COMMUNITY, SECRETARY, letter_id)
    assert parked(house) == []
    house.work(queue)
    assert pigeon.recipients[-1] == "m0002@coop.example"


def test_a_bug_in_making_is_tried_again_and_then_parked_so_that_the_others_go_on(house: House) -> None:
    queue = mail_queue(Pigeon())
    house.admit(1)
    house.admit(2, kind="gremlin")
    house.admit(3)
    with pytest.raises(KeyError):
        make_due(house.database, queue)
    assert house.deliveries() == []
    assert make_due(house.database, queue, park_bugs=True) == 3
    assert house.recipients() == ["m0001@coop.example", "m0003@coop.example"]
    assert parked(house) == ["the program failed on it: KeyError: 'm0002'"]


# --- order


def test_to_one_recipient_messages_go_in_order_and_others_do_not_wait(house: House) -> None:
    busy = {"a@x.example"}

    def obey(outgoing: Outgoing) -> None:
        if outgoing.recipient in busy:
            raise TryLater("busy")

    pigeon = Pigeon(obey)
    queue = mail_queue(pigeon)
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        for cause in ("1", "2", "3"):
            for recipient in ("a@x.example", "b@x.example"):
                enqueue(tx, "mail", letter(recipient, cause), cause)
    house.work(queue)
    assert [(o.recipient[0], o.body) for o in pigeon.delivered] == [("b", b"1"), ("b", b"2"), ("b", b"3")]
    assert [d.tries for d in house.deliveries("waiting")] == [1, 0, 0]
    busy.clear()
    house.wait(minutes=1)
    house.work(queue)
    assert [(o.recipient[0], o.body) for o in pigeon.delivered[3:]] == [("a", b"1"), ("a", b"2"), ("a", b"3")]


def test_in_a_queue_without_order_a_message_does_not_wait_for_those_before_it(house: House) -> None:
    def obey(outgoing: Outgoing) -> None:
        if outgoing.body == b"1":
            raise TryLater("busy")

    pigeon = Pigeon(obey)
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        for cause in ("1", "2"):
            enqueue(tx, "mail", letter("a@x.example", cause), cause)
    house.work(mail_queue(pigeon, in_order=False))
    assert [outgoing.body for outgoing in pigeon.delivered] == [b"2"]


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("enqueue"), st.sampled_from("ab")),
        st.tuples(
            st.just("send"), st.lists(st.sampled_from(["later", "refuse", "die", "take"]), min_size=1, max_size=4)
        ),
        st.tuples(st.just("wait"), st.integers(1, 20000)),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS)
def test_whatever_happens_nothing_is_lost_and_each_recipient_is_served_in_order(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, Any]]
) -> None:
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('order')}/members.db") as house:
        script: list[str] = []

        def obey(_outgoing: Outgoing) -> None:
            match script.pop(0) if script else "take":
                case "later":
                    raise TryLater("busy")
                case "refuse":
                    raise Refused("no")
                case "die":
                    raise PowerCutError

        pigeon = Pigeon(obey)
        queue = mail_queue(pigeon)
        made: list[tuple[str, bytes]] = []
        for number, (act, detail) in enumerate(acts):
            if act == "enqueue":
                made.append((detail, str(number).encode()))
                with house.database.write(COMMUNITY, SECRETARY) as tx:
                    enqueue(tx, "mail", letter(detail, str(number)), str(number))
            elif act == "wait":
                house.wait(seconds=detail)
            else:
                script[:] = detail
                try:
                    send_due(house.database, queue)
                except PowerCutError:
                    script.clear()
        script.clear()
        for _ in acts:
            house.wait(days=1)
            send_due(house.database, queue)
        states = Counter(delivery.state for delivery in house.deliveries())
        assert states["waiting"] == 0
        assert states.total() == len(made)
        failed = {(d.recipient, d.cause.encode()) for d in house.deliveries("failed")}
        for recipient in "ab":
            expected = [body for to, body in made if to == recipient and (to, body) not in failed]
            assert [outgoing.body for outgoing in pigeon.delivered if outgoing.recipient == recipient] == expected
