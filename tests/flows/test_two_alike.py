"""Two co-operatives whose files, meters, members and meetings have the same ids live in one database and both go on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Table, select

from coop.billing.runs.commands import issue_bills
from coop.billing.service import BILLING
from coop.demo.cooperative import PROFILE
from coop.governance.service import GOVERNANCE
from coop.kit.database import Database
from coop.kit.service import Service
from coop.members.imports.commands import import_register
from coop.members.service import MEMBERS
from coop.metering.periods.close import close_period
from coop.metering.service import METERING
from coop.values import Period
from tests.billing.village import admitted, hear, month_of, signed, tariff_adopted
from tests.desk import SECRETARY
from tests.founding import found_in
from tests.governance.assembly import live
from tests.kit.clocks import SetClock
from tests.members.sample import FILES
from tests.metering import homes
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march

NOORD, ZUID = "noord", "zuid"
LATE = datetime(2031, 1, 1, tzinfo=UTC)
JANUARY, FEBRUARY = Period.month(2025, 1), Period.month(2025, 2)


def with_ids(kind: str, text: str) -> bytes:
    """A file that names the ids of its records; occupancies have none."""
    if kind == "occupancies":
        return text.encode()
    header, *lines = text.splitlines()
    return "\n".join([f"id,{header}", *(f"{kind}-{number},{line}" for number, line in enumerate(lines))]).encode()


def import_the_same(database: Database, community: str) -> None:
    for kind, text in FILES.items():
        with database.write(community, SECRETARY) as tx:
            import_register(tx, kind, f"{kind}.csv", with_ids(kind, text))


def measure_the_same(database: Database, community: str) -> None:
    with database.write(community, SECRETARY) as tx:
        homes.found(tx)
        homes.adopt_key(tx, DYNAMIC, date(2024, 1, 1))
        heat_of_march(tx)
        power_of_march(tx)
        close_period(tx, MARCH)


def found_the_same(database: Database, community: str) -> None:
    """What a service knows of a co-operative; only its host name is its own."""
    found_in(database, community, replace(PROFILE, hosts=(f"{community}.example",)))


def bill_the_same(database: Database, community: str) -> None:
    found_the_same(database, community)
    hear(
        database,
        tariff_adopted("t1", date(2025, 1, 1), date(2024, 12, 1)),
        admitted("anna"),
        signed("anna"),
        *month_of(("anna",), JANUARY),
        *month_of(("anna",), FEBRUARY),
        community=community,
    )
    for period, day in ((JANUARY, date(2025, 2, 3)), (FEBRUARY, date(2025, 3, 3))):
        with database.write(community, SECRETARY) as tx:
            issue_bills(tx, period, day)


def decide_the_same(database: Database, community: str) -> None:
    """Every step on its own day: a notice goes out on the day that the clock shows."""
    found_the_same(database, community)
    live(database, community=community)


LIVES: dict[str, tuple[Service, Callable[[Database, str], None]]] = {
    "members": (MEMBERS, import_the_same),
    "metering": (METERING, measure_the_same),
    "billing": (BILLING, bill_the_same),
    "governance": (GOVERNANCE, decide_the_same),
}


def rows_of(database: Database, table: Table, community: str) -> int:
    """Rows of a co-operative in a table."""
    with database.read(community) as tx:
        return len(tx.execute(select(table).where(table.c.community == community)).all())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", LIVES)
def test_two_that_have_the_same_ids_both_go_on(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, kind: str
) -> None:
    service, live = LIVES[name]
    url = f"sqlite:///{tmp_path}/{name}.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    with closing(service.open_database(url, SetClock(LATE))) as database:
        live(database, NOORD)
        owned = [table for table in service.metadata.sorted_tables if "community" in table.c]
        before = {table.name: rows_of(database, table, NOORD) for table in owned}
        assert len([count for count in before.values() if count]) > 4
        live(database, ZUID)
        assert {table.name: rows_of(database, table, ZUID) for table in owned} == before
        assert {table.name: rows_of(database, table, NOORD) for table in owned} == before
