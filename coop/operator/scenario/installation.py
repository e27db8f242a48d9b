"""The installation that one play has to itself: all services in one process, on a free port, at a time that is set."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from coop.communities.commands import found
from coop.demo.cooperative import PROFILE
from coop.events.scopes import DELIVER
from coop.kit import journal
from coop.kit.actor import COMMAND_LINE
from coop.kit.service import Room
from coop.kit.session import COOKIE, Session, is_ended, read, sign
from coop.kit.settings import Settings
from coop.operator.runtime import build_app, local_bus, open_rooms, run_jobs
from coop.operator.scenario.match import difference
from coop.operator.scenario.model import ActorIn, Community
from coop.operator.scenario.walk import walk_pages
from coop.operator.verification import verify_bills, verify_journals
from coop.values import CoopError, civil_date

START = datetime(2025, 1, 1, tzinfo=UTC)
"""Time of a scenario that sets none."""

_NO_METER = "none"
"""Serial of the meter of a gateway that speaks for none."""

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
    community: str
    clock: SetClock
    rooms: Mapping[str, Room]
    actors: Mapping[str, ActorIn]
    client: httpx2.Client
    _sessions: dict[str, Session] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _signing_in: threading.Lock = field(default_factory=threading.Lock)

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
        bills = verify_bills(self.settings, self.community, "", lines.append)
        return None if chains and bills else "\n".join(lines)

    def walk(self, actor: str | None) -> str | None:
        """Let somebody open every page that they are led to, in Dutch; what failed, or None."""
        asks = {"accept": "text/html", "accept-language": "nl"}
        found = list(walk_pages(lambda path: self.send(actor, "GET", path, headers=asks)))
        return "\n".join(found) or None

    def read_state(self) -> dict[str, Any]:
        """State of the services, without clocks."""
        self.wait_for_facts()
        return {name: self._keep("GET", f"/{name}/api/v1/state").json() for name in STATES}

    def _sign_in(self, actor: str | None) -> dict[str, str]:
        """Headers by which an actor is known; the first time their account, or their gateway's token, is made."""
        if actor is None:
            return {}
        with self._signing_in:
            if self.actors[actor].gateway is not None:
                token = self._tokens.get(actor) or self._make_gateway(actor)
                self._tokens[actor] = token
                return {"authorization": f"Bearer {token}"}
            session = self._sessions.get(actor)
            if session is None:
                self._make_account(actor, self.actors[actor])
                session = self._enter(actor)
            elif not timedelta(0) <= self.clock.now() - session.began_at < SIGN_IN_AGAIN:
                session = self._renew(actor, session)
            self._sessions[actor] = session
            return {"cookie": f"{COOKIE}={sign(session, self.settings.signing_secret())}"}

    def _renew(self, name: str, session: Session) -> Session:
        """The session as after another sign-in; the time of hashing a password is spent only where it was ended."""
        with self.rooms["members"].database.read(session.community) as tx:
            if is_ended(tx, session):
                return self._enter(name)
        return replace(session, began_at=self.clock.now())

    def _make_account(self, name: str, description: ActorIn) -> None:
        account = {
            "email": f"{name}@demo.example",
            "name": name.capitalize(),
            "roles": description.roles,
            "password": self._password(name),
            "member_id": self._member_id(description.member) if description.member else None,
        }
        self._keep("POST", "/members/api/v1/accounts/ready", json=account)

    def _enter(self, name: str) -> Session:
        """Sign in as an actor would."""
        fields = {"email": f"{name}@demo.example", "password": self._password(name)}
        answer = self.client.post("/members/sign-in", data=fields, headers={"accept": "text/html"})
        session = read(answer.cookies.get(COOKIE), self.settings.signing_secrets(), self.clock.now())
        if session is None:
            raise CoopError("no-sign-in", f"{name} could not sign in: {answer.status_code}")
        return session

    def _password(self, name: str) -> str:
        return f"scenario-{name}-{self.settings.secret[:12]}"

    def _make_gateway(self, name: str) -> str:
        body = {
            "name": name,
            "scopes": [DELIVER],
            "gateway": name,
            "meters": self.actors[name].gateway or [_NO_METER],
            "last_day": (civil_date(self.clock.now()) + timedelta(days=730)).isoformat(),
        }
        return str(self._keep("POST", "/members/api/v1/programs", json=body).json()["token"])

    def _member_id(self, number: str) -> str:
        members = self._keep("GET", f"/members/api/v1/members?search={number}").json()
        for member in members:
            if member["number"] == number:
                return str(member["member_id"])
        raise CoopError("no-such-member", f"there is no member {number} yet")

    def _keep(self, method: str, path: str, **body: Any) -> httpx2.Response:
        """Send a request as the one who sets the scene, and expect that it is taken."""
        roles = frozenset({"operator", "board", "treasurer", "auditor", "machine"})
        scene = Session("scenario", "Scenario", roles, None, self.community, "scene", self.clock.now())
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
        )
        clock = SetClock(START)
        rooms = open_rooms(settings, clock=clock)
        with rooms["members"].database.write(community.key, COMMAND_LINE) as tx:
            found(tx, replace(PROFILE, site_name=community.name), date(2000, 1, 1))
        app = build_app("coop scenario", settings, rooms, local_bus(rooms), None, scheduled=False)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="scenario")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            with httpx2.Client(base_url=settings.public_url(), timeout=120, cookies=no_cookies) as client:
                yield Installation(settings, community.key, clock, rooms, actors, client)
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
            _drop_database(sql, name)
        engine.dispose()


def _drop_database(sql: Connection, name: str) -> None:
    """Drop a database. Whoever vacuums it makes way without FORCE, and with it only for a superuser; sessions of our
    own that are still there do so with it alone."""
    try:
        sql.execute(text(f"DROP DATABASE {name}"))
    except OperationalError:
        sql.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def states_differ(first: Mapping[str, Any], second: Mapping[str, Any]) -> str | None:
    """First difference between two whole states, or None."""
    return difference(first, second) or difference(second, first)
