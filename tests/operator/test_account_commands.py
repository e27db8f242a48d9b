"""``coop account``: accounts from the machine itself, on SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from coop.communities.commands import found
from coop.communities.model import Profile
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.session import ENROLMENT, SECOND_STEP, Session
from coop.kit.settings import Settings
from coop.members.access import grants_of
from coop.members.factors.commands.resets import ask_reset
from coop.members.factors.model import Authenticator
from coop.members.factors.store import put_authenticator
from coop.members.identity.commands.addresses import AddressRefused, set_password
from coop.members.identity.commands.roles import confirm_role, propose_role
from coop.members.identity.commands.sign_in import sign_in
from coop.members.identity.model import Origin
from coop.members.identity.proposals import find_proposal
from coop.members.identity.store import change_account, list_accounts
from coop.members.imports.commands import import_register
from coop.members.service import MEMBERS
from coop.members.tables import account_change
from coop.operator.accounts import get_by_email
from tests.flows.command import Done, coop

BOARD = grants_of(Session("", "", frozenset({"board"}), None, "warm"))
PASSWORD, HERE = "four words of mine", Origin("192.0.2.7")
REGISTER = b"number,kind,name,joined_on\n007,owner,Zoe,2024-01-01\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    return Settings(data_dir=tmp_path / "data", secret="secret of the tests", database_url=url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An installation with the co-operative ``warm`` and its member 007."""
    opened = MEMBERS.open_database(settings.url("members"))
    with opened.write("warm", COMMAND_LINE) as tx:
        found(tx, Profile(("warm.example",), "Warm U.A.", "Warm"))
        import_register(tx, "members", "leden.csv", REGISTER)
    yield opened
    opened.close()


def account(settings: Settings, *arguments: str) -> Done:
    more = {"COOP_DATABASE_URL": settings.database_url, "COOP_BASE_URL": "https://coop.example"}
    return coop(settings, "account", *arguments, **more)


