"""Lines of the home page on billing: the last step to a first bill, runs and notices that wait, and bills to pay."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request, Response

from coop.billing.access import ACCESS
from coop.billing.amounts.releasing import list_waiting
from coop.billing.bills.rules import last_day_to_pay
from coop.billing.bills.sight import own_heads
from coop.billing.checking import words
from coop.billing.figures import board
from coop.billing.law.proposals import list_open
from coop.billing.notices import store as notices
from coop.billing.runs import store as runs
from coop.billing.runs.issuing import CORRECTIONS
from coop.kit.actor import name_id
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.values import say, say_count
from coop.web.language import N_, language_of, translate
from coop.web.waiting import Step, Waiting, show_step, show_waiting
from coop.web.writing import money

FIRST_STEP = N_("The first bills")
TO_BILL = {
    "preview": N_("Bills of %(period)s can be made: look at them and issue them"),
    "drafted": N_("Bills of %(period)s are drafted: look at them and issue them"),
    "held": N_("Bills of %(period)s are held, for some are unlikely: look at these and release them"),
}

routes = APIRouter(route_class=GuardedRoute, prefix="/billing/cards", include_in_schema=False)
may = ACCESS.may


@routes.get("/step-bills")
@may("see-runs")
def bills_step(request: Request) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        periods, tariffs = board.list_periods(tx), board.list_tariffs(tx)
    if any(view.status == "issued" for view in periods):
        return show_step(request, Step(say(FIRST_STEP), "/billing/runs", ends_list=True))
    missing: list[str] = []
    href = "/billing/runs"
    if not tariffs:
        missing.append(say("No tariff has come from the members' meeting yet."))
    ready = [view for view in periods if view.status in TO_BILL]
    if ready:
        period, href = ready[-1].period, f"/billing/runs/{ready[-1].period}"
        missing.append(translate(lang, TO_BILL[ready[-1].status], period=words.period_name(lang, period)))
    else:
        missing.append(say("No month is closed yet."))
    return show_step(request, Step(say(FIRST_STEP), href, missing=tuple(missing)))


@routes.get("/waiting")
@may("see-bills")
def waiting(request: Request) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        lines = [
            *_list_runs(tx, session, lang),
            *_list_notices(tx, session),
            *_list_entries(tx, session),
            *_list_law(tx, session),
            *_list_amounts(tx, session),
            *_list_unpaid(tx, session, lang, tx.today),
        ]
        today = tx.today
    return show_waiting(request, lines, today)


def _list_runs(tx: Tx, session: Session, lang: str) -> list[Waiting]:
    """Runs that somebody who may issue or release them has to look at, oldest first."""
    may_do = {status: ACCESS.allows(session, "release-runs" if status == "held" else "run-bills") for status in TO_BILL}
    lines = [
        Waiting(
            translate(lang, TO_BILL[view.status], period=words.period_name(lang, view.period)),
            f"/billing/runs/{view.period}",
        )
        for view in reversed(board.list_periods(tx) if any(may_do.values()) else [])
        if may_do.get(view.status)
    ]
    if may_do["drafted"] and any(proposal.name == CORRECTIONS for proposal in runs.list_proposals(tx)):
        lines.append(Waiting(say("Corrections are drafted: look at them and issue them"), "/billing/runs/corrections"))
    return lines


def _list_notices(tx: Tx, session: Session) -> list[Waiting]:
    """A change of tariff of which no member was told in writing; the first tariff changes nothing."""
    if not ACCESS.allows(session, "send-notices"):
        return []
    changed = board.list_tariffs(tx)[1:]
    if not changed or changed[-1].mailings:
        return []
    text = say(
        "Tell each member in writing of the tariff from %(day)s: it binds nobody before", day=changed[-1].valid_from
    )
    return [Waiting(text, "/billing/tariffs", changed[-1].valid_from)]


def _list_entries(tx: Tx, session: Session) -> list[Waiting]:
    """Notices that somebody else entered, for whoever may confirm them."""
    if not ACCESS.allows(session, "send-notices"):
        return []
    return [
        Waiting(
            say(
                "A notice of %(day)s to %(count)s members waits for a second person",
                day=entry.sent_on,
                count=len(entry.members),
            ),
            f"/billing/notices/{entry.number}",
        )
        for entry in notices.list_open(tx)
        if name_id(entry.entered_by) != name_id(str(session.actor("page")))
    ]


def _list_amounts(tx: Tx, session: Session) -> list[Waiting]:
    """Held first amounts that somebody else proposed to set, for whoever may confirm them."""
    if not ACCESS.allows(session, "release-runs"):
        return []
    others = [
        each for each in list_waiting(tx).values() if name_id(each.entered_by) != name_id(str(session.actor("page")))
    ]
    count = len(others)
    text = say_count(
        "%(num)s monthly amount waits for a second person", "%(num)s monthly amounts wait for a second person", count
    )
    return [Waiting(text, "/billing/amounts")] if others else []


def _list_law(tx: Tx, session: Session) -> list[Waiting]:
    """Law that somebody else entered, for whoever may confirm it."""
    if not ACCESS.allows(session, "publish-law"):
        return []
    return [
        Waiting(
            say("Law from %(day)s waits for a second person: hold it beside its source", day=each.valid_from),
            f"/billing/law/waiting/{each.number}",
        )
        for each in list_open(tx)
        if each.proposed_by != str(session.actor("page"))
    ]


def _list_unpaid(tx: Tx, session: Session, lang: str, today: date) -> list[Waiting]:
    """Own bills whose last day to pay has not passed."""
    return [
        Waiting(
            translate(
                lang, "Bill %(number)s: pay %(amount)s", number=head.number, amount=money(lang, head.asked_cents)
            ),
            f"/billing/bills/{head.id}",
            last_day_to_pay(head.issued_on),
        )
        for head in own_heads(tx, session)
        if head.asked_cents > 0 and last_day_to_pay(head.issued_on) >= today
    ]
