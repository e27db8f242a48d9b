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
    "confirm-move",
    "address-changed",
    "told-of-change",
    "bill-ready",
    "meeting-notice",
    "meeting-withdrawn",
    "point-withdrawn",
    "paper-added",
    "motion-admitted",
    "decision-stopped",
    "decision-resumed",
    "tariff-notice",
    "vote-open",
    "vote-closing",
    "evening-vote",
    "ballot-entered",
    "request-entered",
    "mandate-held",
    "mandate-of-yours",
    "suspended",
    "suspension-lifted",
    "expelled",
    "expulsion-fell",
    "entry-dropped",
    "entry-about-you-dropped",
    "reading-changed",
    "plan-of-month",
    "leaving-entered",
    "leaving-moved",
    "leaving-taken-back",
    "move-written",
    "move-refused",
)

SECRET_KINDS: Final = frozenset({"invitation", "reset", "confirm-address", "confirm-move"})
"""Kinds that hold an address which opens something: once they have gone, nothing keeps what they said."""

NOTICE_KINDS: Final = frozenset({"meeting-notice", "tariff-notice"})
"""Notices that the law asks for in writing, and that go by mail to those alone who agreed to that (BW 2:41 lid 4)."""

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
class Words:
    """The English of a kind: subject, paragraphs, and what its link is called."""

    subject: str
    paragraphs: tuple[str, ...]
    link_text: str = ""


@dataclass(frozen=True)
class AccountHolder:
    """Somebody with an account, to be written to."""

    account_id: str
    name: str
    email: str
    member_id: str | None


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
    ``sender`` is ``Name <address>``; where it is empty, ``sender_name`` writes from the installation's address.
    """

    kind: str
    language: str
    community: str
    host: str
    sender: str
    sender_name: str
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
class Way:
    """State of mail in the queue: what the mail server answered is its proof, or its trouble."""

    state: str
    tries: int
    tried_at: datetime | None
    next_try_at: datetime | None
    delivered_at: datetime | None
    proof: str | None
    trouble: str | None


@dataclass(frozen=True)
class Tracked:
    """A message and how far it has come; a letter has no way in the queue."""

    message: Message
    way: Way | None

    @property
    def state(self) -> State:
        """Waiting, sent or failed. Mail that came back has failed; a letter is sent once somebody posted it."""
        if self.message.channel == "letter":
            return "sent" if self.message.posted_on else "waiting"
        if self.message.bounced_at or self.way is None or self.way.state in ("failed", "withdrawn"):
            return "failed"
        return "sent" if self.way.state == "delivered" else "waiting"

    @property
    def sent_at(self) -> datetime | None:
        """Time at which the mail server took it, or somebody said that it was posted."""
        if self.message.channel == "letter":
            return self.message.posted_at
        return self.way.delivered_at if self.way else None

    @property
    def answer(self) -> str:
        """Last word of the other side."""
        if self.message.bounce:
            return self.message.bounce
        return (self.way.proof or self.way.trouble or "") if self.way else ""

    @property
    def can_be_letter(self) -> bool:
        """True for mail that did not arrive or waits, of which is kept what it said, and whose reader is a member."""
        mail = self.message.channel == "mail" and self.message.replaced_by is None
        return mail and self.state != "sent" and bool(self.message.content) and self.message.member_id is not None

    @property
    def can_go_again(self) -> bool:
        """True for mail that did not arrive, or waits after a try that failed."""
        mail = self.message.channel == "mail" and self.message.replaced_by is None
        return mail and (self.state == "failed" or (self.state == "waiting" and bool(self.way and self.way.trouble)))


@dataclass(frozen=True)
class Filter:
    """Choice of messages: empty or None for all. With ``of_account`` those to that account, and to the member
    without any account."""

    state: str = ""
    kind: str = ""
    channel: str = ""
    member_id: str | None = None
    of_account: str | None = None


@dataclass(frozen=True)
class OwnWords:
    """A paragraph of the co-operative's own in a kind of message, in one language, from when it was written on; an
    empty one takes the one before out."""

    kind: str
    language: str
    text: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class Wish:
    """The language in which somebody wants to be written to (empty: the co-operative's), and whether on paper."""

    person_id: str
    language: str = ""
    by_letter: bool = False


@dataclass(frozen=True)
class DueBill:
    """A bill of which was heard, what is to be paid for it, and the last day; ``due_on`` is None where nobody said."""

    bill_id: str
    member_id: str
    number: str
    asked_cents: int
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
