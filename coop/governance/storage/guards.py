"""Triggers that keep what was decided: rows are only added, and no ballot is added once the resolution is decided."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from coop.governance.storage.tables import KEPT

_KEPT: Final = tuple(table.name for table in KEPT)
_TOO_LATE: Final = "the vote on this resolution is closed"
_DECIDED: Final = (
    "SELECT 1 FROM decision WHERE decision.community = NEW.community AND decision.resolution_id = NEW.resolution_id"
)


def guard_governance(sql: Connection) -> None:
    """Create the triggers; the migration that makes the tables calls this once."""
    for statement in _sqlite() if sql.dialect.name == "sqlite" else _postgresql():
        sql.exec_driver_sql(statement)


def _sqlite() -> list[str]:
    made = [
        f"CREATE TRIGGER {table}_{name} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, 'a {table} is never changed or deleted'); END"
        for table in _KEPT
        for name, verb in (("holds", "UPDATE"), ("keeps", "DELETE"))
    ]
    made.append(
        f"CREATE TRIGGER ballot_closes BEFORE INSERT ON ballot WHEN EXISTS ({_DECIDED})"
        f" BEGIN SELECT RAISE(ABORT, '{_TOO_LATE}'); END"
    )
    return made


def _postgresql() -> list[str]:
    made = [
        "CREATE FUNCTION governance_refuses() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'a ' || TG_TABLE_NAME || ' is never changed or deleted',"
        " ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE FUNCTION ballot_closes() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF EXISTS ({_DECIDED}) THEN RAISE EXCEPTION '{_TOO_LATE}'"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER ballot_closes BEFORE INSERT ON ballot FOR EACH ROW EXECUTE FUNCTION ballot_closes()",
    ]
    made += [
        f"CREATE TRIGGER {table}_keeps BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION governance_refuses()"
        for table in _KEPT
    ]
    return made
