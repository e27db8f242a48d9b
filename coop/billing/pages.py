"""Bills as members see them, and runs, tariffs and the ledger as the board does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.billing import answers, board, views, words
from coop.billing.documents.contents import document_of, due_on, sender_of
from coop.billing.documents.pdf import bill_pdf
from coop.billing.handlers import runs, terms
from coop.billing.handlers.verify import verify_bill
from coop.billing.model import FIXED, LineKind
from coop.billing.rules.tariffs import maxima
from coop.billing.sight import WATCHES, visible_bill
from coop.billing.storage import bills, ledger
from coop.billing.storage import runs as stored_runs
from coop.billing.storage import terms as stored_terms
from coop.billing.storage.bills import IssuedBill
from coop.kit import clock
from coop.kit.auth import Session, require
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.values import BadInput, CoopError, Period, Problem
from coop.web.language import language_of, translate
from coop.web.shell import card, confirm_page, redirect, render
from coop.web.writing import civil_day

PAGE_SIZE = 50


def router(database: Database, settings: Settings) -> APIRouter:
    """Routes under ``/billing``."""
    routes = APIRouter(prefix="/billing", include_in_schema=False)

    @routes.get("/")
    def mine(request: Request) -> Response:
        session, lang = require(request), language_of(request)
        with database.read() as tx:
            own = bills.find_bills(tx, session.community, member_id=session.member_id) if session.member_id else []
        year = views.guarantee_year(own)
        return render(
            request,
            "billing/mine.html",
            bills=own[::-1],
            year=year,
            chart=views.ceiling_chart(year, lang) if year else None,
            sentence=views.sentence_of(year, lang) if year else "",
            words=words,
            watches=session.has(*WATCHES),
        )

    @routes.get("/cards/cost")
    def cost_card(request: Request) -> Response:
        session, lang = require(request), language_of(request)
        with database.read() as tx:
            own = bills.find_bills(tx, session.community, member_id=session.member_id) if session.member_id else []
        year = views.guarantee_year(own)
        return card(
            request,
            "billing/card_cost.html",
            year=year,
            chart=views.ceiling_chart(year, lang) if year else None,
            sentence=views.sentence_of(year, lang) if year else "",
        )

    @routes.get("/cards/bills")
    def bills_card(request: Request) -> Response:
        session = require(request)
        with database.read() as tx:
            own = bills.find_bills(tx, session.community, member_id=session.member_id) if session.member_id else []
        return card(request, "billing/card_bills.html", bills=own[:-4:-1], words=words)

    @routes.get("/cards/runs")
    def runs_card(request: Request) -> Response:
        session = require(request, *WATCHES)
        with database.read() as tx:
            periods = board.periods(tx, session.community)
        return card(request, "billing/card_runs.html", periods=periods[:3], words=words)

    @routes.get("/bills/{bill_id}.pdf")
    def bill_paper(request: Request, bill_id: str) -> Response:
        session, lang = require(request), language_of(request)
        with database.read() as tx:
            issued = visible_bill(tx, session, bill_id)
        body = bill_pdf(document_of(issued, sender_of(settings), _recipient(session, issued), lang), lang)
        headers = {"Content-Disposition": f'inline; filename="{issued.number}.pdf"'}
        return Response(body, media_type="application/pdf", headers=headers)

    @routes.get("/bills/{bill_id}")
    def bill_page(request: Request, bill_id: str) -> Response:
        session, lang = require(request), language_of(request)
        with database.read() as tx:
            issued = visible_bill(tx, session, bill_id)
            tariffs = {
                tariff["tariff_id"]: civil_day(lang, tariff["valid_from"])
                for tariff in answers.tariff_answers(tx, session.community)
            }
            related = bills.chain_of(tx, session.community, issued)
        return render(
            request,
            "billing/bill.html",
            issued=issued,
            lines=[(line, views.walk_back(issued, line, tariffs, lang)) for line in issued.bill.lines],
            related=related,
            sender=sender_of(settings),
            recipient=_recipient(session, issued),
            due_on=due_on(issued),
            by_day_cents=sum(line.amount_cents for line in issued.bill.lines if line.kind in FIXED),
            by_use_cents=sum(
                line.amount_cents for line in issued.bill.lines if line.kind in (LineKind.HEAT, LineKind.ELECTRICITY)
            ),
            given_back_cents=-sum(line.amount_cents for line in issued.bill.lines if line.kind is LineKind.GUARANTEE),
            words=words,
        )

    @routes.get("/bills/{bill_id}/verify")
    def verify_page(request: Request, bill_id: str) -> Response:
        session = require(request)
        with database.read() as tx:
            issued = visible_bill(tx, session, bill_id)
            found = verify_bill(tx, session.community, issued.id)
        return render(request, "billing/verify.html", issued=issued, found=found, words=words)

    @routes.get("/runs")
    def runs_page(request: Request) -> Response:
        session = require(request, *WATCHES)
        with database.read() as tx:
            periods = board.periods(tx, session.community)
            corrections = [run for run in stored_runs.all_runs(tx, session.community) if run.kind == "corrections"]
        return render(request, "billing/runs.html", periods=periods, corrections=corrections, words=words)

    @routes.get("/runs/{name}")
    def run_page(request: Request, name: str, page: int = 1) -> Response:
        session = require(request, *WATCHES)
        result, refusal = None, None
        with database.read() as tx:
            try:
                if _is_period(name):
                    result = runs.run_bills(tx, session.community, Period.parse(name), clock.today(), dry_run=True)
                    known = stored_runs.get_run(tx, session.community, result.run_id)
                    result = runs.preview_of(tx, session.community, known.id) if known else result
                else:
                    result = runs.preview_of(tx, session.community, name)
            except CoopError as error:
                if error.code not in words.REFUSALS:
                    raise
                refusal = error
        return render(
            request,
            "billing/run.html",
            name=name,
            title=words.period_name(language_of(request), Period.parse(name)) if _is_period(name) else "",
            result=result,
            refusal=refusal,
            shown=result.bills[(page - 1) * PAGE_SIZE : page * PAGE_SIZE] if result else (),
            page=page,
            pages=-(-len(result.bills) // PAGE_SIZE) if result else 0,
            may_issue=session.has("board", "treasurer"),
            today=clock.today(),
            words=words,
        )

    @routes.post("/runs/{name}/issue")
    def issue(request: Request, name: str, issued_on: Annotated[date, Form()]) -> Response:
        session, lang = require(request, "board", "treasurer"), language_of(request)
        with database.write() as tx:
            result = runs.run_bills(tx, session.community, Period.parse(name), issued_on)
        if result.status == "held":
            text = translate(lang, "The run is held: look at what is unlikely, then release it.")
            return redirect(f"/billing/runs/{name}", text, "note")
        return redirect(f"/billing/runs/{name}", translate(lang, "The bills are issued."))

    @routes.post("/runs/correct")
    def correct(request: Request) -> Response:
        session, lang = require(request, "board", "treasurer"), language_of(request)
        with database.write() as tx:
            result = runs.run_corrections(tx, session.community, clock.today())
        if not result.bills:
            return redirect("/billing/runs", translate(lang, "There is nothing to correct."), "note")
        return redirect(f"/billing/runs/{result.run_id}")

    @routes.get("/runs/{run_id}/release")
    def ask_release(request: Request, run_id: str) -> Response:
        session, lang = require(request, "board", "treasurer"), language_of(request)
        with database.read() as tx:
            result = runs.preview_of(tx, session.community, run_id)
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
    def release(request: Request, run_id: str) -> Response:
        session, lang = require(request, "board", "treasurer"), language_of(request)
        with database.write() as tx:
            result = runs.release_run(tx, session.community, run_id, clock.today(), session.name)
        back = f"/billing/runs/{result.period or run_id}"
        if result.status == "held":
            return redirect(back, translate(lang, "Something else is unlikely now; look again."), "note")
        return redirect(back, translate(lang, "The bills are issued."))

    @routes.get("/tariffs")
    def tariffs_page(request: Request) -> Response:
        session = require(request)
        with database.read() as tx:
            tariffs = answers.tariff_answers(tx, session.community)
            figures = stored_terms.figures(tx, session.community)
        return render(
            request,
            "billing/tariffs.html",
            tariffs=tariffs[::-1],
            notices={one["tariff_id"]: views.notices_of(one["notices"], session.member_id) for one in tariffs},
            maxima={(m.year, m.component): m for m in maxima()},
            figures=figures,
            may_enter=session.has("board", "treasurer"),
            decimal=Decimal,
            today=clock.today(),
            words=words,
        )

    @routes.post("/tariffs/{tariff_id}/notice")
    def send_notice(
        request: Request, tariff_id: str, sent_on: Annotated[date, Form()], channel: Annotated[str, Form()]
    ) -> Response:
        session, lang = require(request, "board"), language_of(request)
        with database.write() as tx:
            terms.send_notices(tx, session.community, tariff_id, sent_on, channel, None)
        return redirect("/billing/tariffs", translate(lang, "The notice to all members is on file."))

    @routes.post("/tariffs/figures")
    def enter_figure(
        request: Request,
        series: Annotated[str, Form()],
        year: Annotated[int, Form()],
        value: Annotated[str, Form()],
        source: Annotated[str, Form()],
    ) -> Response:
        session, lang = require(request, "board", "treasurer"), language_of(request)
        try:
            amount = Decimal(value.strip().replace(",", "."))
        except InvalidOperation as error:
            raise BadInput([Problem(f"{value!r} is not a number", "value")]) from error
        with database.write() as tx:
            terms.record_figure(tx, session.community, series, year, amount, source)
        return redirect("/billing/tariffs", translate(lang, "The figure is on file."))

    @routes.get("/ledger")
    def ledger_page(request: Request) -> Response:
        session = require(request, *WATCHES)
        with database.read() as tx:
            rows = board.grouped(ledger.trial_balance(tx, session.community))
        return render(request, "billing/ledger.html", rows=rows, words=words)

    return routes


def _recipient(session: Session, issued: IssuedBill) -> str:
    """How the member is called: by name on their own bill, else by id, for billing knows no names."""
    own = issued.inputs.member_id == session.member_id
    return session.name if own else issued.inputs.member_id


def _is_period(name: str) -> bool:
    """A month such as 2025-01; anything else names a run."""
    return len(name) == 7 and name[4] == "-"
