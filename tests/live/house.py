"""Two co-operatives in the installation of deploy/compose.yaml, and what a test does with them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx2

from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, Progress, play_year, through_http
from coop.kit.settings import Settings
from tests.flows.installation import signed_in, state_of
from tests.servers.composed import Composed

NOORD, ZUID = "noord", "zuid"
PLANS = {NOORD: DemoPlan(size=4), ZUID: DemoPlan(size=5, seed=2)}
ENOUGH = date(2025, 2, 8)
"""The day on which a play ends: the bills of January were issued on the sixth."""


def host_of(community: str) -> str:
    return f"{community}.example"


def wait_until(reached: Callable[[], object], patience_s: float = 60) -> None:
    deadline = time.monotonic() + patience_s
    while not reached():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.2)


class Enough(Exception):
    """A play has come as far as the tests need."""


@dataclass(frozen=True)
class House:
    """The installation, and the two co-operatives in it."""

    composed: Composed
    folder: Path

    @property
    def url(self) -> str:
        """Address of the proxy."""
        return f"http://127.0.0.1:{self.composed.ports['proxy']}"

    @property
    def settings(self) -> Settings:
        """What a client needs: the secret that signs."""
        return Settings(secret=(self.composed.secrets / "coop_secret").read_text(), base_url=self.url)

    def doors(self, community: str) -> Doors:
        """The doors of a co-operative, through the proxy."""
        return Doors(self.settings, self.url, patience_s=120, community=community, host=host_of(community))

    def enter(self, community: str, *roles: str, host: str = "") -> httpx2.Client:
        """Somebody of a co-operative, through the proxy."""
        return signed_in(self.settings, *roles, community=community, host=host or host_of(community))

    def command(self, *arguments: str) -> str:
        """What ``compose run --rm coop`` prints."""
        done = self.composed.run("coop", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ready(self, name: str) -> dict[str, str]:
        """What a service says of its parts, from inside."""
        parts: dict[str, str] = httpx2.get(f"http://127.0.0.1:{self.composed.ports[name]}/readyz").json()["parts"]
        return parts

    def metrics(self, name: str) -> str:
        """What a service tells Prometheus."""
        return httpx2.get(f"http://127.0.0.1:{self.composed.ports[name]}/metrics", timeout=30).text

    def states(self) -> dict[str, Any]:
        """Bills, votes, tranches, measurements and balances of both, once everything is heard."""
        states = {}
        for community in PLANS:
            with self.doors(community) as doors:
                doors.settled()
                states[community] = state_of(doors)
        return states

    def play(self, community: str) -> None:
        """Live until the first bills are issued."""

        def watch(progress: Progress) -> None:
            if progress.at.date() >= ENOUGH:
                raise Enough

        plan = PLANS[community]
        with self.doors(community) as doors:
            try:
                play_year(plan, doors, through_http(doors), Mark(self.folder / f"{community}.json", plan), watch)
            except Enough:
                doors.settled()


def found(house: House, community: str) -> None:
    """Found a co-operative by command."""
    name, host = f"{community} U.A.", host_of(community)
    given = ["--name", name, "--site-name", name, "--host", host, "--mail-sender", f"bestuur@{host}"]
    house.command("community", "add", community, "--demonstration", *given)
