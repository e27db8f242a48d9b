"""The Kafka bus: the same facts over FastStream, for services in processes of their own.

Invariant: a fact counts as published when all in-sync replicas have it, and as consumed when its handler's transaction
has committed; between the two it may come again, never get lost. What FastStream would do by itself is set explicitly:
at-least-once (``NACK_ON_ERROR``), a group per service, from the earliest offset. Headers and bodies stay raw bytes up
to the ``RawDoor``, so that one message that cannot be read is parked by itself. A service subscribes to every topic of
those that it hears, so that it knows all their positions; signals come without a group, only the newest.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from kafka.errors import KafkaError as AdminError

from coop.events import Envelope, event_classes
from coop.kit import parking
from coop.kit.bus import topics
from coop.kit.bus.cluster import Cluster
from coop.kit.bus.stuck import StuckPartitions
from coop.kit.bus.topics import read_lag as read_lag
from coop.kit.inbox import Consumer, consume
from coop.kit.rawdoor import Headers, RawDoor
from coop.kit.signals import Signal, hear_signal
from coop.values import BadInput, Problem, say

log = logging.getLogger(__name__)

FACT_HEADERS = {"content-type": "application/cloudevents+json"}
"""Headers of every fact: CloudEvents in structured mode, so the body is the whole envelope."""

PUBLISH_MAX_S = 60.0
"""Seconds that the brokers get to take a batch of facts; then the relay hands it over again."""

START_PATIENCE_S = 30.0

LOOK_EVERY_S = 5.0
"""Seconds between looks at the topics, which are made again when they are gone."""

SILENCE_MAX_S = 45.0
"""Seconds without any signal, also the service's own, after which the bus does not work."""


