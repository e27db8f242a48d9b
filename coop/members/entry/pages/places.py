"""Pages of connections: all of them with who holds them, how many users the law counts, and one with its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.members.access import ACCESS
from coop.members.connections.model import Connection, Occupancy
from coop.members.connections.rules import count_users, judge_size
from coop.members.connections.store import list_connections, list_occupancies
from coop.members.contracts.store import list_contracts
from coop.members.entry.pages.members import name_changes
from coop.members.history.store import list_changes_of
from coop.members.imports.plans import keys_of_connection
from coop.members.register.store import list_members
from coop.values import NotFound
from coop.web.language import language_of
from coop.web.shell import render

PAGE_SIZE = 100

routes = APIRouter(route_class=GuardedRoute, prefix="/members/register/connections", include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("see-register")
def connections_page(request: Request, search: str = "", page: int = 1) -> Response:
    with reading(request) as tx:
        connections, holds, today = list_connections(tx), list_occupancies(tx), tx.today
        names = {member.member_id: member for member in list_members(tx)}
    holders = {hold.connection_id: hold for hold in holds if _holds_on(hold, today)}
    words = search.casefold().split()
    rows = [
        (connection, names[hold.member_id] if (hold := holders.get(connection.connection_id)) else None)
        for connection in connections
        if all(word in _text_of(connection) for word in words)
    ]
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    page = min(max(1, page), pages)
    return render(
        request,
        "members/connections.html",
        rows=rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
        total=len(rows),
        page=page,
        pages=pages,
        search=search,
        size=judge_size(count_users(connections, holders), today),
        may_keep=ACCESS.allows(session_of(request), "keep-register"),
        may_settle_moves=ACCESS.allows(session_of(request), "settle-moves"),
    )


@routes.get("/{connection_id}")
@may("see-register")
def connection_page(request: Request, connection_id: str) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        connection = next((c for c in list_connections(tx) if c.connection_id == connection_id), None)
        if connection is None:
            raise NotFound
        holds = [hold for hold in list_occupancies(tx) if hold.connection_id == connection_id]
        contracts = [contract for contract in list_contracts(tx) if contract.connection_id == connection_id]
        changes = name_changes(tx, lang, list_changes_of(tx, keys_of_connection(tx, connection_id)))
        names = {member.member_id: member for member in list_members(tx)}
    return render(
        request,
        "members/connection.html",
        connection=connection,
        holds=[(hold, names[hold.member_id]) for hold in holds],
        contracts=[(contract, names[contract.member_id]) for contract in contracts],
        history=changes,
        may_keep=ACCESS.allows(session_of(request), "keep-register"),
        may_mend=ACCESS.allows(session_of(request), "end-membership"),
    )


def _holds_on(hold: Occupancy, day: date) -> bool:
    return hold.opened_on <= day and (hold.closed_on is None or hold.closed_on > day)


def _text_of(connection: Connection) -> str:
    parts: Sequence[str] = (connection.number, connection.address, connection.building, connection.ean)
    return " ".join(parts).casefold()
