"""Inbox, dead letters, relay and rebuild: every fact handled once, none lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Select, select
from sqlalchemy.exc import OperationalError

from coop.events import Envelope
from coop.events.members import MemberAdmitted
from coop.kit import inbox, journal, parking
from coop.kit.bus.local import LocalBus
from coop.kit.database import Database
from coop.kit.inbox import Consumer, StreamStopped, consume
from coop.kit.relay import relay_once, settle
from coop.kit.replay import rebuild
from coop.kit.tx import Tx
from coop.values import CoopError
from tests.kit.town import COMMUNITY, LISTENER, SECRETARY, heard, heard_by, member, on_member, tell

Pair = tuple[Database, Database]


def sealed(database: Database) -> list[Envelope]:
    with database.system_write() as sql:
        journal.seal(sql)
    with database.system_read() as sql:
        return journal.envelopes(sql, "members", 0)


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
    assert reasons(listener) == ["joined_on: Field required"]


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
    assert reasons(listener) == ["KeyError: 'three'"]


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


def dump(database: Database, query: Select[tuple[str]]) -> list[str]:
    with database.system_read() as sql:
        return sorted(sql.scalars(query))
