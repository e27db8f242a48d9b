"""Pages on programmes: milestones against their deadlines, money against milestones, and the steering group's word."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from coop.governance import wording
from coop.governance.charts import Milestone, draw_milestones
from coop.governance.feed import PUBLIC, page_of
from coop.governance.handlers.feeds import create_feed_token, revoke_feed_token
from coop.governance.handlers.programmes import decide_referred
from coop.governance.storage import feeds as feed_store
from coop.governance.storage.meetings import all_meetings
from coop.governance.views import ProgrammeView, programme_views
from coop.kit import clock
from coop.kit.auth import require
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.web.figures import Chart
from coop.web.language import N_, gettext, language_of, translate
from coop.web.shell import card, confirm_page, redirect, render

MILESTONE_STATES = {
    "reached": (N_("reached in time"), "good"),
    "late": (N_("reached too late"), "warn"),
    "overdue": (N_("overdue"), "bad"),
    "planned": (N_("planned"), "plain"),
}
TRANCHE_STATES = {
    "released": (N_("released"), "good"),
    "referred": (N_("with the steering group"), "warn"),
    "planned": (N_("waits for its milestone"), "plain"),
}
_QUESTIONS = {
    "release": (N_("Release this tranche?"), N_("Release")),
    "keep": (N_("Keep this tranche for now?"), N_("Keep for now")),
}
_STEERING = ("board", "partner", "operator")
_RECENT = 12


def router(database: Database, settings: Settings) -> APIRouter:
    """Routes of the pages on programmes."""
    routes = APIRouter(prefix="/governance", include_in_schema=False)

    @routes.get("/programme")
    def programme(request: Request) -> Response:
        session = require(request)
        today, lang = clock.today(), language_of(request)
        with database.read() as connection:
            views = programme_views(connection, session.community, today)
        return render(
            request,
            "governance/programme.html",
            views=[(view, _chart(view, today, lang)) for view in views],
            steering=session.has(*_STEERING),
            **_words(),
        )

    @routes.post("/tranches/{tranche_id}/decide")
    def decide(
        request: Request,
        tranche_id: str,
        decision: Annotated[str, Form()],
        decided_on: Annotated[date | None, Form()] = None,
        confirmed: Annotated[str, Form()] = "",
    ) -> Response:
        session, lang = require(request, *_STEERING), language_of(request)
        back = "/governance/partner" if session.has("partner") else "/governance/programme"
        if confirmed != "yes" or decided_on is None:
            title, button = _QUESTIONS["release" if decision == "release" else "keep"]
            return confirm_page(
                request,
                title=gettext(lang, title),
                text=translate(lang, "The decision of the steering group is kept for good, with its date."),
                button=gettext(lang, button),
                action=f"/governance/tranches/{tranche_id}/decide",
                back=back,
                hidden={"decision": decision, "decided_on": clock.today().isoformat()},
            )
        with database.write() as connection:
            decide_referred(connection, session.community, tranche_id, decision, decided_on, session.account_id)
        return redirect(back, translate(lang, "The decision of the steering group is kept."))

    @routes.get("/partner")
    def partner(request: Request) -> Response:
        session = require(request, "partner", "board", "operator", "auditor", "treasurer")
        return _partner_page(request, session.community, new_token="")

    @routes.post("/feed-tokens")
    def make_token(request: Request, audience: Annotated[str, Form()]) -> Response:
        session = require(request, "board", "operator")
        with database.write() as connection:
            _, token = create_feed_token(
                connection, session.community, audience.strip(), clock.today(), settings.signing_secret()
            )
        return _partner_page(request, session.community, new_token=token)

    @routes.post("/feed-tokens/{token_id}/revoke")
    def revoke(request: Request, token_id: str, confirmed: Annotated[str, Form()] = "") -> Response:
        session, lang = require(request, "board", "operator"), language_of(request)
        if confirmed != "yes":
            return confirm_page(
                request,
                title=translate(lang, "Revoke this token?"),
                text=translate(lang, "Whoever reads the feed with it gets nothing more."),
                button=translate(lang, "Revoke"),
                action=f"/governance/feed-tokens/{token_id}/revoke",
                back="/governance/partner",
            )
        with database.write() as connection:
            revoke_feed_token(connection, session.community, token_id, clock.today())
        return redirect("/governance/partner", translate(lang, "The token is revoked."))

    @routes.get("/cards/programme")
    def programme_card(request: Request) -> Response:
        session = require(request)
        with database.read() as connection:
            views = programme_views(connection, session.community, clock.today())
        return card(request, "governance/card_programme.html", views=views)

    def _partner_page(request: Request, community: str, new_token: str) -> Response:
        session, lang, today = require(request), language_of(request), clock.today()
        with database.read() as connection:
            views = programme_views(connection, community, today)
            facts = feed_store.facts_before(connection, community, PUBLIC, None, _RECENT)
            tokens = feed_store.tokens(connection, community)
            meetings = all_meetings(connection, community)
        called = wording.names(lang, meetings, [view.programme for view in views])
        news = []
        for fact in facts:
            data = json.loads(fact.data)
            text = wording.fact(lang, fact.type, data, called)
            news.append((wording.fact_day(data), text, "/governance" + page_of(fact.type, data)))
        return render(
            request,
            "governance/partner.html",
            views=views,
            news=news,
            address=settings.public_url() + "/governance",
            tokens=tokens if session.has("board", "operator") else None,
            new_token=new_token,
            steering=session.has(*_STEERING),
            **_words(),
        )

    return routes


def _words() -> dict[str, Any]:
    return {"words": wording, "milestone_states": MILESTONE_STATES, "tranche_states": TRANCHE_STATES}


def _chart(view: ProgrammeView, today: date, lang: str) -> Chart | None:
    if not view.milestones:
        return None
    reached = sum(one.reached is not None for one in view.milestones)
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
                wording.milestone_name(lang, one.milestone),
                one.start,
                one.milestone.deadline,
                one.reached.reached_on if one.reached else None,
                gettext(lang, MILESTONE_STATES[one.state][0]),
            )
            for one in view.milestones
        ],
        today=today,
        lang=lang,
    )
