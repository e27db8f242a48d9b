"""What billing holds of whoever asks: their bills, line by line and as papers."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.billing import listings
from coop.billing.access import ACCESS
from coop.billing.documents.contents import document_of
from coop.billing.documents.pdf import bill_pdf
from coop.billing.sight import own_bills
from coop.billing.storage import accounts
from coop.communities.addressee import Addressee
from coop.kit.http import GuardedRoute, reading, session_of
from coop.web.language import language_of
from coop.web.own_data import ZIP_ANSWER, Paper, answer_own_data

routes = APIRouter(route_class=GuardedRoute, prefix="/billing/api/v1", tags=["billing"])


@routes.get("/me/export", response_class=Response, responses=ZIP_ANSWER)
@ACCESS.may("take-own-data")
def get_own_bills(request: Request) -> Response:
    """The member's own bills, their lines and their papers, as one zip."""
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        own = own_bills(tx, session)
        contracts = dict.fromkeys(issued.contract_id for issued in own)
        entries = [entry for contract_id in contracts for entry in accounts.list_entries(tx, contract_id)]
    # A program carries no name of its member, as no event does: its papers name the member by id.
    recipient = session.name if session.kind == "account" else session.member_id or ""
    papers = (
        Paper(f"{issued.number}.pdf", bill_pdf(document_of(issued, Addressee(recipient), lang), lang)) for issued in own
    )
    lists = [listings.bills_listing(own), listings.lines_listing(own), listings.entries_listing(entries)]
    return answer_own_data(request, "billing", lists, papers)
