"""A gateway says what its own meters measured, and nothing else: by HTTP, in batches, and through a broker."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from coop.events.members import DeviceMetersSet, GatewayMetersSet, ProgramTokenEnded
from coop.kit.database import Database
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tables import program_token
from coop.kit.tokens import end_token, set_device_meters, set_meters
from coop.metering.intake.gateways import GatewayMandate
from coop.metering.intake.parking import list_telegrams, replay_telegram
from coop.metering.intake.raw import telegram_door
from coop.metering.model import Decoded, Meter, MeterKind, Quality, Quantity, Series
from coop.metering.register.commands import register_meters
from coop.metering.register.store import list_registers
from coop.metering.service import METERING
from coop.metering.tables import block
from coop.values import BadInput
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.metering.formats.test_mbus import ENERGY, TIME, frame
from tests.metering.homes import at, latest_values, let_gateway_in, open_database, set_clock, writing
from tests.metering.test_metering_http import API, NOW, batch, telegram

STRANGER, PLANT = "home-of-E2", "plant"
E1 = ("E1", "electricity_import", "interval")


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    set_clock(one_database, NOW)
    with open_desk(METERING, one_database, tmp_path) as client:
        yield client


def series(meter: str, values: list[int], **more: Any) -> dict[str, Any]:
    return {
        "meter": meter, "quantity": "electricity_import", "unit": "Wh", "start": "2025-03-31T00:00:00Z", "step_s": 900,
        "values": values, **more,
    }  # fmt: skip


def head_end(*columns: dict[str, Any]) -> bytes:
    return json.dumps({"head_end": "h", "sent_at": "2025-04-01T00:00:00Z", "series": columns}).encode()


def values_of(database: Database) -> list[int]:
    return [value for value, _ in latest_values(database).get(E1, {}).values()]


def codes_of(database: Database) -> list[str]:
    with database.read(COMMUNITY) as tx:
        return [letter.code for letter in list_telegrams(tx)]


Deliver = Callable[[str, dict[str, str], bytes], None]


@pytest.fixture(params=["http", "batch", "kafka", "mqtt"])
def deliver(request: pytest.FixtureRequest, desk: TestClient, one_database: Database, tmp_path: Path) -> Deliver:
    """Hands a head-end's batch over at one of the doors, as a gateway with its name and its token."""
    room = Room(METERING, one_database, Settings(data_dir=tmp_path))
    way = str(request.param)

    def hand_over(gateway: str, bearer: dict[str, str], body: bytes) -> None:
        if way == "http":
            desk.post(f"{API}/deliveries", params={"format": "head-end"}, content=body, headers=bearer)
        elif way == "batch":
            delivery = {"format": "head-end", "body": base64.b64encode(body).decode()}
            answer = desk.post(f"{API}/deliveries/batch", json={"deliveries": [delivery]}, headers=bearer)
            assert answer.status_code == 200, answer.text
        else:
            message = {"community": COMMUNITY, "gateway": gateway, "format": "head-end"}
            telegram_door(room, way).receive([(message, body)])

    return hand_over


def test_a_strangers_gateway_changes_no_other_meter_and_its_own_reading_goes_in(
    deliver: Deliver, one_database: Database
) -> None:
    plant, stranger = let_gateway_in(one_database, PLANT, every=True), let_gateway_in(one_database, STRANGER, "E2")
    deliver(PLANT, plant, head_end(series("E1", [10] * 4)))
    set_clock(one_database, NOW + timedelta(hours=1))
    deliver(STRANGER, stranger, head_end(series("E1", [9000] * 4), series("E2", [7] * 4)))
    assert values_of(one_database) == [10] * 4
    assert [value for value, _ in latest_values(one_database)["E2", *E1[1:]].values()] == [7] * 4
    [letter] = [letter for letter in _letters(one_database) if letter[0] == "not-your-meter"]
    assert "E1" in letter[1]
    assert STRANGER in letter[1]


def test_what_one_account_let_in_speaks_and_gives_way_to_a_device(deliver: Deliver, one_database: Database) -> None:
    plant = let_gateway_in(one_database, PLANT, every=True)
    lone = let_gateway_in(one_database, STRANGER, "E1", confirmed=False)
    deliver(STRANGER, lone, head_end(series("E1", [9000] * 4)))
    assert values_of(one_database) == [9000] * 4, "nobody said otherwise, so it counts"
    deliver(PLANT, plant, head_end(series("E1", [10] * 4)))
    set_clock(one_database, NOW + timedelta(hours=1))
    deliver(STRANGER, lone, head_end(series("E1", [8000] * 4)))
    assert values_of(one_database) == [10] * 4
    with writing(one_database) as tx:
        token_id = lone["authorization"].split("_")[1]
        set_device_meters(tx, DeviceMetersSet(token_id=token_id, meters=("E1",), set_at=NOW, named_by=None))
    deliver(STRANGER, lone, head_end(series("E1", [8000] * 4)))
    assert values_of(one_database) == [8000] * 4, "the same bytes are the device's own once a second person said so"


