"""Two co-operatives that lived through a year at once in one installation, for the tests that look for leaks."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import Table, select

from coop.demo.cooperative import COMMUNITY
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_year, through_http
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.operator.runtime import open_rooms
from tests.flows.furnishing import furnish
from tests.flows.installation import embedded, found_while_it_runs, signed_in, state_of

ZUID, ZUID_HOST = "zuid", "zuid.example"
PLAN, ZUID_PLAN = DemoPlan(size=4), DemoPlan(size=5, seed=2)
EVERYBODY = ("board", "treasurer", "operator", "auditor", "partner", "member")


@dataclass(frozen=True)
class Town:
    """Two co-operatives in one running installation."""

    settings: Settings
    states: dict[str, dict[str, Any]]

    def enter(self, community: str, *roles: str, host: str | None = None) -> httpx2.Client:
        """Somebody of a co-operative, at its own host name or another."""
        own = ZUID_HOST if community == ZUID else ""
        return signed_in(self.settings, *(roles or EVERYBODY), community=community, host=own if host is None else host)

    def enter_as_member(self, community: str, account_id: str, member_id: str) -> httpx2.Client:
        """A member with an account that may do everything."""
        host, settings = ZUID_HOST if community == ZUID else "", self.settings
        own = {"account_id": account_id, "member_id": member_id}
        return signed_in(settings, *EVERYBODY, community=community, host=host, **own)

    def deliver(self, token: str, host: str) -> httpx2.Response:
        """Deliver no telegram with a token at a host name."""
        headers = {"host": host, "authorization": f"Bearer {token}", "accept": "application/json"}
        url = f"{self.settings.public_url()}/metering/api/v1/deliveries?format=p1"
        return httpx2.post(url, headers=headers, content=b"no telegram", timeout=60)

    def open_rooms(self) -> dict[str, Room]:
        """The databases of both; whoever opens them closes them."""
        return open_rooms(self.settings, migrate=False)

    def settled(self) -> None:
        """Wait until every service has heard what the others told, in both."""
        for community, host in ((COMMUNITY, ""), (ZUID, ZUID_HOST)):
            with Doors(self.settings, self.settings.public_url(), community=community, host=host) as doors:
                doors.settled()


@dataclass(frozen=True)
class PlayedTown:
    """The two after their year, in an installation that is closed; each who wants it opens a copy."""

    folder: Path
    states: dict[str, dict[str, Any]]

    @contextmanager
    def opened(self, folder: Path) -> Iterator[Town]:
        """A copy of it that runs."""
        shutil.copytree(self.folder, folder)
        with embedded(folder) as settings:
            yield Town(settings, self.states)


def play_town(folder: Path) -> PlayedTown:
    """Let both live through their year at the same time, and put one in the demonstration of everything that a route's
    id may name."""
    states: dict[str, dict[str, Any]] = {}
    with embedded(folder / "data") as settings:
        found_while_it_runs(settings, ZUID, ZUID_HOST)

        def live(community: str, plan: DemoPlan, host: str) -> None:
            with Doors(settings, settings.public_url(), community=community, host=host) as doors:
                play_year(plan, doors, through_http(doors), Mark(folder / f"{community}.json", plan), lambda _: None)
                doors.settled()
                states[community] = state_of(doors)

        lives = [
            threading.Thread(target=live, args=lot) for lot in ((COMMUNITY, PLAN, ""), (ZUID, ZUID_PLAN, ZUID_HOST))
        ]
        for life in lives:
            life.start()
        for life in lives:
            life.join()
        town = Town(settings, states)
        make_gateway(town)
        rooms = town.open_rooms()
        try:
            furnish(settings, rooms, PLAN)
        finally:
            close_rooms(rooms)
        town.settled()
    return PlayedTown(folder / "data", states)


def close_rooms(rooms: dict[str, Room]) -> None:
    """Close the databases."""
    for room in rooms.values():
        room.database.close()


def rows_of(room: Room, table: Table, community: str) -> list[tuple[Any, ...]]:
    """Every row of a table that is a co-operative's."""
    with room.database.read(community) as tx:
        return sorted(map(tuple, tx.execute(select(table).where(table.c.community == tx.community))), key=repr)


def dump(rooms: dict[str, Room], community: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a co-operative."""
    return {
        f"{name}.{table.name}": rows_of(room, table, community)
        for name, room in rooms.items()
        for table in room.service.metadata.sorted_tables
        if "community" in table.c
    }


def make_gateway(town: Town) -> str:
    """Let a gateway of the demonstration in; returns its token."""
    program = {
        "name": f"a gateway of {time.monotonic_ns()}",
        "scopes": ["write:readings"],
        "gateway": f"gw-{time.monotonic_ns()}",
        "meters": "every",
    }
    with town.enter(COMMUNITY) as client:
        made = client.post("/members/api/v1/programs", json=program)
    assert made.is_success, made.text
    return str(made.json()["token"])


def wait_until_known(town: Town, token: str) -> None:
    """Return when metering has heard of a token."""
    for _ in range(200):
        if town.deliver(token, "localhost").status_code != 401:
            return
        time.sleep(0.1)
    raise TimeoutError("metering has not heard of the token")
