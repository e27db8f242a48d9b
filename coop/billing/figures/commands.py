"""Published yearly figures that ceilings follow, as people enter them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from coop.billing.bills.comparing import FIGURE_BOUNDS
from coop.billing.guarantee.gas import GAS_BOUNDS
from coop.billing.model import PublishedFigure
from coop.billing.runs.commands import LOCK
from coop.billing.runs.drafting import draft
from coop.billing.runs.results import RunResult, as_drafted
from coop.billing.terms import store as stored_terms
from coop.communities.choices import GuaranteeChoice
from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say

DIGITS_MAX = 15
"""Most digits of a published figure behind the point."""

FACTORS = Decimal("0.8"), Decimal("1.3")
"""The least and the most that prices can be of those a year before."""

DEGREE_DAYS = Decimal(1000), Decimal(6000)
"""The least and the most weighted degree days of a year in the Netherlands, with room on either side [K d]."""


def record_figure(tx: Tx, figure: PublishedFigure, replaces: Decimal | None = None) -> None:
    """Keep a published figure of a year: an index factor such as 1.033, or weighted degree days. One that was mistyped
    is corrected by naming the value that it ``replaces``; the next run settles what rests on it.

    Raises:
        BadInput: the value is none that such a figure can have, or no source is named.
        CoopError: ``figure-known``, another value of that year is on file than the one that is replaced.
    """
    tx.lock(LOCK)
    _judge_figure(tx, figure, replaces)
    known = stored_terms.find_figure(tx, figure.series, figure.year)
    if known is None or known.value != figure.value:
        stored_terms.save_figure(tx, replace(figure, source=figure.source.strip()))


def preview_figure(tx: Tx, figure: PublishedFigure, replaces: Decimal | None) -> RunResult:
    """See which corrections would follow from a figure, without keeping it.

    Raises:
        BadInput, CoopError: as ``record_figure``.
    """
    _judge_figure(tx, figure, replaces)
    return as_drafted(tx, "", draft(tx, None, tx.today, figure), "preview")


def _judge_figure(tx: Tx, figure: PublishedFigure, replaces: Decimal | None) -> None:
    value, problems = figure.value, []
    low, high = _bounds_of(tx, figure.series)
    if not value.is_finite() or not low <= value <= high:
        reason = say("%(value)s is not between %(low)s and %(high)s", value=value, low=low, high=high)
        problems.append(Problem(reason, "factor"))
    elif int(value.as_tuple().exponent) < -DIGITS_MAX:
        reason = say("%(value)s has more than %(most)s digits behind the point", value=value, most=DIGITS_MAX)
        problems.append(Problem(reason, "factor"))
    if not figure.source.strip():
        problems.append(Problem(say("name where the figure was published"), "source"))
    if problems:
        raise BadInput(problems)
    known = stored_terms.find_figure(tx, figure.series, figure.year)
    if known is not None and known.value not in (value, replaces):
        raise CoopError(
            "figure-known",
            say(
                "%(series)s of %(year)s is on file as %(value)s (%(source)s)",
                series=figure.series,
                year=str(figure.year),
                value=known.value,
                source=known.source,
            ),
        )


def _bounds_of(tx: Tx, series: str) -> tuple[Decimal, Decimal]:
    """The least and the most that a figure of a series can be: degree days where a choice names it for these."""
    bounds = {**FIGURE_BOUNDS, **GAS_BOUNDS}.get(series)
    if bounds is not None:
        return bounds
    rows = (row.choice for row in load_choices(tx).rows)
    named = [choice for choice in rows if isinstance(choice, GuaranteeChoice)]
    of_weather = {name for choice in named for name in (choice.degree_day_series, choice.normal_degree_day_series)}
    return DEGREE_DAYS if series in of_weather else FACTORS
