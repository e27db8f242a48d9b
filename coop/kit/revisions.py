"""Revisions of a service's tables: the kit's history and the service's own, at which of them the tables are, and how
they are brought to the newest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import to_tuple
from sqlalchemy import Connection

from coop.values import CoopError, say


def migration_config(sql: Connection, versions: Path) -> Config:
    """Alembic's settings for the kit's history and a service's own, on an open connection."""
    kit = Path(__file__).parent
    config = Config()
    config.set_main_option("script_location", str(kit / "migrations"))
    config.set_main_option("version_locations", f"{kit / 'versions'}\n{versions}")
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = sql
    return config


@dataclass(frozen=True)
class Revisions:
    """Revisions of the two histories of a service's tables: those that the tables are at, those that are still to be
    made to be where this program is, and those that this program does not know."""

    current: frozenset[str]
    missing: frozenset[str]
    unheard_of: frozenset[str]


def read_revisions(sql: Connection, versions: Path) -> Revisions:
    """Compare the tables with the histories of this program."""
    histories = ScriptDirectory.from_config(migration_config(sql, versions))
    current = frozenset(MigrationContext.configure(sql).get_current_heads())
    ours = {script.revision: script for script in histories.walk_revisions()}
    made: set[str] = set()
    ahead = list(current & ours.keys())
    while ahead:
        script = ours[ahead.pop()]
        made.add(script.revision)
        ahead += to_tuple(script.down_revision, ()) + to_tuple(script.dependencies, ())
    return Revisions(current, frozenset(ours.keys() - made), current - ours.keys())


def refuse_newer(service: str, revisions: Revisions) -> None:
    """Refuse tables that this program does not know.

    Raises:
        CoopError: a newer program has changed them.
    """
    if revisions.unheard_of:
        raise CoopError(
            "tables-newer",
            say(
                "the tables of %(service)s are newer than this program (%(unheard_of)s): run the "
                "release that made them, or restore a backup from before",
                service=service,
                unheard_of=tuple(sorted(revisions.unheard_of)),
            ),
        )


def refuse_other(service: str, revisions: Revisions) -> None:
    """Refuse tables that are not at the revision of this program.

    Raises:
        CoopError: they are older or newer.
    """
    refuse_newer(service, revisions)
    if revisions.missing:
        raise CoopError(
            "tables-older",
            say(
                "the tables of %(service)s are older than this program, which may not change them: "
                "run `coop migrate` as their owner",
                service=service,
            ),
        )


def upgrade(sql: Connection, service: str, versions: Path) -> None:
    """Bring tables to the newest revision of the kit's history and of ``versions``, the service's own.

    Raises:
        CoopError: the tables are newer than this program.
    """
    refuse_newer(service, read_revisions(sql, versions))
    command.upgrade(migration_config(sql, versions), "heads")
