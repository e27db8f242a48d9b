"""Names for pages of other services, which know members, contracts, connections and accounts by id alone."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from coop.kit.http import GuardedRoute, reading
from coop.kit.tx import Tx
from coop.members.access import ACCESS
from coop.members.connections.store import list_connections
from coop.members.contracts.store import list_contracts
from coop.members.identity.store import list_names
from coop.members.messages.store import list_candidates, list_seat_holders
from coop.members.register.store import list_members

ASKED_MAX: Final = 500
"""Most ids of one question: a page shows fewer."""

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/names")
@may("see-register")
def names(request: Request, ids: Annotated[str, Query(max_length=ASKED_MAX * 40)] = "") -> Response:
    """Name what is asked for, by id; what nobody knows is left out."""
    wanted = set(ids.split(","))
    with reading(request) as tx:
        named = {each: name for each, name in list_names_of_ids(tx).items() if each in wanted}
    return JSONResponse(named, headers={"Cache-Control": "no-store"})


@routes.get("/candidates")
@may("see-candidates")
def candidates(request: Request, ids: Annotated[str, Query(max_length=ASKED_MAX * 40)] = "") -> Response:
    """Name members who stand for an office, or are in one, to whoever may vote on them; nobody else."""
    with reading(request) as tx:
        named = list_candidates(tx, [each for each in ids.split(",") if each][:ASKED_MAX])
    return JSONResponse(named, headers={"Cache-Control": "no-store"})


@routes.get("/seat-holders")
@may("see-seat-holders")
def seat_holders(request: Request, ids: Annotated[str, Query(max_length=ASKED_MAX * 40)] = "") -> Response:
    """Name who sits or sat in a steering group, to whoever reads what it decided; nobody else."""
    with reading(request) as tx:
        seated = list_seat_holders(tx, [each for each in ids.split(",") if each][:ASKED_MAX])
        named = {each: name for each, name in list_names(tx).items() if each in seated}
    return JSONResponse(named, headers={"Cache-Control": "no-store"})


def list_names_of_ids(tx: Tx) -> dict[str, str]:
    """List what people call each member, contract, connection and account, by id."""
    named = list_names(tx)
    named |= {member.member_id: f"{member.number} · {member.name}" for member in list_members(tx)}
    named |= {contract.contract_id: contract.number for contract in list_contracts(tx)}
    return named | {
        connection.connection_id: f"{connection.number} · {connection.address}" for connection in list_connections(tx)
    }
