"""Results that are verified with their closed period come to what walking back from each of them comes to."""

from __future__ import annotations

from datetime import date

import pytest

from coop.kit.database import Database
from coop.metering.model import Quantity
from coop.metering.periods.close import close_period
from coop.metering.periods.results import compute_period
from coop.metering.periods.store import AllocationRun, list_measurements, list_runs
from coop.metering.provenance import with_period
from coop.metering.provenance.standing_again import verify_standing
from coop.metering.provenance.verify import verify_allocation, verify_measurement
from coop.values import midnight
from tests.metering.homes import COMMUNITY, adopt_key, deliver, quarters, writing
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march


def close_march(database: Database, *, another_speaks: bool) -> AllocationRun:
    """Close March; then a meter may feed in for the first time, so that the inputs of March would be others now."""
    with writing(database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close_period(tx, MARCH)
        if another_speaks:
            deliver(tx, quarters("E1", midnight(date(2025, 4, 2)), [100] * 96, Quantity.ELECTRICITY_EXPORT))
        [run] = list_runs(tx, MARCH)
        [now] = compute_period(tx, MARCH).runs
        assert (now.document.sha256 != run.inputs_sha256) == another_speaks
    return run


def change(database: Database, statement: str, *values: object) -> None:
    """Change what is stored, as nobody may."""
    with database.system_write() as sql:
        for (trigger,) in sql.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            sql.exec_driver_sql(f"DROP TRIGGER {trigger}")
        assert sql.exec_driver_sql(statement, values).rowcount >= 1


@pytest.mark.parametrize("another_speaks", [False, True])
def test_what_agrees_is_verified_with_its_period(database: Database, another_speaks: bool) -> None:
    run = close_march(database, another_speaks=another_speaks)
    with database.read(COMMUNITY) as tx:
        again = verify_standing(tx)
        assert verify_allocation(tx, run.id) == []
        measurements = [one.id for one in list_measurements(tx, MARCH)]
        assert [verify_measurement(tx, one) for one in measurements] == [[]] * 3
    assert again.verified == dict.fromkeys([run.id, *measurements], ())
    assert again.findings == []


CHANGES = {
    "a share": "UPDATE allocation SET allocated_wh = allocated_wh - 1 WHERE allocated_wh > 0",
    "the production": "UPDATE allocation_run SET produced_wh = produced_wh + 1",
    "the hash": "UPDATE allocation_run SET inputs_hash = replace(inputs_hash, substr(inputs_hash, 1, 1), 'x')",
    "the energy": "UPDATE measurement SET energy_j = energy_j || '0' WHERE energy_j <> '0'",
    "the stands": "UPDATE measurement SET parts = replace(parts, '\"exponent\":0', '\"exponent\":1')",
}


@pytest.mark.parametrize("another_speaks", [False, True])
@pytest.mark.parametrize("what", CHANGES)
def test_what_does_not_agree_is_named_as_by_the_walk_back(
    one_database: Database, what: str, another_speaks: bool
) -> None:
    run = close_march(one_database, another_speaks=another_speaks)
    change(one_database, CHANGES[what])
    with one_database.read(COMMUNITY) as tx:
        verified = verify_standing(tx).verified
        alone = {run.id: tuple(verify_allocation(tx, run.id))}
        alone |= {one.id: tuple(verify_measurement(tx, one.id)) for one in list_measurements(tx, MARCH)}
    assert any(alone.values())
    assert verified == alone


@pytest.mark.parametrize("another_speaks", [False, True])
@pytest.mark.parametrize("column", ["inputs_sha256", "manifest_sha256"])
def test_a_run_whose_documents_were_changed_is_left_to_the_walk_back(
    one_database: Database, column: str, another_speaks: bool
) -> None:
    run = close_march(one_database, another_speaks=another_speaks)
    change(
        one_database, "UPDATE document SET body = CAST(body || x'20' AS BLOB) WHERE sha256 = ?", getattr(run, column)
    )
    with one_database.read(COMMUNITY) as tx:
        assert run.id not in verify_standing(tx).verified
        [finding] = verify_allocation(tx, run.id)
    assert "was changed after it was kept" in finding


def test_readings_that_came_since_are_not_those_that_were_told(database: Database) -> None:
    run = close_march(database, another_speaks=False)
    with writing(database) as tx:
        deliver(tx, quarters("E1", MARCH.start_at, [4001] * 4))
    with database.read(COMMUNITY) as tx:
        assert run.id not in verify_standing(tx).verified
        assert verify_allocation(tx, run.id) == []


def test_a_run_that_cannot_be_compared_keeps_no_period_from_being_verified(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_march(database, another_speaks=False)

    def fail(*_: object) -> list[str]:
        raise ValueError("no number")

    monkeypatch.setattr(with_period, "compare_run", fail)
    with database.read(COMMUNITY) as tx:
        again = verify_standing(tx)
    assert (again.verified, again.findings) == ({}, [])
