"""One demonstration year for all tests of this folder: it takes longer to play than to look at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from coop.demo.acts import close, convene_open_meeting
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_year, through_http
from coop.kit.clock import SYSTEM_CLOCK, today
from coop.values import Period
from tests.browser.house import UNBILLED, House
from tests.flows.installation import embedded

PLAN = DemoPlan(size=5, seed=3)
UNLIKELY_GJ = 40
"""Ten times the heat of a home in January, and still within what its meter can count."""


@dataclass(frozen=True)
class Played:
    """The files of an installation that is closed, and the day on which it was played."""

    folder: Path
    today: date


@pytest.fixture(scope="session")
def played(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A year was played, a meeting is open for votes, and one month waits to be billed.

    It asks for the browser's path first: without a browser nothing is played.
    """
    folder = tmp_path_factory.mktemp("house")
    with embedded(folder) as settings, Doors(settings, settings.public_url()) as doors:
        play_year(PLAN, doors, through_http(doors), Mark(folder / "played.json", PLAN), lambda _: None)
        day: date = today(SYSTEM_CLOCK)
        convene_open_meeting(PLAN, day, doors)
        _one_home_seems_to_burn(doors)
        close(Period.parse(UNBILLED), doors)
        doors.settled()
    return Played(folder, day)


@pytest.fixture(scope="module")
def house(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A copy of it that answers, for one module: what it changes no other meets, whichever came first."""
    folder = tmp_path_factory.mktemp("copy") / "data"
    shutil.copytree(played.folder, folder)
    with embedded(folder) as settings, Doors(settings, settings.public_url()) as doors:
        yield House(settings, PLAN, doors, played.today)


def _one_home_seems_to_burn(doors: Doors) -> None:
    """A stand at the end of the month that is waiting, of the first home whose meter was not exchanged."""
    december = [one for one in doors.get("/metering/api/v1/readings") if one["period_start"] == "2025-12-01"]
    part = next(one["parts"][0] for one in december if len(one["parts"]) == 1)
    stand_gj = Decimal(part["to_stand"]).scaleb(part["exponent"] - 9) + UNLIKELY_GJ
    mapping = {
        "time_column": "at",
        "meter": part["meter"],
        "columns": [{"column": "heat", "quantity": "heat", "unit": "GJ"}],
    }
    body = f"at,heat\n2026-02-01T00:00:00+01:00,{stand_gj}\n".encode()
    doors.post("/metering/api/v1/csv", content=body, params={"mapping": json.dumps(mapping)})
