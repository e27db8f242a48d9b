"""What an operator sees of every service: its chain, how far the bus is, its jobs, and what is parked and why.

Each service serves its own card and its own page of parked facts and telegrams; a page of one service places the cards
of all side by side, so that no service asks another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import func, select

from coop.kit import inbox, jobs, journal
from coop.kit.auth import require
from coop.kit.database import Database
from coop.kit.inbox import Consumer
from coop.values import CoopError
from coop.web.language import N_, language_of, translate
from coop.web.sections import SERVICES
from coop.web.shell import card, confirm_page, redirect, render

KINDS = {"event": N_("Fact of another service"), "telegram": N_("Telegram")}
"""What may be parked; a service that parks something else names it itself."""
LETTERS_SHOWN = 100
BODY_SHOWN = 2000
FLASH_MAX = 500
"""A message travels in a cookie, which browsers cut off at 4 KB."""

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


def operations_page(request: Request) -> Response:
    """The cards of all services side by side."""
    return render(request, "operations.html", services=SERVICES)


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
    """Try a dead letter again, by the means of its kind.

    Raises:
        CoopError: there is no such open letter, its kind cannot be replayed, or it is refused again (and stays parked).
    """
    with database.read() as tx:
        letter = inbox.open_letter(tx, letter_id)
    if letter.kind not in replayers:
        raise CoopError("no-replay", f"a {letter.kind} cannot be tried again here; let its sender send it again")
    replayers[letter.kind](letter_id)


def readable(body: bytes) -> str:
    """What came in as far as a person can read it: its text, or its bytes in hexadecimal; cut after ``BODY_SHOWN``."""
    try:
        text = body.decode()
        plain = all(sign.isprintable() or sign.isspace() for sign in text)
    except UnicodeDecodeError:
        plain = False
    shown = text if plain else body.hex(" ")
    return shown if len(shown) <= BODY_SHOWN else shown[:BODY_SHOWN] + " …"


def router(consumer: Consumer, replayers: Mapping[str, Replayer]) -> APIRouter:
    """Routes of one service; ``replayers`` by kind of dead letter."""
    routes = APIRouter(prefix=f"/{consumer.service}", tags=["operations"])
    database, service = consumer.database, consumer.service
    page = f"/{service}/dead-letters"

    @routes.get("/cards/operations", include_in_schema=False)
    def operations_card(request: Request) -> Response:
        require(request, "board", "operator")
        return card(request, "operations_card.html", service=service, name=SERVICES[service], status=status(database))

    @routes.get("/cards/parked", include_in_schema=False)
    def parked_line(request: Request) -> Response:
        require(request, "board", "operator")
        return card(request, "operations_line.html", service=service, name=SERVICES[service], status=status(database))

    @routes.get("/dead-letters", include_in_schema=False)
    def dead_letters(request: Request) -> Response:
        require(request, "board", "operator")
        with database.read() as tx:
            letters = inbox.parked(tx, LETTERS_SHOWN)
        return render(
            request,
            "operations_service.html",
            service=service,
            name=SERVICES[service],
            kinds=KINDS,
            status=status(database),
            letters=[(letter, readable(letter.body)) for letter in letters],
            runs=jobs.last_runs(database, 10),
        )

    @routes.post("/dead-letters/{letter_id}/replay", include_in_schema=False)
    def replay_from_page(request: Request, letter_id: str) -> Response:
        require(request, "board", "operator")
        lang = language_of(request)
        try:
            replay(database, replayers, letter_id)
        except CoopError as refusal:
            text = translate(lang, "Refused again: %(reason)s", reason=refusal.message)
            return redirect(page, text[:FLASH_MAX], "refused")
        return redirect(page, translate(lang, "Replayed: it was taken this time."))

    @routes.get("/dead-letters/{letter_id}/discard", include_in_schema=False)
    def ask_discard(request: Request, letter_id: str) -> Response:
        require(request, "board", "operator")
        lang = language_of(request)
        with database.read() as tx:
            letter = inbox.open_letter(tx, letter_id)
        return confirm_page(
            request,
            title=translate(lang, "Discard this for good?"),
            text=letter.reason,
            button=translate(lang, "Discard"),
            action=f"{page}/{letter_id}/discard",
            back=page,
        )

    @routes.post("/dead-letters/{letter_id}/discard", include_in_schema=False)
    def discard(request: Request, letter_id: str) -> Response:
        require(request, "board", "operator")
        with database.write() as tx:
            inbox.resolve(tx, inbox.open_letter(tx, letter_id).id, "discarded")
        return redirect(page, translate(language_of(request), "Discarded. It stays on file with its reason."))

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
        replay(database, replayers, letter_id)
        return {"resolution": "replayed"}

    return routes
