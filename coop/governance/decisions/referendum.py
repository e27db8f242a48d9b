"""All members vote on whether what a meeting adopted falls, or stands: it is suspended until the outcome.

Source: docs/domain/meetings-votes-and-statutes.md#a-referendum; BW 2:39 lid 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from coop.communities.stops import ENDS, REFERENDUM, RESTORED, find_members_word
from coop.events import Event
from coop.governance.decisions.repeal import stop
from coop.governance.kind_fields import Pick, Words, show_fields
from coop.governance.kinds import Adopted, Form, Kind, Known, Parameters
from coop.governance.meetings.store import (
    find_agenda,
    find_decision,
    find_meeting,
    find_resolution,
    list_decisions,
    list_statutes,
)
from coop.governance.meetings.withdrawal_store import find_withdrawn_points
from coop.governance.model import ORDINARY, Meeting, Resolution
from coop.governance.model import REFERENDUM as NAME
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.majorities import find_rule
from coop.governance.statutes.model import Second
from coop.governance.statutes.version import in_force
from coop.governance.stops.rules import REPEALED, Stopping
from coop.governance.stops.store import KeptStop, list_stops, map_stops
from coop.governance.tables.meetings import resolution as points
from coop.kit.tx import Tx
from coop.values import Problem, say
from coop.web.language import N_, gettext

_DECISION = Words("decision", N_("Decision of the referendum"), longest=100)
_KIND = Words("of_kind", N_("Kind of that decision"), longest=40)
_ASKS = Pick(
    "asks",
    N_("What you vote on"),
    among={
        "repeal": N_("Who is for wants the decision to fall; without a majority for that it stands."),
        "confirm": N_("Who is for wants the decision to stand; without a majority for that it falls."),
    },
)


def read(form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
    """The decision that was picked, with its kind, and what the statutes have the members vote on."""
    kind, _, rest = form.get("decision", "").strip().partition(" ")
    resolution_id, _, asks = rest.rpartition(" ")
    if not resolution_id:
        return {}, [Problem(say("choose the decision on which a referendum was asked"), "decision")]
    return {"decision": resolution_id, "of_kind": kind, "asks": asks}, []


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The decision by its subject, and what is voted on."""
    decision = str(parameters.get("decision"))
    return [(gettext(lang, _DECISION.label), called.get(decision, decision)), *show_fields([_ASKS], lang, parameters)]


def list_awaiting(tx: Tx) -> list[tuple[Resolution, str]]:
    """Decisions that are suspended until a referendum, each with what the members vote on."""
    found = []
    for resolution_id, told in map_stops(tx).items():
        word, decided = find_members_word(told), find_resolution(tx, resolution_id)
        if decided is not None and word is not None and word.manner == REFERENDUM:
            found.append((decided, find_question(tx, decided)))
    return found


def find_question(tx: Tx, decided: Resolution) -> str:
    """The question of a referendum on a decision, by the statutes under which that was taken."""
    meeting = find_meeting(tx, find_agenda(tx, decided.resolution_id) or "")
    assert meeting is not None, "it was decided at a meeting"
    own = in_force(list_statutes(tx), meeting.held_on).articles.referenda
    asked = own.get(decided.ruled_as) or own.get(ORDINARY)
    return asked.asks if asked is not None else "repeal"


def list_put(tx: Tx, decision: str) -> list[Resolution]:
    """The points by which a referendum on a decision is or was held, in no order; none that was withdrawn."""
    query = select(points.c.resolution_id).where(points.c.community == tx.community, points.c.kind == NAME)
    found = [each for name in list(tx.scalars(query)) if (each := find_resolution(tx, name)) is not None]
    return [
        each
        for each in found
        if each.parameters["decision"] == decision
        and each.resolution_id not in find_withdrawn_points(tx, find_agenda(tx, each.resolution_id) or "")
    ]


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """Judge that enough members asked it, that nobody holds it elsewhere, and that it asks what the statutes say."""
    if meeting.is_history:
        return [Problem(say("a referendum of the past is not entered here"), "decision")]
    if point.option_of:
        return [Problem(say("a referendum has no options beside it"), "decision")]
    parameters = point.parameters
    awaiting = {(each.resolution_id, each.kind): asks for each, asks in list_awaiting(tx)}
    asks = awaiting.get((str(parameters["decision"]), str(parameters["of_kind"])))
    if asks is None:
        reason = say("no referendum is to be held on this: not enough members asked it, or it was held")
        return [Problem(reason, "decision")]
    if any(find_decision(tx, each.resolution_id) is None for each in list_put(tx, str(parameters["decision"]))):
        return [Problem(say("this referendum stands on another agenda already"), "decision")]
    if parameters["asks"] != asks:
        return [Problem(say("the statutes have the members vote on another question: %(asks)s", asks=asks), "asks")]
    return []


