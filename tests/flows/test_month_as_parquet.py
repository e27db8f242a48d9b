"""A month as Parquet: to the bit what the database holds, by command and by page, for whoever keeps the books."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pyarrow import parquet

from coop.metering.model import BASE_UNIT, DAY_S
from coop.metering.periods import store as periods
from coop.metering.readings import store
from coop.metering.register import store as register
from coop.operator.exporting import export_month
from coop.operator.runtime import open_room
from coop.values import CoopError, Period
from tests.flows.conftest import Year
from tests.flows.installation import embedded, signed_in

JUNE = Period.month(2025, 6)


def totals_of(rows: list[dict[str, Any]]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Count and sum of the values of each register."""
    totals: dict[tuple[str, str, str], tuple[int, int]] = {}
    for row in rows:
        key = row["meter"], row["quantity"], row["shape"]
        count, total = totals.get(key, (0, 0))
        totals[key] = count + 1, total + row["value"]
    return totals


def test_the_files_hold_to_the_bit_what_the_database_holds(year: Year, tmp_path: Path) -> None:
    said = list(export_month(year.settings, "demo", "2025-06", tmp_path))
    files = {path.stem.rpartition("-")[2]: parquet.read_table(path).to_pylist() for path in tmp_path.iterdir()}
    assert sorted(files) == ["allocations", "days", "readings"]
    assert len(said) == 3
    room = open_room("metering", year.settings, migrate=False)
    with room.database.read("demo") as tx:
        expected: dict[tuple[str, str, str], tuple[int, int]] = {}
        days = range(store.day_number(JUNE.start_at), store.day_number(JUNE.end_at) + 1)
        for each in register.list_registers(tx):
            values = [
                int(value)
                for (_, day), stored in store.latest(tx, [each.id], days).items()
                for offset_s, value in zip(stored.content.offsets, stored.content.values, strict=True)
                if JUNE.start_at <= store.instant(day * DAY_S + int(offset_s)) < JUNE.end_at
            ]
            if values:
                expected[each.serial, each.quantity.value, each.shape.value] = len(values), sum(values)
                assert BASE_UNIT[each.quantity] in {row["unit"] for row in files["readings"]}
        shares = [share for share, run in periods.list_told_allocations(tx) if run.period == JUNE]
    room.database.close()
    assert expected
    assert totals_of(files["readings"]) == expected
    for column in ("consumed_wh", "allocated_wh"):
        assert sum(row[column] for row in files["allocations"]) == sum(getattr(share, column) for share in shares) > 0
    whole = [row for row in files["days"] if row["shape"] == "interval" and JUNE.start <= row["day"] < JUNE.end]
    assert whole
    assert not list(tmp_path.glob("*.part"))


def test_the_page_gives_the_same_to_board_and_auditor_and_to_no_member(year: Year, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "data")
    address = "/metering/exports/month.zip?period=2025-06"
    list(export_month(settings, "demo", "2025-06", tmp_path / "files"))
    with embedded(settings.data_dir) as running:
        with signed_in(running, "auditor") as auditor:
            body = auditor.get(address).raise_for_status().content
            assert auditor.get("/metering/exports/month.zip?period=June").status_code == 422
        with signed_in(running, "member") as member:
            assert member.get(address).status_code == 403
    with ZipFile(io.BytesIO(body)) as archive:
        for path in sorted((tmp_path / "files").iterdir()):
            served = parquet.read_table(io.BytesIO(archive.read(path.name)))
            assert served.equals(parquet.read_table(path)), path.name


def test_without_the_extra_the_command_says_what_to_install(
    year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(CoopError, match=r"pip install 'coop-backoffice\[export\]'"):
        list(export_month(year.settings, "demo", "2025-06", tmp_path))
