"""deploy/kubernetes, held to Kubernetes' own schemas, to the settings and doors of coop, and to each other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from coop.events import SERVICES
from coop.kit.release import DISTRIBUTION, VERSION
from coop.kit.settings import SECRETS_DIR, Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
FILES = sorted((DEPLOY / "kubernetes").rglob("*.yaml"))
KUBERNETES = ("1.33", "1.37")
"""Releases of Kubernetes that the manifests are for, oldest and newest."""


def manifests() -> Iterator[dict[str, Any]]:
    """Every manifest."""
    for file in FILES:
        yield from yaml.safe_load_all(file.read_text(encoding="utf-8"))


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and pod of all that runs."""
    for manifest in manifests():
        work = manifest["spec"]["jobTemplate"] if manifest["kind"] == "CronJob" else manifest
        if manifest["kind"] == "Pod":
            yield manifest["metadata"]["name"], manifest["spec"]
        if "template" in work.get("spec", {}):
            yield manifest["metadata"]["name"], work["spec"]["template"]["spec"]


def named(kind: str) -> dict[str, dict[str, Any]]:
    """Manifests of a kind by name."""
    return {manifest["metadata"]["name"]: manifest for manifest in manifests() if manifest["kind"] == kind}


@pytest.mark.parametrize("release", KUBERNETES)
def test_kubernetes_knows_every_field(release: str) -> None:
    for manifest in manifests():
        kubernetes_validate.validate(manifest, release, strict=True)


def test_each_service_runs_twice_and_is_never_moved_all_at_once() -> None:
    deployments, budgets = named("Deployment"), named("PodDisruptionBudget")
    assert set(deployments) == set(budgets) == set(named("Service")) == set(SERVICES)
    for name, deployment in deployments.items():
        assert deployment["spec"]["replicas"] == 2
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert budgets[name]["spec"]["minAvailable"] == 1
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        for selector in (
            deployment["spec"]["selector"]["matchLabels"],
            budgets[name]["spec"]["selector"]["matchLabels"],
            named("Service")[name]["spec"]["selector"],
        ):
            assert selector.items() <= labels.items()


def test_the_four_services_differ_in_their_name_alone() -> None:
    texts = {(DEPLOY / "kubernetes" / f"30-{name}.yaml").read_text().replace(name, "SERVICE") for name in SERVICES}
    assert len(texts) == 1


def test_every_command_is_one_that_coop_understands() -> None:
    commands = {name: pod["containers"][0]["args"] for name, pod in pods() if "args" in pod["containers"][0]}
    once = {"coop-migrate": ["migrate", "--roles"], "coop-backup": ["backup", "--to", "/var/backups/coop"]}
    assert commands == {**once, **{name: ["serve", name] for name in SERVICES}}
    help_text = subprocess.run([sys.executable, "-m", "coop", "--help"], capture_output=True, text=True, check=True)
    for command in commands.values():
        assert f" {command[0]} " in help_text.stdout


def test_settings_and_secrets_are_those_that_coop_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"COOP_{field.upper()}" for field in Settings.model_fields}
    given = named("ConfigMap")["coop"]["data"]
    assert set(given) <= known
    assert not [name for name in given if re.search(r"(SECRET|PASSWORD|DATABASE_URL|MQTT_URL|SMTP_URL)$", name)]
    subprocess.run([sys.executable, str(DEPLOY / "make-secrets"), "--folder", str(tmp_path)], check=True)
    for name, pod in pods():
        (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "secrets"]
        assert mount["mountPath"] == str(SECRETS_DIR), name
        (volume,) = [volume["secret"] for volume in pod["volumes"] if volume["name"] == "secrets"]
        for item in volume["items"]:
            assert item["path"].upper() in known
            assert (tmp_path / item["key"]).exists()
        given_as = {item["path"]: item["key"] for item in volume["items"]}
        if name in SERVICES:
            assert given_as["coop_database_url"] == f"{name}_database_url"
        else:
            assert "coop_owner_database_url" in given_as, "commands work as the owner of the tables"
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("COOP_SECRET", "sixteen characters or more")
    assert Settings().bus == "kafka"


def test_a_restart_is_for_a_dead_process_and_a_request_for_a_ready_one() -> None:
    for name, deployment in named("Deployment").items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
        paths = {kind: probe["path"] for kind, probe in probes.items()}
        assert paths == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert {probe["port"] for probe in probes.values()} == set(ports), name
        assert str(ports["http"]) == named("ConfigMap")["coop"]["data"]["COOP_PORT"]


def test_every_pod_is_closed_and_limited() -> None:
    for name, pod in pods():
        (container,) = pod["containers"]
        assert container["image"] == f"{DISTRIBUTION}:{VERSION}", name
        assert container["resources"].keys() == {"requests", "limits"}
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False, "it would lie where the secrets do"


def test_the_door_sends_each_prefix_to_its_service_and_the_rest_to_members() -> None:
    for rule in named("Ingress")["coop"]["spec"]["rules"]:
        sent = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
        assert sent == {**{f"/{name}": name for name in SERVICES if name != "members"}, "/": "members"}
    assert json.dumps(named("Ingress")).count("64m") == 1
