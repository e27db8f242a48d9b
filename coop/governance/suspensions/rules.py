"""Rules on suspensions: how long those that follow each other may last together.

Source: docs/domain/meetings-votes-and-statutes.md#who-is-suspended.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from coop.governance.statutes.voters import add_months


def find_latest_end(terms: Iterable[tuple[date, date]], from_on: date, most_months: int) -> date:
    """The latest day on which a new suspension may end: those between which less than the longest term lies are one.

        latest end = first day of the first of them + most months

    Args:
        terms: first day and end of each earlier suspension, oldest first.
        from_on: first day of the new one. most_months: the longest term of the statutes.

    Source: choice: the law and most statutes are silent.

    >>> january = [(date(2026, 1, 1), date(2026, 2, 1))]
    >>> [find_latest_end(january, day, 3).isoformat() for day in (date(2026, 3, 1), date(2026, 5, 1))]
    ['2026-04-01', '2026-08-01']
    """
    begins, ends = date.min, None
    for first, end in [*terms, (from_on, from_on)]:
        if ends is None or first >= add_months(ends, most_months):
            begins = first
        ends = end
    return add_months(begins, most_months)
