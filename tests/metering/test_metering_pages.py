"""The pages of metering, as a member, the board and a stranger meet them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.metering.intake.parking import list_telegrams
from coop.metering.intake.receive import decode_delivery, receive
from coop.metering.model import Quality, Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period
from coop.metering.provenance.pages import data
from coop.metering.service import METERING
from tests.desk import open_desk, sign_in
from tests.metering.homes import COMMUNITY, LATER, SetClock, adopt_key, deliver, gj, quarters, writing
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march
from tests.metering.test_metering_http import telegram

HTML = {"accept": "text/html"}


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        client.headers.update(HTML)
        yield client


@pytest.fixture
def march(one_database: Database) -> str:
    """March, closed, with a telegram behind its last stand; returns the run's id."""
    with writing(one_database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        heat = quarters("WP1", MARCH.start_at, [10_000_000] * 743, Quantity.HEAT, unit="J", step_s=3600)
        deliver(tx, heat, quarters("WP1", MARCH.start_at, [825] * 743, step_s=3600))
        body = telegram("H1", "0014.80", "250401000000S") + telegram("H2", "0022.25", "250401000000S")
        receive(tx, decode_delivery("p1", body, gateway="gw-7", received_at=LATER + timedelta(1)))
        return close_period(tx, MARCH).run_id


def text(client: TestClient, address: str, lang: str = "en") -> str:
    answer = client.get(address, params={"lang": lang})
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text.replace("\xa0", " "))


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_member_sees_the_year_and_the_way_to_each_month(desk: TestClient, march: str, lang: str) -> None:
    page = text(sign_in(desk, "member", member_id="M1"), "/metering/", lang)
    assert ("4.80 GJ" if lang == "en" else "4,80 GJ") in page
    assert f"/metering/allocations/{march}/C1" in page
    assert "/metering/days/C1/2025-03" in page
    assert ("Shared electricity in 2025" if lang == "en" else "Gedeelde stroom in 2025") in page


def test_a_member_without_a_closed_month_reads_what_will_come(desk: TestClient) -> None:
    assert "No closed month yet" in text(sign_in(desk, "member", member_id="M9"), "/metering/")


def test_a_measurement_leads_back_to_the_telegram_as_it_came_in(
    desk: TestClient, march: str, one_database: Database
) -> None:
    with one_database.read(COMMUNITY) as tx:
        row = next(one for one in periods.list_measurements(tx) if one.member_id == "M1")
    page = text(sign_in(desk, "member", member_id="M1"), f"/metering/readings/{row.id}")
    assert "14.8 GJ" in page
    assert "250401000000S)(0014.80*GJ)" in page
    assert "0022.25" not in page
    assert "gw-7" in page
    assert "it comes out the same" in page
    sign_in(desk, "member", member_id="M2")
    assert desk.get(f"/metering/readings/{row.id}").status_code == 403
    assert desk.get("/metering/readings/none").status_code == 404


def test_an_allocation_explains_itself_in_words(desk: TestClient, march: str) -> None:
    sign_in(desk, "member", member_id="M1")
    page = text(desk, f"/metering/allocations/{march}/C1")
    assert "9,510.4 kWh" in page
    assert "R-K1" in page
    why = desk.get(f"/metering/allocations/{march}/C1", params={"at": "2025-03-10T12:00", "lang": "en"}).text
    assert "The roofs had 6,000 Wh to share; together the group still needed 7,500 Wh, of which you 4,000 Wh." in why
    assert "Of 6,000 Wh your part is 8 in 15, which is 3,200 Wh, rounded down to a thousandth." in why
    assert "You got 3,200 Wh." in why
    assert "3,200 Wh of it came from S1." in why
    assert "Quarter-hours of 10 March 2025" in why
    assert desk.get(f"/metering/allocations/{march}/C2").status_code == 403
    assert desk.get(f"/metering/allocations/{march}/C1", params={"at": "noon"}).status_code == 422


def test_days_of_a_month_are_shown_to_who_held_the_connection(desk: TestClient, march: str) -> None:
    sign_in(desk, "member", member_id="M1")
    assert "day by day" in text(desk, "/metering/days/C1/2025-03")
    assert "No readings in this month" in text(desk, "/metering/days/C1/2024-07")
    assert desk.get("/metering/days/C2/2025-03").status_code == 403


def test_the_latest_reading_and_the_cards_are_fragments(desk: TestClient, march: str) -> None:
    assert desk.get("/metering/cards/energy").status_code == 401
    sign_in(desk, "member", member_id="M1")
    assert "14.80 GJ" in text(desk, "/metering/latest")
    card = text(desk, "/metering/cards/energy")
    assert "4.80 GJ" in card
    assert "<html" not in card
    sign_in(desk, "board")
    completeness = text(desk, "/metering/cards/completeness")
    assert "Nothing is parked" in completeness
    assert "Meters heard in" in completeness


def test_the_board_sees_what_is_missing_and_what_is_parked(
    desk: TestClient, march: str, one_database: Database
) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H99", MARCH.start_at, "1"))
        late = gj("H1", MARCH.start_at, "9.90", Quality.CORRECTED)
        deliver(tx, late, received_at=LATER + timedelta(days=2))
        letter = list_telegrams(tx)[0].id
    sign_in(desk, "board")
    page = text(desk, "/metering/data")
    assert "meter H99 is not registered" in page
    assert "1 late value" in page
    again = desk.post(f"/metering/data/parked/{letter}", data={"act": "replay"}, follow_redirects=True)
    assert "not registered" in again.text
    desk.post(f"/metering/data/parked/{letter}", data={"act": "discard"})
    assert "H99" not in text(desk, "/metering/data")
    sign_in(desk, "member", member_id="M1")
    assert desk.get("/metering/data").status_code == 403