def test_a_meter_that_one_account_added_takes_no_rank_off_the_confirmed_ones(
    deliver: Deliver, one_database: Database
) -> None:
    bearer = let_gateway_in(one_database, "box", "E1")
    with writing(one_database) as tx:
        token_id = bearer["authorization"].split("_")[1]
        set_meters(tx, GatewayMetersSet(token_id=token_id, meters=("E1", "E2"), set_at=NOW))
    deliver("box", bearer, head_end(series("E1", [10] * 4), series("E2", [7] * 4)))
    assert codes_of(one_database) == ["not-confirmed"]
    lone = let_gateway_in(one_database, STRANGER, "E1", confirmed=False)
    set_clock(one_database, NOW + timedelta(hours=1))
    deliver(STRANGER, lone, head_end(series("E1", [9000] * 4)))
    assert values_of(one_database) == [10] * 4


def test_a_second_token_of_a_gateway_lends_nobody_its_rank(desk: TestClient, one_database: Database) -> None:
    device = let_gateway_in(one_database, "box", "E1")
    desk.post(f"{API}/deliveries?format=head-end", content=head_end(series("E1", [10])), headers=device)
    same_name = let_gateway_in(one_database, "box", "E2", confirmed=False)
    set_clock(one_database, NOW + timedelta(hours=1))
    desk.post(f"{API}/deliveries?format=head-end", content=head_end(series("E1", [9000])), headers=same_name)
    [letter] = sign_in(desk, "board").get(f"{API}/parked").json()
    desk.post(f"{API}/parked/{letter['id']}/replay").raise_for_status()
    assert values_of(one_database) == [10]


def test_a_gateway_that_nobody_registered_is_parked_and_taken_in_once_somebody_does(
    desk: TestClient, one_database: Database, tmp_path: Path
) -> None:
    door = telegram_door(Room(METERING, one_database, Settings(data_dir=tmp_path)), "mqtt")
    body = head_end(series("E1", [10] * 4))
    for _ in range(2):
        door.receive([({"community": COMMUNITY, "gateway": "box", "format": "head-end"}, body)])
    assert (values_of(one_database), codes_of(one_database)) == ([], ["unknown-gateway"])
    with pytest.raises(BadInput, match="nobody registered"), writing(one_database) as tx:
        replay_telegram(tx, list_telegrams(tx)[0].id)
    let_gateway_in(one_database, "box", "E1")
    with writing(one_database) as tx:
        replay_telegram(tx, list_telegrams(tx)[0].id)
    assert (values_of(one_database), codes_of(one_database)) == ([10] * 4, [])


