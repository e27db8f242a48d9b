"""One-time addresses: used once, in time, by the one they are for; a key is guessed by nobody and kept nowhere."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.kit.session import is_ended
from coop.members.identity.commands import addresses, sign_in
from coop.members.identity.commands.accounts import create_account, set_active
from coop.members.identity.commands.addresses import (
    AddressRefused,
    draw_address,
    make_one_time_address,
    open_address,
    set_password,
)
from coop.members.identity.commands.sessions import WrongSignIn
from coop.members.identity.model import ROLES, NewAccount, Origin
from coop.members.identity.rules.keys import SIGNS, draw_key
from coop.members.identity.rules.tries import OF_SOURCE
from coop.members.identity.store import list_changes
from coop.values import BadInput, CoopError
from coop.web.catalogs import languages
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock
from tests.members.sample import AT, HOME, dump

EMAIL, PASSWORD, NEW_PASSWORD = "noor@example.org", "four words of mine", "my own words now"


def make_account(database: Database, email: str = EMAIL, password: str = "") -> str:
    with database.write(COMMUNITY, SECRETARY) as tx:
        return create_account(tx, ROLES, NewAccount(email, "Noor", frozenset({"auditor"}), password))


def make_key(database: Database, account_id: str, *, by_post: bool = False) -> str:
    with database.write(COMMUNITY, SECRETARY) as tx:
        path = draw_address(tx, account_id, "set-password", by_post=by_post).path
    assert path.startswith("/members/welcome?key=")
    return path.removeprefix("/members/welcome?key=")


def refusal_of(database: Database, key: str, community: str = COMMUNITY) -> str:
    with pytest.raises(AddressRefused) as refused:
        set_password(database, community, HOME, key, NEW_PASSWORD)
    return refused.value.code


@pytest.fixture
def account_id(database: Database) -> str:
    """An account without a password."""
    return make_account(database)


def test_who_is_invited_chooses_a_password_and_signs_in_with_it(database: Database, account_id: str) -> None:
    with pytest.raises(WrongSignIn):
        sign_in.sign_in(database, COMMUNITY, HOME, EMAIL, "")
    set_password(database, COMMUNITY, HOME, make_key(database, account_id), NEW_PASSWORD)
    assert sign_in.sign_in(database, COMMUNITY, HOME, EMAIL, NEW_PASSWORD).account_id == account_id
    with database.read(COMMUNITY) as tx:
        told = {(change.change, change.actor, change.channel) for change in list_changes(tx, account_id)}
    assert ("invited", str(SECRETARY), "api") in told
    assert ("own-password", f"account:{account_id}", "one-time address") in told


def test_an_invitation_used_twice_works_once(database: Database, account_id: str) -> None:
    key = make_key(database, account_id)
    set_password(database, COMMUNITY, HOME, key, NEW_PASSWORD)
    before = dump(database)
    assert refusal_of(database, key) == "address-used"
    assert dump(database)["account"] == before["account"]


def test_of_two_at_once_one_uses_the_address(database: Database, account_id: str) -> None:
    key, outcomes = make_key(database, account_id), []

    def use(new: str) -> None:
        try:
            set_password(database, COMMUNITY, HOME, key, new)
            outcomes.append("kept")
        except AddressRefused as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=use, args=[f"my own words number {n}"]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [*["address-used"] * 3, "kept"]


@pytest.mark.parametrize(
    ("password", "by_post", "lasts"),
    [("", False, timedelta(days=7)), (PASSWORD, False, timedelta(hours=1)), (PASSWORD, True, timedelta(days=21))],
    ids=["an invitation", "a reset", "a letter"],
)
def test_an_invitation_or_reset_used_late_is_refused(
    database: Database, clock: SetClock, password: str, by_post: bool, lasts: timedelta
) -> None:
    key = make_key(database, make_account(database, password=password), by_post=by_post)
    clock.set(AT + lasts - timedelta(seconds=1))
    assert open_address(database, COMMUNITY, HOME, key).account.email == EMAIL
    clock.set(AT + lasts)
    assert refusal_of(database, key) == "address-late"


def test_a_newer_address_replaces_an_older_one(database: Database, account_id: str) -> None:
    first, second = make_key(database, account_id), make_key(database, account_id)
    assert refusal_of(database, first) == "address-replaced"
    set_password(database, COMMUNITY, HOME, second, NEW_PASSWORD)


def test_an_invitation_used_by_another_sets_nobody_elses_password(database: Database, account_id: str) -> None:
    other = make_account(database, "else@example.org")
    key = make_key(database, account_id)
    assert refusal_of(database, key, "elsewhere") == "address-unknown"
    assert set_password(database, COMMUNITY, HOME, key, NEW_PASSWORD).account_id == account_id
    with pytest.raises(WrongSignIn):
        sign_in.sign_in(database, COMMUNITY, HOME, "else@example.org", NEW_PASSWORD)
    assert other != account_id


def test_a_closed_account_is_opened_by_no_address(database: Database, account_id: str) -> None:
    key = make_key(database, account_id)
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_active(tx, ROLES, account_id, active=False)
        with pytest.raises(AddressRefused):
            make_one_time_address(tx, account_id, "set-password")
    assert refusal_of(database, key) == "address-closed"


def test_a_poor_password_uses_nothing_up(database: Database, account_id: str) -> None:
    key = make_key(database, account_id)
    for poor, code in (("short", "password-length"), ("Welkom2026!", "password-common"), (EMAIL, "password-common")):
        with pytest.raises(BadInput) as refusal:
            set_password(database, COMMUNITY, HOME, key, poor)
        assert refusal.value.code == code
    set_password(database, COMMUNITY, HOME, key, NEW_PASSWORD)


def test_a_reset_leaves_the_password_until_it_is_used_and_then_ends_every_session(database: Database) -> None:
    account_id = make_account(database, password=PASSWORD)
    key = make_key(database, account_id)
    session = sign_in.sign_in(database, COMMUNITY, HOME, EMAIL, PASSWORD)
    set_password(database, COMMUNITY, HOME, key, NEW_PASSWORD)
    with database.read(COMMUNITY) as tx:
        assert is_ended(tx, session)
    with pytest.raises(WrongSignIn):
        sign_in.sign_in(database, COMMUNITY, HOME, EMAIL, PASSWORD)


def test_keys_are_counted_by_source_and_one_that_is_right_is_not(database: Database, account_id: str) -> None:
    key = make_key(database, account_id)
    for _ in range(OF_SOURCE.tries):
        assert refusal_of(database, draw_key()) == "address-unknown"
    with pytest.raises(CoopError, match="too many tries"):
        open_address(database, COMMUNITY, HOME, key)
    elsewhere = Origin("203.0.113.9")
    for _ in range(OF_SOURCE.tries + 1):
        open_address(database, COMMUNITY, elsewhere, key)


def test_keys_differ_have_no_sign_that_is_confused_and_are_kept_as_hashes(database: Database, account_id: str) -> None:
    keys = {draw_key() for _ in range(200)}
    assert len(keys) == 200
    assert set("".join(keys)) <= {*SIGNS, "-"}
    key = make_key(database, account_id)
    assert key not in str(dump(database))
    assert open_address(database, COMMUNITY, HOME, f" {key.upper().replace('-', ' ')} ").account.email == EMAIL


def test_the_page_takes_a_password_and_leads_to_the_sign_in(
    database: Database, client: TestClient, account_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = make_key(database, account_id)
    with caplog.at_level(logging.DEBUG):
        page = client.get("/members/welcome", params={"key": key})
    assert (page.status_code, EMAIL in page.text) == (200, True)
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("strict-origin", "no-store")
    assert key not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("coop"))
    poor = client.post("/members/welcome", data={"key": key, "new": "short"})
    assert (poor.status_code, "at least 10 characters" in poor.text) == (422, True)
    kept = client.post("/members/welcome", data={"key": key, "new": NEW_PASSWORD})
    assert kept.headers["location"] == "/members/sign-in"
    again = client.post("/members/welcome", data={"key": key, "new": NEW_PASSWORD})
    assert (again.status_code, "used already" in again.text) == (410, True)
    assert client.get("/members/welcome", params={"key": "nothing"}).status_code == 410
    assert 'name="key"' in client.get("/members/welcome").text


def test_every_reason_why_an_address_opens_nothing_is_said_in_dutch() -> None:
    assert {str(reason) for reason in addresses.REASONS.values()} <= languages()["nl"].texts
