"""Holds deploy/compose.yaml to the compose specification, to the settings that `coop` knows and to its services."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft7Validator
from pydantic import ValidationError
from sqlalchemy.engine import make_url
from starlette.responses import PlainTextResponse
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from coop.communities.model import ANY_HOST
from coop.kit.bus.cluster import Cluster
from coop.kit.release import DISTRIBUTION, VERSION
from coop.kit.settings import Settings
from coop.members.messages.formats.mail import find_site_url
from tests.servers.compose import DEPLOY, interpolated, read_compose

SERVICES = ("members", "metering", "billing", "governance")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, with YAML's merges done."""
    return read_compose()


@pytest.mark.parametrize("name", ["compose.yaml", "compose.mqtt.yaml"])
def test_it_follows_the_compose_specification(name: str) -> None:
    schema = json.loads(
        files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text(encoding="utf-8")
    )
    written = read_compose(name)
    assert [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(written)] == []


def test_each_room_of_the_house_runs_as_a_process_of_its_own(compose: dict[str, Any]) -> None:
    rooms = {name: service["command"] for name, service in compose["services"].items() if "command" in service}
    assert rooms == {"migrate": ["migrate", "--roles"], **{name: ["serve", name] for name in SERVICES}}


@pytest.mark.parametrize("name", ["migrate", *SERVICES])
def test_every_command_is_one_that_coop_understands(compose: dict[str, Any], name: str) -> None:
    command = [sys.executable, "-m", "coop", *compose["services"][name]["command"], "--help"]
    wide = {**os.environ, "COLUMNS": "200"}  # or the help breaks names over two lines
    known = subprocess.run(command, env=wide, capture_output=True, text=True, check=False)
    assert known.returncode == 0
    assert name in known.stdout


def test_every_setting_is_one_that_coop_knows_and_reads_as_meant(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", json.dumps(compose)))
    kafka = {name: "" for name in used if name.startswith("COOP_KAFKA")}
    unused = {"COOP_MAIL_FROM": "", "COOP_OIDC_ISSUER": ""}
    chosen = {name: f"our {name}" for name in used} | {"SITE": "coop.example"} | unused | kafka
    known = {f"COOP_{field.upper()}" for field in Settings.model_fields}
    subprocess.run([sys.executable, str(DEPLOY / "make-secrets"), "--folder", str(tmp_path / "made")], check=True)
    for name in ("migrate", *SERVICES):
        given = compose["services"][name]["environment"]
        listed = compose["services"][name]["secrets"]
        secrets = dict((file, file) if isinstance(file, str) else (file["target"], file["source"]) for file in listed)
        assert {*given, *(target.upper() for target in secrets)} <= known
        for variable, value in given.items():
            monkeypatch.setenv(variable, interpolated(str(value), chosen))
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(mounted(compose, name, secrets, tmp_path)))
        settings = Settings()
        assert settings.bus == "kafka"
        assert settings.kafka == "kafka:9092"
        user = f"coop_{name}" if name in SERVICES else "coop"
        assert re.fullmatch(rf"postgresql\+psycopg://{user}:[0-9a-f]{{48}}@postgres:5432/coop", settings.url(name))
        if name == "migrate":
            roles = settings
        else:
            assert make_url(settings.url(name)).password == roles.password_of(name)
        assert settings.public_url() == "https://coop.example"
        assert len(settings.signing_secret()) == 64
        assert name == "migrate" or re.fullmatch(r"mqtt://coop:[0-9a-f]{48}@mosquitto:1883", settings.mqtt_url)
        assert settings.port == 8020


