"""One clock for meters, meetings and whoever looks: that of the day on which the played year is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from coop.demo.clock import PlayedClock, days_back_to
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_live
from coop.demo.stream import Delivery
from coop.kit.clock import SYSTEM_CLOCK, today
from coop.values import midnight
from tests.kit.clocks import SetClock


def test_when_the_year_is_in_it_is_the_day_after_all_of_it_came(plan: DemoPlan) -> None:
    clock = PlayedClock(days_back_to(plan, today(SYSTEM_CLOCK)))
    assert abs((today(clock) - date(2026, 1, 22)).days) <= 1  # an hour of summer may lie between the two midnights
    later = PlayedClock(days_back_to(DemoPlan(size=4, seed=1, year=2089), today(SYSTEM_CLOCK)))
    assert today(later).year == 2090


def test_a_demonstration_that_goes_on_keeps_its_clock(plan: DemoPlan, tmp_path: Path) -> None:
    Mark(tmp_path / "mark.json", plan, days_back=9).note(None)
    assert Mark(tmp_path / "mark.json", plan, days_back=40).days_back == 9


def test_no_meter_speaks_before_the_clock_of_its_installation(
    plan: DemoPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = midnight(date(2026, 1, 22)) + timedelta(hours=12)
    clock, mark, heard, silent = SetClock(noon), Mark(tmp_path / "mark.json", plan), list[datetime](), 0
    mark.note(noon - timedelta(hours=1))

    def speak(plan: DemoPlan, start_at: datetime) -> Iterator[Delivery]:
        """A telegram every ten minutes."""
        return (Delivery("p1", "g", start_at + each * timedelta(minutes=10), b"") for each in count())

    def deliver(batch: Sequence[Delivery]) -> None:
        nonlocal silent
        heard.extend(delivery.received_at for delivery in batch)
        silent = 0

    def going_on() -> bool:
        """Until nothing came for some looks: an hour goes by then, and once more it ends."""
        nonlocal silent
        silent += 1
        if silent > 5 and clock.now() == noon:
            assert heard == [noon - minutes * timedelta(minutes=1) for minutes in (60, 50, 40, 30, 20, 10, 0)]
            clock.set(noon + timedelta(minutes=30))
            silent = 0
        return silent <= 5

    monkeypatch.setattr("coop.demo.playing.live", speak)
    play_live(plan, cast(Doors, None), deliver, mark, 0, going_on, clock)
    assert heard[7:] == [noon + minutes * timedelta(minutes=1) for minutes in (10, 20, 30)]
