"""The co-operative's own particulars: who changes them, what is checked, and that a bank account takes two people."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.communities.model import Profile
from coop.communities.rules import check_profile
from coop.communities.store import find_profile, list_profiles
from coop.demo.cooperative import PROFILE
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.session import COOKIE, Session, sign
from coop.members.community import commands
from coop.values import BadInput, CoopError
from tests.desk import COMMUNITY, SECRET, SECRETARY, sign_in
from tests.founding import found_in
from tests.kit.clocks import SetClock
from tests.members.sample import AT

WARM = replace(
    PROFILE,
    name="Warm in de Wijk U.A.",
    site_name="Warm in de Wijk",
    kvk="12345678",
    vat_id="NL123456782B90",
    iban="NL91ABNA0417164300",
    is_demonstration=False,
)
OTHER_IBAN = "NL20INGB0001234567"
TREASURER = Actor("account", "account-2", "page")
API = "/members/api/v1"
JSON = {"accept": "application/json"}


@pytest.fixture
def founded(database: Database) -> Database:
    """The register of a co-operative that is founded."""
    found_in(database, profile=WARM)
    return database


@pytest.fixture
def board(founded: Database, client: TestClient) -> TestClient:
    """Somebody of the board."""
    return sign_in(client, "board")


def enter_as(client: TestClient, account_id: str, *roles: str) -> TestClient:
    session = Session(account_id, "Somebody Else", frozenset(roles), None, COMMUNITY, "session-2", AT)
    client.cookies.set(COOKIE, sign(session, SECRET))
    return client


def particulars(client: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{API}/community", headers=JSON).json()
    return answer


def png(width: int = 2, height: int = 2) -> bytes:
    """The smallest picture of a size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(width) for _ in range(min(height, 4)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_check_shows_what_would_change_and_changes_nothing(founded: Database, board: TestClient) -> None:
    page = board.post("/members/community", data={"city": "Utrecht", "check": "yes"}).text
    assert "It would change: City" in page
    assert 'value="Utrecht"' in page
    with founded.read(COMMUNITY) as tx:
        assert find_profile(tx) == WARM


def test_a_change_is_a_new_row_from_today_with_who_made_it(founded: Database, board: TestClient) -> None:
    assert board.post("/members/community", data={"city": "Utrecht"}).status_code == 303
    with founded.read(COMMUNITY) as tx:
        first, second = list_profiles(tx)
        assert find_profile(tx, AT.date() - timedelta(days=1)) == WARM, "yesterday stays as it was"
    assert (first.profile.city, second.profile.city) == ("Amsterdam", "Utrecht")
    assert (second.valid_from, second.recorded_by) == (AT.date(), "account:account-1")
    assert "Utrecht" in board.get("/members/community").text


def test_every_wrong_field_is_named_at_once_and_nothing_is_changed(founded: Database, board: TestClient) -> None:
    wrong = {"kvk": "00000000", "vat_id": "NL1", "iban": "NL00BANK0123456789", "email": "bestuur", "postal_code": "1"}
    page = board.post("/members/community", data=wrong)
    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == len(wrong)
    refused = board.post(f"{API}/community", json=wrong, headers=JSON)
    assert refused.status_code == 422
    with founded.read(COMMUNITY) as tx:
        assert len(list_profiles(tx)) == 1


@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        ("kvk", "12345678", ("1234567", "123456789", "1234567a")),
        ("vat_id", "NL000099998B57", ("NL000099998B58", "NL000099998", "BE000099998B57")),
        ("iban", "NL91ABNA0417164300", ("NL91ABNA0417164301", "NL91ABNA041716430", "XX91ABNA0417164300")),
    ],
)
def test_a_wrong_kvk_number_vat_id_or_iban_is_refused_by_name(field: str, right: str, wrong: tuple[str, ...]) -> None:
    def named(text: str) -> list[str]:
        particulars: dict[str, Any] = {field: text}
        return [problem.field for problem in check_profile(Profile(("warm.example",), "Warm", "Warm", **particulars))]

    assert [named(text) for text in (right, *wrong)] == [[], [field], [field], [field]]


@pytest.mark.parametrize(
    ("field", "value"), [("kvk", "00000000"), ("vat_id", "NL000000000B00"), ("iban", PROFILE.iban)]
)
def test_numbers_of_the_demonstration_are_nobody_else_s(founded: Database, field: str, value: str) -> None:
    with pytest.raises(BadInput, match=field), founded.write(COMMUNITY, SECRETARY) as tx:
        commands.change_profile(tx, {field: value})


def test_another_bank_account_holds_only_when_a_second_person_confirms_it(founded: Database, board: TestClient) -> None:
    board.post("/members/community", data={"iban": OTHER_IBAN, "city": "Utrecht"})
    assert (particulars(board)["iban"], particulars(board)["city"]) == (WARM.iban, "Utrecht")
    page = board.get("/members/community").text
    assert OTHER_IBAN in page
    assert "Confirm this bank account" not in page, "whoever proposed it is not asked"
    assert board.post("/members/community/ibans/1/confirm").status_code == 409
    assert particulars(board)["iban"] == WARM.iban
    treasurer = enter_as(board, "account-2", "treasurer")
    assert "Confirm this bank account" in treasurer.get("/members/community").text
    assert treasurer.post("/members/community/ibans/1/confirm").status_code == 303
    assert particulars(treasurer)["iban"] == OTHER_IBAN
    assert treasurer.post("/members/community/ibans/1/confirm").status_code == 404, "it is settled"
    (proposal,) = treasurer.get(f"{API}/community/ibans", headers=JSON).json()
    assert (proposal["proposed_by"], proposal["settled_by"]) == ("account:account-1", "account:account-2")


