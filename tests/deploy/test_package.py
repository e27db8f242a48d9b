"""The built package is whole: an image or an ordinary install runs on it, not on the folder that tests run in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = shutil.ignore_patterns("__pycache__", ".*")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the package is made of: building it writes beside its source."""
    source = tmp_path_factory.mktemp("package") / "source"
    shutil.copytree(ROOT / "coop", source / "coop", ignore=LEFT_BEHIND)
    (source / "docs").mkdir()
    for name in ("pyproject.toml", "docs/package.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    return source


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    """The built wheel."""
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(source.parent), str(source)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = source.parent.glob("*.whl")
    return made


def test_the_wheel_holds_every_file_of_the_project(source: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("coop/")}
    written = {path.relative_to(source).as_posix() for path in (source / "coop").rglob("*") if path.is_file()}
    assert written - packed == set()


def test_the_index_would_take_it_and_can_show_its_description(wheel: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", str(wheel)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_says_what_it_is_and_links_to_nothing_beside_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        told = Metadata.from_email(archive.read(name))
    assert told.name == "coop-backoffice"
    assert told.author or told.author_email
    assert told.project_urls
    assert told.keywords
    assert told.classifiers
    assert told.license_expression == "EUPL-1.2"
    description = told.description or ""
    assert re.findall(r"\]\((?!https://)", description) == []
    assert f"pip install {told.name}" in description
