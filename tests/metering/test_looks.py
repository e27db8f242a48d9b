"""Looks: who saw the detailed use of which member, noted once a day and told."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.kit.database import Database
from coop.kit.tables import journal
from coop.metering.periods import store as periods
from tests.desk import let_program_in, sign_in
from tests.metering.homes import COMMUNITY
from tests.metering.test_metering_pages import desk, march

__all__ = ["desk", "march"]


def looks_in(database: Database) -> list[tuple[str, str | None, str]]:
    """Viewer, member and subject of each look that was told."""
    with database.system_read() as sql:
        query = select(journal.c.data).where(journal.c.type == "metering.use-seen.v1").order_by(journal.c.position)
        told = [orjson.loads(data) for data in sql.scalars(query)]
    return [(look["viewer"], look.get("member_id"), look["subject"]) for look in told]


def measurement_of(database: Database, member_id: str) -> str:
    with database.read(COMMUNITY) as tx:
        return next(row.id for row in periods.list_measurements(tx) if row.member_id == member_id)


def test_a_look_of_the_board_at_one_member_is_told_once_a_day(
    desk: TestClient, march: str, one_database: Database
) -> None:
    sign_in(desk, "board")
    for _ in range(2):
        assert desk.get(f"/metering/readings/{measurement_of(one_database, 'M1')}").status_code == 200
        assert desk.get(f"/metering/allocations/{march}/C1", params={"at": "2025-03-10T12:00"}).status_code == 200
    assert looks_in(one_database) == [
        ("account:account-1", "M1", "readings"),
        ("account:account-1", "M1", "quarter-hours"),
    ]


def test_what_is_one_s_own_is_no_look(desk: TestClient, march: str, one_database: Database) -> None:
    sign_in(desk, "member", member_id="M1")
    for address in (
        f"/metering/readings/{measurement_of(one_database, 'M1')}",
        f"/metering/allocations/{march}/C1",
        "/metering/exports/measurements.csv",
        "/metering/exports/allocations.csv",
    ):
        assert desk.get(address).status_code == 200, address
    assert looks_in(one_database) == []


@pytest.mark.parametrize(
    "address", ["/metering/exports/measurements.csv", "/metering/exports/allocations.json", "/metering/api/v1/readings"]
)
def test_a_list_of_everybody_is_a_look_at_everybody(
    desk: TestClient, march: str, one_database: Database, address: str
) -> None:
    sign_in(desk, "treasurer", member_id="M1")
    assert desk.get(address, headers={"accept": "application/json"}).status_code == 200
    assert looks_in(one_database) == [("account:account-1", None, "lists")]


def test_a_program_s_look_names_the_program(
    desk: TestClient, march: str, one_database: Database, tmp_path: Path
) -> None:
    program = let_program_in(one_database, "read:readings")
    answer = desk.get("/metering/api/v1/allocations", headers={**program, "accept": "application/json"})
    assert answer.status_code == 200
    viewer = "program:" + program["Authorization"].split("_")[1]
    assert looks_in(one_database) == [(viewer, None, "lists")]


def test_who_is_refused_has_not_looked(desk: TestClient, march: str, one_database: Database) -> None:
    sign_in(desk, "member", member_id="M2")
    assert desk.get(f"/metering/readings/{measurement_of(one_database, 'M1')}").status_code == 403
    assert looks_in(one_database) == []
