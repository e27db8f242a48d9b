"""The pages of meters, groups and gateways, as the board fills them in and others meet them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.metering.periods.close import close_period
from coop.metering.register import store as register
from coop.metering.register.groups import list_groups
from coop.metering.service import METERING
from tests.desk import open_desk, sign_in
from tests.kit.test_sheets import xlsx
from tests.metering.homes import COMMUNITY, NOW, adopt_key, at, let_gateway_in, occupy, set_clock, writing
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march
from tests.metering.test_meters_by_number import sign

PAGES = "/metering/meters"


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        client.headers.update({"accept": "text/html"})
        yield sign_in(client, "board")


def read(client: TestClient, address: str, lang: str = "en") -> str:
    answer = client.get(address, params={"lang": lang})
    assert answer.status_code == 200, answer.text
    return plain(answer.text)


def plain(text: str) -> str:
    """A page without its marks and with single spaces."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text.replace("\xa0", " "))))


def test_a_meter_is_added_by_its_connections_number_and_found_again(desk: TestClient, one_database: Database) -> None:
    filled = {"serial": "N1", "kind": "heat", "connection": "103", "installed_on": "2025-01-01", "maximum": "10.000"}
    answer = desk.post(f"{PAGES}/new", data=filled | {"maximum": "10000"})
    assert answer.url.path == f"{PAGES}/N1"
    assert "103" in plain(answer.text)
    with one_database.read(COMMUNITY) as tx:
        meter = register.meters_of(tx, ["N1"])["N1"]
    assert (meter.connection_id, {key.value: str(value) for key, value in meter.maxima.items()}) == (
        "C3",
        {"heat": "10000000000000"},
    )
    assert "N1" in read(desk, f"{PAGES}?q=103")
    assert "called so" in plain(desk.get(PAGES, params={"q": "nothing", "lang": "en"}).text)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"connection": "999"}, "er is geen aansluiting 999"),
        ({"serial": "with a space"}, "geef het nummer dat op de meter staat"),
        ({"serial": ""}, "geef het nummer dat op de meter staat"),
        ({"kind": "gas"}, "kies waar de meter voor is"),
        ({"installed_on": "gisteren"}, "gisteren"),
        ({"maximum": "-1"}, "is geen getal boven nul"),
        ({"serial": "H1", "connection": "102"}, "staat al in het register, maar anders"),
    ],
)
def test_a_form_that_is_filled_in_wrongly_comes_back_with_what_is_wrong(
    desk: TestClient, one_database: Database, changes: dict[str, str], said: str
) -> None:
    filled = {"serial": "N1", "kind": "heat", "connection": "101", "installed_on": "2025-01-01", "maximum": ""}
    answer = desk.post(f"{PAGES}/new", params={"lang": "nl"}, data=filled | changes)
    assert answer.status_code == 422
    assert said in plain(answer.text)
    with one_database.read(COMMUNITY) as tx:
        assert not register.meters_of(tx, ["N1"])


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_of_meters_is_looked_at_before_it_is_taken(desk: TestClient, one_database: Database, form: str) -> None:
    rows = [("meternummer", "soort", "aansluiting", "geplaatst op"), ("N1", "warmte", "101", "2025-01-01")]
    body = xlsx(*rows) if form == "xlsx" else "\n".join(";".join(row) for row in rows).encode()
    preview = desk.post(f"{PAGES}/import", params={"lang": "en"}, files={"file": (f"meters.{form}", body)})
    assert "Register 1 meter" in plain(preview.text)
    with one_database.read(COMMUNITY) as tx:
        assert not register.meters_of(tx, ["N1"])
    kept = re.search(r'name="body" value="([^"]*)"', preview.text)
    assert kept
    done = desk.post(f"{PAGES}/import/confirm", files={"body": (None, html.unescape(kept[1]))})
    assert done.url.path == PAGES
    with one_database.read(COMMUNITY) as tx:
        assert register.meters_of(tx, ["N1"])["N1"].connection_id == "C1"


