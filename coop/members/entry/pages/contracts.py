"""Contracts as files, to be checked at home."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.members.access import ACCESS
from coop.members.contracts.store import list_contracts
from coop.members.contracts.taking_home import take_contract
from coop.values import NotFound, say
from coop.web.language import language_of

routes = APIRouter(route_class=GuardedRoute, prefix="/members/contracts", include_in_schema=False)
may = ACCESS.may


@routes.get("/{contract_id}.json")
@may("see-own")
def contract_to_check(request: Request, contract_id: str) -> Response:
    """Answer the sealed facts of a contract that one holds, shares or pays; of any, to who keeps the register."""
    session = session_of(request)
    with reading(request) as tx:
        if not ACCESS.allows(session, "see-register"):
            own = list_contracts(tx, session.member_id) if session.member_id else ()
            if contract_id not in {contract.contract_id for contract in own}:
                raise NotFound(say("there is no contract %(contract_id)s", contract_id=contract_id))
        body = take_contract(tx, contract_id, language_of(request))
    headers = {
        "Content-Disposition": f'attachment; filename="contract-{contract_id[:8]}.json"',
        "Cache-Control": "no-store",
    }
    return Response(body, media_type="application/json", headers=headers)
