"""A message to one recipient, the queue that it stands in, the way out that it takes, and how that can fail."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from coop.events import Envelope
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, Said, say

TEXT_MAX = 300
"""Longest recipient and longest subject [characters]."""

BODY_MAX = 20 * 1024 * 1024
"""Largest body [bytes]."""

State = Literal["waiting", "delivered", "failed", "withdrawn"]


@dataclass(frozen=True)
class Message:
    """To whom (``recipient``: mail address, web address or file name), and what.

    Raises:
        BadInput: a text is empty, too long or has signs that would end a header; or the body is too large.
    """

    recipient: str
    subject: str
    media_type: str
    body: bytes

    def __post_init__(self) -> None:
        problems = [
            Problem(fault, field)
            for field in ("recipient", "subject", "media_type")
            if (fault := _find_fault(getattr(self, field)))
        ]
        if len(self.body) > BODY_MAX:
            problems.append(Problem(say("is larger than %(largest)s bytes", largest=BODY_MAX), "body"))
        if problems:
            raise BadInput(problems, "bad-message")


def _find_fault(text: str) -> Said | None:
    if not text.strip():
        return say("is empty")
    if len(text) > TEXT_MAX:
        return say("is longer than %(longest)s characters", longest=TEXT_MAX)
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text):
        return say("holds a sign that does not print")
    return None


@dataclass(frozen=True)
class Outgoing:
    """A message that was claimed to be sent; ``id`` is the key by which its recipient knows a repeat."""

    id: str
    community: str
    recipient: str
    subject: str
    media_type: str
    body: bytes
    made_at: datetime
    tries: int


@dataclass(frozen=True)
class Delivery:
    """Fate of a message so far."""

    number: int
    id: str
    queue: str
    recipient: str
    subject: str
    cause: str
    sha256: str
    made_at: datetime
    state: State
    tries: int
    tried_at: datetime | None
    next_try_at: datetime | None
    delivered_at: datetime | None
    proof: str | None
    trouble: str | None

    @property
    def can_retry(self) -> bool:
        """True unless it is delivered or withdrawn, was never tried, or is being sent."""
        return self.state in ("waiting", "failed") and self.trouble is not None


class Away(Exception):
    """The server that takes all messages of a queue is away, or the way to it is set up wrongly."""


class TryLater(Exception):
    """This message was not taken now. ``wait_s`` is how long [s] the other side asks to wait."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.wait_s = reason, wait_s


class Refused(Exception):
    """This message is not taken, now or later."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Send = Callable[[Outgoing], str]
"""Sends one message and returns the proof that it was taken. Raises TryLater or Refused."""


class Transport(Protocol):
    """A way out."""

    def open(self) -> AbstractContextManager[Send]:
        """Open the way for some messages, such as one connection to a mail server.

        Raises:
            Away: nothing can go out now.
        """


Make = Callable[[Tx, Envelope], Sequence[Message]]
"""The messages that follow from a fact; may read, and tells and writes nothing. At most one to each recipient."""


def make_nothing(_tx: Tx, _envelope: Envelope) -> Sequence[Message]:
    """Make no message: for a queue that only ``enqueue`` fills."""
    return ()


@dataclass(frozen=True)
class Settled:
    """A message that was delivered, or failed for good: ``answer`` is the proof, or the reason."""

    id: str
    queue: str
    state: Literal["delivered", "failed"]
    answer: str


Settle = Callable[[Tx, Settled], None]
"""Notes elsewhere what became of a message, in the transaction that notes it in the queue. It may write and tell."""


def settle_nothing(_tx: Tx, _settled: Settled) -> None:
    """Note nothing: for a queue whose own table is enough."""


@dataclass(frozen=True)
class Queue:
    """Messages of one kind on one way out; ``name`` is unique within its service."""

    name: str
    transport: Transport
    make: Make = make_nothing
    settle: Settle = settle_nothing
    in_order: bool = True
    from_start: bool = False
    tries_max: int = 12
