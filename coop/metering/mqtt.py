"""The MQTT door: telegrams published to ``coop/<community>/<gateway>/<format>``.

Invariant: a message is acknowledged when what it says is durable, and not before. The session at the broker is kept, so
what comes in while we are away waits there; what we took and did not acknowledge comes again, and is then silent.

The network thread only queues. One worker takes what waits, decodes it outside any transaction, stores it in one for
each co-operative and acknowledges in the order of arrival. When the database is away it stores nothing, acknowledges
nothing and tries again. Who may publish where is the broker's to say (its access list): the topic names the
co-operative and the gateway.
"""

from __future__ import annotations

import logging
import queue
import threading
from datetime import datetime
from typing import Self
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy.exc import OperationalError

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.metering.handlers.receive import Message, by_community, read_delivery, take_messages

log = logging.getLogger(__name__)

ACTOR = Actor("gateway", "", "mqtt")
TOPICS = "coop/+/+/+"
MOST_AT_ONCE = 200
"""Messages in one transaction; as many may be under way from the broker, so that a burst is taken together."""


class MqttDoor:
    """Takes telegrams from a broker until it is stopped. ``trouble`` says what keeps it from doing so, if anything."""

    name = "MQTT"

    def __init__(self, database: Database, url: str, client_id: str = "coop-metering") -> None:
        self.trouble: str | None = None
        self._database = database
        self._waiting: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self._stop = threading.Event()
        self._worker = threading.Thread(target=self._work, name="mqtt-worker", daemon=True)
        address = urlsplit(url)
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, clean_session=False, protocol=paho.MQTTv311, manual_ack=True
        )
        self._client.max_inflight_messages_set(MOST_AT_ONCE)
        if address.username:
            password = unquote(address.password) if address.password else None
            self._client.username_pw_set(unquote(address.username), password)
        if address.scheme == "mqtts":
            self._client.tls_set()
        self._host, self._port = (
            address.hostname or "localhost",
            address.port or (8883 if address.scheme == "mqtts" else 1883),
        )
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Connect, now or as soon as the broker is there, and begin."""
        self._worker.start()
        self._client.connect_async(self._host, self._port)
        self._client.loop_start()

    def stop(self) -> None:
        """Finish what is in hand and leave; the broker keeps what is not acknowledged."""
        self._stop.set()
        self._worker.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.trouble = f"the MQTT broker refuses us: {reason}"
            return
        self.trouble = None
        client.subscribe(TOPICS, qos=1)

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if not self._stop.is_set():
            self.trouble = f"the MQTT broker is away: {reason}"

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self._waiting.put(message)

    def _work(self) -> None:
        try:
            self._take_what_comes()
        finally:
            if not self._stop.is_set():
                # A bug ended the worker: the broker keeps everything from here on until we are started again.
                self.trouble = "the worker stopped on an error; the log says which"

    def _take_what_comes(self) -> None:
        while not self._stop.is_set():
            try:
                batch = [self._waiting.get(timeout=0.2)]
            except queue.Empty:
                continue
            while len(batch) < MOST_AT_ONCE:
                try:
                    batch.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            self._take(batch)

    def _take(self, batch: list[paho.MQTTMessage]) -> None:
        now = self._database.clock.now()
        opened = by_community(_open(message.topic, bytes(message.payload), now) for message in batch)
        while not self._stop.is_set():
            try:
                for community, alike in opened:
                    with self._database.write(community, ACTOR) as tx:
                        take_messages(tx, alike)
                break
            except OperationalError as outage:
                self.trouble = f"the database is away: {outage}"
                log.warning("telegrams wait: %s", outage)
                self._stop.wait(1.0)
        else:
            return
        self.trouble = None
        for message in batch:
            self._client.ack(message.mid, message.qos)


def _open(topic: str, body: bytes, received_at: datetime) -> Message:
    """A message decoded, or why nothing can be made of it."""
    _, community, gateway, format = topic.split("/")
    return Message(community, topic, body, read_delivery(format, gateway, body, received_at))
