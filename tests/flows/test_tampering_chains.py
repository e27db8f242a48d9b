"""Whoever changes, adds or takes away a fact breaks a seal or a chain, and the place is named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coop.demo.cooperative import COMMUNITY
from coop.events import SERVICES, Event
from coop.events.billing import BillArchived, LawPublished
from coop.events.governance import MeetingConvened
from coop.events.members import ContractSigned
from coop.events.metering import PeriodMeasured
from coop.kit.actor import Actor
from coop.operator.runtime import open_room
from coop.operator.verification import verify_bills, verify_journals
from tests.flows.burglar import Burglar, bill_of_january
from tests.flows.conftest import Year


@pytest.mark.parametrize("kind", [PeriodMeasured, ContractSigned, MeetingConvened, LawPublished])
def test_a_fact_whose_seal_is_broken_is_found_with_the_bill_that_rests_on_it(
    year: Year, tmp_path: Path, kind: type[Event]
) -> None:
    """No figure differs, and the chain is left alone: only who told it is another."""
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    service, name = kind.TYPE.removesuffix(".v1").split(".")
    burglar = Burglar(settings, service)
    position = burglar.one("SELECT min(position) FROM journal WHERE type = ?", kind.TYPE)
    assert burglar("UPDATE journal SET actor = 'account:nobody' WHERE position = ?", position) == 1
    said: list[str] = []
    assert not verify_bills(settings, COMMUNITY, bill["number"], said.append)
    broken = f"  ! the chain of {service} is broken at position {position}: was changed after it was sealed"
    assert [line for line in said if line.startswith("  ! ")] == [broken]
    [walked] = [line for line in said if line.startswith(f"  seals      {service}, ")]
    assert f"BROKEN at position {position}" in walked
    assert f"{name} " in walked


def test_a_fact_that_is_in_no_chain_waits_a_quarter_of_an_hour_and_is_found_with_its_bill_then(
    year: Year, tmp_path: Path
) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    database = open_room("billing", settings, migrate=False).database
    with database.write(COMMUNITY, Actor("job", "papers", "job")) as tx:
        tx.tell(BillArchived(bill_id=bill["bill_id"], number=bill["number"], sha256="0" * 64, byte_count=1))
    database.close()
    fact, said = f"the fact {BillArchived.TYPE} about {bill['bill_id']}", list[str]()
    verify_bills(settings, COMMUNITY, bill["number"], said.append)
    waits = f"  seals      {fact} is not sealed yet: that takes 15 minutes at most, verify again then"
    assert [line for line in said if fact in line] == [waits]
    burglar = Burglar(settings, "billing")
    told = burglar.one("SELECT occurred_at FROM journal WHERE position IS NULL")
    burglar("UPDATE journal SET occurred_at = ? WHERE position IS NULL", f"2026-01-31{told[10:]}")
    said.clear()
    assert not verify_bills(settings, COMMUNITY, bill["number"], said.append)
    assert [line for line in said if fact in line] == [f"  ! {fact}, of 2026-01-31 {told[11:16]} UTC, is not sealed"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_changed_fact_breaks_the_chain_where_it_stands(year: Year, tmp_path: Path, name: str) -> None:
    settings = year.copy(tmp_path / "data")
    burglar = Burglar(settings, name)
    data = burglar.one("SELECT data FROM journal WHERE position = 5")
    assert burglar("UPDATE journal SET data = ? WHERE position = 5", data.replace("1", "2", 1)) == 1
    said: list[str] = []
    assert not verify_journals(settings, said.append)
    assert f"{name}: BROKEN at position 5: was changed after it was sealed" in said
    assert len([line for line in said if "BROKEN" in line]) == 1


@pytest.mark.parametrize(
    ("crime", "said"),
    [
        ("DELETE FROM journal WHERE position = 7", "BROKEN at position 7: position 7 is gone"),
        ("UPDATE journal SET hash = previous_hash WHERE position = 7", "BROKEN at position 7: was changed"),
        (
            "UPDATE journal SET occurred_at = '2020' || substr(occurred_at, 5) WHERE position = 7",
            "BROKEN at position 7",
        ),
        ("UPDATE journal SET occurred_at = 'never' WHERE position = 7", "BROKEN at position 7: can no longer be read"),
        ("DELETE FROM journal WHERE position >= 7", "BROKEN at position 7: was handed to the bus and is gone"),
    ],
)
def test_a_chain_that_lost_a_link_is_found(year: Year, tmp_path: Path, crime: str, said: str) -> None:
    settings = year.copy(tmp_path / "data")
    assert Burglar(settings, "governance")(crime) > 0
    told: list[str] = []
    assert not verify_journals(settings, told.append)
    assert any(line.startswith(f"governance: {said}") for line in told), told


def test_without_a_burglar_the_triggers_refuse(year: Year, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "data")
    kept = {
        "metering": ("block", "delivery", "measurement", "allocation_run", "allocation", "journal"),
        "billing": ("bill", "bill_line", "guarantee_entry", "posting", "journal"),
        "governance": ("entry", "entry_settled", "decision", "resolution", "journal"),
        "members": ("journal",),
    }
    for service, tables in kept.items():
        with closing(sqlite3.connect(settings.data_dir / f"{service}.db")) as connection:
            for table in tables:
                column = connection.execute(f"SELECT name FROM pragma_table_info('{table}') LIMIT 1").fetchone()[0]
                for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
                    with pytest.raises(sqlite3.IntegrityError):
                        connection.execute(statement)
