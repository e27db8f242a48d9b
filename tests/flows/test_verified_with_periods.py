"""All is verified together, and what a closed period shows by the way is not computed once more for the bills: what is
found is the same, whoever changed what, and in however many processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coop.demo.cooperative import COMMUNITY
from coop.kit.settings import Settings
from coop.metering.periods.store import list_measurements, list_runs
from coop.operator.opening import open_database
from coop.operator.readings_again import compute_periods, verify_log_again, verify_periods
from coop.operator.side_by_side import verify_everything
from coop.operator.verification import verify_bills
from tests.flows.burglar import Burglar, Crime, bill_of_january, heat_source, run_source
from tests.flows.conftest import Year
from tests.flows.test_tampering import CRIMES, flip_a_stand

OF_METERING = [crime for service, crime in CRIMES if service == "metering"]


@dataclass
class Told:
    """What verifying all bills told, and whether it found nothing."""

    agrees: bool
    lines: list[str]


def verify_alone(settings: Settings) -> Told:
    """Verify bills with all that they rest on computed for them."""
    lines: list[str] = []
    return Told(verify_bills(settings, COMMUNITY, "", lines.append), lines)


def verify_with_periods(settings: Settings) -> Told:
    """Verify bills with what was found of closed periods."""
    lines: list[str] = []
    again = compute_periods(settings, COMMUNITY)
    return Told(verify_bills(settings, COMMUNITY, "", lines.append, lambda: again.verified), lines)


def test_most_of_what_was_told_newest_is_verified_with_its_period(year: Year) -> None:
    verified = compute_periods(year.settings, COMMUNITY).verified
    with open_database("metering", year.settings) as database, database.read(COMMUNITY) as tx:
        measurements = {(one.period, one.subject): one.id for one in list_measurements(tx)}
        runs = {(one.period, one.group_id): one.id for one in list_runs(tx)}
    assert set(verified) <= {*measurements.values(), *runs.values()}
    assert set(runs.values()) <= set(verified)
    # The others took a bound from the weather, which is read for one alone.
    assert len(verified) >= 0.75 * (len(measurements) + len(runs))
    assert set(verified.values()) == {()}


def test_bills_that_agree_agree_both_ways(year: Year) -> None:
    assert verify_with_periods(year.settings) == verify_alone(year.settings)


@pytest.mark.parametrize("crime", OF_METERING)
def test_what_was_done_to_readings_and_results_is_found_alike(year: Year, tmp_path: Path, crime: Crime) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    crime(Burglar(settings, "metering"), bill)
    alone = verify_alone(settings)
    assert not alone.agrees
    assert verify_with_periods(settings) == alone


def move_a_basis(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Let a measurement rest on the basis of another one."""
    statement = (
        "UPDATE measurement SET basis_sha256 = (SELECT basis_sha256 FROM measurement WHERE id <> ?"
        " AND basis_sha256 <> (SELECT basis_sha256 FROM measurement WHERE id = ?) LIMIT 1) WHERE id = ?"
    )
    assert burglar(statement, *[heat_source(bill)] * 3) == 1
    return heat_source(bill)


def lose_a_manifest(burglar: Burglar, bill: dict[str, Any]) -> str:
    statement = "DELETE FROM document WHERE sha256 = (SELECT manifest_sha256 FROM allocation_run WHERE id = ?)"
    assert burglar(statement, run_source(bill)) == 1
    return f"run {run_source(bill)}"


def change_the_inputs(burglar: Burglar, bill: dict[str, Any]) -> str:
    statement = (
        "UPDATE document SET body = replace(body, '\"kind\"', '\"Kind\"')"
        " WHERE sha256 = (SELECT inputs_sha256 FROM allocation_run WHERE id = ?)"
    )
    assert burglar(statement, run_source(bill)) == 1
    return f"run {run_source(bill)}"


def move_a_manifest(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Let a run rest on the days of a measurement."""
    days = burglar.one("SELECT manifest_sha256 FROM measurement WHERE id = ?", heat_source(bill))
    statement = "UPDATE allocation_run SET manifest_sha256 = ? WHERE id = ?"
    assert burglar(statement, days, run_source(bill)) == 1
    return f"run {run_source(bill)}"


@pytest.mark.parametrize("crime", [move_a_basis, lose_a_manifest, change_the_inputs, move_a_manifest])
def test_what_was_done_to_what_a_result_rests_on_is_found_alike(year: Year, tmp_path: Path, crime: Crime) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    named = crime(Burglar(settings, "metering"), bill)
    told = verify_with_periods(settings)
    assert not told.agrees
    assert [line for line in told.lines if named in line and line.startswith("  ! ")], "\n".join(told.lines)
    assert told == verify_alone(settings)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_any_number_of_processes_tells_the_same(year: Year, tmp_path: Path, jobs: int) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    flip_a_stand(Burglar(settings, "metering"), bill)
    lines: list[str] = []
    assert not verify_everything(settings, [COMMUNITY], jobs, lines.append)
    alone: list[str] = []
    verify_periods(settings, COMMUNITY, alone.append)
    verify_log_again(settings, COMMUNITY, alone.append)
    assert lines == [*alone, *verify_alone(settings).lines]
