"""``coop partitions``: list the months of readings of a PostgreSQL installation, detach an old one, attach it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

import typer

from coop.kit.database import Database
from coop.operator.command_settings import read_settings
from coop.values import BadInput, Period, Problem, say

partitions = typer.Typer(help="Months of readings in PostgreSQL; a file has none.", no_args_is_help=True)

MonthName = Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month, in UTC.")]


@partitions.command("list")
def list_partitions() -> None:
    """Print every month with its rows and its size, and which are detached."""
    from coop.metering.periods.detaching import list_months

    with _metering() as database:
        for month in list_months(database):
            detached = "  detached" if month.is_detached else ""
            typer.echo(f"{month}  {month.rows:>12,} rows  {_size(month.size_bytes)}{detached}")


@partitions.command()
def detach(
    month: MonthName,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without this it is only said what would be.")] = False,
) -> None:
    """Set the readings of a month aside, under a name that says so: they stay in the database, and are read no more.

    Refused while a period that reads them is open. Deliveries and pages wait while it is done.
    """
    from coop.metering.periods.detaching import detach_month, plan_detaching

    with _metering() as database:
        plan = (detach_month if apply else plan_detaching)(database, _read_month(month))
    typer.echo(f"{plan.month}: {plan.month.rows:,} rows, {_size(plan.month.size_bytes)}")
    for community, periods in plan.periods.items():
        named = ", ".join(map(str, periods)) or "no period"
        typer.echo(f"{community}: {named} cannot be verified, corrected or drawn again without it")
    if apply:
        typer.echo(f"it is detached; `coop partitions attach {plan.month}` brings it back")
        return
    for hindrance in plan.hindrances:
        typer.echo(f"it has to stay: {hindrance}")
    typer.echo("nothing was changed" if plan.hindrances else "nothing was changed; --apply detaches it")
    raise typer.Exit(1 if plan.hindrances else 0)


@partitions.command()
def attach(month: MonthName) -> None:
    """Put the readings of a month back, if they are those that were set aside."""
    from coop.metering.periods.detaching import attach_month

    with _metering() as database:
        state = attach_month(database, _read_month(month))
    typer.echo(f"{state}: {state.rows:,} rows, the same as when they were detached; it is attached")


@contextmanager
def _metering() -> Iterator[Database]:
    database = Database(read_settings().url("metering"), "metering")
    try:
        yield database
    finally:
        database.close()


def _read_month(text: str) -> date:
    period = Period.parse(text)
    if period != Period.month(period.start.year, period.start.month):
        raise BadInput([Problem(say('"%(text)s" is no month such as 2025-03', text=text), "month")])
    return period.start


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.1f} MiB"
