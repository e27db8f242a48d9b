"""Parts of a verification that run in processes side by side tell what they tell one after the other."""

from __future__ import annotations

import os
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


def fail_once(settings: Settings, community: str, echo: Echo) -> bool:
    """End its process at once, the first time that it is asked, as one that is short of memory does."""
    echo(f"{community} tried")
    mark = settings.data_dir / "tried"
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return True


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_what_parts_find_is_told_in_their_order(tmp_path: Path, jobs: int) -> None:
    said: list[str] = []
    parts = [(find_one, "a"), (say_where, "b"), (find_one, "c"), (say_where, "d")]
    assert not run_parts(Settings(data_dir=tmp_path), parts, jobs, said.append)
    assert [line.split()[0] for line in said] == ["a", "b", "c", "d"]
    own, other = (line.split()[1] == str(os.getpid()) for line in (said[3], said[1]))
    assert own  # the last one begins here at once, beside the first
    assert other == (jobs == 1) or jobs == 2


def test_all_that_agrees_agrees(tmp_path: Path) -> None:
    said: list[str] = []
    assert run_parts(Settings(data_dir=tmp_path), [(say_where, "a"), (say_where, "b")], 2, said.append)
    assert len({line.split()[1] for line in said}) == 2  # two processes


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_refuses_in_another_process_refuses_here(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(CoopError, match="a is set aside"):
        run_parts(Settings(data_dir=tmp_path), [(refuse, "a"), (say_where, "b")], jobs, lambda _: None)


def test_a_part_whose_process_was_ended_is_done_here(tmp_path: Path) -> None:
    said: list[str] = []
    assert run_parts(Settings(data_dir=tmp_path), [(fail_once, "a"), (say_where, "b")], 2, said.append)
    assert said == ["a tried", f"b {os.getpid()}"]
