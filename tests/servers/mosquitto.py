"""A real MQTT broker for the tests: Debian's Mosquitto on a free loopback port, in memory."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.absent import ServerAbsent
from tests.servers.process import answers, free_port, running


@dataclass(frozen=True)
class Mosquitto:
    """A running broker on the loopback address."""

    port: int

    @property
    def url(self) -> str:
        """Its address as `COOP_MQTT_URL` takes it."""
        return f"mqtt://127.0.0.1:{self.port}"


def mosquitto_program() -> str:
    """Path of the broker.

    Raises:
        ServerAbsent: Mosquitto is not installed.
    """
    # Debian puts servers in a folder that is not on every user's path.
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if program is None:
        raise ServerAbsent("no Mosquitto on this machine (Debian: apt-get install mosquitto)")
    return program


@contextmanager
def mosquitto_server() -> Iterator[Mosquitto]:
    """The broker for the length of the block.

    Raises:
        ServerAbsent: Mosquitto is not installed.
    """
    program, port = mosquitto_program(), free_port()
    with tempfile.TemporaryDirectory(prefix="coop-mosquitto-") as folder:
        settings = Path(folder) / "mosquitto.conf"
        settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n", encoding="utf-8")
        with running(
            [program, "-c", str(settings)], log=Path(folder) / "log", ready=lambda: answers(port), patience_s=20
        ):
            yield Mosquitto(port)
