"""Data that billing holds of whoever asks: their bills, line by line and as papers."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request, Response

from coop.billing import listings
from coop.billing.access import ACCESS
from coop.billing.bills import account_store as accounts
from coop.billing.bills import paper_store as papers
from coop.billing.bills.sight import own_bills
from coop.billing.documents.archive import read_paper
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.web.own_data import ZIP_ANSWER, Paper, answer_own_data

routes = APIRouter(route_class=GuardedRoute, prefix="/billing/api/v1", tags=["billing"])


@routes.get("/me/export", response_class=Response, responses=ZIP_ANSWER)
@ACCESS.may("take-own-data")
def get_own_bills(request: Request) -> Response:
    """The member's own bills, their lines and their papers, as one zip."""
    session = session_of(request)
    with reading(request) as tx:
        own = own_bills(tx, session)
        contracts = dict.fromkeys(issued.contract_id for issued in own)
        entries = [entry for contract_id in contracts for entry in accounts.list_entries(tx, contract_id)]
        addressed = papers.find_recipients(tx, [issued.id for issued in own])
    opens = partial(reading, request), partial(writing, request)
    files = (
        Paper(f"{issued.number}.pdf", read_paper(*opens, issued.id).body) for issued in own if issued.id in addressed
    )
    lists = [listings.bills_listing(own), listings.lines_listing(own), listings.entries_listing(entries)]
    return answer_own_data(request, "billing", lists, files)
