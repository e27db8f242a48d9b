"""Databases of services that were migrated once: each test works on a copy, which is there much sooner."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from coop.kit.service import Service
from tests.servers.postgres import Postgres

MigratedUrl: TypeAlias = Callable[[Service, str], str]
"""Gives the URL of a service's migrated, empty database that one test has alone, of ``sqlite`` or ``postgresql``."""


@dataclass(frozen=True)
class Files:
    """The migrated SQLite file of each service, made when the first copy of it is asked for."""

    folder: Path

    def copy(self, service: Service, folder: Path) -> str:
        """The URL of a copy in a folder."""
        original, copied = self.folder / f"{service.name}.db", folder / f"{service.name}.db"
        if not original.exists():
            service.open_database(f"sqlite:///{original}").close()
        shutil.copy(original, copied)
        return f"sqlite:///{copied}"


@dataclass(frozen=True)
class Databases:
    """The migrated PostgreSQL database of each service, likewise; they go with ``until_the_end``."""

    server: Postgres
    until_the_end: ExitStack
    made: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def copy(self, service: Service) -> Iterator[str]:
        """The URL of a copy for the length of the block."""
        if service.name not in self.made:
            url = self.until_the_end.enter_context(self.server.database())
            service.open_database(url).close()
            self.made[service.name] = url
        with self.server.copy(self.made[service.name]) as url:
            yield url
