"""Odd meters of a month: each kind planted and named with its reason, whatever came first; what is well is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete

from coop.communities.choices import OdditiesChoice, founding_choices
from coop.communities.heard import on_choice_made
from coop.events.members import ChoiceMade
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.tx import Tx
from coop.metering.jobs import look_for_oddities
from coop.metering.model import Quantity, Stand
from coop.metering.provenance import oddities
from coop.metering.provenance.odd_looks import Look, find_look, keep, list_found
from coop.metering.provenance.oddities import find_oddities
from coop.metering.provenance.tables import odd_look, oddity
from coop.metering.service import METERING
from coop.values import Period
from tests.desk import open_desk, sign_in
from tests.metering.homes import COMMUNITY, LATER, at, deliver, envelope, killed, quarters, set_clock, writing

MARCH = Period.month(2025, 3)
FIRST = at("2025-01-28T12:00")
DAYS = 62


def count_on(meter: str, by_day: Sequence[float], quantity: Quantity = Quantity.HEAT, unit: str = "MJ") -> list[Stand]:
    """A reading at each noon of a register that counts so much a day."""
    total = Decimal(1000)
    stands = []
    for day, used in enumerate(by_day):
        total += Decimal(str(used))
        stands.append(Stand(meter, quantity, FIRST + timedelta(days=day), total, unit))
    return stands


def temperatures(meter: str, flow: int, back: int) -> list[Stand]:
    return [
        Stand(meter, quantity, FIRST + timedelta(days=day), Decimal(value), "degC")
        for quantity, value in ((Quantity.FLOW_TEMPERATURE, flow), (Quantity.RETURN_TEMPERATURE, back))
        for day in range(DAYS)
    ]


def odd(tx: Tx) -> list[tuple[str, str, str]]:
    return [(one.meter, one.quantity.value, str(one.why)) for one in find_oddities(tx, MARCH)]


def well(meter: str, mj: float = 100) -> list[Stand]:
    """A heat meter of which heat, volume and temperatures fit: 100 MJ of 1 m3 cooled by 23.9 degrees."""
    litres = count_on(meter, [round(mj * 10)] * DAYS, Quantity.VOLUME, "l")
    return [*count_on(meter, [mj] * DAYS), *litres, *temperatures(meter, 60, 36)]


@pytest.mark.parametrize("backwards", [False, True])
def test_heat_that_does_not_fit_its_water_is_named_whatever_came_first(one_database: Database, backwards: bool) -> None:
    double = [one for one in well("H1") if one.quantity is not Quantity.HEAT]
    told = [*double, *count_on("H1", [200] * DAYS), *well("H2"), *well("H3")]
    with writing(one_database) as tx:
        for one in (told[::-1] if backwards else told)[:: len(told) // 4]:
            deliver(tx, one)
        deliver(tx, *told)
        [(meter, quantity, why)] = odd(tx)
    # 31 m3 * 24 K * 4.1868 MJ = 3.11 GJ, and 31 * 200 MJ = 6.2 GJ.
    assert (meter, quantity) == ("H1", "heat")
    assert why == "6.20 GJ of heat, while volume and temperatures say 3.11 GJ"


def test_water_that_gives_no_heat_is_named(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, *well("H2"), *count_on("H1", [2] * DAYS), *count_on("H1", [1000] * DAYS, Quantity.VOLUME, "l"))
        assert [(meter, "does a valve leak" in why) for meter, _, why in odd(tx)] == [("H1", True)]


def test_a_meter_that_stands_still_while_others_count_is_named_with_its_days(one_database: Database) -> None:
    stuck = [100] * 40 + [0] * (DAYS - 40)
    with writing(one_database) as tx:
        deliver(tx, *count_on("H1", stuck), *count_on("H2", [100] * DAYS), *count_on("H3", [80] * DAYS))
        assert odd(tx) == [
            ("H1", "heat", "stands still from 2025-03-09 to 2025-03-30, while others count"),
        ]


def test_a_summer_in_which_nobody_counts_is_not_odd(one_database: Database) -> None:
    with writing(one_database) as tx:
        for meter in ("H1", "H2", "H3"):
            deliver(tx, *count_on(meter, [100] * 30 + [0] * (DAYS - 30)))
        assert odd(tx) == []


def test_two_meters_that_changed_places_are_named(one_database: Database) -> None:
    with writing(one_database) as tx:
        for meter, before, now in (("H1", 10, 100), ("H2", 110, 12), ("H3", 50, 45)):
            deliver(tx, *count_on(meter, [before] * 31 + [now] * (DAYS - 31)))
        assert [(meter, why) for meter, _, why in odd(tx)] == [
            ("H1", "counts what H2 counted the month before: were they swapped?"),
            ("H2", "counts what H1 counted the month before: were they swapped?"),
        ]


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        yield sign_in(client, "board")


def test_a_solar_meter_at_night_stands_on_the_page_and_in_the_file(desk: TestClient, one_database: Database) -> None:
    night = [50] * 16 + [0] * 64 + [50] * 16
    with writing(one_database) as tx:
        deliver(tx, quarters("S1", at("2025-03-10T00:00"), night, Quantity.ELECTRICITY_EXPORT))
    unseen = desk.get("/metering/oddities", params={"period": "2025-03", "lang": "nl"}).text
    assert "nog niet bekeken" in unseen
    look(one_database, MARCH.end_at)
    sign_in(desk, "board")
    page = desk.get("/metering/oddities", params={"period": "2025-03", "lang": "nl"})
    assert "in de nacht gemaakt" in page.text
    assert "S1" in desk.get("/metering/exports/oddities.csv?period=2025-03").text
    assert "/metering/oddities?period=2025-03" in desk.get("/metering/data?period=2025-03").text
    assert "Geen meter" in desk.get("/metering/oddities", params={"period": "2025-04", "lang": "nl"}).text
    sign_in(desk, "member", member_id="M1")
    assert desk.get("/metering/oddities").status_code == 403


def look(database: Database, now: datetime) -> str:
    """Let the night come, and look for odd meters."""
    set_clock(database, now)
    return look_for_oddities(Work(database, COMMUNITY, now, "odd-meters"))


def kept(database: Database, month: Period) -> tuple[Look | None, list[tuple[str, str]]]:
    with database.read(COMMUNITY) as tx:
        return find_look(tx, month), [(one.meter, str(one.why)) for one in list_found(tx, month)]


def tell_stuck(database: Database) -> None:
    stuck = [100] * 40 + [0] * (DAYS - 40)
    with writing(database) as tx:
        deliver(tx, *count_on("H1", stuck), *count_on("H2", [100] * DAYS), *count_on("H3", [80] * DAYS))


def test_the_night_looks_only_at_months_of_which_something_was_told_since(one_database: Database) -> None:
    tell_stuck(one_database)
    night = MARCH.end_at + timedelta(days=1)
    assert look(one_database, night) == "2025-01, 2025-02, 2025-03, 2025-04 looked at: 1 odd"
    assert look(one_database, night + timedelta(days=1)) == "nothing was told since the last look at odd meters"
    with writing(one_database) as tx:
        deliver(tx, quarters("E1", at("2025-04-02T00:00"), [10] * 96))
    # What is told of April is held beside March, and May beside April; March stays as it was looked at.
    assert look(one_database, night + timedelta(days=2)) == "2025-04 looked at: 0 odd"
    before, found = kept(one_database, MARCH)
    assert before is not None
    assert before.looked_at == night
    assert found == [("H1", "stands still from 2025-03-09 to 2025-03-30, while others count")]


def test_what_is_found_is_the_same_made_anew_and_whatever_came_first(one_database: Database) -> None:
    tell_stuck(one_database)
    look(one_database, MARCH.end_at)
    _, first = kept(one_database, MARCH)
    with writing(one_database) as tx:
        assert [(one.meter, str(one.why)) for one in find_oddities(tx, MARCH)] == first
        for table in (oddity, odd_look):
            tx.execute(delete(table).where(table.c.community == COMMUNITY))
    assert kept(one_database, MARCH) == (None, [])
    look(one_database, MARCH.end_at)
    assert kept(one_database, MARCH)[1] == first


def test_readings_that_explain_take_the_finding_away_the_next_night(one_database: Database) -> None:
    tell_stuck(one_database)
    look(one_database, MARCH.end_at)
    with writing(one_database) as tx:
        deliver(tx, *count_on("H1", [100] * DAYS), received_at=LATER + timedelta(days=1))
    look(one_database, MARCH.end_at + timedelta(days=1))
    assert kept(one_database, MARCH)[1] == []


def test_another_choice_of_what_is_odd_is_looked_at_anew(one_database: Database) -> None:
    tell_stuck(one_database)
    look(one_database, MARCH.end_at)
    [founded] = [row.choice for row in founding_choices() if isinstance(row.choice, OdditiesChoice)]
    chosen = founded.model_dump() | {"still_days": 28}
    made = ChoiceMade(
        number=99, name="oddities", valid_from=date(2025, 1, 1), value=chosen, source="", resolution_id=""
    )
    with writing(one_database) as tx:
        on_choice_made(tx, made, envelope(made, tx.community))
    assert "2025-03" in look(one_database, MARCH.end_at + timedelta(days=1))
    assert kept(one_database, MARCH)[1] == []


def test_killed_while_keeping_leaves_the_look_before(one_database: Database) -> None:
    tell_stuck(one_database)
    look(one_database, MARCH.end_at)
    before = kept(one_database, MARCH)
    with killed(one_database) as tx:
        keep(tx, Look(MARCH.start, tx.now, 0, "x"), [])
    assert kept(one_database, MARCH) == before


def test_meters_are_read_some_at_a_time_to_the_same_end(
    one_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_stuck(one_database)
    with writing(one_database) as tx:
        whole = find_oddities(tx, MARCH)
        monkeypatch.setattr(oddities, "AT_A_TIME", 1)
        assert find_oddities(tx, MARCH) == whole
