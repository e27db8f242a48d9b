"""A backup is one point over all services, and what is restored from it is the installation as it was then."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import create_engine, inspect

from coop.demo.doors import Doors
from coop.kit.settings import Settings
from coop.operator.keeping.archive import Reader
from tests.flows.command import Done, coop
from tests.flows.conftest import Year, settings_of
from tests.flows.installation import SECRET, embedded, state_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def backup(year: Year, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the played year."""
    path = tmp_path_factory.mktemp("backups") / "year.tar.gz"
    done = coop(year.settings, "backup", "--to", str(path))
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An installation that is not there yet, on either database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return Settings(data_dir=tmp_path / "place", secret=SECRET, database_url=url)


def test_a_restored_year_equals_the_year_and_every_bill_verifies(
    year: Year, backup: Path, empty_place: Settings
) -> None:
    more = {"COOP_DATABASE_URL": empty_place.database_url} if empty_place.database_url else {}
    done = coop(empty_place, "restore", str(backup), **more)
    assert done.returncode == 0, done.stderr
    assert "every chain is whole" in done.stdout
    verified = coop(empty_place, "verify", "--all", **more)
    assert verified.returncode == 0, verified.stdout
    assert " 0 do not agree" in verified.stdout
    with (
        embedded(empty_place.data_dir, database_url=empty_place.database_url) as settings,
        Doors(settings, settings.public_url()) as doors,
    ):
        doors.settled()
        assert state_of(doors) == year.state
        assert doors.get("/readyz")["ready"] is True


def test_every_row_of_every_table_comes_back_the_same_from_either_database(
    backup: Path, empty_place: Settings, tmp_path: Path
) -> None:
    more = {"COOP_DATABASE_URL": empty_place.database_url} if empty_place.database_url else {}
    assert restore_into(empty_place, str(backup)).returncode == 0
    done = coop(empty_place, "backup", "--to", str(tmp_path / "again"), **more)
    assert done.returncode == 0, done.stderr
    before, after = rows_of(backup), rows_of(tmp_path / "again")
    assert before.keys() == after.keys()
    for table, rows in before.items():
        assert rows == after[table], table


def rows_of(path: Path) -> dict[str, list[bytes]]:
    """The lines of every table in order of text: no database keeps its rows in any other."""
    rows: dict[str, list[bytes]] = {}
    with path.open("rb") as file:
        for part in Reader(file).parts():
            if part.table != "backup_record":
                rows.setdefault(f"{part.service}/{part.table}", []).extend(part.body.splitlines())
    return {table: sorted(lines) for table, lines in rows.items()}


def test_a_backup_holds_its_secret_only_when_it_is_encrypted_or_when_asked(year: Year, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "data")
    (settings.data_dir / "secret").write_text("a secret that nobody may read")
    kept = {"COOP_SECRET": ""}
    assert coop(settings, "backup", "--to", str(tmp_path / "plain"), **kept).returncode == 0
    assert coop(settings, "backup", "--to", str(tmp_path / "open"), "--with-secret", **kept).returncode == 0
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(f"# made for the test\n{key}\n")
    sealed = str(tmp_path / "sealed"), "--encrypt-to", str(key.to_public())
    assert coop(settings, "backup", "--to", *sealed, **kept).returncode == 0
    assert b"secret that" not in (tmp_path / "sealed").read_bytes()
    for name, has_secret in (("plain", False), ("open", True), ("sealed", True)):
        place, path = settings_of(tmp_path / f"from {name}"), tmp_path / name
        assert path.stat().st_mode & 0o777 == 0o600
        done = coop(place, "restore", str(path), "--identity", str(tmp_path / "key"), **kept)
        assert done.returncode == 0, done.stderr
        assert (place.data_dir / "secret").exists() is has_secret


def test_a_backup_with_a_passphrase_opens_with_it_alone(year: Year, tmp_path: Path) -> None:
    empty_place = settings_of(tmp_path / "place")
    right, wrong, short = tmp_path / "right", tmp_path / "wrong", tmp_path / "short"
    right.write_text("correct horse battery staple\n")
    wrong.write_text("correct horse battery stable\n")
    short.write_text("horse\n")
    path = str(tmp_path / "sealed")
    assert "needs 12 characters" in coop(year.settings, "backup", "--to", path, "--passphrase-file", str(short)).stderr
    assert coop(year.settings, "backup", "--to", path, "--passphrase-file", str(right)).returncode == 0
    for arguments, words in (
        ((), "is encrypted with a passphrase: give --passphrase-file"),
        (("--passphrase-file", str(wrong)), "this is not the passphrase"),
    ):
        refused = restore_into(empty_place, path, *arguments)
        assert refused.returncode == 1
        assert words in refused.stderr
    assert is_empty(empty_place)
    checked = restore_into(empty_place, path, "--check", "--passphrase-file", str(right))
    assert checked.returncode == 0, checked.stderr
    assert "whole; " in checked.stdout
    assert is_empty(empty_place)
    assert restore_into(empty_place, path, "--passphrase-file", str(right)).returncode == 0


