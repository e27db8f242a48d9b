"""Readings that people enter: a member's card reading, and a board's correction of one reading."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Request
from pydantic import AwareDatetime, Field

from coop.kit.answers import Answer, Body, ExactDecimal
from coop.kit.http import reading, refuses, session_of, writing
from coop.kit.paging import Paged
from coop.metering.amounts import utc
from coop.metering.entries import cards, corrections
from coop.metering.entries.cards import Meaning
from coop.metering.entries.corrections import Correction
from coop.metering.fields import Name, Serial, make_router, may
from coop.metering.intake.api.receipts import ReceiptOut
from coop.metering.model import Quantity

routes = make_router()

Value = Annotated[
    Decimal,
    Field(ge=0, le=Decimal(10**9), max_digits=18, decimal_places=6, description="As the display shows it: GJ or kWh."),
]


class CardIn(Body):
    """A reading of a meter's display."""

    meter: Serial
    quantity: Quantity
    at: AwareDatetime
    """Moment of the reading, with its time zone; never in the future."""
    value: Value


class CorrectionIn(CardIn):
    """Stand that a meter said at a moment, whatever was read then."""

    reason: Annotated[str, Field(min_length=1, max_length=corrections.REASON_MAX, examples=["typed a digit too many"])]
    """Why it is corrected, for the auditor."""


class AnswerIn(Body):
    """The second person's answer."""

    confirmed: Annotated[bool, Field(examples=[True])]
    """Whether it is right."""


class MeaningOut(Answer):
    """Meaning of a card reading, in base units (J or Wh)."""

    value: ExactDecimal
    """The reading itself."""
    before_at: datetime | None
    """Moment of the reading before it; null where there is none."""
    before: ExactDecimal | None
    """The reading before it."""
    used: ExactDecimal | None
    """Use since then; below zero where the meter shows less than it did."""
    days: ExactDecimal | None
    """Days since then."""


class CorrectionOut(Answer):
    """A correction of one reading, and where it stands."""

    id: str
    """Id by which it is answered."""
    meter: Serial
    quantity: Quantity
    at: datetime
    """Moment of the reading."""
    value: ExactDecimal
    """What the meter said then, in `unit`."""
    unit: str
    """GJ or kWh."""
    reason: str
    """Why it is corrected."""
    proposed_at: datetime
    """Instant at which it was proposed."""
    proposed_by: str
    """Kind and id of who proposed it."""
    confirmed: bool | None
    """The second person's answer; null while it waits."""
    answered_by: str | None
    """Kind and id of who answered."""


def correction_out(correction: Correction, answer: corrections.Answer | None) -> CorrectionOut:
    """A correction with its answer."""
    return CorrectionOut(
        id=correction.id,
        meter=correction.serial,
        quantity=correction.quantity,
        at=correction.at,
        value=correction.value,
        unit=correction.unit,
        reason=correction.reason,
        proposed_at=correction.proposed_at,
        proposed_by=correction.proposed_by,
        confirmed=answer.confirmed if answer else None,
        answered_by=answer.answered_by if answer else None,
    )


def meaning_out(meaning: Meaning) -> MeaningOut:
    """Answer what a reading would mean."""
    before = meaning.before
    return MeaningOut(
        value=meaning.value,
        before_at=before.at if before else None,
        before=before.value if before else None,
        used=meaning.used,
        days=meaning.days,
    )


@routes.post("/card-readings/preview")
@may("enter-own-reading")
@refuses("bad-reading")
def preview_card_reading(request: Request, card: CardIn) -> MeaningOut:
    """Say what a reading of the member's own meter would mean beside the one before it; nothing is kept."""
    at = utc(card.at, "at")
    with reading(request) as tx:
        member_id = session_of(request).member_id or ""
        return meaning_out(cards.judge_card(tx, member_id, card.meter, card.quantity, at, card.value))


@routes.post("/card-readings")
@may("enter-own-reading")
@refuses("bad-reading", "readings-detached")
def enter_card_reading(request: Request, card: CardIn) -> ReceiptOut:
    """Keep a member's own reading of a meter on a connection that they held then. A measured reading of the same moment
    goes before it."""
    at = utc(card.at, "at")
    with writing(request) as tx:
        member_id = session_of(request).member_id or ""
        receipt = cards.enter_card(tx, member_id, card.meter, card.quantity, at, card.value)
    return ReceiptOut.model_validate(receipt)


@routes.get("/meters/{serial}/corrections")
@may("see-register")
def list_reading_corrections(request: Request, serial: Name, page: Paged) -> list[CorrectionOut]:
    """Corrections of a meter's readings, oldest first, with those that wait for a second person."""
    with reading(request) as tx:
        rows = corrections.list_corrections(tx, serial, page.window)
    return [correction_out(*pair) for pair in page.close(rows, lambda pair: (pair[0].proposed_at, pair[0].id))]


@routes.post("/reading-corrections")
@may("correct-reading")
@refuses("bad-correction", "bad-reading")
def propose_reading_correction(request: Request, wanted: CorrectionIn) -> CorrectionOut:
    """Propose what a meter said at a moment; it counts once somebody else confirms it."""
    at = utc(wanted.at, "at")
    with writing(request) as tx:
        proposed = corrections.propose_correction(tx, wanted.meter, wanted.quantity, at, wanted.value, wanted.reason)
    return correction_out(proposed, None)


@routes.post("/reading-corrections/{correction_id}/answer")
@may("correct-reading")
@refuses("second-person", "already-answered", "bad-reading", "readings-detached")
def decide_reading_correction(request: Request, correction_id: Name, answer: AnswerIn) -> CorrectionOut:
    """Confirm or reject, as the second person, a correction that somebody else proposed. Confirmed, it stands from now
    on, and closed periods that it touches are marked."""
    with writing(request) as tx:
        correction = corrections.answer_correction(tx, correction_id, confirmed=answer.confirmed)
        pairs = corrections.list_corrections(tx, correction.serial)
    return next(correction_out(*pair) for pair in pairs if pair[0].id == correction_id)