def test_a_bad_file_names_its_lines_in_the_readers_language(desk: TestClient) -> None:
    body = b"serial,kind,connection,installed_on\nN1,heat,999,2025-01-01\nN2,heat,101,2025-01-01\n"
    page = plain(desk.post(f"{PAGES}/import", params={"lang": "nl"}, files={"file": ("m.csv", body)}).text)
    assert "is niet ingelezen" in page
    assert "er is geen aansluiting 999" in page
    broken = desk.post(f"{PAGES}/import", params={"lang": "nl"}, files={"file": ("m.xlsx", b"PK\x03\x04 not")})
    assert "geen leesbaar xlsx-bestand" in plain(broken.text)


def test_the_file_to_start_from_can_be_read_back(desk: TestClient) -> None:
    for lang in ("nl", "en"):
        template = desk.get(f"{PAGES}/template.csv", params={"lang": lang}).content
        preview = desk.post(f"{PAGES}/import", files={"file": ("m.csv", template)})
        assert "KWG50001" in preview.text


def test_a_meter_is_exchanged_with_its_stands(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
    filled = {"at": "2025-04-02T10:30", "new_serial": "N1", "end.heat": "14,90", "start.heat": "0,05"}
    answer = desk.post(f"{PAGES}/H1/exchange", params={"lang": "en"}, data=filled)
    assert answer.url.path == f"{PAGES}/H1"
    assert "It ended with 14.9 GJ, and the new one began with 0.05 GJ" in read(desk, f"{PAGES}/H1")
    found = re.search(rf"{PAGES}/H1/proposals/[\w-]+", answer.text)
    assert found
    alone = desk.post(found[0], params={"lang": "nl"}, data={"act": "confirm"})
    assert "u hebt dit zelf voorgesteld" in plain(alone.text).lower()
    other = sign_in(desk, "board", account_id="account-2")
    assert 'value="confirm"' not in answer.text, "nobody is asked to confirm what they proposed"
    assert 'value="confirm"' in other.get(f"{PAGES}/H1").text
    with one_database.read(COMMUNITY) as tx:
        assert register.meters_of(tx, ["H1", "N1"])["H1"].removed_at is None
    other.post(found[0], data={"act": "confirm"})
    with one_database.read(COMMUNITY) as tx:
        meters = register.meters_of(tx, ["H1", "N1"])
    assert meters["H1"].removed_at == meters["N1"].installed_at == at("2025-04-02T08:30")
    assert meters["N1"].connection_id == "C1"
    assert "0.05 GJ" in read(desk, f"{PAGES}/N1")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"end.heat": "veel"}, "geef de stand als getal"),
        ({"end.heat": ""}, "geef de stand als getal"),
        ({"new_serial": "H1"}, "is het nummer van de oude meter"),
        ({"at": "2199-01-01T00:00"}, "ligt in de toekomst"),
        ({"at": "morgen"}, "morgen"),
        ({"new_serial": "E1"}, "E1"),
    ],
)
def test_an_exchange_that_cannot_be_is_refused(desk: TestClient, changes: dict[str, str], said: str) -> None:
    filled = {"at": "2025-04-02T10:30", "new_serial": "N1", "end.heat": "14,90", "start.heat": "0"}
    answer = desk.post(f"{PAGES}/H1/exchange", params={"lang": "nl"}, data=filled | changes)
    assert answer.status_code == 422
    assert said in plain(answer.text)


