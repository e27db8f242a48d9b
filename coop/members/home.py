"""Lines of the home page on the register: the first steps of a co-operative, and what waits for somebody."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.communities.store import find_profile
from coop.communities.texts import CHOICE_NAMES, PARTICULARS
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.members.access import ACCESS
from coop.members.community.store import find_open_proposal, list_open_choices
from coop.members.connections.store import list_connections
from coop.members.contracts.store import list_contracts
from coop.members.entry.store import list_waiting
from coop.members.factors.store import list_waiting_resets
from coop.members.identity.store import find_account, list_without_factor
from coop.members.programs.store import list_programs
from coop.members.register.store import count_members, get_member
from coop.members.told_moves.store import list_waiting as list_waiting_moves
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
    with reading(request) as tx:
        lines = [
            *_list_ibans(tx, session),
            *_list_choices(tx, session),
            *_list_gateways(tx, session),
            *_list_moves(tx, session),
            *_list_stands(tx, session),
            *_list_factors(tx, session),
        ]
        lines += _list_own(tx, session)
        today = tx.today
    return show_waiting(request, lines, today)


def _list_ibans(tx: Tx, session: Session) -> list[Waiting]:
    """Another bank account of the co-operative, which somebody else proposed."""
    proposal = find_open_proposal(tx) if ACCESS.allows(session, "confirm-iban") else None
    if proposal is None or proposal.proposed_by == str(session.actor("page")):
        return []
    text = say("Another bank account, %(iban)s, waits for you as the second person", iban=proposal.iban)
    return [Waiting(text, "/members/community")]


def _list_choices(tx: Tx, session: Session) -> list[Waiting]:
    """Choices that take two people, which somebody else proposed."""
    if not ACCESS.allows(session, "confirm-choice"):
        return []
    return [
        Waiting(
            say("A choice waits for you as the second person: %(name)s", name=say(CHOICE_NAMES[proposal.name])),
            "/members/community/choices",
        )
        for proposal in list_open_choices(tx)
        if proposal.proposed_by != str(session.actor("page"))
    ]


def _list_gateways(tx: Tx, session: Session) -> list[Waiting]:
    """Gateways that count as devices once a second person says so."""
    if not ACCESS.allows(session, "keep-programs"):
        return []
    mine = str(session.actor("page"))
    waiting = [one for one in list_programs(tx) if one.waits_at(tx.now) and one.meters_by != mine]
    text = say_count(
        "%(num)s gateway waits for you as the second person",
        "%(num)s gateways wait for you as the second person",
        len(waiting),
    )
    where = f"/members/programs/{waiting[0].token_id}" if len(waiting) == 1 else "/members/programs"
    return [Waiting(text, where)] if waiting else []


def _list_moves(tx: Tx, session: Session) -> list[Waiting]:
    """Moves that members told of and nobody settled yet."""
    if not ACCESS.allows(session, "settle-moves"):
        return []
    return [
        Waiting(
            say(
                "%(name)s tells of a move: write it down or say why not", name=get_member(tx, move.told.member_id).name
            ),
            f"/members/register/moves/{move.number}",
        )
        for move in list_waiting_moves(tx)
    ]


def _list_stands(tx: Tx, session: Session) -> list[Waiting]:
    """Stands that were read at a move and are not entered at the meters yet."""
    if not ACCESS.allows(session, "keep-register"):
        return []
    return [
        Waiting(
            say("Enter the stands of %(day)s at connection %(number)s", day=stands.read_on, number=number),
            "/members/register/stands",
        )
        for stands, number, _ in list_waiting(tx)
    ]


def _list_factors(tx: Tx, session: Session) -> list[Waiting]:
    """Second factors that somebody lost, and accounts that lack one though their roles need it."""
    if not ACCESS.allows(session, "reset-factors"):
        return []
    mine = str(session.actor("page"))
    lines = []
    resets = [
        reset for reset in list_waiting_resets(tx) if mine not in (reset.proposed_by, f"account:{reset.account_id}")
    ]
    if resets:
        text = say_count(
            "%(num)s lost second factor waits for you as the second person",
            "%(num)s lost second factors wait for you as the second person",
            len(resets),
        )
        lines.append(Waiting(text, "/members/lost-factors"))
    if without := list_without_factor(tx):
        text = say_count(
            "%(num)s account has no second factor, though its role needs one",
            "%(num)s accounts have no second factor, though their roles need one",
            len(without),
        )
        lines.append(Waiting(text, "/members/lost-factors"))
    return lines


def _list_own(tx: Tx, session: Session) -> list[Waiting]:
    """A second factor that is offered to whoever has none and need not have one."""
    account = find_account(tx, session.account_id)
    if account is None or account.has_factor or "member" not in account.roles:
        return []
    return [
        Waiting(say("Protect your account with a second factor, if you like: it takes two minutes"), "/members/factors")
    ]
