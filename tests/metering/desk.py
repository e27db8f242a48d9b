"""The metering application and people who are signed in to it."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from coop.kit.auth import COOKIE, Session, sign
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.kit.web import create_app
from coop.metering.main import routers
from coop.web import shell
from tests.metering.homes import COMMUNITY

SECRET = "a secret for the tests alone"


def open_desk(database: Database, folder: Path) -> TestClient:
    """The application over a database; nobody is signed in."""
    settings = Settings(data_dir=folder, secret=SECRET)
    app = create_app("metering", settings, routers(database, settings), shell.error_page)
    shell.mount_static(app)
    return TestClient(app, raise_server_exceptions=True)


def sign_in(client: TestClient, *roles: str, member_id: str | None = None, community: str = COMMUNITY) -> TestClient:
    """The same application with somebody signed in."""
    session = Session("account-1", "Noor de Wit", frozenset(roles), member_id, community)
    client.cookies.set(COOKIE, sign(session, SECRET))
    return client
