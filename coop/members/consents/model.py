"""Nouns of consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from coop.values import CoopError, say

TITLE_MAX = 100
TEXT_MAX = 2000
PAPER_MAX = 200


@dataclass(frozen=True)
class Purpose:
    """Something that data of members are used for, where each of them says yes or no.

    ``made_by`` is empty for purposes that every co-operative has; their texts are messages that catalogs translate.
    """

    purpose_id: str
    title: str
    text: str
    made_by: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Ground:
    """Something that data of members are used for without asking, with the reason and for how long."""

    title: str
    reason: str
    kept: str


@dataclass(frozen=True)
class Answer:
    """Word of a member on a purpose: when, by whose hand, and the very words that were shown.

    ``paper`` names the form on which it was said, where somebody else entered it; ``signed_on`` is its day.
    """

    purpose_id: str
    is_given: bool
    said_at: datetime
    actor: str
    channel: str
    wording_sha256: str
    paper: str = ""
    signed_on: date | None = None


class NoSuchPurpose(CoopError):
    """Nobody asks for consent to this, or no longer."""

    def __init__(self, purpose_id: str) -> None:
        super().__init__("no-such-purpose", say('there is no purpose "%(purpose)s" to consent to', purpose=purpose_id))
