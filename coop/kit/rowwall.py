"""The second wall between co-operatives, in PostgreSQL: row-level security by the setting ``coop.community``.

Invariant: every table with a column ``community`` shows and takes only rows of the community that the transaction was
begun for; ``EVERYBODY`` opens all of them to the kit's own work, and a transaction begun for nobody finds nothing. The
tables' owner is held to it too; a superuser is not, so no service and no migration should be one. The first wall
(``kit.wall``) reads statements before they run; this one holds for a query that names no community, or another one. It
does not hold for who may send statements of their own, for they may name ``EVERYBODY``. A query can do that by calling
``set_config``, which the database of ``deploy/postgres`` lets nobody call.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

EVERYBODY = "*"
"""Setting of a transaction over all communities; no community has this key."""

_OPEN_TABLES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'community'"
    " WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'p') AND NOT c.relforcerowsecurity"
)


def name_community(community: str) -> str:
    """The statement that opens the rows of a community to what follows in the transaction, and closes all others.

    >>> name_community("o'noord")
    "SET LOCAL coop.community = 'o''noord'"

    Raises:
        ValueError: the key can be none of a community's.
    """
    if "\x00" in community:
        raise ValueError(f"no community has the key {community!r}")
    quoted = community.replace("'", "''")
    return f"SET LOCAL coop.community = '{quoted}'"


def raise_walls(sql: Connection, schema: str) -> None:
    """Wall every table of a schema that has communities and no wall yet; the tables' owner calls this."""
    if sql.dialect.name == "sqlite":
        return
    for name in sql.scalars(_OPEN_TABLES, {"schema": schema}).all():
        for statement in wall_of(f'"{schema}"."{name}"'):
            sql.exec_driver_sql(statement)


def wall_of(table: str) -> tuple[str, ...]:
    """The statements that wall a table, which is named as SQL names it."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        # The setting is read once a statement, not once a row, because it stands in a query of its own.
        f"CREATE POLICY community_wall ON {table}"
        f" USING ((SELECT current_setting('coop.community', true)) IN (community, '{EVERYBODY}'))",
    )
