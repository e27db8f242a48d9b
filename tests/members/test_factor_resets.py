"""A second factor that was lost: two people take it off, its owner is told, and nobody gets in by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.members.factors.commands.resets import confirm_reset_at_machine
from coop.members.factors.rules.codes import count_step, show_code
from coop.members.factors.store import find_waiting_reset, load_factors
from coop.members.factors.tables import factor_reset
from coop.members.tables import message
from coop.values import CoopError
from tests.desk import COMMUNITY
from tests.kit.clocks import SetClock
from tests.members.entering import AUDITOR, BOARD, OTHER_BOARD, enter_with_app, give_password, open_account, show
from tests.members.sample import AT

LATER = AT + timedelta(hours=1)


@pytest.fixture
def account_id(database: Database, client: TestClient, clock: SetClock) -> str:
    """A board member who chose an app an hour ago and has lost it."""
    opened = open_account(database)
    enter_with_app(client, AT)
    clock.set(LATER)
    return opened


def ask(client: TestClient) -> None:
    """Let the owner ask, at the page that wants the code."""
    give_password(client)
    assert client.post("/members/second-step/lost").status_code == 303


def waiting_of(database: Database, account_id: str) -> str:
    with database.read(COMMUNITY) as tx:
        reset = find_waiting_reset(tx, account_id)
    return reset.reset_id if reset else ""


def settle(client: TestClient, reset_id: str, how: str = "confirm") -> int:
    return client.post(f"/members/lost-factors/{reset_id}/{how}").status_code


def test_the_owner_asks_and_another_of_the_board_confirms(
    database: Database, client: TestClient, account_id: str
) -> None:
    ask(client)
    assert "It waits for somebody of the board" in client.get("/members/second-step").text
    open_account(database, OTHER_BOARD)
    enter_with_app(client, LATER, OTHER_BOARD)
    page = client.get("/members/lost-factors").text
    assert "Bram Hendriks" in page
    assert "is it really them who asks?" in page
    assert settle(client, waiting_of(database, account_id)) == 303
    with database.read(COMMUNITY) as tx:
        factors = load_factors(tx, account_id)
    assert (factors.authenticator, factors.passkeys, factors.codes_left) == (None, (), 0)
    assert give_password(client).startswith("/members/factors?"), "the owner chooses another, with the password"


def test_the_owner_is_told_at_each_step(database: Database, client: TestClient, account_id: str) -> None:
    ask(client)
    open_account(database, OTHER_BOARD)
    enter_with_app(client, LATER, OTHER_BOARD)
    settle(client, waiting_of(database, account_id))
    with database.read(COMMUNITY) as tx:
        mine = message.c.community == COMMUNITY, message.c.account_id == account_id
        told = " ".join(row.content for row in tx.execute(select(message).where(*mine)))
    assert "iemand vroeg om de tweede stap eraf te halen" in told
    assert "de tweede stap is eraf gehaald" in told
    assert "Noor de Wit" in told


def test_nobody_confirms_what_they_asked_or_for_themselves(
    database: Database, client: TestClient, account_id: str
) -> None:
    open_account(database, OTHER_BOARD)
    enter_with_app(client, LATER, OTHER_BOARD)
    assert client.post(f"/members/lost-factors/accounts/{account_id}").status_code == 303
    reset_id = waiting_of(database, account_id)
    assert settle(client, reset_id) == 409
    with database.read(COMMUNITY) as tx:
        assert load_factors(tx, account_id).authenticator is not None


def test_an_operator_takes_nothing_off_a_board_member(database: Database, client: TestClient, account_id: str) -> None:
    ask(client)
    open_account(database, AUDITOR, "operator")
    enter_with_app(client, LATER, AUDITOR)
    reset_id = waiting_of(database, account_id)
    assert [settle(client, reset_id), settle(client, reset_id, "withdraw")] == [403, 403]
    assert client.post(f"/members/lost-factors/accounts/{account_id}").status_code == 403


def test_the_machine_is_the_second_person_and_never_the_first(
    database: Database, client: TestClient, account_id: str
) -> None:
    with database.write(COMMUNITY, COMMAND_LINE) as tx, pytest.raises(CoopError, match="nobody asked"):
        confirm_reset_at_machine(tx, account_id)
    ask(client)
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        confirm_reset_at_machine(tx, account_id)
    assert give_password(client).startswith("/members/factors?")


def test_a_reset_signs_the_account_out_everywhere(database: Database, client: TestClient, clock: SetClock) -> None:
    account_id = open_account(database)
    enter_with_app(client, AT)
    inside = dict(client.cookies)
    clock.set(LATER)
    ask(client)
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        confirm_reset_at_machine(tx, account_id)
    client.cookies.clear()
    client.cookies.update(inside)
    assert client.get("/members/").status_code == 401


def test_whoever_signs_in_with_their_factor_after_all_ends_the_wait(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    account_id = open_account(database)
    secret = enter_with_app(client, AT)
    clock.set(LATER)
    ask(client)
    assert waiting_of(database, account_id)
    assert show(client, show_code(secret, count_step(LATER))) == 303
    assert not waiting_of(database, account_id)


def test_asked_twice_one_waits_and_a_withdrawn_one_is_over(
    database: Database, client: TestClient, account_id: str
) -> None:
    ask(client)
    ask(client)
    reset_id = waiting_of(database, account_id)
    open_account(database, OTHER_BOARD)
    enter_with_app(client, LATER, OTHER_BOARD)
    assert settle(client, reset_id, "withdraw") == 303
    assert [settle(client, reset_id), settle(client, reset_id, "withdraw")] == [404, 404]
    with database.read(COMMUNITY) as tx:
        rows = tx.execute(select(factor_reset.c.outcome).where(factor_reset.c.community == COMMUNITY)).all()
    assert [row.outcome for row in rows] == ["withdrawn"]


def test_who_has_no_factor_has_none_to_lose(database: Database, client: TestClient) -> None:
    account_id = open_account(database, AUDITOR, "auditor")
    open_account(database, BOARD)
    enter_with_app(client, AT)
    assert client.post(f"/members/lost-factors/accounts/{account_id}").status_code == 409


def test_a_lost_factor_and_accounts_without_one_wait_at_home(
    database: Database, client: TestClient, account_id: str
) -> None:
    ask(client)
    open_account(database, OTHER_BOARD)
    enter_with_app(client, LATER, OTHER_BOARD)
    home = client.get("/members/cards/waiting").text
    assert "1 lost second factor waits for you as the second person" in home
    assert "no second factor, though its role needs one" not in home
    settle(client, waiting_of(database, account_id))
    home = client.get("/members/cards/waiting").text
    assert "lost second factor" not in home
    assert "1 account has no second factor, though its role needs one" in home