class KafkaBus:
    """Publishes a service's facts and feeds it the facts it hears. Start it in the application's event loop."""

    def __init__(
        self, cluster: Cluster, service: str, partitions: int = topics.PARTITIONS, replication: int = 1
    ) -> None:
        self.service = service
        self.name = "kafka"
        self._cluster = cluster
        self._provision = partial(topics.provision, cluster, partitions=partitions, replication=replication)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._topics = {topics.SIGNALS}
        self._consumers: list[Consumer] = []
        self._doors: dict[str, RawDoor] = {}
        self._groups: dict[str, set[str]] = {}
        self._stopping = False
        self._keeper: asyncio.Task[None] | None = None
        self._topics_trouble: str | None = None
        self._stuck = StuckPartitions()
        self._signal_at = time.monotonic()
        self._broker = KafkaBroker(
            cluster.bootstrap.split(","),
            security=cluster.security(),
            client_id=f"coop-{service}",
            acks="all",
            max_batch_size=1_048_576,
            max_request_size=16_777_216,
            linger_ms=0,
            request_timeout_ms=15_000,
            metadata_max_age_ms=10_000,
            allow_auto_create_topics=False,
            apply_types=False,
            parser=_parse,
            decoder=_decode,
            logger=None,
        )

    @property
    def trouble(self) -> str | None:
        """A sentence about what does not work now, or None."""
        sentences = [f"{name}: {door.trouble}" for name, door in self._doors.items() if door.trouble]
        sentences += [text for text in (self._topics_trouble, self._stuck.trouble) if text]
        silence_s = time.monotonic() - self._signal_at
        if self._loop and self._consumers and silence_s > SILENCE_MAX_S:
            sentences.append(f"no signal came from Kafka for {silence_s:.0f} s, not even this service's own")
        return "; ".join(sentences) or None

    def tell(self, names: Sequence[str]) -> None:
        """Name the topics that this service publishes to."""
        self._topics.update(names)

    def hear(self, consumer: Consumer) -> None:
        """Feed a consumer from all topics of the services that it hears, and with the signals of all services."""
        self._consumers.append(consumer)
        if consumer.sources():
            park = partial(parking.park_raw, consumer.database, parking.EVENT, "kafka")
            door = RawDoor(lambda messages: _consume(consumer, messages), park, consumer.park_limit)
            self._subscribe("facts", consumer.topics(), self.service, door)
        subscriber = self._broker.subscriber(
            topics.SIGNALS,
            batch=True,
            ack_policy=AckPolicy.ACK_FIRST,
            auto_offset_reset="latest",
            batch_timeout_ms=200,
            fetch_max_wait_ms=500,
        )

        @subscriber
        async def on_signals(records: list[Any]) -> None:
            await asyncio.to_thread(self._hear_signals, consumer, records)

    def hear_raw(self, topic: str, door: RawDoor) -> None:
        """Feed a door with raw messages, such as telegrams that a head-end publishes itself."""
        self._subscribe(topic, [topic], f"{self.service}-raw", door)

    async def start(self) -> None:
        """Make the topics and begin to consume."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._provision, sorted(self._topics), patience_s=START_PATIENCE_S)
        self._signal_at = time.monotonic()
        await self._broker.start()
        self._keeper = asyncio.create_task(self._keep_topics())

    async def stop(self) -> None:
        """Finish what is in hand and leave the group."""
        self._stopping = True
        for door in self._doors.values():
            door.stopping.set()
        for consumer in self._consumers:
            consumer.stopping.set()
        if self._keeper:
            self._keeper.cancel()
        await self._broker.stop()

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Hand facts over, in order, and return when the brokers have them all. Called from relay threads.

        Raises:
            ConnectionError: the brokers did not take them all; hand the same facts over again.
        """
        self._run(lambda: self._send(envelopes))

    def signal(self, signal: Signal) -> None:
        """Hand a signal over to every process of every service.

        Raises:
            ConnectionError: the brokers did not take it.
        """
        self._run(lambda: self._broker.publish(signal.to_json(), topic=topics.SIGNALS))

    def mark(self, service: str) -> topics.Offsets:
        """Remember the end of every topic that a service hears.

        Raises:
            ConnectionError: the brokers do not say.
        """
        return self._ask(lambda admin: topics.read_ends(admin, self._heard_topics()))

    def is_past(self, service: str, mark: topics.Offsets) -> bool:
        """True when a service's group has read everything up to a mark.

        Raises:
            ConnectionError: the brokers do not say.
        """
        committed = self._ask(lambda admin: topics.read_committed(admin, service))
        return all(committed.get(at, 0) >= end for at, end in mark.items())

    def read_lag(self) -> dict[str, int]:
        """Number of messages that the service has still to read, by topic.

        Raises:
            ConnectionError: the brokers do not say.
        """
        try:
            return {
                topic: lag
                for group, names in self._groups.items()
                for topic, lag in topics.read_lag(self._cluster, group, names).items()
            }
        except AdminError as error:
            raise ConnectionError(f"Kafka does not say what was read: {error!r}") from error

    def _heard_topics(self) -> list[str]:
        return sorted({topic for consumer in self._consumers for topic in consumer.topics()})

    def _ask(self, question: Callable[[Any], topics.Offsets]) -> topics.Offsets:
        try:
            with topics.open_admin(self._cluster) as admin:
                return question(admin)
        except AdminError as error:
            raise ConnectionError(f"Kafka does not say what was read: {error!r}") from error

    def _run(self, send: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        if self._loop is None or self._stopping:
            raise ConnectionError("the bus is not started")
        future: Future[Any] = asyncio.run_coroutine_threadsafe(send(), self._loop)
        try:
            future.result(timeout=PUBLISH_MAX_S)
        except (KafkaError, TimeoutError) as error:
            future.cancel()
            raise ConnectionError(f"Kafka did not take it: {error!r}") from error

    async def _send(self, envelopes: Sequence[Envelope]) -> None:
        # The producer keeps the order of calls within a partition, and the key fixes the partition.
        pending = [
            await self._broker.publish(
                envelope.to_json(),
                topic=event_classes()[envelope.type].topic(),
                key=envelope.subject.encode(),
                headers=FACT_HEADERS,
                no_confirm=True,
            )
            for envelope in envelopes
        ]
        await asyncio.gather(*(future for future in pending if isinstance(future, asyncio.Future)))

    def _subscribe(self, name: str, names: Sequence[str], group: str, door: RawDoor) -> None:
        self._topics.update(names)
        self._groups.setdefault(group, set()).update(names)
        self._doors[name] = door
        subscriber = self._broker.subscriber(
            *names,
            batch=True,
            group_id=group,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            auto_offset_reset="earliest",
            max_records=500,
            batch_timeout_ms=100,
            fetch_max_wait_ms=100,
            max_poll_interval_ms=600_000,
            max_partition_fetch_bytes=16_777_216,
        )

        @subscriber
        async def on_batch(records: list[Any]) -> None:
            await asyncio.to_thread(_hand_over, door, records)

    def _hear_signals(self, consumer: Consumer, records: Sequence[Any]) -> None:
        self._signal_at = time.monotonic()
        for record in records:
            try:
                hear_signal(consumer, self, Signal.from_json(record.value or b""))
            except Exception:
                # Whatever it is, the next signal says it all again, and what keeps failing shows as a gap.
                log.exception("%s could not take a signal", self.service)

    async def _keep_topics(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                made = await asyncio.to_thread(self._provision, sorted(self._topics))
                await asyncio.to_thread(self._look_for_stuck)
            except AdminError as error:
                self._topics_trouble = f"Kafka does not answer, or refuses: {error!r}"
                log.warning("%s", self._topics_trouble)
            else:
                self._topics_trouble = None
                if made:
                    log.error("topics were gone and are made again: %s", ", ".join(made))

    def _look_for_stuck(self) -> None:
        if not self._stuck.is_due():
            return
        with topics.open_admin(self._cluster) as admin:
            for group, names in self._groups.items():
                self._stuck.look(group, topics.read_waiting(admin, group, names))


def _consume(consumer: Consumer, messages: Sequence[tuple[Headers, bytes]]) -> None:
    consume(consumer, [Envelope.from_json(body) for _, body in messages])


def _hand_over(door: RawDoor, records: Sequence[Any]) -> None:
    """Read the headers of each record by itself, and hand the records to the door."""
    messages: list[tuple[Headers, bytes]] = []
    for record in records:
        raw = [(name, value or b"") for name, value in record.headers or ()]
        body = record.value or b""
        try:
            messages.append(({name: value.decode() for name, value in raw}, body))
        except UnicodeDecodeError:
            headers = {name: value.decode(errors="backslashreplace") for name, value in raw}
            bad = [name for name, value in raw if not _is_utf8(value)]
            door.refuse(headers, body, BadInput([Problem(say("is not UTF-8"), f"header {name}") for name in bad]))
    if messages:
        door.receive(messages)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


async def _parse(records: tuple[Any, ...], original: Callable[[tuple[Any, ...]], Awaitable[KafkaMessage]]) -> Any:
    """A batch as FastStream reads it, with the headers hidden from it: it would give the whole batch up for one header
    that is no UTF-8."""
    message = await original(tuple(replace(record, headers=()) for record in records))
    message.raw_message = records
    return message


async def _decode(message: KafkaMessage) -> list[Any]:
    """The records themselves, instead of FastStream's guess at JSON."""
    return list(message.raw_message)
