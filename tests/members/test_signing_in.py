"""Signing in: whoever knows the password gets in, nobody else does, and guessing is slow."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.session import Session
from coop.members.identity.commands import sessions as session_commands
from coop.members.identity.commands import sign_in as sign_in_commands
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.commands.sessions import forget_old_sign_ins
from coop.members.identity.commands.sign_in import choose_password
from coop.members.identity.model import ROLES, NewAccount, Origin
from coop.members.identity.rules.tries import OF_ADDRESS, OF_PAIR, OF_SOURCE
from coop.members.tables import account, sign_in, sign_in_try
from coop.values import BadInput, CoopError
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock
from tests.members.sample import AT, HOME, VRIES, YILDIZ, PowerCutError, bring

EMAIL, PASSWORD = "vries@example.org", "four words of mine"
OWN_BROWSER = Origin("192.0.2.7", "the mark of my browser")


@pytest.fixture
def account_id(database: Database) -> str:
    """A member's account."""
    bring(database, "members")
    return open_account(database, EMAIL, VRIES)


def open_account(database: Database, email: str, member_id: str) -> str:
    with database.write(COMMUNITY, SECRETARY) as tx:
        wanted = NewAccount(email, "A. de Vries", frozenset({"member"}), PASSWORD, member_id)
        return create_account(tx, ROLES, wanted)


def enter(database: Database, email: str = EMAIL, password: str = PASSWORD, origin: Origin = HOME) -> Session | str:
    """The session, or the code of the refusal."""
    try:
        return sign_in_commands.sign_in(database, COMMUNITY, origin, email, password)
    except CoopError as refusal:
        return refusal.code


def guess(database: Database, times: int, email: str = EMAIL, origin: Origin = HOME) -> list[Session | str]:
    return [enter(database, email, "wrong", origin) for _ in range(times)]


def strangers(number: int) -> list[Origin]:
    """As many sources, each of another network."""
    return [Origin(f"198.51.{index // 250}.{index % 250}") for index in range(number)]


def test_who_knows_the_password_gets_their_own_session(database: Database, account_id: str) -> None:
    session = enter(database)
    assert isinstance(session, Session)
    assert session.id
    assert session == Session(
        account_id, "A. de Vries", frozenset({"member"}), VRIES, COMMUNITY, session.id, AT, "account"
    )
    again = enter(database, "  Vries@Example.org ")
    assert isinstance(again, Session)
    assert again.id != session.id


def test_no_password_is_kept_as_it_is(database: Database, account_id: str) -> None:
    with database.read(COMMUNITY) as tx:
        (kept,) = tx.scalars(select(account.c.password_hash).where(account.c.community == tx.community))
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org", "no address at all", "", "zero\x00@example.org"])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answers(
    database: Database, clock: SetClock, account_id: str, email: str
) -> None:
    assert guess(database, 6, email) == ["wrong-sign-in"] * 5 + ["sign-in-paused"]
    clock.set(AT + OF_PAIR.window)
    assert guess(database, 1, email) == ["wrong-sign-in"]


def test_five_wrong_tries_pause_that_source_even_for_the_right_password(
    database: Database, clock: SetClock, account_id: str
) -> None:
    for second in range(5):
        clock.set(AT + timedelta(seconds=second))
        guess(database, 1)
    clock.set(AT + OF_PAIR.window - timedelta(microseconds=1))
    assert enter(database) == "sign-in-paused"
    clock.set(AT + OF_PAIR.window)
    assert isinstance(enter(database), Session)


def test_wrong_tries_from_elsewhere_do_not_keep_out_who_knows_the_password(database: Database, account_id: str) -> None:
    elsewhere = Origin("203.0.113.9")
    assert guess(database, 6, origin=elsewhere)[-1] == "sign-in-paused"
    assert isinstance(enter(database), Session)
    assert enter(database, origin=elsewhere) == "sign-in-paused"


def test_a_pause_does_not_reach_other_people_of_the_same_source(database: Database, account_id: str) -> None:
    guess(database, 6, "nobody@example.org")
    assert isinstance(enter(database), Session)


def test_one_password_on_a_hundred_accounts_is_stopped(database: Database, account_id: str) -> None:
    answers = [enter(database, f"somebody{number}@example.org", PASSWORD) for number in range(100)]
    assert answers == ["wrong-sign-in"] * OF_SOURCE.tries + ["sign-in-paused"] * (100 - OF_SOURCE.tries)
    assert isinstance(enter(database, origin=Origin("203.0.113.9")), Session)


def test_a_success_in_between_does_not_let_a_source_guess_on(database: Database, account_id: str) -> None:
    answers: list[Session | str] = []
    for number in range(60):
        enter(database)
        answers += guess(database, 1, f"somebody{number}@example.org")
    assert answers.count("wrong-sign-in") == OF_SOURCE.tries


def test_many_people_behind_one_source_sign_in(database: Database, account_id: str) -> None:
    assert all(isinstance(enter(database), Session) for _ in range(2 * OF_SOURCE.tries))


