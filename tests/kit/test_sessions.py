"""Sessions: signed, limited in time, and ended on the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from coop.kit.database import Database
from coop.kit.session import LIFETIME, NotAllowed, Session, end_sessions, is_ended, read, sign
from coop.kit.settings import Settings
from coop.values import CoopError
from tests.kit.town import SECRETARY

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEMBER = Session("a1", "Demo-lid 1", frozenset({"member"}), "m1", "demo", "s1", NOW)
Pair = tuple[Database, Database]


def test_a_session_survives_its_cookie_and_a_changed_cookie_does_not() -> None:
    cookie = sign(MEMBER, "secret")
    assert read(cookie, "secret", NOW) == MEMBER
    assert read(cookie, "other secret", NOW) is None
    assert read(cookie[:-2] + "xx", "secret", NOW) is None
    assert read(None, "secret", NOW) is None


def test_a_session_is_over_after_its_time_and_one_from_the_future_is_none() -> None:
    cookie = sign(MEMBER, "secret")
    assert read(cookie, "secret", NOW + LIFETIME) is None
    assert read(cookie, "secret", NOW - timedelta(minutes=59)) == MEMBER
    assert read(cookie, "secret", NOW - timedelta(days=1)) is None


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


def test_a_short_secret_in_the_settings_is_refused() -> None:
    with pytest.raises(CoopError, match="COOP_SECRET"):
        Settings(secret="short").signing_secret()


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOP_BUS", "pigeon")
    with pytest.raises(ValidationError, match="bus"):
        Settings()
