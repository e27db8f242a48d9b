"""Facts over a real Kafka: none lost, none handled twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from coop.kit import journal, parking
from coop.kit.bus import kafka as kafka_bus
from coop.kit.bus import stuck, topics
from coop.kit.bus.cluster import Cluster
from coop.kit.bus.kafka import KafkaBus, read_lag
from coop.kit.database import Database
from coop.kit.inbox import Consumer
from coop.kit.rawdoor import Headers, RawDoor
from coop.kit.relay import relay_once
from tests.kit.running import running, wait_until
from tests.kit.town import COMMUNITY, LISTENER, SECRETARY, heard, heard_by, member, open_database, tell
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.live

Pair = tuple[Database, Database]


@asynccontextmanager
async def joined(kafka: Kafka, consumer: Consumer | None, service: str) -> AsyncIterator[KafkaBus]:
    bus = KafkaBus(Cluster(kafka.bootstrap), service)
    bus.tell(["coop.members.members"])
    if consumer:
        bus.hear(consumer)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


async def until(wanted: int, database: Database, patience_s: float = 60.0) -> list[str]:
    for _ in range(int(patience_s / 0.1)):
        if len(found := await asyncio.to_thread(heard_by, database)) >= wanted:
            return found
        await asyncio.sleep(0.1)
    return heard_by(database)


def test_every_fact_arrives_once_and_a_refused_one_is_parked(kafka: Kafka, pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(i, "ghost" if i == 7 else "owner") for i in range(1200)))

    async def play() -> list[str]:
        async with (
            joined(kafka, LISTENER.consumer(listener), "billing"),
            joined(kafka, None, "members") as bus,
        ):
            while await asyncio.to_thread(relay_once, "members", teller, bus):
                pass
            # Handed over once more, as a relay does that was killed before it noted how far it came.
            with teller.system_read() as sql:
                again = journal.envelopes(sql, "members", 0, 300)
            await asyncio.to_thread(bus.publish, again)
            return await until(1199, listener)

    found = asyncio.run(play())
    assert found == sorted({f"m{i:04d}" for i in range(1200) if i != 7})
    with listener.read(COMMUNITY) as tx:
        assert [letter.reason for letter in parking.list_parked(tx)] == ["m0007 is a ghost"]


def test_what_was_published_while_a_service_was_away_waits_for_it(kafka: Kafka, pair: Pair) -> None:
    teller, listener = pair

    async def play() -> list[str]:
        async with joined(kafka, None, "members") as bus:
            tell(teller, *(member(i) for i in range(20)))
            await asyncio.to_thread(relay_once, "members", teller, bus)
        async with joined(kafka, LISTENER.consumer(listener), "billing"):
            return await until(20, listener)

    assert len(asyncio.run(play())) == 20


def test_topics_keep_everything_and_one_that_does_not_is_corrected(kafka: Kafka) -> None:
    if kafka.kind != "apache":
        skip_or_fail(ServerAbsent("only Apache Kafka tells how long it keeps a topic"))
    names = ["coop.members.members", topics.SIGNALS]
    with topics.open_admin(Cluster(kafka.bootstrap)) as admin:
        admin.create_topics({names[0]: {"num_partitions": 2, "replication_factor": 1}})
        assert topics.provision(Cluster(kafka.bootstrap), names) == [topics.SIGNALS]
        asked = [ConfigResource(ConfigResourceType.TOPIC, name, ["retention.ms"]) for name in names]

        def read_retention() -> list[str]:
            actual = admin.describe_configs(asked, config_filter="all")["topic"]
            # A topic that was made a moment ago may not be known to the broker's answer yet.
            return [actual.get(name, {}).get("retention.ms", {}).get("value", "") for name in names]

        wait_until(lambda: read_retention() == ["-1", "86400000"])
    assert topics.provision(Cluster(kafka.bootstrap), names) == []


def test_a_topic_that_the_list_does_not_show_yet_is_corrected_all_the_same(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kafka.kind != "apache":
        skip_or_fail(ServerAbsent("only Apache Kafka tells how long it keeps a topic"))
    name = "coop.members.topic_of_a_moment_ago"
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, ["retention.ms"])]
    with topics.open_admin(Cluster(kafka.bootstrap)) as admin:
        admin.create_topics({name: {"num_partitions": 2, "replication_factor": 1}})
        with monkeypatch.context() as late:
            late.setattr(type(admin), "list_topics", lambda self: [])
            assert topics.provision(Cluster(kafka.bootstrap), [name]) == []
        actual = admin.describe_configs(asked, config_filter="all")["topic"][name]
        assert actual["retention.ms"]["value"] == "-1"


def test_the_lag_of_a_group_is_what_it_has_not_read(kafka: Kafka, pair: Pair) -> None:
    teller, listener = pair
    with running(kafka.bootstrap, Consumer("members", teller, {}), ["coop.members.members"]):
        with running(kafka.bootstrap, LISTENER.consumer(listener)):
            tell(teller, *(member(i) for i in range(20)))
            wait_until(lambda: len(heard_by(listener)) == 20)
            wait_until(lambda: read_lag(Cluster(kafka.bootstrap), "billing").get("coop.members.members") == 0)
        tell(teller, *(member(i) for i in range(20, 50)))
        wait_until(lambda: read_lag(Cluster(kafka.bootstrap), "billing")["coop.members.members"] == 30)


TELEGRAMS = "coop.billing.telegrams"


def test_every_raw_message_stands_by_itself(kafka: Kafka, postgres_url: str) -> None:
    database = open_database(postgres_url, "billing")

    def take(messages: Sequence[tuple[Headers, bytes]]) -> None:
        with database.write(COMMUNITY, SECRETARY) as tx:
            for headers, body in messages:
                datetime.fromisoformat(headers["received-at"]) + timedelta(days=1)
                row = {"community": COMMUNITY, "member_id": body.decode()}
                tx.insert_new(heard, [row], ["community", "member_id"])

    door = RawDoor(take, partial(parking.park_raw, database, "telegram", "x" * 300), wait_s=lambda _: 0.01)
    headers = {"community": b"demo", "gateway": b"gw", "received-at": b"2026-02-01T00:00:00+00:00"}
    good = [(headers, f"g{number:02d}".encode()) for number in range(20)]
    bad = [
        ({**headers, "gateway": b"caf\xe9"}, b"latin"),
        ({**headers, "received-at": b"9999-12-31T23:59:59+00:00"}, b"far"),
        (headers, b"with \x00 inside"),
        ({**headers, "community": b"c" * 3000}, b"\xff"),
    ]
    with running(kafka.bootstrap, LISTENER.consumer(database), doors={TELEGRAMS: door}):
        for sent in ([*good[:10], *bad, *good[10:]], bad):  # and those that are bad come again
            send(kafka, sent)
            wait_until(lambda: heard_by(database) == [body.decode() for _, body in good])
            wait_until(lambda: sum(read_lag(Cluster(kafka.bootstrap), "billing-raw", [TELEGRAMS]).values()) == 0)
        assert door.trouble is None
    letters = []
    for community in (COMMUNITY, parking.UNKNOWN):
        with database.read(community) as tx:
            letters += [(letter.body, letter.reason, len(letter.source)) for letter in parking.list_parked(tx)]
    assert sorted(letters) == [
        (b"far", "the program failed on it: OverflowError: date value out of range", 200),
        (b"latin", "header gateway: is not UTF-8", 200),
        (
            b"with \x00 inside",
            "the program failed on it: DataError: PostgreSQL text fields cannot contain NUL (0x00) bytes",
            200,
        ),
        (
            b"\xff",
            "the program failed on it: UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0:"
            " invalid start byte",
            200,
        ),
    ]
    database.close()


def test_a_fact_whose_envelope_cannot_be_read_is_parked_by_itself(kafka: Kafka, pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(i) for i in range(20)))
    members = Consumer("members", teller, {})
    with (
        running(kafka.bootstrap, LISTENER.consumer(listener)),
        running(kafka.bootstrap, members, ["coop.members.members"]),
    ):
        send(kafka, [({}, b"no fact"), ({}, b'{"id": 7}'), ({"x": b"\xff"}, b"{}")], "coop.members.members")
        wait_until(lambda: len(heard_by(listener)) == 20)
        wait_until(lambda: count_unknown(listener) == 3)


class Latin(str):
    """A name that a foreign program writes in another encoding."""

    def encode(self, encoding: str = "", errors: str = "") -> bytes:
        return b"caf\xe9"


def test_a_message_that_the_client_itself_cannot_read_does_not_stop_the_door_in_silence(
    kafka: Kafka, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("LOOK_EVERY_S", 0.0), ("STUCK_AFTER_S", 4.0)):
        monkeypatch.setattr(stuck, name, seconds)
    monkeypatch.setattr(kafka_bus, "LOOK_EVERY_S", 1.0)
    database = open_database(postgres_url, "billing")
    door = RawDoor(lambda messages: None, partial(parking.park_raw, database, "telegram", "hall"))
    with running(kafka.bootstrap, LISTENER.consumer(database), doors={TELEGRAMS: door}) as service:
        producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
        producer.send(TELEGRAMS, b"telegram", partition=3, headers=[(Latin("name"), b"value")])
        producer.flush()
        producer.close()
        wait_until(lambda: f"none is read: {TELEGRAMS} [3] at offset 0" in (service.bus.trouble or ""))
    database.close()


def count_unknown(database: Database) -> int:
    with database.read(parking.UNKNOWN) as tx:
        return parking.count_parked(tx, parking.EVENT)


def send(kafka: Kafka, messages: Sequence[tuple[Mapping[str, bytes], bytes]], topic: str = TELEGRAMS) -> None:
    """Publish raw messages to one partition, in order and together, as a foreign program does."""

    async def publish() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, linger_ms=100)
        await producer.start()
        try:
            sent = [await producer.send(topic, body, partition=0, headers=[*h.items()]) for h, body in messages]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    asyncio.run(publish())
