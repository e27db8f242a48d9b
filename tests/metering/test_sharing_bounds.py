"""Bounds over all groups, in the database: nobody is allocated more than was used, no roof gives more than it made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Table, insert, select
from sqlalchemy.exc import DBAPIError

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.model import Meter, MeterKind, Quality, Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.close import correct_period
from coop.metering.register.commands import register_meters, set_group
from coop.metering.tables import allocation, allocation_run, giving, period
from coop.values import quarters as quarters_in
from tests.metering.homes import INSTALLED, adopt_key, close_anyway, deliver, quarters, writing
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march


def two_groups(tx: Tx) -> None:
    """March closed, in which two groups share with the same three homes."""
    heat_of_march(tx)
    power_of_march(tx)
    register_meters(tx, [Meter("S2", MeterKind.SOLAR, None, INSTALLED)])
    set_group(tx, "school", ["S2"], None)
    adopt_key(tx, DYNAMIC, date(2025, 1, 1))
    adopt_key(tx, DYNAMIC, date(2025, 1, 1), "K2", group_id="school")
    n = quarters_in(MARCH)
    deliver(tx, quarters("S2", MARCH.start_at, [6000] * n, Quantity.ELECTRICITY_EXPORT))
    close_anyway(tx, MARCH)


def rows_of(tx: Tx, table: Table, column: str, value: str) -> list[dict[str, object]]:
    where = table.c.community == tx.community, table.c[column] == value
    return [dict(row) for row in tx.execute(select(table).where(*where)).mappings()]


def close_again(tx: Tx) -> None:
    """Close March in a second revision, by hand."""
    [closed] = tx.execute(select(period).where(period.c.community == tx.community)).mappings().all()
    tx.execute(insert(period).values(dict(closed) | {"revision": 2}))


def add_revision(tx: Tx, change: Callable[[dict[str, object]], None], table_name: str) -> None:
    """Write by hand what the next revision of the school's run would tell, changed, and close it."""
    of_school = next(run for run in periods.list_runs(tx) if run.group_id == "school")
    [row] = rows_of(tx, allocation_run, "id", of_school.id)
    tx.execute(insert(allocation_run).values(row | {"id": "forged", "revision": 2}))
    for table in (allocation, giving):
        for each in rows_of(tx, table, "run_id", of_school.id):
            copy = each | {"run_id": "forged"}
            if table.name == table_name:
                change(copy)
            tx.execute(insert(table).values(copy))
    close_again(tx)


def more_allocated(row: dict[str, object]) -> None:
    row["consumed_wh"] = row["allocated_wh"] = row["needed_wh"]


def nothing(row: dict[str, object]) -> None:
    pass


def test_all_groups_together_allocate_no_more_than_was_used_whoever_writes(database: Database) -> None:
    with writing(database) as tx:
        two_groups(tx)
        shares = [share for run in periods.list_runs(tx) for share in periods.list_allocations(tx, run.id)]
        for member_id in ("M1", "M2", "M3"):
            own = [share for share in shares if share.member_id == member_id]
            assert 0 < sum(share.allocated_wh for share in own) <= max(share.needed_wh for share in own)
    with pytest.raises(DBAPIError, match="all groups together"), writing(database) as tx:
        add_revision(tx, more_allocated, "allocation")


def test_no_producer_gives_all_groups_together_more_than_it_made_whoever_writes(database: Database) -> None:
    with writing(database) as tx:
        two_groups(tx)
    with pytest.raises(DBAPIError, match="all groups together"), writing(database) as tx:
        add_given(tx)


def add_given(tx: Tx) -> None:
    """A run of the third group over March, by hand, in which the roof gives once more what it gave."""
    first = next(run for run in periods.list_runs(tx) if run.group_id == "roofs")
    [row] = rows_of(tx, allocation_run, "id", first.id)
    tx.execute(insert(allocation_run).values(row | {"id": "forged", "revision": 2, "group_id": "third"}))
    [given] = periods.list_givings(tx, first.id)
    assert 0 < given.given_mwh <= given.made_mwh
    copy = {"community": tx.community, "run_id": "forged", "meter": given.meter, "made_mwh": given.made_mwh}
    tx.execute(insert(giving).values(copy | {"given_mwh": given.made_mwh - given.given_mwh + 1}))
    close_again(tx)


def test_the_same_shares_again_are_taken(database: Database) -> None:
    with writing(database) as tx:
        two_groups(tx)
        add_revision(tx, nothing, "")


@pytest.mark.parametrize("table", [allocation, giving], ids=lambda table: table.name)
def test_nothing_is_added_to_a_revision_that_is_closed(database: Database, table: Table) -> None:
    with writing(database) as tx:
        two_groups(tx)
        row = rows_of(tx, table, "run_id", periods.list_runs(tx)[0].id)[0]
    changed = {"meter": "S9"} if table is giving else {"connection_id": "C9", "allocated_wh": 0}
    with pytest.raises(DBAPIError, match="revision that is closed"), writing(database) as tx:
        tx.execute(insert(table).values(row | changed))


def test_a_correction_of_one_quarter_hour_stays_within_the_bounds_of_all_groups(database: Database) -> None:
    with writing(database) as tx:
        two_groups(tx)
        for i in (1, 2, 3):
            deliver(tx, quarters(f"E{i}", MARCH.start_at, [9000], quality=[Quality.MEASURED]), received_at=tx.now)
    with writing(database) as tx:
        deliver(tx, quarters("E1", MARCH.start_at + timedelta(days=3), [0] * 96), received_at=tx.now)
        corrected = correct_period(tx, MARCH)
    assert corrected.revision == 2
