"""Pages on programmes: milestones against their deadlines, money against milestones, and the steering group's word."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from coop.governance.access import ACCESS, party_of
from coop.governance.charts import Milestone, draw_milestones
from coop.governance.programmes import wording
from coop.governance.programmes.commands import check_reason, decide_referred
from coop.governance.programmes.seat_store import find_seat
from coop.governance.programmes.views import ProgrammeView, view_programmes
from coop.governance.states import MILESTONE_STATES, TRANCHE_STATES
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.tx import Tx
from coop.web.figures import Chart
from coop.web.language import N_, gettext, language_of, translate
from coop.web.shell import card, confirm_page, redirect, render

_QUESTIONS = {
    "release": (N_("Release this tranche?"), N_("Release")),
    "keep": (N_("Keep this tranche for now?"), N_("Keep for now")),
}
routes = APIRouter(route_class=GuardedRoute, prefix="/governance", include_in_schema=False)
may = ACCESS.may


@routes.get("/programme")
@may("see-programme")
def show_programme(request: Request) -> Response:
    """Programmes with their milestones and their money."""
    lang = language_of(request)
    with reading(request) as tx:
        views, powers = view_programmes(tx), powers_of(tx, request)
    return render(
        request,
        "governance/programme.html",
        views=[(view, _chart(view, tx.today, lang)) for view in views],
        **powers,
        for_partners=ACCESS.allows(session_of(request), "plan-programme"),
        **programme_words(),
    )


@routes.post("/tranches/{tranche_id}/decide")
@may("decide-tranche")
def decide(
    request: Request,
    tranche_id: str,
    decision: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "",
    confirmed: Annotated[str, Form()] = "",
) -> Response:
    """Speak today, as one party of the steering group, on a tranche that the rule did not release; ask before."""
    lang = language_of(request)
    back = "/governance/partner" if session_of(request).has("partner") else "/governance/programme"
    if confirmed != "yes":
        title, button = _QUESTIONS["release" if decision == "release" else "keep"]
        return confirm_page(
            request,
            title=gettext(lang, title),
            text=translate(
                lang,
                "A tranche is released once the co-operative says so, and more partners than not. Your word is kept for"
                " good, with a number, today's date and your seat. Members read your name and your reason: %(reason)s",
                reason=check_reason(reason),
            ),
            button=gettext(lang, button),
            action=f"/governance/tranches/{tranche_id}/decide",
            back=back,
            hidden={"decision": decision, "reason": reason},
        )
    with writing(request) as tx:
        released = decide_referred(tx, tranche_id, decision, tx.today, party_of(session_of(request)), reason)
    if released:
        return redirect(back, translate(lang, "The steering group released the tranche."))
    if decision == "release":
        return redirect(
            back, translate(lang, "Your word is kept. The tranche is released once the other side says so too.")
        )
    return redirect(back, translate(lang, "Your word is kept: the tranche stays where it is."))


@routes.get("/cards/programme")
@may("see-programme")
def show_programme_card(request: Request) -> Response:
    """The card of the home page on programmes."""
    with reading(request) as tx:
        views = view_programmes(tx)
    return card(request, "governance/card_programme.html", views=views)


def powers_of(tx: Tx, request: Request) -> dict[str, Any]:
    """Powers of the reader over milestones and tranches, as the templates ask for them."""
    session = session_of(request)
    return {
        "seated": find_seat(tx, session.account_id, tx.today) is not None,
        "steering": ACCESS.allows(session, "decide-tranche"),
        "party": party_of(session),
        "reporting": ACCESS.allows(session, "report-milestone"),
        "checking": ACCESS.allows(session, "check-milestone"),
        "reading_evidence": ACCESS.allows(session, "see-evidence"),
        "me": str(session.actor("page")),
    }


def programme_words() -> dict[str, Any]:
    """Words and states that the templates of programmes say."""
    return {"words": wording, "milestone_states": MILESTONE_STATES, "tranche_states": TRANCHE_STATES}


def _chart(view: ProgrammeView, today: date, lang: str) -> Chart | None:
    if not view.milestones:
        return None
    reached = sum(milestone.reached is not None for milestone in view.milestones)
    return draw_milestones(
        title=translate(lang, "Milestones against their deadlines"),
        sentence=translate(
            lang,
            "%(reached)s of %(total)s milestones are reached; days stood still waiting for money: %(days)s.",
            reached=reached,
            total=len(view.milestones),
            days=view.days_still,
        ),
        plan=[
            Milestone(
                wording.milestone_name(lang, row.milestone),
                row.start,
                row.milestone.deadline,
                row.reached.reached_on if row.reached else None,
                gettext(lang, MILESTONE_STATES[row.state][0]),
            )
            for row in view.milestones
        ],
        today=today,
        lang=lang,
    )
