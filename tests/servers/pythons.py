"""The Pythons of this machine: on the path, and where pyenv keeps its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NEWEST = (3, 14)
"""Newest release for which every locked library has a wheel."""


def newest_python() -> Path:
    """The newest interpreter that the locked libraries allow; this one when there is no newer."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin"), reverse=True)
    for minor in range(NEWEST[1], sys.version_info.minor, -1):
        for folder in folders:
            python = folder / f"python3.{minor}"
            if python.exists() and _runs(python):
                return python
    return Path(sys.executable)


def _runs(python: Path) -> bool:
    """Whether it runs, which a shim of a version manager may not, and can make an environment."""
    return subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    print(newest_python())
