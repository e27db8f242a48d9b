"""Sessions end at once: at sign-out, and when an account is closed or its roles or password change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.session import LIFETIME, Session, is_ended, read, sign
from coop.kit.tx import Tx
from coop.members.identity import store
from coop.members.identity.commands import hashing
from coop.members.identity.commands import sessions as session_commands
from coop.members.identity.commands import sign_in as sign_in_commands
from coop.members.identity.commands.accounts import create_account, set_active
from coop.members.identity.commands.roles import lay_down_role
from coop.members.identity.commands.sessions import WrongSignIn, end_all_sessions, end_session, list_sessions
from coop.members.identity.commands.sign_in import choose_password
from coop.members.identity.model import ROLES, NewAccount, Origin
from coop.values import NotFound
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock
from tests.members.sample import AT, HOME, PowerCutError, list_facts, list_verbs

EMAIL, PASSWORD, NEW_PASSWORD = "board@example.org", "four words of mine", "my own words now"


@pytest.fixture
def account_id(database: Database) -> str:
    """The account of somebody whose role needs no second factor."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        return create_account(tx, ROLES, NewAccount(EMAIL, "Bram Hendriks", frozenset({"partner"}), PASSWORD))


def enter(database: Database, password: str = PASSWORD, origin: Origin = HOME) -> Session:
    return sign_in_commands.sign_in(database, COMMUNITY, origin, EMAIL, password)


def is_live(database: Database, session: Session) -> bool:
    """True while the cookie of a session is taken."""
    with database.read(COMMUNITY) as tx:
        return read(sign(session, "s"), ["s"], tx.now) == session and not is_ended(tx, session)


def ids(database: Database, account_id: str) -> list[str]:
    with database.read(COMMUNITY) as tx:
        return [session.session_id for session in list_sessions(tx, account_id)]


def _as_owner(tx: Tx, account_id: str) -> Tx:
    """The same transaction with the owner of an account as the one who acts."""
    tx.actor = Actor("account", account_id, "page")
    return tx


ENDS: dict[str, Callable[[Tx, str], None]] = {
    "closing": lambda tx, account_id: set_active(tx, ROLES, account_id, active=False),
    "other roles": lambda tx, account_id: lay_down_role(_as_owner(tx, account_id), account_id, "partner"),
    "signing out everywhere": end_all_sessions,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_all_sessions_of_an_account_end_at_once_and_everybody_is_told(
    database: Database, account_id: str, end: Callable[[Tx, str], None]
) -> None:
    sessions = [enter(database), enter(database, origin=Origin("203.0.113.9"))]
    assert [is_live(database, session) for session in sessions] == [True, True]
    with database.write(COMMUNITY, SECRETARY) as tx:
        end(tx, account_id)
    assert [is_live(database, session) for session in sessions] == [False, False]
    assert list_facts(database) == [("sessions-ended", {"account_id": account_id, "ended_at": "2026-01-05T09:30:00Z"})]
    assert ids(database, account_id) == []


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_killed_before_its_commit_an_end_ended_nothing(
    database: Database, account_id: str, end: Callable[[Tx, str], None]
) -> None:
    session = enter(database)

    def killed() -> None:
        with database.write(COMMUNITY, SECRETARY) as tx:
            end(tx, account_id)
            raise PowerCutError

    with pytest.raises(PowerCutError):
        killed()
    assert is_live(database, session)
    assert list_verbs(database) == []


def test_a_changed_password_ends_every_other_session_and_begins_one(database: Database, account_id: str) -> None:
    before = enter(database)
    after = choose_password(database, COMMUNITY, HOME, EMAIL, PASSWORD, NEW_PASSWORD)
    assert [is_live(database, session) for session in (before, after)] == [False, True]
    assert ids(database, account_id) == [after.id]
    assert is_live(database, enter(database, NEW_PASSWORD))


def test_signing_out_ends_that_session_and_no_other(database: Database, account_id: str) -> None:
    here, elsewhere = enter(database), enter(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        session_commands.sign_out(tx, account_id, here.id)
    assert [is_live(database, session) for session in (here, elsewhere)] == [False, True]
    assert list_facts(database)[0][1]["session_id"] == here.id
    assert ids(database, account_id) == [elsewhere.id]


def test_a_session_of_another_account_cannot_be_ended_by_its_id(database: Database, account_id: str) -> None:
    session = enter(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        other = create_account(tx, ROLES, NewAccount("x@example.org", "X", frozenset({"auditor"}), PASSWORD))
        with pytest.raises(NotFound):
            end_session(tx, other, session.id)
    assert is_live(database, session)


def test_sessions_are_listed_with_time_and_source_for_as_long_as_they_last(
    database: Database, clock: SetClock, account_id: str
) -> None:
    enter(database, origin=Origin("203.0.113.9"))
    clock.set(AT + timedelta(hours=1))
    enter(database)
    with database.read(COMMUNITY) as tx:
        listed = [(session.began_at, session.source) for session in list_sessions(tx, account_id)]
    assert listed == [(AT + timedelta(hours=1), HOME.source), (AT, "203.0.113.9")]
    clock.set(AT + LIFETIME)
    assert len(ids(database, account_id)) == 1


@pytest.mark.parametrize("hours", [0, 1], ids=["in the same instant", "on a clock that was set back"])
def test_a_session_that_begins_after_all_were_ended_lives(
    database: Database, clock: SetClock, account_id: str, hours: int
) -> None:
    before = enter(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        end_all_sessions(tx, account_id)
    clock.set(AT - timedelta(hours=hours))
    after = enter(database)
    assert [is_live(database, session) for session in (before, after)] == [False, True]


def test_a_clock_that_is_set_back_leaves_no_session_alive(database: Database, clock: SetClock, account_id: str) -> None:
    session = enter(database)
    clock.set(AT - timedelta(minutes=30))
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_active(tx, ROLES, account_id, active=False)
    assert not is_live(database, session)


def test_who_proves_to_know_a_password_while_the_account_is_closed_gets_no_session(
    database: Database, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = hashing.matches

    def close_meanwhile(password_hash: str, password: str) -> bool:
        with database.write(COMMUNITY, SECRETARY) as tx:
            set_active(tx, ROLES, account_id, active=False)
        return matches(password_hash, password)

    monkeypatch.setattr(sign_in_commands, "matches", close_meanwhile)
    with pytest.raises(WrongSignIn):
        enter(database)
    assert ids(database, account_id) == []


def test_sessions_that_begin_while_an_account_is_closed_are_refused_or_ended(
    database: Database, account_id: str
) -> None:
    sessions: list[Session] = []

    def try_to_enter(number: int) -> None:
        try:
            sessions.append(enter(database, origin=Origin(f"198.51.100.{number}")))
        except WrongSignIn:
            return

    threads = [threading.Thread(target=try_to_enter, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_active(tx, ROLES, account_id, active=False)
    for thread in threads:
        thread.join()
    assert not any(is_live(database, session) for session in sessions)


def test_a_closed_account_opens_for_nobody_and_says_no_more_than_a_wrong_password(
    database: Database, account_id: str
) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_active(tx, ROLES, account_id, active=False)
    with pytest.raises(WrongSignIn):
        enter(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_active(tx, ROLES, account_id, active=True)
        assert store.get_account(tx, account_id).active
    assert is_live(database, enter(database))
