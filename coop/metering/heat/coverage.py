"""Connections under contract that no heat meter measures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date


def find_bare_days(start: date, end: date, measured: Iterable[tuple[date, date | None]]) -> list[tuple[date, date]]:
    """Spans of days from ``start`` up to ``end`` in which none of the spans ``measured`` (None: still) lies.

    >>> find_bare_days(date(2026, 1, 1), date(2026, 2, 1), [(date(2026, 1, 10), None)])
    [(datetime.date(2026, 1, 1), datetime.date(2026, 1, 10))]
    >>> exchanged = [(date(2025, 1, 1), date(2026, 1, 10)), (date(2026, 1, 10), None)]
    >>> find_bare_days(date(2026, 1, 1), date(2026, 2, 1), exchanged)
    []
    """
    bare = []
    at = start
    for first, last in _in_order(measured, end):
        if last <= at:
            continue
        if first >= end:
            break
        if first > at:
            bare.append((at, first))
        at = last
    if at < end:
        bare.append((at, end))
    return bare


def _in_order(spans: Iterable[tuple[date, date | None]], end: date) -> Sequence[tuple[date, date]]:
    return sorted((first, last or max(first, end)) for first, last in spans)