def test_a_proposed_bank_account_is_withdrawn_or_gives_way_to_another(founded: Database) -> None:
    for iban in (OTHER_IBAN, "NL02ABNA0123456789"):
        with founded.write(COMMUNITY, SECRETARY) as tx:
            commands.change_profile(tx, {"iban": iban})
    with pytest.raises(CoopError, match="no bank account waits"), founded.write(COMMUNITY, TREASURER) as tx:
        commands.confirm_iban(tx, 1)
    with founded.write(COMMUNITY, TREASURER) as tx:
        commands.withdraw_iban(tx, 2)
    with founded.read(COMMUNITY) as tx:
        assert commands.get_profile(tx) == WARM


def test_a_bank_account_is_never_left_out(founded: Database) -> None:
    with pytest.raises(BadInput, match="not left out"), founded.write(COMMUNITY, SECRETARY) as tx:
        commands.change_profile(tx, {"iban": ""})


@pytest.mark.parametrize("role", ["treasurer", "auditor", "operator", "member"])
def test_only_the_board_changes_particulars(founded: Database, client: TestClient, role: str) -> None:
    sign_in(client, role)
    assert client.post("/members/community", data={"city": "Utrecht"}).status_code == 403
    assert client.get("/members/community").status_code == (403 if role == "member" else 200)


def test_a_board_cannot_give_itself_a_host_name(board: TestClient) -> None:
    before = particulars(board)
    board.post("/members/community", data={"hosts": "zuid.example", "is_demonstration": "yes"})
    board.post(f"{API}/community", json={"hosts": ["*"], "is_demonstration": True}, headers=JSON)
    assert particulars(board) == before


def test_the_logo_is_shown_to_everybody_and_taken_away_again(board: TestClient) -> None:
    assert board.get("/members/logo").status_code == 404
    answer = board.post("/members/community/logo", files={"file": ("logo.png", png(), "image/png")})
    assert answer.status_code == 303
    board.cookies.clear()
    shown = board.get("/members/logo")
    assert (shown.content, shown.headers["content-type"]) == (png(), "image/png")
    assert board.get("/members/logo", headers={"if-none-match": shown.headers["etag"]}).status_code == 304
    sign_in(board, "board").post("/members/community/logo")
    assert board.get("/members/logo").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\x89PNG\r\n\x1a\n",
        png()[:-1],
        png() + b"<script>",
        png().replace(b"IDAT", b"IDAX"),
        png(5000, 1),
        png() + bytes(64 * 1024),
    ],
    ids=["svg", "head alone", "cut", "tail", "changed", "wide", "large"],
)
def test_what_is_no_whole_png_of_a_modest_size_is_no_logo(founded: Database, body: bytes) -> None:
    with pytest.raises(BadInput), founded.write(COMMUNITY, SECRETARY) as tx:
        commands.change_logo(tx, body)


def test_the_board_makes_a_choice_that_touches_no_money_and_everybody_sees_who_did(board: TestClient) -> None:
    fields = {"use_months": "30", "valid_from": AT.date().isoformat(), "source": "experience"}
    checked = board.post("/members/community/choices/retention", data={**fields, "check": "yes"}).text
    assert "Months" in checked
    before = board.get(f"{API}/choices", headers=JSON).json()
    assert board.post("/members/community/choices/retention", data=fields).status_code == 303
    newest, *others = board.get(f"{API}/choices", headers=JSON).json()
    assert others == before
    assert (newest["name"], newest["value"]) == ("retention", {"use_months": 30})
    assert (newest["recorded_by"], newest["resolution_id"]) == ("account:account-1", "")
    page = board.get("/members/community/choices").text
    assert "30" in page
    assert "experience" in page


FACTORS = {"board": "no", "treasurer": "yes", "operator": "yes", "auditor": "no", "partner": "no"}
CHOICES = "/members/community/choices"


def test_who_needs_a_second_factor_is_changed_by_two_people(board: TestClient) -> None:
    fields = {**FACTORS, "valid_from": AT.date().isoformat(), "source": "resolved by the board"}
    before = board.get(f"{API}/choices", headers=JSON).json()
    assert board.post(f"{CHOICES}/second-factor", data=fields).status_code == 303
    assert board.get(f"{API}/choices", headers=JSON).json() == before
    page = board.get(CHOICES).text
    address = re.search(r"/members/community/choice-proposals/\d+/", page)
    assert address
    assert f"{address[0]}confirm" not in page
    assert board.post(f"{address[0]}confirm", headers=JSON).json()["code"] == "same-person"
    assert "A choice waits for you" not in board.get("/members/cards/waiting").text
    other = enter_as(board, "account-2", "board")
    assert "A choice waits for you as the second person" in other.get("/members/cards/waiting").text
    assert f"{address[0]}confirm" in other.get(CHOICES).text
    assert other.post(f"{address[0]}confirm").status_code == 303
    newest, *others = other.get(f"{API}/choices", headers=JSON).json()
    assert (newest["name"], newest["value"], others) == ("second-factor", FACTORS, before)
    assert (newest["recorded_by"], newest["source"]) == ("account:account-2", "resolved by the board")
    assert other.post(f"{address[0]}confirm", headers=JSON).status_code == 404


