"""Passwords of the services' users change by one command, which may be killed anywhere and run again."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import product
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from coop.events import SERVICES
from coop.kit import roles
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.operator.keeping.passwords import rotate_passwords
from coop.operator.migrating import migrate
from coop.values import CoopError
from tests.flows.command import coop
from tests.operator.test_roles import as_service
from tests.servers.postgres import Postgres

PASSWORDS = {name: f"old-of-{name}" for name in SERVICES}


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def settings(postgres_url: str, tmp_path: Path) -> Settings:
    """An installation whose services have users of their own, and a folder of secrets."""
    owner = make_url(postgres_url)
    prefix = f"{owner.username}_"
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path / "data",
            "database_url": owner.set(username=f"{prefix}{{service}}", password=None)
            .render_as_string()
            .replace("%7B", "{")
            .replace("%7D", "}"),
            "owner_database_url": postgres_url,
            "role_prefix": prefix,
            "role_passwords": PASSWORDS,
        }
    )
    migrate(settings, SERVICES, print, with_roles=True)
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in SERVICES:
        path = folder / f"{name}_database_url"
        path.write_text(as_service(settings, name) + "\n")
        path.chmod(0o440)
    (folder / "coop_role_passwords").write_text(json.dumps(PASSWORDS))
    return settings


def signs_in(url: str) -> bool:
    try:
        psycopg.connect(url.replace("+psycopg", "")).close()
    except psycopg.OperationalError:
        return False
    return True


def given(folder: Path) -> dict[str, str]:
    """What each service is given."""
    return {name: (folder / f"{name}_database_url").read_text() for name in SERVICES}


@pytest.fixture
def asked(settings: Settings, postgres: Postgres) -> Iterator[None]:
    """A server that asks for passwords, or nothing here can fail."""
    right = make_url(as_service(settings, "members"))
    assert right.database is not None
    wrong = right.set(password="wrong").render_as_string(hide_password=False)
    with postgres.asking(right.database) if signs_in(wrong) else nullcontext():
        deadline = time.monotonic() + 10
        while signs_in(wrong):  # until the server has read its rules again
            assert time.monotonic() < deadline
        yield


@pytest.mark.usefixtures("asked")
def test_new_passwords_open_and_old_ones_do_not(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    before = given(folder)
    open_before = psycopg.connect(before["members"].strip().replace("+psycopg", ""))
    lines: list[str] = []
    rotate_passwords(settings, folder, lines.append)
    assert "start these services again" in lines[-1]
    after = given(folder)
    for name in SERVICES:
        assert (signs_in(before[name].strip()), signs_in(after[name])) == (False, True)
        old, new = make_url(before[name].strip()), make_url(after[name])
        assert new.set(password="") == old.set(password="")
        assert (folder / f"{name}_database_url").stat().st_mode & 0o777 == 0o440
        assert json.loads((folder / "coop_role_passwords").read_text())[name] == new.password
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["coop_role_passwords", *(f"{name}_database_url" for name in SERVICES)]
    )
    open_before.execute("SELECT 1")
    open_before.close()


STEPS = (
    "coop_role_passwords.next",
    "roles",
    *(f"{name}_database_url" for name in SERVICES),
    "coop_role_passwords",
    "done",
)


@pytest.mark.usefixtures("asked")
def test_killed_anywhere_it_is_run_again(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "secrets"

    def dying(work: Callable[..., object], when: str, is_it: Callable[..., bool]) -> Callable[..., object]:
        def run(*arguments: object, **named: object) -> object:
            if is_it(*arguments) and when == "before":
                raise Killed
            result = work(*arguments, **named)
            if is_it(*arguments):
                raise Killed
            return result

        return run

    for step, when in product(STEPS, ("before", "after")):
        with monkeypatch.context() as patched:
            if step == "roles":
                patched.setattr(roles, "make_role", dying(roles.make_role, when, _is_third))
            elif step == "done":
                is_next = partial(_is_named, "coop_role_passwords.next")
                patched.setattr(Path, "unlink", dying(Path.unlink, when, is_next))
            else:
                is_last = partial(_is_last_named, step)
                patched.setattr(os, "replace", dying(os.replace, when, is_last))
            with pytest.raises(Killed):
                rotate_passwords(settings, folder, print)
        left = (folder / "coop_role_passwords.next").exists()
        assert left != ((step, when) in {("coop_role_passwords.next", "before"), ("done", "after")})
        rotate_passwords(settings, folder, print)
        assert all(signs_in(url.strip()) for url in given(folder).values()), (step, when)
        assert not [path.name for path in folder.iterdir() if path.name.startswith(".") or path.suffix == ".next"]


def _is_third(_sql: object, role: str, _password: str) -> bool:
    return role.endswith(SERVICES[2])


def _is_named(name: str, path: Path) -> bool:
    return path.name == name


def _is_last_named(name: str, _draft: Path, path: Path) -> bool:
    return Path(path).name == name


def test_a_folder_without_addresses_gets_them(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    rotate_passwords(settings, folder, print)
    for name, url in given(folder).items():
        database = Database(url, name)
        assert not database.is_owner
        database.close()
        assert make_url(url).username == settings.role_prefix + name


def test_two_rotations_do_not_mix(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(CoopError, match="another rotation"):
        rotate_passwords(settings, folder, print)
    os.close(handle)


def test_what_cannot_be_rotated_is_said_before_anything_changes(settings: Settings, tmp_path: Path) -> None:
    folder, before = tmp_path / "secrets", given(tmp_path / "secrets")
    for other, words in (
        (settings.model_copy(update={"role_prefix": "nobody_"}), "no user nobody_members, nobody_metering"),
        (settings.model_copy(update={"owner_database_url": as_service(settings, "members")}), "the tables' owner"),
        (Settings(data_dir=tmp_path / "files"), "a file has no users"),
    ):
        with pytest.raises(CoopError, match=words):
            rotate_passwords(other, folder, print)
    with pytest.raises(CoopError, match="no folder"):
        rotate_passwords(settings, tmp_path / "absent", print)
    assert given(folder) == before
    assert not (folder / "coop_role_passwords.next").exists()


def test_the_command_rotates(settings: Settings, tmp_path: Path) -> None:
    more = {"COOP_OWNER_DATABASE_URL": settings.owner_database_url, "COOP_ROLE_PREFIX": settings.role_prefix}
    before = given(tmp_path / "secrets")
    refused = coop(settings, "secret", "rotate", "--database", **more)
    assert (refused.returncode, "--database needs --folder" in refused.stderr) == (2, True)
    done = coop(settings, "secret", "rotate", "--database", "--folder", str(tmp_path / "secrets"), **more)
    assert done.returncode == 0, done.stderr
    assert "members, metering, billing, governance have new passwords" in done.stdout
    assert not set(before.values()) & set(given(tmp_path / "secrets").values())
