"""Lists of governance as files, each under the entry of the page that shows it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.governance import listings
from coop.governance.access import ACCESS
from coop.governance.ballots.attendance.views import view_attendance
from coop.governance.ballots.mandates.views import view_mandates
from coop.governance.ballots.views import find_meeting_view, view_meetings
from coop.governance.expulsions.views import view_expulsions
from coop.governance.programmes.views import view_programmes
from coop.governance.suspensions.views import view_suspensions
from coop.kit.http import GuardedRoute, reading
from coop.web.downloads import Asked

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/exports", include_in_schema=False)
may = ACCESS.may


@routes.get("/meetings.{extension}")
@may("see-decisions")
def export_meetings(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.meetings_listing(view_meetings(tx)))


@routes.get("/resolutions.{extension}")
@may("see-decisions")
def export_resolutions(request: Request, asked: Asked, meeting: str = "") -> Response:
    with reading(request) as tx:
        views = [find_meeting_view(tx, meeting)] if meeting else view_meetings(tx)
        rows = [(view.meeting, outcome) for view in views for outcome in view.outcomes]
        return asked.answer(listings.resolutions_listing(asked.lang, rows))


@routes.get("/attendance.{extension}")
@may("see-attendance")
def export_attendance(request: Request, asked: Asked, meeting: str) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.attendance_listing(view_attendance(tx, meeting).arrived))


@routes.get("/quorum.{extension}")
@may("see-attendance")
def export_quorum(request: Request, asked: Asked, meeting: str) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.quorum_listing(asked.lang, view_attendance(tx, meeting).points))


@routes.get("/mandates.{extension}")
@may("see-attendance")
def export_mandates(request: Request, asked: Asked, meeting: str) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.mandates_listing(view_mandates(tx, meeting)[1]))


@routes.get("/suspensions.{extension}")
@may("see-suspensions")
def export_suspensions(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.suspensions_listing(view_suspensions(tx)))


@routes.get("/expulsions.{extension}")
@may("see-expulsions")
def export_expulsions(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.expulsions_listing(asked.lang, view_expulsions(tx)))


@routes.get("/milestones.{extension}")
@may("see-programme")
def export_milestones(request: Request, asked: Asked, programme: str = "") -> Response:
    with reading(request) as tx:
        views = [view for view in view_programmes(tx) if programme in ("", view.programme.programme_id)]
        return asked.answer(listings.milestones_listing(asked.lang, views))


@routes.get("/tranches.{extension}")
@may("see-programme")
def export_tranches(request: Request, asked: Asked, programme: str = "") -> Response:
    with reading(request) as tx:
        views = [view for view in view_programmes(tx) if programme in ("", view.programme.programme_id)]
        return asked.answer(listings.tranches_listing(asked.lang, views))
