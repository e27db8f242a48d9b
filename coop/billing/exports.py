"""Lists of billing as files, each under the entry of the page that shows it: a member gets their own rows."""

from __future__ import annotations

from datetime import date
from typing import Literal

from fastapi import APIRouter, Request, Response

from coop.billing import listings
from coop.billing.access import ACCESS
from coop.billing.bills import account_store as accounts
from coop.billing.bills import ledger_store as ledger
from coop.billing.bills import store as bills
from coop.billing.bills.schemas import BILL_PAPER
from coop.billing.bills.sight import own_heads, visible_account, visible_bill, visible_head
from coop.billing.checking.verify import verify_bill
from coop.billing.figures import board
from coop.billing.guarantee.derivation import derive_ceiling
from coop.billing.law.held import list_held
from coop.billing.law.texts import list_figures as list_law_figures
from coop.billing.runs import store as runs
from coop.billing.runs.commands import preview_named
from coop.billing.runs.issuing import CORRECTIONS
from coop.billing.terms import store as terms
from coop.communities.law_store import list_publications
from coop.kit import documents
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.tx import Tx
from coop.values import NotFound, say
from coop.web.downloads import Asked
from coop.web.language import language_of

routes = APIRouter(route_class=GuardedRoute, prefix="/billing/exports", include_in_schema=False)
may = ACCESS.may


@routes.get("/bills.{extension}")
@may("see-bills")
def export_bills(request: Request, asked: Asked, of: Literal["own", "all"] = "own") -> Response:
    session = session_of(request)
    if of == "all":
        ACCESS.require(session, "see-all-bills")
    with reading(request) as tx:
        return asked.answer(listings.bills_listing(bills.list_heads(tx) if of == "all" else own_heads(tx, session)))


@routes.get("/bill-lines.{extension}")
@may("see-bills")
def export_bill_lines(request: Request, asked: Asked, bill: str) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.lines_listing([visible_bill(tx, session_of(request), bill)]))


@routes.get("/bill-stands.{extension}")
@may("see-bills")
def export_bill_stands(request: Request, asked: Asked, bill: str) -> Response:
    with reading(request) as tx:
        head = visible_head(tx, session_of(request), bill)
        paper = BILL_PAPER.open(documents.load(tx, head.paper_hash))
        return asked.answer(listings.stands_listing(paper.stands))


@routes.get("/gas-years.{extension}")
@may("see-bills")
def export_gas_years(request: Request, asked: Asked, contract: str, day: date) -> Response:
    with reading(request) as tx:
        visible_account(tx, session_of(request), contract)
        terms = accounts.list_terms(tx, contract).get(day)
        if terms is None:
            raise NotFound(say("no bill has touched the guarantee year of %(day)s yet", day=day))
        return asked.answer(listings.gas_years_listing(derive_ceiling(terms)))


@routes.get("/verified-lines.{extension}")
@may("see-bills")
def export_verified_lines(request: Request, asked: Asked, bill: str) -> Response:
    with reading(request) as tx:
        head = visible_head(tx, session_of(request), bill)
        return asked.answer(listings.verified_listing(verify_bill(tx, head.id)))


@routes.get("/bill-law.{extension}")
@may("see-bills")
def export_bill_law(request: Request, asked: Asked, bill: str) -> Response:
    with reading(request) as tx:
        issued = visible_bill(tx, session_of(request), bill)
        return asked.answer(listings.held_listing(list_held(issued, list_publications(tx))))


@routes.get("/periods.{extension}")
@may("see-runs")
def export_periods(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.periods_listing(board.list_periods(tx)))


@routes.get("/corrections.{extension}")
@may("see-runs")
def export_corrections(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        totals = [total for total in runs.list_runs(tx) if total.run.kind == CORRECTIONS]
        return asked.answer(listings.corrections_listing(totals))


@routes.get("/run-bills.{extension}")
@may("see-runs")
def export_run_bills(request: Request, asked: Asked, run: str) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.run_bills_listing(preview_named(tx, run)))


@routes.get("/left-out.{extension}")
@may("see-runs")
def export_left_out(request: Request, asked: Asked, run: str) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.left_out_listing(preview_named(tx, run), language_of(request)))


@routes.get("/brakes.{extension}")
@may("see-runs")
def export_brakes(request: Request, asked: Asked, run: str) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.brakes_listing(preview_named(tx, run), language_of(request)))


@routes.get("/prices.{extension}")
@may("see-tariffs")
def export_prices(request: Request, asked: Asked, tariff: str = "") -> Response:
    with reading(request) as tx:
        return asked.answer(listings.prices_listing(_tariffs(tx, tariff)))


@routes.get("/law.{extension}")
@may("see-tariffs")
def export_law(request: Request, asked: Asked, kind: Literal["maximum", "vat"] = "maximum") -> Response:
    with reading(request) as tx:
        return asked.answer(listings.law_listing(list_law_figures(list_publications(tx), kind)))


@routes.get("/notices.{extension}")
@may("see-tariffs")
def export_notices(request: Request, asked: Asked, tariff: str = "") -> Response:
    with reading(request) as tx:
        return asked.answer(listings.notices_listing(_tariffs(tx, tariff, session_of(request).member_id)))


@routes.get("/guarantee-entries.{extension}")
@may("see-bills")
def export_entries(request: Request, asked: Asked, contract: str) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.entries_listing(visible_account(tx, session_of(request), contract)))


@routes.get("/figures.{extension}")
@may("see-tariffs")
def export_figures(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.figures_listing(terms.list_figures(tx)))


@routes.get("/trial-balance.{extension}")
@may("see-ledger")
def export_trial_balance(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.balances_listing(board.group_accounts(ledger.trial_balance(tx))))


@routes.get("/postings.{extension}")
@may("see-ledger")
def export_postings(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.postings_listing(ledger.list_postings(tx)))


def _tariffs(tx: Tx, tariff_id: str, reader_id: str | None = None) -> list[board.TariffView]:
    return [tariff for tariff in board.list_tariffs(tx, reader_id) if tariff_id in ("", tariff.tariff_id)]
