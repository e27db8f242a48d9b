"""Node and the packages of tests/contract: foreign readers of the documents for programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.servers.absent import ServerAbsent

FOLDER = Path(__file__).resolve().parents[1] / "contract"


def run_node(script: str, *arguments: str, text: str = "") -> str:
    """Output of a script of tests/contract, which gets ``text`` as its input.

    Raises:
        ServerAbsent: there is no Node here, or nobody fetched the packages.
    """
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").exists():
        raise ServerAbsent("no Node with the packages of tests/contract: npm ci --prefix tests/contract")
    done = subprocess.run(
        [node, script, *arguments], cwd=FOLDER, input=text, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
