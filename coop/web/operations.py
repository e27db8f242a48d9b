"""What an operator sees of every service: its chain, how far the bus is, and what is parked, with replay and discard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import func, select

from coop.kit import inbox, journal
from coop.kit.auth import require
from coop.kit.database import Database
from coop.kit.inbox import Consumer
from coop.web.language import language_of, translate
from coop.web.shell import card, redirect

Replayer = Callable[[str], None]
"""Tries one dead letter of a kind again, by its id; raises CoopError when it is refused again."""


@dataclass(frozen=True)
class Status:
    """Where a service's facts stand."""

    sealed: int
    waiting: int
    published: int
    heard: int
    parked: int


class Letter(BaseModel):
    """One parked fact or telegram."""

    id: str
    kind: str
    source: str
    code: str
    reason: str
    parked_at: datetime
    attempts: int


class Traffic(BaseModel):
    """Facts by type: told by this service, heard by it from others, and the types that it hears at all."""

    told: dict[str, int]
    heard: dict[str, int]
    hears: list[str]


def status(database: Database) -> Status:
    """Counts of the journal, the relay, the inbox and the dead letters."""
    rows = journal.journal
    with database.read() as tx:
        return Status(
            sealed=tx.scalar(select(func.max(rows.c.position))) or 0,
            waiting=tx.scalar(select(func.count()).select_from(rows).where(rows.c.position.is_(None))) or 0,
            published=journal.published_position(tx),
            heard=tx.scalar(select(func.count()).select_from(inbox.inbox)) or 0,
            parked=tx.scalar(
                select(func.count()).select_from(inbox.dead_letter).where(inbox.dead_letter.c.resolved_at.is_(None))
            )
            or 0,
        )


def replay(database: Database, replayers: Mapping[str, Replayer], letter_id: str) -> None:
    """Try a dead letter again, by the means of its kind."""
    with database.read() as tx:
        letter = inbox.open_letter(tx, letter_id)
    replayers[letter.kind](letter_id)


def router(consumer: Consumer, replayers: Mapping[str, Replayer]) -> APIRouter:
    """Routes of one service; ``replayers`` by kind of dead letter, ``event`` is always there."""
    routes = APIRouter(prefix=f"/{consumer.service}", tags=["operations"])
    database = consumer.database
    by_kind = {"event": lambda letter_id: inbox.replay_letter(consumer, letter_id), **replayers}

    @routes.get("/cards/operations", include_in_schema=False)
    def operations_card(request: Request) -> Response:
        require(request, "board", "operator")
        with database.read() as tx:
            letters = inbox.parked(tx, 20)
        return card(request, "operations_card.html", service=consumer.service, status=status(database), letters=letters)

    @routes.post("/dead-letters/{letter_id}/{action}", include_in_schema=False)
    def act(request: Request, letter_id: str, action: str) -> Response:
        require(request, "board", "operator")
        lang = language_of(request)
        if action == "replay":
            replay(database, by_kind, letter_id)
            return redirect("/members/operations", translate(lang, "Replayed: it was taken this time."))
        with database.write() as tx:
            inbox.resolve(tx, inbox.open_letter(tx, letter_id).id, "discarded")
        return redirect("/members/operations", translate(lang, "Discarded. It stays on file with its reason."))

    @routes.get("/api/traffic")
    def traffic(request: Request) -> Traffic:
        """How many facts of each type were told and heard here: who compares services sees what is still on its way."""
        require(request, "board", "operator", "auditor")
        with database.read() as tx:
            return Traffic(
                told=journal.count_told(tx),
                heard=inbox.count_heard(tx),
                hears=sorted(event.TYPE for event in consumer.hears),
            )

    @routes.get("/api/dead-letters")
    def letters(request: Request) -> list[Letter]:
        """What is parked."""
        require(request, "board", "operator", "auditor")
        with database.read() as tx:
            return [Letter.model_validate(row, from_attributes=True) for row in inbox.parked(tx)]

    @routes.post("/api/dead-letters/{letter_id}/replay")
    def replay_one(request: Request, letter_id: str) -> dict[str, str]:
        """Try a parked fact or telegram again."""
        require(request, "board", "operator")
        replay(database, by_kind, letter_id)
        return {"resolution": "replayed"}

    return routes
