"""Nouns of privacy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Look:
    """A day on which somebody looked at the detailed use of a member, or of everybody."""

    seen_on: date
    viewer: str
    subject: str
    of_everybody: bool