def test_who_replays_a_parked_telegram_lends_its_gateway_no_right(desk: TestClient, one_database: Database) -> None:
    bearer = let_gateway_in(one_database, STRANGER, "E2")
    answer = desk.post(f"{API}/deliveries?format=head-end", content=head_end(series("E1", [9])), headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing-good")
    assert "does not speak for meter E1" in answer.json()["problems"][0]["reason"]
    [letter] = sign_in(desk, "board").get(f"{API}/parked").json()
    refused = desk.post(f"{API}/parked/{letter['id']}/replay")
    assert refused.status_code == 422
    assert values_of(one_database) == []
    with writing(one_database) as tx:
        token_id = bearer["authorization"].split("_")[1]
        set_meters(tx, GatewayMetersSet(token_id=token_id, meters=("E1", "E2"), set_at=NOW))
    desk.post(f"{API}/parked/{letter['id']}/replay").raise_for_status()
    assert values_of(one_database) == [9]


def test_what_a_stranger_said_first_does_not_make_the_right_gateway_silent(
    deliver: Deliver, one_database: Database
) -> None:
    body = head_end(series("E1", [10] * 4))
    deliver(STRANGER, let_gateway_in(one_database, STRANGER, "E2"), body)
    assert values_of(one_database) == []
    deliver(PLANT, let_gateway_in(one_database, PLANT, every=True), body)
    assert values_of(one_database) == [10] * 4


@pytest.mark.parametrize("quality", [Quality.CORRECTED, Quality.CUSTOMER])
def test_no_gateway_says_that_a_value_is_a_correction_or_a_members_own(
    deliver: Deliver, one_database: Database, quality: Quality
) -> None:
    plant = let_gateway_in(one_database, PLANT, every=True)
    deliver(PLANT, plant, head_end(series("E1", [10] * 2), series("E2", [5] * 2, quality=[int(quality)] * 2)))
    assert (values_of(one_database), codes_of(one_database)) == ([10] * 2, ["not-measured"])


def test_an_estimate_of_a_gateway_is_taken(deliver: Deliver, one_database: Database) -> None:
    plant = let_gateway_in(one_database, PLANT, every=True)
    deliver(PLANT, plant, head_end(series("E1", [10], quality=[int(Quality.ESTIMATED)])))
    assert values_of(one_database) == [10]


def test_a_dongle_at_one_home_cannot_change_everybodys_bill(desk: TestClient, one_database: Database) -> None:
    """A receipt far ahead would make a wrong value unbeatable, and a meter of another home would be rewritten."""
    dongle, plant = let_gateway_in(one_database, STRANGER, "E2"), let_gateway_in(one_database, PLANT, every=True)
    ahead = {"format": "head-end", "received_at": "2099-01-01T00:00:00Z", "gateway": PLANT}
    wrong, right = head_end(series("E1", [9000] * 96)), head_end(series("E1", [10] * 96))
    answer = desk.post(f"{API}/deliveries", params=ahead, content=wrong, headers=dongle)
    assert (answer.status_code, answer.json()["observations"]) == (422, 0)
    answer = desk.post(f"{API}/deliveries", params={"format": "head-end"}, content=right, headers=plant)
    assert answer.json()["observations"] == 1
    assert values_of(one_database) == [10] * 96


@pytest.mark.parametrize(
    ("claim", "field"),
    [({"received_at": "2025-01-01T00:00:00Z"}, "received_at"), ({"gateway": PLANT}, "gateway")],
)
def test_a_gateway_claims_neither_a_receipt_nor_another_name_in_a_batch(
    desk: TestClient, one_database: Database, claim: dict[str, str], field: str
) -> None:
    bearer = let_gateway_in(one_database, STRANGER, "E1")
    good = {"format": "head-end", "body": base64.b64encode(batch()).decode(), "gateway": STRANGER}
    answer = desk.post(f"{API}/deliveries/batch", json={"deliveries": [good, {**good, **claim}]}, headers=bearer)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, f"deliveries[1].{field}")
    assert latest_values(one_database) == {}


def test_a_stand_of_another_meter_is_refused_beside_good_ones(desk: TestClient, one_database: Database) -> None:
    bearer = let_gateway_in(one_database, STRANGER, "H1")
    answer = desk.post(f"{API}/deliveries?format=p1", content=telegram("H1") + telegram("H2"), headers=bearer)
    assert (answer.status_code, answer.json()["values"]) == (200, 1)
    assert [problem["field"] for problem in answer.json()["problems"]] == ["H2 heat"]


def test_a_gateway_whose_token_was_ended_delivers_nothing_at_any_door(deliver: Deliver, one_database: Database) -> None:
    bearer = let_gateway_in(one_database, PLANT, every=True)
    with writing(one_database) as tx:
        token_id = tx.scalar(select(program_token.c.token_id).where(program_token.c.community == tx.community)) or ""
        end_token(tx, ProgramTokenEnded(token_id=token_id, ended_at=NOW))
    with suppress(AssertionError):  # the batch door says no
        deliver(PLANT, bearer, head_end(series("E1", [10])))
    assert values_of(one_database) == []


def test_a_program_that_is_no_gateway_delivers_nothing(desk: TestClient, one_database: Database) -> None:
    bearer = let_gateway_in(one_database, STRANGER, "E1")
    with writing(one_database) as tx:
        tx.execute(program_token.update().where(program_token.c.community == tx.community).values(gateway=None))
    answer = desk.post(f"{API}/deliveries?format=head-end", content=batch(), headers=bearer)
    assert answer.status_code == 403


DELIVERIES = st.lists(
    st.tuples(
        st.sampled_from([STRANGER, "nobody"]),
        st.sampled_from(["E1", "H1", "E2", "S1"]),
        st.sampled_from(["electricity_import", "electricity_export", "heat"]),
        st.integers(0, 3),
        st.lists(st.integers(0, 60), min_size=1, max_size=8),
        st.sampled_from([None, 1, 2, 3, 4]),
    ),
    max_size=8,
)


