"""Every command of the register: again it changes nothing, and killed before the commit it left nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection as Tx

from coop.kit.database import Database
from coop.members import accounts, handlers
from coop.members.handlers.imports import import_id_of
from coop.values import derive_id
from tests.members.desk import AT, FILES, OCCUPANCIES, TOWN, VRIES, YILDIZ, PowerCutError, bring_all, dump


@dataclass(frozen=True)
class Command:
    """A command on a register that holds the sample."""

    name: str
    run: Callable[[Tx], object]


ACCOUNT = derive_id("account", TOWN, "vries@example.org", 0)
CONTRACTS_FILE = import_id_of(TOWN, "contracts", FILES["contracts"].encode())

COMMANDS = [
    Command(
        "import members",
        lambda tx: (
            handlers.import_register(
                tx, TOWN, "members", "more.csv", b"number,kind,name,joined_on\n009,owner,Z,2025-01-01\n", AT
            ).import_id
        ),
    ),
    Command(
        "import occupancies",
        lambda tx: (
            handlers.import_register(
                tx, TOWN, "occupancies", "more.csv", (OCCUPANCIES + "0003,001,2025-01-01,\n").encode(), AT
            ).import_id
        ),
    ),
    Command("undo contracts", lambda tx: handlers.undo_import(tx, TOWN, CONTRACTS_FILE, AT)),
    Command("end a membership", lambda tx: handlers.end_membership(tx, TOWN, YILDIZ, date(2026, 3, 1))),
    Command("change contact data", lambda tx: handlers.change_contact(tx, TOWN, VRIES, {"city": "Utrecht"})),
    Command(
        "make an account",
        lambda tx: accounts.create_account(tx, TOWN, "new@example.org", "N", {"member"}, "long enough", YILDIZ),
    ),
    Command(
        "give a one-time password",
        lambda tx: accounts.set_one_time_password(tx, TOWN, ACCOUNT, "abcd-efgh-jkmn", AT + timedelta(days=7)),
    ),
    Command("change an address to sign in", lambda tx: accounts.change_email(tx, TOWN, ACCOUNT, "else@example.org")),
    Command("close an account", lambda tx: accounts.set_active(tx, TOWN, ACCOUNT, False)),
]


@pytest.fixture(params=COMMANDS, ids=lambda command: command.name)
def command(request: pytest.FixtureRequest, database: Database) -> Command:
    """Each command in turn, on a filled register with one account."""
    bring_all(database)
    with database.write() as tx:
        accounts.create_account(tx, TOWN, "vries@example.org", "A. de Vries", {"member"}, "long enough", VRIES)
    wanted: Command = request.param
    return wanted


def test_a_repeated_command_changes_nothing_and_answers_the_same(database: Database, command: Command) -> None:
    untouched = dump(database)
    with database.write() as tx:
        answer = command.run(tx)
    once = dump(database)
    assert once != untouched
    with database.write() as tx:
        assert command.run(tx) == answer
    assert dump(database) == once


def test_a_command_killed_before_its_commit_left_nothing_and_can_be_given_again(
    database: Database, command: Command
) -> None:
    before = dump(database)

    def killed() -> None:
        with database.write() as tx:
            command.run(tx)
            raise PowerCutError

    with pytest.raises(PowerCutError):
        killed()
    assert dump(database) == before
    with database.write() as tx:
        command.run(tx)
    assert dump(database) != before
