"""A whole installation for tests: embedded in this process, or four processes on Kafka and PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from coop.communities.choices import founding_choices
from coop.communities.store import load_choices
from coop.demo.cooperative import COMMUNITY, PROFILE
from coop.demo.doors import Doors
from coop.events import SERVICES
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.service import Room
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.operator.founding import add_community
from coop.operator.runtime import embedded_app, open_rooms
from tests.founding import found_everywhere, found_installation
from tests.servers.process import free_port

SECRET = "secret of the tests"

COMPARED = ("billing", "governance", "metering")
"""Services whose whole state is compared between two installations."""


@contextmanager
def embedded(folder: Path, **more: Any) -> Iterator[Settings]:
    """All four services in this process, serving on a free port; ``more`` are further settings."""
    settings = Settings(data_dir=folder, port=free_port(), secret=SECRET, **more)
    app = embedded_app(settings)
    found_everywhere(app.state.rooms)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=settings.port, log_config=None, access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield settings
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def coop_process(settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """``coop`` as a process of its own, killed when the block ends; it prints into ``log`` beside its files."""
    environment = {
        **os.environ,
        "COOP_DATA_DIR": str(settings.data_dir),
        "COOP_SECRET": settings.secret,
        "COOP_PORT": str(settings.port),
        "COOP_MQTT_URL": settings.mqtt_url,
    }
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "coop", *arguments], env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[bytes], patience_s: float = 300) -> None:
    """Return when it is so.

    Raises:
        TimeoutError: it does not become so, or the process ended.
    """
    deadline = time.monotonic() + patience_s
    while not reached():
        if time.monotonic() > deadline or process.poll() is not None:
            raise TimeoutError(f"it did not come so far; the process ended with {process.poll()}")
        time.sleep(0.02)


def signed_in(
    settings: Settings,
    *roles: str,
    community: str = COMMUNITY,
    host: str = "",
    account_id: str = "somebody",
    member_id: str | None = None,
) -> httpx2.Client:
    """A client of somebody with these roles, who sees answers as they come: refusals too. ``host`` is the host name of
    the co-operative, where it has one of its own."""
    session = Session(account_id, "Somebody", frozenset(roles), member_id, community, "s", SYSTEM_CLOCK.now())
    cookies = {COOKIE: sign(session, settings.signing_secret())}
    headers = {"accept": "application/json", **({"host": host} if host else {})}
    return httpx2.Client(base_url=settings.public_url(), cookies=cookies, headers=headers)


def found_while_it_runs(settings: Settings, community: str, host: str, patience_s: float = 30) -> None:
    """Found one more co-operative in an embedded installation, and return when every service knows it.

    Raises:
        TimeoutError: one did not come to know it.
    """
    names = {"name": f"{community} U.A.", "site_name": f"{community} U.A.", "mail_sender": f"bestuur@{host}"}
    given = {**asdict(PROFILE), **names, "hosts": host}
    add_community(settings, community, given)
    deadline = time.monotonic() + patience_s
    rooms = open_rooms(settings, migrate=False)
    try:
        while not all(_knows(room, community) for room in rooms.values()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{community} is not known everywhere")
            time.sleep(0.02)
    finally:
        for room in rooms.values():
            room.database.close()


def _knows(room: Room, community: str) -> bool:
    with room.database.read(community) as tx:
        return len(load_choices(tx).rows) == len(founding_choices())


def state_of(doors: Doors) -> dict[str, Any]:
    """Every bill, vote, tranche, measurement and balance, in canonical order and without clocks."""
    return {name: doors.get(f"/{name}/api/v1/state") for name in COMPARED}


@dataclass
class FourProcesses:
    """``coop serve`` four times, each of which can be killed and started again."""

    settings: Settings
    folder: Path
    ports: Mapping[str, int] = field(default_factory=lambda: {name: free_port() for name in SERVICES})
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def addresses(self) -> dict[str, str]:
        """Base URL of each service."""
        return {name: f"http://127.0.0.1:{port}" for name, port in self.ports.items()}

    def start(self, name: str) -> None:
        """Start one service; it need not be up yet when this returns."""
        environment = {
            **os.environ,
            "COOP_BUS": "kafka",
            "COOP_KAFKA": self.settings.kafka,
            "COOP_DATABASE_URL": self.settings.database_url,
            "COOP_SECRET": self.settings.secret,
            "COOP_PORT": str(self.ports[name]),
            "COOP_LOG_LEVEL": "WARNING",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "coop", "serve", name], env=environment, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """End one service as a power cut would."""
        self.running[name].send_signal(signal.SIGKILL)
        self.running[name].wait()

    def wait_until_up(self, patience_s: float = 240) -> None:
        """Return when all four answer.

        Raises:
            TimeoutError: one did not; the end of its log is in the message.
        """
        deadline = time.monotonic() + patience_s
        for name, address in self.addresses().items():
            while not _answers(address):
                if time.monotonic() > deadline or self.running[name].poll() is not None:
                    raise TimeoutError(f"{name} is not up:\n{self.log(name)[-3000:]}")
                time.sleep(0.1)

    def log(self, name: str) -> str:
        """What a service printed."""
        return (self.folder / f"{name}.log").read_text()

    def stop(self) -> None:
        """End all four, politely."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def four_processes(settings: Settings, folder: Path, *, founded: bool = True) -> Iterator[FourProcesses]:
    """The four services as processes of their own, up and answering, for the demonstration's co-operative or none."""
    if founded:
        found_installation(settings)
    processes = FourProcesses(settings, folder)
    try:
        for name in SERVICES:
            processes.start(name)
        processes.wait_until_up()
        yield processes
    finally:
        processes.stop()


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/livez", timeout=2).status_code == 200
    except httpx2.TransportError:
        return False
