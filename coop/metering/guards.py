"""Triggers that keep what was read and what was computed from it, and what a block refers to; and the months of blocks.

A block refers to a register and a delivery by a trigger and by no foreign key, which ``kit.months`` cannot have.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from coop.kit import months
from coop.metering.tables import KEPT, block

REFERRED = (("register", "register_id"), ("delivery", "delivery_id"))
"""Tables that a block refers to, each by which of its columns."""

_KEEPS = "readings and results are only added"
_REFERS = "a block refers to a register and a delivery that are there"


def guard_readings(sql: Connection) -> None:
    """Create the triggers that keep what was read and what was computed from it, and what blocks refer to, and what
    makes the months of blocks; a migration calls this once."""
    if sql.dialect.name == "sqlite":
        _guard_sqlite(sql)
    else:
        _guard_postgresql(sql)
    months.partition(sql, block)


def _guard_sqlite(sql: Connection) -> None:
    for name in (table.name for table in KEPT):
        for act in ("UPDATE", "DELETE"):
            sql.exec_driver_sql(
                f"CREATE TRIGGER {name}_keeps_{act.lower()} BEFORE {act} ON {name}"
                f" BEGIN SELECT RAISE(ABORT, '{_KEEPS}'); END"
            )
    missing = " OR ".join(
        f"NOT EXISTS (SELECT 1 FROM {name} WHERE community = NEW.community AND id = NEW.{column})"
        for name, column in REFERRED
    )
    sql.exec_driver_sql(
        f"CREATE TRIGGER block_refers BEFORE INSERT ON block WHEN {missing} BEGIN SELECT RAISE(ABORT, '{_REFERS}'); END"
    )


def _guard_postgresql(sql: Connection) -> None:
    sql.exec_driver_sql(
        "CREATE FUNCTION reading_refuses() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_KEEPS}'; END $$"
    )
    for name in (table.name for table in KEPT):
        sql.exec_driver_sql(
            f"CREATE TRIGGER {name}_keeps BEFORE UPDATE OR DELETE ON {name}"
            " FOR EACH ROW EXECUTE FUNCTION reading_refuses()"
        )
    schema = sql.scalar(select(func.current_schema()))
    missing = " OR ".join(
        f'NOT EXISTS (SELECT FROM "{schema}".{name} WHERE community = NEW.community AND id = NEW.{column})'
        for name, column in REFERRED
    )
    sql.exec_driver_sql(
        "CREATE FUNCTION block_refers() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF {missing} THEN RAISE foreign_key_violation USING MESSAGE = '{_REFERS}'; END IF;"
        " RETURN NULL; END $$"
    )
    sql.exec_driver_sql(
        "CREATE TRIGGER block_refers AFTER INSERT ON block FOR EACH ROW EXECUTE FUNCTION block_refers()"
    )
