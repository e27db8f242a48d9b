"""Card on a bill that names whom it is for: payer or member, with their address, and the paper that says so."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.communities.addressee import Addressee, seal_addressee
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import Session
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.members.access import ACCESS
from coop.members.messages.commands import list_postal_lines
from coop.members.messages.store import find_payer, find_supplied, list_parties
from coop.members.register.store import find_member
from coop.members.resting.model import HeardBill
from coop.members.resting.store import find_bill
from coop.values import NotFound
from coop.web.shell import card

routes = APIRouter(route_class=GuardedRoute, prefix="/members/cards", include_in_schema=False)
may = ACCESS.may


@routes.get("/bills/{bill_id}")
@may("see-own")
def addressee_card(request: Request, bill_id: str) -> Response:
    """Name whom a bill is for, to themselves, to who holds or pays the contract, and to who keeps the register."""
    session, settings = session_of(request), request.app.state.settings
    assert isinstance(settings, Settings)
    with reading(request) as tx:
        bill = find_bill(tx, bill_id)
        if bill is None or not _may_read(tx, session, bill):
            raise NotFound
        addressee, now = name_addressee(tx, bill), tx.now
    note = seal_addressee(settings.signing_secrets(), addressee, f"{session.community} {bill_id}", now)
    return card(request, "members/card_addressee.html", addressee=addressee, bill=bill, note=note)


def name_addressee(tx: Tx, bill: HeardBill) -> Addressee:
    """Name whoever a bill is for, as the register has them now."""
    member = find_member(tx, bill.member_id)
    recipient = find_payer(tx, bill.contract_id) or member
    if member is None or recipient is None:
        raise NotFound
    return Addressee(recipient.name, list_postal_lines(recipient), member.number, find_supplied(tx, bill.contract_id))


def _may_read(tx: Tx, session: Session, bill: HeardBill) -> bool:
    if ACCESS.allows(session, "see-register"):
        return True
    return session.member_id is not None and session.member_id in (
        bill.member_id,
        *list_parties(tx, bill.contract_id),
    )
