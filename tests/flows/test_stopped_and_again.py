"""Played twice, stopped or killed on the way: always the same bills, votes, tranches, measurements and balances."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from coop.demo.doors import Doors
from coop.demo.playing import Mark, Progress, play_year, through_http
from coop.demo.stream import complete_by
from coop.kit.settings import Settings
from coop.values import midnight
from coop.verification import verify_bills, verify_journals
from tests.flows.conftest import Year
from tests.flows.installation import SECRET, embedded, state_of
from tests.servers.process import free_port


def test_playing_the_year_again_changes_nothing(year: Year, tmp_path: Path) -> None:
    year.copy(tmp_path / "data")
    with embedded(tmp_path / "data") as settings, Doors(settings, settings.public_url()) as doors:
        again = Mark(tmp_path / "played again.json", year.plan)
        play_year(year.plan, doors, through_http(doors), again, lambda _: None)
        doors.settled()
        assert state_of(doors) == year.state
    assert verify_journals(settings, print)


def test_stopped_by_a_signal_and_killed_by_another_it_comes_to_the_same_year(year: Year, tmp_path: Path) -> None:
    """`coop run` is stopped as by Ctrl-C in spring and killed as by a power cut in autumn; each time it goes on."""
    folder = tmp_path / "data"
    stops = [(signal.SIGINT, datetime(2025, 4, 20, tzinfo=UTC)), (signal.SIGKILL, datetime(2025, 9, 7, tzinfo=UTC))]
    for how, when in stops:
        with running(folder) as (process, _):
            wait_until(lambda when=when: played_until(folder) >= when, process)  # type: ignore[misc]
            process.send_signal(how)
            assert process.wait(30) == (128 + how if how is signal.SIGINT else -how)
        assert when <= played_until(folder) < midnight(complete_by(year.plan))
    with running(folder) as (process, settings):
        wait_until(lambda: played_until(folder) > midnight(complete_by(year.plan)), process)
        with Doors(settings, settings.public_url()) as doors:
            doors.settled()
            assert state_of(doors) == year.state
    assert verify_bills(settings, "", print)
    assert verify_journals(settings, print)


def test_a_year_that_is_in_is_not_played_again(year: Year, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "data")
    seen: list[Progress] = []
    mark = Mark(settings.data_dir / "demonstration.json", year.plan)
    with Doors(settings, "http://127.0.0.1:9", patience_s=0) as nowhere:
        assert play_year(year.plan, nowhere, through_http(nowhere), mark, seen.append) == 0
    assert seen == []


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Settings]]:
    """`coop run` as a process of its own, killed when the block ends."""
    settings = Settings(data_dir=folder, secret=SECRET, port=free_port())
    environment = {
        **os.environ,
        "COOP_DATA_DIR": str(folder),
        "COOP_SECRET": SECRET,
        "COOP_PORT": str(settings.port),
    }
    folder.mkdir(exist_ok=True)
    with (folder.parent / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "coop", "run", "--size", "4", "--no-live"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield process, settings
    finally:
        process.kill()
        process.wait()


def played_until(folder: Path) -> datetime:
    """How far the demonstration came, by its own note."""
    try:
        return datetime.fromisoformat(orjson.loads((folder / "demonstration.json").read_bytes())["done"])
    except FileNotFoundError:
        return datetime.min.replace(tzinfo=UTC)


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[bytes], patience_s: float = 300) -> None:
    """Return when it is so.

    Raises:
        TimeoutError: it does not become so, or the process ended.
    """
    deadline = time.monotonic() + patience_s
    while not reached():
        if time.monotonic() > deadline or process.poll() is not None:
            raise TimeoutError(f"it did not come so far; the process ended with {process.poll()}")
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _log_of_the_process(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Shows what the process printed beside what went wrong with it."""
    yield
    if (tmp_path / "log").exists():
        print((tmp_path / "log").read_text())
