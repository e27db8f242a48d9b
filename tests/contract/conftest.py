"""A small demonstration on a real server, for those who read and try the contract."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_year, through_http
from coop.kit.settings import Settings
from coop.operator.runtime import embedded_app
from coop.operator.serving import make_server
from tests.flows.installation import SECRET, signed_in
from tests.founding import found_everywhere
from tests.servers.process import free_port

PLAN = DemoPlan(size=4)


@dataclass(frozen=True)
class Served:
    """An installation that answers at ``settings.public_url()``."""

    settings: Settings

    def client(self, *roles: str) -> httpx2.Client:
        """A client of somebody with these roles, or with all."""
        return signed_in(self.settings, *(roles or ("board", "treasurer", "operator", "auditor", "partner", "member")))


@contextmanager
def serving(folder: Path) -> Iterator[Settings]:
    """The server as `coop run` makes it, with its files in ``folder``."""
    settings = Settings(data_dir=folder, port=free_port(), secret=SECRET)
    app = embedded_app(settings)
    found_everywhere(app.state.rooms)
    server = make_server(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield settings
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a year of four homes, of an installation that is closed."""
    folder = tmp_path_factory.mktemp("contract")
    with serving(folder) as settings, Doors(settings, settings.public_url()) as doors:
        play_year(PLAN, doors, through_http(doors), Mark(folder / "played.json", PLAN), lambda _: None)
        doors.settled()
    return folder


@pytest.fixture(scope="module")
def served(played: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A copy of that year that answers, for one module: what it changes no other meets, whichever came first."""
    folder = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(played, folder)
    with serving(folder) as settings:
        yield Served(settings)
