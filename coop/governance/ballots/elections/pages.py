"""Pages of an election: who stands, the vote itself, the counts, and what stewards do from one vote to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.elections import commands, papers, store, texts
from coop.governance.ballots.elections.candidacy import OFFICES
from coop.governance.ballots.elections.model import Sheet
from coop.governance.ballots.elections.reading import Election, find_election
from coop.governance.ballots.elections.rules import find_procedure
from coop.governance.ballots.views import find_meeting_view
from coop.governance.entries.forms import Filled, enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_entries
from coop.governance.meetings import voting_lists
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.statutes.terms import judge_electronic
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.values import AMSTERDAM, BadInput, CoopError, Problem, read_digits, say
from coop.web.forms import Form
from coop.web.language import N_, language_of, translate, translate_counted
from coop.web.shell import redirect

NAMES_MAX: Final = 50

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/elections", include_in_schema=False)
may = ACCESS.may

PAGE: Final = "/governance/elections/{resolution_id}"

KINDS: Final = {
    papers.COUNT: EntryKind(PAGE, papers.keep_count, N_("Compare a count of the papers of an election: %(paper)s")),
    papers.LOT: EntryKind(PAGE, papers.keep_lot, N_("Confirm how a lot fell: %(paper)s")),
}


@routes.get("/{resolution_id}")
@may("see-decisions")
def show_election(request: Request, resolution_id: str) -> Response:
    """One election: the candidates, the reader's own vote, every count so far."""
    return _show(request, resolution_id, Form({}))


@routes.post("/{resolution_id}/vote")
@may("vote")
def vote(request: Request, resolution_id: str, filled: Filled) -> Response:
    """Cast the reader's own vote, or that of whoever gave them a mandate."""
    lang, member_id = language_of(request), session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    choices = [value for name, value in sorted(filled.items()) if name.startswith("choice") and value not in ("", "-")]
    ballot_id = filled.get("ballot_id", "")[:100] or str(uuid4())
    try:
        number = _read_whole(filled, "number")
        if not any(name.startswith("choice") for name in filled):
            raise BadInput([Problem(say("choose first, or choose blank"), "choices")], "bad-ballots")
        with writing(request) as tx:
            if filled.get("act") == "mandates":
                cast = commands.cast_by_mandates(tx, resolution_id, number, member_id, choices, ballot_id)
                said = translate_counted(lang, "You voted for %(num)s member.", "You voted for %(num)s members.", cast)
            else:
                is_new = commands.cast_own(tx, resolution_id, number, member_id, choices, ballot_id)
                new = N_("Your vote is in the box. You may change it until it is counted.")
                old = N_("This ballot was in the box already; below stands what counts.")
                said = translate(lang, new if is_new else old)
    except CoopError as refusal:
        return _show(request, resolution_id, Form(filled).refused(refusal))
    return redirect(f"/governance/elections/{resolution_id}", said)


def _go_on(tx: Tx, session: Session, filled: Mapping[str, str], resolution_id: str) -> str:
    """Open the next vote, count one, or enter a count on paper or a lot."""
    paper, entry_id = filled.get("paper", ""), filled.get("entry_id", "")[:100]
    match filled.get("act", ""):
        case "open":
            commands.open_vote(tx, resolution_id, on_paper=filled.get("on_paper") == "yes")
            return N_("The vote is open.")
        case "count":
            commands.close_vote(tx, resolution_id, _read_whole(filled, "number"))
            return N_("The vote is counted.")
        case "sheet":
            names = {name.removeprefix("votes."): name for name in filled if name.startswith("votes.")}
            votes = {option: _read_whole(filled, name) for option, name in names.items()}
            valid, blank, invalid = (_read_whole(filled, name) for name in ("valid", "blank", "invalid"))
            sheet = Sheet(votes, valid, blank, invalid)
            papers.enter_count(tx, resolution_id, _read_whole(filled, "number"), paper, sheet, entry_id)
            return N_("The count is entered. It holds once somebody else confirms it.")
        case "lot":
            drawn = [value for name, value in sorted(filled.items()) if name.startswith("drawn.")]
            papers.enter_lot(tx, resolution_id, _read_whole(filled, "number"), paper, drawn, entry_id)
            return N_("The lot is entered. It decides once somebody else confirms it.")
    raise BadInput([Problem(say("choose what to do"), "act")])


def _read_whole(filled: Mapping[str, str], name: str) -> int:
    number = read_digits(filled.get(name, "").strip() or "0")
    if number is None:
        raise BadInput([Problem(say("give a whole number of votes"), name)], "bad-count")
    return number


def _show(request: Request, resolution_id: str, form: Form) -> Response:
    session = session_of(request)
    member_id, steward = session.member_id or "", ACCESS.allows(session, "close-meeting")
    with reading(request) as tx:
        election = find_election(tx, resolution_id)
        meeting_id = election.meeting.meeting_id
        view = find_meeting_view(tx, meeting_id)
        votes = voting_lists.read_list(tx, election.meeting, [member_id]).get(member_id, 0) if member_id else 0
        numbers, own = list_numbers(tx), _describe_own(tx, election, member_id)
        kept = [
            (entry, settled)
            for entry, settled in list_entries(tx, papers.COUNT, papers.LOT, meeting_id=meeting_id)
            if entry.content["resolution_id"] == resolution_id
        ]
        opened = election.open_vote
        room = papers.count_room(tx, election, opened.number) if opened and opened.on_paper and steward else 0
        now = tx.now.astimezone(AMSTERDAM).replace(tzinfo=None)
        may_count = tx.now >= election.counts_from
        outcome = next(each for each in view.outcomes if each.resolution.resolution_id == resolution_id)
    return show_page(
        request,
        "governance/election.html",
        form,
        election=election,
        outcome=outcome,
        view=view,
        own=own,
        own_votes=votes,
        voter=bool(votes) and ACCESS.allows(session, "vote"),
        electronic=judge_electronic(election.articles, election.meeting.held_on, now),
        procedure=find_procedure(election.articles),
        secret=commands.is_secret(election),
        steward=steward,
        may_count=may_count,
        room=room,
        kept=kept,
        numbers=numbers,
        lots={each.number: each for each in election.lots},
        ballot_id=str(uuid4()),
        words=wording,
        texts=texts,
        offices=OFFICES,
    )


def _describe_own(tx: Tx, election: Election, member_id: str) -> dict[str, Any]:
    """The reader's own standing vote, and how many others they may vote for."""
    opened = election.open_vote
    if not member_id or opened is None:
        return {}
    cast = store.list_ballots(tx, election.resolution.resolution_id, opened.number).get(member_id, [])
    givers = commands.list_open_givers(tx, election, opened.number, member_id)
    return {"vote": cast[-1] if cast else None, "givers": len(givers)}


enter_at(routes, KINDS, "close-meeting", _go_on, _show)
settle_at(routes, KINDS, _show, "/papers")
