"""A backup is taken while facts and readings stream, and is of one point in time all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from coop.demo.doors import Doors
from coop.demo.playing import Mark, play_year, through_http
from coop.events import SERVICES
from coop.events.members import MemberLeft
from coop.kit.actor import COMMAND_LINE
from coop.kit.settings import Settings
from coop.operator.keeping.snapshot import Snapshot, find_ahead, read_head, take_snapshot
from coop.operator.runtime import embedded_app, open_rooms
from tests.desk import COMMUNITY
from tests.flows.command import coop
from tests.flows.conftest import Year, settings_of
from tests.flows.installation import SECRET, embedded, state_of
from tests.operator.test_lost_database import issued


@pytest.fixture(params=["sqlite", "postgresql"])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """An installation in which members and billing tell facts without end, and hear each other."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    settings = Settings(data_dir=tmp_path, secret=SECRET, database_url=url, park_limit=100_000)
    app, stop = embedded_app(settings), threading.Event()

    def tell() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with app.state.rooms["members"].database.write(COMMUNITY, COMMAND_LINE) as tx:
                tx.tell(MemberLeft(member_id=f"m-{number}", left_on=date(2025, 1, 1)))
            with app.state.rooms["billing"].database.write(COMMUNITY, COMMAND_LINE) as tx:
                tx.tell(issued(f"b-{number}"))
            time.sleep(0.002)

    with TestClient(app):
        teller = threading.Thread(target=tell)
        teller.start()
        try:
            yield settings
        finally:
            stop.set()
            teller.join()


def test_no_service_remembers_more_than_its_teller_tells_in_any_snapshot(busy: Settings) -> None:
    rooms, ends = open_rooms(busy), []
    wait_until(lambda: knows_each_other(busy))
    for _ in range(15):
        with take_snapshot(rooms) as snapshot:
            time.sleep(0.05)  # facts go on while the views are read
            assert find_ahead(snapshot) == []
            ends.append(read_head(snapshot.view("members")).position)
    assert ends[0] < ends[-1]
    for room in rooms.values():
        room.database.close()


@pytest.mark.parametrize("order", [SERVICES, SERVICES[::-1]], ids=["members first", "members last"])
def test_copies_one_after_the_other_disagree_in_either_order(busy: Settings, order: Sequence[str]) -> None:
    """The control: in a circle of hearers no order is right."""
    wait_until(lambda: knows_each_other(busy))
    wait_until(lambda: bool(disagreements(busy, order)))


def knows_each_other(settings: Settings) -> bool:
    rooms = open_rooms(settings)
    try:
        with take_snapshot(rooms) as snapshot:
            count = "SELECT count(*) FROM source_position WHERE heard_position > 0"
            return all(snapshot.view(name).scalar(text(count)) for name in ("members", "billing"))
    finally:
        for room in rooms.values():
            room.database.close()


def disagreements(settings: Settings, order: Sequence[str]) -> list[str]:
    """What views that are opened one after the other, some time between them, say of each other."""
    rooms = open_rooms(settings)
    with ExitStack() as stack:
        for room in rooms.values():
            stack.callback(room.database.close)
        views = {}
        for name in order:
            sql = stack.enter_context(rooms[name].database.engine.connect())
            if settings.database_url:
                sql.info["begin"] = "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL coop.community = '*'"
            stack.enter_context(sql.begin())
            sql.execute(text("SELECT count(*) FROM journal"))
            views[name] = sql
            time.sleep(0.5)
        return find_ahead(Snapshot(rooms["members"].database.clock.now(), views))


def test_a_backup_of_a_year_that_streams_in_is_whole_and_goes_on_to_the_same_year(year: Year, tmp_path: Path) -> None:
    """One backup is killed half way and leaves nothing; another is restored, and the year is played to its end."""
    folder, backups = tmp_path / "source", tmp_path / "backups"
    backups.mkdir()
    with embedded(folder) as settings, Doors(settings, settings.public_url()) as doors:
        mark = Mark(tmp_path / "source.json", year.plan)
        player = threading.Thread(
            target=play_year, args=(year.plan, doors, through_http(doors), mark, lambda _: None), daemon=True
        )
        player.start()
        wait_until(lambda: count_bills(settings) > 0)
        during, after = backups / "during.tar.gz", backups / "after.tar.gz"
        done = coop(settings, "backup", "--to", str(during))
        assert done.returncode == 0, done.stderr
        assert player.is_alive()
        kill_a_backup(settings, backups)
        player.join()
        doors.settled()
        assert state_of(doors) == year.state
        assert coop(settings, "backup", "--to", str(after)).returncode == 0
    assert {path.name for path in backups.iterdir()} == {during.name, after.name}
    restored = settings_of(tmp_path / "restored")
    assert coop(restored, "restore", str(during)).returncode == 0
    verified = coop(restored, "verify", "--all")
    assert verified.returncode == 0, verified.stdout
    with embedded(restored.data_dir) as settings, Doors(settings, settings.public_url()) as doors:
        assert doors.get("/readyz")["ready"] is True
        assert state_of(doors) != year.state
        again = Mark(tmp_path / "again.json", year.plan)
        again.note(None)
        play_year(year.plan, doors, through_http(doors), again, lambda _: None)
        doors.settled()
        assert state_of(doors) == year.state
        assert doors.get("/readyz")["ready"] is True


def test_a_restore_that_is_killed_leaves_nothing_or_everything(year: Year, tmp_path: Path) -> None:
    backup = tmp_path / "year.tar.gz"
    assert coop(year.settings, "backup", "--to", str(backup)).returncode == 0
    place = settings_of(tmp_path / "place")
    for pause_s in (0.0, 0.3, 0.8):
        with running(place, "restore", str(backup)) as process:
            wait_until(lambda: (place.data_dir / ".restoring" / "billing.db").exists())
            time.sleep(pause_s)
            process.kill()
        if (place.data_dir / "billing.db").exists():
            break  # it was done before it was killed
        assert coop(place, "verify", "--journal").returncode == 1  # there is no installation
        assert not list(place.data_dir.glob("*.db"))
    else:
        assert coop(place, "restore", str(backup)).returncode == 0
    assert coop(place, "verify", "--all").returncode == 0


def test_a_restore_that_is_killed_while_files_move_to_their_places_is_finished_by_the_next_command(
    year: Year, tmp_path: Path
) -> None:
    place = year.copy(tmp_path / "place")
    moved = place.data_dir / ".restored"
    moved.mkdir()
    for name in ("billing.db", "governance.db", "metering.db"):
        (place.data_dir / name).rename(moved / name)
    assert coop(place, "verify", "--all").returncode == 0
    assert not moved.exists()


def kill_a_backup(settings: Settings, folder: Path) -> None:
    """Kill a backup while it writes; what is left is no backup."""
    with running(settings, "backup", "--to", str(folder)) as process:
        wait_until(lambda: any(folder.glob("*.part")))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(list(folder.glob(".*.part"))) == 1


@contextmanager
def running(settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "COOP_DATA_DIR": str(settings.data_dir), "COOP_SECRET": settings.secret}
    process = subprocess.Popen(
        [sys.executable, "-m", "coop", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def count_bills(settings: Settings) -> int:
    rooms = open_rooms(settings, ["billing"], migrate=False)
    with rooms["billing"].database.system_read() as sql:
        count = sql.scalar(text("SELECT count(*) FROM bill")) or 0
    rooms["billing"].database.close()
    return int(count)


def wait_until(is_true: Callable[[], bool], patience_s: float = 120) -> None:
    deadline = time.monotonic() + patience_s
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
