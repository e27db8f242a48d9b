"""Accounts: who may make and change which, and what is wrong with those that cannot be made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coop.events.scopes import SCOPES
from coop.kit.access import ANYBODY, ENROLLING, SIGNED_IN, TAKING_SECOND_STEP
from coop.kit.database import Database
from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.members.access import ACCESS, grants_of
from coop.members.identity.commands.accounts import create_account, set_active
from coop.members.identity.commands.emails import ask_email
from coop.members.identity.commands.invitations import invite_again
from coop.members.identity.commands.roles import propose_role
from coop.members.identity.model import ROLES, NewAccount
from coop.values import BadInput, NotFound
from tests.desk import COMMUNITY, SECRETARY
from tests.members.sample import VRIES, YILDIZ, bring, dump

EMAIL, PASSWORD = "vries@example.org", "four words of mine"
OPERATOR = grants_of(Session("o", "", frozenset({"operator"}), None, COMMUNITY))
BOARD = grants_of(Session("b", "", frozenset({"board"}), None, COMMUNITY))


def wish(*roles: str, email: str = EMAIL, member_id: str | None = None, password: str = PASSWORD) -> NewAccount:
    return NewAccount(email, "A. de Vries", frozenset(roles), password, member_id)


def make(database: Database, wanted: NewAccount) -> str:
    with database.write(COMMUNITY, SECRETARY) as tx:
        return create_account(tx, ROLES, wanted)


def discard(answer: object) -> None:
    """Leave an answer alone."""


@pytest.fixture
def account_id(database: Database) -> str:
    """A member's account."""
    bring(database, "members")
    return make(database, wish("member", member_id=VRIES))


def test_every_role_has_its_entry_in_the_access_table() -> None:
    assert {action.removeprefix("grant-") for action in ACCESS.table if action.startswith("grant-")} == set(ROLES)
    assert {role for needed in ACCESS.table.values() for role in needed} <= {
        *ROLES,
        *SCOPES,
        *ANYBODY,
        *SIGNED_IN,
        *ENROLLING,
        *TAKING_SECOND_STEP,
        "machine",
    }


def test_the_board_gives_out_every_role_and_nobody_else_more_than_they_have() -> None:
    assert set(ROLES) == BOARD
    assert {"member", "operator"} == OPERATOR
    for role in set(ROLES) - {"board", "operator"}:
        assert not grants_of(Session("x", "", frozenset({role}), None, COMMUNITY))


@pytest.mark.parametrize("role", sorted(set(ROLES) - OPERATOR))
def test_an_operator_makes_nobody_more_than_an_operator(database: Database, role: str) -> None:
    before = dump(database)
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(NotAllowed, match=role):
        create_account(tx, OPERATOR, wish("operator", role))
    assert dump(database) == before


WORK: dict[str, Callable[[Tx, str], None]] = {
    "address": lambda tx, account_id: ask_email(tx, OPERATOR, account_id, "mine@example.org"),
    "a one-time address": lambda tx, account_id: discard(invite_again(tx, OPERATOR, account_id)),
    "a role": lambda tx, account_id: discard(propose_role(tx, OPERATOR, account_id, "withdraw", "treasurer")),
    "closing": lambda tx, account_id: set_active(tx, OPERATOR, account_id, active=False),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_an_operator_takes_over_no_account_that_may_do_more(
    database: Database, work: Callable[[Tx, str], None]
) -> None:
    treasurer = make(database, wish("treasurer"))
    before = dump(database)
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(NotAllowed, match="treasurer"):
        work(tx, treasurer)
    assert dump(database) == before


def test_everything_wrong_with_a_new_account_is_named_at_once(database: Database) -> None:
    wanted = NewAccount("nowhere", "x" * 201, frozenset({"member", "king"}), "short", "nobody")
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(BadInput) as refusal:
        create_account(tx, ROLES, wanted)
    assert sorted(problem.field for problem in refusal.value.problems) == [
        "email",
        "member_id",
        "name",
        "password",
        "roles",
    ]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (wish("member"), "member_id"),
        (wish("auditor", password="0123456789"), "password"),
        (wish("auditor", password="vries@example.org"), "password"),
    ],
    ids=["a member who is none", "a common password", "the address as a password"],
)
def test_an_account_that_cannot_be_is_refused(database: Database, wanted: NewAccount, field: str) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(BadInput) as refusal:
        create_account(tx, ROLES, wanted)
    assert [problem.field for problem in refusal.value.problems] == [field]


def test_an_address_belongs_to_one_account(database: Database, account_id: str) -> None:
    other = make(database, wish("member", email="yildiz@example.org", member_id=YILDIZ))
    for wanted in (wish("member", member_id=YILDIZ), wish("member", "board", member_id=VRIES), wish("partner")):
        with (
            database.write(COMMUNITY, SECRETARY) as tx,
            pytest.raises(BadInput, match="another account has the address"),
        ):
            create_account(tx, ROLES, wanted)
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(BadInput, match="another account has the address"):
        ask_email(tx, ROLES, other, EMAIL)


def test_accounts_of_another_community_are_unknown(database: Database, account_id: str) -> None:
    with database.write("elsewhere", SECRETARY) as tx, pytest.raises(NotFound):
        set_active(tx, ROLES, account_id, active=False)
