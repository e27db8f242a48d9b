"""Sessions: signed, limited in time, and ended on the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from coop.events.members import SessionsEnded
from coop.kit.bus.local import LocalBus
from coop.kit.database import Database
from coop.kit.relay import settle
from coop.kit.session import (
    LIFETIME,
    NotAllowed,
    Session,
    end_sessions,
    find_newest_end,
    is_ended,
    read,
    sign,
)
from coop.kit.settings import Settings
from coop.values import CoopError
from tests.kit.clocks import SetClock
from tests.kit.town import LISTENER, SECRETARY

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEMBER = Session("a1", "Demo-lid 1", frozenset({"member"}), "m1", "demo", "s1", NOW)
Pair = tuple[Database, Database]


def test_a_session_survives_its_cookie_and_a_changed_cookie_does_not() -> None:
    cookie = sign(MEMBER, "secret")
    assert read(cookie, ["secret"], NOW) == MEMBER
    assert read(cookie, ["other secret"], NOW) is None
    assert read(cookie[:-2] + "xx", ["secret"], NOW) is None
    assert read(None, ["secret"], NOW) is None


@pytest.mark.parametrize("began_at", [NOW.replace(tzinfo=None), datetime.min.replace(tzinfo=UTC)])
def test_a_signed_session_without_a_real_beginning_is_none(began_at: datetime) -> None:
    assert read(sign(replace(MEMBER, began_at=began_at), "secret"), ["secret"], NOW) is None


def test_a_session_is_over_after_its_time_and_one_from_the_future_is_none() -> None:
    cookie = sign(MEMBER, "secret")
    assert read(cookie, ["secret"], NOW + LIFETIME) is None
    assert read(cookie, ["secret"], NOW - timedelta(minutes=59)) == MEMBER
    assert read(cookie, ["secret"], NOW - timedelta(days=1)) is None


def test_a_session_has_its_own_roles_only() -> None:
    assert MEMBER.has("board", "member")
    assert not MEMBER.has("board")
    assert NotAllowed().code == "not-allowed"


def test_ending_one_session_leaves_the_others_of_the_account(pair: Pair) -> None:
    other = replace(MEMBER, id="s2")
    with pair[0].write("demo", SECRETARY) as tx:
        end_sessions(tx, "a1", "s1", NOW)
        assert (is_ended(tx, MEMBER), is_ended(tx, other)) == (True, False)


def test_ending_all_sessions_of_an_account_leaves_those_that_begin_later_and_other_accounts(pair: Pair) -> None:
    later, somebody = replace(MEMBER, id="s3", began_at=NOW + timedelta(hours=2)), replace(MEMBER, account_id="a2")
    with pair[0].write("demo", SECRETARY) as tx:
        end_sessions(tx, "a1", ended_at=NOW + timedelta(hours=1))
        end_sessions(tx, "a1", ended_at=NOW - timedelta(hours=1))  # heard late: an earlier end does not undo a later
        assert [is_ended(tx, session) for session in (MEMBER, later, somebody)] == [True, False, False]


def test_an_ending_of_one_community_says_nothing_about_another(pair: Pair) -> None:
    with pair[0].write("demo", SECRETARY) as tx:
        end_sessions(tx, "a1", "s1", NOW)
    with pair[0].read("zuid") as tx:
        assert not is_ended(tx, replace(MEMBER, community="zuid"))


def test_every_service_but_the_teller_hears_which_sessions_ended(pair: Pair) -> None:
    teller, listener = pair
    with teller.write("demo", SECRETARY) as tx:
        tx.tell(SessionsEnded(account_id="a1", session_id="s1", ended_at=NOW))
        tx.tell(SessionsEnded(account_id="a2", ended_at=NOW))
    settle([("members", teller)], LocalBus([LISTENER.consumer(listener)]))
    others = [replace(MEMBER, id="s2"), replace(MEMBER, account_id="a2"), replace(MEMBER, account_id="a3")]
    with listener.read("demo") as tx:
        assert [is_ended(tx, session) for session in (MEMBER, *others)] == [True, False, True, False]
        assert (find_newest_end(tx, "a2"), find_newest_end(tx, "a1")) == (NOW, None)
    assert SessionsEnded not in replace(LISTENER, name="members").handlers


def test_the_end_of_a_session_is_forgotten_once_its_cookie_is_too_old_by_itself(pair: Pair) -> None:
    clock = pair[0].clock = SetClock(NOW)
    for hours in (0, 23, 48):
        clock.set(NOW + timedelta(hours=hours))
        with pair[0].write("demo", SECRETARY) as tx:
            end_sessions(tx, "a1", f"s{hours}")
            kept = [is_ended(tx, replace(MEMBER, id=f"s{ended}")) for ended in (0, 23, 48)]
        assert kept == {0: [True, False, False], 23: [True, True, False], 48: [False, False, True]}[hours]


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    assert settings.signing_secret() == Settings(data_dir=tmp_path / "new").signing_secret()
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]


@pytest.mark.parametrize("kept", ["", "\n", "short"])
def test_an_empty_or_short_secret_file_is_refused(tmp_path: Path, kept: str) -> None:
    (tmp_path / "secret").write_text(kept)
    with pytest.raises(CoopError, match="anybody could sign in"):
        Settings(data_dir=tmp_path).signing_secret()


def test_a_sign_in_under_the_previous_secret_holds_until_the_rotation_ends() -> None:
    before, during, after = "an old secret 1234", "a new secret 12345,an old secret 1234", "a new secret 12345"
    cookie = sign(MEMBER, Settings(secret=before).signing_secret())
    assert read(cookie, Settings(secret=during).signing_secrets(), NOW) == MEMBER
    assert read(cookie, Settings(secret=after).signing_secrets(), NOW) is None
    newer = sign(MEMBER, Settings(secret=during).signing_secret())
    assert read(newer, Settings(secret=after).signing_secrets(), NOW) == MEMBER
    assert read(newer, Settings(secret=before).signing_secrets(), NOW) is None


def test_a_short_secret_in_the_settings_is_refused() -> None:
    with pytest.raises(CoopError, match="COOP_SECRET"):
        Settings(secret="long enough to be one,short").signing_secret()


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOP_BUS", "pigeon")
    with pytest.raises(ValidationError, match="bus"):
        Settings()
