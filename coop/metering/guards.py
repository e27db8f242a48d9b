"""Triggers that keep what was read and what was computed from it, and what a block refers to; and the months of
blocks.

A block refers to a register and a delivery by a trigger and by no foreign key, which ``kit.months`` cannot have. In
PostgreSQL the trigger looks at all rows of a statement together, day by day: the planner then finds the one month in
which a day lies once for a batch, and not once for each of its thousand blocks. A block is never changed. It is let go
of only when a sealed one holds it: one that reaches from its first delivery to its last, and that came in only because
it had as many parts, and the same digest, as all blocks between its two numbers. In PostgreSQL a service has no right
to take a block away; a function of the owner's does both.

A revision of a period is closed only where, over the newest runs of all groups together, no occupancy is allocated more
than it needed and no producer gives more than it had; and nothing is added to a revision that is closed.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from coop.kit import months
from coop.metering.entries.tables import ENTRIES_KEPT
from coop.metering.heat.tables import BREAKS_KEPT
from coop.metering.intake.tables import INTAKE_KEPT
from coop.metering.model import DIGEST_MODULUS
from coop.metering.register.tables import RESOLUTIONS_KEPT
from coop.metering.tables import KEPT, block

REFERRED = (("register", "register_id", "id"), ("delivery", "number", "number"))
"""Tables that a block refers to: by which of its columns, to which of theirs."""

_KEEPS = "readings and results are only added"
_REFERS = "a block refers to a register and a delivery that are there"
_HOLDS = "a sealed block holds what its parts hold, and nothing comes in beneath it"
_OURS = "part.community = {row}.community AND part.day = {row}.day AND part.register_id = {row}.register_id"
_SEALED = f"{_OURS} AND part.first <= {{row}}.first AND part.number >= {{row}}.number AND part.parts > {{row}}.parts"
_PARTS = (
    f"{_OURS} AND part.first >= {{row}}.first AND part.number <= {{row}}.number"
    " AND NOT (part.first = {row}.first AND part.number = {row}.number)"
)


_PAST = "nothing is allocated in a revision that is closed"
_BEYOND = "all groups together allocate no more than was used, and give no more than was made"
_BOUNDS = (
    ("allocation", "connection_id, part.member_id", "allocated_wh", "needed_wh"),
    ("giving", "meter", "given_mwh", "made_mwh"),
)
"""Tables of which the parts of all groups add up to no more than a bound: grouped by what, the part, the bound."""


def guard_readings(sql: Connection) -> None:
    """Create the triggers that keep what was read and what was computed from it, and what blocks refer to, and what
    makes the months of blocks; a migration calls this once."""
    if sql.dialect.name == "sqlite":
        _guard_sqlite(sql)
    else:
        _guard_postgresql(sql)
    months.partition(sql, block)


def _is_closed(schema: str) -> str:
    """True where the run of a row that comes in belongs to a revision of a period that is closed."""
    return (
        f"EXISTS (SELECT 1 FROM {schema}allocation_run AS run JOIN {schema}period AS closed"
        " ON closed.community = run.community AND closed.period_start <= run.period_start"
        " AND closed.period_end >= run.period_end AND closed.revision >= run.revision"
        " WHERE run.community = NEW.community AND run.id = NEW.run_id)"
    )


def _goes_beyond(schema: str) -> str:
    """True where the newest runs of a period that is closed allocate or give too much, all groups together."""
    return " OR ".join(
        f"EXISTS (SELECT 1 FROM {schema}allocation_run AS run JOIN {schema}{table} AS part"
        " ON part.community = run.community AND part.run_id = run.id"
        " WHERE run.community = NEW.community AND run.period_start >= NEW.period_start"
        " AND run.period_end <= NEW.period_end AND run.revision <= NEW.revision"
        f" AND NOT EXISTS (SELECT 1 FROM {schema}allocation_run AS later WHERE later.community = run.community"
        " AND later.group_id = run.group_id AND later.period_start = run.period_start"
        " AND later.period_end = run.period_end AND later.revision > run.revision)"
        f" GROUP BY run.period_start, run.period_end, part.{by}"
        f" HAVING sum(part.{amount}) > max(part.{bound}))"
        for table, by, amount, bound in _BOUNDS
    )


def _kept() -> list[str]:
    kept = (*KEPT, *BREAKS_KEPT, *INTAKE_KEPT, *ENTRIES_KEPT, *RESOLUTIONS_KEPT)
    return [table.name for table in kept if table is not block]


def _missing(schema: str, row: str) -> str:
    return " OR ".join(
        f"NOT EXISTS (SELECT 1 FROM {schema}{name} AS known"
        f" WHERE known.community = {row}.community AND known.{key} = {row}.{column})"
        for name, column, key in REFERRED
    )


def _breaks_seal(table: str, row: str, within: str = "") -> str:
    """True where a block that comes in lies beneath a sealed one, or is a sealed one that has not as many parts, or not
    the same digest, as its parts have; looked for ``within`` a further condition."""
    return (
        f"EXISTS (SELECT 1 FROM {table} AS part WHERE {_SEALED.format(row=row)}{within}) OR ({row}.parts > 1 AND NOT"
        f" (SELECT coalesce(sum(part.parts), 0) = {row}.parts"
        f" AND sum(part.digest) % {DIGEST_MODULUS} = {row}.digest"
        f" FROM {table} AS part WHERE {_PARTS.format(row=row)}{within}))"
    )


def _guard_sqlite(sql: Connection) -> None:
    send = sql.exec_driver_sql
    refuse = "BEGIN SELECT RAISE(ABORT, '{}'); END"
    for name in _kept():
        for act in ("UPDATE", "DELETE"):
            send(f"CREATE TRIGGER {name}_keeps_{act.lower()} BEFORE {act} ON {name} {refuse.format(_KEEPS)}")
    send(f"CREATE TRIGGER block_keeps_update BEFORE UPDATE ON block {refuse.format(_KEEPS)}")
    send(
        "CREATE TRIGGER block_keeps_delete BEFORE DELETE ON block"
        f" WHEN NOT EXISTS (SELECT 1 FROM block AS part WHERE {_SEALED.format(row='OLD')}) {refuse.format(_KEEPS)}"
    )
    send(f"CREATE TRIGGER block_refers BEFORE INSERT ON block WHEN {_missing('', 'NEW')} {refuse.format(_REFERS)}")
    for table, *_ in _BOUNDS:
        send(f"CREATE TRIGGER {table}_open BEFORE INSERT ON {table} WHEN {_is_closed('')} {refuse.format(_PAST)}")
    send(f"CREATE TRIGGER period_bounds BEFORE INSERT ON period WHEN {_goes_beyond('')} {refuse.format(_BEYOND)}")
    send(
        f"CREATE TRIGGER block_seals BEFORE INSERT ON block WHEN {_breaks_seal('block', 'NEW')} {refuse.format(_HOLDS)}"
    )


def _guard_postgresql(sql: Connection) -> None:
    send = sql.exec_driver_sql
    plain = {"execution_options": {"no_parameters": True}}
    refuses = "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$"
    send(refuses.format("reading_refuses", f"RAISE EXCEPTION '{_KEEPS}';"), **plain)
    for name in _kept():
        send(
            f"CREATE TRIGGER {name}_keeps BEFORE UPDATE OR DELETE ON {name}"
            " FOR EACH ROW EXECUTE FUNCTION reading_refuses()"
        )
    schema = f'"{sql.scalar(select(func.current_schema()))}".'
    table = f"{schema}block"
    is_sealed = f"EXISTS (SELECT FROM {table} AS part WHERE {{}})"
    lets_go = f"IF NOT {is_sealed.format(_SEALED.format(row='OLD'))} THEN RAISE EXCEPTION '{_KEEPS}'; END IF;"
    send(refuses.format("block_lets_go", f"{lets_go} RETURN OLD;"), **plain)
    of_day = "EXISTS (SELECT FROM added WHERE added.day = one_day AND ({}))".format
    refers = f"IF {of_day(_missing(schema, 'added'))}"
    refers += f" THEN RAISE foreign_key_violation USING MESSAGE = '{_REFERS}'; END IF;"
    holds = f"IF {of_day(_breaks_seal(table, 'added', ' AND part.day = one_day'))}"
    holds += f" THEN RAISE EXCEPTION '{_HOLDS}'; END IF;"
    each_day = f"FOR one_day IN SELECT DISTINCT day FROM added LOOP {refers} {holds} END LOOP;"
    send(refuses.format("block_refers", f"DECLARE one_day integer; BEGIN {each_day} END; RETURN NULL;"), **plain)
    send("CREATE TRIGGER block_keeps BEFORE UPDATE ON block FOR EACH ROW EXECUTE FUNCTION reading_refuses()")
    send("CREATE TRIGGER block_lets_go BEFORE DELETE ON block FOR EACH ROW EXECUTE FUNCTION block_lets_go()")
    send(
        "CREATE TRIGGER block_refers AFTER INSERT ON block REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION block_refers()"
    )
    for name, tables, wrong, said in (
        ("sharing_open", [table for table, *_ in _BOUNDS], _is_closed(schema), _PAST),
        ("sharing_bounds", ["period"], _goes_beyond(schema), _BEYOND),
    ):
        send(refuses.format(name, f"IF {wrong} THEN RAISE EXCEPTION '{said}'; END IF; RETURN NEW;"), **plain)
        for table_name in tables:
            send(
                f"CREATE TRIGGER {table_name}_{name} BEFORE INSERT ON {table_name}"
                f" FOR EACH ROW EXECUTE FUNCTION {name}()"
            )
    _make_sealer(sql, schema)


def _make_sealer(sql: Connection, schema: str) -> None:
    """Make the function that puts a sealed block in the place of its parts."""
    columns = [(column.name, column.type.compile(sql.dialect)) for column in block.columns]
    arguments = ", ".join(f"_{name} {kind}" for name, kind in columns)
    into, values = (", ".join(names) for names in zip(*((name, f"_{name}") for name, _ in columns), strict=True))
    sql.exec_driver_sql(
        f"CREATE FUNCTION seal_block({arguments}) RETURNS void LANGUAGE plpgsql SECURITY DEFINER"
        f" SET search_path = {schema.rstrip('.')}, pg_temp AS $seal$ BEGIN"
        " IF _parts < 2 THEN RAISE EXCEPTION 'nothing is sealed that is whole'; END IF;"
        f" INSERT INTO block ({into}) VALUES ({values});"
        " DELETE FROM block WHERE community = _community AND day = _day AND register_id = _register_id"
        " AND first >= _first AND number <= _number AND NOT (first = _first AND number = _number);"
        " END $seal$",
        execution_options={"no_parameters": True},
    )
    sql.exec_driver_sql("REVOKE ALL ON FUNCTION seal_block FROM PUBLIC")
