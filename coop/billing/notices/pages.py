"""Notices that went out by letter or by hand: entered with a file that shows it, and confirmed by a second person; and
the button by which everybody is written to from here."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Form as FormField

from coop.billing.access import ACCESS
from coop.billing.bodies import Name
from coop.billing.checking import words
from coop.billing.fields import EntryNumber
from coop.billing.notices import commands, store
from coop.billing.notices.files import FILE_MAX
from coop.billing.notices.handing_out import answer_evidence
from coop.billing.terms import heard_store as heard
from coop.kit.actor import name_id
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.values import NotFound
from coop.web.forms import read_files, read_form
from coop.web.language import language_of, translate
from coop.web.shell import confirm_page, redirect, render
from coop.web.writing import civil_day

PAGE: Final = "/billing/tariffs"
FORM_MAX: Final = FILE_MAX + 64 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix="/billing", include_in_schema=False)
may = ACCESS.may


@routes.post("/tariffs/{tariff_id}/notice")
@may("send-notices")
@body_max(FORM_MAX)
def enter_notice(
    request: Request,
    tariff_id: str,
    sent_on: Annotated[date, FormField()],
    channel: Annotated[Name, FormField()],
    files: Annotated[dict[str, tuple[str, bytes]], Depends(read_files)],
) -> Response:
    """Let a notice to all members wait for a second person."""
    may_date = ACCESS.allows(session_of(request), "date-notices")
    _, body = files.get("evidence", ("", b""))
    with writing(request) as tx:
        entry = commands.enter_notices(tx, tariff_id, sent_on, channel, None, body, may_date=may_date)
    text = translate(language_of(request), "It waits for a second person. Until then the notice binds nobody.")
    return redirect(f"/billing/notices/{entry.number}", text)


@routes.get("/notices/{number}")
@may("send-notices")
def show_waiting_notice(request: Request, number: EntryNumber) -> Response:
    """Show to whom a notice is said to have gone, and let another person confirm it."""
    with reading(request) as tx:
        entry = store.get_open(tx, number)
        tariff = heard.find_tariff(tx, entry.tariff_id)
    is_own = name_id(entry.entered_by) == name_id(str(session_of(request).actor("page")))
    return render(request, "billing/notice_waiting.html", entry=entry, tariff=tariff, is_own=is_own, words=words)


@routes.get("/notices/{number}/evidence")
@may("see-notices")
def get_evidence(request: Request, number: EntryNumber) -> Response:
    """Hand out the file that shows to whom a notice went."""
    with reading(request) as tx:
        return answer_evidence(tx, number)


@routes.post("/notices/{number}")
@may("send-notices")
def settle_notice(
    request: Request, number: EntryNumber, filled: Annotated[dict[str, str], Depends(read_form)]
) -> Response:
    """Put on file what another person entered, or leave it out."""
    lang = language_of(request)
    with writing(request) as tx:
        if filled.get("act") == "withdraw":
            commands.withdraw_notices(tx, number)
            return redirect(PAGE, translate(lang, "It is left out: the notice binds nobody."))
        commands.confirm_notices(tx, number)
    return redirect(PAGE, translate(lang, "The notice is on file, and binds whom the list names."))


@routes.post("/tariffs/{tariff_id}/notice/send")
@may("send-notices")
def order_notice(request: Request, tariff_id: str, confirmed: Annotated[str, FormField()] = "") -> Response:
    """Have everybody with a contract written to, once that was confirmed."""
    lang = language_of(request)
    with reading(request) as tx:
        adopted = heard.find_tariff(tx, tariff_id)
    if adopted is None:
        raise NotFound
    if confirmed != "yes":
        return confirm_page(
            request,
            title=translate(lang, "Write to all members of this tariff?"),
            text=translate(
                lang,
                "Everybody with a contract gets the prices from %(day)s: by mail, or as a letter that you print and"
                " post. Who had this notice already gets none.",
                day=civil_day(lang, adopted.valid_from),
            ),
            button=translate(lang, "Write to all members"),
            action=f"/billing/tariffs/{tariff_id}/notice/send",
            back=PAGE,
        )
    with writing(request) as tx:
        commands.order_notices(tx, tariff_id, words.notice_prices(adopted.tariff.components))
    return redirect(PAGE, translate(lang, "The notices are being written. Here you see whom they reach."))