def read_key(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    address = re.search(r"^https://warm\.example/members/welcome\?key=(\S+)$", done.stdout, re.MULTILINE)
    assert address, done.stdout
    return address[1]


def test_the_first_account_comes_in_by_a_one_time_address_under_the_co_operative_s_host_name(
    settings: Settings, database: Database
) -> None:
    done = account(settings, "add", "Noor@warm.example", "--name", "Noor", "--role", "board", "--community", "warm")
    set_password(database, "warm", HERE, read_key(done), PASSWORD)
    session = sign_in(database, "warm", HERE, "noor@warm.example", PASSWORD)
    assert (session.name, sorted(session.roles)) == ("Noor", ["board"])
    with database.read("warm") as tx:
        rows = tx.execute(
            select(account_change.c.change, account_change.c.actor, account_change.c.channel).where(
                account_change.c.community == "warm"
            )
        )
        assert ("invited", "operator", "command line") in {tuple(row) for row in rows}


def test_an_account_of_a_member_is_made_by_the_member_s_number(settings: Settings, database: Database) -> None:
    read_key(account(settings, "add", "zoe@warm.example", "--name", "Zoe", "--member", "007"))
    with database.read("warm") as tx:
        (made,) = list_accounts(tx)
    assert (sorted(made.roles), made.member_id is not None) == (["member"], True)
    unknown = account(settings, "add", "x@warm.example", "--name", "X", "--member", "008")
    assert (unknown.returncode, "no member with number 008" in unknown.stderr) == (1, True)


def test_an_account_that_is_made_again_gets_a_new_address_and_the_old_one_opens_nothing(
    settings: Settings, database: Database
) -> None:
    words = "add", "noor@warm.example", "--name", "Noor", "--role", "board"
    first, second = read_key(account(settings, *words)), read_key(account(settings, *words))
    with pytest.raises(AddressRefused):
        set_password(database, "warm", HERE, first, PASSWORD)
    set_password(database, "warm", HERE, second, PASSWORD)
    third = account(settings, *words)
    assert (third.returncode, "has a password" in third.stderr) == (1, True)


def test_accounts_are_listed_reset_closed_and_opened(settings: Settings, database: Database) -> None:
    assert account(settings, "list").stdout == ""
    account(settings, "add", "noor@warm.example", "--name", "Noor", "--role", "board")
    assert re.match(r"noor@warm.example +invited +board +Noor\n", account(settings, "list").stdout)
    set_password(database, "warm", HERE, read_key(account(settings, "reset", "noor@warm.example")), PASSWORD)
    assert " open " in account(settings, "list").stdout
    assert " closed " in account(settings, "close", "noor@warm.example").stdout
    assert account(settings, "reset", "noor@warm.example").returncode == 1
    assert " open " in account(settings, "open", "noor@warm.example").stdout
    assert "no account has the address" in account(settings, "close", "who@warm.example").stderr


def test_what_is_wrong_with_an_account_is_said_and_nothing_is_made(settings: Settings, database: Database) -> None:
    for email, role, wrong in (("nowhere", "board", "nowhere"), ("n@warm.example", "king", "king")):
        done = account(settings, "add", email, "--name", "N", "--role", role)
        assert (done.returncode, wrong in done.stderr) == (1, True)
    assert account(settings, "list").stdout == ""


def test_roles_are_proposed_by_the_machine_once_the_board_can_sign_in(settings: Settings, database: Database) -> None:
    key = read_key(account(settings, "add", "noor@warm.example", "--name", "Noor", "--role", "board"))
    set_password(database, "warm", HERE, key, PASSWORD)
    done = account(settings, "add", "otto@warm.example", "--name", "Otto", "--role", "treasurer")
    assert "grant treasurer: waits under number 2 for a second person; Noor can confirm it" in done.stdout
    session = sign_in(database, "warm", HERE, "noor@warm.example", PASSWORD)
    with database.write("warm", session.actor("page")) as tx:
        confirm_role(tx, BOARD, 2)
    assert "treasurer" in account(settings, "roles", "otto@warm.example").stdout


def test_the_machine_s_operator_is_the_second_person_of_a_board_of_one(settings: Settings, database: Database) -> None:
    key = read_key(account(settings, "add", "noor@warm.example", "--name", "Noor", "--role", "board"))
    set_password(database, "warm", HERE, key, PASSWORD)
    account(settings, "add", "otto@warm.example", "--name", "Otto")
    session = sign_in(database, "warm", HERE, "noor@warm.example", PASSWORD)
    with database.write("warm", session.actor("page")) as tx:
        otto = get_by_email(tx, "otto@warm.example")
        proposal = propose_role(tx, BOARD, otto.account_id, "grant", "auditor")
    waits = account(settings, "roles", "otto@warm.example").stdout
    assert "grant auditor: waits under number 2 for a second person; nobody else can confirm it" in waits
    done = account(settings, "roles", "otto@warm.example", "--grant", "auditor")
    assert "holds from now on" in done.stdout
    with database.read("warm") as tx:
        settled = find_proposal(tx, proposal.number)
    assert settled is not None
    assert (settled.settled_by, settled.settled_through, settled.outcome) == ("operator", "command line", "confirmed")


def test_the_machine_takes_a_second_factor_off_once_its_owner_asked(settings: Settings, database: Database) -> None:
    done = account(settings, "add", "noor@warm.example", "--name", "Noor", "--role", "board", "--community", "warm")
    set_password(database, "warm", HERE, read_key(done), PASSWORD)
    with database.write("warm", COMMAND_LINE) as tx:
        account_id = get_by_email(tx, "noor@warm.example").account_id
        put_authenticator(tx, Authenticator(account_id, bytes(60), tx.now, 0))
        change_account(tx, account_id, has_factor=True)
    reset = ("reset", "--second-factor", "noor@warm.example", "--community", "warm")
    refused = account(settings, *reset)
    assert refused.returncode == 1
    assert "nobody asked for it yet" in refused.stderr
    entering = sign_in(database, "warm", HERE, "noor@warm.example", PASSWORD)
    assert entering.lacks == SECOND_STEP
    with database.write("warm", entering.actor("page")) as tx:
        ask_reset(tx, entering)
    assert "second factor is taken off" in account(settings, *reset).stdout
    assert sign_in(database, "warm", HERE, "noor@warm.example", PASSWORD).lacks == ENROLMENT
