"""deploy/compose.yaml as compose reads it: merges done, variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def read_compose(name: str = "compose.yaml") -> dict[str, Any]:
    """The file, with YAML's merges done."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return loaded


def interpolated(value: str, variables: Mapping[str, str]) -> str:
    """A value with ${NAME}, ${NAME:-default} and ${NAME:?complaint} filled in, as compose does it."""

    def fill(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        if variables.get(name) or (name in variables and default is None):
            return variables[name]
        assert default is not None, f"{name} has to be set"
        return str(default)

    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", fill, value)


@dataclass(frozen=True)
class Mount:
    """What a container finds at a place: a named volume, or a file or folder of deploy/."""

    source: str
    target: str
    writable: bool

    @property
    def is_volume(self) -> bool:
        """Whether it is a named volume."""
        return not self.source.startswith(".")


@dataclass(frozen=True)
class Container:
    """A service of compose."""

    name: str
    given: Mapping[str, Any]
    variables: Mapping[str, str]

    @property
    def command(self) -> list[str]:
        """Arguments after the image's entry point."""
        return [str(word) for word in self.given.get("command", ())]

    @property
    def environment(self) -> dict[str, str]:
        """Variables with their values."""
        given = self.given.get("environment", {})
        return {name: interpolated(str(value), self.variables) for name, value in given.items()}

    @property
    def secrets(self) -> dict[str, str]:
        """Name of each file under /run/secrets, with the secret that it holds."""
        listed = self.given.get("secrets", ())
        return dict((one, one) if isinstance(one, str) else (one["target"], one["source"]) for one in listed)

    @property
    def mounts(self) -> list[Mount]:
        """Volumes, and files of deploy/."""
        parts = [volume.split(":") for volume in self.given.get("volumes", ())]
        return [Mount(part[0], part[1], part[2:] != ["ro"]) for part in parts]

    @property
    def scratch(self) -> list[str]:
        """Folders in memory."""
        return [place.split(":")[0] for place in self.given.get("tmpfs", ())]

    @property
    def is_read_only(self) -> bool:
        """Whether its own files cannot be written."""
        return bool(self.given.get("read_only"))

    @property
    def awaits(self) -> dict[str, str]:
        """What has to be so of which others before it starts."""
        given = self.given.get("depends_on", {})
        if isinstance(given, list):
            return dict.fromkeys(given, "service_started")
        return {name: how["condition"] for name, how in given.items()}

    @property
    def health(self) -> list[str]:
        """The command that says whether it is well."""
        kind, *words = self.given["healthcheck"]["test"]
        return words if kind == "CMD" else ["/bin/sh", "-c", *words]

    @property
    def patience_s(self) -> float:
        """How long compose lets it be unwell after its start."""
        check = self.given["healthcheck"]
        retries = int(check["retries"])
        return _seconds(check.get("start_period", "0s")) + retries * _seconds(check["interval"])


def containers(variables: Mapping[str, str], *files: str) -> dict[str, Container]:
    """Every service, by name, in files of which the later add to the earlier."""
    services: dict[str, dict[str, Any]] = {}
    for file in files or ("compose.yaml",):
        for name, given in read_compose(file)["services"].items():
            known = services.setdefault(name, {})
            for key, value in given.items():
                known[key] = known.get(key, []) + value if isinstance(value, list) else value
    return {name: Container(name, given, variables) for name, given in services.items()}


def _seconds(text: str) -> float:
    return float(text[:-1]) * {"s": 1, "m": 60}[text[-1]]
