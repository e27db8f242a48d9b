"""Topics of Kafka: made as they have to be, looked after while all runs, and how far a group has read them."""

from __future__ import annotations

import logging
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic, sleep
from typing import NamedTuple

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, OffsetSpec
from kafka.errors import (
    CoordinatorNotAvailableError,
    GroupIdNotFoundError,
    KafkaConnectionError,
    KafkaError,
    TopicAlreadyExistsError,
)

from coop.kit.bus.cluster import Cluster

log = logging.getLogger(__name__)

SIGNALS = "coop.signals"
"""Topic of the signals of all services: one partition, and a day, since only the newest counts."""

PARTITIONS = 6
"""Partitions of every other topic: how many processes of one service can share the work."""

Offsets = Mapping[tuple[str, int], int]
"""Offset by topic and partition."""


class Waiting(NamedTuple):
    """Offset of the next message that a group reads of a partition, and how many wait from there."""

    offset: int
    messages: int


ANSWER_S = 10.0
"""Time in which a broker that listens lets somebody in [s]; one that refuses a password only goes silent."""

KNOWN_S = 10.0
"""Time in which a broker has heard of a topic that was just made [s]."""


@contextmanager
def open_admin(cluster: Cluster, patience_s: float = 4.0) -> Iterator[KafkaAdminClient]:
    """A client of the broker's administration for the length of the block.

    Raises:
        KafkaError: no broker listens within ``patience_s``, or none lets this client in within ``ANSWER_S``.
    """
    deadline = monotonic() + patience_s
    while not any(_is_reachable(address) for address in cluster.bootstrap.split(",")):
        # The client itself would leave a thread and its sockets behind each time that it cannot connect.
        if monotonic() > deadline:
            raise KafkaConnectionError(f"nobody listens on {cluster.bootstrap}")
        sleep(0.5)
    admin = KafkaAdminClient(
        client_id="coop-admin", bootstrap_timeout_ms=round(ANSWER_S * 1000), **cluster.admin_options()
    )
    try:
        yield admin
    finally:
        admin.close()


def _is_reachable(address: str) -> bool:
    host, _, port = address.strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2):
            return True
    except OSError:
        return False


def retention(topic: str) -> dict[str, str]:
    """Time for which a topic keeps its messages. Facts and telegrams never expire: a service may be away for years."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": "86400000" if topic == SIGNALS else "-1",
        "retention.bytes": "-1",
    }


def provision(
    cluster: Cluster,
    topics: Collection[str],
    partitions: int = PARTITIONS,
    replication: int = 1,
    patience_s: float = 4.0,
) -> Sequence[str]:
    """Make the topics that are not there, and correct those that keep their messages for another time; returns the
    names of what it made.

    Raises:
        KafkaError: the brokers do not answer, or refuse.
    """
    made = []
    with open_admin(cluster, patience_s) as admin:
        present = set(admin.list_topics())
        for name in sorted(set(topics) - present):
            count = 1 if name == SIGNALS else partitions
            options = {"num_partitions": count, "replication_factor": replication, "configs": retention(name)}
            try:
                admin.create_topics({name: options})
            except TopicAlreadyExistsError:
                continue  # another service was quicker, or the broker's list is older than the topic
            made.append(name)
        _correct(admin, sorted(set(topics) - set(made)))
    return made


def _correct(admin: KafkaAdminClient, topics: Sequence[str]) -> None:
    if not topics:
        return
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, retention(name)) for name in topics]
    deadline = monotonic() + KNOWN_S
    while not all((actual := admin.describe_configs(asked, config_filter="all")["topic"]).get(name) for name in topics):
        if monotonic() > deadline:
            break  # what is changed without being known is refused below, by its name
        sleep(0.1)
    for resource in asked:
        values = {key: entry["value"] for key, entry in actual.get(resource.name, {}).items()}
        if values != resource.configs:
            outcome = admin.alter_configs([resource], raise_on_unknown=False)["topic"][resource.name]
            if outcome != "OK":
                raise KafkaError(f"topic {resource.name} should keep its messages by {resource.configs}: {outcome}")
            log.warning("topic %s kept its messages by %s, and now by %s", resource.name, values, resource.configs)


def read_ends(admin: KafkaAdminClient, topics: Collection[str]) -> Offsets:
    """Offset of the next message of every partition."""
    return _read_offsets(admin, topics, OffsetSpec.LATEST)


def read_committed(admin: KafkaAdminClient, group: str) -> Offsets:
    """Offset up to which a group has read each partition that it has read at all."""
    try:
        committed = admin.list_group_offsets([group])[group]
    except (GroupIdNotFoundError, CoordinatorNotAvailableError):  # the group, or the very first one, is not there
        return {}
    return {(at.topic, at.partition): entry.offset for at, entry in committed.items() if entry.offset >= 0}


def read_waiting(
    admin: KafkaAdminClient, group: str, topics: Collection[str] = ()
) -> Mapping[tuple[str, int], Waiting]:
    """Number of messages that a group has still to read of each partition; without ``topics``, of those of which it has
    read."""
    committed = read_committed(admin, group)
    wanted = set(topics) or {topic for topic, _ in committed}
    present = sorted(wanted & set(admin.list_topics()))
    starts = _read_offsets(admin, present, OffsetSpec.EARLIEST)
    ends = read_ends(admin, present)
    offsets = {at: max(starts.get(at, 0), committed.get(at, 0)) for at in ends}
    return {at: Waiting(offsets[at], max(0, end - offsets[at])) for at, end in ends.items()}


def read_lag(cluster: Cluster, group: str, topics: Collection[str] = ()) -> dict[str, int]:
    """Number of messages that a group has still to read, by topic; without ``topics``, of those of which it has
    read."""
    lag: dict[str, int] = {}
    with open_admin(cluster) as admin:
        for (topic, _), waiting in read_waiting(admin, group, topics).items():
            lag[topic] = lag.get(topic, 0) + waiting.messages
    return lag


def _read_offsets(admin: KafkaAdminClient, topics: Collection[str], spec: OffsetSpec) -> Offsets:
    specs = {
        TopicPartition(topic["name"], partition["partition_index"]): spec
        for topic in (admin.describe_topics(list(topics)) if topics else ())
        for partition in topic["partitions"]
    }
    offsets = admin.list_partition_offsets(specs) if specs else {}
    return {(at.topic, at.partition): entry.offset for at, entry in offsets.items()}
