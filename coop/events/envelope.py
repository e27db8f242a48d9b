"""Base of all facts and the envelope in which they travel (CloudEvents 1.0 attributes)."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from coop.shapes import problem_of
from coop.values import BadInput, CoopError, Problem, derive_id, say

SERVICES = ("members", "metering", "billing", "governance")
"""Names of the services, listed here and nowhere else; each has its module of facts beside this one."""


class Event(BaseModel):
    """A fact. Subclasses set ``TYPE`` (``service.noun-verbed.vN``), ``NOUNS`` (its topic) and ``key``.

    Within a version a field may be added with a default, which never changes. Defaults are left out of the canonical
    form, so the new field changes neither the bytes nor the id of a fact that was told before it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str] = ""
    NOUNS: ClassVar[str] = ""

    def key(self) -> str:
        """Id of the entity whose facts must stay in order."""
        raise TypeError(f"{type(self).__name__} names no key")

    @classmethod
    def service(cls) -> str:
        """Name of the service that tells it."""
        return cls.TYPE.split(".", 1)[0]

    @classmethod
    def topic(cls) -> str:
        """Kafka topic on which it travels."""
        return f"coop.{cls.service()}.{cls.NOUNS}"

    def canonical(self) -> bytes:
        """Canonical JSON: keys in order, decimals as text, defaults left out. The same fact has the same bytes
        everywhere, whatever fields were added since it was first told."""
        return orjson.dumps(self.model_dump(mode="json", exclude_defaults=True), option=orjson.OPT_SORT_KEYS)

    def fact_id(self, community: str, data: str | None = None) -> str:
        """Id that follows from what is told, so that telling it again is the same fact; ``data`` is its canonical form
        where that is known."""
        return derive_id("fact", community, self.TYPE, self.canonical().decode() if data is None else data)


class UnknownEvent(CoopError):
    """A type or version that this code cannot read."""


TEXT_MAX = {
    "id": 36, "type": 100, "source": 100, "subject": 100, "community": 100, "actor": 120, "channel": 20, "hash": 64,
}  # fmt: skip
"""Longest texts of an envelope, which are those of the journal."""

POSITION_MAX = 2**31 - 1

_TEXTS = tuple((name, "chainhash" if name == "hash" else name) for name in TEXT_MAX)


@dataclass(frozen=True)
class Envelope:
    """One fact on its way. ``actor`` and ``channel`` say who told it through which door; ``position`` and ``hash``
    place it in its service's chain."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    community: str
    actor: str
    channel: str
    position: int
    hash: str
    data: bytes

    @property
    def service(self) -> str:
        """Name of the service that told it."""
        return self.source.removeprefix("/coop/")

    def to_json(self) -> bytes:
        """The CloudEvents JSON form, as it stands on the bus and in feeds."""
        return orjson.dumps(
            {
                "specversion": "1.0",
                "id": self.id,
                "type": self.type,
                "source": self.source,
                "subject": self.subject,
                "time": self.time,
                "datacontenttype": "application/json",
                "community": self.community,
                "actor": self.actor,
                "channel": self.channel,
                "position": self.position,
                "chainhash": self.hash,
                "data": orjson.Fragment(self.data),
            }
        )

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """Read what ``to_json`` wrote.

        Raises:
            BadInput: the body is not such an envelope; the reason names the field.
        """
        try:
            fields = orjson.loads(body)
            texts = {name: fields[key] for name, key in _TEXTS}
            position = fields["position"]
            time = datetime.fromisoformat(fields["time"])
            data = orjson.dumps(fields["data"], option=orjson.OPT_SORT_KEYS)
        except orjson.JSONDecodeError as error:
            raise BadInput([Problem(say("not JSON: %(error)s", error=str(error)), "envelope")]) from error
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput([Problem(say("missing or malformed: %(error)s", error=str(error)), "envelope")]) from error
        problems = [
            Problem(say("is no text of at most %(text_max)s characters", text_max=TEXT_MAX[name]), name)
            for name, text in texts.items()
            if not isinstance(text, str) or len(text) > TEXT_MAX[name] or "\x00" in text
        ]
        if type(position) is not int or not 0 < position <= POSITION_MAX:
            problems.append(Problem(say("is no position of a journal"), "position"))
        if time.tzinfo is None:
            problems.append(Problem(say("needs its time zone"), "time"))
        if problems:
            raise BadInput(problems)
        return cls(**texts, time=time, position=position, data=data)


@functools.cache
def event_classes() -> Mapping[str, type[Event]]:
    """All facts that this code knows, by type."""
    for service in SERVICES:
        importlib.import_module(f"coop.events.{service}")
    return {cls.TYPE: cls for cls in Event.__subclasses__()}


def read_event(envelope: Envelope) -> Event:
    """The fact in an envelope.

    Raises:
        UnknownEvent: this code does not know the type or the version.
        BadInput: the data do not fit the type; every field that is wrong is named.
    """
    cls = event_classes().get(envelope.type)
    if cls is None:
        raise UnknownEvent(
            "unknown-event", say("%(type)s is not an event type or version that this code knows", type=envelope.type)
        )
    try:
        return cls.model_validate_json(envelope.data)
    except ValidationError as error:
        findings = [problem_of(dict(finding)) for finding in error.errors(include_url=False)]
        raise BadInput(findings, "bad-event") from error