@given(deliveries=DELIVERIES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_stranger_delivers_the_days_of_other_meters_stay_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, deliveries: list[tuple[str, str, str, int, list[int], int | None]]
) -> None:
    folder = tmp_path_factory.mktemp("stranger")
    database = open_database(f"sqlite:///{folder}/metering.db")
    try:
        set_clock(database, NOW)
        let_gateway_in(database, STRANGER, "E2")
        let_gateway_in(database, PLANT, every=True)
        door = telegram_door(Room(METERING, database, Settings(data_dir=folder)), "kafka")
        usual = {"community": COMMUNITY, "format": "head-end"}
        door.receive([({**usual, "gateway": PLANT}, head_end(series("E1", [10] * 96)))])
        before = _blocks_of_others(database)
        for number, (gateway, meter, quantity, hour, values, quality) in enumerate(deliveries):
            set_clock(database, NOW + timedelta(hours=number + 1))
            more = {} if quality is None else {"quality": [quality] * len(values)}
            unit = "J" if quantity == "heat" else "Wh"
            column = series(meter, values, quantity=quantity, unit=unit, start=f"2025-03-31T0{hour}:00:00Z", **more)
            door.receive([({**usual, "gateway": gateway}, head_end(column))])
        assert _blocks_of_others(database) == before
    finally:
        database.close()


def _blocks_of_others(database: Database) -> list[tuple[Any, ...]]:
    with database.read(COMMUNITY) as tx:
        rows = tx.execute(select(block).where(block.c.community == tx.community)).all()
        own = {identity for (serial, *_), identity in _registers(tx).items() if serial == "E2"}
    return sorted((tuple(row) for row in rows if row.register_id not in own), key=str)


def _registers(tx: Any) -> dict[tuple[str, str, str], str]:
    return {(one.serial, one.quantity.value, one.shape.value): one.id for one in list_registers(tx)}


def _letters(database: Database) -> list[tuple[str, str]]:
    with database.read(COMMUNITY) as tx:
        return [(letter.code, letter.reason) for letter in list_telegrams(tx)]


def test_a_meter_whose_own_clock_is_far_off_dates_nothing_until_somebody_says_that_it_was_right(
    desk: TestClient, one_database: Database
) -> None:
    with writing(one_database) as tx:
        register_meters(tx, [Meter("KAM06855817", MeterKind.HEAT, "C1", at("2010-01-01T00:00"))])
    bearer = let_gateway_in(one_database, "box", "KAM06855817")
    body = frame(ENERGY, TIME).hex().encode()
    answer = desk.post(f"{API}/deliveries?format=mbus", content=body, headers=bearer)
    assert (answer.status_code, answer.json()["values"]) == (422, 0)
    [letter] = sign_in(desk, "board").get(f"{API}/parked").json()
    assert letter["code"] == "wrong-clock"
    assert "2011-01-05" in letter["reason"]
    desk.post(f"{API}/parked/{letter['id']}/replay").raise_for_status()
    with one_database.read(COMMUNITY) as tx:
        assert list_telegrams(tx) == []


def test_a_reading_round_that_a_person_brings_is_believed_about_its_dates(
    desk: TestClient, one_database: Database
) -> None:
    with writing(one_database) as tx:
        register_meters(tx, [Meter("KAM06855817", MeterKind.HEAT, "C1", at("2010-01-01T00:00"))])
    sign_in(desk, "board")
    answer = desk.post(f"{API}/deliveries?format=mbus", content=frame(ENERGY, TIME).hex().encode())
    assert (answer.status_code, answer.json()["values"]) == (200, 1)


NAMES = [None, frozenset(), frozenset({"E1"}), frozenset({"E1", "E2"})]
CODES = [Quality.MISSING, Quality.MEASURED, Quality.ESTIMATED, Quality.CUSTOMER, Quality.CORRECTED]


@given(
    mandate=st.builds(GatewayMandate, st.just("h"), st.sampled_from(NAMES), st.booleans(), st.sampled_from(NAMES)),
    told=st.lists(st.tuples(st.sampled_from(["E1", "E2"]), st.lists(st.sampled_from(CODES), min_size=1, max_size=4))),
)
def test_a_batch_is_refused_what_each_of_its_series_is_refused_by_itself(
    mandate: GatewayMandate, told: list[tuple[str, list[Quality]]]
) -> None:
    start = at("2025-03-31T00:00")
    said = [
        Series(
            meter,
            Quantity.ELECTRICITY_IMPORT,
            start,
            900,
            "Wh",
            np.zeros(len(codes), np.int64),
            np.array(codes, np.uint8),
        )
        for meter, codes in told
    ]

    def speaks_for(meter: str) -> bool:
        return mandate.meters is None or meter in mandate.meters

    def is_device_of(meter: str) -> bool:
        return speaks_for(meter) and (mandate.devices is None or meter in mandate.devices)

    as_a_device = any(is_device_of(meter) for meter, _ in told)
    wrong = [
        not (mandate.is_known and speaks_for(meter) and (is_device_of(meter) or not as_a_device))
        or not {Quality.CUSTOMER, Quality.CORRECTED}.isdisjoint(codes)
        for meter, codes in told
    ]
    refused = [one.series[0] for one in mandate.refuse_beyond(Decoded(series=said), start)]
    assert list(map(id, refused)) == [id(one) for one, is_wrong in zip(said, wrong, strict=True) if is_wrong]
