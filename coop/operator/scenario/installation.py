"""The installation that one play has to itself: all services in one process, on a free port, at a time that is set."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from coop.kit import journal
from coop.kit.service import Room
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.operator.runtime import build_app, local_bus, open_rooms, run_jobs
from coop.operator.scenario.match import difference
from coop.operator.scenario.model import ActorIn, Community
from coop.operator.verification import verify_bills, verify_journals
from coop.values import CoopError

START = datetime(2025, 1, 1, tzinfo=UTC)
"""Time of a scenario that sets none."""

SIGN_IN_AGAIN = timedelta(hours=6)
PATIENCE_S = 60.0
STATES = ("metering", "billing", "governance")
"""Services whose whole state tells whether two plays came to the same end."""


class SetClock:
    """Shows the time to which a scenario set it."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """This instant of the story, UTC."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Let it be ``instant``."""
        self._now = instant.astimezone(UTC)


@dataclass
class Installation:
    """Doors of the installation, its clock, and the people who come to it."""

    settings: Settings
    clock: SetClock
    rooms: Mapping[str, Room]
    actors: Mapping[str, ActorIn]
    client: httpx2.Client
    _headers: dict[str, tuple[datetime, dict[str, str]]] = field(default_factory=dict)

    def send(self, actor: str | None, method: str, path: str, **body: Any) -> httpx2.Response:
        """Send a request as somebody, or as nobody."""
        headers = {"accept": "application/json", **body.pop("headers", {})}
        return self.client.request(method, path, headers=headers | self._sign_in(actor), **body)

    def wait_for_facts(self) -> None:
        """Return when every service has heard all that was told.

        Raises:
            CoopError: facts were still on their way when the patience ended.
        """
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if all(_is_settled(room) for room in self.rooms.values()):
                return
            time.sleep(0.02)
        raise CoopError("facts-on-the-way", f"facts were still on their way after {PATIENCE_S:.0f} s")

    def run_due_jobs(self) -> None:
        """Run every job that is due by now."""
        run_jobs(self.rooms)

    def verify(self) -> str | None:
        """Verify every bill and every chain; what was found, or None."""
        lines: list[str] = []
        chains = verify_journals(self.settings, lines.append)
        bills = verify_bills(self.settings, "", lines.append)
        return None if chains and bills else "\n".join(lines)

    def read_state(self) -> dict[str, Any]:
        """State of the services, without clocks."""
        self.wait_for_facts()
        return {name: self._keep("GET", f"/{name}/api/state").json() for name in STATES}

    def _sign_in(self, actor: str | None) -> dict[str, str]:
        if actor is None:
            return {}
        signed_in_at, headers = self._headers.get(actor, (None, {}))
        if signed_in_at is None or not timedelta(0) <= self.clock.now() - signed_in_at < SIGN_IN_AGAIN:
            description = self.actors[actor]
            headers = self._make_gateway(actor) if description.gateway is not None else self._enter(actor, description)
            self._headers[actor] = self.clock.now(), headers
        return headers

    def _enter(self, name: str, description: ActorIn) -> dict[str, str]:
        """Make the account of an actor, when there is none yet, and sign in as they would."""
        email, password = f"{name}@demo.example", f"scenario-{name}-{self.settings.secret[:12]}"
        account = {
            "email": email,
            "name": name.capitalize(),
            "roles": description.roles,
            "password": password,
            "member_id": self._member_id(description.member) if description.member else None,
        }
        self._keep("POST", "/members/api/accounts", json=account)
        answer = self.client.post(
            "/members/sign-in", data={"email": email, "password": password}, headers={"accept": "text/html"}
        )
        if COOKIE not in answer.cookies:
            raise CoopError("no-sign-in", f"{name} could not sign in: {answer.status_code}")
        cookie = answer.cookies[COOKIE]
        self.client.cookies.clear()
        return {"cookie": f"{COOKIE}={cookie}"}

    def _make_gateway(self, name: str) -> dict[str, str]:
        token = secrets.token_urlsafe(24)
        self._keep("POST", "/metering/api/gateways", json={"name": name, "token": token})
        return {"authorization": f"Bearer {token}"}

    def _member_id(self, number: str) -> str:
        members = self._keep("GET", f"/members/api/members?search={number}").json()
        for member in members:
            if member["number"] == number:
                return str(member["member_id"])
        raise CoopError("no-such-member", f"there is no member {number} yet")

    def _keep(self, method: str, path: str, **body: Any) -> httpx2.Response:
        """Send a request as the one who sets the scene, and expect that it is taken."""
        roles = frozenset({"operator", "board", "treasurer", "auditor"})
        scene = Session("scenario", "Scenario", roles, None, self.settings.community, "scene", self.clock.now())
        cookie = f"{COOKIE}={sign(scene, self.settings.signing_secret())}"
        answer = self.client.request(method, path, headers={"accept": "application/json", "cookie": cookie}, **body)
        if not answer.is_success:
            raise CoopError("scene", f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer


def _is_settled(room: Room) -> bool:
    with room.database.system_read() as sql:
        return not journal.is_waiting(sql) and journal.published_position(sql) == journal.head(sql)[0]


@contextmanager
def open_installation(
    community: Community, actors: Mapping[str, ActorIn], folder: Path, database_url: str = ""
) -> Iterator[Installation]:
    """An empty installation that lives as long as the block."""
    with _own_database(database_url) as url, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        settings = Settings(
            data_dir=folder,
            database_url=url,
            port=listening.getsockname()[1],
            secret=secrets.token_urlsafe(32),
            community=community.key,
            site_name=community.name,
        )
        clock = SetClock(START)
        rooms = open_rooms(settings, clock=clock)
        app = build_app("coop scenario", settings, rooms, local_bus(rooms), None, scheduled=False)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="scenario")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            with httpx2.Client(base_url=settings.public_url(), timeout=120) as client:
                yield Installation(settings, clock, rooms, actors, client)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _own_database(url: str) -> Iterator[str]:
    """A PostgreSQL database for one play, made and dropped beside the one that ``url`` names; empty stays empty."""
    if not url:
        yield ""
        return
    name = f"coop_scenario_{secrets.token_hex(6)}"
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, isolation_level="AUTOCOMMIT")
    with engine.connect() as sql:
        sql.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as sql:
            sql.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def states_differ(first: Mapping[str, Any], second: Mapping[str, Any]) -> str | None:
    """First difference between two whole states, or None."""
    return difference(first, second) or difference(second, first)
