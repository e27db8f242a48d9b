"""Bills as files: one paper, all papers of a run, and the letters among them; and how a ceiling follows."""

from __future__ import annotations

from datetime import date
from functools import partial

from fastapi import APIRouter, Request, Response

from coop.billing.access import ACCESS
from coop.billing.bills import account_store as accounts
from coop.billing.bills import book
from coop.billing.bills.sight import visible_account, visible_bill, visible_head
from coop.billing.checking import words
from coop.billing.documents.archive import get_frozen, read_paper
from coop.billing.documents.bundles import typeset_letters, zip_papers
from coop.billing.documents.gas_texts import gas_sentences
from coop.billing.documents.taking_home import CHECKER, read_checker, take_home
from coop.billing.documents.ubl import Profile, ubl_invoice
from coop.billing.guarantee.derivation import derive_ceiling
from coop.billing.guarantee.gas import gas_benchmark
from coop.billing.terms.store import list_figures
from coop.communities.law_store import load_law
from coop.communities.store import load_choices
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.values import NotFound, say
from coop.web.downloads import send_file
from coop.web.language import language_of, translate
from coop.web.shell import render

routes = APIRouter(route_class=GuardedRoute, prefix="/billing", include_in_schema=False)
may = ACCESS.may

_NOT_KEPT = {"Cache-Control": "no-store"}
"""Nobody may keep a paper with a name on its way."""


@routes.get("/bills/{bill_id}.pdf")
@may("see-bills")
def bill_paper(request: Request, bill_id: str) -> Response:
    with reading(request) as tx:
        head = visible_head(tx, session_of(request), bill_id)
    stored = read_paper(partial(reading, request), partial(writing, request), head.id)
    headers = {"Content-Disposition": f'inline; filename="{head.number}.pdf"', **_NOT_KEPT}
    return Response(stored.body, media_type="application/pdf", headers=headers)


@routes.get("/bills/{bill_id}.xml")
@may("see-bills")
def bill_e_invoice(request: Request, bill_id: str, profile: Profile = "nlcius") -> Response:
    with reading(request) as tx:
        frozen = get_frozen(tx, visible_bill(tx, session_of(request), bill_id))
    headers = {"Content-Disposition": f'attachment; filename="{frozen.issued.number}-{profile}.xml"', **_NOT_KEPT}
    return Response(ubl_invoice(frozen, profile), media_type="application/xml", headers=headers)


@routes.get("/bills/{bill_id}.json")
@may("see-bills")
def bill_to_check(request: Request, bill_id: str) -> Response:
    with reading(request) as tx:
        head = visible_head(tx, session_of(request), bill_id)
        body = take_home(tx, head.id, language_of(request))
    headers = {"Content-Disposition": f'attachment; filename="bill-{head.number}.json"', **_NOT_KEPT}
    return Response(body, media_type="application/json", headers=headers)


@routes.get("/check_bill.py")
@may("see-bills")
def bill_checker(request: Request) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{CHECKER}"'}
    return Response(read_checker(), media_type="text/x-python", headers=headers)


@routes.get("/runs/{run_id}/papers.zip")
@may("see-all-bills")
def run_papers(request: Request, run_id: str) -> Response:
    file = zip_papers(partial(reading, request), partial(writing, request), run_id, language_of(request))
    return send_file(file, f"bills-{run_id}.zip", "application/zip", _NOT_KEPT)


@routes.get("/runs/{run_id}/letters.pdf")
@may("see-all-bills")
def run_letters(request: Request, run_id: str) -> Response:
    title = translate(language_of(request), "Bills to post")
    body = typeset_letters(partial(reading, request), run_id, title)
    headers = {"Content-Disposition": f'inline; filename="letters-{run_id}.pdf"', **_NOT_KEPT}
    return Response(body, media_type="application/pdf", headers=headers)


@routes.get("/contracts/{contract_id}/ceiling/{day}")
@may("see-bills")
def ceiling_page(request: Request, contract_id: str, day: date) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        account = visible_account(tx, session_of(request), contract_id)
        entries = [entry for entry in account if entry.year.start <= day < entry.year.end]
        if not entries:
            raise NotFound(say("no bill has touched the guarantee year of %(day)s yet", day=day))
        terms = accounts.list_terms(tx, contract_id)[entries[0].year.start]
        figures = {(figure.series, figure.year): figure.value for figure in list_figures(tx)}
        benchmark = gas_benchmark(terms, figures, load_choices(tx), load_law(tx))
        promise = book.find_promise(tx, contract_id)
    derived = derive_ceiling(terms)
    return render(
        request,
        "billing/ceiling.html",
        contract_id=contract_id,
        derived=derived,
        promise=promise,
        entry=entries[-1],
        account=entries,
        gas=gas_sentences(lang, benchmark),
        steps=words.ceiling_steps(lang, derived),
        outcome=words.ceiling_outcome(lang, entries[-1]),
        words=words,
    )
