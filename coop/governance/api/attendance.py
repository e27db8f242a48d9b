"""The JSON API of attendance: who comes to a meeting and leaves it, and whether enough are there."""

from __future__ import annotations

from fastapi import APIRouter, Request

from coop.governance.access import ACCESS
from coop.governance.api import bodies
from coop.governance.api.answers import EntryOut, tell_entry
from coop.governance.api.attendance_answers import NotedOut, PresentOut, QuorumOut, present_out, quorum_out
from coop.governance.ballots.attendance import commands as attendance
from coop.governance.ballots.attendance import own
from coop.governance.ballots.attendance.commands import Arrival
from coop.governance.ballots.attendance.rules import CAME, LEFT, UNDONE
from coop.governance.ballots.attendance.views import view_attendance
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.paging import Paged
from coop.kit.session import NotAllowed

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/meetings", tags=["governance"])
may = ACCESS.may


@routes.get("/{meeting_id}/attendance")
@may("see-attendance")
def list_attendance(request: Request, meeting_id: str, page: Paged) -> list[PresentOut]:
    """Members who are there, in the order of their ids."""
    with reading(request) as tx:
        view = view_attendance(tx, meeting_id)
    listed = sorted((present_out(each) for each in view.arrived), key=lambda each: each.member_id)
    return list(page.cut(listed, lambda each: (each.member_id,)))


@routes.get("/{meeting_id}/quorum")
@may("see-attendance")
def get_quorum(request: Request, meeting_id: str) -> QuorumOut:
    """Answer how many are there, and whether that is enough for each point."""
    with reading(request) as tx:
        return quorum_out(view_attendance(tx, meeting_id))


@routes.post("/{meeting_id}/attendance")
@may("note-attendance")
def record_attendance(request: Request, meeting_id: str, body: bodies.AttendanceBody) -> NotedOut:
    """Note that a member came or left, undo a line, or say that one has looked at the list."""
    with writing(request) as tx:
        if body.change == CAME:
            new = attendance.note_arrival(tx, meeting_id, Arrival(body.member_id, body.manner, body.holder))
        elif body.change == LEFT:
            new = attendance.note_leaving(tx, meeting_id, body.member_id)
        elif body.change == UNDONE:
            new = attendance.undo_line(tx, meeting_id, body.undoes)
        else:
            new = attendance.sign_attendance(tx, meeting_id)
    return NotedOut(meeting_id=meeting_id, new=new)


@routes.post("/{meeting_id}/attendance/own")
@may("attend-online")
def record_own_attendance(request: Request, meeting_id: str, body: bodies.OwnAttendanceBody) -> NotedOut:
    """Note that the member who is signed in takes part from elsewhere, or leaves again."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with writing(request) as tx:
        change = own.come_online if body.change == CAME else own.leave_online
        return NotedOut(meeting_id=meeting_id, new=change(tx, meeting_id, member_id))


@routes.post("/{meeting_id}/attendance/lists")
@may("note-attendance")
def enter_attendance_list(request: Request, meeting_id: str, body: bodies.AttendanceListBody) -> EntryOut:
    """Enter a list of signatures on paper; it counts once somebody else confirms it."""
    arrivals = [Arrival(each.member_id, each.manner, each.holder) for each in body.members]
    with writing(request) as tx:
        entry = attendance.enter_attendance(tx, meeting_id, body.paper, arrivals, body.entry_id or "")
        return tell_entry(tx, entry)
