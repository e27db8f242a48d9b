"""Write the next migration of a service from its tables: ``python -m coop.kit.revise billing "Add advances"``.

The new revision is what ``storage.py`` says now less what the migrations so far make; read it before you commit it.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic import command

from coop.kit.database import Database, Instant


def revise(service: str, message: str) -> Path:
    """Make the revision file and return its path."""
    metadata = importlib.import_module(f"coop.{service}.storage").metadata
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/{service}.db", service)
        revisions = Path(__file__).parent.parent / service / "migrations"
        revisions.mkdir(exist_ok=True)
        first = not any(revisions.glob("[0-9]*.py"))
        if not first:
            database.migrate()
        with database.write() as connection:
            config = database.migration_config(connection)
            config.attributes["metadata"] = metadata
            config.attributes["render_item"] = _render
            number = f"{len(list(revisions.glob('[0-9]*.py'))) + 1:04d}"
            made: Any = command.revision(config, message, autogenerate=True, rev_id=f"{service}_{number}")
        database.close()
    path = Path(made.path)
    text = path.read_text()
    if first:
        text = text.replace("def upgrade() -> None:\n", "def upgrade() -> None:\n", 1)
        text = text.replace("    # ### end Alembic commands ###", "    guard_journal(op.get_bind())\n", 1)
        text = text.replace(
            "from alembic import op\n", "from alembic import op\n\nfrom coop.kit.tables import guard_journal\n", 1
        )
    target = path.with_name(f"{number}_{message.lower().replace(' ', '_')[:40]}.py")
    path.rename(target)
    target.write_text(text)
    return target


def _render(kind: str, item: Any, context: Any) -> str | bool:
    if kind == "type" and isinstance(item, Instant):
        context.imports.add("from coop.kit.database import Instant")
        return "Instant()"
    return False


if __name__ == "__main__":
    print(revise(sys.argv[1], sys.argv[2]))
