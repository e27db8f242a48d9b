"""Pages of attendance: stewards note who comes in with one tap, undo it, and see at once whether enough are there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.attendance import commands as attendance
from coop.governance.ballots.attendance import own
from coop.governance.ballots.attendance.commands import Arrival
from coop.governance.ballots.attendance.rules import MANDATE, ROOM
from coop.governance.ballots.attendance.views import view_attendance
from coop.governance.ballots.views import find_meeting_view
from coop.governance.entries.forms import Filled, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.governance.meetings import voting_lists
from coop.governance.meetings.voter_store import list_numbers
from coop.kit.actor import Actor
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, read_digits, say
from coop.web.forms import Form
from coop.web.language import N_, language_of, translate, translate_counted
from coop.web.shell import redirect

SHOWN: Final = 12
"""Members who are there, and who are not, on one page; a search finds the others."""

LINES_MAX: Final = 1000
FORM_MAX: Final = 256 * 1024

KINDS: Final = {
    "attendance": EntryKind(
        "/governance/meetings/{meeting_id}/attendance",
        attendance.keep_attendance,
        N_("Compare who was there with the list on paper: %(paper)s"),
        dropped=N_("This list is left out."),
        counted=lambda lang, new: translate_counted(
            lang, "%(num)s member is on the list.", "%(num)s members are on the list.", new
        ),
    )
}

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/meetings", include_in_schema=False)
may = ACCESS.may


@routes.get("/{meeting_id}/attendance")
@may("see-attendance")
def show_attendance(request: Request, meeting_id: str, search: str = "") -> Response:
    """Show who is there and whether that is enough, and whoever may come in still."""
    return _show(request, meeting_id, Form({}), search[:100])


@routes.post("/{meeting_id}/attendance")
@may("note-attendance")
@body_max(FORM_MAX)
def note(request: Request, meeting_id: str, filled: Filled) -> Response:
    """Note that a member came or left, undo a line, sign the list, or keep one on paper."""
    lang, page = language_of(request), f"/governance/meetings/{meeting_id}/attendance"
    act, number = filled.get("act", ""), filled.get("number", "").strip()[:100]
    try:
        with writing(request) as tx:
            said = _act(tx, meeting_id, act, number, filled, lang)
    except CoopError as refusal:
        return _show(request, meeting_id, Form(filled).refused(refusal), filled.get("search", "")[:100])
    return redirect(page, said)


@routes.post("/{meeting_id}/here")
@may("attend-online")
def note_own(request: Request, meeting_id: str, filled: Filled) -> Response:
    """Note that the reader takes part from elsewhere, or leaves again."""
    lang, page, member_id = language_of(request), f"/governance/meetings/{meeting_id}", session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with writing(request) as tx:
        if filled.get("act") == "leave":
            own.leave_online(tx, meeting_id, member_id)
            return redirect(page, translate(lang, "You left: that stands on the list of who is there."))
        own.come_online(tx, meeting_id, member_id)
    return redirect(page, translate(lang, "You are on the list of who is there. Say it here when you leave."))


def _act(tx: Tx, meeting_id: str, act: str, number: str, filled: Mapping[str, str], lang: str) -> str:
    """Do what a button says; returns the sentence about it."""
    if act == "sign":
        attendance.sign_attendance(tx, meeting_id)
        return translate(lang, "You looked at the list: that is kept.")
    if act == "undo":
        attendance.undo_line(tx, meeting_id, read_digits(filled.get("line", "")) or 0)
        return translate(lang, "It is undone.")
    ids = _list_ids(tx, meeting_id)
    if act == "paper":
        entry = attendance.enter_attendance(
            tx,
            meeting_id,
            filled.get("paper", ""),
            _read_lines(filled.get("lines", ""), ids),
            filled.get("entry_id", "")[:100],
        )
        return translate_counted(
            lang,
            "%(num)s member is entered. It counts once somebody else confirms it.",
            "%(num)s members are entered. They count once somebody else confirms them.",
            len(entry.content),
        )
    member_id = _find_member(ids, number, "number")
    if act == "left":
        attendance.note_leaving(tx, meeting_id, member_id)
        return translate(lang, "Member %(number)s left.", number=number)
    holder = filled.get("holder", "").strip()[:100]
    manner = MANDATE if holder else act
    held_by = _find_member(ids, holder, "holder") if holder else ""
    attendance.note_arrival(tx, meeting_id, Arrival(member_id, manner, held_by))
    return translate(lang, "Member %(number)s is there.", number=number)


def _list_ids(tx: Tx, meeting_id: str) -> Mapping[str, str]:
    """Ids of the members of the voting list, by their numbers."""
    numbers = list_numbers(tx)
    listed = voting_lists.read_list(tx, find_meeting_view(tx, meeting_id).meeting)
    return {numbers.get(member_id, member_id): member_id for member_id in listed}


def _find_member(ids: Mapping[str, str], number: str, field: str, line: int | None = None) -> str:
    if number not in ids:
        raise BadInput([_name_unknown(number, field, line)], "bad-attendance")
    return ids[number]


def _name_unknown(number: str, field: str, line: int | None) -> Problem:
    return Problem(say("no member with number %(number)s is on the voting list", number=number), field, line)


def _read_lines(text: str, ids: Mapping[str, str]) -> Sequence[Arrival]:
    """Members on a list of signatures: a number on each line, and behind > that of whoever holds the mandate.

    Raises:
        BadInput: with every line that names nobody.
    """
    lines = [(line, typed) for line, typed in enumerate(text.splitlines(), start=1) if typed.strip()]
    if len(lines) > LINES_MAX:
        raise BadInput([Problem(say("enter at most %(most)s lines at once", most=LINES_MAX), "lines")])
    arrivals, problems = [], []
    for line, typed in lines:
        number, holder = (part.strip() for part in re.match(r"([^>]*)>?(.*)", typed).groups())  # type: ignore[union-attr]
        problems += [
            _name_unknown(given[:100], field, line)
            for given, field in ((number, "number"), (holder, "holder"))
            if given not in ids and (given or field == "number")
        ]
        arrivals.append(Arrival(ids.get(number, ""), MANDATE if holder else ROOM, ids.get(holder, "")))
    if problems:
        raise BadInput(problems, "bad-attendance")
    return arrivals


def _show(request: Request, meeting_id: str, form: Form, search: str = "") -> Response:
    session = session_of(request)
    me = str(Actor(session.kind, session.account_id, "page"))
    with reading(request) as tx:
        view = view_attendance(tx, meeting_id)
        waiting = list_waiting(tx, "attendance", meeting_id=meeting_id)
        barred = voting_lists.list_suspended_at(tx, view.meeting.meeting)
    sought = search.strip().casefold()
    absent = [number for number in view.absent if sought in number.casefold()]
    arrived = [each for each in view.arrived if sought in each.number.casefold()]
    return show_page(
        request,
        "governance/attendance.html",
        form,
        view=view,
        steward=ACCESS.allows(session, "note-attendance"),
        open=not view.meeting.is_over and tx.today >= view.meeting.meeting.held_on,
        search=search,
        absent=absent[:SHOWN],
        more=max(0, len(absent) - SHOWN),
        arrived=arrived[:SHOWN],
        more_arrived=max(0, len(arrived) - SHOWN),
        everybody=sorted([*view.absent, *(each.number for each in view.arrived)]),
        suspended=[view.numbers.get(member_id, member_id) for member_id in barred],
        unseen=view.count_unseen(me),
        waiting=[(entry, attendance.read_arrivals(entry)) for entry in waiting],
        words=wording,
    )


settle_at(routes, KINDS, _show)
