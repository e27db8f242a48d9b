"""Page of mandates: a member lets another vote for them or takes it back, and votes for whoever chose them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import commands as ballots
from coop.governance.ballots import wording
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.mandates.store import list_mandates
from coop.governance.ballots.mandates.views import view_mandates
from coop.governance.ballots.papers import read_numbers
from coop.governance.ballots.store import list_ballots
from coop.governance.ballots.views import find_meeting_view
from coop.governance.meetings import voting_lists
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.model import MANDATE, SPLIT
from coop.governance.statutes.voters import judge_split
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say
from coop.web.forms import Form, read_form
from coop.web.language import N_, language_of, translate, translate_counted
from coop.web.shell import redirect, render

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/meetings", include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]

CHOSEN: Final = N_("Member %(number)s votes for you at this meeting, until you take it back or vote yourself.")


@routes.get("/{meeting_id}/mandate")
@may("vote")
def show_mandate(request: Request, meeting_id: str) -> Response:
    """Show the reader's mandate, and those that they hold."""
    return _show(request, meeting_id, Form({}))


@routes.post("/{meeting_id}/mandate")
@may("vote")
def change_mandate(request: Request, meeting_id: str, filled: Filled) -> Response:
    """Give a mandate, take it back, or vote for all who gave theirs to the reader."""
    lang, page, member_id = language_of(request), f"/governance/meetings/{meeting_id}/mandate", _own_id(request)
    try:
        with writing(request) as tx:
            said = _act(tx, meeting_id, member_id, filled, lang)
    except CoopError as refusal:
        return _show(request, meeting_id, Form(filled).refused(refusal))
    return redirect(page, said)


@routes.get("/{meeting_id}/mandates")
@may("see-attendance")
def show_mandates(request: Request, meeting_id: str) -> Response:
    """Show the stewards who votes for whom."""
    with reading(request) as tx:
        view, listed = view_mandates(tx, meeting_id)
    return render(request, "governance/mandates.html", view=view, mandates=listed, words=wording)


def _act(tx: Tx, meeting_id: str, member_id: str, filled: dict[str, str], lang: str) -> str:
    """Do what a button says; returns the sentence about it."""
    match filled.get("act"):
        case "revoke":
            mandates.revoke_mandate(tx, meeting_id, member_id)
            return translate(lang, "Your mandate is taken back.")
        case "cast":
            count = ballots.cast_by_mandates(
                tx,
                filled.get("resolution_id", "")[:100],
                member_id,
                read_numbers(filled) if filled.get("choice") == SPLIT else filled.get("choice", ""),
                filled.get("ballot_id", "")[:100] or str(uuid4()),
                filled.get("giver", "")[:100],
            )
            return translate_counted(lang, "You voted for %(num)s member.", "You voted for %(num)s members.", count)
    number = filled.get("number", "").strip()[:100]
    ids = {called: each for each, called in list_numbers(tx).items()}
    if number not in ids:
        reason = say("no member with number %(number)s is on the voting list", number=number)
        raise BadInput([Problem(reason, "holder")], "bad-mandate")
    mandates.give_mandate(tx, meeting_id, member_id, ids[number])
    return translate(lang, CHOSEN, number=number)


def _own_id(request: Request) -> str:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    return member_id


def _list_cast(
    tx: Tx, resolution_id: str, givers: Collection[str], holder: str, numbers: Mapping[str, str], lang: str
) -> Sequence[tuple[str, str]]:
    """Choices that somebody cast on a resolution by the mandates that they hold, each with the members of whom."""
    standing = [cast[-1] for cast in list_ballots(tx, resolution_id, givers).values()] if givers else []
    mine = [cast for cast in standing if cast.channel == MANDATE and cast.proxy_holder == holder]
    named: dict[str, list[str]] = {}
    for cast in mine:
        named.setdefault(wording.cast(lang, cast), []).append(numbers.get(cast.member_id, cast.member_id))
    return [(choice, ", ".join(sorted(members))) for choice, members in sorted(named.items())]


def _show(request: Request, meeting_id: str, form: Form) -> Response:
    member_id = _own_id(request)
    with reading(request) as tx:
        view = find_meeting_view(tx, meeting_id)
        live, numbers = list_mandates(tx, meeting_id), list_numbers(tx)
        votes = voting_lists.read_list(tx, view.meeting)
        own = live.get(member_id)
        givers = mandates.list_givers(tx, meeting_id, member_id)
        points = [
            (
                outcome,
                ballots.list_open_givers(tx, view.meeting, outcome.resolution.resolution_id, member_id),
                _list_cast(tx, outcome.resolution.resolution_id, givers, member_id, numbers, language_of(request)),
            )
            for outcome in view.outcomes
            if outcome.withdrawn is None
        ]
    return render(
        request,
        "governance/mandate.html",
        422 if form.problems else 200,
        view=view,
        may_change=not view.is_over and not view.own_votes_over,
        own_votes=votes.get(member_id, 0),
        holder=numbers.get(own.holder, "") if own else "",
        since=own.recorded_at if own else None,
        holder_votes=bool(own and votes.get(own.holder)),
        givers=[(numbers.get(each, each), votes.get(each, 0)) for each in givers],
        points=points if view.own_votes_open and givers else [],
        articles=view.outcomes[0].articles,
        may_split=judge_split(view.outcomes[0].articles).word == "accepted",
        numbers=numbers,
        votes=votes,
        most_votes=max((votes.get(each, 0) for each in givers), default=0),
        empty=Form({}),
        ballot_id=str(uuid4()),
        form=form,
        words=wording,
    )
