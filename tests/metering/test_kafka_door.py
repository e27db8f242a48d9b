"""Telegrams over a real Kafka."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coop.kit.database import Database
from coop.kit.inbox import Consumer
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.metering.intake.kafka import TOPIC, raw_topics
from coop.metering.intake.parking import list_telegrams
from coop.metering.service import METERING
from tests.kit.running import running, wait_until
from tests.kit.test_kafka_bus import send
from tests.metering.homes import COMMUNITY, latest_values, let_gateway_in
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.live


def test_a_clock_that_was_never_set_is_parked_and_the_stream_goes_on(
    kafka: Kafka, one_database: Database, tmp_path: Path
) -> None:
    let_gateway_in(one_database, "gw", "E1")
    column = {"meter": "E1", "quantity": "electricity_import", "unit": "Wh", "step_s": 900, "values": [5]}
    headers = {"community": COMMUNITY.encode(), "gateway": b"gw", "format": b"head-end"}
    starts = ("1970-01-01T00:00:00Z", "2150-01-01T00:00:00Z", "2025-03-10T00:00:00Z")
    documents = [
        {"head_end": "h", "sent_at": "2025-03-10T00:00:00Z", "series": [column | {"start": start}]} for start in starts
    ]
    doors = raw_topics(Room(METERING, one_database, Settings(data_dir=tmp_path)))
    with running(kafka.bootstrap, Consumer("metering", one_database, {}), doors=doors):
        send(kafka, [(headers, json.dumps(document).encode()) for document in documents], TOPIC)
        wait_until(lambda: any(latest_values(one_database).values()))
        assert doors[TOPIC].trouble is None
    with one_database.read(COMMUNITY) as tx:
        assert [letter.kind for letter in list_telegrams(tx)] == ["telegram", "telegram"]
