"""Work of ``coop migrate``: tables to the revision of this program, and roles for those who use them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from coop.kit import roles
from coop.kit.database import Database
from coop.kit.revisions import Revisions, read_revisions, refuse_newer
from coop.kit.settings import Settings
from coop.operator.services import service_named
from coop.values import CoopError

Echo = Callable[[str], None]


def migrate(settings: Settings, names: Sequence[str], echo: Echo, *, with_roles: bool = False) -> None:
    """Bring the tables of services to the revision of this program, and their roles to what they may do.

    Rights follow the tables: a role that is there gets them anew at each migration. It may be repeated.

    Raises:
        CoopError: the tables are newer than this program or somebody else's, or a role needs a password.
    """
    for name in names:
        service = service_named(name)
        with closing(Database(settings.url(name), name)) as database:
            _require_owner(database, with_roles=with_roles)
            database.migrate(service.migrations)
            echo(f"{name}: up to date")
            if database.is_sqlite:
                continue
            role = settings.role_prefix + name
            with database.system_write() as sql:
                if with_roles:
                    roles.make_role(sql, role, settings.password_of(name))
                if roles.exists(sql, role):
                    tables = service.metadata.sorted_tables
                    roles.grant(sql, name, role, tables, service.kept_tables, service.owner_tables)
                    echo(f"{name}: {role} may use its tables and owns nothing")


def check(settings: Settings, names: Sequence[str], echo: Echo, *, with_roles: bool = False) -> bool:
    """Say what ``migrate`` would do, and do nothing; True when there is nothing to do."""
    good = True
    for name in names:
        url = settings.url(name)
        if url.startswith("sqlite") and not Path(settings.data_dir / f"{name}.db").exists():
            echo(f"{name}: there are no tables yet, and would be")
            good = False
            continue
        with closing(Database(url, name)) as database, database.system_read() as sql:
            revisions = read_revisions(sql, service_named(name).migrations)
            refuse_newer(name, revisions)
            echo(f"{name}: {_describe(revisions)}")
            good &= not revisions.missing
            role = settings.role_prefix + name
            if with_roles and not database.is_sqlite and not roles.exists(sql, role):
                echo(f"{name}: there is no role {role} yet, and would be")
                good = False
    return good


def _describe(revisions: Revisions) -> str:
    if not revisions.missing:
        return "up to date"
    current = ", ".join(sorted(revisions.current)) or "no tables"
    return f"has {current}, and would get {', '.join(sorted(revisions.missing))}"


def _require_owner(database: Database, *, with_roles: bool) -> None:
    if with_roles and database.is_sqlite:
        raise CoopError("no-roles", "a file has no roles; they are for PostgreSQL (COOP_DATABASE_URL)")
    if not database.is_owner:
        raise CoopError(
            "not-owner",
            f"the tables of {database.service} belong to somebody else: give the owner's address in"
            " COOP_OWNER_DATABASE_URL",
        )
