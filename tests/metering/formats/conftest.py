"""Real deliveries: read from beside the project, never copied into it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

_SHARED = Path(os.environ.get("COOP_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """Path of a shared file; where there is none the test is skipped, and on the build server it fails."""

    def find(name: str) -> Path:
        path = _SHARED / name
        if not path.exists():
            reason = f"the shared data file {name} is not beside the project (COOP_SHARED_DATA says where)"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        return path

    return find
