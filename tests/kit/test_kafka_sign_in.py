"""A Kafka at which clients sign in: both of ours do, with the name and password of the settings, and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from kafka.errors import KafkaError
from pydantic import SecretStr

from coop.kit.bus.cluster import Cluster
from coop.kit.bus.kafka import KafkaBus
from coop.kit.bus.topics import open_admin
from coop.kit.relay import relay_once
from coop.kit.settings import Settings
from tests.kit.test_kafka_bus import Pair, until
from tests.kit.town import LISTENER, member, tell
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.kafka import forgetful_kafka

pytestmark = pytest.mark.live

USER, PASSWORD = "coop", "secret of the broker"


@pytest.fixture(scope="module")
def bootstrap() -> Iterator[str]:
    """Address of an Apache Kafka that asks who one is."""
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(forgetful_kafka(f"{USER}:{PASSWORD}"))
        except ServerAbsent as reason:
            skip_or_fail(reason)
        yield broker.kafka.bootstrap


def settings_of(bootstrap: str, password: str = PASSWORD) -> Settings:
    return Settings.model_validate(
        {"kafka": bootstrap, "kafka_user": USER, "kafka_password": SecretStr(password), "kafka_mechanism": "PLAIN"}
    )


def test_facts_travel_over_a_broker_that_asks_who_one_is(bootstrap: str, pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(number) for number in range(20)))

    async def play() -> list[str]:
        cluster = Cluster.of(settings_of(bootstrap))
        hearing, telling = KafkaBus(cluster, "billing"), KafkaBus(cluster, "members")
        hearing.hear(LISTENER.consumer(listener))
        telling.tell(["coop.members.members"])
        await hearing.start()
        await telling.start()
        try:
            while await asyncio.to_thread(relay_once, "members", teller, telling):
                pass
            return await until(20, listener)
        finally:
            await telling.stop()
            await hearing.stop()

    assert len(asyncio.run(play())) == 20


@pytest.mark.parametrize("password", ["", "another"])
def test_a_wrong_password_and_none_are_turned_away(bootstrap: str, password: str) -> None:
    cluster = Cluster.of(settings_of(bootstrap, password)) if password else Cluster(bootstrap)
    with pytest.raises(KafkaError), open_admin(cluster) as admin:
        admin.list_topics()


def test_tls_checks_the_brokers_for_both_clients() -> None:
    plain, tls = Cluster("k:9092"), Cluster("k:9092", tls=True, user="coop", password="x", mechanism="SCRAM-SHA-256")
    assert plain.admin_options()["security_protocol"] == "PLAINTEXT"
    assert not plain.security().use_ssl
    assert tls.admin_options()["security_protocol"] == "SASL_SSL"
    for context in (tls.admin_options()["ssl_context"], tls.security().ssl_context):
        assert context is not None
        assert context.check_hostname


def test_the_password_is_shown_nowhere(bootstrap: str) -> None:
    assert PASSWORD not in repr(settings_of(bootstrap)) + repr(Cluster.of(settings_of(bootstrap)))
