"""Page of expulsions for the board: how each stands, and decisions and appeals on paper that two people enter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.entries.forms import enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.governance.expulsions import commands
from coop.governance.expulsions.views import STATES, WAYS, view_expulsions
from coop.governance.meetings.voter_store import list_numbers
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, say
from coop.web.forms import Form, read_day
from coop.web.language import N_

PAGE: Final = "/governance/expulsions"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may

_CONFIRMED: Final = N_("Confirmed: it holds, and the member is told.")

KINDS: Final = {
    commands.EXPULSION: EntryKind(
        PAGE, commands.keep_expulsion, N_("Confirm that a membership ends, or leave it out: %(paper)s"), _CONFIRMED
    ),
    commands.APPEAL: EntryKind(
        PAGE, commands.keep_paper, N_("Compare an appeal with its paper: %(paper)s"), _CONFIRMED
    ),
}


@routes.get("")
@may("see-expulsions")
def show_expulsions(request: Request) -> Response:
    """Show how each expulsion stands, and what waits for a second person."""
    return _show(request, Form({}))


def _enter(tx: Tx, session: Session, filled: Mapping[str, str]) -> None:
    """Keep that a membership ends, or an appeal on paper, until somebody else confirms it."""
    ids = {number: member_id for member_id, number in list_numbers(tx).items()}
    if filled.get("act") == "appeal":
        member_id = _find_member(ids, filled.get("appellant", ""))
        received_on = read_day(filled, "received_on", "bad-expulsion")
        commands.enter_appeal(tx, member_id, received_on, filled.get("appeal_paper", ""))
    else:
        way = filled.get("way", "")
        commands.expel_member(
            tx,
            _find_member(ids, filled.get("number", "")),
            way,
            read_day(filled, "decided_on", "bad-expulsion"),
            filled.get("reason", ""),
            filled.get("article", ""),
            filled.get("paper", ""),
            read_day(filled, "ends_on", "bad-expulsion") if way == "termination" else None,
        )


def _find_member(ids: Mapping[str, str], number: str) -> str:
    member_id = ids.get(number.strip())
    if member_id is None:
        raise BadInput([Problem(say("no member has this number"), "member_id")], "bad-expulsion")
    return member_id


def _show(request: Request, form: Form) -> Response:
    session = session_of(request)
    with reading(request) as tx:
        shown, numbers, today = view_expulsions(tx), list_numbers(tx), tx.today
        waiting = list_waiting(tx, *KINDS)
    return show_page(
        request,
        "governance/expulsions.html",
        form,
        shown=shown,
        waiting=waiting,
        numbers=numbers,
        today=today,
        ways=WAYS,
        states=STATES,
        day_of=date.fromisoformat,
        reason_max=commands.REASON_MAX,
        steward=ACCESS.allows(session, "expel-members"),
    )


enter_at(routes, KINDS, "expel-members", _enter, _show)
settle_at(routes, KINDS, _show)
