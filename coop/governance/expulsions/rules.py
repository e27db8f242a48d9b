"""Rules on expulsions: until when a member may appeal, and on which day a membership ends.

Source: BW 2:35 lid 2-5; docs/domain/meetings-votes-and-statutes.md#expulsion.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from coop.governance.statutes.voters import add_months

LAW: Final = "BW 2:35 lid 4"
"""Article by which whoever is expelled is suspended."""

RECEIPT_DAYS: Final = 7
"""Days within which what is told has arrived, also as a letter: the law counts from the receipt, which nobody here
sees. They also reach past a weekend and holidays at the end of the month."""


def find_appeal_end(told_on: date) -> date:
    """The last day on which a member may appeal.

        last day = (day of telling + 7 days) + 1 month

    Source: BW 2:35 lid 4 (a month from the receipt); the days of receipt are a choice
    (docs/decisions/0095-an-expulsion-waits-for-its-appeal.md).

    >>> [find_appeal_end(day).isoformat() for day in (date(2026, 5, 21), date(2026, 1, 24), date(2028, 1, 24))]
    ['2026-06-28', '2026-02-28', '2028-02-29']
    """
    return add_months(told_on + timedelta(days=RECEIPT_DAYS), 1)


def find_leaving_day(settled_on: date, ends_on: date | None) -> date:
    """The first day without membership.

        expulsion    = day on which it is settled
        termination  = that day, or the later one that the board named

    >>> [find_leaving_day(date(2026, 7, 1), day).isoformat() for day in (None, date(2027, 1, 1))]
    ['2026-07-01', '2027-01-01']
    """
    return max(settled_on, ends_on or settled_on)
