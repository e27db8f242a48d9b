"""Facts over a real Kafka: none lost, none handled twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from coop.kit import journal, parking
from coop.kit.bus.kafka import KafkaBus
from coop.kit.database import Database
from coop.kit.inbox import Consumer
from coop.kit.relay import relay_once
from tests.kit.town import COMMUNITY, LISTENER, heard_by, member, tell
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.live

Pair = tuple[Database, Database]


@asynccontextmanager
async def joined(kafka: Kafka, consumer: Consumer | None, service: str) -> AsyncIterator[KafkaBus]:
    bus = KafkaBus(kafka.bootstrap, service)
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
