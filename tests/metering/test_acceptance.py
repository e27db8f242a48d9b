"""A correction asks what closing asks; an estimate is accepted of one meter, by name, with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.events.metering import EnergyAllocated
from coop.kit.database import Database
from coop.metering.intake.receive import receive, undo_import
from coop.metering.model import Decoded, Delivery, Quality, Quantity
from coop.metering.periods.acceptance import list_acceptances, subject_of
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.periods.results import compute_period
from coop.metering.service import METERING
from coop.values import BadInput, Period
from coop.values import quarters as quarters_in
from tests.desk import open_desk, sign_in
from tests.metering.homes import COMMUNITY, LATER, SECRETARY, adopt_key, deliver, gj, quarters, writing
from tests.metering.test_closing import DYNAMIC, heat_of_march, power_of_march, told

MARCH = Period.month(2025, 3)


def test_a_correction_refuses_when_readings_went_missing_until_somebody_accepts(database: Database) -> None:
    file = Delivery(
        "csv", "board", LATER, b"a file", Decoded([gj("H1", MARCH.start_at, "10"), gj("H1", MARCH.end_at, "14.5")])
    )
    with writing(database) as tx:
        for i in (2, 3):
            deliver(tx, gj(f"H{i}", MARCH.start_at, "1"), gj(f"H{i}", MARCH.end_at, "2"))
        receive(tx, file)
        deliver(tx, gj("H1", MARCH.start_at - timedelta(days=20), "9"))
        close_period(tx, MARCH)
        undo_import(tx, file.id(COMMUNITY))
    with pytest.raises(PeriodIncomplete, match="meter H1: no stand near enough"), writing(database) as tx:
        correct_period(tx, MARCH)
    with writing(database) as tx:
        closed = correct_period(tx, MARCH, accept=["H1"], reason="the file was of another house")
        assert closed.revision == 2
        [accepted] = list_acceptances(tx, MARCH)
    assert (accepted.subject, accepted.accepted_by) == ("H1", str(SECRETARY))
    assert accepted.reason == "the file was of another house"


def test_an_estimate_is_accepted_of_one_meter_and_of_no_other(one_database: Database) -> None:
    with writing(one_database) as tx:
        for i in (1, 2, 3):
            deliver(tx, gj(f"H{i}", MARCH.start_at, "1"), gj(f"H{i}", MARCH.end_at - timedelta(days=20), "2"))
    with pytest.raises(PeriodIncomplete) as refused, writing(one_database) as tx:
        close_period(tx, MARCH, accept=["H1"], reason="its battery was empty")
    assert {said.values["serial"] for said in refused.value.lacking} == {"H2", "H3"}
    with pytest.raises(BadInput, match="why"), writing(one_database) as tx:
        close_period(tx, MARCH, accept=["H1", "H2", "H3"])
    with pytest.raises(BadInput, match="nothing is missing of H9"), writing(one_database) as tx:
        close_period(tx, MARCH, accept=["H9"], reason="a typing error")
    with writing(one_database) as tx:
        assert close_period(tx, MARCH, accept=["H1", "H2", "H3"], reason="none was heard").measured_count == 3


def test_more_that_is_missing_than_was_accepted_is_asked_again(one_database: Database) -> None:
    n = quarters_in(MARCH)
    with writing(one_database) as tx:
        heat_of_march(tx)
        adopt_key(tx, DYNAMIC, MARCH.start)
        for meter in ("E1", "E2", "E3"):
            deliver(tx, quarters(meter, MARCH.start_at, [100] * (n - 100)))
        deliver(tx, quarters("S1", MARCH.start_at, [600] * n, Quantity.ELECTRICITY_EXPORT))
        lacking = {subject_of(said) for said in compute_period(tx, MARCH).lacking}
        close_period(tx, MARCH, accept=lacking, reason="the last day was not heard")
        deliver(tx, quarters("E1", MARCH.end_at - timedelta(minutes=15), [7]), received_at=LATER + timedelta(days=1))
        assert correct_period(tx, MARCH).revision == 2


def test_a_share_is_corrected_without_a_word_of_whose_reading_came_late(one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, MARCH.start)
        close_period(tx, MARCH)
        late = quarters("E1", MARCH.start_at, [3000], quality=[Quality.CORRECTED])
        deliver(tx, late, received_at=LATER + timedelta(days=1))
        correct_period(tx, MARCH)
        causes = {fact.cause for fact in told(tx, EnergyAllocated) if fact.revision == 2}
    # 2025-02-28T23:00Z is the first of March in Amsterdam.
    assert causes == {"late reading in group roofs on 2025-03-01"}


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        client.headers.update({"accept": "text/html"})
        yield sign_in(client, "board")


def test_the_page_of_a_month_accepts_estimates_one_by_one(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        for i in (1, 2, 3):
            deliver(tx, gj(f"H{i}", MARCH.start_at, "1"), gj(f"H{i}", MARCH.end_at - timedelta(days=i), "2"))
    page = desk.get("/metering/periods/2025-03").text
    assert page.count('name="accept"') == 3
    filled = {"act": "close", "accept": ["H1", "H2", "H3"], "reason": "the gateway was broken"}
    after = desk.post("/metering/periods/2025-03", data=filled, follow_redirects=True).text
    assert "Revision 1 tells 3 measurements" in after
    assert "the gateway was broken" in after
