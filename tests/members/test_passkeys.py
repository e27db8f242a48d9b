"""Passkeys: made for one host and one session, the second step or the only one, and refused when anything is off."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop.kit.database import Database
from coop.members.factors.model import Passkey, PasskeyRefused, Place
from coop.members.factors.rules import passkeys
from coop.members.factors.store import load_factors
from coop.members.identity.store import find_by_email
from tests.desk import COMMUNITY
from tests.kit.clocks import SetClock
from tests.members.entering import AUDITOR, BOARD, OTHER_BOARD, codes_on, enter_with_app, give_password, open_account
from tests.members.keys import Device, offered_on, tamper
from tests.members.sample import AT

LATER = AT + timedelta(hours=1)
NEW, STEP, ONLY = "/members/factors/passkeys/new", "/members/second-step", "/members/sign-in/passkey"


def make_passkey(client: TestClient, device: Device, name: str = "My phone") -> tuple[int, str]:
    """Make a passkey on its page; returns the status and the page that follows."""
    options, sealed = offered_on(client.get(NEW).text)
    answer = client.post(NEW, data={"name": name, "sealed": sealed, "answer": device.make(options)})
    return answer.status_code, answer.text


def use(client: TestClient, device: Device, page: str = STEP) -> int:
    """Use a passkey on a page; returns the status, 303 where it opened."""
    options, sealed = offered_on(client.get(page).text)
    action = page if page == ONLY else f"{page}/passkey"
    return client.post(action, data={"sealed": sealed, "answer": device.use(options)}).status_code


def is_in(client: TestClient) -> bool:
    return client.get("/members/").status_code == 200


@pytest.fixture
def device(database: Database, client: TestClient, clock: SetClock) -> Device:
    """The device of a board member who chose a passkey an hour ago; nobody is signed in."""
    open_account(database)
    give_password(client)
    made = Device()
    status, page = make_passkey(client, made)
    assert status == 200
    assert len(codes_on(page)) == 10, "recovery codes come with the first factor"
    assert is_in(client)
    clock.set(LATER)
    client.cookies.clear()
    return made


def test_a_passkey_is_the_second_step(client: TestClient, device: Device) -> None:
    assert give_password(client) == "/members/second-step?next=%2F"
    assert use(client, device) == 303
    assert is_in(client)


def test_a_passkey_is_the_only_step(client: TestClient, device: Device) -> None:
    assert use(client, device, ONLY) == 303
    assert is_in(client)


def test_as_the_only_step_the_device_makes_sure_of_its_owner(client: TestClient, device: Device) -> None:
    device.makes_sure = False
    assert use(client, device, ONLY) == 422
    give_password(client)
    assert use(client, device) == 303, "beside a password it need not"


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
def test_a_tampered_answer_opens_nothing(client: TestClient, device: Device, part: str) -> None:
    give_password(client)
    options, sealed = offered_on(client.get(STEP).text)
    answer = tamper(device.use(options), part)
    assert client.post(f"{STEP}/passkey", data={"sealed": sealed, "answer": answer}).status_code == 422
    assert not is_in(client)


def test_an_answer_opens_once(client: TestClient, device: Device) -> None:
    options, sealed = offered_on(client.get(ONLY).text)
    answer = {"sealed": sealed, "answer": device.use(options)}
    assert client.post(ONLY, data=answer).status_code == 303
    client.cookies.clear()
    assert client.post(ONLY, data=answer).status_code == 422


def test_an_answer_is_to_the_challenge_of_its_own_sign_in(client: TestClient, device: Device) -> None:
    give_password(client)
    options, sealed = offered_on(client.get(STEP).text)
    answer = {"sealed": sealed, "answer": device.use(options)}
    give_password(client)
    assert client.post(f"{STEP}/passkey", data=answer).status_code == 422
    other, _ = offered_on(client.get(STEP).text)
    assert client.post(f"{STEP}/passkey", data=answer | {"answer": device.use(other)}).status_code == 422
    assert client.post(ONLY, data=answer).status_code == 422


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "coop.example"),
        ("http://coop.example", "coop.example"),
        ("https://coop.example:8443", "coop.example"),
        ("https://coop.example", "evil.example"),
    ],
)
def test_a_page_of_somebody_else_gets_no_answer_that_opens(
    client: TestClient, device: Device, origin: str, host: str
) -> None:
    device.origin, device.host = origin, host
    assert use(client, device, ONLY) == 422


def test_a_copied_key_whose_count_falls_back_is_refused(client: TestClient, device: Device) -> None:
    device.sign_count = 10
    assert use(client, device, ONLY) == 303
    client.cookies.clear()
    device.sign_count = 5
    assert use(client, device, ONLY) == 422


def test_a_passkey_of_another_account_is_no_second_step_here(
    database: Database, client: TestClient, device: Device
) -> None:
    open_account(database, OTHER_BOARD)
    enter_with_app(client, LATER, OTHER_BOARD)
    theirs = Device()
    assert make_passkey(client, theirs)[0] == 303
    give_password(client)
    assert use(client, theirs) == 422
    assert use(client, device) == 303


def test_a_passkey_that_one_session_was_offered_is_not_made_by_another(client: TestClient, device: Device) -> None:
    use(client, device, ONLY)
    options, sealed = offered_on(client.get(NEW).text)
    client.cookies.clear()
    use(client, device, ONLY)
    answer = {"name": "Mine", "sealed": sealed, "answer": Device().make(options)}
    assert client.post(NEW, data=answer).status_code == 422


def test_several_are_kept_by_name_and_one_is_removed(database: Database, client: TestClient, device: Device) -> None:
    use(client, device, ONLY)
    assert make_passkey(client, Device(), "Key <b> in the drawer")[0] == 303
    assert make_passkey(client, Device(), " ")[0] == 422
    page = client.get("/members/factors").text
    assert "My phone" in page
    assert "Key &lt;b&gt; in the drawer" in page
    with database.read(COMMUNITY) as tx:
        phone, _ = load_factors(tx, account_of(database)).passkeys
    assert client.post(f"/members/factors/passkeys/{phone.passkey_id}/remove").status_code == 303
    assert "My phone" not in client.get("/members/factors").text
    client.cookies.clear()
    assert use(client, device, ONLY) == 422


def test_nobody_removes_the_passkey_of_another(database: Database, client: TestClient, device: Device) -> None:
    with database.read(COMMUNITY) as tx:
        [phone] = load_factors(tx, account_of(database)).passkeys
    open_account(database, AUDITOR, "auditor")
    give_password(client, AUDITOR)
    assert client.post(f"/members/factors/passkeys/{phone.passkey_id}/remove").status_code == 404
    client.cookies.clear()
    assert use(client, device, ONLY) == 303


def test_a_device_makes_one_passkey_and_not_the_same_again(client: TestClient, device: Device) -> None:
    use(client, device, ONLY)
    options, _ = offered_on(client.get(NEW).text)
    assert len(json.loads(options)["excludeCredentials"]) == 1
    assert make_passkey(client, device)[0] == 422


def test_a_bare_address_has_no_passkeys_and_says_why(client: TestClient, device: Device) -> None:
    page = client.get(ONLY, headers={"host": "192.0.2.7"}).text
    assert "bare address" in page
    assert "data-passkey" not in page


def account_of(database: Database, email: str = BOARD) -> str:
    with database.read(COMMUNITY) as tx:
        account = find_by_email(tx, email)
    assert account is not None
    return account.account_id


def test_the_own_data_name_the_passkeys_and_hold_no_key(client: TestClient, device: Device) -> None:
    use(client, device, ONLY)
    with ZipFile(BytesIO(client.get("/members/api/v1/me/export").content)) as files:
        text = files.read("second-factors.json").decode()
    [row] = json.loads(text)["rows"]
    assert (row["kind"], row["name"]) == ("passkey", "My phone (coop.example)")
    assert "public_key" not in text


PLACE = Place("coop.example", "https://coop.example")
CHALLENGE = bytes(32)
OPTIONS = json.dumps({"challenge": "A" * 43})
KEPT = Passkey("p", "a", "n", "coop.example", "A" * 43, bytes(77), 0, AT)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_whatever_a_browser_sends_is_a_passkey_or_refused(data: st.DataObject) -> None:
    device = Device()
    answer = json.loads(data.draw(st.sampled_from([device.make(OPTIONS), device.use(OPTIONS)])))
    place = data.draw(st.sampled_from(["id", "rawId", "type", "response", *answer["response"]]))
    junk = data.draw(st.one_of(st.none(), st.integers(), st.text(max_size=40), st.lists(st.integers(), max_size=3)))
    (answer if place in answer else answer["response"])[place] = junk
    text = data.draw(st.sampled_from([json.dumps(answer), json.dumps(junk), "{", "[" * 5000]))
    with pytest.raises(PasskeyRefused):
        passkeys.check_use(text, KEPT, CHALLENGE, PLACE, is_only_step=False)
    with suppress(PasskeyRefused):
        passkeys.read_registration(text, CHALLENGE, PLACE)
