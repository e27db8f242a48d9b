"""Telegrams over a real MQTT broker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from coop.kit.database import Database
from coop.metering.handlers.parking import list_telegrams
from coop.metering.mqtt import MqttDoor
from tests.metering.homes import COMMUNITY, latest_values
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.mqtt


def batch(values: list[int]) -> bytes:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    series = {
        "meter": "E1",
        "quantity": "electricity_import",
        "unit": "Wh",
        "start": start.isoformat(),
        "step_s": 900,
        "values": values,
    }
    return json.dumps({"head_end": "h", "sent_at": start.isoformat(), "series": [series]}).encode()


def publish(broker: Mosquitto, topic: str, body: bytes) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, "gateway")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.publish(topic, body, qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def wait_until(reached: Callable[[], object], patience_s: float = 15) -> None:
    end = time.monotonic() + patience_s
    while not reached():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def test_telegrams_come_in_and_what_cannot_be_read_is_parked(one_database: Database, mosquitto: Mosquitto) -> None:
    door = MqttDoor(one_database, mosquitto.url, "door-1")
    door.start()
    try:
        wait_until(lambda: door.trouble is None and door._client.is_connected())
        wait_until(lambda: _sent(mosquitto, one_database))
        publish(mosquitto, f"coop/{COMMUNITY}/gw/sms", b"hello")

        def parked() -> bool:
            with one_database.read(COMMUNITY) as tx:
                return any("sms" in one.source for one in list_telegrams(tx))

        wait_until(parked)
    finally:
        door.stop()
    assert [value for value, _ in latest_values(one_database)["E1", "electricity_import", "interval"].values()] == [
        5,
        6,
    ]


def _sent(broker: Mosquitto, database: Database) -> bool:
    # Until the door's subscription stands, the broker has nobody to keep a message for.
    publish(broker, f"coop/{COMMUNITY}/gw/head-end", batch([5, 6]))
    return bool(latest_values(database))


def test_what_was_not_acknowledged_comes_again_and_what_came_while_away_waits(
    one_database: Database, mosquitto: Mosquitto
) -> None:
    first = MqttDoor(one_database, mosquitto.url, "door-2")
    first.start()
    wait_until(lambda: _sent(mosquitto, one_database))
    first.stop()
    publish(mosquitto, f"coop/{COMMUNITY}/gw/head-end", batch([5, 6, 7]))
    # Killed between taking a message and storing it: a client with the same session takes it and never acknowledges.
    killed = paho.Client(
        CallbackAPIVersion.VERSION2, "door-2", clean_session=False, protocol=paho.MQTTv311, manual_ack=True
    )
    taken: list[bytes] = []
    killed.on_message = lambda _client, _data, message: taken.append(bytes(message.payload))
    killed.connect("127.0.0.1", mosquitto.port)
    killed.loop_start()
    wait_until(lambda: taken)
    killed.disconnect()
    killed.loop_stop()
    again = MqttDoor(one_database, mosquitto.url, "door-2")
    again.start()
    try:
        wait_until(lambda: len(latest_values(one_database)["E1", "electricity_import", "interval"]) == 3)
    finally:
        again.stop()
