"""The log of deliveries: who brought what, of which meters and days, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.metering.model import Quality, Quantity
from coop.metering.service import METERING
from tests.desk import open_desk, sign_in
from tests.metering.homes import at, deliver, gj, quarters, writing

HTML = {"accept": "text/html"}


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        yield client


def test_a_delivery_shows_what_it_said_and_what_became_of_it(desk: TestClient, one_database: Database) -> None:
    start = at("2025-03-10T00:00")
    with writing(one_database) as tx:
        first = deliver(tx, quarters("E1", start, [100] * 96), gj("H1", start, "5"))
        deliver(tx, quarters("E1", start, [120] * 4, Quantity.ELECTRICITY_IMPORT, [Quality.CORRECTED] * 4))
    sign_in(desk, "board")
    page = desk.get("/metering/deliveries", params={"lang": "en"}, headers=HTML).text
    assert f"/metering/deliveries/{first.delivery_id}" in page
    assert page.count("/metering/deliveries/") == 2
    one = desk.get(f"/metering/deliveries/{first.delivery_id}", params={"lang": "en"}, headers=HTML).text
    assert "/metering/meters/E1?" in one
    assert "/metering/meters/H1?" in one
    lines = desk.get("/metering/exports/delivery-days.csv", params={"delivery": first.delivery_id}).text.splitlines()
    of_e1 = next(line for line in lines if line.startswith("E1"))
    # 96 values: 92 stand, 4 gave way to the correction.
    assert ";96;92;0;4;" in of_e1 or ",96,92,0,4," in of_e1, of_e1
    assert len(desk.get("/metering/exports/deliveries.csv").text.splitlines()) == 3
    assert desk.get("/metering/deliveries/none", headers=HTML).status_code == 404


def test_a_member_reads_no_log_of_deliveries(desk: TestClient) -> None:
    sign_in(desk, "member")
    assert desk.get("/metering/deliveries", headers=HTML).status_code == 403