def test_a_correction_shows_on_the_meter_and_on_the_closed_month(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close_period(tx, MARCH)
        occupy(tx, "C9", "M9", date(2024, 1, 1))
    assert "corrected after" not in read(desk, "/metering/periods/2025-03")
    set_clock(one_database, NOW + timedelta(hours=1))
    filled = {"connection": "109", "installed_on": "2024-01-01", "reason": "101 and 109 were swapped", "act": "correct"}
    proposed = desk.post(f"{PAGES}/H1/correct", data=filled)
    assert proposed.url.path == f"{PAGES}/H1"
    found = re.search(rf"{PAGES}/H1/proposals/[\w-]+", proposed.text)
    assert found
    sign_in(desk, "board", account_id="account-2").post(found[0], data={"act": "confirm"})
    meter, month = read(desk, f"{PAGES}/H1"), read(desk, "/metering/periods/2025-03")
    for page in (meter, month):
        assert "101 and 109 were swapped" in page or "corrected after these months" in page
        assert "corrected after" in page
    set_clock(one_database, NOW + timedelta(hours=2))
    desk.post("/metering/periods/2025-03", data={"act": "correct"})
    assert "corrected after" not in read(desk, "/metering/periods/2025-03")


def test_a_correction_without_a_reason_changes_nothing(desk: TestClient) -> None:
    filled = {"connection": "102", "installed_on": "2024-01-01", "reason": "", "act": "correct"}
    answer = desk.post(f"{PAGES}/H1/correct", params={"lang": "nl"}, data=filled)
    assert (answer.status_code, "zeg waarom" in answer.text) == (422, True)


def test_a_month_names_the_connection_that_has_no_meter(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C9", "M9", date(2025, 3, 1))
        sign(tx, "C9", date(2025, 3, 1))
    page = read(desk, "/metering/periods/2025-03", "nl")
    assert "aansluiting 109 heeft een contract en geen warmtemeter van 1 maart 2025 tot en met 31 maart 2025" in page
    assert "Elke stand aan een grens" not in page


def test_a_group_is_made_and_changed_by_numbers(desk: TestClient, one_database: Database) -> None:
    filled = {"name": "zon & co", "producers": "S1", "sharing": "some", "connections": "101, 102\n103"}
    assert desk.post("/metering/groups", data=filled).url.path == "/metering/groups"
    assert "101, 102, 103" in read(desk, "/metering/groups")
    form = desk.get("/metering/groups/edit", params={"name": "zon & co"})
    assert "101, 102, 103" in form.text
    desk.post("/metering/groups", data=filled | {"known": "yes", "sharing": "all"})
    with one_database.read(COMMUNITY) as tx:
        groups = {group.group_id: group for group in list_groups(tx)}
    assert groups["zon & co"].connections is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "geef de groep een naam"),
        ({"producers": ""}, "kies ten minste één meter"),
        ({"connections": ""}, "noem de aansluitingen"),
        ({"connections": "101 999"}, "er is geen aansluiting 999"),
        ({"producers": "S9"}, "S9"),
    ],
)
def test_a_group_that_cannot_be_is_refused(desk: TestClient, changes: dict[str, str], said: str) -> None:
    filled = {"name": "zon", "producers": "S1", "sharing": "some", "connections": "101"}
    answer = desk.post("/metering/groups", params={"lang": "nl"}, data=filled | changes)
    assert answer.status_code == 422
    assert said in plain(answer.text)


def test_gateways_are_shown_with_their_meters_and_the_meters_without_one(
    desk: TestClient, one_database: Database
) -> None:
    let_gateway_in(one_database, "box", "H1", "TYPO")
    page = read(desk, "/metering/gateways")
    assert "box" in page
    assert "1 not registered" in page
    assert "H2" in plain(page).partition("Meters that no gateway's token names")[2]


@pytest.mark.parametrize("address", [PAGES, "/metering/groups", "/metering/gateways", f"{PAGES}/H2"])
def test_a_member_sees_no_register_and_an_auditor_changes_none(desk: TestClient, address: str) -> None:
    assert sign_in(desk, "member", member_id="M1").get(address).status_code == 403
    assert sign_in(desk, "auditor").get(address).status_code == 200
    assert desk.get(f"{PAGES}/new").status_code == 403
    assert desk.post(f"{PAGES}/H1/correct", data={}).status_code == 403
