"""What the board enters about terms: that members were told of a tariff, and published yearly figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from coop.billing.storage import heard
from coop.billing.storage import terms as stored_terms
from coop.values import BadInput, CoopError, NotFound, Problem


def send_notices(
    connection: Connection, community: str, tariff_id: str, sent_on: date, channel: str, members: Sequence[str] | None
) -> int:
    """Record the written notice of a tariff (BW 2:59) to these members, or to all (None); returns how many rows say so.

    Raises:
        NotFound: there is no such tariff.
        BadInput: the channel is empty.
        CoopError: the notice is older than the decision it tells of.
    """
    row = heard.tariff_row(connection, community, tariff_id)
    if row is None:
        raise NotFound(f"there is no tariff {tariff_id}; it exists once its resolution was adopted")
    if not channel.strip():
        raise BadInput([Problem("say how the notice was sent", "channel")])
    if sent_on < row.decided_on:
        raise CoopError(
            "notice-too-early", f"the tariff was decided on {row.decided_on}; notice of {sent_on} tells of a proposal"
        )
    return stored_terms.save_notices(connection, community, tariff_id, sent_on, channel.strip(), members or [None])


def record_figure(connection: Connection, community: str, series: str, year: int, value: Decimal, source: str) -> None:
    """Keep a published figure of a year: an index factor such as 1.033, or weighted degree days.

    Raises:
        BadInput: the value is not above zero, or no source is named.
        CoopError: another value of that year is on file; bills rest on it.
    """
    problems = [Problem(f"{value} is not above zero", "factor")] if not value.is_finite() or value <= 0 else []
    if not source.strip():
        problems.append(Problem("name where the figure was published", "source"))
    if problems:
        raise BadInput(problems)
    known = stored_terms.get_figure(connection, community, series, year)
    if known is not None and Decimal(known.value) != value:
        raise CoopError("figure-known", f"{series} of {year} is on file as {known.value} ({known.source})")
    stored_terms.save_figure(connection, community, series, year, value, source.strip())
