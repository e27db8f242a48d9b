"""Page of suspensions: who is suspended until when, and decisions of the board that two people enter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.entries.forms import enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.governance.meetings import store
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.statutes.law import LAW
from coop.governance.statutes.version import in_force
from coop.governance.statutes.voters import find_voters
from coop.governance.suspensions import commands
from coop.governance.suspensions.views import view_suspensions
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, say
from coop.web.forms import Form, read_day
from coop.web.language import N_

PAGE: Final = "/governance/suspensions"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may

_CONFIRMED: Final = N_("Confirmed: it holds, and the member is told.")

KINDS: Final = {
    commands.SUSPENSION: EntryKind(
        PAGE,
        commands.keep_suspension,
        N_("Confirm that a member is suspended, or leave it out: %(paper)s"),
        _CONFIRMED,
        judge=commands.require_another,
    ),
    commands.LIFTING: EntryKind(
        PAGE,
        commands.keep_lifting,
        N_("Confirm that a suspension is lifted, or leave it out: %(paper)s"),
        _CONFIRMED,
        judge=commands.require_another,
    ),
}


@routes.get("")
@may("see-suspensions")
def show_suspensions(request: Request) -> Response:
    """Show who is suspended, and what waits for a second person."""
    return _show(request, Form({}))


def _enter(tx: Tx, session: Session, filled: Mapping[str, str]) -> None:
    """Keep a suspension, or the lifting of one, until somebody else confirms it."""
    ids = {number: member_id for member_id, number in list_numbers(tx).items()}
    lifts = filled.get("act") == "lift"
    number = filled.get("lifted" if lifts else "number", "").strip()
    if number not in ids:
        raise BadInput([Problem(say("no member has this number"), "member_id")], "bad-suspension")
    if lifts:
        signer = commands.find_signer(session)
        commands.lift_suspension(tx, ids[number], filled.get("lift_paper", ""), signer)
    else:
        day, months = read_day(filled, "from_on", "bad-suspension"), _read_months(filled)
        commands.suspend_member(tx, ids[number], day, months, filled.get("paper", ""))


def _read_months(filled: Mapping[str, str]) -> int:
    text = filled.get("months", "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _show(request: Request, form: Form) -> Response:
    session = session_of(request)
    with reading(request) as tx:
        shown, numbers, today = view_suspensions(tx), list_numbers(tx), tx.today
        waiting = [(entry, commands.read_first_day(entry)) for entry in list_waiting(tx, *KINDS)]
        versions = [each for each in store.list_statutes(tx) if each.valid_from <= today]
    voters = find_voters(in_force(versions, today).articles if versions else LAW)
    return show_page(
        request,
        "governance/suspensions.html",
        form,
        shown=shown,
        waiting=waiting,
        numbers=numbers,
        today=today,
        most=voters.suspended_months,
        article=voters.suspended_article or voters.article,
        no_vote_article=voters.suspended_no_vote_article or voters.article,
        steward=ACCESS.allows(session, "suspend-members"),
    )


enter_at(routes, KINDS, "suspend-members", _enter, _show)
settle_at(routes, KINDS, _show)
