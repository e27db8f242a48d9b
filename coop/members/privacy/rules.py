"""Rules of erasure and retention. Source: docs/domain/personal-data.md#how-long (E26)."""

from __future__ import annotations

from datetime import date

BOOK_YEARS = 7
"""Years after the book year for which books and bills are kept (AWR art. 52 lid 4, BW 2:10 lid 3)."""

ANSWER_MONTHS = 1
"""Months within which a request about one's own data is answered (GDPR art. 12 lid 3)."""


def choose_end(bill_issued_on: date) -> date:
    """The last day on which a bill is kept, and who it was sent to: 31 December of year ``y + 7``.

    >>> str(choose_end(date(2026, 11, 21)))
    '2033-12-31'
    """
    return date(bill_issued_on.year + BOOK_YEARS, 12, 31)


def choose_answer_day(asked_on: date) -> date:
    """The day by which a request is to be answered: the same day of the next month, or that month's last.

    >>> str(choose_answer_day(date(2026, 1, 31))), str(choose_answer_day(date(2026, 12, 5)))
    ('2026-02-28', '2027-01-05')
    """
    month = asked_on.year * 12 + asked_on.month - 1 + ANSWER_MONTHS
    year, month = month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - date.resolution).day
    return date(year, month, min(asked_on.day, last))
