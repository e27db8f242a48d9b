"""One played year for all tests of the flows, and an empty house for each that builds its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_year, through_http
from coop.kit.service import Room
from coop.kit.settings import Settings
from tests.flows.installation import SECRET, embedded, state_of
from tests.flows.town import PlayedTown, Town, close_rooms, play_town

PLAN = DemoPlan(size=4)


@dataclass(frozen=True)
class Year:
    """The demonstration of four connections, played to the end by an uninterrupted installation that is closed now.

    Tests read its files in place; one that changes them asks for a ``copy``.
    """

    plan: DemoPlan
    folder: Path
    state: dict[str, Any]

    @property
    def settings(self) -> Settings:
        """Settings of its installation."""
        return settings_of(self.folder)

    def copy(self, folder: Path) -> Settings:
        """Settings of a copy of it, free to be changed."""
        shutil.copytree(self.folder, folder)
        return settings_of(folder)


def settings_of(folder: Path) -> Settings:
    """Settings of an installation whose files are in ``folder``."""
    return Settings(data_dir=folder, secret=SECRET)


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    """The played year."""
    folder = tmp_path_factory.mktemp("year")
    with embedded(folder) as settings, Doors(settings, settings.public_url()) as doors:
        play_year(PLAN, doors, through_http(doors), Mark(folder / "demonstration.json", PLAN), lambda _: None)
        doors.settled()
        state = state_of(doors)
    return Year(PLAN, folder, state)


@pytest.fixture(scope="session")
def played_town(tmp_path_factory: pytest.TempPathFactory) -> PlayedTown:
    """Two co-operatives that have lived through their year in one installation."""
    return play_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def town(played_town: PlayedTown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A copy of the two that runs."""
    with played_town.opened(tmp_path_factory.mktemp("copy") / "data") as opened:
        yield opened


@pytest.fixture(scope="module")
def rooms(town: Town) -> Iterator[dict[str, Room]]:
    """The databases of the two."""
    opened = town.open_rooms()
    yield opened
    close_rooms(opened)


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    """The doors of an empty installation that runs while the test does."""
    with embedded(tmp_path / "data") as settings, Doors(settings, settings.public_url(), patience_s=30) as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of the installation behind ``doors``, for the command line beside it."""
    return settings_of(tmp_path / "data")
