"""Connections under contract that no heat meter measures, and times in which nobody held a connection."""

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


def find_vacancies(
    held: Iterable[tuple[str, int, int]], connections: Iterable[str], start_s: int, end_s: int
) -> list[tuple[str, int, int]]:
    """Times between ``start_s`` and ``end_s`` in which nobody held a connection; ``held`` says who did, from when and
    until when [s since 1970].

    >>> find_vacancies([("C1", 0, 40), ("C1", 60, 100)], ["C1", "C2"], 0, 100)
    [('C1', 40, 60), ('C2', 0, 100)]
    """
    by_connection: dict[str, list[tuple[int, int]]] = {}
    for connection_id, from_s, to_s in held:
        by_connection.setdefault(connection_id, []).append((from_s, to_s))
    vacancies = []
    for connection_id in sorted(connections):
        at = start_s
        for from_s, to_s in [*sorted(by_connection.get(connection_id, ())), (end_s, end_s)]:
            if from_s > at:
                vacancies.append((connection_id, at, from_s))
            at = max(at, to_s)
    return vacancies


def _in_order(spans: Iterable[tuple[date, date | None]], end: date) -> Sequence[tuple[date, date]]:
    return sorted((first, last or max(first, end)) for first, last in spans)