def flip(path: Path, at: float) -> None:
    body = bytearray(path.read_bytes())
    body[int(len(body) * at)] ^= 1
    path.write_bytes(body)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def repack(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write an archive anew with other members; None leaves one out."""
    with tarfile.open(path) as old:
        members = [(entry.name, old.extractfile(entry).read()) for entry in old]  # type: ignore[union-attr]
    with tarfile.open(path, "w:gz") as new:
        for name, body in members:
            changed = change(name, body)
            if changed is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(changed)
                new.addfile(entry, io.BytesIO(changed))


def drop_bills(name: str, body: bytes) -> bytes | None:
    return None if name == "billing/bill/000001.copy" else body


def drop_sums(name: str, body: bytes) -> bytes | None:
    return None if name == "sums.json" else body


def make_newer(name: str, body: bytes) -> bytes:
    return body.replace(b'"format_version":1', b'"format_version":2').replace(
        b'"format_version": 1', b'"format_version": 2'
    )


def change_a_bill(name: str, body: bytes) -> bytes:
    return body.replace(b"7", b"8", 1) if name == "billing/bill/000001.copy" else body


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte in the middle": (lambda path: flip(path, 0.5), "damaged-backup"),
    "a byte near the end": (lambda path: flip(path, 0.999), "damaged-backup"),
    "cut off": (cut, "it cannot be read"),
    "emptied": (lambda path: path.write_bytes(b""), "damaged-backup"),
    "another file": (lambda path: path.write_bytes(b"dear diary" * 99), "damaged-backup"),
    "a table left out": (lambda path: repack(path, drop_bills), "billing/bill/000001.copy is missing"),
    "a table changed": (lambda path: repack(path, change_a_bill), "billing/bill/000001.copy was changed"),
    "without sums": (lambda path: repack(path, drop_sums), "its sums are missing"),
    "of a newer format": (lambda path: repack(path, make_newer), "version 2"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_and_nothing_is_written(damage: str, backup: Path, tmp_path: Path) -> None:
    path, place = tmp_path / "damaged", settings_of(tmp_path / "place")
    shutil.copy(backup, path)
    work, words = DAMAGES[damage]
    work(path)
    refused = restore_into(place, str(path))
    assert refused.returncode == 1
    assert words in refused.stderr
    assert is_empty(place)


def test_a_damaged_encrypted_backup_is_refused(year: Year, empty_place: Settings, tmp_path: Path) -> None:
    key, path = pyrage.x25519.Identity.generate(), tmp_path / "sealed"
    (tmp_path / "key").write_text(str(key))
    assert coop(year.settings, "backup", "--to", str(path), "--encrypt-to", str(key.to_public())).returncode == 0
    for damage in (lambda path: flip(path, 0.5), cut):
        damage(path)
        refused = restore_into(empty_place, str(path), "--identity", str(tmp_path / "key"))
        assert refused.returncode == 1
        assert "does not open" in refused.stderr
        assert is_empty(empty_place)


def test_nothing_is_overwritten(year: Year, backup: Path, tmp_path: Path) -> None:
    again = coop(year.settings, "backup", "--to", str(backup))
    assert (again.returncode, "exists already" in again.stderr) == (1, True)
    onto = year.copy(tmp_path / "data")
    before = (onto.data_dir / "billing.db").read_bytes()
    refused = coop(onto, "restore", str(backup))
    assert refused.returncode == 1
    assert "members.db" in refused.stderr
    assert "empty folder only" in refused.stderr
    assert (onto.data_dir / "billing.db").read_bytes() == before


def test_a_backup_is_refused_where_the_disk_is_short(
    year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    refused = coop(year.settings, "backup", "--to", str(tmp_path / "b"))
    assert refused.returncode == 1
    assert "0 MiB free" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def restore_into(place: Settings, path: str, *arguments: str) -> Done:
    more = {"COOP_DATABASE_URL": place.database_url} if place.database_url else {}
    return coop(place, "restore", path, *arguments, **more)


def is_empty(place: Settings) -> bool:
    """True when nothing at all was written."""
    if place.database_url:
        engine = create_engine(place.database_url)
        with engine.connect() as sql:
            schemas = set(inspect(sql).get_schema_names())
        engine.dispose()
        return schemas == {"information_schema", "public"}
    return not place.data_dir.exists() or not list(place.data_dir.iterdir())
