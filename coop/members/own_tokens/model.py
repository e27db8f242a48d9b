"""Nouns of own tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coop.values import civil_date

TOKENS_MAX = 20
"""Most tokens of one account that work at the same time."""

LIFE_DAYS = 366
"""Days for which a token works."""

NAME_MAX = 100


@dataclass(frozen=True)
class OwnToken:
    """A token that a member gave out; ``used_on`` is the last day on which a program came in with it."""

    token_id: str
    name: str
    made_at: datetime
    expires_at: datetime
    used_on: date | None

    @property
    def last_day(self) -> date:
        """The last civil day on which it opens anything."""
        return civil_date(self.expires_at - timedelta(microseconds=1))
