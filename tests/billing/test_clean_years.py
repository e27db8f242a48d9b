"""Years in which nothing is wrong: weather, moves, tariffs, figures and late readings hold no run."""

from __future__ import annotations

import os
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from coop.events import Event
from coop.kit.database import Database
from coop.values import Period
from tests.billing.neighbourhood import SHARE_OF_YEAR, SUN, bill, notify, publish
from tests.billing.village import admitted, allocated, closed, ended, hear, measured, signed, tariff_adopted

pytestmark = pytest.mark.slow

YEARS = int(os.environ.get("CLEAN_YEARS", "2"))
"""At most two: the prices here are above the maxima of years before. Five seeds make a decade."""
SEED = int(os.environ.get("CLEAN_SEED", "26"))
HOMES = int(os.environ.get("CLEAN_HOMES", "14"))
FIRST_YEAR = 2026 - YEARS


def test_no_brake_holds_a_run_of_years_in_which_nothing_is_wrong(database: Database) -> None:
    rng = random.Random(SEED)
    of_year = {f"home-{n:03}": Decimal(rng.randint(16_000, 42_000)) / 1000 for n in range(HOMES)}
    hear(database, tariff_adopted("tariff-0", date(FIRST_YEAR, 1, 1), date(FIRST_YEAR - 1, 12, 3), **_prices(0)))
    for home in of_year:
        hear(database, admitted(home, date(FIRST_YEAR - 1, 6, 1)), signed(home, date(FIRST_YEAR, 1, 1)))
    held, leaver = [], ""
    for number in range(YEARS * 12):
        month = Period.month(FIRST_YEAR + number // 12, number % 12 + 1)
        if number and number % 12 == 0:
            _begin_year(database, month.start, rng)
        of_year.pop(leaver, None)
        if number % 7 == 5:
            leaver = _move(database, month, of_year, number)
        hear(database, *_use(month, of_year, rng), *_read_again(month, of_year, rng))
        run = bill(database, month)
        held += [(str(month), brake.code) for brake in run.brakes]
        if run.brakes:
            break
    assert held == []


def _prices(number: int) -> dict[str, str]:
    return {"heat": f"{36 + number % 3}.00"}


def _begin_year(database: Database, day: date, rng: random.Random) -> None:
    """A new tariff, told in time, and the index of the year before."""
    number = day.year - FIRST_YEAR
    tariff = tariff_adopted(f"tariff-{number}", day, day - timedelta(days=28), **_prices(number))
    hear(database, tariff)
    notify(database, f"tariff-{number}", day - timedelta(days=20))
    publish(database, day.year - 1, f"1.0{rng.randint(1100, 4999)}")


def _move(database: Database, month: Period, of_year: dict[str, Decimal], number: int) -> str:
    """Somebody moves out in the middle of the month, and somebody else begins in another home."""
    leaver = next(iter(of_year))
    hear(database, ended(leaver, month.start + timedelta(days=14)))
    newcomer = f"newcomer-{number:03}"
    begins = month.start + timedelta(days=9)
    hear(database, admitted(newcomer, begins), signed(newcomer, begins))
    of_year[newcomer] = of_year[leaver]
    return leaver


def _use(month: Period, of_year: dict[str, Decimal], rng: random.Random) -> list[Event]:
    """A month by its weather: each home a little otherwise, one of them read by estimate."""
    weather = Decimal(rng.randint(78, 125)) / 100
    heat = [
        measured(home, month, str(_heat_gj(home, gj, month, weather, rng)), estimated=rng.random() < 0.02)
        for home, gj in of_year.items()
    ]
    sun = Decimal(rng.randint(60, 140)) / 100
    wh = {home: round(SUN[month.start.month - 1] * 4_000 * sun * rng.randint(70, 130) / 100) for home in of_year}
    shares = [allocated(home, month, wh[home]) for home in of_year]
    return [*heat, *shares, closed(month, len(heat), len(shares))]


def _heat_gj(home: str, gj: Decimal, month: Period, weather: Decimal, rng: random.Random) -> Decimal:
    begun = 0.6 if home == f"newcomer-{month.start:%m}" else 1.0
    share = Decimal(SHARE_OF_YEAR[month.start.month - 1])
    tap = Decimal("0.0175")
    varied = (share - tap) * weather * rng.randint(80, 120) / 100 + tap * rng.randint(60, 140) / 100
    return round(gj * varied * Decimal(begun), 3)


def _read_again(month: Period, of_year: dict[str, Decimal], rng: random.Random) -> list[Event]:
    """One reading of the month before comes late and says a little else."""
    before = Period.month(month.start.year - (month.start.month == 1), (month.start.month - 2) % 12 + 1)
    longest = [home for home in of_year if home.startswith("home-")][-1]
    if before.start.year < FIRST_YEAR or month.start.month % 4:
        return []
    gj = of_year[longest] * Decimal(SHARE_OF_YEAR[before.start.month - 1]) * rng.randint(90, 110) / 100
    return [measured(longest, before, str(round(gj, 3)), 2, "read late"), closed(before, 1, 0, revision=2)]
