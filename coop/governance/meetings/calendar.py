"""A meeting as a file for calendars. A later file of the same meeting takes the place of the earlier one.

Source: RFC 5545 (iCalendar), RFC 5546 (METHOD, and SEQUENCE counting every change).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from coop.values import AMSTERDAM

LINE_MAX: Final = 75
"""Octets of a line; a longer one goes on in the next, behind a space."""


@dataclass(frozen=True)
class CalendarEvent:
    """A meeting as a calendar shows it. ``sequence`` counts what changed since its first notice."""

    uid: str
    sequence: int
    cancelled: bool
    held_on: date
    begins_at: str
    summary: str
    place: str
    description: str
    url: str
    stamped_at: datetime


def write_calendar(event: CalendarEvent) -> bytes:
    """Write the file of one event: published, or cancelled.

    >>> at = datetime(2026, 5, 20, 9, tzinfo=UTC)
    >>> day = date(2026, 6, 24)
    >>> event = CalendarEvent("alv@coop", 0, False, day, "20:00", "ALV", "Zaal; 1", "Tarief", "https://coop", at)
    >>> lines = write_calendar(event).decode().split("\\r\\n")
    >>> [line for line in lines if line.startswith(("METHOD", "DTSTART", "LOCATION"))]
    ['METHOD:PUBLISH', 'DTSTART:20260624T180000Z', 'LOCATION:Zaal\\\\; 1']
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//coop//governance//EN",
        f"METHOD:{'CANCEL' if event.cancelled else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{_escape(event.uid)}",
        f"SEQUENCE:{event.sequence}",
        f"DTSTAMP:{event.stamped_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        _start(event.held_on, event.begins_at),
        f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}",
        f"SUMMARY:{_escape(event.summary)}",
        f"LOCATION:{_escape(event.place)}",
        f"DESCRIPTION:{_escape(event.description)}",
        f"URL:{event.url}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(piece + "\r\n" for line in lines for piece in _fold(line)).encode()


def _start(held_on: date, begins_at: str) -> str:
    if not begins_at:
        return f"DTSTART;VALUE=DATE:{held_on:%Y%m%d}"
    begins = datetime.combine(held_on, time.fromisoformat(begins_at), AMSTERDAM).astimezone(UTC)
    return f"DTSTART:{begins:%Y%m%dT%H%M%SZ}"


def _escape(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, "\\" + sign)
    return "\\n".join(text.splitlines())


def _fold(line: str) -> Sequence[str]:
    """A line in pieces of at most ``LINE_MAX`` octets, cut between characters."""
    pieces, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > LINE_MAX:
            pieces.append(piece)
            piece = " "
        piece += character
    return [*pieces, piece]
