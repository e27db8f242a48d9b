"""A neighbourhood of twelve that is billed month by month: as clean as can be, until a test plants an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal

from coop.billing.figures.commands import record_figure
from coop.billing.model import PublishedFigure
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.runs.results import RunResult
from coop.events import Event
from coop.kit.database import Database
from coop.values import Period
from tests.billing.village import admitted, allocated, closed, hear, measured, signed, tariff_adopted, tell_in_writing
from tests.desk import COMMUNITY, SECRETARY

HOMES = tuple(f"home-{n:02}" for n in range(1, 13))
JANUARY, FEBRUARY, MARCH = (Period.month(2025, month) for month in (1, 2, 3))

SHARE_OF_YEAR = (
    "0.155",
    "0.139",
    "0.117",
    "0.072",
    "0.033",
    "0.023",
    "0.024",
    "0.024",
    "0.040",
    "0.079",
    "0.119",
    "0.149",
)
"""Of a year's heat in each month, as normal degree days and tap water have it."""
SUN = (2, 4, 8, 12, 14, 15, 14, 12, 9, 6, 3, 2)


def heat_gj(home: str, month: Period) -> Decimal:
    """What a home uses in a month: 28 to 33 GJ a year, each a little otherwise."""
    nth = HOMES.index(home) if home in HOMES else 5
    of_year = Decimal(28) + Decimal(nth) / 2
    varied = (
        of_year * Decimal(SHARE_OF_YEAR[month.start.month - 1]) * (100 + (nth * 7 + month.start.month * 3) % 11) / 105
    )
    return round(varied, 3)


def shared_wh(month: Period) -> int:
    """Shared electricity of a home in a month."""
    return SUN[month.start.month - 1] * 5_000


def heat_of(
    month: Period, homes: Sequence[str] = HOMES, changed: Callable[[str, Decimal], Decimal] = lambda _, gj: gj
) -> list[Event]:
    """Heat of a month, of each home as ``changed`` makes of it."""
    return [measured(home, month, str(changed(home, heat_gj(home, month)))) for home in homes]


def month_of(
    month: Period,
    homes: Sequence[str] = HOMES,
    changed: Callable[[str, Decimal], Decimal] = lambda _, gj: gj,
    wh: Callable[[str, int], int] = lambda _, wh: wh,
) -> list[Event]:
    """A month, closed."""
    return close(month, heat_of(month, homes, changed), homes, wh)


def close(
    month: Period, heat: Sequence[Event], homes: Sequence[str] = HOMES, wh: Callable[[str, int], int] = lambda _, wh: wh
) -> list[Event]:
    """A month with this heat, closed."""
    shares = [allocated(home, month, wh(home, shared_wh(month))) for home in homes]
    return [*heat, *shares, closed(month, len(heat), len(shares))]


def settle(database: Database, since: date = date(2025, 1, 1), homes: Sequence[str] = HOMES) -> None:
    """Let the neighbourhood have its tariff, members and contracts."""
    hear(database, tariff_adopted(valid_from=min(since, date(2025, 1, 1))))
    hear(database, *[admitted(home, date(2022, 6, 1)) for home in homes], *[signed(home, since) for home in homes])


def bill(database: Database, month: Period) -> RunResult:
    """Bill a month on its last day's morrow."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        return issue_bills(tx, month, month.end)


def correct(database: Database, day: date) -> RunResult:
    """Correct what was reopened."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        return correct_bills(tx, day)


def bill_clean(database: Database, *months: Period) -> None:
    """Bill months in which nothing is wrong."""
    for month in months:
        hear(database, *month_of(month))
        run = bill(database, month)
        assert run.status == "issued", run.brakes


def notify(database: Database, tariff_id: str, day: date) -> None:
    """Write to all of a tariff."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, tariff_id, day)


def publish(database: Database, year: int, factor: str) -> None:
    """Enter an index factor."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", year, Decimal(factor), "CBS"))


def codes(run: RunResult) -> set[str]:
    """Kinds of the brakes that hold a run."""
    assert (run.status == "held") == bool(run.brakes)
    return {brake.code for brake in run.brakes}


def concerned(run: RunResult, code: str) -> Iterable[str]:
    """Homes whose bills a kind of brake concerns."""
    return [
        contract.removeprefix("contract-") for brake in run.brakes if brake.code == code for contract in brake.concerns
    ]
