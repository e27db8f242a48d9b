"""The page of municipality, water board and financiers: the programmes, what happened, and where programs read it."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.feeds import store as feed_store
from coop.governance.feeds import words as feed_words
from coop.governance.feeds.api import PUBLIC, page_of
from coop.governance.meetings.store import list_meetings
from coop.governance.programmes.pages import powers_of, programme_words
from coop.governance.programmes.views import view_programmes
from coop.kit.http import GuardedRoute, reading, site_of
from coop.web.language import language_of
from coop.web.shell import render

_RECENT = 12

routes = APIRouter(route_class=GuardedRoute, prefix="/governance", include_in_schema=False)
may = ACCESS.may


@routes.get("/partner")
@may("see-partner")
def show_partner(request: Request) -> Response:
    """The page of municipality, water board and financiers."""
    lang = language_of(request)
    with reading(request) as tx:
        views, powers = view_programmes(tx), powers_of(tx, request)
        facts = feed_store.list_facts_before(tx, PUBLIC, None, _RECENT)
        meetings = list_meetings(tx)
    called = wording.names(lang, meetings, [view.programme for view in views])
    news = []
    for fact in facts:
        data = json.loads(fact.data)
        text = feed_words.fact(lang, fact.type, data, called)
        news.append((feed_words.fact_day(data), text, "/governance" + page_of(fact.type, data)))
    return render(
        request,
        "governance/partner.html",
        views=views,
        news=news,
        address=site_of(request).url + "/governance",
        **powers,
        **programme_words(),
    )
