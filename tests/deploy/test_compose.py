"""Holds deploy/compose.yaml to the compose specification, to the settings that `coop` knows and to its services."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import pytest
import yaml
from fastapi.testclient import TestClient
from jsonschema import Draft7Validator
from starlette.responses import PlainTextResponse
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from coop.kit.settings import Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SERVICES = ("members", "metering", "billing", "governance")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, with YAML's merges done."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def test_it_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    schema = json.loads(
        files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text(encoding="utf-8")
    )
    errors = [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(compose)]
    assert errors == []


def test_each_room_of_the_house_runs_as_a_process_of_its_own(compose: dict[str, Any]) -> None:
    rooms = {name: service["command"] for name, service in compose["services"].items() if "command" in service}
    assert rooms == {name: ["coop", "serve", name] for name in SERVICES}


@pytest.mark.parametrize("name", SERVICES)
def test_every_command_is_one_that_coop_understands(compose: dict[str, Any], name: str) -> None:
    command = compose["services"][name]["command"]
    program = str(Path(sys.executable).with_name(command[0]))
    wide = {**os.environ, "COLUMNS": "200"}  # or the help breaks names over two lines
    known = subprocess.run([program, *command[1:], "--help"], env=wide, capture_output=True, text=True, check=False)
    assert known.returncode == 0
    assert name in known.stdout


def test_every_setting_is_one_that_coop_knows_and_reads_as_meant(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {
        "SITE": "coop.example",
        "COOP_COMMUNITY": "wg",
        "COOP_SECRET": "s3cret of sixteen",
        "POSTGRES_PASSWORD": "pass",
    }
    named = ("site_name", *(field for field in Settings.model_fields if field.startswith("sender_")))
    chosen |= {f"COOP_{field.upper()}": f"our {field}" for field in named}
    known = {f"COOP_{field.upper()}" for field in Settings.model_fields}
    for name in SERVICES:
        given = compose["services"][name]["environment"]
        assert set(given) <= known
        for variable, value in given.items():
            monkeypatch.setenv(variable, interpolated(str(value), chosen))
        settings = Settings()
        assert settings.bus == "kafka"
        assert settings.kafka == "kafka:9092"
        assert settings.url(name) == "postgresql+psycopg://coop:pass@postgres:5432/coop"
        assert settings.public_url() == "https://coop.example"
        assert settings.signing_secret() == "s3cret of sixteen"
        assert settings.mqtt_url == ""
        assert settings.port == 8020


def test_the_example_names_every_variable_that_is_filled_in(compose: dict[str, Any]) -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", json.dumps(compose)))
    lines = (DEPLOY / "coop.env.example").read_text(encoding="utf-8").splitlines()
    offered = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(offered) == used
    assert offered["COOP_SECRET"] == offered["POSTGRES_PASSWORD"] == "", "an example that works is one that gets used"


def test_whoever_is_waited_for_says_when_it_is_well(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        assert "healthcheck" in service
        for awaited in service.get("depends_on", ()):
            assert awaited in services


def test_every_volume_is_declared_and_every_declared_volume_used(compose: dict[str, Any]) -> None:
    mounts = [mount.split(":")[0] for service in compose["services"].values() for mount in service.get("volumes", ())]
    named = {mount for mount in mounts if not mount.startswith(".")}
    assert named == set(compose["volumes"])
    for mount in mounts:
        assert mount in named or (DEPLOY / mount).is_file()


def test_only_the_proxy_can_be_reached_from_outside(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["proxy"]


def test_images_are_pinned_and_kafka_is_the_version_that_the_tests_run_on(compose: dict[str, Any]) -> None:
    images = {name: service["image"].split(":") for name, service in compose["services"].items()}
    for name, parts in images.items():
        assert len(parts) == 2, name
        assert re.match(r"\d+\.\d+", parts[1]), name
    pom = ElementTree.parse(DEPLOY / "kafka" / "pom.xml")
    assert images["kafka"] == ["apache/kafka", pom.findtext("properties/kafka.version")]


def test_the_proxy_sends_each_prefix_to_its_service_and_the_rest_to_the_members(compose: dict[str, Any]) -> None:
    rules = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    port = compose["services"]["members"]["environment"]["COOP_PORT"]
    assert dict(re.findall(r"@(\w+) path /(\w+) /\2/\*", rules)) == {name: name for name in SERVICES[1:]}
    assert re.findall(r"reverse_proxy (?:@(\w+) )?(\w+):(\d+)", rules) == [
        *((name, name, str(port)) for name in SERVICES[1:]),
        ("", "members", str(port)),
    ]


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


def test_the_image_takes_in_only_files_that_exist() -> None:
    for line in (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY"):
            for source in line.split()[1:-1]:
                assert (DEPLOY.parent / source).exists(), source


def interpolated(value: str, variables: dict[str, str]) -> str:
    """A value with ${NAME}, ${NAME:-default} and ${NAME:?complaint} filled in, as compose does it."""

    def fill(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        if name in variables:
            return variables[name]
        assert default is not None, f"{name} has to be set"
        return str(default)

    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", fill, value)
