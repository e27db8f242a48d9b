"""The command line, run as a process of its own beside an installation."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from coop.kit.settings import Settings


def coop(settings: Settings, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``coop`` on an installation; ``more`` are further settings, such as ``COOP_BUS="kafka"``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COOP_")}
    environment |= {"COOP_DATA_DIR": str(settings.data_dir), "COOP_SECRET": settings.secret, "NO_COLOR": "1"}
    asked: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 120, "check": False}
    return subprocess.run([sys.executable, "-m", "coop", *arguments], env=environment | more, **asked)