def test_guesses_from_many_sources_on_one_account_are_limited_together(
    database: Database, clock: SetClock, account_id: str
) -> None:
    answers = [enter(database, password="wrong", origin=origin) for origin in strangers(OF_ADDRESS.tries + 20)]
    assert answers == ["wrong-sign-in"] * OF_ADDRESS.tries + ["sign-in-paused"] * 20
    clock.set(AT + OF_ADDRESS.window)
    assert isinstance(enter(database), Session)


def test_a_browser_that_was_used_before_is_kept_out_by_nobody(database: Database, account_id: str) -> None:
    assert isinstance(enter(database, origin=OWN_BROWSER), Session)
    for origin in strangers(OF_ADDRESS.tries + 1):
        guess(database, 1, origin=origin)
    for number in range(OF_SOURCE.tries + 1):
        guess(database, 1, f"somebody{number}@example.org", Origin(OWN_BROWSER.source))
    guess(database, 6, origin=Origin(OWN_BROWSER.source))
    assert isinstance(enter(database, origin=OWN_BROWSER), Session)


def test_a_browser_that_was_used_before_guesses_no_faster_than_others(database: Database, account_id: str) -> None:
    enter(database, origin=OWN_BROWSER)
    assert guess(database, 6, origin=OWN_BROWSER) == ["wrong-sign-in"] * 5 + ["sign-in-paused"]


def test_a_mark_helps_with_no_other_account(database: Database, account_id: str) -> None:
    open_account(database, "yildiz@example.org", YILDIZ)
    enter(database, origin=OWN_BROWSER)
    guess(database, 5, "yildiz@example.org", Origin(OWN_BROWSER.source))
    assert enter(database, "yildiz@example.org", origin=OWN_BROWSER) == "sign-in-paused"


def test_a_success_starts_the_count_anew(database: Database, account_id: str) -> None:
    for _ in range(3):
        assert guess(database, 4) == ["wrong-sign-in"] * 4
        assert isinstance(enter(database), Session)


def test_many_tries_at_once_are_all_counted(database: Database, account_id: str) -> None:
    answers: list[Session | str] = []
    threads = [threading.Thread(target=lambda: answers.extend(guess(database, 1))) for _ in range(8)]
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
        patched.setattr(sign_in_commands, "matches", power_cut)
        for _ in range(5):
            with pytest.raises(PowerCutError):
                enter(database, password="a guess")
    assert enter(database) == "sign-in-paused"


def test_a_clock_that_is_set_back_prolongs_no_pause(database: Database, clock: SetClock, account_id: str) -> None:
    guess(database, 6)
    clock.set(AT - timedelta(hours=1))
    assert guess(database, 6) == ["wrong-sign-in"] * 5 + ["sign-in-paused"]
    clock.set(AT - timedelta(hours=1) + OF_PAIR.window)
    assert isinstance(enter(database), Session)


def test_a_password_is_changed_by_who_knows_it(database: Database, account_id: str) -> None:
    choose_password(database, COMMUNITY, HOME, EMAIL, PASSWORD, "a new one, longer")
    assert enter(database) == "wrong-sign-in"
    assert isinstance(enter(database, password="a new one, longer"), Session)
    with pytest.raises(CoopError) as refusal:
        choose_password(database, COMMUNITY, HOME, EMAIL, PASSWORD, "yet another one")
    assert refusal.value.code == "wrong-sign-in"


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("short", "password-length"),
        ("x" * 201, "password-length"),
        (PASSWORD, "password-same"),
        ("0123456789", "password-common"),
        (f" {EMAIL}", "password-common"),
    ],
)
def test_a_poor_password_is_refused_before_the_old_one_is_looked_at(
    database: Database, account_id: str, new: str, code: str
) -> None:
    for _ in range(6):
        with pytest.raises(BadInput) as refusal:
            choose_password(database, COMMUNITY, HOME, EMAIL, PASSWORD, new)
        assert (refusal.value.code, refusal.value.problems[0].field) == (code, "new")
    assert isinstance(enter(database), Session)


def test_accounts_of_another_community_are_unknown(database: Database, account_id: str) -> None:
    with pytest.raises(CoopError, match="not right"):
        sign_in_commands.sign_in(database, "elsewhere", HOME, EMAIL, PASSWORD)


def test_old_sign_ins_and_lapsed_tries_are_forgotten_at_night(
    database: Database, clock: SetClock, account_id: str
) -> None:
    enter(database)
    guess(database, 2, "nobody@example.org")
    clock.set(AT + session_commands.SIGN_INS_KEPT)
    enter(database)
    guess(database, 1)
    work = Work(database, COMMUNITY, clock.now(), "forget-sign-ins")
    assert forget_old_sign_ins(work) == "2 counts of tries and 0 sessions forgotten"
    clock.set(clock.now() + timedelta(seconds=1))
    assert forget_old_sign_ins(work) == "0 counts of tries and 1 sessions forgotten"
    with database.read(COMMUNITY) as tx:
        for table, left in ((sign_in, 1), (sign_in_try, 3)):
            query = select(func.count()).select_from(table).where(table.c.community == tx.community)
            assert tx.scalar(query) == left
