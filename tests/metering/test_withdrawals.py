"""Withdrawals of one false reading: seen beforehand, by two people, taken back in the same way; the member is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.events.metering import ReadingChanged
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.journal import journal
from coop.metering.entries.corrections import answer_correction, propose_correction
from coop.metering.intake.exchange import exchange_meter
from coop.metering.intake.withdrawals import (
    answer_withdrawal,
    describe_withdrawal,
    list_withdrawals,
    propose_undo,
    propose_withdrawal,
    weigh_withdrawal,
)
from coop.metering.model import Quantity
from coop.metering.periods import store as periods
from coop.metering.readings.store import seconds
from coop.metering.register.store import list_registers
from coop.metering.service import METERING
from coop.values import BadInput, CoopError
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.metering.homes import at, close_anyway, deliver, gj, latest_values, writing
from tests.metering.test_closing import MARCH, heat_of_march
from tests.metering.test_meter_pages import plain
from tests.metering.test_metering_http import API

OTHER = Actor("account", "account-2", "web")
H1 = ("H1", "heat", "stand")
FALSE_AT = at("2025-03-15T12:00:00")


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        yield sign_in(client, "board")


def misread(database: Database) -> str:
    """A false end reading of March: 20 GJ for 14.5; returns the register."""
    with writing(database) as tx:
        heat_of_march(tx)
        deliver(tx, gj("H1", MARCH.end_at, "20"), gj("H1", MARCH.end_at + timedelta(days=2), "20.1"))
        return next(one.id for one in list_registers(tx) if one.serial == "H1")


def told(database: Database) -> list[tuple[str, str, str]]:
    with database.read(COMMUNITY) as tx:
        ours = journal.c.community == tx.community, journal.c.type == ReadingChanged.TYPE
        rows = list(tx.scalars(select(journal.c.data).where(*ours).order_by(journal.c.row_id)))
    facts = [ReadingChanged.model_validate_json(row) for row in rows]
    return [(fact.member_id, fact.meter, fact.act) for fact in facts]


def test_what_a_withdrawal_changes_is_seen_before_anybody_proposes_it(database: Database) -> None:
    register = misread(database)
    with writing(database) as tx:
        proposal = describe_withdrawal(tx, register, seconds(MARCH.end_at))
        month = weigh_withdrawal(tx, proposal)[0]
        assert list_withdrawals(tx) == []
    assert (str(month.period), month.is_closed) == ("2025-03", False)
    assert (month.now, month.after) == (Decimal(10_000_000_000), Decimal(4_500_000_000))
    assert latest_values(database)[H1][seconds(MARCH.end_at)][0] == 20_000_000_000


def test_two_people_withdraw_a_reading_and_two_take_that_back(database: Database) -> None:
    register = misread(database)
    end_s = seconds(MARCH.end_at)
    with writing(database) as tx:
        with pytest.raises(BadInput):
            propose_withdrawal(tx, register, end_s, " ")
        proposal = propose_withdrawal(tx, register, end_s, "read at the neighbours'")
        with pytest.raises(CoopError, match="somebody else"):
            answer_withdrawal(tx, proposal.id, confirmed=True)
        with pytest.raises(CoopError, match="no withdrawal holds"):
            propose_undo(tx, proposal.id, "not so")
    with database.write(COMMUNITY, OTHER) as tx:
        answer_withdrawal(tx, proposal.id, confirmed=True)
    without = latest_values(database)[H1]
    assert without.get(end_s, (0, 0))[0] != 20_000_000_000
    with database.write(COMMUNITY, OTHER) as tx:
        undo = propose_undo(tx, proposal.id, "it was the right meter after all")
    with writing(database) as tx:
        answer_withdrawal(tx, undo.id, confirmed=True)
        with pytest.raises(CoopError, match="no withdrawal holds"):
            propose_undo(tx, proposal.id, "once more")
    assert latest_values(database)[H1][end_s][0] == 20_000_000_000
    assert told(database) == [("M1", "H1", "withdrawn"), ("M1", "H1", "restored")]


def test_taking_a_withdrawal_back_marks_the_closed_month_again(database: Database) -> None:
    register = misread(database)
    with writing(database) as tx:
        close_anyway(tx, MARCH)
        proposal = propose_withdrawal(tx, register, seconds(MARCH.end_at), "false")
    with database.write(COMMUNITY, OTHER) as tx:
        answer_withdrawal(tx, proposal.id, confirmed=True)
        [closed] = periods.list_closed(tx)
        assert periods.list_late(tx, closed)
        periods.clear_late(tx, closed)
        undo = propose_undo(tx, proposal.id, "not false")
    with writing(database) as tx:
        answer_withdrawal(tx, undo.id, confirmed=True)
        assert periods.list_late(tx, closed)


def test_the_member_is_told_of_a_correction_and_of_an_exchange(one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        proposed = propose_correction(tx, "H1", Quantity.HEAT, MARCH.end_at, Decimal("14"), "typed wrongly")
    assert told(one_database) == []
    with one_database.write(COMMUNITY, OTHER) as tx:
        answer_correction(tx, proposed.id, confirmed=True)
        answer_correction(tx, proposed.id, confirmed=True)
        stands = {Quantity.HEAT: Decimal(15_000_000_000)}, {Quantity.HEAT: Decimal(0)}
        exchange_meter(tx, "H2", "N2", at("2025-05-01T10:00"), *stands)
    assert told(one_database) == [("M1", "H1", "corrected"), ("M2", "H2", "exchanged")]


def test_a_reading_is_withdrawn_from_the_meters_page(desk: TestClient, one_database: Database) -> None:
    desk.headers["accept"] = "text/html"
    register = misread(one_database)
    place = f"register={register}&at={seconds(MARCH.end_at)}"
    day = desk.get("/metering/meters/H1?day=2025-04-01").text
    assert f"withdraw?{place}".replace("&", "&amp;") in day or f"withdraw?{place}" in day
    page = plain(desk.get(f"/metering/meters/H1/withdraw?{place}&lang=en").text)
    assert "20 GJ" in page
    assert desk.get(f"/metering/meters/H2/withdraw?{place}").status_code == 404
    assert desk.post(f"/metering/meters/H1/withdraw?{place}", data={"reason": ""}).status_code == 422
    desk.post(f"/metering/meters/H1/withdraw?{place}", data={"reason": "a photo of 1 April says 14.5"})
    with one_database.read(COMMUNITY) as tx:
        [(proposal, _)] = list_withdrawals(tx)
    answer = f"/metering/meters/H1/withdraw/{proposal.id}"
    assert desk.post(answer, data={"act": "confirm"}).status_code == 422
    sign_in(desk, "board", account_id="another")
    shown = desk.post(answer, data={"act": "confirm"}).text
    assert "undoes" in shown
    assert "14.5" in desk.get("/metering/exports/withdrawals.csv?meter=H1").text
    assert sign_in(desk, "auditor").get(f"/metering/meters/H1/withdraw?{place}").status_code == 403


def test_a_reading_is_withdrawn_and_restored_over_the_api(desk: TestClient, one_database: Database) -> None:
    register = misread(one_database)
    wanted = {"register_id": register, "at": MARCH.end_at.isoformat(), "reason": "false"}
    weighed = desk.post(f"{API}/withdrawals/preview", json=wanted).json()
    assert weighed[0]["now"] == "10000000000"
    proposed = desk.post(f"{API}/withdrawals", json=wanted).json()
    answer = f"{API}/withdrawals/{proposed['id']}/answer"
    assert desk.post(answer, json={"confirmed": True}).json()["code"] == "second-person"
    sign_in(desk, "board", account_id="another")
    assert desk.post(answer, json={"confirmed": True}).json()["confirmed"] is True
    undo = desk.post(f"{API}/withdrawals/{proposed['id']}/undo", json={"reason": "right"}).json()
    sign_in(desk, "board")
    desk.post(f"{API}/withdrawals/{undo['id']}/answer", json={"confirmed": True})
    assert {row["undoes"] for row in desk.get(f"{API}/withdrawals").json()} == {None, proposed["id"]}
    assert latest_values(one_database)[H1][seconds(MARCH.end_at)][0] == 20_000_000_000
