"""A tiny service that runs on a real Kafka, as a process of its own would: bus, relay and signals."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from coop.kit.bus.cluster import Cluster
from coop.kit.bus.kafka import KafkaBus
from coop.kit.inbox import Consumer
from coop.kit.rawdoor import RawDoor
from coop.kit.relay import Relay


class Running:
    """A service while it runs, in a thread with an event loop of its own."""

    def __init__(self, bootstrap: str, consumer: Consumer, tells: Sequence[str], doors: Mapping[str, RawDoor]) -> None:
        self.bus = KafkaBus(Cluster(bootstrap), consumer.service)
        self.relay = Relay(consumer, self.bus)
        self.bus.tell(tells)
        self.bus.hear(consumer)
        for topic, door in doors.items():
            self.bus.hear_raw(topic, door)
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run()])

    def start(self) -> None:
        self._thread.start()
        while not self._started.wait(0.1):
            assert self._thread.is_alive(), "the service did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._loop.close()

    async def _run(self) -> None:
        await self.bus.start()
        self.relay.start()
        self._started.set()
        await self._stopping.wait()
        await asyncio.to_thread(self.relay.stop)
        await self.bus.stop()


@contextmanager
def running(
    bootstrap: str, consumer: Consumer, tells: Sequence[str] = (), doors: Mapping[str, RawDoor] | None = None
) -> Iterator[Running]:
    """A service that runs for the length of the block."""
    service = Running(bootstrap, consumer, tells, doors or {})
    service.start()
    try:
        yield service
    finally:
        service.stop()


def wait_until(is_true: Callable[[], bool], patience_s: float = 60.0) -> float:
    """Wait for something to come true; returns how many seconds it took."""
    began = time.monotonic()
    while not is_true():
        assert time.monotonic() - began < patience_s, f"it did not happen within {patience_s:g} s"
        time.sleep(0.1)
    return time.monotonic() - began
