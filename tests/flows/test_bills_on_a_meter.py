"""The page of a meter names the bills that rest on what it counted, to whoever may see them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.demo.cooperative import COMMUNITY
from coop.kit.session import COOKIE, Session, sign
from coop.metering.model import MeterKind
from coop.metering.tables import allocation, measurement, meter
from coop.operator.runtime import embedded_app
from coop.values import Period
from tests.flows.conftest import Year
from tests.flows.installation import SECRET

MONTH = Period.month(2025, 2)


@pytest.fixture
def app(year: Year, tmp_path: Path) -> Iterator[FastAPI]:
    """The installation of a copy of the year."""
    made = embedded_app(year.copy(tmp_path / "copy"))
    yield made
    for room in made.state.rooms.values():
        room.database.close()


def enter(app: FastAPI, *roles: str, member_id: str | None = None) -> TestClient:
    client = TestClient(app, headers={"accept": "text/html", "accept-language": "en"})
    began_at = app.state.rooms["members"].database.clock.now()
    session = Session("a-1", "Noor", frozenset(roles), member_id, COMMUNITY, "s-1", began_at)
    client.cookies.set(COOKIE, sign(session, SECRET))
    return client


def follow_card(person: TestClient, serial: str) -> tuple[str, set[str]]:
    """The address of the card on a meter's page, and the numbers of the bills on it."""
    page = person.get(f"/metering/meters/{serial}", params={"period": str(MONTH)})
    assert page.status_code == 200
    [address] = re.findall(r'data-card="(/billing/cards/figures[^"]*)"', page.text)
    card = person.get(html.unescape(address))
    assert card.status_code == 200
    return html.unescape(address), set(re.findall(r"/billing/bills/([0-9a-f-]{36})", card.text))


def heat_of(app: FastAPI, home: int) -> tuple[str, str, str]:
    """The meter, connection and member of a home's heat in the month."""
    with app.state.rooms["metering"].database.read(COMMUNITY) as tx:
        rows = tx.execute(
            select(meter.c.serial, measurement.c.connection_id, measurement.c.member_id)
            .join(measurement, measurement.c.connection_id == meter.c.connection_id)
            .where(meter.c.community == COMMUNITY, measurement.c.community == COMMUNITY, meter.c.kind == MeterKind.HEAT)
            .where(measurement.c.period_start == MONTH.start, meter.c.removed_at.is_(None))
            .distinct()
        ).all()
    serial, connection_id, member_id = sorted(rows)[home]
    return serial, connection_id, member_id


def bills_of(year: Year, connection_id: str) -> set[str]:
    return {
        bill["bill_id"]
        for bill in year.state["billing"]["bills"]
        if bill["connection_id"] == connection_id and bill["period_start"] == MONTH.start.isoformat()
    }


def test_the_board_finds_every_bill_that_rests_on_the_heat_of_a_meter(app: FastAPI, year: Year) -> None:
    serial, connection_id, _ = heat_of(app, 1)
    expected = bills_of(year, connection_id)
    _, found = follow_card(enter(app, "board"), serial)
    assert found
    assert found <= expected
    assert {bill["bill_id"] for bill in year.state["billing"]["bills"] if bill["kind"] == "bill"} & found


def test_an_electricity_meter_names_the_bills_of_its_connection_alone(app: FastAPI, year: Year) -> None:
    _, connection_id, _ = heat_of(app, 1)
    with app.state.rooms["metering"].database.read(COMMUNITY) as tx:
        serial = tx.scalar(
            select(meter.c.serial).where(
                meter.c.community == COMMUNITY,
                meter.c.connection_id == connection_id,
                meter.c.kind == MeterKind.ELECTRICITY,
            )
        )
        assert tx.scalar(select(allocation.c.run_id).where(allocation.c.community == COMMUNITY).limit(1))
    _, found = follow_card(enter(app, "board"), str(serial))
    assert found
    assert found <= bills_of(year, connection_id)


def test_a_member_finds_their_own_bills_and_nobody_elses(app: FastAPI, year: Year) -> None:
    (mine, _, member_id), (other, _, _) = heat_of(app, 1), heat_of(app, 2)
    member = enter(app, "member", member_id=member_id)
    _, found = follow_card(member, mine)
    assert found
    address, theirs = follow_card(enter(app, "board"), other)
    assert theirs
    card = member.get(address)
    assert "No bill rests on it." in card.text
    assert not re.findall(r"/billing/bills/[0-9a-f-]{36}", card.text)


def test_a_meter_on_which_nothing_rests_yet_has_no_card(app: FastAPI) -> None:
    serial, _, _ = heat_of(app, 1)
    page = enter(app, "board").get(f"/metering/meters/{serial}", params={"period": "2026-02"})
    assert "data-card" not in page.text
