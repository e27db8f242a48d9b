"""Broker amnesia is harmless: whoever forgets what it heard hears it again and is what it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from coop.billing.checking.state_api import SECTIONS as BILLING_STATE
from coop.demo.cooperative import COMMUNITY
from coop.governance.minutes import records
from coop.kit.journal import journal
from coop.kit.replay import rebuild
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tables import kit_metadata
from coop.kit.tx import Tx
from coop.metering.state import SECTIONS as METERING_STATE
from coop.operator.runtime import open_rooms
from coop.operator.verification import verify_bills, verify_journals
from tests.flows.command import coop
from tests.flows.conftest import Year
from tests.state import state_of

STATES: dict[str, Callable[[Tx], Any]] = {
    "billing": partial(state_of, sections=BILLING_STATE),
    "governance": records.state,
    "metering": partial(state_of, sections=METERING_STATE),
}
"""The three services that hear others; members hears nobody."""


def rows_of(room: Room, table: Table) -> list[tuple[Any, ...]]:
    """Every row of a table, in the order of its key."""
    with room.database.system_read() as sql:
        return [tuple(row) for row in sql.execute(select(table).order_by(*table.primary_key.columns))]


def picture(settings: Settings, name: str) -> dict[str, Any]:
    """What a service heard, what it decided and how much it told."""
    rooms = open_rooms(settings)
    room = rooms[name]
    own_tables = room.service.metadata.tables
    with room.database.system_read() as sql:
        told = sql.scalar(select(func.count()).select_from(journal))
    with room.database.read(COMMUNITY) as tx:
        state = STATES[name](tx)
    kit = set(kit_metadata.tables) - {"journal", "document"}
    found = {
        "heard": {table.name: rows_of(room, table) for table in room.service.heard_tables},
        "own": {table.name: rows_of(room, table) for key, table in own_tables.items() if key not in kit},
        "told": told,
        "state": state,
    }
    for one in rooms.values():
        one.database.close()
    return found


def hear_again(settings: Settings, name: str) -> int:
    """Rebuild a service from the journals; returns how many facts it heard."""
    rooms = open_rooms(settings)
    heard = rebuild(rooms[name].service, rooms[name].database, {one: room.database for one, room in rooms.items()})
    for room in rooms.values():
        room.database.close()
    return heard


TOKENS_MADE = 2
"""Programs of the demonstration, which read the feed: facts that every service hears into a table of the kit."""


@pytest.mark.parametrize("name", STATES)
def test_a_service_that_hears_everything_again_is_what_it_was(year: Year, name: str, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "data")
    before = picture(settings, name)
    assert any(before["heard"].values())
    for _ in range(2):
        assert hear_again(settings, name) > 0
        assert picture(settings, name) == before


def test_after_all_have_heard_everything_again_every_bill_and_chain_still_verifies(year: Year, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "data")
    for name in STATES:
        hear_again(settings, name)
    assert verify_bills(settings, COMMUNITY, "", print)
    assert verify_journals(settings, print)


def test_the_operator_rebuilds_a_service_by_one_command(year: Year, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "data")
    before = picture(settings, "billing")
    count = sum(len(rows) for table, rows in before["heard"].items() if table != "community_host")
    count += TOKENS_MADE + len(before["own"]["bill_recipient"])
    done = coop(settings, "replay", "billing")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"billing: heard {count} facts again"
    assert picture(settings, "billing") == before
