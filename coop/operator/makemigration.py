"""Write the next migration of a service: ``python -m coop.operator.makemigration billing "Add advances"``.

The new revision is what the service's metadata says now less what its migrations so far make; read it, add what Alembic
does not see (triggers), before you commit it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import TypeDecorator

from coop.kit.database import Database
from coop.kit.metadata import Instant
from coop.kit.revisions import migration_config
from coop.kit.service import Service
from coop.operator.services import service_named


def make_migration(service: Service, message: str) -> Path:
    """Make the revision file and return its path."""
    revisions = service.migrations
    number = f"{len(list(revisions.glob('[0-9]*.py'))) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/{service.name}.db", service.name)
        database.migrate(revisions)
        with database.system_write() as sql:
            config = migration_config(sql, revisions)
            config.attributes["metadata"] = service.metadata
            config.attributes["render_item"] = _render
            before = f"{service.name}_{int(number) - 1:04d}" if int(number) > 1 else "base"
            made: Any = command.revision(
                config,
                message,
                autogenerate=True,
                rev_id=f"{service.name}_{number}",
                head=before,
                version_path=str(revisions),
                depends_on="kit_0001",
            )
        database.close()
    path = Path(made.path)
    target = path.with_name(f"{number}_{message.lower().replace(' ', '_')[:40]}.py")
    return path.rename(target)


def _render(kind: str, item: Any, context: Any) -> str | bool:
    if kind == "type" and isinstance(item, Instant):
        context.imports.add("from coop.kit.metadata import Instant")
        return "Instant()"
    if kind == "type" and isinstance(item, TypeDecorator):  # of a service: its table holds what the type stores
        return f"sa.{item.impl!r}"
    return False


if __name__ == "__main__":
    print(make_migration(service_named(sys.argv[1]), sys.argv[2]))