def act(tx: Tx, adopted: Adopted) -> list[Event]:
    """Let the decision fall from the day of its suspension, or act again, as the majority wanted it."""
    point = adopted.resolution
    return _settle(tx, point, adopted.decided_on, stands=point.parameters["asks"] == "confirm")


def turn_down(tx: Tx, turned: Adopted) -> list[Event]:
    """Let the decision act again, or fall, where there was no majority for the opposite. It waits on where nothing was
    decided: for a second meeting, where the statutes know one for want of a quorum, or to be held anew."""
    point = turned.resolution
    if is_left_open(tx, turned.meeting, point):
        return []
    return _settle(tx, point, turned.decided_on, stands=point.parameters["asks"] == "repeal")


def is_left_open(tx: Tx, meeting: Meeting, point: Resolution) -> bool:
    """True where the meeting came to no outcome, so that the decision stays suspended until another one does."""
    decided = find_decision(tx, point.resolution_id)
    reason = decided.verdict.reason if decided is not None else ""
    return reason == "not-decidable" or (reason == "no-quorum" and find_second_call(tx, meeting, point) is not None)


def find_second_call(tx: Tx, meeting: Meeting, point: Resolution) -> Second | None:
    """The second meeting that the statutes let follow where a referendum lacks its quorum; none where this is it."""
    first = find_meeting(tx, meeting.second_of) if meeting.second_of else None
    if first is not None:
        decided = list_decisions(tx, first.meeting_id)
        lacking = {name for name, each in decided.items() if each.verdict.reason == "no-quorum"}
        if any(each.resolution_id in lacking and each.is_same_proposal(point) for each in first.resolutions):
            return None
    return find_rule(find_articles(meeting, list_statutes(tx)), point.ruled_as).second


def _settle(tx: Tx, point: Resolution, decided_on: date, *, stands: bool) -> list[Event]:
    decision, own_id = str(point.parameters["decision"]), point.resolution_id
    word = find_members_word(list_stops(tx, decision))
    if word is None or word.manner != REFERENDUM:
        return []  # The members took it back since, by another resolution.
    paper = point.subject_nl[:300]
    if stands:
        from_on = max(decided_on, word.from_on)
        return stop(tx, decision, Stopping(RESTORED, from_on, decided_on, paper, referendum=own_id))
    return stop(tx, decision, Stopping(REPEALED, word.from_on, decided_on, paper, repealed_by=own_id))


def fall(tx: Tx, point: Resolution, made: Stopping) -> list[Event]:
    """Suspend the decision again where the outcome of its referendum falls; or let it hold where that resumes."""
    decision, own_id = str(point.parameters["decision"]), point.resolution_id
    told = list_stops(tx, decision)
    word = find_members_word(told)
    if word is None or own_id not in (word.repealed_by, word.referendum):
        return []
    if made.manner in ENDS:
        return _settle(tx, point, made.ruled_on, stands=point.parameters["asks"] == "confirm")
    first = next(each.from_on for each in told if each.manner == REFERENDUM)
    return stop(tx, decision, Stopping(REFERENDUM, first, made.ruled_on, made.paper, referendum=own_id))


def find_outcome(told: list[KeptStop]) -> KeptStop | None:
    """The last telling that says what a referendum came to, or None as long as it is to be held."""
    word = find_members_word(told)
    return word if word is not None and word.manner in (REPEALED, RESTORED) else None


KIND = Kind(
    NAME,
    N_("Referendum"),
    N_("All members decide whether an earlier decision stands. It is suspended until then."),
    (_DECISION, _KIND, _ASKS),
    rank=59,
    page="governance/kinds/referendum.html",
    read=read,
    show=show,
    judge_known=judge_known,
    act=act,
    turn_down=turn_down,
    claim=lambda parameters: str(parameters.get("decision")),
    settles_once=True,
    undoes=N_("The decision of the referendum is suspended again, until it is held anew."),
    fall=fall,
)
