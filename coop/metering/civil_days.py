"""Steps from one value to the next: those of civil days go from midnight to midnight in Amsterdam."""

from __future__ import annotations

from datetime import datetime, timedelta

from coop.values import civil_date, midnight

DAY_S = 86_400
"""Seconds of a UTC day."""


def are_civil_days(start: datetime, step_s: int) -> bool:
    """True where values over a day each, from this instant on, are those of civil days.

    >>> [are_civil_days(datetime.fromisoformat(text), DAY_S) for text in ("2025-02-28T23:00Z", "2025-03-01T00:00Z")]
    [True, False]
    """
    return step_s == DAY_S and start == midnight(civil_date(start))


def step_on(start: datetime, step_s: int, steps: int) -> datetime:
    """The instant so many steps after another; steps of civil days go from midnight to midnight.

    >>> step_on(datetime.fromisoformat("2025-03-29T23:00Z"), DAY_S, 1).isoformat()
    '2025-03-30T22:00:00+00:00'
    """
    if are_civil_days(start, step_s):
        return midnight(civil_date(start) + timedelta(days=steps))
    return start + timedelta(seconds=step_s * steps)


def step_back(end: datetime, step_s: int) -> datetime:
    """The instant a step before another; a civil day before a midnight is the midnight before it.

    >>> step_back(datetime.fromisoformat("2025-03-30T22:00Z"), DAY_S).isoformat()
    '2025-03-29T23:00:00+00:00'
    """
    return step_on(end, step_s, -1)
