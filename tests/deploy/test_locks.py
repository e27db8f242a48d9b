"""The locks hold all that pyproject.toml asks for, at one version each, by hash, and name no place to get it from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = {"run": ("build",), "demo": ("build", "demo"), "dev": ("build", "demo", "dev")}
NEEDS = {
    name: [*PROJECT["dependencies"], *(need for extra in extras for need in PROJECT["optional-dependencies"][extra])]
    for name, extras in EXTRAS.items()
}


def locked(name: str) -> dict[str, set[Version]]:
    """The versions of each package in a lock; more than one where they differ by platform or Python version."""
    versions: dict[str, set[Version]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text(name), flags=re.MULTILINE):
        versions.setdefault(canonicalize_name(package), set()).add(Version(version))
    return versions


def text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", EXTRAS)
def test_the_lock_holds_every_dependency_at_a_fitting_version(lock: str) -> None:
    held = locked(lock)
    for need in map(Requirement, NEEDS[lock]):
        name = canonicalize_name(need.name)
        assert name in held, f"{need} is not in {lock}.txt: run make lock"
        for version in held[name]:
            assert version in need.specifier, f"{lock}.txt has {name} {version}, not {need}: run make lock"


@pytest.mark.parametrize("lock", EXTRAS)
def test_every_locked_package_has_its_hash_and_no_address(lock: str) -> None:
    packages = re.split(r"^(?=\S)", text(lock), flags=re.MULTILINE)[1:]
    assert len(packages) >= len(NEEDS[lock])
    for package in packages:
        assert "--hash=sha256:" in package, package
    assert "//" not in text(lock)


def test_tests_run_on_the_very_versions_that_a_server_runs_on() -> None:
    dev = locked("dev")
    for lock in ("run", "demo"):
        assert {name: dev[name] for name in locked(lock)} == locked(lock)


def test_a_server_carries_nothing_that_only_the_demonstration_needs() -> None:
    assert locked("run").keys() & {"pandas", "pvlib", "scipy", "h5py"} == set()
