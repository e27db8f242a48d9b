"""Card on one member for the member's page: votes and notices of meetings. Nobody reads there how a person voted."""

from __future__ import annotations

from datetime import date
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.meetings.notice_store import find_outcomes
from coop.governance.meetings.store import list_meetings
from coop.governance.meetings.voter_store import find_members
from coop.governance.meetings.voting_lists import list_suspended, weigh_members
from coop.kit.http import GuardedRoute, reading
from coop.kit.tx import Tx
from coop.web.shell import card

_MEETINGS: Final = 5
"""Meetings on the card, newest first."""

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/cards", include_in_schema=False)
may = ACCESS.may


@routes.get("/members/{member_id}")
@may("see-member-votes")
def show_member_card(request: Request, member_id: str) -> Response:
    """Show how many votes a member has, and what became of the notices to them."""
    with reading(request) as tx:
        outcomes = find_outcomes(tx, member_id)
        rows = [
            (meeting, _count_votes(tx, meeting.held_on, member_id), outcomes.get(meeting.meeting_id, ""))
            for meeting in list_meetings(tx)[-_MEETINGS:][::-1]
        ]
        votes = _count_votes(tx, tx.today, member_id)
        suspended = list_suspended(tx, tx.today).get(member_id)
    return card(request, "governance/card_member.html", votes=votes, rows=rows, suspended=suspended)


def _count_votes(tx: Tx, day: date, member_id: str) -> int:
    return weigh_members(tx, day, find_members(tx, day, members=[member_id])).get(member_id, 0)
