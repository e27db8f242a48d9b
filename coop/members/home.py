"""Lines of the home page on the register: the first steps of a co-operative, and what waits for somebody."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.communities.store import find_profile
from coop.communities.texts import PARTICULARS
from coop.kit.http import GuardedRoute, reading, session_of
from coop.members.access import ACCESS
from coop.members.community.store import find_open_proposal
from coop.members.connections.store import list_connections
from coop.members.contracts.store import list_contracts
from coop.members.register.store import count_members
from coop.values import say, say_count
from coop.web.language import N_
from coop.web.waiting import Step, Waiting, show_step, show_waiting

PARTICULARS_STEP = N_("Particulars of the co-operative")
REGISTER_STEP = N_("Register: members, connections, contracts")

routes = APIRouter(route_class=GuardedRoute, prefix="/members/cards", include_in_schema=False)
may = ACCESS.may


@routes.get("/step-particulars")
@may("see-community")
def particulars_step(request: Request) -> Response:
    with reading(request) as tx:
        profile = find_profile(tx)
    lacking = tuple(say(PARTICULARS[name]) for name in profile.lacking) if profile else ()
    missing = (say("A bill also has to name: %(fields)s.", fields=lacking),) if lacking else ()
    return show_step(request, Step(say(PARTICULARS_STEP), "/members/community", missing=missing))


@routes.get("/step-register")
@may("see-register")
def register_step(request: Request) -> Response:
    with reading(request) as tx:
        counts = count_members(tx), len(list_connections(tx)), len(list_contracts(tx))
    members, connections, contracts = counts
    missing = []
    if not members:
        missing.append(say("There is no member yet."))
    if not connections:
        missing.append(say("There is no connection yet."))
    if not contracts:
        missing.append(say("There is no contract yet: what nobody has a contract for is not billed."))
    done = (
        say_count("%(num)s member", "%(num)s members", members),
        say_count("%(num)s connection", "%(num)s connections", connections),
        say_count("%(num)s contract", "%(num)s contracts", contracts),
    )
    step = Step(say(REGISTER_STEP), "/members/imports", done if any(counts) else (), tuple(missing))
    return show_step(request, step)


@routes.get("/waiting")
@may("see-own")
def waiting(request: Request) -> Response:
    session = session_of(request)
    lines = []
    with reading(request) as tx:
        today = tx.today
        proposal = find_open_proposal(tx) if ACCESS.allows(session, "confirm-iban") else None
    if proposal is not None and proposal.proposed_by != str(session.actor("page")):
        text = say("Another bank account, %(iban)s, waits for you as the second person", iban=proposal.iban)
        lines.append(Waiting(text, "/members/community"))
    return show_waiting(request, lines, today)
