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


class DeviceMetersSet(Event):
    """A gateway counts as a device for these of its meters from now on (None: for every meter): a second person said so
    beside ``named_by``, who said last for which it speaks. Of its others, what it delivers is passed on."""

    TYPE: ClassVar[str] = "members.device-meters-set.v1"
    NOUNS: ClassVar[str] = "programs"

    token_id: str
    meters: tuple[str, ...] | None
    set_at: datetime
    named_by: str | None

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
