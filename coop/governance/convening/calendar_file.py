"""The calendar file of a meeting: one that is put off moves in the calendar, one that is withdrawn is cancelled."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots.views import find_meeting_view
from coop.governance.meetings.calendar import CalendarEvent, write_calendar
from coop.governance.meetings.times import find_recording_time
from coop.governance.meetings.withdrawal_store import Withdrawal, find_followed, list_withdrawals
from coop.kit.http import GuardedRoute, reading, site_of
from coop.kit.tx import Tx
from coop.web.language import language_of, translate
from coop.web.writing import civil_day

MEDIA_TYPE = "text/calendar"

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/meetings", include_in_schema=False)
may = ACCESS.may


@routes.get("/{meeting_id}/calendar.ics")
@may("see-decisions")
def show_calendar(request: Request, meeting_id: str) -> Response:
    """Answer a meeting as a file for calendars, as it stands now: whoever has an older one gets the change."""
    lang, site = language_of(request), site_of(request)
    with reading(request) as tx:
        first, last, changes = _follow(tx, meeting_id)
        view = find_meeting_view(tx, last)
        told_at = [find_recording_time(tx, last), *(change.recorded_at for change in changes)]
    subjects = [outcome.resolution.subject(lang) for outcome in view.outcomes if outcome.withdrawn is None]
    meeting = view.meeting
    event = CalendarEvent(
        uid=f"{first}@{urlsplit(site.url).hostname}",
        sequence=len(changes),
        cancelled=view.state == "withdrawn",
        held_on=meeting.held_on,
        begins_at=meeting.begins_at,
        summary=translate(
            lang, "Members' meeting of %(coop)s, %(day)s", coop=site.name, day=civil_day(lang, meeting.held_on)
        ),
        place=meeting.place,
        description="\n".join(subjects) or (view.withdrawn.reason if view.withdrawn else ""),
        url=f"{site.url}/governance/meetings/{last}",
        stamped_at=max(told_at),
    )
    headers = {"Content-Disposition": 'attachment; filename="meeting.ics"', "Cache-Control": "private, no-cache"}
    return Response(write_calendar(event), media_type=MEDIA_TYPE, headers=headers)


def _follow(tx: Tx, meeting_id: str) -> tuple[str, str, list[Withdrawal]]:
    """The meeting that was convened first, the one that stands in its place now, and every change between."""
    first = meeting_id
    while (earlier := find_followed(tx, first)) is not None:
        first = earlier
    changes, last = [*list_withdrawals(tx, first)], first
    while following := next((each.followed_by for each in changes if each.meeting_id == last and each.whole), None):
        last = following
        changes += list_withdrawals(tx, last)
    return first, last, changes
