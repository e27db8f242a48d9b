"""The AsyncAPI document is true: a foreign parser takes it, and what travels is what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import paho.mqtt.client as paho
import pytest
from kafka import KafkaConsumer, KafkaProducer
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select
from starlette.testclient import TestClient

from coop.events import SERVICES as NAMES
from coop.events import event_classes
from coop.events.examples import COMMUNITY, EXAMPLES
from coop.kit.actor import Actor
from coop.kit.inbox import Consumer
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tables import dead_letter
from coop.metering.intake.formats import FORMATS
from coop.metering.intake.mqtt import MqttDoor
from coop.metering.model import Meter, MeterKind
from coop.metering.register.commands import register_meters
from coop.metering.tables import delivery
from coop.operator.asyncapi import asyncapi
from coop.operator.runtime import build_app, local_bus, open_rooms
from coop.operator.services import SERVICES, service_named
from tests.founding import found_in
from tests.kit.running import running, wait_until
from tests.metering.homes import let_gateway_in
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.kafka import Kafka
from tests.servers.mosquitto import Mosquitto
from tests.servers.node import run_node

SECRETARY = Actor("account", "secretary", "page")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as a program fetches it, after a way through JSON."""
    read: dict[str, Any] = json.loads(json.dumps(asyncapi(SERVICES)))
    return read


def parse(document: dict[str, Any]) -> list[str]:
    try:
        return run_node("parse_asyncapi.mjs", text=json.dumps(document)).splitlines()
    except ServerAbsent as reason:
        skip_or_fail(reason)


def test_the_reference_parser_has_nothing_against_the_document(document: dict[str, Any]) -> None:
    assert parse(document) == []


def test_the_reference_parser_says_what_is_wrong(document: dict[str, Any]) -> None:
    document = json.loads(json.dumps(document))
    del document["channels"]["coop.signals"]["messages"]["signal"]
    assert "messages/signal' does not exist" in "".join(parse(document))


def test_every_example_fits_its_message(document: dict[str, Any]) -> None:
    for name, message in document["components"]["messages"].items():
        for example in message.get("examples", ()):
            assert list(mistakes(document, message, example.get("headers", {}), example["payload"])) == [], name
    facts = [document["components"]["messages"][type_] for type_ in event_classes()]
    assert all(fact["examples"] for fact in facts)


