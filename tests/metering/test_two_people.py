"""Two people where a meter moves money: one account alone changes nothing that a device measured."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.kit.database import Database
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.metering.model import Quality
from coop.metering.readings.blocks import Day
from coop.metering.readings.observations import Entries, Source, entries_of, fold, join
from coop.metering.readings.standing import Standing, list_standings
from coop.metering.readings.store import History
from coop.metering.service import METERING
from coop.metering.tables import delivery
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.kit.test_sheets import xlsx
from tests.metering.homes import at, deliver, gj, latest_values, let_gateway_in, set_clock, writing
from tests.metering.test_metering_http import API, NOW, telegram
from tests.metering.test_reading_files import PAGE, filled_in, send, write

MAPPING = {"time_column": "t", "meter": "H1", "columns": [{"column": "e", "quantity": "heat", "unit": "GJ"}]}
AT = "2025-03-30T22:00:00Z"
"""The instant of ``telegram``: midnight in Amsterdam."""


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    set_clock(one_database, NOW)
    with open_desk(METERING, one_database, tmp_path) as client:
        yield client


def heat(database: Database) -> list[tuple[int, int]]:
    return list(latest_values(database)["H1", "heat", "stand"].values())


def test_no_door_lets_one_account_replace_what_a_device_measured(
    desk: TestClient, one_database: Database, tmp_path: Path
) -> None:
    bearer, query = let_gateway_in(one_database, "gw-1", "H1"), {"format": "p1"}
    board = sign_in(desk, "board")
    early = board.post(f"{API}/deliveries", params=query, content=telegram()).json()
    assert (early["duplicate"], early["contradictions"]) == (False, 0), "the device said nothing yet"
    board.cookies.clear()
    itself = desk.post(f"{API}/deliveries", params=query, content=telegram(), headers=bearer).json()
    assert not itself["duplicate"], "who passes a telegram on does not silence the device"
    sign_in(desk, "board")
    again = board.post(f"{API}/deliveries", params=query, content=telegram()).json()
    assert again["duplicate"]
    measured = [(12_340_000_000, Quality.MEASURED)]
    assert heat(one_database) == measured

    told = board.post(f"{API}/deliveries", params=query, content=telegram(value="0099.10")).json()
    assert (told["values"], told["contradictions"], heat(one_database)) == (1, 1, measured)

    body = base64.b64encode(telegram(value="0099.20")).decode()
    bundle = {"deliveries": [{"format": "p1", "gateway": "gw-1", "body": body}]}
    board.post(f"{API}/deliveries/batch", json=bundle).raise_for_status()
    assert heat(one_database) == measured

    for dry_run in (True, False):
        params = {"mapping": json.dumps(MAPPING), "dry_run": dry_run}
        answer = board.post(f"{API}/csv", params=params, content=f"t,e\n{AT},99.30\n".encode())
        assert (answer.json()["contradictions"], heat(one_database)) == (1, measured)

    for value, form in (("99,40", write), ("99,50", lambda lines: xlsx(*lines))):
        file = form([("Meternummer", "Datum", "Warmte (GJ)"), ("H1", "31-03-2025 00:00", value)])
        address = send(desk, file)
        look = board.post(
            f"{address}/look", params={"lang": "en"}, data=filled_in(file), headers={"accept": "text/html"}
        )
        assert "contradicts what the meter itself measured" in look.text
        assert board.post(f"{address}/take", data=filled_in(file)).url.path == PAGE
        assert heat(one_database) == measured

    (door,) = METERING.topics(Room(METERING, one_database, Settings(data_dir=tmp_path))).values()
    door.receive([({"community": COMMUNITY, "gateway": "board", "format": "p1"}, telegram(value="0099.60"))])
    assert heat(one_database) == measured
    (parked,) = board.get(f"{API}/parked").json()
    assert board.post(f"{API}/parked/{parked['id']}/replay").status_code == 422
    assert heat(one_database) == measured

    wanted = {"meter": "H1", "quantity": "heat", "at": AT, "value": "99.7", "reason": "seen on its display"}
    proposed = board.post(f"{API}/reading-corrections", json=wanted).json()
    address = f"{API}/reading-corrections/{proposed['id']}/answer"
    assert board.post(address, json={"confirmed": True}).status_code == 409, "nobody confirms their own"
    sign_in(desk, "board", account_id="account-2").post(address, json={"confirmed": True}).raise_for_status()
    assert heat(one_database) == [(99_700_000_000, Quality.CORRECTED)]


@pytest.mark.parametrize("way", ["correct", "withdraw", "take back"])
def test_a_contradiction_waits_for_the_board_and_is_gone_once_settled(
    desk: TestClient, one_database: Database, way: str
) -> None:
    bearer, query = let_gateway_in(one_database, "gw-1", "H1"), {"format": "p1"}
    board = sign_in(desk, "board")
    told = board.post(f"{API}/csv", params={"mapping": json.dumps(MAPPING)}, content=f"t,e\n{AT},99.30\n".encode())
    assert board.get(f"{API}/contradictions").json() == {"contradictions": [], "count": 0}
    board.cookies.clear()
    desk.post(f"{API}/deliveries", params=query, content=telegram(), headers=bearer).raise_for_status()
    sign_in(desk, "board")
    [one] = board.get(f"{API}/contradictions").json()["contradictions"]
    assert (one["meter"], one["at"], one["said"], one["measured"]) == ("H1", AT, "99300000000", "12340000000")
    page = board.get("/metering/contradictions", params={"lang": "en"}, headers={"accept": "text/html"}).text
    assert all(text in page for text in ("99.3", "12.34", f"&by={one['delivery_number']}", "Take the whole file back"))
    assert "99300000000" in board.get("/metering/exports/contradictions.csv").text
    waiting = {"lang": "en"}, {"accept": "text/html"}
    home = "/metering/cards/waiting"
    assert "Settle 1 reading of an account" in board.get(home, params=waiting[0], headers=waiting[1]).text

    if way == "take back":
        board.post(f"{API}/imports/{told.json()['delivery_id']}/undo").raise_for_status()
    else:
        wanted = {"register_id": one["register_id"], "at": AT, "delivery_number": one["delivery_number"], "reason": "x"}
        corrected = {"meter": "H1", "quantity": "heat", "at": AT, "value": "12.34", "reason": "seen"}
        kind, body = ("withdrawals", wanted) if way == "withdraw" else ("reading-corrections", corrected)
        proposed = board.post(f"{API}/{kind}", json=body).json()
        assert board.get(f"{API}/contradictions").json()["count"] == 1, "one person settles nothing"
        second = sign_in(desk, "board", account_id="account-2")
        second.post(f"{API}/{kind}/{proposed['id']}/answer", json={"confirmed": True}).raise_for_status()
    assert board.get(f"{API}/contradictions").json()["count"] == 0
    assert heat(one_database)[0][0] == 12_340_000_000
    assert "Settle" not in board.get(home, params=waiting[0], headers=waiting[1]).text


CHANGES = {
    "exchange": {
        "new_serial": "N1",
        "at": "2025-04-01T10:00:00Z",
        "end_stands": {"heat": "80 GJ"},
        "start_stands": {"heat": "0 GJ"},
    },
    "move": {"connection": "102", "at": "2025-04-01T09:00:00Z", "stands": {"heat": "80 GJ"}, "reason": "swapped"},
    "maxima": {"maxima": {"heat": "100 GJ"}, "reason": "read from its plate"},
}


def test_nobody_alone_exchanges_or_moves_a_meter_that_was_read(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", at("2025-03-31T00:00"), "12.34"))
    board = sign_in(desk, "board")
    was, ids = registered(board, "H1"), []
    for act, wanted in CHANGES.items():
        answers = [board.post(f"{API}/meters/H1/{act}", json=wanted).json() for _ in range(2)]
        assert answers[0] == answers[1], "asked twice it waits once"
        assert (answers[0]["is_done"], answers[0]["meter"]) == (False, was)
        ids.append(answers[0]["proposal"]["id"])
    bad = CHANGES["exchange"] | {"new_serial": "E1"}
    assert board.post(f"{API}/meters/H1/exchange", json=bad).status_code == 422, "what cannot be is refused at once"
    assert [len(heat(one_database)), len(board.get(f"{API}/meter-proposals").json())] == [1, 3]

    exchange, move, maxima = (f"{API}/meter-proposals/{one}/answer" for one in ids)
    assert board.post(exchange, json={"confirmed": True}).json()["type"].endswith("second-person")
    second = sign_in(desk, "operator", account_id="account-2")
    second.post(maxima, json={"confirmed": False}).raise_for_status()
    assert second.post(maxima, json={"confirmed": True}).json()["type"].endswith("already-answered")
    second.post(exchange, json={"confirmed": True}).raise_for_status()
    assert second.post(move, json={"confirmed": True}).status_code == 422, "it was taken away by now"
    assert registered(second, "H1") == was | {
        "removed_at": "2025-04-01T10:00:00Z",
        "places": [was["places"][0] | {"removed_at": "2025-04-01T10:00:00Z"}],
    }
    assert registered(second, "N1")["connection"] == "101"
    with one_database.read(COMMUNITY) as tx:
        claims = select(delivery.c.format, delivery.c.is_claim).where(delivery.c.community == COMMUNITY)
        newest = tx.execute(claims.order_by(delivery.c.number.desc())).first()
    assert newest == ("exchange", False), "two people answer for the end stand"
    at_once = CHANGES["exchange"] | {"new_serial": "N2"}
    assert second.post(f"{API}/meters/H2/exchange", json=at_once).json()["is_done"], "nothing rests on H2"


def registered(desk: TestClient, serial: str) -> dict[str, Any]:
    return next(one for one in desk.get(f"{API}/meters").json() if one["serial"] == serial)


def said(number: int, step_s: int, *values: int, quality: int = Quality.MEASURED) -> Entries:
    places = np.arange(len(values), dtype=np.int64)
    day = Day(places * step_s, np.array(values, np.int64), np.full(len(values), quality, np.uint8))
    return entries_of(day, step_s, 0, number)


def test_a_claim_ranks_below_a_device_in_every_order_and_above_an_estimate() -> None:
    device, claim, estimate = said(1, 900, 5), said(2, 900, 9), said(3, 900, 7, quality=Quality.ESTIMATED)
    sources = {1: Source(10), 2: Source(20, is_claim=True), 3: Source(30)}
    for parts in permutations((device, claim, estimate)):
        assert fold(join(parts), sources).day.values.tolist() == [5]
        assert fold(join(part for part in parts if part is not device), sources).day.values.tolist() == [9]
    standings = [standing for _, standing in list_standings(History.of(join((device, claim, estimate)), sources))]
    assert standings == [Standing.STANDS, Standing.CONTRADICTS, Standing.OUTRANKED]


def test_finer_claims_do_not_divide_an_hour_that_a_device_measured() -> None:
    parts = [said(1, 3600, 8), said(2, 900, 8, 0, 0, 0)]
    assert fold(join(parts), {1: Source(), 2: Source(is_claim=True)}).day.values.tolist() == [2, 2, 2, 2]
    assert fold(join(parts), {1: Source(), 2: Source()}).day.values.tolist() == [8, 0, 0, 0]
