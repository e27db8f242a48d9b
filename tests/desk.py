"""The application of one service, and people who are signed in to it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from fastapi.testclient import TestClient

from coop.events.members import ProgramTokenMade
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.service import Room, Service
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.kit.sites import Site, Sites
from coop.kit.tokens import keep_token, make_token
from coop.web.app import assemble_app

SECRET = "a secret for the tests alone"
COMMUNITY = "demo"
SECRETARY = Actor("account", "account-1", "api")
"""Whoever acts where a test calls a command without a request."""
CHAIR = Actor("account", "account-2", "api")
"""The second person, where it takes two."""


def lead_to(url: str, community: str = COMMUNITY) -> Sites:
    """Every host name leads to one co-operative, but ``zuid.home`` to ``zuid``."""

    def find(host: str) -> Site:
        name, _, suffix = host.partition(".")
        return Site(name if suffix == "home" else community, "coop", "nl", url)

    return find


def open_desk(
    service: Service,
    database: Database,
    folder: Path,
    base_url: str = "http://testserver",
    community: str = COMMUNITY,
) -> TestClient:
    """The application over a database, under an address; nobody is signed in, and all pages are English."""
    settings = Settings(data_dir=folder, secret=SECRET, base_url=base_url)
    app = assemble_app(
        service.name, settings, {service.name: Room(service, database, settings)}, lead_to(base_url, community)
    )
    return TestClient(app, base_url=base_url, headers={"accept-language": "en"})


def sign_in(
    client: TestClient,
    *roles: str,
    member_id: str | None = None,
    community: str = COMMUNITY,
    account_id: str = "account-1",
) -> TestClient:
    """The same application with somebody signed in."""
    began_at = client.app.state.databases[next(iter(client.app.state.databases))].clock.now()  # type: ignore[attr-defined]
    session = Session(account_id, "Noor de Wit", frozenset(roles), member_id, community, "session-1", began_at)
    client.headers["host"] = urlsplit(str(client.base_url)).netloc if community == COMMUNITY else f"{community}.home"
    client.cookies.set(COOKIE, sign(session, SECRET))
    return client


def let_program_in(database: Database, *scopes: str, community: str = COMMUNITY) -> dict[str, str]:
    """The headers by which a program comes in that may do this."""
    token = make_token()
    made = ProgramTokenMade(token_id=token.token_id, token_sha256=token.sha256, scopes=scopes, expires_at=None)
    with database.write(community, SECRETARY) as tx:
        keep_token(tx, made)
    return {"Authorization": f"Bearer {token.token}"}
