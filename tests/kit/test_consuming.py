"""Inbox, dead letters, relay and rebuild: every fact handled once, none lost.

One file: each test takes the same two small services a step further along one road.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import pytest
from sqlalchemy import Select, select
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from coop.events import Envelope, read_event
from coop.events.billing import TariffAnswered
from coop.events.members import MemberAdmitted
from coop.kit import inbox, journal, parking
from coop.kit.bus.local import LocalBus
from coop.kit.database import Database
from coop.kit.inbox import Consumer, StreamStopped, consume
from coop.kit.relay import Relay, relay_once, settle
from coop.kit.replay import rebuild
from coop.kit.tx import Tx
from coop.values import CoopError, Said, say, say_count
from tests.kit.town import (
    COMMUNITY,
    LISTENER,
    SECRETARY,
    heard,
    heard_by,
    member,
    on_member,
    open_database,
    sealed,
    tell,
)

Pair = tuple[Database, Database]


def reasons(database: Database) -> list[str]:
    with database.read(COMMUNITY) as tx:
        return [letter.reason for letter in parking.list_parked(tx)]


def test_a_repeat_changes_nothing(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, member(1), member(2))
    facts = sealed(teller)
    consumer = LISTENER.consumer(listener)
    assert consume(consumer, facts + facts) == 2
    assert consume(consumer, facts) == 0
    assert heard_by(listener) == ["m0001", "m0002"]


def test_a_refused_fact_is_parked_with_its_reason_and_the_stream_goes_on(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, member(1), member(2, "ghost"), member(3))
    consume(LISTENER.consumer(listener), sealed(teller))
    assert heard_by(listener) == ["m0001", "m0003"]
    assert reasons(listener) == ["m0002 is a ghost"]


def test_the_reason_of_a_parked_fact_keeps_what_it_is_made_of(pair: Pair) -> None:
    _, listener = pair
    whys = [
        say("it is over since %(day)s: %(why)s", day=date(2026, 3, 4), why=say("late")),
        say_count("%(num)s line of %(parts)s", "%(num)s lines of %(parts)s", 2, parts=("a", Decimal("1.50"), say("b"))),
        say("at %(at)s: \x00\ud800", at=datetime(2026, 3, 4, 5, tzinfo=UTC)),
    ]
    with listener.write(COMMUNITY, SECRETARY) as tx:
        for number, why in enumerate(whys):
            parking.park(tx, "kind", "source", str(number).encode(), "late", why)
    with listener.read(COMMUNITY) as tx:
        reasons_kept = {letter.body: letter.reason for letter in parking.list_parked(tx)}
    for number, why in enumerate(whys[:2]):
        said = reasons_kept[str(number).encode()]
        assert isinstance(said, Said)
        assert (said, said.template, said.plural, dict(said.values)) == (
            why,
            why.template,
            why.plural,
            dict(why.values),
        )
    assert reasons_kept[b"2"] == "at 2026-03-04T05:00:00+00:00: ␀?"


def test_a_reason_that_is_too_long_keeps_the_beginning_of_its_words(pair: Pair) -> None:
    _, listener = pair
    with listener.write(COMMUNITY, SECRETARY) as tx:
        parking.park(tx, "kind", "source", b"", "long", say("it is %(long)s", long="long " * 10_000))
    assert [(len(reason), reason[:11]) for reason in reasons(listener)] == [(1000, "it is long ")]


def test_what_a_refusing_handler_did_before_it_refused_is_undone(pair: Pair) -> None:
    teller, listener = pair

    def writes_then_refuses(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        tx.execute(heard.insert().values(community=tx.community, member_id=event.member_id))
        raise CoopError("no", "not this one")

    tell(teller, member(1))
    consume(Consumer("billing", listener, {MemberAdmitted: writes_then_refuses}), sealed(teller))
    assert heard_by(listener) == []
    assert reasons(listener) == ["not this one"]


def test_a_version_from_the_future_is_parked_and_a_type_of_no_interest_is_passed_over(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, member(1), member(2))
    one, two = sealed(teller)
    consume(
        LISTENER.consumer(listener),
        [replace(one, type="members.member-admitted.v9"), replace(two, type="members.member-left.v1")],
    )
    assert heard_by(listener) == []
    assert reasons(listener) == ["members.member-admitted.v9 is not an event type or version that this code knows"]


def test_a_fact_with_a_missing_field_is_parked_and_the_field_is_named(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, member(1))
    (fact,) = sealed(teller)
    consume(LISTENER.consumer(listener), [replace(fact, data=b'{"member_id":"m0001","kind":"owner"}')])
    assert reasons(listener) == ["joined_on: is missing"]


def test_a_parked_fact_can_be_replayed_once_its_cause_is_mended(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, member(7, "ghost"))
    consumer = LISTENER.consumer(listener)
    consume(consumer, sealed(teller))
    with listener.read(COMMUNITY) as tx:
        letter_id = parking.list_parked(tx)[0].id
    with pytest.raises(CoopError, match="ghost"):
        inbox.replay_letter(consumer, COMMUNITY, SECRETARY, letter_id)
    assert len(reasons(listener)) == 1

    def lenient(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        on_member(tx, event.model_copy(update={"kind": "owner"}), envelope)

    mended = replace(consumer, hears={MemberAdmitted: lenient})
    inbox.replay_letter(mended, COMMUNITY, SECRETARY, letter_id)
    assert heard_by(listener) == ["m0007"]
    assert reasons(listener) == []
    with pytest.raises(CoopError, match="nothing open"):
        inbox.replay_letter(mended, COMMUNITY, SECRETARY, letter_id)


def test_whoever_told_a_fact_is_told_when_it_is_refused_and_when_it_is_taken_after_all(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, member(1), member(2, "ghost"))
    answering = replace(LISTENER, answers={MemberAdmitted: answer_for_tariffs})
    consumer = answering.consumer(listener)
    consume(consumer, sealed(teller) * 2)
    assert [fact.taken for fact in told_by(listener)] == [False]
    assert told_by(listener)[0].reason == "m0002 is a ghost"
    with listener.read(COMMUNITY) as tx:
        [letter] = parking.list_parked(tx)
    with pytest.raises(CoopError, match="ghost"):
        inbox.replay_letter(consumer, COMMUNITY, SECRETARY, letter.id)
    kind = replace(consumer, hears={MemberAdmitted: lambda tx, event, envelope: None})
    inbox.replay_letter(kind, COMMUNITY, SECRETARY, letter.id)
    assert [(fact.resolution_id, fact.taken) for fact in told_by(listener)] == [("m0002", False), ("m0002", True)]


def answer_for_tariffs(event: MemberAdmitted, refusal: inbox.Refusal | None) -> TariffAnswered:
    return TariffAnswered(
        resolution_id=event.member_id, taken=refusal is None, reason=str(refusal[1]) if refusal else ""
    )


def told_by(database: Database) -> list[TariffAnswered]:
    with database.system_write() as sql:
        journal.seal(sql)
    with database.system_read() as sql:
        facts = [read_event(fact) for fact in journal.envelopes(sql, "billing", 0)]
    return [fact for fact in facts if isinstance(fact, TariffAnswered)]


def test_killed_before_the_commit_the_batch_comes_again_whole(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(i) for i in range(10)))
    facts = sealed(teller)

    class PowerCutError(BaseException):
        """Nothing catches this, as nothing catches a SIGKILL."""

    def dies_at_five(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        on_member(tx, event, envelope)
        if event.member_id == "m0005":
            raise PowerCutError

    with pytest.raises(PowerCutError):
        consume(Consumer("billing", listener, {MemberAdmitted: dies_at_five}), facts)
    assert heard_by(listener) == []
    assert consume(LISTENER.consumer(listener), facts) == 10
    assert len(heard_by(listener)) == 10


def test_a_bug_is_tried_again_and_then_parked_so_that_the_others_go_on(pair: Pair) -> None:
    teller, listener = pair
    tries: list[str] = []

    def trips_over_three(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        if event.member_id == "m0003":
            tries.append(event.member_id)
            raise KeyError("three")
        on_member(tx, event, envelope)

    tell(teller, *(member(i) for i in range(5)))
    consume(Consumer("billing", listener, {MemberAdmitted: trips_over_three}), sealed(teller), wait_s=lambda _: 0)
    assert len(tries) == inbox.TRIES + 1
    assert heard_by(listener) == ["m0000", "m0001", "m0002", "m0004"]
    assert reasons(listener) == ["the program failed on it: KeyError: 'three'"]


def test_too_many_refusals_in_a_row_stop_the_stream_and_keep_nothing_of_the_batch(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(i, "ghost") for i in range(6)))
    facts = sealed(teller)
    with pytest.raises(StreamStopped, match="5 facts in a row"):
        consume(LISTENER.consumer(listener, park_limit=5), facts)
    assert reasons(listener) == []
    consume(LISTENER.consumer(listener, park_limit=100), facts)
    assert len(reasons(listener)) == 6


def test_refusals_count_across_batches(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(i, "ghost") for i in range(5)))
    consumer = LISTENER.consumer(listener, park_limit=5)
    facts = sealed(teller)
    for fact in facts[:4]:
        consume(consumer, [fact])
    with pytest.raises(StreamStopped):
        consume(consumer, facts[4:])


def test_when_the_database_is_away_nothing_is_parked(pair: Pair) -> None:
    teller, listener = pair

    def away(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        raise OperationalError("select", {}, OSError("gone"))

    tell(teller, member(1))
    facts = sealed(teller)
    with pytest.raises(OperationalError):
        consume(Consumer("billing", listener, {MemberAdmitted: away}), facts)
    assert reasons(listener) == []
    assert consume(LISTENER.consumer(listener), facts) == 1


def test_a_relay_killed_before_it_noted_how_far_it_came_hands_over_again_without_harm(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(i) for i in range(20)))
    bus = LocalBus([LISTENER.consumer(listener)])

    class DyingBus:
        def publish(self, envelopes: list[Envelope]) -> None:
            bus.publish(envelopes)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        relay_once("members", teller, DyingBus())  # type: ignore[arg-type]  # a list is a Sequence
    assert settle([("members", teller)], bus) == 20
    assert len(heard_by(listener)) == 20
    assert settle([("members", teller)], bus) == 0


def test_a_service_does_not_hear_itself(pair: Pair) -> None:
    teller, _ = pair
    tell(teller, member(1))
    own = Consumer("members", teller, {MemberAdmitted: on_member})
    settle([("members", teller)], LocalBus([own]))
    assert heard_by(teller) == []


def test_rebuilt_from_the_journals_a_service_has_heard_the_same(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(i, "ghost" if i % 10 == 0 else "owner") for i in range(50)))
    settle([("members", teller)], LocalBus([LISTENER.consumer(listener)]))
    before = heard_by(listener), sorted(reasons(listener)), dump(listener, select(inbox.inbox.c.event_id))
    with listener.system_write() as sql:
        sql.execute(heard.insert().values(community=COMMUNITY, member_id="never told"))
    rebuild(LISTENER, listener, {"members": teller, "billing": listener}, batch=7)
    assert (heard_by(listener), sorted(reasons(listener)), dump(listener, select(inbox.inbox.c.event_id))) == before


def test_an_older_consumer_takes_a_fact_with_a_field_that_it_does_not_know(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, member(1))
    (fact,) = sealed(teller)
    newer = orjson.dumps({**orjson.loads(fact.data), "added_later": {"in": "another version"}})
    consume(LISTENER.consumer(listener), [Envelope.from_json(replace(fact, data=newer).to_json())])
    assert (heard_by(listener), reasons(listener)) == (["m0001"], [])


def test_a_newer_consumer_takes_a_fact_from_before_a_field_was_added(pair: Pair) -> None:
    teller, listener = pair
    votes: list[int] = []

    def counts(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        votes.append(event.votes)

    tell(teller, member(1))
    (fact,) = sealed(teller)
    older = orjson.dumps({key: value for key, value in orjson.loads(fact.data).items() if key != "votes"})
    consume(Consumer("billing", listener, {MemberAdmitted: counts}), [replace(fact, data=older)])
    assert (votes, reasons(listener)) == ([1], [])


def test_a_letter_that_was_replayed_by_hand_is_open_again_when_a_rebuild_refuses_it(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, member(7, "ghost"))
    consumer = LISTENER.consumer(listener)
    settle([("members", teller)], LocalBus([consumer]))
    with listener.read(COMMUNITY) as tx:
        letter_id = parking.list_parked(tx)[0].id

    def lenient(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        on_member(tx, event.model_copy(update={"kind": "owner"}), envelope)

    inbox.replay_letter(replace(consumer, hears={MemberAdmitted: lenient}), COMMUNITY, SECRETARY, letter_id)
    assert (heard_by(listener), reasons(listener)) == (["m0007"], [])
    rebuild(LISTENER, listener, {"members": teller})
    assert (heard_by(listener), reasons(listener)) == ([], ["m0007 is a ghost"])


def test_facts_that_are_parked_as_bugs_stop_the_stream_as_refusals_do(pair: Pair) -> None:
    teller, listener = pair

    def trips(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        raise KeyError(event.member_id)

    tell(teller, *(member(i) for i in range(70)))
    with pytest.raises(StreamStopped, match="50 facts in a row"):
        consume(Consumer("billing", listener, {MemberAdmitted: trips}), sealed(teller), wait_s=lambda _: 0)
    assert reasons(listener) == []


def test_waits_have_a_largest_length_and_a_stop_ends_them(pair: Pair) -> None:
    teller, listener = pair
    assert inbox.wait_before(1) < inbox.wait_before(2) <= inbox.wait_before(1000) == inbox.WAIT_MAX_S

    def trips(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        raise KeyError("one")

    tell(teller, member(1))
    facts = sealed(teller)
    consumer = Consumer("billing", listener, {MemberAdmitted: trips})
    threading.Timer(0.1, consumer.stopping.set).start()
    began = time.monotonic()
    with pytest.raises(StreamStopped, match="stops"):
        consume(consumer, facts, wait_s=lambda _: 60.0)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "error",
    [
        KeyError("a bug"),
        DatabaseError("insert", {}, OSError("a full disk")),
        PoolTimeout("no connection left"),
        StreamStopped("too-many-parked", "50 facts in a row"),
    ],
)
def test_no_error_ends_a_relay_in_silence(pair: Pair, error: Exception) -> None:
    teller, listener = pair
    inner = LocalBus([LISTENER.consumer(listener)])
    broken = threading.Event()
    broken.set()

    class BrokenBus(LocalBus):
        def publish(self, envelopes: Sequence[Envelope]) -> None:
            if broken.is_set():
                raise error
            inner.publish(envelopes)

    tell(teller, member(1))
    relay = Relay(Consumer("members", teller, {}), BrokenBus([]), pause_s=0.01)
    relay.start()
    try:
        wait_until(lambda: relay.trouble is not None)
        assert str(error.args[-1]) in str(relay.trouble)
        broken.clear()
        wait_until(lambda: heard_by(listener) == ["m0001"])
        wait_until(lambda: relay.trouble is None)
    finally:
        relay.stop()


def test_of_two_processes_of_a_service_one_publishes_at_a_time(postgres_url: str) -> None:
    first, second = open_database(postgres_url, "members"), Database(postgres_url, "members")
    published: list[int] = []

    class SlowBus(LocalBus):
        def publish(self, envelopes: Sequence[Envelope]) -> None:
            time.sleep(0.05)
            published.extend(envelope.position for envelope in envelopes)

    tell(first, *(member(i) for i in range(500)))
    relays = [Relay(Consumer("members", database, {}), SlowBus([]), pause_s=0.01) for database in (first, second)]
    for relay in relays:
        relay.start()
    wait_until(lambda: len(published) >= 500)
    for number in range(500, 700):
        tell(second, member(number))
    wait_until(lambda: len(published) >= 700)
    for relay in relays:
        relay.stop()
    assert published == list(range(1, 701))
    first.close()
    second.close()


def wait_until(is_true: Callable[[], bool], patience_s: float = 30.0) -> None:
    deadline = time.monotonic() + patience_s
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def dump(database: Database, query: Select[tuple[str]]) -> list[str]:
    with database.system_read() as sql:
        return sorted(sql.scalars(query))
