"""deploy/make-secrets, and the meters' broker that lives by what it writes: a real Mosquitto under deploy/mosquitto."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
import trustme
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.compose import read_compose
from tests.servers.mosquitto import mosquitto_program
from tests.servers.process import answers, free_port, running

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEPLOY / "make-secrets"), "--folder", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_each_secret_is_of_its_own_kept_and_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert make(folder).returncode == 0
    first = {path.name: path.read_text() for path in folder.iterdir()}
    filled = [text for text in first.values() if text]
    assert len(set(filled)) == len(filled)
    assert {name for name, text in first.items() if not text} == {
        "coop_kafka_password",
        "coop_oidc_client_secret",
        "coop_smtp_url",
    }
    assert first["coop_owner_password"] in first["coop_owner_database_url"]
    for service, password in json.loads(first["coop_role_passwords"]).items():
        assert first[f"{service}_database_url"].startswith(f"postgresql+psycopg://coop_{service}:{password}@")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert make(folder).stdout == "", "what exists stays"
    assert {path.name: path.read_text() for path in folder.iterdir()} == first


def test_a_gateway_is_named_by_its_co_operative_and_let_in_once(tmp_path: Path) -> None:
    assert "topic coop/wg/roof-1/<format>" in make(tmp_path, "--gateway", "wg/roof-1").stdout
    again, wild = make(tmp_path, "--gateway", "wg/roof-1"), make(tmp_path, "--gateway", "wg/+")
    assert again.returncode == wild.returncode == 1
    assert "may publish already" in again.stderr
    assert "wg/roof-1" in wild.stderr


@contextmanager
def broker(folder: Path, conf_d: str = "conf.d") -> Iterator[int]:
    """Mosquitto under deploy/mosquitto/mosquitto.conf, with the places of this machine; yields its port, and with the
    folder ``tls`` in the place of conf.d, as compose.mqtt.yaml puts it, the port that is encrypted."""
    try:
        program = mosquitto_program()
    except ServerAbsent as reason:
        skip_or_fail(reason)
    port = free_port()
    settings = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text()
    settings = settings.replace("listener 1883", f"listener {port} 127.0.0.1").replace("/run/secrets", str(folder))
    settings = settings.replace("/mosquitto/data/", f"{folder}/").replace(
        "/mosquitto/config/conf.d", f"{folder}/conf.d"
    )
    outside = free_port()
    (folder / "conf.d").mkdir()
    for path in (DEPLOY / "mosquitto" / conf_d).glob("*.conf"):
        text = path.read_text().replace("listener 8883", f"listener {outside} 127.0.0.1")
        (folder / "conf.d" / path.name).write_text(text.replace("/run/secrets", str(folder)))
    if os.geteuid() == 0:
        settings = f"user root\n{settings}"  # or it gives up the rights by which it reads this folder
    (folder / "mosquitto.conf").write_text(settings)
    command = [program, "-c", str(folder / "mosquitto.conf")]
    with running(command, log=folder / "log", ready=lambda: answers(port), patience_s=20):
        yield outside if conf_d == "tls" else port


@contextmanager
def connected(
    port: int, user: str, password: str, authority: Path | None = None
) -> Iterator[tuple[paho.Client, ReasonCode]]:
    """A client of the broker, and how it was received; with an ``authority`` it speaks encrypted."""
    came = threading.Event()
    received: list[ReasonCode] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, user, protocol=paho.MQTTv5)
    client.username_pw_set(user, password)
    if authority:
        client.tls_set(str(authority))

    def note(_client: object, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        received.append(reason)
        came.set()

    client.on_connect = note
    client.connect("localhost" if authority else "127.0.0.1", port)
    client.loop_start()
    assert came.wait(10)
    yield client, received[0]
    client.disconnect()
    client.loop_stop()


@pytest.mark.mqtt
def test_a_gateway_publishes_under_its_own_name_alone_and_nobody_without_a_password(tmp_path: Path) -> None:
    told = make(tmp_path, "--gateway", "wg/roof-1").stdout
    user, password = re.findall(r"user (\S+), password (\S+),", told)[0]
    coop_password = re.findall(r"//coop:(\w+)@", (tmp_path / "coop_mqtt_url").read_text())[0]
    with (
        broker(tmp_path) as port,
        connected(port, "coop", coop_password) as (reader, welcome),
        connected(port, user, password) as (gateway, _),
        connected(port, "stranger", "guess") as (_, refusal),
    ):
        assert not welcome.is_failure
        assert refusal == ReasonCode(PacketTypes.CONNACK, "Not authorized")
        heard: list[str] = []
        last = threading.Event()

        def note(_client: object, _data: object, message: paho.MQTTMessage) -> None:
            heard.append(message.topic)
            if message.topic.endswith("/mbus"):
                last.set()

        reader.on_message = note
        subscribed = threading.Event()
        reader.on_subscribe = lambda *_: subscribed.set()
        reader.subscribe("$share/coop/coop/+/+/+", qos=1)
        assert subscribed.wait(10)
        not_its_own = ("coop/status/coop-metering-1", "coop/wg/roof-2/p1", "coop/other/roof-1/p1")
        for topic in (*not_its_own, "coop/wg/roof-1/p1", "coop/wg/roof-1/mbus"):
            gateway.publish(topic, b"telegram", qos=1, retain=topic.startswith("coop/status"))
        assert last.wait(30)
        assert heard == ["coop/wg/roof-1/p1", "coop/wg/roof-1/mbus"]
        states: list[bytes] = []
        came = threading.Event()

        def note_state(_client: object, _data: object, message: paho.MQTTMessage) -> None:
            states.append(bytes(message.payload))
            came.set()

        gateway.on_message = note_state
        gateway.subscribe("coop/status/+", qos=1)
        gateway.subscribe("coop/wg/+/+", qos=1)
        gateway.publish("coop/wg/roof-1/p1", b"not for a gateway to read", qos=1).wait_for_publish(10)
        reader.publish("coop/status/coop-metering-1", b"ready", qos=1, retain=True)
        assert came.wait(10)
        assert states == [b"ready"]


@pytest.mark.mqtt
def test_from_outside_the_broker_is_reached_encrypted_and_by_its_own_name_alone(tmp_path: Path) -> None:
    told = make(tmp_path, "--gateway", "wg/roof-1").stdout
    user, password = re.findall(r"user (\S+), password (\S+),", told)[0]
    added = read_compose("compose.mqtt.yaml")
    assert added["services"]["mosquitto"]["volumes"] == ["./mosquitto/tls:/mosquitto/config/conf.d:ro"]
    assert {*added["services"]["mosquitto"]["secrets"]} == set(added["secrets"])
    ours, others = trustme.CA(), trustme.CA()
    certificate = ours.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "mosquitto_key")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(tmp_path / "mosquitto_certificate", append=True)
    for name, authority in (("ours", ours), ("others", others)):
        authority.cert_pem.write_to_path(tmp_path / f"{name}.pem")
    with broker(tmp_path, "tls") as port:
        with connected(port, user, password, tmp_path / "ours.pem") as (gateway, welcome):
            assert not welcome.is_failure
            sent = gateway.publish("coop/wg/roof-1/p1", b"telegram", qos=1)
            sent.wait_for_publish(10)
            assert sent.is_published()
        with connected(port, user, "guess", tmp_path / "ours.pem") as (_, refusal):
            assert refusal == ReasonCode(PacketTypes.CONNACK, "Not authorized")
        strange = ssl.create_default_context(cafile=str(tmp_path / "others.pem"))
        with socket.create_connection(("127.0.0.1", port)) as opened, pytest.raises(ssl.SSLCertVerificationError):
            strange.wrap_socket(opened, server_hostname="localhost")
        plain = paho.Client(CallbackAPIVersion.VERSION2, user)
        plain.connect_timeout = 5
        came = threading.Event()
        plain.on_connect = lambda *_: came.set()
        plain.connect("127.0.0.1", port)
        plain.loop_start()
        assert not came.wait(2), "nobody is let in who does not encrypt"
        plain.disconnect()
        plain.loop_stop()
