"""As known on a day: every answer is what a replay of all that came in up to then gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.heat.decisions import answer_break
from coop.metering.heat.questions import propose_meaning
from coop.metering.heat.verdicts import BreakKind
from coop.metering.intake.withdrawals import answer_withdrawal, propose_withdrawal
from coop.metering.model import Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.close import correct_period
from coop.metering.periods.results import Results, compute_period, find_breaks
from coop.metering.readings.completeness import measure_completeness
from coop.metering.readings.store import seconds
from coop.metering.register.commands import correct_meter, set_group
from coop.metering.register.store import list_registers
from coop.metering.service import METERING
from coop.values import midnight
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.metering.homes import NOW, adopt_key, close_anyway, deliver, gj, occupy, quarters, set_clock, writing
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march
from tests.metering.test_metering_http import API
from tests.metering.test_withdrawals import OTHER

FIRST = NOW + timedelta(days=1)
THEN = f"{FIRST + timedelta(days=1):%Y-%m-%d}"
DAYS = [midnight(MARCH.start + timedelta(days=i)) for i in range(32)]


def at_first(tx: Tx) -> None:
    occupy(tx, "C9", "M9", date(2024, 1, 1))
    heat_of_march(tx)
    power_of_march(tx)
    adopt_key(tx, DYNAMIC, date(2025, 1, 1))
    deliver(tx, gj("H2", DAYS[5], "70"), gj("H2", DAYS[6], "20.4"))


def later(tx: Tx) -> None:
    """What came afterwards: late readings, another place of a meter, another group."""
    deliver(tx, gj("H1", MARCH.end_at, "14.9"), gj("H1", DAYS[9], "11"))
    deliver(tx, quarters("E1", DAYS[3], [0] * 96), quarters("S1", DAYS[4], [1] * 96, Quantity.ELECTRICITY_EXPORT))
    correct_meter(tx, "H3", "109", midnight(date(2024, 1, 1)), "swapped")
    set_group(tx, "roofs", ["S1"], ["C1"], since=date(2025, 3, 10))


def told(results: Results) -> object:
    return (
        [(one.subject, one.energy_j, one.estimated) for one in results.measured],
        [run.outcome for run in results.runs],
        [str(one) for one in results.lacking],
        [str(one.said) for one in results.blocking],
    )


def live_on(database: Database) -> None:
    """Begin with ``at_first``, and go on some days later; then two people decide, and withdraw."""
    set_clock(database, FIRST)
    with writing(database) as tx:
        at_first(tx)
    set_clock(database, FIRST + timedelta(days=3))
    with writing(database) as tx:
        later(tx)
        register = next(one.id for one in list_registers(tx) if one.serial == "H1")
        withdrawal = propose_withdrawal(tx, register, seconds(DAYS[9]), "false")
        found = find_breaks(tx, MARCH)
        proposals = [
            propose_meaning(tx, one.register_id, one.before_s, one.at_s, BreakKind.KEEP, "so it was") for one in found
        ]
    with database.write(COMMUNITY, OTHER) as tx:
        answer_withdrawal(tx, withdrawal.id, confirmed=True)
        for proposal in proposals:
            answer_break(tx, proposal.id, confirmed=True)


def test_what_a_period_came_to_as_known_is_what_a_replay_up_to_then_comes_to(database: Database) -> None:
    set_clock(database, FIRST)
    with writing(database) as tx:
        at_first(tx)
    with database.read(COMMUNITY) as tx:
        replayed = told(compute_period(tx, MARCH)), measure_completeness(tx, MARCH)
    with writing(database) as tx:
        assert told(compute_period(tx, MARCH, FIRST)) == replayed[0]
    set_clock(database, FIRST + timedelta(days=3))
    with writing(database) as tx:
        later(tx)
    with database.read(COMMUNITY) as tx:
        then = FIRST + timedelta(days=1)
        assert told(compute_period(tx, MARCH, then)) == replayed[0]
        assert measure_completeness(tx, MARCH, then) == replayed[1]
        assert told(compute_period(tx, MARCH)) != replayed[0]


def test_decisions_and_withdrawals_count_from_when_they_were_confirmed(one_database: Database) -> None:
    live_on(one_database)
    with one_database.read(COMMUNITY) as tx:
        now, before = compute_period(tx, MARCH), compute_period(tx, MARCH, FIRST)
    assert not now.blocking
    assert told(before) != told(now)


def close_and_correct(database: Database) -> tuple[datetime, datetime]:
    """March closed, and corrected two days later; returns both instants."""
    set_clock(database, FIRST)
    with writing(database) as tx:
        heat_of_march(tx)
        close_anyway(tx, MARCH)
    set_clock(database, FIRST + timedelta(days=2))
    with writing(database) as tx:
        deliver(tx, gj("H1", MARCH.end_at, "14.9"))
        correct_period(tx, MARCH)
    return FIRST, FIRST + timedelta(days=2)


def test_what_was_told_by_a_day_is_the_revisions_that_were_closed_by_then(database: Database) -> None:
    first, _ = close_and_correct(database)
    set_clock(database, FIRST + timedelta(days=5))
    with database.read(COMMUNITY) as tx:
        then = first + timedelta(days=1)
        energies = [one.energy_j for one in periods.list_measurements(tx, member_id="M1", known_at=then)]
        assert energies == [Decimal(4_500_000_000)]
        assert len(periods.list_measurements(tx, member_id="M1")) == 2
        assert [one.revision for one in periods.list_closed(tx, known_at=then)] == [1]
        assert [one.revision for one in periods.list_revisions(tx, MARCH, then)] == [1]
        assert periods.list_closed(tx, known_at=first - timedelta(days=1)) == []


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        yield sign_in(client, "board")


def test_pages_and_answers_take_the_day_and_refuse_one_to_come(desk: TestClient, one_database: Database) -> None:
    close_and_correct(one_database)
    set_clock(one_database, FIRST + timedelta(days=5))
    sign_in(desk, "board")
    asked = {"known_at": THEN}
    told_then = desk.get(f"{API}/readings", params=asked).json()
    assert {row["revision"] for row in told_then} == {1}
    assert {row["revision"] for row in desk.get(f"{API}/readings").json()} == {1, 2}
    assert [row["revision"] for row in desk.get(f"{API}/periods", params=asked).json()] == [1]
    preview = {"dry_run": True, "known_at": THEN}
    assert desk.post(f"{API}/periods/2025-03/close", json=preview).json()["energy_j"] == "6750000000"
    assert desk.post(f"{API}/periods/2025-03/close", json={"dry_run": True}).json()["energy_j"] == "7150000000"
    for address in ("readings", "allocations", "periods"):
        answer = desk.get(f"{API}/{address}", params={"known_at": "2199-01-01"})
        assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "known_at")
    future = {"period": "2025-03", "known_at": "2199-01-01"}
    assert desk.get(f"{API}/completeness", params=future).status_code == 422
    desk.headers["accept"] = "text/html"
    pages = ["/metering/data", "/metering/periods/2025-03", "/metering/members/M1"]
    for page in pages:
        shown = desk.get(page, params=asked | {"lang": "en"})
        assert (shown.status_code, "As it was known on" in shown.text) == (200, True), page
        assert desk.get(page, params={"known_at": "2199-01-01"}).status_code == 422, page
    sign_in(desk, "member", member_id="M1")
    assert "4.5" in desk.get("/metering/", params=asked | {"lang": "en"}).text
    assert desk.get("/metering/", params={"known_at": "2199-01-01"}).status_code == 422


def test_an_estimate_that_was_accepted_later_is_not_shown_as_accepted_before(
    desk: TestClient, one_database: Database
) -> None:
    set_clock(one_database, FIRST)
    with writing(one_database) as tx:
        deliver(tx, *(gj(meter, at, "5") for meter in ("H1", "H2") for at in (MARCH.start_at, MARCH.end_at)))
        close_anyway(tx, MARCH)
    set_clock(one_database, FIRST + timedelta(hours=2))
    sign_in(desk, "board").headers["accept"] = "text/html"
    before = (FIRST - timedelta(hours=1)).isoformat()
    assert "the test goes on" in desk.get("/metering/periods/2025-03").text
    assert "the test goes on" not in desk.get("/metering/periods/2025-03", params={"known_at": before}).text
