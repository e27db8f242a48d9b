"""Pages of ballots of the room and on paper: one person enters them by members' numbers, another confirms them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import commands as ballots
from coop.governance.ballots import wording
from coop.governance.ballots.commands import Row
from coop.governance.ballots.papers import read_papers
from coop.governance.ballots.views import MeetingView, find_meeting_view
from coop.governance.entries.forms import Filled, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_entries
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.meetings.voting_lists import read_list
from coop.governance.model import CHOICES, PAPERS
from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.values import BadInput, CoopError, Problem, say
from coop.web.forms import Form
from coop.web.language import N_, language_of, translate_counted
from coop.web.shell import redirect

ROWS: Final = 20
"""Ballots on one form."""

FORM_MAX: Final = 256 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/meetings", include_in_schema=False)
may = ACCESS.may

KINDS: Final = {
    "ballots": EntryKind(
        "/governance/meetings/{meeting_id}/ballots",
        ballots.keep_ballots,
        N_("Compare ballots that somebody entered with the paper: %(paper)s"),
        dropped=N_("These ballots are left out."),
        counted=lambda lang, new: translate_counted(lang, "%(num)s ballot counts.", "%(num)s ballots count.", new),
    )
}


@routes.get("/{meeting_id}/ballots")
@may("enter-ballots")
def show_ballots(request: Request, meeting_id: str) -> Response:
    """Show what was entered, and the form for more."""
    return _show(request, meeting_id, Form({}))


@routes.post("/{meeting_id}/ballots")
@may("enter-ballots")
@body_max(FORM_MAX)
def enter_ballots(request: Request, meeting_id: str, filled: Filled) -> Response:
    """Keep ballots that were entered, until somebody else confirms them."""
    try:
        with reading(request) as tx:
            view = find_meeting_view(tx, meeting_id)
        rows, paper = _read_rows(filled, view), filled.get("paper", "")
        with writing(request) as tx:
            papers, lines = ballots.read_papers(tx, meeting_id, rows)
            entry = ballots.enter_ballots(tx, meeting_id, paper, papers, filled.get("entry_id", ""), lines)
    except CoopError as refusal:
        return _show(request, meeting_id, Form(filled).refused(refusal))
    said = translate_counted(
        language_of(request),
        "%(num)s ballot is entered. It counts once somebody else confirms it.",
        "%(num)s ballots are entered. They count once somebody else confirms them.",
        sum(map(len, entry.content.values())),
    )
    return redirect(f"/governance/meetings/{meeting_id}/ballots", said)


def _read_rows(filled: Mapping[str, str], view: MeetingView) -> list[Row]:
    """The papers of the fields, or of the lines where somebody typed lines.

    Raises:
        BadInput: with every line that cannot be read, or where both are filled in.
    """
    rows = _read_fields(filled, view)
    typed = filled.get("lines", "")
    if not typed.strip():
        return rows
    if rows:
        raise BadInput([Problem(say("fill in the lines or the fields, not both"), "lines")], "bad-ballots")
    ids = [outcome.resolution.resolution_id for outcome in view.on_paper if outcome.withdrawn is None]
    papers, problems = read_papers(typed, len(ids))
    if problems:
        raise BadInput(problems, "bad-ballots")
    return [
        Row(
            paper.line,
            paper.number,
            paper.holder,
            {resolution_id: choice for resolution_id, choice in zip(ids, paper.choices, strict=True) if choice},
        )
        for paper in papers
    ]


def _read_fields(filled: Mapping[str, str], view: MeetingView) -> list[Row]:
    rows = []
    for line in range(1, ROWS + 1):
        choices = {
            outcome.resolution.resolution_id: choice
            for place, outcome in enumerate(view.on_paper)
            if (choice := filled.get(f"{line}.choice.{place}", "")) in CHOICES
        }
        number, holder = (filled.get(f"{line}.{name}", "").strip()[:100] for name in ("number", "holder"))
        if number or holder or choices:
            rows.append(Row(line, number, holder, choices))
    return rows


def _sum_up(content: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, Counter[str]]:
    """Counts of each choice on the papers of an entry, by resolution: to hold against a count by hand."""
    return {resolution_id: Counter(row["choice"] for row in rows) for resolution_id, rows in content.items()}


def _show(request: Request, meeting_id: str, form: Form) -> Response:
    with reading(request) as tx:
        view = find_meeting_view(tx, meeting_id)
        kept = list_entries(tx, "ballots", meeting_id=meeting_id)
        numbers = list_numbers(tx)
        listed = read_list(tx, view.meeting)
    voters = sorted(numbers.get(member_id, member_id) for member_id, votes in listed.items() if votes)
    subjects = {outcome.resolution.resolution_id: number for number, outcome in enumerate(view.outcomes, start=1)}
    return show_page(
        request,
        "governance/ballots.html",
        form,
        view=view,
        kept=kept,
        sums={entry.entry_id: _sum_up(entry.content) for entry, settled in kept if settled is None},
        numbers=numbers,
        subjects=subjects,
        open_ids=[outcome.resolution.resolution_id for outcome in view.outcomes if outcome.decided is None],
        voters=voters,
        papers=[(paper, wording.PAPERS[paper]) for paper in PAPERS],
        rows=range(1, ROWS + 1),
        words=wording,
    )


settle_at(routes, KINDS, _show)
