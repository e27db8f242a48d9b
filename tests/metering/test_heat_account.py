"""The account of heat that no meter in a home saw, interval by interval, against a count by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.fields import PREFIX
from coop.metering.model import Meter, MeterKind, Quantity, Stand
from coop.metering.periods.account_loading import load_account
from coop.metering.periods.results import compute_period
from coop.metering.register.commands import register_meters
from coop.metering.service import METERING
from coop.values import Period, civil_date, midnight
from tests.desk import open_desk, sign_in
from tests.metering.homes import INSTALLED, NOW, close_anyway, deliver, gj, quarters, set_clock, writing

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
START = MARCH.start_at
HOURS = 743


def fed(hour: int) -> int:
    """Heat that the pump fed in in an hour [J]."""
    return 9_000_000 + hour * 1_000 % 700_001


def drawn(home: int, hour: int) -> int:
    """Heat that a home drew in an hour [J]: at times all three together more than was fed in."""
    return (hour * 7_919 + home * 104_729) % 6_000_003


def stands(meter: str, home: int, every_h: int) -> list[Stand]:
    """Cumulative readings in J."""
    total, told = 5_000_000_000, []
    for hour in range(HOURS + 1):
        if hour % every_h == 0 or hour == HOURS:
            told.append(Stand(meter, Quantity.HEAT, START + timedelta(hours=hour), Decimal(total), "J"))
        total += drawn(home, hour)
    return told


def deliver_hours(tx: Tx) -> None:
    """A pump and two homes by hourly values, a third home by readings each hour."""
    deliver(tx, quarters("WP1", START, [fed(hour) for hour in range(HOURS)], Quantity.HEAT, unit="J", step_s=3600))
    for home in (1, 2):
        values = [drawn(home, hour) for hour in range(HOURS)]
        deliver(tx, quarters(f"H{home}", START, values, Quantity.HEAT, unit="J", step_s=3600))
    deliver(tx, *stands("H3", 3, 1))


def test_the_residual_of_every_hour_stands_on_an_account_to_the_joule(database: Database) -> None:
    with writing(database) as tx:
        deliver_hours(tx)
        account = load_account(tx, MARCH)
        plant = compute_period(tx, MARCH).plant
    balance = 0
    assert len(account.entries) == HOURS
    assert any(one.out_of_j for one in account.entries)
    for hour, one in enumerate(account.entries):
        left = fed(hour) - sum(drawn(home, hour) for home in (1, 2, 3))
        balance += left
        assert (one.start, one.into_j, one.out_of_j, one.balance_j, one.unsure) == (
            START + timedelta(hours=hour), max(left, 0), max(-left, 0), balance, (),
        )  # fmt: skip
    assert plant is not None
    assert account.balance_j == plant.heat_produced_j - plant.heat_delivered_j
    assert account.booked_permille == 1000


def test_an_entry_is_traced_to_the_meters_that_it_comes_from(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver_hours(tx)
        account = load_account(tx, MARCH)
    hour = next(k for k, one in enumerate(account.entries) if one.out_of_j)
    found = account.find_parts(account.entries[hour].from_s + 1799)
    assert found is not None
    entry, parts = found
    assert entry == account.entries[hour]
    assert {one.serial: one.energy_j for one in parts} == {
        "WP1": fed(hour), **{f"H{home}": drawn(home, hour) for home in (1, 2, 3)}
    }  # fmt: skip
    drew = [one for one in parts if not one.feeds]
    assert sum(one.from_feed_j for one in drew) == entry.fed_in_j
    assert sum(one.energy_j - one.from_feed_j for one in drew) == entry.out_of_j


def test_homes_that_are_read_by_the_day_make_entries_of_civil_days(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver_hours(tx)
        register_meters(tx, [Meter("H4", MeterKind.HEAT, "C4", INSTALLED)])
        read = [midnight(MARCH.start + timedelta(days=day)) for day in range(32)]
        deliver(tx, *(gj("H4", at, str(Decimal("3") + day * Decimal("0.01"))) for day, at in enumerate(read)))
        account = load_account(tx, MARCH)
    hours = [round((after - at).total_seconds()) // 3600 for at, after in pairwise(read)]
    assert [one.start for one in account.entries] == read[:-1], "the day of 23 hours is one entry as well"
    at = 0
    for one, count in zip(account.entries, hours, strict=True):
        left = sum(fed(k) - sum(drawn(home, k) for home in (1, 2, 3)) for k in range(at, at + count)) - 10_000_000
        assert one.residual_j == left
        at += count


def missing_hour(tx: Tx) -> None:
    deliver(tx, quarters("WP1", START, [fed(hour) for hour in range(300)], Quantity.HEAT, unit="J", step_s=3600))
    later = [fed(hour) for hour in range(301, HOURS)]
    deliver(tx, quarters("WP1", START + timedelta(hours=301), later, Quantity.HEAT, unit="J", step_s=3600))
    for home in (1, 2, 3):
        deliver(tx, *stands(f"H{home}", home, 1))


def never_read(tx: Tx) -> None:
    deliver(tx, quarters("WP1", START, [fed(hour) for hour in range(HOURS)], Quantity.HEAT, unit="J", step_s=3600))
    for home in (1, 3):
        deliver(tx, *stands(f"H{home}", home, 1))


@pytest.mark.parametrize(
    ("fill", "serial", "unsure"),
    [(missing_hour, "WP1", [300]), (never_read, "H2", list(range(HOURS)))],
    ids=["an hour is missing", "a home was never read"],
)
def test_nothing_is_booked_where_a_meter_does_not_tell_all_and_it_is_named(
    one_database: Database, fill: Callable[[Tx], None], serial: str, unsure: list[int]
) -> None:
    with writing(one_database) as tx:
        fill(tx)
        account = load_account(tx, MARCH)
    assert [k for k, one in enumerate(account.entries) if one.unsure] == unsure
    assert {one.unsure for one in account.entries if one.unsure} == {(serial,)}
    assert all(one.residual_j == 0 for one in account.entries if one.unsure)
    assert account.booked_permille == (HOURS - len(unsure)) * 1000 // HOURS


def test_common_heat_is_drawn_and_no_loss(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver_hours(tx)
        without = load_account(tx, MARCH).balance_j
        register_meters(tx, [Meter("HALL", MeterKind.HEAT, None, INSTALLED)])
        deliver(tx, quarters("HALL", START, [11_000] * HOURS, Quantity.HEAT, unit="J", step_s=3600))
        account = load_account(tx, MARCH)
    assert without - account.balance_j == 11_000 * HOURS
    assert len(account.entries) == HOURS


def test_a_closed_month_keeps_the_account_that_it_was_closed_with(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver_hours(tx)
        close_anyway(tx, MARCH)
        closed = load_account(tx, MARCH)
    set_clock(one_database, NOW + timedelta(days=1))
    with writing(one_database) as tx:
        deliver(tx, quarters("WP1", START, [5], Quantity.HEAT, [4], unit="J", step_s=3600))
        assert load_account(tx, MARCH).entries == closed.entries
        now = load_account(tx, MARCH, tx.now)
    assert now.entries[0].fed_in_j == 5 < closed.entries[0].fed_in_j


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        yield client


def test_the_account_is_shown_in_a_plot_and_leaves_as_a_file_and_over_the_api(
    desk: TestClient, one_database: Database
) -> None:
    with writing(one_database) as tx:
        deliver_hours(tx)
        account = load_account(tx, MARCH)
    sign_in(desk, "board")
    told = desk.get(f"{PREFIX}/heat-account", params={"period": "2025-03"}).json()
    assert (told["balance_j"], len(told["entries"])) == (account.balance_j, HOURS)
    hour = next(one for one in account.entries if one.out_of_j)
    asked = {"period": "2025-03", "at": hour.start.isoformat()}
    parts = desk.get(f"{PREFIX}/heat-account/parts", params=asked).json()["parts"]
    assert {one["serial"] for one in parts} == {"WP1", "H1", "H2", "H3"}
    chosen: dict[str, str] = {"period": "2025-03", "day": str(civil_date(hour.start)), "at": str(hour.from_s)}
    page = desk.get("/metering/heat-account", params=chosen, headers={"accept": "text/html"}).text
    assert page.count("<svg") >= 4, "the month and the day, each for desk and phone"
    assert "/metering/meters/H2?period=2025-03" in page
    lines = desk.get("/metering/exports/heat-account.csv", params={"period": "2025-03"}).text.splitlines()
    assert len(lines) == HOURS + 1
    book = desk.get("/metering/exports/heat-account.xlsx", params={"period": "2025-03"})
    assert book.status_code == 200
    whose = desk.get("/metering/exports/heat-account-parts.csv", params={"period": "2025-03", "at": hour.from_s})
    assert len(whose.text.splitlines()) == 5


def test_a_member_sees_no_account_that_would_tell_of_neighbours(desk: TestClient) -> None:
    sign_in(desk, "member")
    for address in (
        f"{PREFIX}/heat-account?period=2025-03",
        "/metering/heat-account",
        "/metering/exports/heat-account.csv",
    ):
        assert desk.get(address).status_code == 403
