"""Roles in PostgreSQL: an owner, who migrates, and one role for each service, which owns nothing.

Invariant: a service's role uses its own schema and no other; it adds rows, and changes or deletes them only where its
code does. What only the owner may do (drop a table, a guard or a wall, or switch one off) no service can.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Table, text

from coop.kit.tables import document, journal
from coop.values import CoopError, say

SEALED = ("position", "previous_hash", "hash")
"""Columns of the journal that a service may change: it seals its rows."""


def exists(sql: Connection, role: str) -> bool:
    """True when there is a role of this name."""
    return sql.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}) is not None


def make_role(sql: Connection, role: str, password: str | None) -> None:
    """Create a role that may sign in and nothing more, or give one that is there the password that is given now.

    Raises:
        CoopError: there is none yet, and no password.
    """
    if not exists(sql, role):
        if password is None:
            raise CoopError(
                "no-password",
                say("the role %(role)s needs a password: name its service in COOP_ROLE_PASSWORDS", role=role),
            )
        sql.exec_driver_sql(f'CREATE ROLE "{role}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS')
    if password is not None:
        # Made unreadable here: what is sent may stand in the server's log.
        connection: Any = sql.connection.dbapi_connection
        kept = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        statement = f"ALTER ROLE \"{role}\" PASSWORD '{kept}'"  # which takes no parameters
        sql.exec_driver_sql(statement, execution_options={"no_parameters": True})


def grant(
    sql: Connection,
    schema: str,
    role: str,
    tables: Collection[Table],
    kept: Collection[Table],
    only_read: Collection[Table] = (),
) -> None:
    """Give a service's role what its code needs in its schema, and take away whatever else it had there.

    ``tables`` are those of its code; it never changes or deletes rows of ``kept`` ones, and adds none to those that it
    ``only_read``s.
    """
    send = sql.exec_driver_sql
    send(f'REVOKE ALL ON ALL TABLES IN SCHEMA "{schema}" FROM "{role}"')
    send(f'REVOKE ALL ON SCHEMA "{schema}" FROM "{role}"')
    send(f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"')
    send(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "{schema}" TO "{role}"')
    send(f'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "{schema}" TO "{role}"')
    only_added = {table.name for table in (*kept, document, journal)}
    rights = dict.fromkeys((table.name for table in tables), "SELECT, INSERT, UPDATE, DELETE")
    rights |= dict.fromkeys(only_added, "SELECT, INSERT")
    rights |= dict.fromkeys(("alembic_version", *(table.name for table in only_read)), "SELECT")
    for name, given in rights.items():
        send(f'GRANT {given} ON "{schema}"."{name}" TO "{role}"')
    send(f'GRANT UPDATE ({", ".join(SEALED)}) ON "{schema}".journal TO "{role}"')
