"""The settings of a command: from the environment, refused by name where one is unknown or wrong."""

from __future__ import annotations

import os
import sys

from pydantic import ValidationError

from coop.kit import logs
from coop.kit.settings import Settings, secret_folders


def read_settings(host: str = "", port: int = 0) -> Settings:
    """The settings, with what the command line says instead.

    Exits with 2 when one is unknown or wrong.
    """
    known = {f"COOP_{name.upper()}" for name in Settings.model_fields}
    files = [path.name.upper() for folder in secret_folders() for path in folder.glob("coop_*")]
    for name in sorted([*os.environ, *files]):
        # COOP_TEST_... and COOP_SHARED_DATA are read by the project's own tests.
        if name.startswith("COOP_") and name not in known and not name.startswith(("COOP_TEST_", "COOP_SHARED_")):
            print(f"{name}: there is no such setting", file=sys.stderr)
            sys.exit(2)
    try:
        settings = Settings()
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            print(f"COOP_{'_'.join(map(str, detail['loc'])).upper()}: {detail['msg']}", file=sys.stderr)
        sys.exit(2)
    logs.configure(settings.log_level, settings.log_format)
    return settings.model_copy(update={"host": host or settings.host, "port": port or settings.port})
