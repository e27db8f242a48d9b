"""Tables of governance that a migration changes while they are filled: rows and triggers stay, and gain what is new."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coop.governance.service import GOVERNANCE
from coop.kit.database import Database
from coop.kit.revisions import migration_config
from tests.governance.test_referenda import begin


def go_to(database: Database, revision: str) -> None:
    """Take the tables back to a revision of before."""
    with database._changing_tables() as sql:
        command.downgrade(migration_config(sql, GOVERNANCE.migrations), revision)


def test_lists_that_were_frozen_before_get_a_secret_each_and_stay_as_they_are(database: Database) -> None:
    begin(database)
    go_to(database, "governance_0001")
    with database.system_read() as sql:
        before = [dict(row) for row in sql.execute(text("SELECT * FROM voting_list ORDER BY moment")).mappings()]
    assert [row["moment"] for row in before] == ["closed", "opened"]
    assert all("secret" not in row for row in before)
    database.migrate(GOVERNANCE.migrations)
    with database.system_read() as sql:
        after = sql.execute(text("SELECT * FROM voting_list ORDER BY moment")).mappings().all()
    assert [{name: row[name] for name in old} for row, old in zip(after, before, strict=True)] == before
    secrets = {row["secret"] for row in after}
    assert (len(secrets), {len(each) for each in secrets}) == (2, {64})
    for change in ("UPDATE voting_list SET secret = 'another'", "DELETE FROM voting_list"):
        with pytest.raises(DBAPIError, match="never changed"), database.system_write() as sql:
            sql.execute(text(change))


def test_a_list_without_a_secret_is_refused(database: Database) -> None:
    begin(database)
    with database.system_read() as sql:
        row = dict(sql.execute(text("SELECT * FROM voting_list LIMIT 1")).mappings().one())
    names = ", ".join(name for name in row if name not in ("secret", "meeting_id"))
    added = f"INSERT INTO voting_list ({names}, meeting_id, secret) SELECT {names}, meeting_id, '' FROM voting_list"
    with pytest.raises(DBAPIError, match="secret"), database.system_write() as sql:
        sql.execute(text(added))
