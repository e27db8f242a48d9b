"""Facts on programs that come in with a token, told as facts of members."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from coop.events.envelope import Event


class ProgramTokenMade(Event):
    """A program may come in with a token, of which only the SHA-256 is told; without one (empty) it is a gateway that
    no more than sends messages. ``gateway`` is its name where it delivers readings, of ``meters``, or of every meter
    where they are None. ``member_id`` is the member whose own it opens, where a member gave it out; ``made_by`` the
    account that let it in, which answers for what it does."""

    TYPE: ClassVar[str] = "members.program-token-made.v1"
    NOUNS: ClassVar[str] = "programs"

    token_id: str
    token_sha256: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    gateway: str | None = None
    meters: tuple[str, ...] | None = None
    member_id: str | None = None
    made_by: str | None = None

    def key(self) -> str:
        return self.token_id


class GatewayMetersSet(Event):
    """A gateway delivers readings of these meters from now on; None: of every meter."""

    TYPE: ClassVar[str] = "members.gateway-meters-set.v1"
    NOUNS: ClassVar[str] = "programs"

    token_id: str
    meters: tuple[str, ...] | None
    set_at: datetime

    def key(self) -> str:
        return self.token_id


class ProgramTokenEnded(Event):
    """A token opens nothing any more, and its gateway delivers nothing."""

    TYPE: ClassVar[str] = "members.program-token-ended.v1"
    NOUNS: ClassVar[str] = "programs"

    token_id: str
    ended_at: datetime

    def key(self) -> str:
        return self.token_id
