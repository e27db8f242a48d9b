"""Databases of an installation opened as they are, by what only looks at them: without the services and their pages,
which take seconds to load, and without bringing tables up to date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from coop.communities.store import list_communities
from coop.events import SERVICES
from coop.kit import placing
from coop.kit.clock import SYSTEM_CLOCK, Clock
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.values import CoopError, say

TRUTH = "members"
"""The service that keeps the truth of co-operatives and tells the others."""


def finish_placing(name: str, settings: Settings, *, there: bool) -> None:
    """Put files of an installation in place that a restore left half way, and with ``there`` find a service's.

    Raises:
        CoopError: it is to be there, and there is no database yet.
    """
    if settings.url(name).startswith("sqlite"):
        placing.finish(settings.data_dir)
        if there and not (settings.data_dir / f"{name}.db").exists():
            folder = str(settings.data_dir)
            raise CoopError(
                "no-installation", say("there is no installation in %(folder)s (COOP_DATA_DIR)", folder=folder)
            )


@contextmanager
def open_databases(
    settings: Settings, names: Sequence[str] = SERVICES, clock: Clock = SYSTEM_CLOCK
) -> Iterator[dict[str, Database]]:
    """The databases of several services as they are; they are closed at the end.

    Raises:
        CoopError: there is no database yet.
    """
    with ExitStack() as stack:
        opened: dict[str, Database] = {}
        for name in names:
            finish_placing(name, settings, there=True)
            opened[name] = Database(settings.url(name), name, clock)
            stack.callback(opened[name].close)
        yield opened


@contextmanager
def open_database(name: str, settings: Settings) -> Iterator[Database]:
    """The database of one service as it is; it is closed at the end.

    Raises:
        CoopError: there is no database yet.
    """
    with open_databases(settings, (name,)) as opened:
        yield opened[name]


def list_keys(settings: Settings) -> tuple[str, ...]:
    """Keys of all co-operatives of an installation."""
    with open_database(TRUTH, settings) as database, database.system_read() as sql:
        return list_communities(sql)


def pick_community(settings: Settings, key: str) -> str:
    """The co-operative that is named, or the only one when none is.

    Raises:
        CoopError: there is no such one, or several and none is named.
    """
    keys = list_keys(settings)
    if key in keys:
        return key
    if key:
        raise CoopError(
            "no-such-community",
            say("there is no co-operative %(key)s here, only %(keys)s", key=key, keys=tuple(keys)),
        )
    if not keys:
        raise CoopError("no-community", say("there is no co-operative here yet: begin with `coop init`"))
    if len(keys) > 1:
        raise CoopError(
            "which-community", say("say with --community which co-operative is meant: %(keys)s", keys=tuple(keys))
        )
    return keys[0]
