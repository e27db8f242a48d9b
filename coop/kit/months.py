"""Tables in PostgreSQL that lie in partitions of a month each, by a column with the day counted from 1970-01-01.

Invariant: such a table keeps rows in partitions of whole months only, there is no default one. A partition has the wall
and the guards of its table's rows and gives no right to anybody: rows come in, and are reached, through the table. A
month that is detached stays beside it as ``<table>_<year>_<month>_detached``, which nobody changes, until it is
attached again; meanwhile no row of that month comes in. SQLite keeps one table.

A partition is made by a function of the tables' owner that the service may call (``make``), because a service owns
nothing. It makes a table and attaches it in the caller's transaction: rolled back, there is none. That waits for no
reader and no writer and lets none wait, but for others who make one. It holds only while the table refers to no other
one by a foreign key, which would lock that one until the transaction ends: what it refers to is kept by a trigger.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ARRAY, Connection, Date, Table, cast, func, select, text

from coop.kit import rowwall
from coop.kit.tx import Tx
from coop.values import CoopError, Period, say

EPOCH = date(1970, 1, 1)
YEARS = range(1990, 2200)
"""Years whose months can be made: a wrong clock makes no partitions without end."""

DETACHED = "_detached"
WAIT = "30s"
"""Time that detaching and attaching wait for those who read and write; both stop everybody else for a moment."""


def month_of(day: int) -> date:
    """The first day of the month of a day that is counted from 1970-01-01.

    >>> month_of(20178)
    datetime.date(2025, 3, 1)
    """
    return (EPOCH + timedelta(days=day)).replace(day=1)


def days_of(month: date) -> range:
    """The days of a month, counted from 1970-01-01.

    >>> days_of(date(2025, 3, 1))
    range(20148, 20179)
    """
    end = Period.month(month.year, month.month).end
    return range((month - EPOCH).days, (end - EPOCH).days)


def name_of(table: Table, month: date, *, detached: bool = False) -> str:
    """The name of a month's partition."""
    return f"{table.name}_{month:%Y_%m}{DETACHED if detached else ''}"


def partition(sql: Connection, table: Table) -> None:
    """Make what makes the partitions of a table, and the guard of detached ones; a migration calls this once, after
    the table was made with ``postgresql_partition_by``."""
    if sql.dialect.name == "sqlite":
        return
    schema = sql.scalar(select(func.current_schema()))
    wall = "\n".join(f"EXECUTE format($wall${statement}$wall$, part);" for statement in rowwall.wall_of("%I"))
    maker = (
        f"CREATE FUNCTION {_maker(table.name)}(months date[]) RETURNS SETOF date"
        f' LANGUAGE plpgsql SECURITY DEFINER SET search_path = "{schema}", pg_temp AS $make$'
        f"""
        DECLARE month date; part text; there oid; aside oid;
        BEGIN
          FOREACH month IN ARRAY months LOOP
            IF month <> date_trunc('month', month)
              OR extract(year FROM month) NOT BETWEEN {YEARS.start} AND {YEARS.stop - 1} THEN
              RAISE invalid_parameter_value USING MESSAGE = month || ' is no month of {table.name}';
            END IF;
            part := '{table.name}_' || to_char(month, 'YYYY_MM');
            -- Looked up in the table itself: to_regclass remembers for a while that there was none.
            SELECT oid INTO there FROM pg_class WHERE relname = part AND relnamespace = to_regnamespace('{schema}');
            IF there IS NULL THEN
              PERFORM pg_advisory_xact_lock(hashtext('{schema}.{table.name}'));
              SELECT oid INTO there FROM pg_class WHERE relname = part AND relnamespace = to_regnamespace('{schema}');
            END IF;
            IF there IS NOT NULL THEN
              -- Opening it makes the session hear that somebody else has attached it.
              PERFORM pg_relation_size(there);
              CONTINUE;
            END IF;
            SELECT oid INTO aside FROM pg_class
              WHERE relname = part || '{DETACHED}' AND relnamespace = to_regnamespace('{schema}');
            IF aside IS NOT NULL THEN
              RETURN NEXT month;
              CONTINUE;
            END IF;
            EXECUTE format('CREATE TABLE %I (LIKE {table.name} INCLUDING ALL)', part);
            {wall}
            EXECUTE format(
              'ALTER TABLE {table.name} ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', part,
              month - date '{EPOCH}', (month + interval '1 month')::date - date '{EPOCH}'
            );
          END LOOP;
        END $make$"""
    )
    sql.exec_driver_sql(maker, execution_options={"no_parameters": True})
    sql.exec_driver_sql(f"REVOKE ALL ON FUNCTION {_maker(table.name)} FROM PUBLIC")
    sql.exec_driver_sql(
        f"CREATE FUNCTION {table.name}_detached_stays() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'a detached month stays as it is'; END $$"
    )


def make(tx: Tx, table: Table, months: Iterable[date]) -> list[date]:
    """Make the partitions of months that have none yet; returns those that have none because they are detached."""
    wanted = sorted(set(months))
    if tx.is_sqlite or not wanted:
        return []
    made = getattr(func, _maker(table.name))(cast(wanted, ARRAY(Date)))
    return sorted(tx.scalars(select(made.column_valued("month"))))


