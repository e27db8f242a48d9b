"""The watched folder: whole files are taken, half-written ones wait, and what is refused says why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coop.kit.database import Database
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.metering.intake import receive, uploads
from coop.metering.intake.folder import FILE_MAX, QUIET_S, FolderDoor
from coop.metering.model import Delivery
from coop.metering.readings.arrivals import list_imports
from coop.metering.receipt import Receipt
from coop.metering.service import METERING
from tests.desk import SECRETARY, open_desk, sign_in
from tests.kit.test_sheets import xlsx
from tests.metering.homes import COMMUNITY, latest_values

KEPT = {
    "time_column": "Datum",
    "meter_column": "Meter",
    "columns": [{"column": "GJ", "quantity": "heat", "unit": "GJ"}],
    "delimiter": ";",
    "decimal": ",",
    "timezone": "Europe/Amsterdam",
    "time_format": "%d-%m-%Y %H:%M",
}
LINES = [
    ("Meter", "Datum", "GJ"),
    ("H1", "01-03-2025 00:00", "12,34"),
    ("H1", "02-03-2025 00:00", "12,40"),
    ("H2", "01-03-2025 00:00", "3,50"),
]
BODY = "\n".join(";".join(line) for line in LINES).encode()
TAKEN = {("H1", "heat", "stand"): [1234, 1240], ("H2", "heat", "stand"): [350]}


@pytest.fixture
def portal(one_database: Database, tmp_path: Path) -> Path:
    """The folder of a mapping that is kept under the name ``portal``."""
    with one_database.write(COMMUNITY, SECRETARY) as tx:
        uploads.keep_mapping(tx, "portal", KEPT)
    folder = tmp_path / COMMUNITY / "portal"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def door(one_database: Database, tmp_path: Path) -> FolderDoor:
    return FolderDoor(Room(METERING, one_database, Settings()), tmp_path)


def look_twice(door: FolderDoor) -> None:
    """Two looks, so far apart that what did not change between them is complete."""
    door.look(0.0)
    door.look(QUIET_S)


def values(database: Database) -> dict[tuple[str, str, str], list[int]]:
    return {key: [value // 10**7 for value, _ in of.values()] for key, of in latest_values(database).items()}


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def reason_of(folder: Path) -> str:
    [text] = (folder / "refused").glob("*.txt")
    return text.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_is_taken_whole_and_moved_and_may_be_taken_back_as_any_other(
    one_database: Database, portal: Path, door: FolderDoor, form: str
) -> None:
    (portal / f"march.{form}").write_bytes(xlsx(*LINES) if form == "xlsx" else BODY)
    look_twice(door)
    assert values(one_database) == TAKEN
    assert left(portal) == left(portal / "refused") == []
    [moved] = (portal / "taken").iterdir()
    assert moved.name.endswith(f"Z-march.{form}")
    with one_database.read(COMMUNITY) as tx:
        [(taken, is_undone)] = list_imports(tx)
    assert (taken.gateway, taken.actor, taken.channel, is_undone) == (f"march.{form}", "operator", "folder", False)


def test_a_file_that_is_still_being_written_is_left_until_it_is_complete(
    one_database: Database, portal: Path, door: FolderDoor
) -> None:
    file, half = portal / "march.csv", BODY[: BODY.index(b"02-03")]
    file.write_bytes(half)
    (portal / "april.csv.part").write_bytes(BODY)
    (portal / ".may.csv").write_bytes(BODY)
    door.look(0.0)
    file.write_bytes(BODY)
    door.look(QUIET_S)
    os.utime(file, ns=(1, 1))  # its program sets the time of change when it is done
    door.look(2 * QUIET_S)
    door.look(3 * QUIET_S - 1)
    assert values(one_database) == {}
    door.look(3 * QUIET_S)
    assert values(one_database) == TAKEN
    assert left(portal) == [".may.csv", "april.csv.part"]


def test_a_file_that_changes_while_it_is_read_is_read_again(
    one_database: Database, portal: Path, door: FolderDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, read = portal / "march.csv", Path.read_bytes
    file.write_bytes(BODY[: BODY.index(b"\nH2")])

    def read_while_it_grows(path: Path) -> bytes:
        body = read(path)
        if path == file:
            file.write_bytes(BODY)
        return body

    door.look(0.0)
    monkeypatch.setattr(Path, "read_bytes", read_while_it_grows)
    door.look(QUIET_S)
    assert (values(one_database), left(portal)) == ({}, ["march.csv"])
    monkeypatch.undo()
    door.look(QUIET_S)
    door.look(2 * QUIET_S)
    assert values(one_database) == TAKEN


REFUSALS = {
    "a bad line": (
        BODY.replace(b"12,40", b"12,30"),
        ["regel 3, GJ: 12,3 GJ is lager dan 12,34 GJ", "line 3, GJ: 12.3 GJ is below 12.34 GJ"],
    ),
    "a meter that is not ours": (BODY.replace(b"H2", b"H9"), ["H9"]),
    "a column that went": (BODY.replace(b"GJ", b"MJ"), ["geen kolom GJ", "no column GJ"]),
    "nothing in it": (b"", ["the file is empty"]),
    "no table": (b"\x00\xff" * 100, ["march.csv is geweigerd", "march.csv is refused"]),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_nothing_of_a_bad_file_is_taken_and_it_says_why_in_both_languages(
    one_database: Database, portal: Path, door: FolderDoor, case: str
) -> None:
    body, reasons = REFUSALS[case]
    (portal / "march.csv").write_bytes(body)
    (portal / "next.csv").write_bytes(BODY)
    look_twice(door)
    said = reason_of(portal)
    assert all(reason in said for reason in reasons), said
    assert [path.read_bytes() for path in (portal / "refused").glob("*.csv")] == [body]
    assert values(one_database) == TAKEN, "the file beside it is taken"
    assert left(portal) == []
    assert door.trouble is None


@pytest.mark.parametrize("place", ["", "other", "portal/2025"])
def test_a_file_in_a_folder_that_no_mapping_has_says_so_there(
    one_database: Database, portal: Path, door: FolderDoor, place: str
) -> None:
    folder = portal.parent / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "march.csv").write_bytes(BODY)
    look_twice(door)
    assert f"nothing is kept under the name '{place}', only under portal" in reason_of(folder)
    assert values(one_database) == {}


def test_what_lies_in_no_folder_of_a_co_operative_stays_where_it_is(
    one_database: Database, portal: Path, door: FolderDoor, tmp_path: Path
) -> None:
    """Somebody names the folder of the databases by mistake."""
    other = tmp_path / "elsewhere" / "portal"
    other.mkdir(parents=True)
    (other / "march.csv").write_bytes(BODY)
    (tmp_path / "march.csv").write_bytes(BODY)
    look_twice(door)
    assert [*left(other), *left(other.parent)] == ["march.csv"]
    assert {"march.csv", "metering.db"} <= set(left(tmp_path))
    assert values(one_database) == {}


def test_two_processes_that_look_at_once_take_it_once(
    one_database: Database, portal: Path, door: FolderDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (portal / "march.csv").write_bytes(BODY)
    other, read = FolderDoor(Room(METERING, one_database, Settings()), tmp_path), Path.read_bytes
    other.look(0.0)

    def read_as_the_other_moves_it(path: Path) -> bytes:
        body = read(path)
        monkeypatch.undo()
        door.look(QUIET_S)
        return body

    door.look(0.0)
    monkeypatch.setattr(Path, "read_bytes", read_as_the_other_moves_it)
    other.look(QUIET_S)
    assert (values(one_database), left(portal), left(portal / "refused")) == (TAKEN, [], [])
    assert len(left(portal / "taken")) == 1


def test_a_file_that_grows_while_it_is_taken_stays_for_the_next_look(
    one_database: Database, portal: Path, door: FolderDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, real = portal / "march.csv", receive.receive
    file.write_bytes(BODY[:-3])  # the last number is cut in two

    def receive_while_it_grows(tx: Tx, delivery: Delivery) -> Receipt:
        file.write_bytes(BODY)
        return real(tx, delivery)

    monkeypatch.setattr(receive, "receive", receive_while_it_grows)
    look_twice(door)
    assert left(portal) == ["march.csv"]
    monkeypatch.undo()
    for looked_at_s in (2 * QUIET_S, 3 * QUIET_S):
        door.look(looked_at_s)
    assert (values(one_database), left(portal)) == (TAKEN, [])


def test_a_file_that_is_too_large_and_has_too_long_a_name_is_refused_unread(
    one_database: Database, portal: Path, door: FolderDoor
) -> None:
    with (portal / ("m" * 251 + ".csv")).open("wb") as file:
        file.truncate(FILE_MAX + 1)
    look_twice(door)
    assert "the file is too large" in reason_of(portal)


def test_the_same_file_again_changes_nothing_and_keeps_the_first_one(
    one_database: Database, portal: Path, door: FolderDoor
) -> None:
    for _ in range(2):
        (portal / "march.csv").write_bytes(BODY)
        look_twice(door)
    assert values(one_database) == TAKEN
    assert len(left(portal / "taken")) == 2
    with one_database.read(COMMUNITY) as tx:
        assert len(list_imports(tx)) == 1


def test_a_link_leads_nowhere(one_database: Database, portal: Path, door: FolderDoor, tmp_path: Path) -> None:
    secret = tmp_path / ".secret"
    secret.write_text("signing secret")
    (portal / "march.csv").symlink_to(secret)
    look_twice(door)
    assert not (portal / "refused").exists()
    assert secret.read_text() == "signing secret"


def test_a_folder_that_is_away_is_trouble_until_it_is_back(one_database: Database, tmp_path: Path) -> None:
    door = FolderDoor(Room(METERING, one_database, Settings()), tmp_path / "mounted")
    with pytest.raises(FileNotFoundError):
        door.look(0.0)
    (tmp_path / "mounted").mkdir()
    door.look(0.0)


def test_metering_opens_the_folder_that_the_settings_name(one_database: Database, tmp_path: Path) -> None:
    [door] = METERING.doors(Room(METERING, one_database, Settings(readings_dir=str(tmp_path / "away"))))
    with door:
        while door.trouble is None:
            pass
        assert "FileNotFoundError" in door.trouble
    assert METERING.doors(Room(METERING, one_database, Settings())) == []


def test_the_page_of_gateways_says_what_the_folder_took_and_refused_and_why(
    one_database: Database, portal: Path, door: FolderDoor, tmp_path: Path
) -> None:
    (portal / "good.csv").write_bytes(BODY)
    (portal / "bad.csv").write_bytes(BODY.replace(b"12,34", b"many"))
    look_twice(door)
    with open_desk(METERING, one_database, tmp_path / "desk") as desk:
        sign_in(desk, "board")
        page = desk.get("/metering/gateways", params={"lang": "nl"}).text
        rows = desk.get("/metering/exports/folder.json").json()["rows"]
        parked = desk.get("/metering/data").text
    assert "good.csv" in page
    assert "is geen getal met" in page
    files = {row["name"].rpartition("Z-")[2]: (row["readings"], bool(row["reason"])) for row in rows}
    assert files == {"good.csv": (3, False), "bad.csv": (0, True)}
    assert "is geen getal met" in parked
