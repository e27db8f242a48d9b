"""Triggers that keep what members said to each use of their data: answers are only added."""

from __future__ import annotations

from sqlalchemy import Connection

_SAYS = "an answer of a member is never changed or deleted"


def guard_members(sql: Connection) -> None:
    """Create the triggers; the migration that makes the tables calls this once."""
    if sql.dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            sql.exec_driver_sql(
                f"CREATE TRIGGER consent_keeps_{act.lower()} BEFORE {act} ON consent"
                f" BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
            )
        return
    sql.exec_driver_sql(
        "CREATE FUNCTION consent_refuses() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_SAYS}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    sql.exec_driver_sql(
        "CREATE TRIGGER consent_keeps BEFORE UPDATE OR DELETE ON consent"
        " FOR EACH ROW EXECUTE FUNCTION consent_refuses()"
    )
