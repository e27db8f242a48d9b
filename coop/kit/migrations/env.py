"""Runs one service's migrations on the connection that ``Database.migrate`` opened; never on its own."""

from typing import Any

from alembic import context

from coop.kit.remaking import KeptTriggers

attributes = context.config.attributes
sql = attributes["connection"]
triggers = KeptTriggers(sql) if sql.dialect.name == "sqlite" else None


def finish_step(*_: Any, **__: Any) -> None:
    """Give tables that a migration made anew their triggers back, before the next one."""
    if triggers is not None:
        triggers.give_back()


context.configure(
    connection=sql,
    target_metadata=attributes.get("metadata"),
    render_item=attributes.get("render_item"),
    render_as_batch=triggers is not None,
    on_version_apply=finish_step,
)
context.run_migrations()
