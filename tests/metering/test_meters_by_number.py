"""Meters hang at connections that people call by a number: unknown ones are refused, wrong ones are mended, and a
connection under contract without a meter is missed."""

from __future__ import annotations

from datetime import date

import pytest

from coop.events.members import ContractEnded, ContractSigned
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.model import MeterKind
from coop.metering.periods import store as periods
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.periods.results import compute_period
from coop.metering.register import connections
from coop.metering.register import store as register
from coop.metering.register.commands import admit_meters, correct_meter, withdraw_meter
from coop.metering.register.heard import on_contract_ended, on_contract_signed
from coop.metering.register.meters_file import read_meters
from coop.metering.register.model import MeterEntry
from coop.values import BadInput, CoopError, NotFound
from tests.metering.homes import COMMUNITY, INSTALLED, adopt_key, at, close_anyway, envelope, occupy, writing
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march


def sign(tx: Tx, connection_id: str, starts_on: date, ends_on: date | None = None, contract: str = "") -> None:
    """Let somebody owe heat on a connection."""
    contract_id = contract or f"K-{connection_id}"
    signed = ContractSigned(
        contract_id=contract_id,
        member_id="M",
        connection_id=connection_id,
        starts_on=starts_on,
        tariff_clause=None,
        reference=(),
    )
    on_contract_signed(tx, signed, envelope(signed))
    if ends_on:
        ended = ContractEnded(contract_id=contract_id, ends_on=ends_on)
        on_contract_ended(tx, ended, envelope(ended))


def entry(serial: str, connection: str, line: int | None = None) -> MeterEntry:
    return MeterEntry(serial, MeterKind.HEAT, connection, INSTALLED, line=line)


def test_a_meter_is_hung_at_the_connection_of_its_number(database: Database) -> None:
    with writing(database) as tx:
        occupy(tx, "C9", "M9", date(2025, 1, 1))
        assert admit_meters(tx, [entry("H9", "109"), entry("PUMP", "")]) == 2
        meters = register.meters_of(tx, ["H9", "PUMP"])
        assert (meters["H9"].connection_id, meters["PUMP"].connection_id) == ("C9", None)
        assert admit_meters(tx, [entry("H9", "109")]) == 0


def test_an_unknown_connection_is_refused_by_its_number_and_line(database: Database) -> None:
    with pytest.raises(BadInput) as refusal, writing(database) as tx:
        admit_meters(tx, [entry("H8", "101", 2), entry("H9", "999", 3), entry("H8", "101", 4), entry("H1", "102", 5)])
    told = [(problem.line, problem.field) for problem in refusal.value.problems]
    assert told == [(3, "connection"), (4, "serial"), (5, "serial")]
    assert "999" in refusal.value.problems[0].reason
    with database.read(COMMUNITY) as tx:
        assert not register.meters_of(tx, ["H8", "H9"])


def test_a_meter_that_was_taken_away_no_later_than_it_was_hung_is_refused_by_its_line(database: Database) -> None:
    gone = MeterEntry("H9", MeterKind.HEAT, "", INSTALLED, INSTALLED, line=7)
    with pytest.raises(BadInput) as refusal, writing(database) as tx:
        admit_meters(tx, [gone])
    assert [(problem.line, problem.field) for problem in refusal.value.problems] == [(7, "removed_on")]


def test_a_connection_whose_only_hold_was_undone_is_unknown(database: Database) -> None:
    with writing(database) as tx:
        occupy(tx, "C9", "M9", date(2025, 1, 1), date(2025, 1, 1))
        assert "109" not in connections.list_numbers(tx).values()


def test_a_wrongly_attached_meter_is_mended_with_its_reason_kept(database: Database) -> None:
    with writing(database) as tx:
        admit_meters(tx, [entry("H9", "101")])
        change = correct_meter(tx, "H9", "102", at("2024-02-01T00:00"), " typed the wrong number ")
        assert change is not None
        assert correct_meter(tx, "H9", "102", at("2024-02-01T00:00"), "again") is None
    with database.read(COMMUNITY) as tx:
        [kept] = register.list_changes(tx, "H9")
        meter = register.meters_of(tx, ["H9"])["H9"]
    assert (kept.was_connection_id, kept.connection_id, kept.reason) == ("C1", "C2", "typed the wrong number")
    assert kept.changed_by.startswith("account:")
    assert (meter.connection_id, meter.installed_at) == ("C2", at("2024-02-01T00:00"))


