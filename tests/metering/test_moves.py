"""A meter that moves from one connection to another, and registers whose digits change as of a day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.metering.intake.moves import change_maxima, move_meter
from coop.metering.model import Quantity
from coop.metering.own_data import read_own
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period, correct_period
from coop.metering.periods.meter_views import view_meter
from coop.metering.periods.results import compute_period
from coop.metering.periods.schedule import list_touched
from coop.metering.register import store as register
from coop.metering.register.commands import correct_meter, find_meter
from coop.metering.service import METERING
from coop.values import BadInput, CoopError, Period
from tests.desk import open_desk, sign_in
from tests.metering.homes import (
    HEAT_MAX,
    INSTALLED,
    NOW,
    adopt_key,
    at,
    deliver,
    gj,
    latest_values,
    occupy,
    quarters,
    set_clock,
    writing,
)
from tests.metering.test_closing import DYNAMIC

MARCH = Period.month(2025, 3)
MOVED = at("2025-03-10T11:30")
GJ = Decimal(10**9)
API = "/metering/api/v1"


def say_march(tx) -> None:  # type: ignore[no-untyped-def]
    """H1 goes from 1 to 8 GJ, and shows 3 when it moves; the other two use a GJ each."""
    deliver(tx, gj("H1", MARCH.start_at, "1"), gj("H1", MARCH.end_at, "8"))
    for i in (2, 3):
        deliver(tx, gj(f"H{i}", MARCH.start_at, "1"), gj(f"H{i}", MARCH.end_at, "2"))


def heat(tx, told: bool = True) -> dict[str, Decimal]:  # type: ignore[no-untyped-def]
    rows = periods.list_measurements(tx, MARCH) if told else compute_period(tx, MARCH).measured
    return {row.member_id: row.energy_j / GJ for row in rows}


def test_what_a_meter_counted_before_it_moved_stays_with_the_connection_that_it_left(database: Database) -> None:
    with writing(database) as tx:
        occupy(tx, "C4", "M4", date(2024, 1, 1))
        say_march(tx)
        move_meter(tx, "H1", "104", MOVED, {Quantity.HEAT: 3 * GJ}, "101 was renovated")
        closed = close_period(tx, MARCH)
        assert heat(tx) == {"M1": 2, "M2": 1, "M3": 1, "M4": 5}
        assert not any(row.estimated for row in periods.list_measurements(tx, MARCH))
        assert closed.revision == 1
        deliver(tx, gj("H1", at("2025-02-01T00:00"), "0.5"), gj("H1", at("2025-05-01T00:00"), "9"))
    assert len(latest_values(database)["H1", "heat", "stand"]) == 5, "it is heard in both places"


def test_a_move_that_is_told_after_its_month_was_closed_corrects_that_month(one_database: Database) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C4", "M4", date(2024, 1, 1))
        say_march(tx)
        close_period(tx, MARCH)
        assert heat(tx)["M1"] == 7
    set_clock(one_database, NOW + timedelta(days=1))
    with writing(one_database) as tx:
        move_meter(tx, "H1", "104", MOVED, {Quantity.HEAT: 3 * GJ}, "nobody told")
        assert [one.period for one in list_touched(tx)] == [MARCH]
        assert view_meter(tx, "H1").stale == (MARCH,)
        correct_period(tx, MARCH)
        assert heat(tx) == {"M1": 2, "M2": 1, "M3": 1, "M4": 5}
        assert view_meter(tx, "H1").stale == ()
        then = register.directory_as_of(tx, NOW).meters
    assert (then["H1"].connection_id, then["H1"].former) == ("C1", ())


def test_a_meter_that_comes_back_and_one_that_lay_in_a_store_count_where_they_hung(one_database: Database) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C4", "M4", date(2024, 1, 1))
        say_march(tx)
        move_meter(tx, "H1", "104", MOVED, {Quantity.HEAT: 3 * GJ}, "lent")
        move_meter(tx, "H1", "101", at("2025-03-20T00:00"), {Quantity.HEAT: 4 * GJ}, "given back")
        assert heat(tx, told=False) == {"M1": 6, "M2": 1, "M3": 1, "M4": 1}
        [row] = [one for one in compute_period(tx, MARCH).measured if one.member_id == "M1"]
        assert [use.energy / GJ for use in row.uses] == [2, 4]
        register.remove_meter(tx, "H2", at("2025-03-05T00:00"))
        deliver(tx, gj("H2", at("2025-03-05T00:00"), "1.5"))
        move_meter(tx, "H2", "103", at("2025-03-25T00:00"), {Quantity.HEAT: 3 * GJ // 2}, "kept in the store")
        assert heat(tx, told=False) == {"M1": 6, "M2": Decimal("0.5"), "M3": Decimal("1.5"), "M4": 1}


def test_a_meter_moves_with_its_quarter_hours(one_database: Database) -> None:
    start = at("2025-03-10T00:00")
    with writing(one_database) as tx:
        occupy(tx, "C4", "M4", date(2024, 1, 1))
        n = 31 * 96 - 4
        deliver(tx, *(quarters(f"E{i}", MARCH.start_at, [100] * n) for i in (1, 2, 3)))
        deliver(tx, quarters("S1", MARCH.start_at, [600] * n, Quantity.ELECTRICITY_EXPORT))
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        move_meter(tx, "E1", "104", start, {}, "swapped")
        [run] = compute_period(tx, MARCH).runs
        used = {one.connection_id: one.consumed_wh for one in run.outcome.shares}
        assert (used["C1"], used["C4"]) == ((9 * 96 + 4) * 100, (n - 9 * 96 - 4) * 100)
        move_meter(tx, "E1", "101", at("2025-03-20T00:00"), {}, "swapped back")
        [run] = compute_period(tx, MARCH).runs
        used = {one.connection_id: one.consumed_wh for one in run.outcome.shares}
    assert used["C1"] + used["C4"] == n * 100
    assert used["C4"] == 10 * 96 * 100


def test_a_move_that_cannot_be_is_refused(one_database: Database) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C4", "M4", date(2024, 1, 1))
    cases: list[tuple[tuple[str, str, object, str], str]] = [
        (("H1", "999", MOVED, "why"), "there is no connection 999"),
        (("H1", "101", MOVED, "why"), "hangs there already"),
        (("H1", "104", INSTALLED, "why"), "did not hang there yet"),
        (("H1", "104", NOW + timedelta(days=1), "why"), "lies in the future"),
        (("H1", "104", MOVED, " "), "say why"),
        (("H1", "", MOVED, "why"), "name the connection"),
        (("WP1", "104", MOVED, "why"), "hangs at no connection"),
        (("H99", "104", MOVED, "why"), "is not registered"),
    ]
    for (serial, number, when, reason), said in cases:
        with pytest.raises(CoopError, match=said), writing(one_database) as tx:
            move_meter(tx, serial, number, when, {}, reason)  # type: ignore[arg-type]
    with pytest.raises(BadInput), writing(one_database) as tx:
        move_meter(tx, "H1", "104", MOVED, {Quantity.HEAT: Decimal(-1)}, "why")
    with writing(one_database) as tx:
        assert find_meter(tx, "H1").former == ()


def test_a_move_that_never_was_is_taken_back(one_database: Database) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C4", "M4", date(2024, 1, 1))
        before = find_meter(tx, "H1")
        move_meter(tx, "H1", "104", MOVED, {}, "wrong meter")
        with pytest.raises(BadInput, match="hung somewhere else then"):
            correct_meter(tx, "H1", "104", MOVED - timedelta(hours=1), "earlier")
        correct_meter(tx, "H1", "101", MOVED, "it was another meter")
        assert find_meter(tx, "H1") == before


def test_a_member_takes_home_the_readings_of_the_own_time_and_place_alone(one_database: Database) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C4", "M4", date(2024, 1, 1))
        say_march(tx)
        deliver(tx, gj("H1", at("2025-03-03T00:00"), "1.5"), gj("H1", at("2025-03-20T00:00"), "5"))
        move_meter(tx, "H1", "104", MOVED, {Quantity.HEAT: 3 * GJ}, "swapped")
        own = {member: [str(one) for one in read_own(tx, member)] for member in ("M1", "M4")}
    assert any("2025-03-03" in one or "2025, 3, 3" in one for one in own["M1"])
    assert not any("2025, 3, 20" in one or "2025-03-20" in one for one in own["M1"])
    assert not any("2025, 3, 3," in one or "2025-03-03" in one for one in own["M4"])


def test_a_register_whose_digits_change_as_of_a_day_turns_over_at_either_maximum(one_database: Database) -> None:
    small, large = {Quantity.HEAT: 100 * GJ}, {Quantity.HEAT: 1000 * GJ}
    with writing(one_database) as tx:
        change_maxima(tx, "H1", small, None, "five digits")
        deliver(tx, gj("H1", MARCH.start_at, "99"), gj("H1", at("2025-03-05T00:00"), "2"))
        change_maxima(tx, "H1", large, at("2025-03-10T00:00"), "new software")
        deliver(tx, gj("H1", at("2025-03-10T00:00"), "4"), gj("H1", MARCH.end_at, "11"))
        [row] = [one for one in compute_period(tx, MARCH).measured if one.member_id == "M1"]
        assert (row.energy_j / GJ, row.estimated) == (Decimal(12), False)
        meter = find_meter(tx, "H1")
        days = (date(2023, 1, 1), date(2025, 3, 9), date(2025, 3, 10))
        assert [meter.maxima_on(day) for day in days] == [small, small, large]
        assert change_maxima(tx, "H1", large, None, "again") is None
        with pytest.raises(BadInput, match="no maximum"):
            change_maxima(tx, "H1", {Quantity.HEAT: Decimal(0)}, None, "nothing")
    assert small != HEAT_MAX


def test_a_maximum_that_was_not_known_explains_a_fall_that_nothing_did(one_database: Database) -> None:
    with writing(one_database) as tx:
        change_maxima(tx, "H1", {}, None, "it is not known")
        deliver(tx, gj("H1", MARCH.start_at, "9998"), gj("H1", at("2025-03-02T00:00"), "9998.5"))
        deliver(tx, gj("H1", at("2025-03-20T00:00"), "3"), gj("H1", MARCH.end_at, "5"))
        [row] = compute_period(tx, MARCH).measured
        assert (row.energy_j / GJ, row.estimated) == (Decimal("5.5"), True), "it is taken for a reset"
        change_maxima(tx, "H1", {Quantity.HEAT: 10_000 * GJ}, None, "read from its plate")
        results = compute_period(tx, MARCH)
    [row] = results.measured
    assert (row.energy_j / GJ, row.estimated) == (Decimal(7), False)


def agree(client: TestClient) -> Any:
    """Let a second person confirm what waits; returns the meter as it is then."""
    (waiting,) = (one for one in client.get(f"{API}/meter-proposals").json() if one["confirmed"] is None)
    second = sign_in(client, "board", account_id="account-2")
    second.post(f"{API}/meter-proposals/{waiting['id']}/answer", json={"confirmed": True}).raise_for_status()
    sign_in(client, "board")
    return next(meter for meter in client.get(f"{API}/meters").json() if meter["serial"] == "H1")


def test_pages_and_api_move_a_meter_and_say_how_far_it_counts(one_database: Database, tmp_path: Path) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C4", "M4", date(2024, 1, 1))
        say_march(tx)
    html = {"accept": "text/html"}
    with open_desk(METERING, one_database, tmp_path) as client:
        board = sign_in(client, "board")
        for page in ("move", "maxima"):
            assert board.get(f"/metering/meters/H1/{page}?lang=nl", headers=html).status_code == 200
        form = {"at": "2025-03-10T12:30", "connection": "104", "stand.heat": "3,00", "reason": ""}
        refused = board.post("/metering/meters/H1/move?lang=nl", data=form, headers=html)
        assert refused.status_code == 422
        assert "zeg waarom" in refused.text.lower()
        board.post("/metering/meters/H1/move", data=form | {"reason": "renovated"}, headers=html)
        agree(client)
        page = board.get("/metering/meters/H1?lang=nl", headers=html).text
        assert "104" in page
        assert "101, van" in page.replace("\xa0", " ")
        board.post(
            "/metering/api/v1/meters/H1/move",
            json={"connection": "101", "at": "2025-03-20T00:00:00Z", "stands": {"heat": "4 GJ"}, "reason": "back"},
        )
        assert [place["connection"] for place in agree(client)["places"]] == ["101", "104", "101"]
        form = {"most.heat": "1000", "since": "2025-03-25", "reason": "new software"}
        board.post("/metering/meters/H1/maxima", data=form, headers=html)
        agree(client)
        board.post("/metering/api/v1/meters/H1/maxima", json={"maxima": {"heat": "2000 GJ"}, "reason": "misread"})
        assert [place["maxima"]["heat"] for place in agree(client)["places"][-2:]] == [
            "10000000000000",
            "2000000000000",
        ]
        assert "2000" in board.get("/metering/meters/H1/maxima", headers=html).text
