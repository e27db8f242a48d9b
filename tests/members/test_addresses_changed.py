"""Another address to sign in with, and a forgotten password: nobody takes an account over, or learns who has one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError

from coop.kit.actor import COMMAND_LINE, Actor
from coop.kit.database import Database
from coop.members.identity import proposals, store
from coop.members.identity.commands import emails
from coop.members.identity.commands.accounts import create_account, set_active
from coop.members.identity.commands.addresses import AddressRefused, open_address
from coop.members.identity.commands.invitations import ask_reset
from coop.members.identity.commands.sessions import WrongSignIn
from coop.members.identity.commands.sign_in import sign_in
from coop.members.identity.model import ROLES, EmailChange, NewAccount
from coop.values import BadInput
from tests.desk import COMMUNITY, SECRETARY
from tests.desk import sign_in as sign_in_as
from tests.kit.clocks import SetClock
from tests.members.browser import text_of
from tests.members.mailbox import read_key, read_mails
from tests.members.sample import AT, HOME, dump

OLD, NEW, PASSWORD = "noor@example.org", "noor@elsewhere.example", "four words of mine"


def make(database: Database, email: str = OLD, password: str = PASSWORD) -> str:
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        return create_account(tx, ROLES, NewAccount(email, "Noor", frozenset({"partner"}), password))


def email_of(database: Database, account_id: str) -> str:
    with database.read(COMMUNITY) as tx:
        return store.get_account(tx, account_id).email


def confirm(database: Database, recipient: str) -> EmailChange:
    return emails.confirm_email(database, COMMUNITY, HOME, read_key(database, recipient))


@pytest.fixture
def account_id(database: Database) -> str:
    """An account with a password."""
    return make(database)


def ask_as_owner(database: Database, account_id: str, email: str = NEW) -> None:
    with database.write(COMMUNITY, Actor("account", account_id, "page")) as tx:
        emails.ask_own_email(tx, account_id, email)


def ask_as_board(database: Database, account_id: str, email: str = NEW) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        emails.ask_email(tx, ROLES, account_id, email)


def test_an_own_address_changes_once_it_is_confirmed_there_and_the_old_one_gets_word(
    database: Database, account_id: str
) -> None:
    ask_as_owner(database, account_id)
    assert email_of(database, account_id) == OLD
    assert confirm(database, NEW).is_confirmed
    assert email_of(database, account_id) == NEW
    assert [(mail.recipient, mail.kind) for mail in read_mails(database)] == [
        (NEW, "confirm-address"),
        (OLD, "address-changed"),
    ]
    with pytest.raises(WrongSignIn):
        sign_in(database, COMMUNITY, HOME, OLD, PASSWORD)
    assert sign_in(database, COMMUNITY, HOME, NEW, PASSWORD).account_id == account_id


@pytest.mark.parametrize("order", [(OLD, NEW), (NEW, OLD)], ids=["old first", "new first"])
def test_an_address_that_the_board_asked_for_is_confirmed_from_both(
    database: Database, account_id: str, order: tuple[str, str]
) -> None:
    ask_as_board(database, account_id)
    assert not confirm(database, order[0]).is_confirmed
    assert email_of(database, account_id) == OLD
    assert confirm(database, order[1]).is_confirmed
    assert email_of(database, account_id) == NEW


def test_a_key_confirms_once_and_none_that_is_withdrawn(database: Database, account_id: str) -> None:
    ask_as_board(database, account_id)
    confirm(database, NEW)
    with pytest.raises(AddressRefused):
        confirm(database, NEW)
    with database.write(COMMUNITY, SECRETARY) as tx:
        emails.withdraw_email(tx, account_id)
    with pytest.raises(AddressRefused):
        confirm(database, OLD)
    assert email_of(database, account_id) == OLD


def test_a_newer_wish_replaces_an_older_one(database: Database, account_id: str) -> None:
    ask_as_owner(database, account_id, "first@example.org")
    first = read_key(database, "first@example.org")
    ask_as_owner(database, account_id)
    with pytest.raises(AddressRefused):
        emails.confirm_email(database, COMMUNITY, HOME, first)
    confirm(database, NEW)
    assert email_of(database, account_id) == NEW


def test_an_address_that_somebody_got_in_the_meantime_is_refused(database: Database, account_id: str) -> None:
    ask_as_owner(database, account_id)
    make(database, NEW)
    with pytest.raises(BadInput):
        confirm(database, NEW)
    assert email_of(database, account_id) == OLD


@pytest.mark.parametrize("email", ["nowhere", "taken@example.org", OLD, "x" * 250 + "@example.org"])
def test_an_address_that_cannot_be_is_refused_and_asks_nobody(database: Database, account_id: str, email: str) -> None:
    make(database, "taken@example.org")
    before = dump(database)
    with pytest.raises(BadInput):
        ask_as_owner(database, account_id, email)
    assert dump(database) == before


def test_who_was_invited_at_a_wrong_address_is_invited_at_another_and_the_first_opens_nothing(
    database: Database,
) -> None:
    account_id = make(database, password="")
    ask_as_board(database, account_id)
    assert email_of(database, account_id) == NEW
    assert open_address(database, COMMUNITY, HOME, read_key(database, NEW)).account.account_id == account_id


def test_the_database_changes_no_address_without_its_owner(database: Database, account_id: str) -> None:
    for confirmed in ({"old_confirmed_at": AT}, {"new_confirmed_at": AT}):
        asked = EmailChange(
            1, account_id, OLD, NEW, AT, str(SECRETARY), "page", settled_at=AT, settled_by="x",
            settled_through="page", outcome="changed", **confirmed,
        )  # fmt: skip
        with pytest.raises(IntegrityError), database.write(COMMUNITY, SECRETARY) as tx:
            proposals.add_email_change(tx, asked)


def test_the_own_page_asks_for_the_password_before_another_address(
    database: Database, client: TestClient, account_id: str
) -> None:
    client.post("/members/sign-in", data={"email": OLD, "password": PASSWORD})
    wrong = client.post("/members/me/email", data={"email": NEW, "password": "wrong"})
    assert (wrong.status_code, read_mails(database)) == (422, [])
    client.post("/members/me/email", data={"email": NEW, "password": PASSWORD})
    assert NEW in text_of(client, "/members/me")
    key = read_key(database, NEW)
    assert NEW in text_of(client, f"/members/welcome?key={key}")
    assert email_of(database, account_id) == OLD, "looking at it confirms nothing"
    assert NEW in client.post("/members/welcome", data={"key": key}).text
    assert email_of(database, account_id) == NEW


def test_the_board_s_page_changes_no_address_by_itself(database: Database, client: TestClient, account_id: str) -> None:
    sign_in_as(client, "board")
    page = f"/members/accounts/{account_id}"
    client.post(f"{page}/email", data={"email": NEW})
    shown = text_of(client, page)
    assert (NEW in shown, email_of(database, account_id)) == (True, OLD)
    assert read_key(database, NEW) not in shown
    client.post(f"{page}/email/withdraw")
    assert NEW not in text_of(client, page)


def test_whoever_forgot_a_password_gets_a_key_and_strangers_learn_nothing(
    database: Database, client: TestClient, account_id: str
) -> None:
    closed = make(database, "closed@example.org")
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        set_active(tx, ROLES, closed, active=False)
    told = len(read_mails(database))
    pages = {
        client.post("/members/forgotten", data={"email": email}).text
        for email in (OLD, "nobody@example.org", "closed@example.org", "no address", "")
    }
    assert len(pages) == 1
    mails = read_mails(database)[told:]
    assert [(mail.recipient, mail.kind) for mail in mails] == [(OLD, "reset")]
    new = {"key": mails[0].key, "new": "my own new words"}
    assert client.post("/members/welcome", data=new).headers["location"] == "/members/sign-in"
    assert sign_in(database, COMMUNITY, HOME, OLD, "my own new words").account_id == account_id


def test_nobody_s_mailbox_is_filled_by_strangers(database: Database, clock: SetClock, account_id: str) -> None:
    for _ in range(10):
        ask_reset(database, COMMUNITY, HOME, OLD)
        clock.set(clock.now() + timedelta(minutes=1))
    assert len(read_mails(database)) == 3
    clock.set(AT + timedelta(hours=1))
    ask_reset(database, COMMUNITY, HOME, OLD)
    assert len(read_mails(database)) == 4
