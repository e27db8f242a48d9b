"""A small demonstration on a real server, for those who read and try the contract."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

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


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server as `coop run` makes it, after a year of four homes."""
    folder = tmp_path_factory.mktemp("contract")
    settings = Settings(data_dir=folder, port=free_port(), secret=SECRET)
    app = embedded_app(settings)
    found_everywhere(app.state.rooms)
    server = make_server(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        with Doors(settings, settings.public_url()) as doors:
            play_year(PLAN, doors, through_http(doors), Mark(folder / "played.json", PLAN), lambda _: None)
        yield Served(settings)
    finally:
        server.should_exit = True
        thread.join()
