"""The built package is whole: an image or an ordinary install runs on it, not on the folder that tests run in."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = shutil.ignore_patterns("__pycache__", ".*")


def test_the_wheel_holds_every_file_of_the_project(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT / "coop", source / "coop", ignore=LEFT_BEHIND)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    done = subprocess.run([*build, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("coop/")}
    written = {path.relative_to(source).as_posix() for path in (source / "coop").rglob("*") if path.is_file()}
    assert written - packed == set()
