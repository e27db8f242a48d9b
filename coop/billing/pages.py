"""Bills as members see them, and runs, tariffs and the ledger as the board does."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.billing import views
from coop.billing.access import ACCESS
from coop.billing.amounts import forecast_texts
from coop.billing.amounts.forecasts import forecast_member
from coop.billing.bills import account_store as accounts
from coop.billing.bills import ledger_store as ledger
from coop.billing.bills import paper_store as papers
from coop.billing.bills import store as bills
from coop.billing.bills.asking import moves_nothing
from coop.billing.bills.schemas import BILL_PAPER
from coop.billing.bills.sight import own_bills, visible_bill, visible_head
from coop.billing.checking import words
from coop.billing.checking.verify import verify_bill
from coop.billing.documents import comparing
from coop.billing.documents.bundles import count_posted
from coop.billing.documents.contents import describe_stands, payment_of, sender_of, title_kind
from coop.billing.documents.taking_home import list_before
from coop.billing.figures import board
from coop.billing.law import texts as law_texts
from coop.billing.law.held import list_held
from coop.billing.model import LineKind
from coop.billing.runs import commands as runs
from coop.billing.runs import store as stored_runs
from coop.billing.runs import texts as brake_texts
from coop.billing.runs import work_texts, works
from coop.billing.runs.asking import PATIENCE_S, ask_run
from coop.billing.runs.asking import ask_release as release_held
from coop.billing.runs.issuing import CORRECTIONS
from coop.billing.terms import mailing_store as mailings
from coop.communities.law_store import list_publications
from coop.communities.tariffs import METERED
from coop.kit import documents
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.tx import Tx
from coop.values import CoopError, Period
from coop.web.language import N_, language_of, translate
from coop.web.shell import card, confirm_page, redirect, render
from coop.web.writing import civil_day

PAGE_SIZE = 50

ISSUED = N_("The bills are issued. Each member gets word; below you see how many were sent.")

routes = APIRouter(route_class=GuardedRoute, prefix="/billing", include_in_schema=False)
may = ACCESS.may


@routes.get("/")
@may("see-bills")
def mine(request: Request) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        own = own_bills(tx, session)
        year = views.guarantee_year(own, partial(accounts.list_entries, tx))
        years_promised, years_kept = accounts.count_kept(tx)
        forecasts = forecast_member(tx, session.member_id, own) if session.member_id else []
    return render(
        request,
        "billing/mine.html",
        bills=own[::-1],
        year=year,
        years_promised=years_promised,
        years_kept=years_kept,
        chart=views.ceiling_chart(year, lang, forecasts) if year else None,
        forecasts=forecasts,
        forecast_texts=forecast_texts,
        sentence=views.sentence_of(year, lang) if year else "",
        ceiling_page=views.ceiling_page,
        words=words,
        watches=ACCESS.allows(session, "see-runs"),
        is_member=session.member_id is not None,
    )


@routes.get("/cards/cost")
@may("see-bills")
def cost_card(request: Request) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        own = own_bills(tx, session)
        year = views.guarantee_year(own, partial(accounts.list_entries, tx))
        forecasts = forecast_member(tx, session.member_id, own) if session.member_id else []
    return card(
        request,
        "billing/card_cost.html",
        year=year,
        chart=views.ceiling_chart(year, lang, forecasts) if year else None,
        sentence=views.sentence_of(year, lang) if year else "",
        expected=[forecast_texts.forecast_sentence(lang, made) for made in forecasts],
    )


@routes.get("/cards/bills")
@may("see-bills")
def bills_card(request: Request) -> Response:
    session = session_of(request)
    with reading(request) as tx:
        own = own_bills(tx, session)
    return card(request, "billing/card_bills.html", bills=own[:-4:-1], words=words)


@routes.get("/cards/runs")
@may("see-runs")
def runs_card(request: Request) -> Response:
    with reading(request) as tx:
        periods = board.list_periods(tx)
        corrections = _proposed_corrections(tx)
    return card(request, "billing/card_runs.html", periods=periods[:3], corrections=corrections, words=words)


@routes.get("/bills/{bill_id}")
@may("see-bills")
def bill_page(request: Request, bill_id: str) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        issued = visible_bill(tx, session, bill_id)
        tariffs = {tariff.tariff_id: civil_day(lang, tariff.valid_from) for tariff in board.list_tariffs(tx)}
        related = bills.list_related(tx, issued)
        paper = BILL_PAPER.open(documents.load(tx, issued.paper_hash))
        addressee = papers.find_recipients(tx, [issued.id]).get(issued.id)
    lines = issued.bill.lines
    return render(
        request,
        "billing/bill.html",
        issued=issued,
        lines=[(line, views.walk_back(issued, line, tariffs, lang)) for line in lines],
        related=related,
        sender=sender_of(issued.inputs.issuer),
        addressee=addressee,
        paper=paper,
        payment=payment_of(issued, paper, lang),
        kind=title_kind(issued.kind, issued.total_cents, paper.sort),
        title_kind=title_kind,
        ceiling_page=views.ceiling_page,
        corrects=paper.corrects,
        bars=comparing.draw_bars(paper.comparison, lang),
        compared=comparing.explain(lang, paper.comparison),
        origin=comparing.name_origin(lang, paper.origin),
        complaint=comparing.name_way_to_complain(lang, issued.inputs.issuer),
        stands=[describe_stands(lang, stands) for stands in paper.stands],
        shared=[words.shared_use(lang, use) for use in paper.shared],
        by_day_cents=sum(line.amount_cents for line in lines if line.per == "year"),
        by_use_cents=sum(line.amount_cents for line in lines if line.per in METERED),
        once_cents=sum(line.amount_cents for line in lines if line.per == "once"),
        given_back_cents=-sum(line.amount_cents for line in lines if line.kind is LineKind.GUARANTEE),
        may_see_member=ACCESS.allows(session, "see-all-bills"),
        words=words,
    )


@routes.get("/bills/{bill_id}/verify")
@may("see-bills")
def verify_page(request: Request, bill_id: str) -> Response:
    session = session_of(request)
    with reading(request) as tx:
        head = visible_head(tx, session, bill_id)
        verification = verify_bill(tx, head.id)
        before = list_before(tx, head, verification.issued)
        held = list_held(verification.issued, list_publications(tx)) if verification.issued else []
    return render(
        request,
        "billing/verify.html",
        issued=head,
        verification=verification,
        before=before,
        held=held,
        words=words,
        law_texts=law_texts,
    )


@routes.get("/runs")
@may("see-runs")
def runs_page(request: Request) -> Response:
    with reading(request) as tx:
        periods = board.list_periods(tx)
        corrections = stored_runs.list_runs(tx, kind=CORRECTIONS)
        proposed = _proposed_corrections(tx)
        working = works.list_standing(request.state.database, tx)
    return render(
        request,
        "billing/runs.html",
        periods=periods,
        corrections=corrections,
        proposed=proposed,
        working=working,
        works=work_texts,
        words=words,
    )


@routes.get("/runs/{name}")
@may("see-runs")
def run_page(request: Request, name: str, page: int = 1, watched: bool = False) -> Response:
    session, lang, page = session_of(request), language_of(request), max(page, 1)
    result, refusal = None, None
    with reading(request) as tx:
        work = works.find_standing(request.state.database, tx, *runs.list_names(tx, name))
        if work and work.status == "running":
            return _working_page(request, name, work)
        if watched and work is None and name == CORRECTIONS:
            newest = stored_runs.newest_corrections(tx, tx.today)
            return redirect(f"/billing/runs/{newest.id}" if newest else "/billing/runs")
        try:
            result = runs.preview_named(tx, name)
        except CoopError as error:
            if error.code not in words.REFUSALS:
                raise
            refusal = error
        reach, posted, put_away = None, 0, None
        if result and result.status == "issued":
            heads = bills.list_heads(tx, run_id=result.run_id)
            told = [(head.id, head.member_id) for head in heads if not moves_nothing(head)]
            reach, posted = mailings.measure_reach(tx, told), count_posted(tx, heads)
            put_away = papers.measure_papers(tx, result.run_id)
        today = tx.today
    period = result.period if result else None
    if runs.is_period(name):
        period = Period.parse(name)
    return render(
        request,
        "billing/run.html",
        reach=reach,
        of_contract={bill.contract_id: bill.member_id for bill in result.bills} if result else {},
        brakes=brake_texts,
        posted=posted,
        may_take_papers=ACCESS.allows(session, "see-all-bills"),
        name=name,
        title=words.period_name(lang, period) if period else "",
        result=result,
        refusal=refusal,
        shown=result.bills[(page - 1) * PAGE_SIZE : page * PAGE_SIZE] if result else (),
        page=page,
        pages=-(-len(result.bills) // PAGE_SIZE) if result else 0,
        may_issue=ACCESS.allows(session, "run-bills"),
        may_date=_may_date(request),
        stopped=work_texts.explain_stop(lang, work) if work else "",
        papers=put_away,
        papers_left=work_texts.papers_left(lang, put_away) if put_away else "",
        may_release=ACCESS.allows(session, "release-runs") and (result is None or result.run_by != session.account_id),
        today=today,
        words=words,
    )


def _working_page(request: Request, name: str, work: works.Standing) -> Response:
    """Show how far a run is; the page looks again by itself, with or without a script."""
    lang, progress = language_of(request), work.progress
    return render(
        request,
        "billing/working.html",
        title=words.period_name(lang, Period.parse(name)) if runs.is_period(name) else "",
        again=f"/billing/runs/{name}?watched=1",
        progress=progress,
        left=work_texts.time_left(lang, progress.seconds_left if progress else None),
    )


def _may_date(request: Request) -> bool:
    return ACCESS.allows(session_of(request), "date-runs")


@routes.post("/runs/{name}/issue")
@may("run-bills")
def issue(request: Request, name: str, issued_on: Annotated[date | None, Form()] = None) -> Response:
    lang = language_of(request)
    name = name if name == CORRECTIONS else str(Period.parse(name))
    result = ask_run(request, name, issued_on, may_date=_may_date(request), patience_s=PATIENCE_S)
    if result is None:
        return redirect(f"/billing/runs/{name}")
    if result.kind == CORRECTIONS and not result.bills:
        return redirect("/billing/runs", translate(lang, "There is nothing to correct."), "note")
    back = f"/billing/runs/{result.period or result.run_id}"
    if result.status == "held":
        text = translate(lang, "The run is held: look at what is unlikely, then release it.")
        return redirect(back, text, "note")
    return redirect(back, translate(lang, ISSUED))


@routes.get("/runs/{run_id}/release")
@may("release-runs")
def ask_release(request: Request, run_id: str) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        result = runs.preview_run(tx, run_id)
    text = translate(
        lang,
        "%(count)s bills will be issued although %(brakes)s of them were found unlikely. Issued bills cannot be "
        "changed; a mistake needs a correction bill.",
        count=len(result.bills),
        brakes=len(result.brakes),
    )
    return confirm_page(
        request,
        title=translate(lang, "Release the run"),
        text=text,
        button=translate(lang, "Issue these bills"),
        action=f"/billing/runs/{run_id}/release",
        back=f"/billing/runs/{result.period or run_id}",
    )


@routes.post("/runs/{run_id}/release")
@may("release-runs")
def release(request: Request, run_id: str) -> Response:
    lang = language_of(request)
    result = release_held(request, run_id, patience_s=PATIENCE_S)
    if result is None:
        return redirect(f"/billing/runs/{run_id}")
    back = f"/billing/runs/{result.period or run_id}"
    if result.status == "held":
        return redirect(back, translate(lang, "Something else is unlikely now; look again."), "note")
    return redirect(back, translate(lang, ISSUED))


@routes.get("/ledger")
@may("see-ledger")
def ledger_page(request: Request) -> Response:
    with reading(request) as tx:
        accounts = board.group_accounts(ledger.trial_balance(tx))
    return render(request, "billing/ledger.html", accounts=accounts, words=words)


def _proposed_corrections(tx: Tx) -> stored_runs.Proposal | None:
    """The corrections that were drafted and wait, or None."""
    return next((proposal for proposal in stored_runs.list_proposals(tx) if proposal.name == CORRECTIONS), None)
