"""A played year in PostgreSQL of which a month is detached: bills say so, a backup keeps it so, and it comes back."""

from __future__ import annotations

from pathlib import Path

from coop.demo.doors import Doors
from coop.kit import months
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.metering.tables import block
from tests.flows.command import Done, coop
from tests.flows.conftest import Year, settings_of
from tests.flows.installation import SECRET, embedded, state_of
from tests.flows.test_backup_and_restore import rows_of
from tests.servers.postgres import Postgres


def run(settings: Settings, *arguments: str) -> Done:
    """``coop`` on an installation in PostgreSQL."""
    return coop(settings, *arguments, COOP_DATABASE_URL=settings.database_url)


def restored(folder: Path, url: str, path: Path) -> Settings:
    """The installation of a backup, in PostgreSQL."""
    settings = Settings(data_dir=folder, secret=SECRET, database_url=url)
    done = run(settings, "restore", str(path))
    assert done.returncode == 0, done.stderr
    return settings


def months_of(settings: Settings) -> list[tuple[str, bool, int]]:
    """Every month of readings, whether it is detached, and its rows."""
    database = Database(settings.url("metering"), "metering")
    with database.system_read() as sql:
        listed = [(str(month), month.is_detached, month.rows) for month in months.list_months(sql, block)]
    database.close()
    return listed


def test_a_detached_month_is_told_of_kept_in_a_backup_and_put_back(
    year: Year, postgres: Postgres, tmp_path: Path
) -> None:
    plain, aside = tmp_path / "plain", tmp_path / "aside"
    assert coop(year.settings, "backup", "--to", str(plain)).returncode == 0
    with postgres.database() as first, postgres.database() as second:
        settings = restored(tmp_path / "first", first, plain)
        whole = months_of(settings)
        assert len(whole) >= 12
        assert run(settings, "verify", "--all").returncode == 0
        done = run(settings, "partitions", "detach", "2025-03", "--apply")
        assert done.returncode == 0, done.stderr
        verified = run(settings, "verify", "--all")
        assert verified.returncode == 1
        assert "! the readings of 2025-03 are detached: attach them to verify" in verified.stdout
        assert "it cannot be verified now" in verified.stdout
        assert "DIFFERS" not in verified.stdout
        assert "NOT agree" not in verified.stdout
        bills = len(year.state["billing"]["bills"])
        counted = verified.stdout.splitlines()[-2]
        count = int(counted.split(", ")[-1].split()[0])
        assert counted == f"{bills - count} bills verified, 0 do not agree, {count} cannot be verified now"
        assert 0 < count < bills
        assert run(settings, "backup", "--to", str(aside)).returncode == 0

        refused = coop(settings_of(tmp_path / "file"), "restore", str(aside))
        assert (refused.returncode, "block_2025_03_detached" in refused.stderr) == (1, True)
        again = restored(tmp_path / "second", second, aside)
        assert months_of(again) == months_of(settings)
        assert ("2025-03", True) in [month[:2] for month in months_of(again)]
        done = run(again, "partitions", "attach", "2025-03")
        assert done.returncode == 0, done.stderr
        assert months_of(again) == whole
        assert " 0 do not agree" in run(again, "verify", "--all").stdout
        assert run(again, "backup", "--to", str(tmp_path / "again")).returncode == 0
        assert rows_of(tmp_path / "again") == rows_of(plain)
        with (
            embedded(again.data_dir, database_url=again.database_url) as running,
            Doors(running, running.public_url()) as doors,
        ):
            doors.settled()
            assert state_of(doors) == year.state
