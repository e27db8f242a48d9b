"""Telegrams over a real MQTT broker."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy import func, select

from coop.kit.database import Database
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tables import dead_letter
from coop.kit.tokens import list_gateways
from coop.metering.intake.mqtt import MqttDoor
from coop.metering.intake.parking import list_telegrams
from coop.metering.model import Meter, MeterKind
from coop.metering.register.commands import register_meters
from coop.metering.service import METERING
from tests.desk import SECRETARY
from tests.founding import found_in
from tests.metering.homes import COMMUNITY, latest_values, let_gateway_in, set_clock
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.mqtt


def room_of(database: Database) -> Room:
    return Room(METERING, database, Settings())


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
    door = MqttDoor(room_of(one_database), mosquitto.url, "door-1")
    door.start()
    try:
        wait_until(lambda: door.trouble is None)
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
    with database.read(COMMUNITY) as tx:
        is_registered = "gw" in list_gateways(tx)
    if not is_registered:
        let_gateway_in(database, "gw", every=True)
    # Until the door's subscription stands, the broker has nobody to keep a message for.
    publish(broker, f"coop/{COMMUNITY}/gw/head-end", batch([5, 6]))
    return bool(latest_values(database))


def test_what_was_not_acknowledged_comes_again_and_what_came_while_away_waits(
    one_database: Database, mosquitto: Mosquitto
) -> None:
    first = MqttDoor(room_of(one_database), mosquitto.url, "door-2")
    first.start()
    wait_until(lambda: _sent(mosquitto, one_database))
    first.stop()
    publish(mosquitto, f"coop/{COMMUNITY}/gw/head-end", batch([5, 6, 7]))
    # Killed between taking a message and storing it: a client with the same session takes it and never acknowledges.
    killed = paho.Client(
        CallbackAPIVersion.VERSION2, "door-2-1", clean_session=False, protocol=paho.MQTTv311, manual_ack=True
    )
    taken: list[bytes] = []
    killed.on_message = lambda _client, _data, message: taken.append(bytes(message.payload))
    killed.connect("127.0.0.1", mosquitto.port)
    killed.loop_start()
    wait_until(lambda: taken)
    killed.disconnect()
    killed.loop_stop()
    again = MqttDoor(room_of(one_database), mosquitto.url, "door-2")
    again.start()
    try:
        wait_until(lambda: len(latest_values(one_database)["E1", "electricity_import", "interval"]) == 3)
    finally:
        again.stop()


def test_two_processes_share_the_messages_and_what_waits_for_one_that_is_gone_is_taken_by_the_other(
    postgres_url: str, mosquitto: Mosquitto
) -> None:
    databases = [METERING.open_database(postgres_url) for _ in "ab"]
    found_in(databases[0])
    with databases[0].write(COMMUNITY, SECRETARY) as tx:
        register_meters(tx, [Meter("E1", MeterKind.ELECTRICITY, None, datetime(2020, 1, 1, tzinfo=UTC))])
    doors = [MqttDoor(room_of(database), mosquitto.url, "pair") for database in databases]

    def count_values() -> int:
        return len(latest_values(databases[0]).get(("E1", "electricity_import", "interval"), {}))

    doors[0].start()
    wait_until(lambda: _sent(mosquitto, databases[0]))
    doors[1].start()
    try:
        wait_until(lambda: doors[1].trouble is None)
        assert [sorted(door._slots.held) for door in doors] == [[1], [2]]
        for count in range(3, 30):
            publish(mosquitto, f"coop/{COMMUNITY}/gw/head-end", batch(list(range(5, 5 + count))))
            if count == 15:
                doors[1].stop()  # its session stays at the broker, and goes on being given its share
        wait_until(lambda: count_values() == 29, 30)
        wait_until(lambda: sorted(doors[0]._slots.held) == [1, 2])
    finally:
        for door in doors:
            door.stop()
        for database in databases:
            database.close()


def test_the_state_of_a_session_is_kept_at_the_broker_and_away_is_said_for_one_that_broke(
    one_database: Database, mosquitto: Mosquitto
) -> None:
    door = MqttDoor(room_of(one_database), mosquitto.url, "door-4")
    heard: list[str] = []
    watcher = paho.Client(CallbackAPIVersion.VERSION2, "watcher")
    watcher.on_message = lambda _client, _data, message: heard.append(json.loads(message.payload)["state"])
    door.start()
    try:
        wait_until(lambda: door.trouble is None)
        watcher.connect("127.0.0.1", mosquitto.port)
        watcher.subscribe("coop/status/door-4-1")
        watcher.loop_start()
        wait_until(lambda: heard == ["ready"])
        connection = door._clients[1].socket()
        assert isinstance(connection, socket.socket)
        connection.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: heard == ["ready", "away", "ready"])
    finally:
        door.stop()
    wait_until(lambda: heard == ["ready", "away", "ready", "away"])
    watcher.disconnect()
    watcher.loop_stop()


def test_a_subscription_that_the_broker_refuses_is_named(one_database: Database) -> None:
    door = MqttDoor(room_of(one_database), "mqtt://127.0.0.1:1", "door-5")
    refused = ReasonCode(PacketTypes.SUBACK, identifier=0x87)
    door.on_subscribe(paho.Client(CallbackAPIVersion.VERSION2, "door-5-1"), "door-5-1", 1, [refused], None)
    assert door.trouble == "the MQTT broker refuses the subscription: Not authorized"


POISONS: list[tuple[str, bytes]] = [
    (f"coop/{COMMUNITY}/gw/head-end", b'{"head_end": "h", "sent_at": "9999-12-31T23:59:59Z", "series": []}'),
    (f"coop/{COMMUNITY}/gw/head-end", batch([1]).replace(b"E1", b"E1\\u0000")),
    (f"coop/{COMMUNITY}/gw/head-end", batch([1]).replace(b"Wh", b"\\u0000")),
    (f"coop/{COMMUNITY}/{'g' * 300}/head-end", batch([1])),
    (f"coop/{'c' * 200}/gw/head-end", batch([1])),
    (f"coop/{COMMUNITY}/gw/p1", b""),
    (f"coop/{COMMUNITY}/gw/p1", b"\xff\x00" * 1000),
    (f"coop/{COMMUNITY}/gw/mbus", b"68" * 100),
]


@pytest.mark.parametrize("poison", POISONS)
def test_one_poisonous_message_is_parked_once_by_itself_and_the_others_are_taken(
    one_database: Database, mosquitto: Mosquitto, poison: tuple[str, bytes]
) -> None:
    door = MqttDoor(room_of(one_database), mosquitto.url, f"poison-{POISONS.index(poison)}-{one_database.is_sqlite}")
    door.start()

    def count_parked() -> int:
        with one_database.system_read() as sql:
            return sql.scalar(select(func.count()).select_from(dead_letter)) or 0

    try:
        wait_until(lambda: _sent(mosquitto, one_database))
        for count in range(3, 12):
            publish(mosquitto, f"coop/{COMMUNITY}/gw/head-end", batch(list(range(5, 5 + count))))
            if count in (5, 7):
                publish(mosquitto, *poison)
        wait_until(lambda: len(latest_values(one_database)["E1", "electricity_import", "interval"]) == 11)
        wait_until(lambda: count_parked() <= 1 and door.trouble is None)
    finally:
        door.stop()


def test_a_clock_that_was_never_set_is_parked_and_the_door_stays_open(
    one_database: Database, mosquitto: Mosquitto
) -> None:
    let_gateway_in(one_database, "gw", "E1")
    unset = {"meter": "E1", "quantity": "electricity_import", "unit": "Wh", "step_s": 900, "values": [5]}
    bodies = [
        json.dumps({"head_end": "h", "sent_at": "2025-03-10T00:00:00Z", "series": [unset | {"start": start}]}).encode()
        for start in ("1970-01-01T00:00:00Z", "2150-01-01T00:00:00Z")
    ]
    set_clock(one_database, datetime.now(UTC))
    with MqttDoor(room_of(one_database), mosquitto.url, "door-clock") as door:
        wait_until(lambda: door.trouble is None)
        for body in (*bodies, batch([10] * 4)):
            publish(mosquitto, f"coop/{COMMUNITY}/gw/head-end", body)
        wait_until(lambda: any(latest_values(one_database).values()))
        assert door.trouble is None
    with one_database.read(COMMUNITY) as tx:
        assert [letter.kind for letter in list_telegrams(tx)] == ["telegram", "telegram"]
