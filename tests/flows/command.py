"""The command line beside an installation, as ``coop`` runs it: text out, text to the operator, exit code."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from coop.kit.settings import Settings
from coop.operator.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


def coop(settings: Settings, *arguments: str, **more: str) -> Done:
    """Run ``coop`` on an installation, in this process; ``more`` are further settings, such as ``COOP_BUS="kafka"``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COOP_")}
    environment |= {"COOP_DATA_DIR": str(settings.data_dir), "COOP_SECRET": settings.secret}
    environment |= {"NO_COLOR": "1"}
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment | more, clear=True),
        patch.object(sys, "argv", ["coop", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return Done(code, out.getvalue(), err.getvalue())