@pytest.mark.parametrize(
    ("connection", "reason", "field"),
    [("999", "because", "connection"), ("102", "  ", "reason"), ("102", "x" * 501, "reason")],
)
def test_a_correction_without_a_reason_or_to_nowhere_is_refused(
    one_database: Database, connection: str, reason: str, field: str
) -> None:
    with pytest.raises(BadInput) as refusal, writing(one_database) as tx:
        correct_meter(tx, "H1", connection, INSTALLED, reason)
    assert [problem.field for problem in refusal.value.problems] == [field]


def test_closed_months_keep_what_was_told_until_they_are_corrected(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close_period(tx, MARCH)
        before = {one.connection_id: one.energy_j for one in periods.list_measurements(tx)}
        occupy(tx, "C9", "M9", date(2024, 1, 1))
        correct_meter(tx, "H1", "109", INSTALLED, "hung next door")
        assert {one.connection_id: one.energy_j for one in periods.list_measurements(tx)} == before
        correct_period(tx, MARCH)
        after = {one.connection_id: one.energy_j for one in periods.list_measurements(tx) if one.revision == 2}
    assert after == {"C1": 0, "C9": before["C1"]}


def test_a_meter_that_never_spoke_can_be_taken_out(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        admit_meters(tx, [entry("TYPO", "101")])
        withdraw_meter(tx, "TYPO", "no such meter")
        assert not register.meters_of(tx, ["TYPO"])
        assert register.list_changes(tx, "TYPO")[0].installed_at is None
        with pytest.raises(CoopError, match="has readings"):
            withdraw_meter(tx, "H1", "away with it")
        with pytest.raises(CoopError, match="produces for roofs"):
            withdraw_meter(tx, "S1", "away with it")
        with pytest.raises(NotFound):
            withdraw_meter(tx, "TYPO", "again")


def test_a_month_is_not_complete_while_a_connection_under_contract_has_no_heat_meter(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        occupy(tx, "C9", "M9", date(2025, 3, 10))
        assert compute_period(tx, MARCH).lacking == ()
        sign(tx, "C9", date(2025, 3, 10))
        sign(tx, "C1", date(2024, 1, 1))
        sign(tx, "C2", date(2024, 1, 1), date(2024, 1, 1), "undone")
        with pytest.raises(PeriodIncomplete) as refusal:
            close_period(tx, MARCH)
        assert refusal.value.lacking == (
            "connection 109 is under contract and has no heat meter from 2025-03-10 to 2025-03-31",
        )
        assert close_anyway(tx, MARCH).revision == 1


def test_a_meter_that_hung_a_part_of_the_contract_leaves_the_rest_missing(one_database: Database) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C9", "M9", date(2025, 1, 1))
        sign(tx, "C9", date(2025, 1, 1), date(2025, 3, 21))
        admit_meters(tx, [MeterEntry("H9", MeterKind.HEAT, "109", at("2025-03-14T23:00"))])
        lacking = [said for said in compute_period(tx, MARCH).lacking if "109" in said]
    assert lacking == ["connection 109 is under contract and has no heat meter from 2025-03-01 to 2025-03-14"]


def test_the_file_takes_dutch_and_english_names_and_days() -> None:
    dutch = read_meters(b"Meternummer;Soort;Aansluiting;Geplaatst op\nH9;Warmte;101;1-12-2025\n")
    english = read_meters(b"serial,kind,connection,installed_on,removed_on,maxima\nH9,heat,101,2025-12-01,,\n")
    assert dutch == english == [MeterEntry("H9", MeterKind.HEAT, "101", at("2025-11-30T23:00"), line=2)]


def test_a_file_names_each_column_that_is_missing_or_unknown() -> None:
    with pytest.raises(BadInput) as refusal:
        read_meters(b"serial,connection_id\nH9,101\n")
    assert [problem.field for problem in refusal.value.problems] == ["kind", "installed_on", "file"]
    assert "connection_id" in refusal.value.problems[2].reason
