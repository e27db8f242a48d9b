"""The Kafka bus: the same facts over FastStream, for services in processes of their own.

Invariant: a fact counts as published when all in-sync replicas have it, and as consumed when its handler's transaction
has committed; between the two it may come again, never get lost. What FastStream would do by itself is set explicitly:
at-least-once (``NACK_ON_ERROR``), a group per service, from the earliest offset. Bodies stay raw bytes, so that one
unreadable fact in a batch is parked by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import TopicAlreadyExistsError
from sqlalchemy.exc import OperationalError

from coop.events import Envelope, event_classes
from coop.kit import parking
from coop.kit.actor import Actor
from coop.kit.bus import RawHandler
from coop.kit.inbox import Consumer, StreamStopped, consume
from coop.values import BadInput

log = logging.getLogger(__name__)

PARTITIONS = 6
"""Partitions of a topic: how many processes of one service can share the work."""


def provision(bootstrap: str, topics: Sequence[str], replication: int = 1) -> None:
    """Create the topics that are not there yet."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, client_id="coop-provision")
    try:
        missing = sorted(set(topics) - set(admin.list_topics()))
        for name in missing:
            try:
                admin.create_topics([NewTopic(name, PARTITIONS, replication)])
            except TopicAlreadyExistsError:
                log.debug("%s was made by another service meanwhile", name)
    finally:
        admin.close()


class KafkaBus:
    """Publishes a service's facts and feeds it the facts it hears. Start it in the application's event loop."""

    def __init__(self, bootstrap: str, service: str) -> None:
        self.service = service
        self.name = "kafka"
        self._bootstrap = bootstrap
        self._loop: asyncio.AbstractEventLoop | None = None
        self._topics: set[str] = set()
        self._stopping = False
        self.trouble: str | None = None
        self._broker = KafkaBroker(
            bootstrap,
            client_id=f"coop-{service}",
            acks="all",
            max_batch_size=1_048_576,
            max_request_size=16_777_216,
            linger_ms=0,
            apply_types=False,
            decoder=_raw,
            logger=None,
        )

    def tell(self, topics: Sequence[str]) -> None:
        """Name the topics that this service publishes to."""
        self._topics.update(topics)

    def hear(self, consumer: Consumer) -> None:
        """Feed a consumer from its topics."""
        if not consumer.topics():
            return

        def take(bodies: Sequence[tuple[dict[str, str], bytes]]) -> None:
            batch = []
            for _headers, body in bodies:
                try:
                    batch.append(Envelope.from_json(body))
                except BadInput as error:
                    with consumer.database.write(parking.UNKNOWN, Actor("service", "kafka", "bus")) as tx:
                        parking.park(tx, parking.EVENT, "kafka", body, error.code, error.message)
            consume(consumer, batch)

        self._subscribe(consumer.topics(), self.service, take)

    def hear_raw(self, topic: str, handler: RawHandler) -> None:
        """Feed a handler with raw messages, such as telegram batches that a head-end publishes itself."""
        self._subscribe([topic], f"{self.service}-raw", handler)

    async def start(self) -> None:
        """Make the topics and begin to consume."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(provision, self._bootstrap, sorted(self._topics))
        await self._broker.start()

    async def stop(self) -> None:
        """Finish what is in hand and leave the group."""
        self._stopping = True
        await self._broker.stop()

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Hand facts over, in order, and return when the brokers have them all. Called from relay threads.

        Raises:
            ConnectionError: the brokers did not take them all; hand the same facts over again.
        """
        if self._loop is None or self._stopping:
            raise ConnectionError("the bus is not started")
        sending = asyncio.run_coroutine_threadsafe(self._send(envelopes), self._loop)
        try:
            sending.result(timeout=90)
        except (KafkaError, TimeoutError) as error:
            sending.cancel()
            raise ConnectionError(f"Kafka did not take the facts: {error!r}") from error

    async def _send(self, envelopes: Sequence[Envelope]) -> None:
        # The producer keeps the order of calls within a partition, and the key fixes the partition.
        pending = [
            await self._broker.publish(
                envelope.to_json(),
                topic=_topic_of(envelope),
                key=envelope.subject.encode(),
                headers={"content-type": "application/cloudevents+json"},
                no_confirm=True,
            )
            for envelope in envelopes
        ]
        await asyncio.gather(*(future for future in pending if isinstance(future, asyncio.Future)))

    def _subscribe(self, topics: Sequence[str], group: str, take: RawHandler) -> None:
        self._topics.update(topics)
        subscriber = self._broker.subscriber(
            *topics,
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
        async def on_batch(bodies: list[tuple[dict[str, str], bytes]]) -> None:
            await self._patiently(take, bodies)

    async def _patiently(self, take: RawHandler, bodies: list[tuple[dict[str, str], bytes]]) -> None:
        """Try a batch until it is taken. Kafka would offer it again at once and without end; here the waits grow."""
        failures = 0
        while True:
            try:
                await asyncio.to_thread(take, bodies)
            except (OperationalError, StreamStopped) as error:
                if self._stopping:
                    raise
                failures += 1
                self.trouble = str(error)
                log.warning("%s waits: %s", self.service, error)
                await asyncio.sleep(min(0.2 * 2**failures, 10.0))
            else:
                self.trouble = None
                return


def _topic_of(envelope: Envelope) -> str:
    return event_classes()[envelope.type].topic()


async def _raw(message: KafkaMessage) -> list[tuple[dict[str, str], bytes]]:
    """Headers and raw body of every record in a batch, instead of FastStream's guess at JSON."""
    records: Any = message.raw_message
    return [({name: value.decode() for name, value in record.headers or ()}, record.value or b"") for record in records]
