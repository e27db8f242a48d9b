"""The AsyncAPI document is true: a foreign parser takes it, and what travels is what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from kafka import KafkaConsumer
from starlette.testclient import TestClient

from coop.events import SERVICES as NAMES
from coop.events import event_classes
from coop.events.examples import COMMUNITY, EXAMPLES
from coop.kit.actor import Actor
from coop.kit.inbox import Consumer
from coop.kit.settings import Settings
from coop.operator.asyncapi import asyncapi
from coop.operator.runtime import build_app, local_bus, open_rooms
from coop.operator.services import SERVICES, service_named
from tests.founding import found_in
from tests.kit.running import running, wait_until
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.kafka import Kafka
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
