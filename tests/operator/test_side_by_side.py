"""Parts of a verification that run in processes side by side tell what they tell one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coop.kit.settings import Settings
from coop.operator.findings import Echo
from coop.operator.side_by_side import run_parts
from coop.values import CoopError


def say_where(settings: Settings, community: str, echo: Echo) -> bool:
    """Say in which process a co-operative was verified."""
    echo(f"{community} {os.getpid()}")
    return True


def find_one(settings: Settings, community: str, echo: Echo) -> bool:
    """Find something wrong."""
    echo(f"{community} is wrong")
    return False


def refuse(settings: Settings, community: str, echo: Echo) -> bool:
    """Refuse."""
    raise CoopError("set-aside", f"{community} is set aside")


def begin(settings: Settings, community: str, echo: Echo) -> bool:
    """Leave a mark."""
    (settings.data_dir / "begun").touch()
    return say_where(settings, community, echo)


def wait(settings: Settings, community: str, echo: Echo) -> bool:
    """Wait for the mark of another part."""
    until = time.monotonic() + 120
    while not (settings.data_dir / "begun").exists():
        assert time.monotonic() < until, "no other part began meanwhile"
        time.sleep(0.05)
    return say_where(settings, community, echo)


def end_elsewhere(settings: Settings, community: str, echo: Echo) -> bool:
    """End any process but that of the test at once, as one that is short of memory is ended."""
    echo(f"{community} tried")
    if (settings.data_dir / "here").read_text() != str(os.getpid()):
        (settings.data_dir / "begun").touch()
        os._exit(9)
    return True


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_what_parts_find_is_told_in_their_order(tmp_path: Path, jobs: int) -> None:
    said: list[str] = []
    parts = [(find_one, "a"), (say_where, "b"), (find_one, "c"), (say_where, "d")]
    assert not run_parts(Settings(data_dir=tmp_path), parts, jobs, said.append)
    assert [line.split()[0] for line in said] == ["a", "b", "c", "d"]
    assert said[3] == f"d {os.getpid()}"  # the last one is done here


def test_parts_run_at_the_same_time(tmp_path: Path) -> None:
    said: list[str] = []
    assert run_parts(Settings(data_dir=tmp_path), [(begin, "a"), (wait, "b")], 2, said.append)
    assert len({line.split()[1] for line in said}) == 2  # two processes


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_refuses_in_another_process_refuses_here(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(CoopError, match="a is set aside"):
        run_parts(Settings(data_dir=tmp_path), [(refuse, "a"), (say_where, "b")], jobs, lambda _: None)


def test_a_part_whose_process_was_ended_is_done_here(tmp_path: Path) -> None:
    (tmp_path / "here").write_text(str(os.getpid()))
    said: list[str] = []
    assert run_parts(Settings(data_dir=tmp_path), [(end_elsewhere, "a"), (wait, "b")], 2, said.append)
    assert said == ["a tried", f"b {os.getpid()}"]


def test_a_verification_loads_neither_services_nor_pages() -> None:
    unwanted = ["fastapi", "aiokafka", "openpyxl", "coop.operator.services", "coop.operator.pages", "coop.web.app"]
    program = (
        "import sys, coop.operator.cli, coop.operator.side_by_side\n"
        f"print(*[name for name in {unwanted} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
