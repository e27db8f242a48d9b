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
from coop.members.identity.commands.accounts import (
    change_email,
    create_account,
    set_active,
    set_one_time_password,
    set_roles,
)
from coop.members.identity.commands.sign_in import sign_in
from coop.members.identity.model import ROLES, NewAccount
from coop.members.identity.store import get_account
from coop.values import BadInput, NotFound
from tests.desk import COMMUNITY, SECRETARY
from tests.members.sample import AT, HOME, VRIES, YILDIZ, bring, dump

EMAIL, PASSWORD = "vries@example.org", "four words of mine"
OPERATOR = grants_of(Session("o", "", frozenset({"operator"}), None, COMMUNITY))
BOARD = grants_of(Session("b", "", frozenset({"board"}), None, COMMUNITY))


def wish(*roles: str, email: str = EMAIL, member_id: str | None = None, password: str = PASSWORD) -> NewAccount:
    return NewAccount(email, "A. de Vries", frozenset(roles), password, member_id)


def make(database: Database, wanted: NewAccount) -> str:
    with database.write(COMMUNITY, SECRETARY) as tx:
        return create_account(tx, ROLES, wanted)


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
    "roles": lambda tx, account_id: set_roles(tx, OPERATOR, account_id, frozenset({"operator"})),
    "address": lambda tx, account_id: change_email(tx, OPERATOR, account_id, "mine@example.org"),
    "password": lambda tx, account_id: set_one_time_password(tx, OPERATOR, account_id, "abcd-efgh-jkmn", AT),
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


def test_an_operator_raises_no_account_above_their_own(database: Database) -> None:
    own = make(database, wish("operator"))
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(NotAllowed, match="board"):
        set_roles(tx, OPERATOR, own, frozenset({"operator", "board"}))


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
        (wish(), "roles"),
        (wish("member"), "member_id"),
        (wish("auditor", password="0123456789"), "password"),
        (wish("auditor", password="vries@example.org"), "password"),
    ],
    ids=["no role", "a member who is none", "a common password", "the address as a password"],
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
        change_email(tx, ROLES, other, EMAIL)


def test_an_address_that_somebody_gave_up_can_be_used_by_another(database: Database, account_id: str) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        change_email(tx, ROLES, account_id, "Moved@example.org")
    other = make(database, wish("member", member_id=YILDIZ, password="another of words"))
    assert other != account_id
    moved = sign_in(database, COMMUNITY, HOME, "moved@example.org", PASSWORD)
    came = sign_in(database, COMMUNITY, HOME, EMAIL, "another of words")
    assert (moved.member_id, came.member_id) == (VRIES, YILDIZ)


def test_other_roles_count_from_the_next_sign_in(database: Database, account_id: str) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_roles(tx, ROLES, account_id, frozenset({"member", "treasurer"}))
    assert sign_in(database, COMMUNITY, HOME, EMAIL, PASSWORD).roles == {"member", "treasurer"}
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(BadInput, match="needs a role"):
        set_roles(tx, ROLES, account_id, frozenset())
    with database.read(COMMUNITY) as tx:
        assert get_account(tx, account_id).roles == {"member", "treasurer"}


def test_accounts_of_another_community_are_unknown(database: Database, account_id: str) -> None:
    with database.write("elsewhere", SECRETARY) as tx, pytest.raises(NotFound):
        set_active(tx, ROLES, account_id, active=False)
