"""Parked telegrams: what was refused and waits for somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from coop.kit.answers import Answer
from coop.kit.http import reading, refuses, writing
from coop.kit.paging import Paged
from coop.kit.parking import Letter
from coop.metering.fields import Name, make_router, may
from coop.metering.intake import parking

BODY_SHOWN = 2000
"""Bytes of a parked body that a list shows."""

routes = make_router()


class ParkedTelegramOut(Answer):
    """A telegram, or readings of one, that was refused."""

    id: str
    """Id by which it is replayed or discarded."""
    kind: Literal["readings", "telegram", "unrouted"]
    """Readings that were decoded and refused; a part that could not be decoded; or what came in at an address of which
    nothing is known."""
    code: Annotated[str, Field(examples=["unknown-meter"])]
    """Code of the refusal."""
    reason: str
    """Why it was refused."""
    parked_at: datetime
    """Instant at which it was parked."""
    attempts: int
    """How often it was tried."""
    source: str
    """Delivery, or the address at which it came in."""
    delivery_id: str | None
    """Delivery that it was part of; null for what is unrouted."""
    body: str
    """The first of what came in, at most 2,000 bytes."""


class ReplayedOut(Answer):
    """Outcome of a replay."""

    values: Annotated[int, Field(examples=[96])]
    """Readings that were taken."""


class DiscardedOut(Answer):
    """Letters that were closed without being taken in."""

    discarded: str
    """Id of the parked telegram."""


def parked_out(letter: Letter) -> ParkedTelegramOut:
    """A parked telegram with the first of its bytes."""
    return ParkedTelegramOut(
        **{name: getattr(letter, name) for name in ("id", "kind", "code", "reason", "parked_at", "attempts", "source")},
        delivery_id=None if letter.kind == parking.UNROUTED else letter.source,
        body=letter.body[:BODY_SHOWN].decode("utf-8", "replace"),
    )


@routes.get("/parked")
@may("see-parked")
def list_parked_telegrams(request: Request, page: Paged) -> list[ParkedTelegramOut]:
    """Telegrams that were refused and wait for somebody, oldest first."""
    with reading(request) as tx:
        letters = page.close(parking.list_telegrams(tx, page.window), lambda letter: (letter.parked_at, letter.id))
    return [parked_out(letter) for letter in letters]


@routes.post("/parked/{letter_id}/replay")
@may("settle-parked")
@refuses("no-such-letter", "not-replayable", "bad-input", "readings-detached")
def replay_telegram(request: Request, letter_id: Name) -> ReplayedOut:
    """Try a parked telegram again; it stays parked when it is refused again."""
    with writing(request) as tx:
        return ReplayedOut(values=parking.replay_telegram(tx, letter_id).values)


@routes.post("/parked/{letter_id}/discard")
@may("settle-parked")
@refuses("no-such-letter")
def discard_telegram(request: Request, letter_id: Name) -> DiscardedOut:
    """Close a parked telegram without taking it in; it stays on file."""
    with writing(request) as tx:
        parking.discard_telegram(tx, letter_id)
    return DiscardedOut(discarded=letter_id)