def make_all(sql: Connection, table: str, months: Iterable[date]) -> None:
    """Make the partitions of months; as ``make``, for the tables' owner."""
    sql.exec_driver_sql(f"SELECT {_maker(table)}(%s)", (sorted(months),))


def find_day_column(sql: Connection, table: str) -> str | None:
    """The column by which a table lies in months; None where it does not."""
    if sql.dialect.name == "sqlite":
        return None
    name = sql.scalar(_DAY_COLUMN, {"name": table})
    return None if name is None else str(name)


@dataclass(frozen=True)
class Month:
    """A month of a table: how much of it there is, and whether it is detached."""

    start: date
    is_detached: bool
    rows: int
    size_bytes: int

    def __str__(self) -> str:
        return f"{self.start:%Y-%m}"


def list_months(sql: Connection, table: Table) -> list[Month]:
    """Every month that has a partition, or had one before it was detached."""
    if sql.dialect.name == "sqlite":
        return []
    found = sql.execute(_MONTHS, {"part": rf"^{table.name}_(\d{{4}}_\d\d)({DETACHED})?$"}).all()
    months = []
    for name, digits, detached, size_bytes in found:
        rows = sql.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()
        start = datetime.strptime(digits, "%Y_%m").replace(tzinfo=UTC).date()
        months.append(Month(start, detached is not None, rows, size_bytes))
    return sorted(months, key=lambda month: month.start)


def find_month(sql: Connection, table: Table, start: date) -> Month:
    """A month with its partition, attached or not.

    Raises:
        CoopError: it has none.
    """
    for month in list_months(sql, table):
        if month.start == start:
            return month
    raise CoopError(
        "no-such-month", say("%(table)s has no partition of %(month)s", table=table.name, month=f"{start:%Y-%m}")
    )


def stop_everybody(sql: Connection, table: Table) -> None:
    """Let nobody read or write the table until the transaction ends."""
    sql.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT}'")
    sql.exec_driver_sql(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")


def detach(sql: Connection, table: Table, month: date) -> None:
    """Take the partition of a month out of its table, and keep it beside it; the table's owner calls this."""
    part, aside = name_of(table, month), name_of(table, month, detached=True)
    stop_everybody(sql, table)
    sql.exec_driver_sql(f"ALTER TABLE {table.name} DETACH PARTITION {part}")
    sql.exec_driver_sql(f"ALTER TABLE {part} RENAME TO {aside}")
    guard_detached(sql, table.name, aside)


def guard_detached(sql: Connection, table: str, aside: str) -> None:
    """Let nobody change what is detached; the guards of the table went with it."""
    sql.exec_driver_sql(
        f"CREATE TRIGGER stays BEFORE INSERT OR UPDATE OR DELETE ON {aside}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_detached_stays()"
    )


def list_detached(sql: Connection) -> list[tuple[str, str]]:
    """Name and table of every month that is detached."""
    if sql.dialect.name == "sqlite":
        return []
    return [(str(name), str(whole)) for name, whole in sql.execute(_DETACHED)]


def make_detached(sql: Connection, table: str, aside: str) -> None:
    """Make an empty detached month, to be filled and guarded: a backup has one."""
    sql.exec_driver_sql(f"CREATE TABLE {aside} (LIKE {table} INCLUDING ALL)")


def attach(sql: Connection, table: Table, month: date) -> None:
    """Put a month that was detached back into its table; the table's owner calls this."""
    part, aside, days = name_of(table, month), name_of(table, month, detached=True), days_of(month)
    stop_everybody(sql, table)
    sql.exec_driver_sql(f"DROP TRIGGER stays ON {aside}")
    sql.exec_driver_sql(f"ALTER TABLE {aside} RENAME TO {part}")
    bounds = f"FROM ({days.start}) TO ({days.stop})"
    sql.exec_driver_sql(f"ALTER TABLE {table.name} ATTACH PARTITION {part} FOR VALUES {bounds}")


def _maker(table: str) -> str:
    """The function that makes a table's partitions."""
    return f"make_{table}_months"


_MONTHS = text(
    "SELECT relname, (regexp_match(relname, :part))[1], (regexp_match(relname, :part))[2],"
    " pg_total_relation_size(oid) FROM pg_class"
    " WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname ~ :part"
)

_DETACHED = text(
    "SELECT aside.relname, whole.relname FROM pg_class aside JOIN pg_class whole"
    f" ON aside.relname ~ ('^' || whole.relname || '_\\d{{4}}_\\d\\d{DETACHED}$')"
    " AND whole.relnamespace = aside.relnamespace AND whole.relkind = 'p'"
    " WHERE aside.relnamespace = current_schema()::regnamespace AND aside.relkind = 'r' ORDER BY aside.relname"
)

_DAY_COLUMN = text(
    "SELECT attname FROM pg_partitioned_table JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]"
    " WHERE partrelid = to_regclass(quote_ident(:name))"
)
