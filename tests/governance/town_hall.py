"""The governance application as a browser or a program meets it, with somebody signed in."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from coop.governance.main import routers
from coop.kit.auth import COOKIE, Session, sign
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.kit.web import create_app
from coop.web import shell
from tests.governance.assembly import TOWN

SECRET = "a secret of the tests"


def client(
    database: Database, folder: Path, *roles: str, member_id: str | None = None, community: str = TOWN
) -> TestClient:
    """Signed in with ``roles``; nobody where none is named."""
    settings = Settings(data_dir=folder, secret=SECRET, base_url="http://testserver")
    app = create_app("governance", settings, routers(database, settings), shell.error_page)
    shell.mount_static(app)
    made = TestClient(app)
    if roles:
        session = Session("account-1", "Robin", frozenset(roles), member_id, community)
        made.cookies.set(COOKIE, sign(session, SECRET))
    return made
