"""Starting a real server for a test, waiting until it answers, and stopping it whatever happens."""

from __future__ import annotations

import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PORTS = (20_000, 32_000)
"""Below the ports that Linux (32768), macOS and Windows (49152) take for outgoing connections."""


def free_port() -> int:
    """A TCP port on the loopback address that nobody listens on now, and that the system gives to no outgoing
    connection: its server may come minutes later, and would find one of those there."""
    while True:
        port = random.SystemRandom().randrange(*PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def answers(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    patience_s: float,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `command` while the block runs; what it prints goes to `log`.

    The block starts once `ready()` is true. At its end the process is asked to stop, and killed when it does not within
    ten seconds. A caller may kill it sooner: a process that is gone already is fine.

    Raises:
        RuntimeError: the process ended, or was not ready after `patience_s` [s]; the message carries the log's end.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
    try:
        _wait_until(ready, process, log, patience_s)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while not ready():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            why = f"ended with code {process.returncode}" if ended else f"was not ready after {patience_s:g} s"
            said = log.read_text(encoding="utf-8", errors="replace")[-4000:]
            raise RuntimeError(f"{process.args!r} {why}; it said:\n{said}")
        time.sleep(0.05)