@pytest.mark.parametrize("name", ["brakes", "limits", "steps", "completeness"])
def test_what_keeps_a_wrong_bill_or_reading_back_is_loosened_by_two_people(board: TestClient, name: str) -> None:
    before = board.get(f"{API}/choices", headers=JSON).json()
    value = next(choice["value"] for choice in before if choice["name"] == name)
    body = {"valid_from": AT.date().isoformat(), "value": value, "source": "it is in the way"}
    assert board.post(f"{API}/choices/{name}", json=body, headers=JSON).json()["waits"]
    assert board.get(f"{API}/choices", headers=JSON).json() == before


def test_a_choice_that_waits_is_withdrawn_or_replaced_by_another_proposal(board: TestClient) -> None:
    before = board.get(f"{API}/choices", headers=JSON).json()
    body = {"valid_from": AT.date().isoformat(), "value": FACTORS, "source": "x"}
    first = board.post(f"{API}/choices/second-factor", json=body, headers=JSON).json()
    second = board.post(f"{API}/choices/second-factor", json=body | {"source": "y"}, headers=JSON).json()
    assert (first["waits"], second["waits"], second["number"]) == (True, True, first["number"] + 1)
    other = enter_as(board, "account-2", "operator")
    proposals = "/members/community/choice-proposals"
    assert other.post(f"{proposals}/{first['number']}/confirm", headers=JSON).status_code == 404
    assert other.post(f"{proposals}/{second['number']}/withdraw").status_code == 303
    assert other.get(f"{API}/choices", headers=JSON).json() == before


def test_a_choice_within_a_choice_is_made_figure_by_figure(board: TestClient) -> None:
    page = board.get("/members/community/choices/limits").text
    assert 'name="heat_pump.flow_l_per_h"' in page
    limits = board.get(f"{API}/choices", headers=JSON).json()
    value = next(choice["value"] for choice in limits if choice["name"] == "limits")
    value["heat"]["power_w"] += 1
    body = {"valid_from": AT.date().isoformat(), "value": value, "source": "larger meters"}
    assert board.post(f"{API}/choices/limits", json=body, headers=JSON).json()["value"] == value


@pytest.mark.parametrize(
    ("name", "change", "status"),
    [
        ("brakes", {"valid_from": (AT.date() - timedelta(days=1)).isoformat()}, 422),
        ("brakes", {"value": {"ratio": "0", "difference_cents": 1}}, 422),
        ("brakes", {"value": {}}, 422),
        ("brakes", {"source": " "}, 422),
        ("no-such", {}, 422),
        ("tap-water", {"value": {"permille": 300}}, 409),
    ],
)
def test_a_choice_is_refused_that_is_none_lies_behind_or_is_the_meeting_s(
    board: TestClient, name: str, change: dict[str, Any], status: int
) -> None:
    body = {"valid_from": AT.date().isoformat(), "value": {"ratio": "3", "difference_cents": 1}, "source": "x"} | change
    answer = board.post(f"{API}/choices/{name}", json=body, headers=JSON)
    assert answer.status_code == status, answer.text


def test_the_profile_of_a_day_is_known_as_it_was_at_a_time(founded: Database, clock: SetClock) -> None:
    before = clock.now()
    clock.set(before + timedelta(hours=1))
    with founded.write(COMMUNITY, SECRETARY) as tx:
        commands.change_profile(tx, {"city": "Utrecht"})
        assert find_profile(tx, date(2099, 1, 1), known_at=before) == WARM
        assert find_profile(tx, date(2099, 1, 1)) == replace(WARM, city="Utrecht")


def test_a_logo_that_comes_back_is_kept_once(founded: Database) -> None:
    for body in (png(), png(3, 3), png()):
        with founded.write(COMMUNITY, SECRETARY) as tx:
            commands.change_logo(tx, body)
    with founded.read(COMMUNITY) as tx:
        assert len({version.profile.logo for version in list_profiles(tx)}) == 3


def test_a_proposed_bank_account_waits_at_home_for_the_second_person_alone(
    founded: Database, board: TestClient
) -> None:
    board.post("/members/community", data={"iban": OTHER_IBAN})
    assert OTHER_IBAN not in board.get("/members/cards/waiting").text, "who proposed it cannot confirm it"
    assert OTHER_IBAN in enter_as(board, "account-2", "treasurer").get("/members/cards/waiting").text
    assert OTHER_IBAN not in enter_as(board, "account-3", "member").get("/members/cards/waiting").text
