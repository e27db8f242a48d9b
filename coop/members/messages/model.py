"""Nouns of messages."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final, Literal, Protocol, Self

KINDS: Final = (
    "invitation",
    "reset",
    "confirm-address",
    "address-changed",
    "told-of-change",
    "bill-ready",
    "meeting-notice",
    "tariff-notice",
    "vote-open",
    "vote-closing",
    "plan-of-month",
)

SECRET_KINDS: Final = frozenset({"invitation", "reset", "confirm-address"})
"""Kinds that hold an address which opens something: once they have gone, nothing keeps what they said."""

Channel = Literal["mail", "letter"]

State = Literal["waiting", "sent", "failed"]


class Holder(Protocol):
    """Somebody with an account."""

    @property
    def account_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def member_id(self) -> str | None: ...


@dataclass(frozen=True)
class Reader:
    """Somebody who is written to: in which language, and where. ``email`` is empty where only a letter will do."""

    name: str
    email: str
    postal_lines: tuple[str, ...]
    language: str
    by_letter: bool
    member_id: str | None
    account_id: str | None


@dataclass(frozen=True)
class Content:
    """A message as its reader sees it, in one language: the same words as mail, in HTML and on paper.

    ``link`` is a whole address, or a path on the pages of the co-operative, whose first host name is ``host``.
    ``sender`` is ``Name <address>``, or a name alone where the installation's address is used.
    """

    kind: str
    language: str
    community: str
    host: str
    sender: str
    reply_to: str
    subject: str
    paragraphs: tuple[str, ...]
    link: str
    link_text: str
    footer: str

    def dump(self) -> str:
        """Write it down.

        The inverse of ``load``.
        """
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def load(cls, text: str | bytes) -> Self:
        """Read what ``dump`` wrote."""
        fields = json.loads(text)
        return cls(**(fields | {"paragraphs": tuple(fields["paragraphs"])}))


@dataclass(frozen=True)
class Message:
    """A message to one person, by one way. ``about`` is the id of its cause, such as a bill's."""

    message_id: str
    kind: str
    about: str
    member_id: str | None
    account_id: str | None
    name: str
    channel: Channel
    address: str
    language: str
    subject: str
    content: str
    sha256: str
    made_at: datetime
    made_by: str
    outbound_id: str | None = None
    bounced_at: datetime | None = None
    bounce: str | None = None
    posted_on: date | None = None
    posted_at: datetime | None = None
    posted_by: str | None = None
    replaced_by: str | None = None


@dataclass(frozen=True)
class Wish:
    """The language in which somebody wants to be written to (empty: the co-operative's), and whether on paper."""

    person_id: str
    language: str = ""
    by_letter: bool = False


@dataclass(frozen=True)
class DueBill:
    """A bill of which was heard, and the last day to pay it; ``due_on`` is None where nobody said."""

    bill_id: str
    member_id: str
    number: str
    total_cents: int
    due_on: date | None


@dataclass(frozen=True)
class ComingMeeting:
    """A meeting of which was heard; ``agenda_nl`` and ``agenda_en`` are its subjects, one a line."""

    meeting_id: str
    held_on: date
    vote_from: date
    place: str
    agenda_nl: str
    agenda_en: str
