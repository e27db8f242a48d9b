"""Readings that people enter: a member's own of the own meter, a board's correction by two people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.metering.entries.corrections import answer_correction, propose_correction
from coop.metering.model import Quality, Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period
from coop.metering.service import METERING
from coop.values import BadInput, CoopError
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.metering.homes import at, deliver, gj, latest_values, set_clock, writing
from tests.metering.test_closing import MARCH, heat_of_march
from tests.metering.test_metering_http import API, NOW

H1 = ("H1", "heat", "stand")
OTHER = Actor("account", "account-2", "web")


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    set_clock(one_database, NOW)
    with open_desk(METERING, one_database, tmp_path) as client:
        yield client


def card(**changes: Any) -> dict[str, Any]:
    return {"meter": "H1", "quantity": "heat", "at": "2025-04-01T18:00:00+02:00", "value": "12.34"} | changes


def test_a_member_enters_a_reading_of_the_own_meter_and_it_counts_as_the_members(
    desk: TestClient, one_database: Database
) -> None:
    sign_in(desk, "member", member_id="M1")
    answer = desk.post(f"{API}/card-readings", json=card())
    assert (answer.status_code, answer.json()["values"]) == (200, 1)
    [told] = latest_values(one_database)[H1].values()
    assert told == (12_340_000_000, Quality.CUSTOMER)
    assert desk.post(f"{API}/card-readings", json=card()).json()["duplicate"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"meter": "H2"}, "meter"), ({"at": "2025-04-03T18:00:00+02:00"}, "at"), ({"quantity": "volume"}, "meter")],
)
def test_a_member_enters_nothing_for_another_home_nor_for_a_day_to_come(
    desk: TestClient, one_database: Database, changes: dict[str, str], field: str
) -> None:
    sign_in(desk, "member", member_id="M1")
    answer = desk.post(f"{API}/card-readings", json=card(**changes))
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, field)
    assert latest_values(one_database) == {}


def test_nobody_enters_a_members_reading_for_them(desk: TestClient) -> None:
    assert sign_in(desk, "board").post(f"{API}/card-readings", json=card()).status_code == 403


def test_a_look_beforehand_says_what_a_reading_means_against_the_last_one(
    desk: TestClient, one_database: Database
) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", at("2025-03-22T16:00"), "12.00"), received_at=NOW)
    sign_in(desk, "member", member_id="M1")
    said = desk.post(f"{API}/card-readings/preview", json=card()).json()
    assert (said["before"], said["used"], said["days"]) == ("12000000000", "340000000", "10.0")
    assert desk.post(f"{API}/card-readings/preview", json=card(value="11")).json()["used"] == "-1000000000"
    assert len(latest_values(one_database)[H1]) == 1


def test_the_page_shows_what_a_reading_means_before_it_keeps_it(desk: TestClient, one_database: Database) -> None:
    sign_in(desk, "member", member_id="M1")
    assert "H1" in desk.get("/metering/reading").text
    filled = {"meter": "heat|H1", "at": "2025-04-01T18:00", "value": "12,34"}
    assert "12.34" in desk.post("/metering/reading", data=filled).text
    assert latest_values(one_database) == {}
    desk.post("/metering/reading", data=filled | {"act": "keep"})
    assert [value for value, _ in latest_values(one_database)[H1].values()] == [12_340_000_000]
    assert desk.post("/metering/reading", data=filled | {"value": "x"}).status_code == 422


def test_a_correction_counts_once_a_second_person_confirms_it_and_marks_the_closed_month(database: Database) -> None:

    with writing(database) as tx:
        heat_of_march(tx)
        close_period(tx, MARCH)
        proposed = propose_correction(tx, "H1", Quantity.HEAT, MARCH.end_at, Decimal("14"), "typed wrongly")
    before = latest_values(database)[H1]
    with pytest.raises(CoopError, match="somebody else"), writing(database) as tx:
        answer_correction(tx, proposed.id, confirmed=True)
    assert latest_values(database)[H1] == before
    with database.write(COMMUNITY, OTHER) as tx:
        answer_correction(tx, proposed.id, confirmed=True)
        answer_correction(tx, proposed.id, confirmed=True)

    assert latest_values(database)[H1][int(MARCH.end_at.timestamp())] == (14_000_000_000, Quality.CORRECTED)
    with database.read(COMMUNITY) as tx:
        assert periods.list_late(tx)


def test_a_correction_back_to_what_was_corrected_before_counts_again(one_database: Database) -> None:
    when = at("2025-03-01T12:00")
    for value in ("5", "6", "5"):
        with writing(one_database) as tx:
            proposed = propose_correction(tx, "H1", Quantity.HEAT, when, Decimal(value), "second thoughts")
        set_clock(one_database, one_database.clock.now() + timedelta(hours=1))
        with one_database.write(COMMUNITY, OTHER) as tx:
            answer_correction(tx, proposed.id, confirmed=True)
    assert [value for value, _ in latest_values(one_database)[H1].values()] == [5_000_000_000]


def test_a_correction_needs_a_reason_and_a_moment_at_which_the_meter_hung(one_database: Database) -> None:
    with pytest.raises(BadInput, match="say why"), writing(one_database) as tx:
        propose_correction(tx, "H1", Quantity.HEAT, at("2025-03-01T12:00"), Decimal("5"), " ")
    with pytest.raises(BadInput, match="did not hang"), writing(one_database) as tx:
        propose_correction(tx, "H1", Quantity.HEAT, at("2020-03-01T12:00"), Decimal("5"), "old")


def test_the_board_proposes_and_another_confirms_on_the_page(desk: TestClient, one_database: Database) -> None:
    sign_in(desk, "board")
    filled = {"quantity": "heat", "at": "2025-04-01T18:00", "value": "12,34", "reason": "photo of 1 April"}
    page = desk.post("/metering/meters/H1/reading", data=filled)
    assert "photo of 1 April" in page.text
    [proposed] = desk.get(f"{API}/meters/H1/corrections").json()
    assert desk.post(f"/metering/meters/H1/reading/{proposed['id']}", data={"act": "confirm"}).status_code == 422
    with one_database.write(COMMUNITY, OTHER) as tx:
        answer_correction(tx, proposed["id"], confirmed=True)
    assert desk.get(f"{API}/meters/H1/corrections").json()[0]["confirmed"] is True
    assert "photo of 1 April" in desk.get("/metering/exports/reading-corrections.csv?meter=H1").text


def test_a_correction_waits_at_home_for_the_second_person_alone(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
    with one_database.write(COMMUNITY, OTHER) as tx:
        propose_correction(tx, "H1", Quantity.HEAT, MARCH.end_at, Decimal("14"), "typed wrongly")
    waits = "corrected reading of meter H1"
    assert waits in sign_in(desk, "board").get("/metering/cards/waiting", params={"lang": "en"}).text
    sign_in(desk, "treasurer")
    assert waits not in desk.get("/metering/cards/waiting", params={"lang": "en"}).text
    sign_in(desk, "board", account_id=OTHER.id)
    assert waits not in desk.get("/metering/cards/waiting", params={"lang": "en"}).text
