"""Who gets in, who does not, and what either learns from it."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from coop.kit.auth import Session
from coop.kit.database import Database
from coop.members import accounts
from coop.members.storage.tables import account as account_table
from coop.values import BadInput, CoopError, NotFound
from tests.members.desk import AT, TOWN, VRIES, YILDIZ, PowerCutError, bring

EMAIL, PASSWORD = "vries@example.org", "four words of mine"


@pytest.fixture
def account_id(database: Database) -> str:
    """A member's account."""
    bring(database, "members")
    with database.write() as tx:
        return accounts.create_account(tx, TOWN, EMAIL, "A. de Vries", {"member"}, PASSWORD, VRIES)


def enter(database: Database, email: str = EMAIL, password: str = PASSWORD, at: datetime = AT) -> Session | str:
    """The session, or the code of the refusal."""
    try:
        return accounts.sign_in(database, TOWN, email, password, at)
    except CoopError as refusal:
        return refusal.code


def test_who_knows_the_password_gets_their_own_session(database: Database, account_id: str) -> None:
    assert enter(database) == Session(account_id, "A. de Vries", frozenset({"member"}), VRIES, TOWN)
    assert enter(database, "  Vries@Example.org ") == enter(database)


def test_no_password_is_kept_as_it_is(database: Database, account_id: str) -> None:
    with database.read() as tx:
        (kept,) = tx.scalars(select(account_table.c.password_hash))
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org", "no address at all", "", "zero\x00@example.org"])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answers(
    database: Database, account_id: str, email: str
) -> None:
    answers = [enter(database, email, "wrong") for _ in range(6)]
    assert answers == ["wrong-sign-in"] * 5 + ["sign-in-paused"]
    assert enter(database, email, "wrong", AT + accounts.PAUSE) == "wrong-sign-in"


def test_after_five_failures_even_the_right_password_has_to_wait(database: Database, account_id: str) -> None:
    for second in range(5):
        enter(database, password="wrong", at=AT + timedelta(seconds=second))
    last = AT + timedelta(seconds=4)
    assert enter(database, at=last + accounts.PAUSE - timedelta(microseconds=1)) == "sign-in-paused"
    assert isinstance(enter(database, at=last + accounts.PAUSE), Session)


def test_a_pause_does_not_reach_other_people(database: Database, account_id: str) -> None:
    for _ in range(6):
        enter(database, "nobody@example.org", "wrong")
    assert isinstance(enter(database), Session)


def test_a_success_starts_the_count_anew(database: Database, account_id: str) -> None:
    for _ in range(3):
        assert [enter(database, password="wrong") for _ in range(4)] == ["wrong-sign-in"] * 4
        assert isinstance(enter(database), Session)


