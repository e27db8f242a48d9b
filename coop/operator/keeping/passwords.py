"""``coop secret rotate --database``: other passwords for the services' users, in PostgreSQL and in files.

The new passwords are written to ``coop_role_passwords.next`` before anything changes, and that file goes when all else
is done: a rotation that was killed anywhere goes on with the same passwords when it is run again.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from coop.events import SERVICES
from coop.kit import roles
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.operator.keeping.rotation import replace_file
from coop.values import CoopError, say

Echo = Callable[[str], object]

PASSWORDS, NEXT = "coop_role_passwords", "coop_role_passwords.next"
"""Files with the passwords by service, as JSON: those in use, and those of a rotation that is under way."""

MODE = 0o444
"""Of a file that was not there: its folder is closed, and containers that get it run under users of their own."""


def rotate_passwords(settings: Settings, folder: Path, echo: Echo) -> None:
    """Give every service's user another password, and write what the services are given into the folder of secrets:
    ``<service>_database_url``, and ``coop_role_passwords`` for the owner.

    Raises:
        CoopError: there are no such users, the settings do not name their owner, or somebody else is at it.
    """
    with closing(Database(settings.url(SERVICES[0]), SERVICES[0])) as database, _alone(folder):
        _refuse(settings, database)
        passwords = _read_next(folder) or {name: secrets.token_hex(24) for name in SERVICES}
        replace_file(folder / NEXT, json.dumps(passwords), 0o600)
        with database.system_write() as sql:
            for name in SERVICES:
                roles.make_role(sql, settings.role_prefix + name, passwords[name])
        for name in SERVICES:
            path = folder / f"{name}_database_url"
            replace_file(path, _address(settings, path, name, passwords[name]), MODE)
        replace_file(folder / PASSWORDS, json.dumps(passwords), MODE)
        (folder / NEXT).unlink()
    echo(f"the users of {', '.join(SERVICES)} have new passwords, in the database and in {folder}")
    echo("start these services again now: a connection that is open goes on, and the old password opens none")


def _refuse(settings: Settings, database: Database) -> None:
    if database.is_sqlite:
        raise CoopError("no-roles", say("a file has no users; they are in PostgreSQL (COOP_OWNER_DATABASE_URL)"))
    with database.system_read() as sql:
        missing = tuple(
            settings.role_prefix + name for name in SERVICES if not roles.exists(sql, settings.role_prefix + name)
        )
    if missing:
        raise CoopError("no-role", say("there is no user %(names)s: run `coop migrate --roles` first", names=missing))
    if not database.is_owner:
        raise CoopError("not-owner", say("give the address of the tables' owner in COOP_OWNER_DATABASE_URL"))


def _read_next(folder: Path) -> Mapping[str, str] | None:
    path = folder / NEXT
    return json.loads(path.read_text()) if path.exists() else None


def _address(settings: Settings, path: Path, service: str, password: str) -> str:
    """The address that a service is given: as it was, or the owner's, under its own user and password."""
    written = make_url(path.read_text().strip() if path.exists() else settings.url(service))
    user = settings.role_prefix + service
    return written.set(username=user, password=password).render_as_string(hide_password=False)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder, so that two rotations do not mix."""
    if not folder.is_dir():
        raise CoopError("no-folder", say("there is no folder %(folder)s", folder=str(folder)))
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise CoopError("rotating-already", say("another rotation works in %(folder)s", folder=str(folder))) from None
    finally:
        os.close(handle)
