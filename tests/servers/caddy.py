"""A real Caddy for the tests, under the very file that an installation runs: deploy/Caddyfile."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.absent import ServerAbsent
from tests.servers.process import answers, free_port, running

CADDYFILE = Path(__file__).resolve().parents[2] / "deploy" / "Caddyfile"


@dataclass(frozen=True)
class Caddy:
    """A running proxy on the loopback address."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


def caddy_program() -> str:
    """Path of the proxy.

    Raises:
        ServerAbsent: Caddy is not installed.
    """
    program = shutil.which("caddy")
    if program is None:
        raise ServerAbsent("no Caddy on this machine (Debian: apt-get install caddy)")
    return program


@contextmanager
def caddy_server(upstreams: Mapping[str, Sequence[int]]) -> Iterator[Caddy]:
    """The proxy in front of services, each with the loopback ports of its instances.

    Raises:
        ServerAbsent: Caddy is not installed.
    """
    program, port = caddy_program(), free_port()
    places = {name.upper(): " ".join(f"127.0.0.1:{port}" for port in ports) for name, ports in upstreams.items()}
    with tempfile.TemporaryDirectory(prefix="coop-caddy-") as folder:
        home = {"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        log = Path(folder) / "log"
        with running(
            [program, "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
            log=log,
            ready=lambda: answers(port),
            patience_s=20,
            environment={**os.environ, **home, **places, "SITE": f"http://127.0.0.1:{port}"},
        ):
            yield Caddy(port, log)