def test_the_board_looks_at_a_period_closes_and_corrects_it(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
    sign_in(desk, "treasurer")
    page = text(desk, "/metering/periods/2025-03")
    assert "Close this period" in page
    assert "6.75 GJ" in page
    done = desk.post("/metering/periods/2025-03", data={"act": "close"}, params={"lang": "en"}, follow_redirects=True)
    assert "3" in done.text
    with writing(one_database) as tx:
        deliver(tx, gj("H2", MARCH.end_at, "22.30", Quality.CORRECTED), received_at=LATER + timedelta(days=1))
    desk.post("/metering/periods/2025-03", data={"act": "correct"})
    assert "a reading of meter H2 of 31 March 2025 came late" in text(desk, "/metering/periods/2025-03")
    sign_in(desk, "auditor")
    assert desk.post("/metering/periods/2025-03", data={"act": "correct"}).status_code == 403


def test_a_period_with_gaps_names_them_and_asks_to_accept_estimates(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", MARCH.start_at, "1"))
    sign_in(desk, "board")
    page = text(desk, "/metering/periods/2025-03")
    assert "meter H1: no stand near enough" in page
    assert "Accept an estimate of" in page
    refused = desk.post("/metering/periods/2025-03", data={"act": "close"}, follow_redirects=True)
    assert "is not complete" in refused.text


def test_the_heat_system_shows_loss_and_performance(desk: TestClient, march: str) -> None:
    page = text(sign_in(desk, "partner"), "/metering/plant")
    assert "Seasonal performance" in page
    assert "3.37" in page


def test_without_heat_pumps_closed_the_plant_page_says_when_it_will_show(desk: TestClient) -> None:
    assert "No report yet" in text(sign_in(desk, "board"), "/metering/plant")


def test_every_parked_telegram_can_be_reached_from_the_page(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        for number in range(5):
            deliver(tx, gj(f"NONE{number}", MARCH.start_at, "1"))
    sign_in(desk, "board")
    seen, address = [], "/metering/data?limit=2"
    while address:
        page = desk.get(address).text
        shown = re.findall(r"meter (NONE\d) is not registered", page)
        assert 1 <= len(shown) <= 2
        assert f"{len(shown)} of 5, the oldest first" in page
        seen += shown
        onward = re.search(r'href="(/metering/data\?[^"]*after=[^"]*)#parked"', page)
        address = html.unescape(onward[1]) if onward else ""
    assert sorted(seen) == [f"NONE{number}" for number in range(5)]
    assert "From the beginning" in page


def test_late_values_come_in_pages(
    desk: TestClient, march: str, one_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(one_database) as tx:
        for home in ("H1", "H2", "H3"):
            late = gj(home, MARCH.start_at, "9.90", Quality.CORRECTED)
            deliver(tx, late, received_at=LATER + timedelta(days=2))
    monkeypatch.setattr(data, "LATE_SHOWN", 2)
    sign_in(desk, "board")
    first, second = (desk.get("/metering/data", params={"late_page": number}).text for number in (1, 2))
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in second
    shown = [re.findall(r">(H\d)<", page.split('id="late"')[1].split("</section>")[0]) for page in (first, second)]
    assert [len(homes) for homes in shown] == [2, 1]
    assert {home for homes in shown for home in homes} == {"H1", "H2", "H3"}
    assert desk.get("/metering/data", params={"late_page": 0}).status_code == 422


def test_the_months_that_are_over_wait_for_whoever_closes_them(desk: TestClient, march: str) -> None:
    sign_in(desk, "treasurer")
    line = text(desk, "/metering/cards/waiting")
    assert "Close April 2025, so that it can be billed; 21 months wait" in line
    assert "/metering/periods/2025-04" in line
    assert "March 2025 is closed." in text(desk, "/metering/cards/step-month")
    assert "1 connection has no meter." not in text(desk, "/metering/cards/step-meters")
    sign_in(desk, "auditor")
    assert desk.get("/metering/cards/waiting").status_code == 403


def test_before_the_first_closing_the_month_of_the_first_reading_waits(
    desk: TestClient, one_database: Database
) -> None:
    sign_in(desk, "board")
    assert "No reading has come in yet." in text(desk, "/metering/cards/step-month")
    assert text(desk, "/metering/cards/waiting").strip() == ""
    with writing(one_database) as tx:
        heat_of_march(tx)
    assert "March 2025 is over and can be closed." in text(desk, "/metering/cards/step-month")


def test_old_detailed_use_opens_to_the_member_and_the_auditor_alone(
    desk: TestClient, march: str, one_database: Database
) -> None:
    with one_database.read(COMMUNITY) as tx:
        row = next(each for each in periods.list_measurements(tx, member_id="M1"))
    pages = (f"/metering/readings/{row.id}", f"/metering/allocations/{march}/C1")
    for roles in (("board",), ("treasurer",)):
        assert [sign_in(desk, *roles).get(page).status_code for page in pages] == [200, 200], roles
    clock = one_database.clock
    assert isinstance(clock, SetClock)
    clock.at = datetime(2027, 4, 1, 12, tzinfo=UTC)
    for roles in (("board",), ("treasurer",), ("operator",)):
        for page in (*pages, "/metering/exports/month.zip?period=2025-03"):
            refused = sign_in(desk, *roles).get(page, headers={"accept": "application/json"})
            assert (refused.status_code, refused.json()["code"]) == (409, "old-use"), (roles, page)
    for reader in (("auditor",), ("member",), ("member", "board")):
        own = "M1" if "member" in reader else None
        assert [sign_in(desk, *reader, member_id=own).get(page).status_code for page in pages] == [200, 200], reader