@pytest.mark.parametrize(
    ("hosts", "address"),
    [
        ("coop.example", "https://coop.example"),
        ("noord.example, zuid.example", "https://noord.example"),
        ("*.energie.example, energie.example", "https://energie.example"),
    ],
)
def test_links_lead_to_one_address_however_many_hosts_the_proxy_has(
    compose: dict[str, Any], hosts: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = compose["services"]["members"]["environment"]["COOP_BASE_URL"]
    monkeypatch.setenv("COOP_BASE_URL", interpolated(given, {"SITE": hosts}))
    settings = Settings()
    assert settings.public_url() == find_site_url(ANY_HOST, settings.public_url()) == address
    assert find_site_url("zuid.example", settings.public_url()) == "https://zuid.example"


@pytest.mark.parametrize("given", ["coop.example", "https://", "https://no ord.example zuid.example", "https://a:b"])
def test_an_address_that_no_link_can_lead_to_is_named_at_the_start(given: str) -> None:
    with pytest.raises(ValidationError, match="COOP_BASE_URL is no address of pages"):
        Settings(base_url=given)


def test_a_kafka_of_one_s_own_is_signed_in_at(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    mine = {
        "COOP_KAFKA": "one:9093,two:9093",
        "COOP_KAFKA_USER": "coop",
        "COOP_KAFKA_MECHANISM": "SCRAM-SHA-256",
        "COOP_KAFKA_TLS": "true",
        "COOP_KAFKA_CA_FILE": "/etc/coop/kafka/ca.pem",
        "COOP_KAFKA_REPLICATION": "3",
    }
    for name in SERVICES:
        assert "coop_kafka_password" in compose["services"][name]["secrets"]
        assert "./kafka/tls:/etc/coop/kafka:ro" in compose["services"][name]["volumes"]
        for variable, value in compose["services"][name]["environment"].items():
            monkeypatch.setenv(variable, interpolated(str(value), {"SITE": "coop.example", **mine}))
        cluster = Cluster.of(Settings())
        assert (cluster.bootstrap, cluster.user, cluster.mechanism) == ("one:9093,two:9093", "coop", "SCRAM-SHA-256")
        assert (cluster.tls, cluster.ca_file, Settings().kafka_replication) == (True, "/etc/coop/kafka/ca.pem", 3)


def test_no_secret_stands_in_the_environment(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable in service.get("environment", {}):
            assert not re.search(r"(SECRET|PASSWORD|DATABASE_URL|MQTT_URL|SMTP_URL)$", variable), name


def mounted(compose: dict[str, Any], service: str, secrets: Mapping[str, str], folder: Path) -> Path:
    """A folder as ``/run/secrets`` of a container that is given these secrets by these names."""
    place = folder / service
    place.mkdir()
    for target, source in secrets.items():
        shutil.copy(folder / "made" / Path(compose["secrets"][source]["file"]).name, place / target)
    return place


def test_the_example_names_every_variable_that_is_filled_in(compose: dict[str, Any]) -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", json.dumps(compose)))
    lines = (DEPLOY / "coop.env.example").read_text(encoding="utf-8").splitlines()
    offered = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(offered) == used
    assert not [name for name in offered if name.endswith(("SECRET", "PASSWORD"))]


def test_whoever_is_waited_for_says_when_it_is_well(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        assert "healthcheck" in service or service["restart"] == "no", name
        for awaited in service.get("depends_on", ()):
            assert awaited in services
    for name in SERVICES:
        assert "/readyz" in services[name]["healthcheck"]["test"][-1]
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_every_container_has_limits_and_no_more_rights_than_it_needs(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert service.keys() >= {"mem_limit", "cpus", "stop_grace_period"}, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    writable = [name for name, service in compose["services"].items() if not service.get("read_only")]
    assert writable == ["kafka"]


def test_the_image_is_built_once_and_named_after_this_release(compose: dict[str, Any]) -> None:
    assert not [name for name, service in compose["services"].items() if "build" in service]
    assert {compose["services"][name]["image"] for name in ("migrate", "coop", *SERVICES)} == {
        f"${{COOP_IMAGE:-{DISTRIBUTION}:{VERSION}}}"
    }
    for file in ("compose.yaml", "Dockerfile"):
        assert f"--tag {DISTRIBUTION}:{VERSION} ." in (DEPLOY / file).read_text(encoding="utf-8")


def test_every_volume_is_declared_and_every_declared_volume_used(compose: dict[str, Any]) -> None:
    mounts = [mount.split(":")[0] for service in compose["services"].values() for mount in service.get("volumes", ())]
    named = {mount for mount in mounts if not mount.startswith(".")}
    assert named == set(compose["volumes"])
    for mount in mounts:
        assert mount in named or (DEPLOY / mount).exists()


def test_only_the_proxy_can_be_reached_from_outside(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["proxy"]


def test_images_are_pinned_and_kafka_is_the_version_that_the_tests_run_on(compose: dict[str, Any]) -> None:
    images = {name: interpolated(service["image"], {}).split(":") for name, service in compose["services"].items()}
    bases = re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(set(bases)) == 1
    for name, parts in {**images, "base": bases[0].split(":")}.items():
        assert len(parts) == 2, name
        assert re.match(r"\d+\.\d+", parts[1]), name
    pom = ElementTree.parse(DEPLOY / "kafka" / "pom.xml")
    assert images["kafka"] == ["apache/kafka", pom.findtext("properties/kafka.version")]


def test_the_proxy_looks_for_each_service_where_compose_runs_it(compose: dict[str, Any]) -> None:
    rules = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    port = compose["services"]["members"]["environment"]["COOP_PORT"]
    upstreams = set(re.findall(r"reverse_proxy \{\$(\w+):([\w:]+)\}", rules))
    assert upstreams == {(name.upper(), f"{name}:{port}") for name in SERVICES}


def test_a_service_believes_the_proxy_and_nobody_else_about_where_a_request_comes_from(compose: dict[str, Any]) -> None:
    async def name_source(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(scope["client"][0])(scope, receive, send)

    proxies = compose["services"]["members"]["environment"]["COOP_PROXIES"]
    headers = {"x-forwarded-for": "198.51.100.9, 203.0.113.7"}  # the first is what the client says of itself
    sources = []
    for peer in ("172.18.0.5", "192.0.2.1"):
        app: Any = ProxyHeadersMiddleware(cast(Any, name_source), trusted_hosts=proxies)  # uvicorn has types of its own
        sources.append(TestClient(app, client=(peer, 1)).get("/", headers=headers).text)
    assert sources == ["203.0.113.7", "192.0.2.1"]
