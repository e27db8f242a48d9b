"""A Kafka at which clients sign in: both of ours do, with the name and password of the settings, and no others."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from kafka.errors import KafkaError
from pydantic import SecretStr

from coop.kit.bus.cluster import Cluster
from coop.kit.bus.kafka import KafkaBus
from coop.kit.bus.topics import open_admin
from coop.kit.relay import relay_once
from coop.kit.settings import Settings
from tests.kit.test_kafka_bus import Pair, until
from tests.kit.town import LISTENER, member, tell
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.kafka import forgetful_kafka

pytestmark = pytest.mark.live

USER, PASSWORD = "coop", "secret of the broker"


@pytest.fixture(scope="module", params=["PLAIN", "SCRAM-SHA-512"])
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings for an Apache Kafka that asks who one is: by a password as it is, or by SCRAM over TLS."""
    given = {"kafka_user": USER, "kafka_password": SecretStr(PASSWORD), "kafka_mechanism": request.param}
    arguments = ["--user", f"{USER}:{PASSWORD}", "--mechanism", request.param]
    if request.param != "PLAIN":
        pem, authority = make_certificate(tmp_path_factory.mktemp("tls"))
        arguments += ["--certificate", str(pem)]
        given |= {"kafka_tls": True, "kafka_ca_file": str(authority)}
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(forgetful_kafka(*arguments))
        except ServerAbsent as reason:
            skip_or_fail(reason)
        yield Settings.model_validate({"kafka": broker.kafka.bootstrap, **given})


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of 127.0.0.1 that signs itself: one file for the broker, one for its clients."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown = certificate.public_bytes(Encoding.PEM)
    kept = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "broker.pem").write_bytes(kept + shown)
    (folder / "authority.pem").write_bytes(shown)
    return folder / "broker.pem", folder / "authority.pem"


def test_facts_travel_over_a_broker_that_asks_who_one_is(door: Settings, pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(number) for number in range(20)))

    async def play() -> list[str]:
        cluster = Cluster.of(door)
        hearing, telling = KafkaBus(cluster, "billing"), KafkaBus(cluster, "members")
        hearing.hear(LISTENER.consumer(listener))
        telling.tell(["coop.members.members"])
        await hearing.start()
        await telling.start()
        try:
            while await asyncio.to_thread(relay_once, "members", teller, telling):
                pass
            return await until(20, listener)
        finally:
            await telling.stop()
            await hearing.stop()

    assert len(asyncio.run(play())) == 20


@pytest.mark.parametrize("password", ["", "another"])
def test_a_wrong_password_and_none_are_turned_away(door: Settings, password: str) -> None:
    right = Cluster.of(door)
    cluster = replace(right, password=password) if password else replace(right, user="", password="")
    with pytest.raises(KafkaError), open_admin(cluster) as admin:
        admin.list_topics()


def test_tls_checks_the_brokers_for_both_clients() -> None:
    plain, tls = Cluster("k:9092"), Cluster("k:9092", tls=True, user="coop", password="x", mechanism="SCRAM-SHA-256")
    assert plain.admin_options()["security_protocol"] == "PLAINTEXT"
    assert not plain.security().use_ssl
    assert tls.admin_options()["security_protocol"] == "SASL_SSL"
    for context in (tls.admin_options()["ssl_context"], tls.security().ssl_context):
        assert context is not None
        assert context.check_hostname


def test_a_broker_of_another_authority_is_not_spoken_to(door: Settings, tmp_path: Path) -> None:
    if not door.kafka_tls:
        return
    _, authority = make_certificate(tmp_path)
    host, _, port = door.kafka.partition(":")
    context = replace(Cluster.of(door), ca_file=str(authority)).admin_options()["ssl_context"]
    with socket.create_connection((host, int(port))) as connection, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(connection, server_hostname=host)


def test_the_password_is_shown_nowhere(door: Settings) -> None:
    assert PASSWORD not in repr(door) + repr(Cluster.of(door))
