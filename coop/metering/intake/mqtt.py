"""The MQTT door: telegrams published to ``coop/<community>/<gateway>/<format>``.

Invariants: a message is acknowledged when it is stored or parked, durably, and not before. The processes of metering
share one subscription (``$share/coop-metering``), so each message goes to one of them; each has a session of its own at
the broker, under a slot (``kit.slots``). Sessions are kept: what comes in while all are away waits there, and what a
process took and did not acknowledge comes again, and is then silent. A broker hands part of what comes in to the
session of a process that is gone as well, so another process takes its slot, and with it what waits there.

The network thread only queues. One worker takes what waits through the door for raw telegrams, which parks by itself
what cannot be taken, and acknowledges in the order of arrival. Who may publish where is the broker's to say (its access
list): the topic names the co-operative and the gateway.

MQTT 5: the broker is told that a session never expires, and gives a reason with every refusal, of the subscription too.
Each session keeps its state at ``coop/status/<session>`` for whoever looks later; the broker itself says ``away`` when
the process is gone, however it went.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy.exc import SQLAlchemyError

from coop.kit import parking
from coop.kit.inbox import StreamStopped
from coop.kit.rawdoor import Headers
from coop.kit.service import Room
from coop.kit.slots import Slots
from coop.metering.intake.raw import telegram_door

log = logging.getLogger(__name__)

ADDRESS = "coop/{community}/{gateway}/{format}"
"""Topic of a telegram."""

TOPICS = "coop/+/+/+"
STATUS = "coop/status/{session}"
"""Topic at which a session's state is kept: three levels, so that it is no telegram's."""

NEVER_EXPIRES_S = 0xFFFF_FFFF
WITH_WILL = ReasonCode(PacketTypes.DISCONNECT, identifier=4)
BATCH_MAX = 200
"""Messages in one transaction; as many may be under way from the broker, so that a burst is taken together."""
SLOT_CHECK_S = 5.0

Arrived = tuple[paho.Client, paho.MQTTMessage]


class MqttDoor:
    """Takes telegrams from a broker until it is stopped. ``trouble`` says what keeps it from doing so, if anything."""

    name = "mqtt"

    def __init__(self, room: Room, url: str, client_name: str = "coop-metering") -> None:
        self._address, self._client_name = urlsplit(url), client_name
        self._door, self._clock = telegram_door(room, "mqtt"), room.database.clock
        self._slots = Slots(room.database, f"mqtt {client_name}")
        self._away: str | None = "not connected yet"
        self._waiting: queue.Queue[Arrived] = queue.Queue()
        self._stop = self._door.stopping
        self._worker = threading.Thread(target=self._work, name="mqtt-worker", daemon=True)
        self._clients: dict[int, paho.Client] = {}

    @property
    def trouble(self) -> str | None:
        """Trouble that keeps telegrams from coming in now."""
        return self._door.trouble or self._away

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin; the broker and the database may come later."""
        self._worker.start()

    def stop(self) -> None:
        """Finish what is in hand and leave; the broker keeps what is not acknowledged."""
        self._stop.set()
        self._worker.join()
        self._leave()

    def _work(self) -> None:
        checked_at = 0.0
        while not self._stop.is_set():
            try:
                if time.monotonic() - checked_at > SLOT_CHECK_S:
                    self._keep_sessions()
                    checked_at = time.monotonic()
                self._take_batch()
            except Exception as error:  # a worker that dies stops all meters
                # Whatever it is, the worker lives; nothing was acknowledged, so nothing is lost.
                self._away = f"{type(error).__name__}: {error}"
                log.warning("the MQTT door waits: %s", self._away, exc_info=True)
                self._stop.wait(1.0)

    def _keep_sessions(self) -> None:
        """Be connected under each slot that this process holds, and under no other."""
        try:
            held = self._slots.claim()
        except SQLAlchemyError:
            self._leave()
            raise
        for number in held - self._clients.keys():
            self._clients[number] = _connect(self, self._address, f"{self._client_name}-{number}")

    def _leave(self) -> None:
        for number in list(self._clients):
            client = self._clients.pop(number)
            client.disconnect(WITH_WILL)
            client.loop_stop()
        self._slots.release()

    def _take_batch(self) -> None:
        try:
            batch = [self._waiting.get(timeout=0.2)]
        except queue.Empty:
            return
        while len(batch) < BATCH_MAX and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        self._take(batch)

    def _take(self, batch: list[Arrived]) -> None:
        try:
            self._door.receive([(_headers(message), bytes(message.payload)) for _, message in batch])
        except StreamStopped:
            return
        for client, message in batch:
            client.ack(message.mid, message.qos)

    def on_connect(
        self, client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        """Subscribe, as often as the broker is met."""
        if reason.is_failure:
            self._away = f"the MQTT broker refuses us: {reason}"
            return
        client.subscribe(f"$share/{self._client_name}/{TOPICS}", qos=1)

    def on_subscribe(
        self, client: paho.Client, session: str, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        """Be ready, and say so, once the broker keeps telegrams for this session."""
        if refused := next((reason for reason in reasons if reason.is_failure), None):
            self._away = f"the MQTT broker refuses the subscription: {refused}"
            return
        self._away = None
        state = {"state": "ready", "since": f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}"}
        client.publish(STATUS.format(session=session), json.dumps(state), qos=1, retain=True)

    def on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        """Say that the broker is away; the client connects again by itself."""
        if not self._stop.is_set():
            self._away = f"the MQTT broker is away: {reason}"

    def on_message(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        """Queue a message for the worker."""
        self._waiting.put((client, message))


def _connect(door: MqttDoor, address: SplitResult, client_id: str) -> paho.Client:
    """A client with a session that the broker keeps, connected now or as soon as the broker is there."""
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id, userdata=client_id, protocol=paho.MQTTv5, manual_ack=True
    )
    client.will_set(STATUS.format(session=client_id), json.dumps({"state": "away"}), qos=1, retain=True)
    if address.username:
        password = unquote(address.password) if address.password else None
        client.username_pw_set(unquote(address.username), password)
    if address.scheme == "mqtts":
        client.tls_set()
    client.on_connect, client.on_subscribe = door.on_connect, door.on_subscribe
    client.on_disconnect, client.on_message = door.on_disconnect, door.on_message
    default = 8883 if address.scheme == "mqtts" else 1883
    kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho gives it no types
    kept.SessionExpiryInterval, kept.ReceiveMaximum = NEVER_EXPIRES_S, BATCH_MAX
    client.connect_async(address.hostname or "localhost", address.port or default, clean_start=False, properties=kept)
    client.loop_start()
    return client


def _headers(message: paho.MQTTMessage) -> Headers:
    """Community, gateway and format of a topic; one that cannot be read belongs to nobody known."""
    try:
        _, community, gateway, format = message.topic.split("/")
    except ValueError:  # another number of levels, or no UTF-8
        return {"community": parking.UNKNOWN, "gateway": "unreadable topic", "format": ""}
    return {"community": community, "gateway": gateway, "format": format}
