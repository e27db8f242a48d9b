"""A new signing secret takes effect at once in every process, and nobody is signed out by it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from coop.kit.actor import COMMAND_LINE
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.seal import seal
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.members.factors.commands.own import AT_REST, bind_to_account, open_secret
from coop.members.factors.model import Authenticator
from coop.members.factors.rules.codes import make_secret
from coop.members.factors.store import find_authenticator, put_authenticator
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.model import ROLES, NewAccount
from coop.operator.runtime import embedded_app, open_rooms
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


def test_an_app_shows_right_codes_through_a_rotation_and_beyond_its_end(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    rooms = open_rooms(settings)
    found_everywhere(rooms)
    database = rooms["members"].database
    secret = make_secret()
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        account_id = create_account(tx, ROLES, NewAccount("noor@warm.example", "Noor", frozenset({"board"}), "", None))
        sealed = seal(settings.signing_secrets(), AT_REST, secret, bind_to_account(tx, account_id))
        put_authenticator(tx, Authenticator(account_id, sealed, tx.now, 0))

    def read_secret() -> bytes:
        with database.read(COMMUNITY) as view:
            app = find_authenticator(view, account_id)
            assert app is not None
            return open_secret(view, settings.signing_secrets(), app)

    for command in (("rotate",), ("end",), ("rotate", "--now")):
        done = coop(settings, "secret", *command)
        assert done.returncode == 0, done.stderr
        assert read_secret() == secret
    assert "1 encrypted with the newest secret" in done.stdout
    settings.secret_path.write_text("another-secret-for-the-old-one-was-lost")
    lost = coop(settings, "secret", "reseal")
    assert "1 were encrypted with a secret that is gone" in lost.stdout
    for room in rooms.values():
        room.database.close()
