"""Pages of letters: those that wait, one PDF of them, and the word of whoever posted them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.members.access import ACCESS
from coop.members.messages import changes, store
from coop.members.messages.commands import get_profile
from coop.members.messages.formats.letters import typeset
from coop.members.messages.model import KINDS
from coop.members.messages.pages.common import FORM_MAX, PAGE, words_of
from coop.values import BadInput, NotFound, Problem, say
from coop.web.language import language_of, translate_counted
from coop.web.shell import redirect, render

LETTERS = f"{PAGE}/letters"
SHOWN = 200
"""Letters that the page lists; the file has all."""

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/messages/letters")
@may("work-messages")
def letters_page(request: Request, kind: str = "") -> Response:
    """The letters that wait, all or of one kind. What is printed from here is what is said to be posted from here."""
    _require_kind(kind)
    with reading(request) as tx:
        letters, now, today = store.list_letters(tx, kind, tx.now), tx.now, tx.today
        everything = letters if not kind else store.list_letters(tx, "", tx.now)
    return render(
        request,
        "members/letters.html",
        letters=letters,
        shown=letters[:SHOWN],
        kinds=list(dict.fromkeys(letter.kind for letter in everything)),
        kind=kind,
        until=now.isoformat(),
        today=today,
        without_address=sum(not letter.address for letter in letters),
        **words_of(request),
    )


@routes.get("/messages/letters.pdf")
@may("work-messages")
def letters_paper(request: Request, kind: str = "", until: str = "") -> Response:
    """The letters that wait, as one PDF; those without a postal address are left out."""
    _require_kind(kind)
    with reading(request) as tx:
        letters = [letter for letter in store.list_letters(tx, kind, _read_until(until, tx.now)) if letter.address]
        profile, today = get_profile(tx), tx.today
    if not letters:
        raise NotFound
    body = typeset(letters, profile, today, request.app.state.settings.public_url(), language_of(request))
    headers = {
        "Content-Disposition": f'inline; filename="letters-{today.isoformat()}.pdf"',
        "Cache-Control": "no-store",
    }
    return Response(body, media_type="application/pdf", headers=headers)


@routes.post("/messages/letters")
@may("work-messages")
@body_max(FORM_MAX)
def mark_posted(
    request: Request,
    posted_on: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:
    """Say that the letters of the page were posted."""
    _require_kind(kind)
    with writing(request) as tx:
        letters = [letter for letter in store.list_letters(tx, kind, _read_until(until, tx.now)) if letter.address]
        count = changes.mark_posted(tx, [letter.message_id for letter in letters], _read_day(posted_on))
    text = translate_counted(language_of(request), "%(num)s letter is posted.", "%(num)s letters are posted.", count)
    return redirect(LETTERS, text)


@routes.post("/messages/{message_id}/posted")
@may("work-messages")
@body_max(FORM_MAX)
def mark_one_posted(request: Request, message_id: str, posted_on: Annotated[str, Form()] = "") -> Response:
    """Say that one letter was posted."""
    with writing(request) as tx:
        count = changes.mark_posted(tx, [message_id], _read_day(posted_on))
    text = translate_counted(language_of(request), "%(num)s letter is posted.", "%(num)s letters are posted.", count)
    return redirect(f"{PAGE}/{message_id}", text)


def _require_kind(kind: str) -> None:
    if kind and kind not in KINDS:
        raise NotFound


def _read_until(text: str, now: datetime) -> datetime:
    """The instant up to which letters are meant: that of the page from which somebody comes."""
    try:
        until = datetime.fromisoformat(text.replace(" ", "+")) if text else now
    except ValueError:
        raise BadInput([Problem(say("is no instant"), "until")]) from None
    return min(until, now) if until.tzinfo else now


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput([Problem(say("is no day such as 2026-12-31"), "posted_on")]) from None
