"""A session that members ends is refused by every service, also by one that runs by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.events import SERVICES
from coop.kit.relay import settle
from coop.kit.service import Room
from coop.kit.session import COOKIE, sign
from coop.kit.settings import Settings
from coop.members.identity.commands.accounts import create_account, set_active
from coop.members.identity.commands.sessions import sign_out
from coop.members.identity.commands.sign_in import choose_password, sign_in
from coop.members.identity.model import ROLES, NewAccount, Origin
from coop.operator.runtime import local_bus, open_rooms
from tests.desk import COMMUNITY, SECRET, SECRETARY, open_desk

PAGES = {"metering": "/metering/data", "billing": "/billing/runs", "governance": "/governance/"}
ORIGIN = Origin("192.0.2.7")
EMAIL, PASSWORD, NEW_PASSWORD = "board@example.org", "four words of mine", "my own words now"


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Mapping[str, Room]]:
    """All services, each with its own database."""
    opened = open_rooms(Settings(data_dir=tmp_path, secret=SECRET))
    yield opened
    for room in opened.values():
        room.database.close()


@pytest.mark.parametrize("way", ["signing out", "closing", "another password"])
def test_every_service_refuses_a_session_once_it_has_heard_that_it_ended(
    rooms: Mapping[str, Room], tmp_path: Path, way: str
) -> None:
    database = rooms["members"].database
    with database.write(COMMUNITY, SECRETARY) as tx:
        account_id = create_account(tx, ROLES, NewAccount(EMAIL, "Bram", frozenset({"auditor"}), PASSWORD))
    kept, other = (sign_in(database, COMMUNITY, ORIGIN, EMAIL, PASSWORD) for _ in range(2))

    def read_pages(cookie: str) -> list[int]:
        statuses = []
        for name, path in PAGES.items():
            client: TestClient = open_desk(rooms[name].service, rooms[name].database, tmp_path)
            client.cookies.set(COOKIE, cookie)
            statuses.append(client.get(path).status_code)
        return statuses

    assert read_pages(sign(kept, SECRET)) == [200] * 3
    if way == "signing out":
        with database.write(COMMUNITY, SECRETARY) as tx:
            sign_out(tx, account_id, kept.id)
    elif way == "closing":
        with database.write(COMMUNITY, SECRETARY) as tx:
            set_active(tx, ROLES, account_id, active=False)
    else:
        other = choose_password(database, COMMUNITY, ORIGIN, EMAIL, PASSWORD, NEW_PASSWORD)
    settle([(name, rooms[name].database) for name in SERVICES], local_bus(rooms))
    assert read_pages(sign(kept, SECRET)) == [401] * 3
    assert read_pages(sign(other, SECRET)) == [401 if way == "closing" else 200] * 3