def test_many_tries_at_once_are_all_counted(database: Database, account_id: str) -> None:
    answers: list[Session | str] = []
    threads = [threading.Thread(target=lambda: answers.append(enter(database, password="wrong"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == ["sign-in-paused"] * 3 + ["wrong-sign-in"] * 5


def test_a_try_that_is_killed_half_way_counts(
    database: Database, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(password_hash: str, password: str) -> bool:
        raise PowerCutError

    with monkeypatch.context() as patched:
        patched.setattr(accounts, "_matches", power_cut)
        for _ in range(5):
            with pytest.raises(PowerCutError):
                accounts.sign_in(database, TOWN, EMAIL, "a guess", AT)
    assert enter(database) == "sign-in-paused"


def test_a_closed_account_opens_for_nobody_and_says_no_more_than_a_wrong_password(
    database: Database, account_id: str
) -> None:
    with database.write() as tx:
        accounts.set_active(tx, TOWN, account_id, False)
    assert enter(database) == "wrong-sign-in"
    with database.write() as tx:
        accounts.set_active(tx, TOWN, account_id, True)
    assert isinstance(enter(database), Session)


def test_a_password_is_changed_by_who_knows_it(database: Database, account_id: str) -> None:
    accounts.choose_password(database, TOWN, EMAIL, PASSWORD, "a new one, longer", AT)
    assert enter(database) == "wrong-sign-in"
    assert isinstance(enter(database, password="a new one, longer"), Session)
    with pytest.raises(CoopError) as refusal:
        accounts.choose_password(database, TOWN, EMAIL, PASSWORD, "yet another one", AT)
    assert refusal.value.code == "wrong-sign-in"


@pytest.mark.parametrize("new", ["short", "x" * 201, PASSWORD])
def test_a_poor_password_is_refused_before_the_old_one_is_looked_at(
    database: Database, account_id: str, new: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        accounts.choose_password(database, TOWN, EMAIL, PASSWORD, new, AT)
    assert [problem.field for problem in refusal.value.problems] == ["new"]
    assert isinstance(enter(database), Session)


def test_a_one_time_password_opens_nothing_but_the_choice_of_an_own_one(database: Database, account_id: str) -> None:
    for _ in range(6):
        enter(database, password="forgotten")
    once, until = accounts.make_one_time_password(), AT + timedelta(days=7)
    with database.write() as tx:
        accounts.set_one_time_password(tx, TOWN, account_id, once, until)
    assert enter(database) == "wrong-sign-in"
    assert enter(database, password=once) == "one-time-password"
    session = accounts.choose_password(database, TOWN, EMAIL, once, "my own words now", AT)
    assert session.account_id == account_id
    assert enter(database, password=once) == "wrong-sign-in"
    assert isinstance(enter(database, password="my own words now", at=until + timedelta(days=99)), Session)


def test_a_one_time_password_runs_out(database: Database, account_id: str) -> None:
    with database.write() as tx:
        accounts.set_one_time_password(tx, TOWN, account_id, "abcd-efgh-jkmn", AT)
    assert enter(database, password="abcd-efgh-jkmn") == "wrong-sign-in"
    with pytest.raises(CoopError):
        accounts.choose_password(database, TOWN, EMAIL, "abcd-efgh-jkmn", "my own words now", AT)


def test_one_time_passwords_differ_and_have_no_sign_that_is_confused() -> None:
    made = {accounts.make_one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert not set("".join(made)) & set("il1o0")


def test_everything_wrong_with_a_new_account_is_named_at_once(database: Database) -> None:
    with database.write() as tx, pytest.raises(BadInput) as refusal:
        accounts.create_account(tx, TOWN, "nowhere", "x" * 201, {"member", "king"}, "short", "nobody")
    assert sorted(problem.field for problem in refusal.value.problems) == [
        "email",
        "member_id",
        "name",
        "password",
        "roles",
    ]


@pytest.mark.parametrize(("roles", "field"), [((), "roles"), (("member",), "member_id")])
def test_an_account_has_a_role_and_a_member_s_account_a_member(
    database: Database, roles: tuple[str, ...], field: str
) -> None:
    with database.write() as tx, pytest.raises(BadInput) as refusal:
        accounts.create_account(tx, TOWN, EMAIL, "A", roles, PASSWORD, None)
    assert [problem.field for problem in refusal.value.problems] == [field]


def test_an_address_belongs_to_one_account(database: Database, account_id: str) -> None:
    with database.write() as tx:
        other = accounts.create_account(tx, TOWN, "yildiz@example.org", "B", {"member"}, PASSWORD, YILDIZ)
    with database.write() as tx, pytest.raises(BadInput, match="another account has the address"):
        accounts.create_account(tx, TOWN, EMAIL, "B", {"member"}, PASSWORD, YILDIZ)
    with database.write() as tx, pytest.raises(BadInput, match="another account has the address"):
        accounts.change_email(tx, TOWN, other, EMAIL)


def test_an_address_that_somebody_gave_up_can_be_used_by_another(database: Database, account_id: str) -> None:
    with database.write() as tx:
        accounts.change_email(tx, TOWN, account_id, "Moved@example.org")
        other = accounts.create_account(tx, TOWN, EMAIL, "B", {"member"}, "another password", YILDIZ)
    assert other != account_id
    moved, came = enter(database, "moved@example.org"), enter(database, EMAIL, "another password")
    assert isinstance(moved, Session)
    assert isinstance(came, Session)
    assert (moved.member_id, came.member_id) == (VRIES, YILDIZ)


def test_accounts_of_another_community_are_unknown(database: Database, account_id: str) -> None:
    with database.write() as tx, pytest.raises(NotFound):
        accounts.set_active(tx, "elsewhere", account_id, False)
    with pytest.raises(CoopError, match="not right"):
        accounts.sign_in(database, "elsewhere", EMAIL, PASSWORD, AT)
