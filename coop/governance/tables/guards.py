"""Triggers that keep what was decided: rows are only added, no ballot once the resolution is decided or withdrawn,
nothing is both, and whoever divides votes divides those that they have."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from coop.governance.tables.meetings import KEPT

_KEPT: Final = tuple(table.name for table in KEPT)
_TOO_LATE: Final = "the vote on this resolution is closed"
_DECIDED: Final = (
    "SELECT 1 FROM decision WHERE decision.community = NEW.community AND decision.resolution_id = NEW.resolution_id"
)

_WITHDRAWN: Final = (
    "SELECT 1 FROM withdrawn_point WHERE withdrawn_point.community = NEW.community"
    " AND withdrawn_point.resolution_id = NEW.resolution_id"
)
_FROZEN: Final = (
    "SELECT 1 FROM attendance_list WHERE attendance_list.community = NEW.community"
    " AND attendance_list.meeting_id = NEW.meeting_id"
)
_COUNTED: Final = (
    "SELECT 1 FROM election_count WHERE election_count.community = NEW.community"
    " AND election_count.resolution_id = NEW.resolution_id AND election_count.number = NEW.number"
)
_BARRED: Final = (
    ("ballot_closes", "ballot", _DECIDED, _TOO_LATE),
    ("ballot_withdrawn", "ballot", _WITHDRAWN, "this point was withdrawn"),
    ("decision_withdrawn", "decision", _WITHDRAWN, "this point was withdrawn"),
    ("withdrawal_closes", "withdrawn_point", _DECIDED, "this point was decided"),
    ("election_closes", "election_ballot", _COUNTED, "this vote was counted"),
    ("word_closes", "word_given", _DECIDED, _TOO_LATE),
    ("attendance_closes", "attendance", _FROZEN, "the list of who was there stands fast"),
)
"""Rows that are not added: by a trigger of a name, to a table, where something is there already."""

_SPLIT_WRONG: Final = "a divided ballot has the votes of its member on the frozen voting list"
_LISTED: Final = (
    "SELECT 1 FROM resolution JOIN voting_list ON voting_list.community = resolution.community"
    " AND voting_list.meeting_id = resolution.meeting_id AND voting_list.moment = 'opened'"
    " JOIN document ON document.community = voting_list.community AND document.sha256 = voting_list.list_hash"
    " CROSS JOIN {voters} WHERE resolution.community = NEW.community AND resolution.resolution_id = NEW.resolution_id"
    " AND {member} = NEW.member_id AND {votes} = NEW.votes_for + NEW.votes_against + NEW.votes_blank"
)
"""Member and votes of a divided ballot on the list of its meeting, which is a document: pairs in JSON."""


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
    made += [
        f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN EXISTS ({barred})"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for name, table, barred, message in _BARRED
    ]
    listed = _LISTED.format(
        voters="json_each(CAST(document.body AS TEXT)) AS voter",
        member="json_extract(voter.value, '$[0]')",
        votes="json_extract(voter.value, '$[1]')",
    )
    made.append(
        f"CREATE TRIGGER ballot_splits BEFORE INSERT ON ballot WHEN NEW.choice = 'split' AND NOT EXISTS ({listed})"
        f" BEGIN SELECT RAISE(ABORT, '{_SPLIT_WRONG}'); END"
    )
    return made


def _postgresql() -> list[str]:
    made = [
        "CREATE FUNCTION governance_refuses() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'a ' || TG_TABLE_NAME || ' is never changed or deleted',"
        " ERRCODE = 'integrity_constraint_violation'; END $$",
    ]
    for name, table, barred, message in _BARRED:
        made += [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN IF EXISTS ({barred}) THEN RAISE EXCEPTION '{message}'"
            " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    listed = _LISTED.format(
        voters="jsonb_array_elements(convert_from(document.body, 'UTF8')::jsonb) AS voter",
        member="voter ->> 0",
        votes="(voter ->> 1)::int",
    )
    made += [
        "CREATE FUNCTION ballot_splits() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF NOT EXISTS ({listed}) THEN RAISE EXCEPTION '{_SPLIT_WRONG}'"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER ballot_splits BEFORE INSERT ON ballot FOR EACH ROW WHEN (NEW.choice = 'split')"
        " EXECUTE FUNCTION ballot_splits()",
    ]
    made += [
        f"CREATE TRIGGER {table}_keeps BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION governance_refuses()"
        for table in _KEPT
    ]
    return made
