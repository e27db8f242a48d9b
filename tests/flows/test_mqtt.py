"""A telegram on a real broker: it reaches the store, and the broker keeps it until it is durable there."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from coop.demo.cooperative import COMMUNITY
from coop.kit.settings import Settings
from coop.values import AMSTERDAM
from tests.flows.installation import SECRET, coop_process, signed_in, wait_until
from tests.flows.telegrams import p1
from tests.founding import found_installation
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port

pytestmark = pytest.mark.mqtt

YESTERDAY = datetime.now(AMSTERDAM).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)


def test_a_telegram_is_acknowledged_when_it_is_durable_and_not_before(mosquitto: Mosquitto, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", secret=SECRET, port=free_port(), mqtt_url=mosquitto.url)
    found_installation(settings)
    file = settings.data_dir / "metering.db"
    with publishing(mosquitto) as publish:
        with coop_process(settings, "run") as process, signed_in(settings, "operator") as client:
            wait_until(lambda: answers(client), process, 60)
            meter = {"serial": "H1", "kind": "heat", "installed_on": "2024-12-01"}
            client.post("/metering/api/v1/meters", json=[meter]).raise_for_status()
            gateway = {"name": "Box", "scopes": ["write:readings"], "gateway": "gw-1", "meters": ["H1"]}
            client.post("/members/api/v1/programs", json={**gateway, "has_token": False}).raise_for_status()
            wait_until(lambda: count(file, "program_token") == 1, process, 60)
            # Until its subscription stands, the broker has nobody to keep a message for; a repeat is silent.
            wait_until(lambda: publish(telegram("0012.34", hour=0)) and deliveries(file) == 1, process, 60)
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")  # nobody else can write, so nothing can become durable
                publish(telegram("0012.44", hour=1))
                time.sleep(1)
                process.kill()
                process.wait()
                other.execute("ROLLBACK")
        assert deliveries(file) == 1, "it was killed with the telegram in hand"
        with coop_process(settings, "run") as process:
            wait_until(lambda: deliveries(file) == 2, process, 60)
    with closing(sqlite3.connect(file)) as other:
        [(came_by, community)] = set(other.execute("SELECT gateway, community FROM delivery"))
    assert (came_by, community) == ("gw-1", COMMUNITY)


def telegram(heat_gj: str, hour: int) -> bytes:
    at = YESTERDAY + timedelta(hours=hour)
    return p1("H1", f"{at:%y%m%d%H%M%S}{'S' if at.dst() else 'W'}", heat_gj)


def deliveries(file: Path) -> int:
    """How many deliveries are in the store, and so will outlive a power cut."""
    return count(file, "delivery")


def count(file: Path, table: str) -> int:
    """Rows of a table."""
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def answers(client: httpx2.Client) -> bool:
    """Whether the installation is up."""
    try:
        return client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


@contextmanager
def publishing(broker: Mosquitto) -> Iterator[Callable[[bytes], bool]]:
    """A gateway that publishes P1 telegrams; True when the broker has taken one."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "gateway of the flows")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()

    def publish(body: bytes) -> bool:
        sent = client.publish("coop/demo/gw-1/p1", body, qos=1)
        sent.wait_for_publish(10)
        time.sleep(0.1)
        return sent.is_published()

    yield publish
    client.disconnect()
    client.loop_stop()
