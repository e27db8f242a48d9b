"""Data that the register holds of whoever asks: their file, their accounts, messages, where they are signed in."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.members import listings
from coop.members.access import ACCESS
from coop.members.contracts.store import list_contracts
from coop.members.identity.store import find_account, list_accounts_of
from coop.members.messages.model import Filter
from coop.members.messages.store import list_tracked
from coop.members.own_tokens.store import find_owner
from coop.members.register.store import find_member
from coop.members.told_moves.store import list_of as list_moves
from coop.web.own_data import ZIP_ANSWER, answer_own_data

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1", tags=["members"])


@routes.get("/me/export", response_class=Response, responses=ZIP_ANSWER)
@ACCESS.may("take-own-data")
def get_own_register(request: Request) -> Response:
    """Everything that the register and the accounts hold of whoever is signed in, or gave out the token, as one zip."""
    session = session_of(request)
    with reading(request) as tx:
        account_id = session.account_id if session.kind == "account" else find_owner(tx, session.account_id) or ""
        account = find_account(tx, account_id)
        accounts = [account] if account else []
        parts = [
            listings.changes_listing(tx, account_id),
            listings.sign_ins_listing(tx, account_id),
            listings.factors_listing(tx, account_id),
            listings.messages_listing(
                list_tracked(tx, Filter(member_id=session.member_id, of_account=account_id or session.account_id))
            ),
        ]
        if session.member_id and (member := find_member(tx, session.member_id)):
            contracts = list_contracts(tx, member.member_id)
            accounts = list_accounts_of(tx, member.member_id)
            parts += [
                listings.members_listing([member]),
                listings.connections_listing(tx, member.member_id),
                listings.contracts_listing(contracts),
                listings.gas_bills_listing(contracts),
                listings.answers_listing(tx, member.member_id),
                listings.looks_listing(tx, member.member_id),
                listings.moves_listing(list_moves(tx, member.member_id)),
            ]
        return answer_own_data(request, "members", [*parts, listings.accounts_listing(accounts)])
