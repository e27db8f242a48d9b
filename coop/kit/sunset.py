"""Operations that will go: marked in the contract, and said in every answer from the day that it is known.

Source: RFC 9745 (Deprecation), RFC 8594 (Sunset); docs/decisions/0024-what-programs-may-count-on.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Final, TypeVar

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

NOTICE_MIN: Final = timedelta(days=365)
"""Shortest time between the first word that an operation will go and its going."""


@dataclass(frozen=True)
class Sunset:
    """The end of an operation: the day from which programs should no longer be written for it, and the day on which it
    may be gone.

    >>> end = Sunset(date(2027, 1, 1), date(2028, 1, 1))
    >>> end.headers()["Deprecation"], end.headers()["Sunset"]
    ('@1798761600', 'Sat, 01 Jan 2028 00:00:00 GMT')
    """

    since: date
    on: date

    def __post_init__(self) -> None:
        if self.on - self.since < NOTICE_MIN:
            raise ValueError(f"from {self.since} to {self.on} is no {NOTICE_MIN.days} days")

    def headers(self) -> dict[str, str]:
        """Headers that every answer has, refusals too."""
        return {
            "Deprecation": f"@{_midnight(self.since).timestamp():.0f}",
            "Sunset": format_datetime(_midnight(self.on), usegmt=True),
        }


def deprecated(since: date, sunset: date) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint as one that will go on the day ``sunset``; who asks is told so from now on.

    Raises:
        ValueError: there is less than a year between the two.
    """
    end = Sunset(since, sunset)

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.sunset = end  # type: ignore[attr-defined]  # a mark on a function
        return endpoint

    return mark


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
