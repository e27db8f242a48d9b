"""Convening by fields: the right ones for each kind of decision, a look before it binds, and every mistake named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.governance.meetings import store
from coop.kit.database import Database
from tests.governance.assembly import TARIFF, TOWN, client, live
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

PAGE = "/governance/meetings/new"
FIELDS = ("name", "what", "price", "guarantee", "account", "classes", "vat")
ROWS = {
    f"1.components.{number}.{name}": value
    for number, row in enumerate(
        (
            ("Warmte", "heat GJ", "34,50", "yes", "heat-variable"),
            ("Vastrecht", "standing year", "480,00", "yes", "heat-fixed"),
            ("Meettarief", "metering year", "30.00", "yes", "heat-fixed"),
            ("Afleverset", "delivery-set year", "110,00", "yes", "heat-fixed"),
            ("Shared electricity", "electricity kWh", "0,21", "no", "shared-electricity"),
        )
    )
    for name, value in zip(
        ("name", "what", "price", "guarantee", "account", "classes", "vat"), (*row, "full", "energy"), strict=True
    )
}
"""A tariff as the rows of the form: usual names in Dutch or English, prices with a comma or a point."""

FILLED = {
    "held_on": "2026-06-24",
    "place": "WG-plein",
    "1.kind": "tariff",
    "1.subject_nl": "Tarief van 2027",
    "1.valid_from": "2027-01-01",
    **ROWS,
    "3.kind": "realisation",
    "3.subject_nl": "Bouw",
    "3.subject_en": "Build",
    "3.phase_id": "wg-1",
    "4.kind": "allocation-key",
    "4.subject_nl": "Sleutel",
    "4.group_id": "roofs",
    "4.key": "dynamic",
    "4.valid_from": "2027-01-01",
}


@pytest.fixture
def board(embedded: Database, tmp_path: Path) -> TestClient:
    live(embedded, until="convene")
    set_day(embedded, 16)
    return client(embedded, tmp_path, "board")


def set_day(embedded: Database, day: int) -> None:
    clock = embedded.clock
    assert isinstance(clock, SetClock)
    clock.set(datetime(2026, 6, day, 9, tzinfo=UTC))


def test_points_are_added_by_their_kind_and_left_out_again(board: TestClient) -> None:
    empty = board.get(PAGE).text
    assert "act" in empty
    assert "1.subject_nl" not in empty
    with_tariff = board.post(PAGE, data={"act": "add", "add_kind": "tariff", "place": "Zaal"}).text
    assert 'name="1.components.0.price"' in with_tariff
    assert 'value="Zaal"' in with_tariff
    with_two = board.post(PAGE, data=FILLED | {"act": "add", "add_kind": "other"}).text
    assert 'name="5.subject_nl"' in with_two
    without = board.post(PAGE, data=FILLED | {"act": "drop 1."}).text
    assert "1.subject_nl" not in without
    assert 'name="3.phase_id"' in without


def test_a_notice_is_looked_at_and_kept_with_its_figures_as_put_to_the_vote(
    board: TestClient, embedded: Database
) -> None:
    shown = board.post(PAGE, params={"lang": "nl"}, data=FILLED | {"act": "look"}).text
    asked = "group_id=roofs&amp;kind=dynamic&amp;valid_from=2027-01-01"
    assert f'data-card="/metering/cards/proposed-key?{asked}"' in shown
    look = plain(shown)
    assert "Tarief van 2027" in look
    assert "€ 34,50" in look
    assert "uiterlijk 16 juni 2026" in look
    with embedded.read(TOWN) as tx:
        assert store.list_meetings(tx) == []
    kept = board.post(PAGE, data=FILLED | {"act": "keep"})
    assert kept.url.path == "/governance/meetings/alv-2026-06-24"
    with embedded.read(TOWN) as tx:
        [meeting] = store.list_meetings(tx)
    tariff, build, key = meeting.resolutions
    assert dict(tariff.parameters) == TARIFF
    assert (tariff.subject_nl, tariff.subject_en) == ("Tarief van 2027", "Tarief van 2027")
    assert dict(build.parameters) == {"programme_id": "wg-heat", "phase_id": "wg-1", "budget_cents": 500_000_000}
    assert key.parameters["kind"] == "dynamic"
    again = board.post(PAGE, data=FILLED | {"act": "keep"})
    assert again.url.path == "/governance/meetings/alv-2026-06-24"


def test_a_key_that_leaves_a_part_with_the_producers_is_filled_in_as_a_share(
    board: TestClient, embedded: Database
) -> None:
    filled = FILLED | {"4.kept": "22,5"}
    look = plain(board.post(PAGE, params={"lang": "nl"}, data=filled | {"act": "look"}).text)
    assert "Blijft bij de producenten 22,5%" in look
    assert "blijft 22,5 kWh bij degenen van wie de daken zijn" in look
    assert "wordt 77,5 kWh verdeeld" in look
    assert 'value="22,5"' in board.post(PAGE, data=filled | {"act": "mend"}).text
    board.post(PAGE, data=filled | {"act": "keep"})
    with embedded.read(TOWN) as tx:
        [meeting] = store.list_meetings(tx)
    assert meeting.resolutions[-1].parameters["kept"] == 225_000


@pytest.mark.parametrize("typed", ["100", "-1", "veel", "0,00001"])
def test_a_share_that_is_none_does_not_reach_the_notice(board: TestClient, typed: str) -> None:
    refused = board.post(PAGE, params={"lang": "nl"}, data=FILLED | {"4.kept": typed, "act": "keep"})
    assert refused.status_code == 422
    assert "is geen deel zoals 22,5" in plain(refused.text)


@pytest.mark.parametrize("act", ["look", "keep"])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"1.components.0.price": "veel"}, '"veel" is geen prijs zoals 34,50'),
        ({"1.components.2.price": ""}, "is geen prijs zoals 34,50"),
        ({"1.components.0.what": "steam GJ"}, '"steam GJ" is geen van heat'),
        ({"1.components.1.name": "Warmte"}, '"Heat" staat hier twee keer'),
        ({"1.components.0.classes": "gold"}, '"gold" is geen van full'),
        ({"1.components.0.to": "37"}, "staffels beginnen bij 0"),
        ({"1.valid_from": ""}, "moet een datum zijn"),
        ({"1.valid_from": "2025-01-01", "1.components.0.price": "99"}, "ligt boven het maximum van"),
        ({"1.subject_nl": ""}, "zeg wat er besloten wordt"),
        ({"held_on": ""}, "geef een dag"),
        ({"3.phase_id": "none"}, "kies de fase waarover besloten wordt"),
        ({"4.group_id": ""}, "geef de naam van de deelgroep"),
        ({"held_on": "2026-06-23"}, "moet uiterlijk op 15 juni 2026 zijn opgeroepen"),
    ],
)
def test_a_notice_that_cannot_bind_is_refused_before_it_does(
    board: TestClient, embedded: Database, act: str, changes: dict[str, str], said: str
) -> None:
    answer = board.post(PAGE, params={"lang": "nl"}, data=FILLED | changes | {"act": act})
    assert answer.status_code == 422
    assert said in plain(answer.text)
    assert 'value="WG-plein"' in answer.text
    with embedded.read(TOWN) as tx:
        assert store.list_meetings(tx) == []


def test_a_choice_about_money_is_put_to_the_vote_by_its_fields(board: TestClient, embedded: Database) -> None:
    point = {
        "1.kind": "other",
        "1.subject_nl": "Niets",
        "3.kind": "other",
        "3.subject_nl": "Iets",
        "4.kind": "other",
        "4.subject_nl": "Nog iets",
    }
    plain_agenda = {name: value for name, value in FILLED.items() if name[0] not in "134"} | point
    assert board.post(PAGE, data=plain_agenda | {"act": "keep"}).url.path == "/governance/meetings/alv-2026-06-24"
    form = board.post(PAGE, data={"act": "add", "add_kind": "choice"}).text
    assert 'name="1.value.reference_years"' in form
    nothing = board.post(PAGE, params={"lang": "nl"}, data={"held_on": "2027-12-01", "convened_on": "2027-11-01"})
    assert "voeg een punt toe" in plain(nothing.text)