def test_one_process_of_an_installation_says_what_all_say(document: dict[str, Any], tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    rooms = open_rooms(settings, ["billing"])
    for room in rooms.values():
        found_in(room.database)
        app = build_app("coop", settings, rooms, local_bus(rooms), None, scheduled=False)
        assert TestClient(app).get("/asyncapi.json").json() == document
        room.database.close()


def test_every_topic_has_one_channel_with_all_of_its_messages(document: dict[str, Any]) -> None:
    addresses = [channel["address"] for channel in document["channels"].values()]
    assert len(addresses) == len(set(addresses))
    for event in event_classes().values():
        assert event.TYPE in document["channels"][event.topic()]["messages"]


@pytest.mark.live
def test_a_consumer_written_from_the_document_alone_takes_what_kafka_carries(
    document: dict[str, Any], kafka: Kafka, tmp_path: Path
) -> None:
    told = sorted(event_classes())
    with ExitStack() as stack:
        for name in NAMES:
            service = service_named(name)
            database = service.open_database(f"sqlite:///{tmp_path / name}.db")
            stack.callback(database.close)
            topics = sorted({event.topic() for event in service.tells})
            stack.enter_context(running(kafka.bootstrap, Consumer(name, database, {}), topics))
            with database.write(COMMUNITY, SECRETARY) as tx:
                for event in service.tells:
                    tx.tell(event.model_validate_json((EXAMPLES / f"{event.TYPE}.json").read_bytes()))
        records = consume(kafka, fact_topics(document), len(told))
    taken = [take(document, record) for record in records]
    assert sorted(taken) == told


def fact_topics(document: dict[str, Any]) -> list[str]:
    """Addresses on the server ``kafka`` to which the installation sends facts."""
    sent = [
        operation["channel"]["$ref"].rpartition("/")[2]
        for operation in document["operations"].values()
        if operation["action"] == "send"
    ]
    channels = [document["channels"][name] for name in sent]
    return [
        channel["address"]
        for channel in channels
        if {"$ref": "#/servers/kafka"} in channel["servers"] and channel["address"] != "coop.signals"
    ]


def consume(kafka: Kafka, topics: list[str], count: int) -> list[Any]:
    consumer = KafkaConsumer(*topics, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    records: list[Any] = []

    def poll() -> bool:
        records.extend(record for batch in consumer.poll(500).values() for record in batch)
        return len(records) >= count

    try:
        wait_until(poll)
    finally:
        consumer.close()
    return records


def take(document: dict[str, Any], record: Any) -> str:
    """Type of a record, which fits exactly one message of the channel with its topic."""
    [channel] = [channel for channel in document["channels"].values() if channel["address"] == record.topic]
    headers = {name: value.decode() for name, value in record.headers}
    payload = json.loads(record.value)
    fitting = [
        name
        for name in channel["messages"]
        if not list(mistakes(document, document["components"]["messages"][name], headers, payload))
    ]
    assert len(fitting) == 1, (record.topic, payload)
    assert record.key.decode() == payload["subject"]
    bare = document["components"]["messages"][fitting[0]]
    assert list(mistakes(document, bare, headers, payload["data"])), "the data alone are not what travels"
    return str(payload["type"])


def mistakes(
    document: dict[str, Any], message: dict[str, Any], headers: dict[str, str], payload: Any
) -> Iterator[jsonschema.ValidationError]:
    for schema, value in ((message.get("headers", {}), headers), (message["payload"], payload)):
        whole = {**schema, "components": document["components"]}
        yield from jsonschema.Draft7Validator(whole, format_checker=jsonschema.FormatChecker()).iter_errors(value)


def meters() -> list[Meter]:
    """The meters of the examples."""
    kinds = {"E0001": MeterKind.ELECTRICITY, "KWG50001": MeterKind.HEAT, "KAM06855817": MeterKind.HEAT}
    installed_at = datetime(2025, 1, 1, tzinfo=UTC)
    return [Meter(serial, kind, f"C-{serial}", installed_at) for serial, kind in kinds.items()]


def body_of(example: dict[str, Any]) -> bytes:
    payload = example["payload"]
    return payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()


def publish_to_kafka(document: dict[str, Any], kafka: Kafka) -> int:
    """Publish every example to the channel of telegrams, with its headers; returns how many."""
    [channel] = [each for each in document["channels"].values() if "kafka-p1" in each["messages"]]
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    examples = [document["components"]["messages"][name]["examples"][0] for name in channel["messages"]]
    for example in examples:
        headers = [(name, value.encode()) for name, value in example["headers"].items()]
        producer.send(channel["address"], body_of(example), key=example["headers"]["gateway"].encode(), headers=headers)
    producer.flush()
    producer.close()
    return len(examples)


def publish_to_mqtt(document: dict[str, Any], mosquitto: Mosquitto) -> int:
    """Publish every example to the address of its format; returns how many."""
    [channel] = [each for each in document["channels"].values() if "mqtt-p1" in each["messages"]]
    client = paho.Client(CallbackAPIVersion.VERSION2, "a program with nothing but the document")
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    for format in channel["parameters"]["format"]["enum"]:
        example = document["components"]["messages"][f"mqtt-{format}"]["examples"][0]
        words = {"community": COMMUNITY, "gateway": "gateway-1", "format": format}
        client.publish(channel["address"].format(**words), body_of(example), qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    return len(channel["parameters"]["format"]["enum"])


@pytest.fixture
def metering(tmp_path: Path) -> Iterator[Room]:
    """Metering with the meters of the examples, and nothing read yet."""
    service = service_named("metering")
    database = service.open_database(f"sqlite:///{tmp_path}/metering.db")
    found_in(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        register_meters(tx, meters())
    for gateway in ("head-end-1", "gateway-1"):
        let_gateway_in(database, gateway, *(meter.serial for meter in meters()))
    yield Room(service, database, Settings())
    database.close()


def count_deliveries(room: Room) -> tuple[int, int]:
    """Deliveries that were taken, and messages that were parked."""
    with room.database.system_read() as sql:
        parked = sql.scalar(select(func.count()).select_from(dead_letter)) or 0
        return sql.scalar(select(func.count()).select_from(delivery)) or 0, parked


@pytest.mark.live
def test_telegrams_published_by_the_document_alone_are_taken_from_kafka(
    document: dict[str, Any], kafka: Kafka, metering: Room
) -> None:
    with running(kafka.bootstrap, metering.consumer, doors=metering.service.topics(metering)):
        sent = publish_to_kafka(document, kafka)
        wait_until(lambda: sum(count_deliveries(metering)) == sent)
    assert count_deliveries(metering) == (sent, 0)


@pytest.mark.mqtt
def test_telegrams_published_by_the_document_alone_are_taken_from_mqtt(
    document: dict[str, Any], mosquitto: Mosquitto, metering: Room
) -> None:
    with MqttDoor(metering, mosquitto.url, "by-the-document") as door:
        wait_until(lambda: door.trouble is None)
        wait_until(lambda: publish_to_mqtt(document, mosquitto) > 0 and sum(count_deliveries(metering)) > 0)
        wait_until(lambda: sum(count_deliveries(metering)) == len(FORMATS))
    assert count_deliveries(metering) == (len(FORMATS), 0)
