"""Pages and answers on breaks that nothing explains: from the month that they block to the decision of two people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.heat import decisions, questions
from coop.metering.heat.verdicts import BreakKind
from coop.metering.intake.moves import move_meter
from coop.metering.model import Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period
from coop.metering.periods.results import find_breaks
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import seconds
from coop.metering.service import METERING
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.metering.histories.test_months_with_breaks import (
    DAYS,
    END,
    MARCH,
    START,
    TREASURER,
    exchanged_in_silence,
    heat_register,
    others,
)
from tests.metering.homes import NOW, at, deliver, gj, occupy, set_clock, writing
from tests.metering.test_meter_pages import plain
from tests.metering.test_metering_http import API


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        client.headers.update({"accept": "text/html"})
        yield sign_in(client, "board")


def page(desk: TestClient, address: str) -> str:
    answer = desk.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_month_that_a_break_blocks_leads_to_where_it_is_decided(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        exchanged_in_silence(tx)
    month = page(desk, "/metering/periods/2025-03")
    [address] = set(re.findall(r'"(/metering/breaks/[^"]+)"', month))
    assert address in page(desk, "/metering/meters/H1?period=2025-03")
    assert address in page(desk, "/metering/breaks?period=2025-03")
    shown = plain(page(desk, address))
    assert "51.4 GJ" in shown
    assert "another meter answers" in shown

    refused = desk.post(address, data={"kind": "exchange", "reason": ""})
    assert refused.status_code == 422
    assert desk.post(address, data={"kind": "", "reason": "x"}).status_code == 422
    desk.post(address, data={"kind": "exchange", "reason": "work order 117"})
    with one_database.read(COMMUNITY) as tx:
        [(proposal, _)] = decisions.list_proposals(tx)
    assert desk.post(f"/metering/breaks/{proposal.id}", data={"act": "confirm"}).status_code == 422
    sign_in(desk, "treasurer", account_id="another")
    desk.post(f"/metering/breaks/{proposal.id}", data={"act": "confirm"})
    with writing(one_database) as tx:
        assert find_breaks(tx, MARCH) == []
    assert "work order 117" in desk.get("/metering/exports/breaks.csv").text
    assert "work order 117" in page(desk, "/metering/breaks?period=2025-03")


def test_each_meaning_shows_beforehand_what_it_makes_of_the_month(database: Database) -> None:
    with writing(database) as tx:
        exchanged_in_silence(tx)
        register, [found] = heat_register(tx), find_breaks(tx, MARCH)
        question = questions.find_question(tx, register.id, found.before_s, found.at_s)
        [month] = questions.weigh_meanings(tx, question)
        energies = {kind: energy and energy.scaleb(-9) for kind, energy in month.by_kind}
        assert decisions.list_proposals(tx) == []
    assert energies[BreakKind.EXCHANGE] == Decimal("3.0")
    # From zero the new stand itself counts as used.
    assert energies[BreakKind.RESET] == Decimal("3.0") + 20
    assert (month.is_closed, str(month.period)) == (False, "2025-03")


def test_the_meaning_of_a_break_is_weighed_for_the_home_where_the_meter_hung(one_database: Database) -> None:
    """Exchanged in silence on the 16th, and moved to another home on the 25th: 1.4 + 0.9 GJ before, 0.7 after."""
    with writing(one_database) as tx:
        exchanged_in_silence(tx)
        occupy(tx, "C4", "M4", date(2024, 1, 1))
        move_meter(tx, "H1", "104", DAYS[24], {Quantity.HEAT: Decimal("20.9") * 10**9}, "101 was renovated")
        register, [found] = heat_register(tx), find_breaks(tx, MARCH)
        question = questions.find_question(tx, register.id, found.before_s, found.at_s)
        [month] = questions.weigh_meanings(tx, question)
    assert month.now == Decimal("2.3") * 10**9
    assert dict(month.by_kind)[BreakKind.EXCHANGE] == Decimal("2.3") * 10**9


def closed_and_broken(tx: Tx) -> None:
    """March closed on two readings; then readings come in that fall in between and nothing explains."""
    others(tx)
    deliver(tx, gj("H1", START, "50"), gj("H1", END, "51"))
    close_period(tx, MARCH)
    deliver(tx, *(gj("H1", day, str(56 + i * Decimal("0.1"))) for i, day in enumerate(DAYS[2:15])))
    deliver(tx, *(gj("H1", day, str(30 + i * Decimal("0.1"))) for i, day in enumerate(DAYS[15:31])))


def test_a_confirmed_meaning_lets_the_closed_months_that_it_moves_wait_for_a_correction(database: Database) -> None:
    with writing(database) as tx:
        closed_and_broken(tx)
        found = find_breaks(tx, MARCH)[0]
        proposal = questions.propose_meaning(
            tx, found.register_id, found.before_s, found.at_s, BreakKind.EXCHANGE, "swapped meters"
        )
        [closed] = periods.list_closed(tx)
        periods.clear_late(tx, closed)
    with database.write(COMMUNITY, TREASURER) as tx:
        decisions.answer_break(tx, proposal.id, confirmed=True)
        [decided] = periods.list_decisions(tx, closed)
    assert (decided.subject, decided.reason) == ("H1", "swapped meters")


def test_a_meaning_that_moves_no_closed_month_marks_none(database: Database) -> None:
    with writing(database) as tx:
        closed_and_broken(tx)
        register = heat_register(tx)
        [closed] = periods.list_closed(tx)
        periods.clear_late(tx, closed)
        june, july = at("2025-06-10T00:00"), at("2025-07-10T00:00")
        deliver(tx, gj("H1", june, "60"), gj("H1", july, "20"), gj("H1", july + timedelta(days=1), "20.1"))
        fell = decisions.list_doubts(tx, register, seconds(june), seconds(july))
        proposal = decisions.decide_break(tx, register.id, fell[-1].at_s, BreakKind.EXCHANGE, "swapped in summer")
    with database.write(COMMUNITY, TREASURER) as tx:
        decisions.answer_break(tx, proposal.id, confirmed=True)
        assert periods.list_decisions(tx, closed) == []


def test_what_was_decided_can_be_decided_again(database: Database) -> None:
    with writing(database) as tx:
        exchanged_in_silence(tx)
        found = find_breaks(tx, MARCH)[0]
        place = found.register_id, found.before_s, found.at_s
        first = questions.propose_meaning(tx, *place, BreakKind.RESET, "so it seemed")
    with database.write(COMMUNITY, TREASURER) as tx:
        decisions.answer_break(tx, first.id, confirmed=True)
        second = questions.propose_meaning(tx, *place, BreakKind.EXCHANGE, "the work order turned up")
    set_clock(database, NOW + timedelta(hours=1))
    with writing(database) as tx:
        decisions.answer_break(tx, second.id, confirmed=True)
        register = heat_register(tx)
        store = Store(tx)
        energy = decisions.count_period(store, register, MARCH, decisions.list_decided(tx))
    assert energy is not None
    assert energy.scaleb(-9) == Decimal("3.0")


def test_breaks_are_listed_weighed_and_decided_over_the_api(desk: TestClient, one_database: Database) -> None:
    desk.headers["accept"] = "application/json"
    with writing(one_database) as tx:
        exchanged_in_silence(tx)
    [found] = desk.get(f"{API}/breaks", params={"period": "2025-03"}).json()
    asked = {key: found[key] for key in ("register_id", "before", "at")} | {"kind": "exchange", "reason": "order 117"}
    weighed = desk.post(f"{API}/breaks/preview", json=asked).json()
    assert {row["kind"]: row["energy"] for row in weighed}["exchange"] == "3000000000"
    proposed = desk.post(f"{API}/break-decisions", json=asked).json()
    answer = f"{API}/break-decisions/{proposed['id']}/answer"
    assert desk.post(answer, json={"confirmed": True}).json()["code"] == "second-person"
    sign_in(desk, "treasurer", account_id="another")
    assert desk.post(answer, json={"confirmed": True}).json()["confirmed"] is True
    assert desk.get(f"{API}/breaks", params={"period": "2025-03"}).json() == []
    [listed] = desk.get(f"{API}/break-decisions").json()
    assert (listed["meter"], listed["kind"]) == ("H1", "exchange")


def test_a_break_at_an_instant_that_no_calendar_holds_is_refused(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        exchanged_in_silence(tx)
        register = heat_register(tx)
    for at_s in (-1, 10**12, 10**30):
        assert desk.get(f"/metering/breaks/{register.id}/0/{at_s}").status_code == 422
        assert desk.get(f"/metering/meters/H1/withdraw?register={register.id}&at={at_s}").status_code == 422


def test_only_who_decides_sees_the_form(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        exchanged_in_silence(tx)
        found = find_breaks(tx, MARCH)[0]
    address = f"/metering/breaks/{found.register_id}/{found.before_s}/{found.at_s}"
    assert sign_in(desk, "auditor").get(address).status_code == 403
    assert desk.get("/metering/breaks?period=2025-03").status_code == 200
    assert sign_in(desk, "member", member_id="M1").get("/metering/breaks").status_code == 403
