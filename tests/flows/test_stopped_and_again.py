"""Played twice, stopped or killed on the way: always the same bills, votes, tranches, measurements and balances."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx2
import orjson
import pytest

from coop.demo.clock import PlayedClock
from coop.demo.cooperative import COMMUNITY
from coop.demo.doors import Doors
from coop.demo.playing import Mark, Progress, play_year, through_http
from coop.demo.stream import complete_by
from coop.kit.clock import today
from coop.kit.settings import Settings
from coop.operator.verification import verify_bills, verify_journals
from coop.values import midnight
from coop.web.writing import civil_day
from tests.flows.conftest import Year
from tests.flows.installation import SECRET, coop_process, embedded, state_of, wait_until
from tests.servers.process import free_port

pytestmark = pytest.mark.slow


def test_playing_the_year_again_changes_nothing(year: Year, tmp_path: Path) -> None:
    year.copy(tmp_path / "data")
    with embedded(tmp_path / "data") as settings, Doors(settings, settings.public_url()) as doors:
        again = Mark(tmp_path / "played again.json", year.plan)
        again.note(None)  # as left by a play that was killed right after it began
        play_year(year.plan, doors, through_http(doors), again, lambda _: None)
        doors.settled()
        assert state_of(doors) == year.state
    assert verify_journals(settings, print)


def test_stopped_by_a_signal_and_killed_by_another_it_comes_to_the_same_year(year: Year, tmp_path: Path) -> None:
    """`coop demo` is stopped as by Ctrl-C in spring and killed as by a power cut in autumn; each time it goes on. When
    the year is in, it is the same day for meters, for the meeting to come and for whoever looks at a page."""
    settings = Settings(data_dir=tmp_path / "data", secret=SECRET, port=free_port())
    folder = settings.data_dir
    stops = [(signal.SIGINT, datetime(2025, 4, 20, tzinfo=UTC)), (signal.SIGKILL, datetime(2025, 9, 7, tzinfo=UTC))]
    for how, when in stops:
        with coop_process(settings, "demo", "--size", "4", "--no-live") as process:
            wait_until(lambda when=when: played_until(folder) >= when, process)  # type: ignore[misc]
            process.send_signal(how)
            # After Ctrl-C the server ends by itself, or says with its code who ended it: that depends on the moment.
            assert process.wait(30) in ((0, 128 + how) if how is signal.SIGINT else (-how,))
        assert when <= played_until(folder) < midnight(complete_by(year.plan))
    with coop_process(settings, "demo", "--size", "4", "--no-live") as process:
        wait_until(lambda: Mark(folder / "demonstration.json", year.plan).convened_on is not None, process)
        clock = PlayedClock(Mark(folder / "demonstration.json", year.plan).days_back)
        page = httpx2.get(settings.public_url(), headers={"accept": "text/html"}).text
        assert civil_day("nl", today(clock)) in page.partition("<main")[0]
        with Doors(settings, settings.public_url(), clock=clock) as doors:
            doors.settled()
            coming = max(doors.get("/governance/api/v1/meetings"), key=lambda meeting: meeting["held_on"])
            assert date.fromisoformat(coming["held_on"]) - today(clock) == timedelta(days=14)
            state = state_of(doors)
            for point in coming["resolutions"]:
                del state["governance"]["resolutions"][point["resolution_id"]]
            assert state == year.state
    assert verify_bills(settings, COMMUNITY, "", print)
    assert verify_journals(settings, print)


def test_a_year_that_is_in_is_not_played_again(year: Year, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "data")
    seen: list[Progress] = []
    mark = Mark(settings.data_dir / "demonstration.json", year.plan)
    with Doors(settings, "http://127.0.0.1:9", patience_s=0) as nowhere:
        assert play_year(year.plan, nowhere, through_http(nowhere), mark, seen.append) == 0
    assert seen == []


def played_until(folder: Path) -> datetime:
    """How far the demonstration came, by its own note."""
    path = folder / "demonstration.json"
    done = orjson.loads(path.read_bytes())["done"] if path.exists() else None
    return datetime.fromisoformat(done) if done else datetime.min.replace(tzinfo=UTC)


@pytest.fixture(autouse=True)
def _log_of_the_process(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Shows what the process printed beside what went wrong with it."""
    yield
    if (log := tmp_path / "data" / "log").exists():
        print(log.read_text())
