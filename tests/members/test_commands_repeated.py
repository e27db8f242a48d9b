"""Every command of the register: again it changes nothing, and killed before the commit it left nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import select

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.members.identity.commands.accounts import (
    create_account,
    set_active,
)
from coop.members.identity.commands.roles import propose_role
from coop.members.identity.commands.sessions import end_all_sessions, end_session
from coop.members.identity.commands.sign_in import sign_in
from coop.members.identity.model import ROLES, NewAccount
from coop.members.imports.commands import import_id_of, import_register, undo_import
from coop.members.register.commands import end_membership
from coop.members.tables import sign_in as sign_ins
from coop.values import derive_id
from tests.desk import COMMUNITY, SECRETARY
from tests.members.sample import (
    FILES,
    HOME,
    OCCUPANCIES,
    VRIES,
    YILDIZ,
    PowerCutError,
    bring_all,
    change_contact,
    dump,
)


@dataclass(frozen=True)
class Command:
    """A command on a register that holds the sample."""

    name: str
    run: Callable[[Tx], object]


ACCOUNT = derive_id("account", COMMUNITY, "vries@example.org", 0)
CONTRACTS_FILE = import_id_of(COMMUNITY, "contracts", FILES["contracts"].encode())


def _session_id(tx: Tx) -> str:
    """Id of the only session that began."""
    session_id: str = tx.scalars(select(sign_ins.c.session_id).where(sign_ins.c.community == tx.community)).one()
    return session_id


COMMANDS = [
    Command(
        "import members",
        lambda tx: (
            import_register(
                tx, "members", "more.csv", b"number,kind,name,joined_on\n009,owner,Z,2025-01-01\n"
            ).import_id
        ),
    ),
    Command(
        "import occupancies",
        lambda tx: (
            import_register(tx, "occupancies", "more.csv", (OCCUPANCIES + "0003,001,2025-01-01,\n").encode()).import_id
        ),
    ),
    Command("undo contracts", lambda tx: undo_import(tx, CONTRACTS_FILE)),
    Command("end a membership", lambda tx: end_membership(tx, YILDIZ, date(2026, 3, 1))),
    Command("change contact data", lambda tx: change_contact(tx, VRIES, {"city": "Utrecht"})),
    Command(
        "make an account",
        lambda tx: create_account(
            tx, ROLES, NewAccount("new@example.org", "N", frozenset({"member"}), "long enough", YILDIZ)
        ),
    ),
    Command("close an account", lambda tx: set_active(tx, ROLES, ACCOUNT, active=False)),
    Command("propose a role", lambda tx: propose_role(tx, ROLES, ACCOUNT, "grant", "treasurer").number),
    Command("end a session", lambda tx: end_session(tx, ACCOUNT, _session_id(tx))),
    Command("end all sessions", lambda tx: end_all_sessions(tx, ACCOUNT)),
]


@pytest.fixture(params=COMMANDS, ids=lambda command: command.name)
def command(request: pytest.FixtureRequest, database: Database) -> Command:
    """Each command in turn, on a filled register with one account that is signed in."""
    bring_all(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        create_account(
            tx, ROLES, NewAccount("vries@example.org", "A. de Vries", frozenset({"member"}), "long enough", VRIES)
        )
    sign_in(database, COMMUNITY, HOME, "vries@example.org", "long enough")
    wanted: Command = request.param
    return wanted


def test_a_repeated_command_changes_nothing_and_answers_the_same(database: Database, command: Command) -> None:
    untouched = dump(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        answer = command.run(tx)
    once = dump(database)
    assert once != untouched
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert command.run(tx) == answer
    assert dump(database) == once


def test_a_command_killed_before_its_commit_left_nothing_and_can_be_given_again(
    database: Database, command: Command
) -> None:
    before = dump(database)

    def killed() -> None:
        with database.write(COMMUNITY, SECRETARY) as tx:
            command.run(tx)
            raise PowerCutError

    with pytest.raises(PowerCutError):
        killed()
    assert dump(database) == before
    with database.write(COMMUNITY, SECRETARY) as tx:
        command.run(tx)
    assert dump(database) != before
