"""Lists of the register as files, each under the entry of the page that shows it: a member gets their own rows."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import NotAllowed
from coop.members import listings
from coop.members.access import ACCESS
from coop.members.contracts.store import list_contracts
from coop.members.history.store import list_changes_of
from coop.members.identity.store import Wanted
from coop.members.imports.plans import keys_of_connection, keys_of_member
from coop.members.log.model import Wanted as Wished
from coop.members.log.store import list_entries
from coop.members.messages.model import Filter
from coop.members.messages.rules import hide_address
from coop.members.messages.store import list_tracked
from coop.members.programs.store import list_programs
from coop.members.register.model import Selection
from coop.members.register.store import get_file, select_members
from coop.web.downloads import Asked

routes = APIRouter(route_class=GuardedRoute, prefix="/members/exports", include_in_schema=False)
may = ACCESS.may


@routes.get("/members.{extension}")
@may("see-register")
def export_members(
    request: Request,
    asked: Asked,
    search: str = "",
    kind: str = "",
    state: str = "",
    lacks: str = "",
    sort: str = "number",
) -> Response:
    selection = Selection(search, kind, state, lacks, sort)
    with reading(request) as tx:
        return asked.answer(listings.members_listing(select_members(tx, selection)))


@routes.get("/choices.{extension}")
@may("see-community")
def export_choices(request: Request, asked: Asked, name: str = "") -> Response:
    with reading(request) as tx:
        return asked.answer(listings.choices_listing(tx, name))


@routes.get("/particulars.{extension}")
@may("see-community")
def export_particulars(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.particulars_listing(tx))


@routes.get("/ibans.{extension}")
@may("see-community")
def export_ibans(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.ibans_listing(tx))


@routes.get("/connections.{extension}")
@may("see-own")
def export_connections(request: Request, asked: Asked, member_id: str | None = None) -> Response:
    _require_own(request, member_id)
    with reading(request) as tx:
        return asked.answer(listings.connections_listing(tx, member_id))


@routes.get("/contracts.{extension}")
@may("see-own")
def export_contracts(request: Request, asked: Asked, member_id: str | None = None) -> Response:
    _require_own(request, member_id)
    with reading(request) as tx:
        return asked.answer(listings.contracts_listing(list_contracts(tx, member_id)))


@routes.get("/gas-bills.{extension}")
@may("see-own")
def export_gas_bills(request: Request, asked: Asked, member_id: str | None = None) -> Response:
    _require_own(request, member_id)
    with reading(request) as tx:
        return asked.answer(listings.gas_bills_listing(list_contracts(tx, member_id)))


@routes.get("/changes.{extension}")
@may("see-register")
def export_register_changes(request: Request, asked: Asked, member_id: str = "", connection_id: str = "") -> Response:
    with reading(request) as tx:
        keys = keys_of_connection(tx, connection_id) if connection_id else keys_of_member(get_file(tx, member_id))
        return asked.answer(listings.register_changes_listing(list_changes_of(tx, keys)))


@routes.get("/accounts.{extension}")
@may("see-accounts")
def export_accounts(
    request: Request, asked: Asked, member_id: str | None = None, search: str = "", role: str = "", state: str = ""
) -> Response:
    wanted = Wanted(search.strip(), role, state)
    with reading(request) as tx:
        return asked.answer(listings.accounts_listing(listings.find_accounts(tx, member_id, wanted)))


@routes.get("/log.{extension}")
@may("see-log")
def export_log(request: Request, asked: Asked, person: str = "", kind: str = "") -> Response:
    with reading(request) as tx:
        return asked.answer(listings.log_listing(list_entries(tx, Wished(person.strip(), kind))))


@routes.get("/account-changes.{extension}")
@may("see-own")
def export_account_changes(request: Request, asked: Asked, account_id: str) -> Response:
    _require_own_account(request, account_id, "see-accounts")
    with reading(request) as tx:
        return asked.answer(listings.changes_listing(tx, account_id))


@routes.get("/sign-ins.{extension}")
@may("see-own")
def export_sign_ins(request: Request, asked: Asked, account_id: str) -> Response:
    _require_own_account(request, account_id, "work-sessions")
    with reading(request) as tx:
        return asked.answer(listings.sign_ins_listing(tx, account_id))


@routes.get("/imports.{extension}")
@may("import-register")
def export_imports(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.imports_listing(tx))


@routes.get("/programs.{extension}")
@may("see-programs")
def export_programs(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.programs_listing(list_programs(tx)))


@routes.get("/mail-and-letters.{extension}")
@may("see-messages")
def export_messages(
    request: Request, asked: Asked, state: str = "", kind: str = "", channel: str = "", member_id: str | None = None
) -> Response:
    hides = not ACCESS.allows(session_of(request), "see-addresses")
    with reading(request) as tx:
        listed = list_tracked(tx, Filter(state, kind, channel, member_id))
    return asked.answer(listings.messages_listing([hide_address(each) for each in listed] if hides else listed))


@routes.get("/own-messages.{extension}")
@may("see-own")
def export_own_messages(request: Request, asked: Asked) -> Response:
    session = session_of(request)
    with reading(request) as tx:
        listed = list_tracked(tx, Filter(member_id=session.member_id, of_account=session.account_id))
    return asked.answer(listings.messages_listing(listed))


def _require_own(request: Request, member_id: str | None) -> None:
    """Refuse whoever asks for more than their own rows and may not see the register."""
    session = session_of(request)
    if (member_id is None or member_id != session.member_id) and not ACCESS.allows(session, "see-register"):
        raise NotAllowed


def _require_own_account(request: Request, account_id: str, action: str) -> None:
    session = session_of(request)
    if account_id != session.account_id and not ACCESS.allows(session, action):
        raise NotAllowed
