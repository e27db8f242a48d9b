"""Days that somebody claims, held against the day of the server."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from coop.governance.model import Meeting
from coop.values import BadInput, Problem, say

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Days that a co-operative can mean."""

HOUR: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

REMINDED_EVERY_DAYS = 14
"""Days between two reminders of what waits for somebody."""


def refuse_ahead(day: date, today: date, field: str) -> None:
    """Refuse a day that has not come yet: nobody decided or reached anything on it.

    >>> refuse_ahead(date(2026, 6, 24), date(2026, 6, 24), "closed_on")

    Raises:
        BadInput: naming the field.
    """
    if day > today:
        raise BadInput([Problem(say("%(day)s is after today, %(today)s", day=day, today=today), field)], "date-ahead")


def has_passed(due_on: date, recorded_on: date, today: date) -> bool:
    """True when a day went by while it stood on file; one that was over when it was put on file is history.

    >>> has_passed(date(2026, 6, 24), date(2026, 5, 20), date(2026, 6, 24))
    False
    >>> has_passed(date(2026, 6, 24), date(2026, 5, 20), date(2026, 6, 25))
    True
    >>> has_passed(date(2026, 6, 24), date(2026, 6, 25), date(2026, 6, 26))
    False
    """
    return recorded_on <= due_on < today


def last_reminder(since: date, today: date) -> date | None:
    """The last day on which a reminder of something that waits ``since`` a day was due; None before the first.

    >>> last_reminder(date(2026, 6, 1), date(2026, 6, 14))
    >>> last_reminder(date(2026, 6, 1), date(2026, 7, 1))
    datetime.date(2026, 6, 29)
    """
    periods = (today - since).days // REMINDED_EVERY_DAYS
    return since + timedelta(days=periods * REMINDED_EVERY_DAYS) if periods > 0 else None


def judge_hours(meeting: Meeting) -> list[Problem]:
    """Find hours of a notice that are none.

    >>> from datetime import date
    >>> meeting = Meeting("alv", date(2026, 6, 24), date(2026, 5, 20), "", (), begins_at="20:00", votes_until="8 uur")
    >>> [problem.field for problem in judge_hours(meeting)]
    ['votes_until']
    """
    return [
        Problem(say("must be an hour such as 20:00"), name)
        for name in ("begins_at", "votes_until")
        if (hour := getattr(meeting, name)) and not HOUR.fullmatch(hour)
    ]
