"""A new signing secret takes effect at once in every process, and nobody is signed out by it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.operator.runtime import embedded_app
from tests.desk import COMMUNITY
from tests.flows.command import coop
from tests.founding import found_everywhere


def cookie_of(settings: Settings) -> str:
    began_at = SYSTEM_CLOCK.now() - timedelta(minutes=1)
    session = Session("a1", "Noor", frozenset({"board"}), None, COMMUNITY, "s1", began_at)
    return sign(session, settings.signing_secret())


def is_let_in(client: TestClient, cookie: str) -> bool:
    client.cookies.set(COOKIE, cookie)
    return client.get("/operations", follow_redirects=False).status_code == 200


def test_a_sign_in_lasts_through_a_rotation_and_not_beyond_its_end(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with TestClient(embedded_app(settings)) as client:
        found_everywhere(client.app.state.rooms)  # type: ignore[attr-defined]  # our FastAPI app
        old = cookie_of(settings)
        assert is_let_in(client, old)
        assert coop(settings, "secret", "rotate").returncode == 0
        new = cookie_of(settings)
        assert is_let_in(client, old)
        assert is_let_in(client, new)
        assert settings.secret_path.stat().st_mode & 0o077 == 0
        assert coop(settings, "secret", "end").returncode == 0
        assert not is_let_in(client, old)
        assert is_let_in(client, new)
        assert coop(settings, "secret", "rotate", "--now").returncode == 0
        assert not is_let_in(client, new)


def test_a_secret_that_is_a_setting_is_rotated_there(tmp_path: Path) -> None:
    refused = coop(Settings(data_dir=tmp_path, secret="a setting of the tests"), "secret", "rotate")
    assert refused.returncode == 1
    assert "OLD,NEW" in refused.stderr
