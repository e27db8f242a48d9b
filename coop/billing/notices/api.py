"""Written notices of tariffs for programs: entered by one person, confirmed by another, listed, and sent from here."""

from __future__ import annotations

import base64
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Request, Response
from pydantic import Field

from coop.billing.access import ACCESS
from coop.billing.bodies import Name
from coop.billing.checking import words
from coop.billing.fields import Channel, EntryNumber, SentOn, TariffId, make_router, may
from coop.billing.notices import commands, store
from coop.billing.notices.files import FILE_MAX
from coop.billing.notices.handing_out import answer_evidence
from coop.billing.terms import heard_store as heard
from coop.billing.terms import store as terms
from coop.filekinds import ENDINGS
from coop.kit.answers import Answer, Body
from coop.kit.http import body_max, reading, refuses, session_of, writing
from coop.kit.paging import Paged
from coop.values import BadInput, NotFound, Problem, say

routes = make_router()

BODY_MAX: Final = 2 * FILE_MAX
_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ENDINGS},
    }
}
Number = Annotated[int, Field(description="Number of the list among all that were entered.", examples=[3])]


class NoticeIn(Body):
    """Written notice of a tariff that went out by letter, mail or hand, to all members or to some."""

    tariff_id: Annotated[Name, Field(examples=["tariff-2025"])]
    """Tariff that it tells of."""
    sent_on: SentOn
    channel: Annotated[Literal["letter", "e-mail", "by-hand"], Field(examples=["letter"])]
    """Way in which it was sent: in writing (BW 2:59)."""
    members: Annotated[Literal["all"] | list[Name], Field(examples=["all", ["M-0012"]])] = "all"
    """Ids of the members who were written to, or all who are members on that day."""
    evidence: Annotated[str, Field(examples=[base64.b64encode(b"%PDF-1.7").decode()])]
    """File that shows to whom it went, such as the receipt of the post, in base64: PDF, JPEG or PNG."""


class NoticeEntryOut(Answer):
    """A list of who was written to, as one person entered it. It binds nobody before another confirmed it."""

    number: Number
    tariff_id: TariffId
    members: Annotated[list[str], Field(examples=[["M-0012"]])]
    """Ids of the members who were written to."""
    sent_on: SentOn
    channel: Channel
    evidence_hash: str
    """SHA-256 of the file that shows it."""
    entered_at: datetime
    """Instant at which it was entered."""
    entered_by: str
    """Who entered it, and cannot confirm it."""


class NoticesOut(Answer):
    """Number of notices that were put on file, or left out."""

    tariff_id: TariffId
    notices: Annotated[int, Field(examples=[98])]
    """Number of members who were written to."""


class OrderOut(Answer):
    """An order to write to everybody of a tariff."""

    tariff_id: TariffId
    ordered_at: datetime
    """Instant of the order. Whom the notice reaches, the list of notices says afterwards."""


class NoticeOut(Answer):
    """A written notice of a tariff."""

    tariff_id: TariffId
    sent_on: SentOn
    channel: Channel
    member_id: Annotated[str, Field(examples=["M-0012"])]
    """Member who was written to."""
    known_on: date
    """Day from which bills know of it."""


@routes.post("/notices")
@may("send-notices")
@body_max(BODY_MAX)
@refuses("notice-too-early", "bad-input", "bad-date")
def enter_notices(request: Request, body: NoticeIn) -> NoticeEntryOut:
    """Enter to whom a notice of a tariff was sent, today, with a file that shows it. Another person confirms it; what
    was sent before is the operator's to enter."""
    members = None if body.members == "all" else body.members
    may_date = ACCESS.allows(session_of(request), "date-notices")
    said = body.tariff_id, body.sent_on, body.channel, members
    with writing(request) as tx:
        entry = commands.enter_notices(tx, *said, _decode(body.evidence), may_date=may_date)
    return NoticeEntryOut.model_validate(entry)


@routes.get("/notices/entries")
@may("see-notices")
def list_waiting_notices(request: Request, page: Paged) -> list[NoticeEntryOut]:
    """Lists of who was written to that wait for a second person, oldest first."""
    with reading(request) as tx:
        entries = page.cut(store.list_open(tx), lambda entry: (entry.number,))
    return [NoticeEntryOut.model_validate(entry) for entry in entries]


@routes.get("/notices/entries/{number}/evidence", response_class=Response, responses=_ANSWER)
@may("see-notices")
def get_notice_evidence(request: Request, number: EntryNumber) -> Response:
    """Get the file that shows to whom a notice went, byte for byte as it was handed in; also once it was settled. It is
    kept up to and including the seventh year after the newest bill by the tariff, then erased: its hash stays."""
    with reading(request) as tx:
        return answer_evidence(tx, number)


@routes.post("/notices/entries/{number}/confirm")
@may("send-notices")
@refuses("second-person")
def confirm_notices(request: Request, number: EntryNumber) -> NoticesOut:
    """Confirm as a second person that these members were written to: from now on the tariff binds them."""
    with writing(request) as tx:
        entry = commands.confirm_notices(tx, number)
    return NoticesOut(tariff_id=entry.tariff_id, notices=len(entry.members))


@routes.post("/notices/entries/{number}/withdraw")
@may("send-notices")
def withdraw_notices(request: Request, number: EntryNumber) -> NoticesOut:
    """Leave out a list that waits: nobody is bound by it."""
    with writing(request) as tx:
        entry = commands.withdraw_notices(tx, number)
    return NoticesOut(tariff_id=entry.tariff_id, notices=len(entry.members))


@routes.post("/tariffs/{tariff_id}/notices")
@may("send-notices")
def start_notices(request: Request, tariff_id: str) -> OrderOut:
    """Have everybody with a contract written to of a tariff, unless they had the notice already."""
    with writing(request) as tx:
        adopted = heard.find_tariff(tx, tariff_id)
        if adopted is None:
            raise NotFound(say("there is no tariff %(tariff_id)s", tariff_id=tariff_id))
        commands.order_notices(tx, tariff_id, words.notice_prices(adopted.tariff.components))
        return OrderOut(tariff_id=tariff_id, ordered_at=tx.now)


@routes.get("/notices")
@may("see-notices")
def list_notices(request: Request, page: Paged) -> list[NoticeOut]:
    """Written notices, by tariff, day and member."""
    with reading(request) as tx:
        notices = page.cut(terms.list_notices(tx), terms.notice_key)
    return [NoticeOut.model_validate(notice) for notice in notices]


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadInput([Problem(say("is not base64: %(error)s", error=str(error)), "evidence")]) from error
