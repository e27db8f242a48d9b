"""Runs one service's migrations on the connection that ``Database.migrate`` opened; never on its own."""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes.get("metadata"),
    render_item=attributes.get("render_item"),
    render_as_batch=attributes["connection"].dialect.name == "sqlite",
)
context.run_migrations()
