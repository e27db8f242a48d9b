"""Page of offices: who sits until when, in the order in which terms end, and terms of before that two people enter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots.elections import papers
from coop.governance.ballots.elections.candidacy import OFFICES
from coop.governance.entries.forms import enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.governance.meetings.store import list_statutes
from coop.governance.meetings.term_store import Term, list_terms
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.statutes.applying import find_council
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, say
from coop.web.forms import Form, read_day
from coop.web.language import N_

PAGE: Final = "/governance/offices"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may

KINDS: Final = {
    papers.TERM: EntryKind(PAGE, papers.keep_term, N_("Compare who is in an office with the paper: %(paper)s")),
    papers.TERM_END: EntryKind(PAGE, papers.keep_end, N_("Compare the end of a term with the paper: %(paper)s")),
}


@routes.get("")
@may("see-decisions")
def show_offices(request: Request) -> Response:
    """Show who is in which office, and until when."""
    return _show(request, Form({}))


def _enter(tx: Tx, session: Session, filled: Mapping[str, str]) -> str:
    """Keep a term of before, until somebody else confirms it."""
    ids = {number: member_id for member_id, number in list_numbers(tx).items()}
    number = filled.get("number", "").strip()
    if number not in ids:
        raise BadInput([Problem(say("no member has this number"), "number")], "bad-term")
    begins_on, ends_on = (read_day(filled, name, "bad-term") for name in ("begins_on", "ends_on"))
    office, stands_for = filled.get("office", ""), filled.get("stands_for", "")
    term = Term(office, ids[number], begins_on, ends_on, stands_for=stands_for)
    papers.enter_term(tx, filled.get("paper", ""), term)
    return N_("The term is entered. It holds once somebody else confirms it.")


def _enter_end(tx: Tx, session: Session, filled: Mapping[str, str]) -> str:
    """Keep that a term ended early, until somebody else confirms it."""
    named = [term for term in list_terms(tx) if _key(term) == filled.get("term", "")]
    if not named:
        raise BadInput([Problem(say("choose whose term ended"), "term")], "bad-term")
    papers.enter_end(tx, filled.get("end_paper", ""), named[0], read_day(filled, "ended_on", "bad-term"))
    return N_("The end is entered. It holds once somebody else confirms it.")


def _key(term: Term) -> str:
    return " ".join(map(str, term.key))


def _show(request: Request, form: Form) -> Response:
    session = session_of(request)
    with reading(request) as tx:
        terms, numbers, today = list_terms(tx), list_numbers(tx), tx.today
        waiting = list_waiting(tx, *KINDS)
        council = find_council(list_statutes(tx), today)
    now = [term for term in terms if term.begins_on <= today < term.ends_on]
    return show_page(
        request,
        "governance/offices.html",
        form,
        offices=[(office, [term for term in now if term.office == office]) for office in OFFICES],
        coming=[term for term in terms if today < term.begins_on],
        past=[term for term in reversed(terms) if term.ends_on <= today],
        next_end=min((term.ends_on for term in now), default=None),
        waiting=waiting,
        numbers=numbers,
        steward=ACCESS.allows(session, "enter-past-meeting"),
        offices_named=OFFICES,
        council=council,
        now=[(_key(term), term) for term in now],
    )


enter_at(routes, KINDS, "enter-past-meeting", _enter, _show)
enter_at(routes, KINDS, "enter-past-meeting", _enter_end, _show, "/ends")
settle_at(routes, KINDS, _show)
