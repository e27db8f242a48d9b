"""The members take back what they decided before, from a day on: it asks what the first decision asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from coop.communities.stops import ENDS, RESTORED, find_stopping
from coop.events import Event
from coop.governance.kind_fields import Day, Words, show_fields
from coop.governance.kinds import Adopted, Form, Kind, Known, Parameters, find_kind, list_kinds
from coop.governance.meetings.store import find_decision, find_resolution, list_adopted_of, list_holding
from coop.governance.model import REFERENDUM, REPEAL, Meeting, Resolution
from coop.governance.stops.rules import REPEALED, SUSPENDED, Stopping
from coop.governance.stops.store import add_stop, list_repealed, map_stops
from coop.kit.tx import Tx
from coop.values import Problem, say
from coop.web.language import N_, gettext

_DECISION = Words("decision", N_("Decision that is taken back"), longest=100)
_KIND = Words("of_kind", N_("Kind of that decision"), longest=40)
_FROM = Day("from_on", N_("Does not hold from"))


def read(form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
    """The decision that was picked, with its kind, and the first day without it."""
    kind, _, resolution_id = form.get("decision", "").strip().partition(" ")
    if not resolution_id:
        return {}, [Problem(say("choose the decision that is taken back"), "decision")]
    return {"decision": resolution_id, "of_kind": kind, "from_on": form.get("from_on", "").strip()}, []


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The decision by its subject, and the first day without it."""
    decision = str(parameters.get("decision"))
    return [(gettext(lang, _DECISION.label), called.get(decision, decision)), *show_fields([_FROM], lang, parameters)]


def list_standing(tx: Tx) -> list[Resolution]:
    """Decisions that the members can take back: they hold, or a court suspended them for a while."""
    stops = map_stops(tx)
    names = [kind.name for kind in list_kinds().values() if not kind.instead and kind.name not in (REPEAL, REFERENDUM)]
    return [
        each
        for each in list_adopted_of(tx, *names)
        if {stop.manner for stop in find_stopping(stops.get(each.resolution_id, ()), date.max)} <= {SUSPENDED}
    ]


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """Judge that what is taken back was adopted and holds, and that the past stays as it was."""
    parameters = point.parameters
    found = find_resolution(tx, str(parameters["decision"]))
    decided = find_decision(tx, found.resolution_id) if found else None
    if found is None or decided is None or found.kind != parameters["of_kind"]:
        return [Problem(say("no such decision was adopted, or it does not hold any more"), "decision")]
    kind = find_kind(found.kind)
    if kind.instead:
        return [Problem(say("this cannot be taken back here: %(instead)s", instead=say(kind.instead)), "decision")]
    if found.kind == REPEAL:
        reason = say("taking back is not taken back: put to the vote again what is to hold again")
        return [Problem(reason, "decision")]
    if all(found.resolution_id != each.resolution_id for each in list_standing(tx)):
        return [Problem(say("no such decision was adopted, or it does not hold any more"), "decision")]
    begins_on = max(meeting.held_on, kind.find_beginning(found.parameters, decided.decided_on))
    if date.fromisoformat(parameters["from_on"]) < begins_on:
        reason = say("the members take back what is to come, so from %(day)s at the earliest", day=begins_on)
        return [Problem(reason, "from_on")]
    return []


def act(tx: Tx, adopted: Adopted) -> list[Event]:
    """Stop the decision, also where a court stopped it since the notice: its word may end before the members' does."""
    parameters, own_id = adopted.resolution.parameters, adopted.resolution.resolution_id
    from_on = date.fromisoformat(parameters["from_on"])
    paper = adopted.resolution.subject_nl[:300]
    made = Stopping(REPEALED, from_on, adopted.decided_on, paper, repealed_by=own_id)
    return stop(tx, str(parameters["decision"]), made)


def fall(tx: Tx, resolution: Resolution, made: Stopping) -> list[Event]:
    """Let what was taken back act again where the repeal itself falls, or not again where it resumes.

    Where a referendum takes the repeal back, what was taken back acts since that was asked.
    """
    facts: list[Event] = []
    if made.manner == REPEALED:
        return facts
    claim = KIND.find_claim(resolution.parameters)
    others = [each for each in list_holding(tx, REPEAL) if each.resolution_id != resolution.resolution_id]
    if any(KIND.find_claim(each.parameters) == claim for each in others):
        return []  # the members took it back another time, which stands
    for repealed in list_repealed(tx, resolution.resolution_id)[:1]:
        from_on = max(made.from_on, repealed.from_on)
        if made.manner in ENDS:
            by = resolution.resolution_id
            follows = Stopping(REPEALED, from_on, made.ruled_on, made.paper, repealed_by=by)
        else:
            follows = replace(made, manner=RESTORED, from_on=from_on)
        facts += stop(tx, repealed.resolution_id, follows)
    return facts


def stop(tx: Tx, resolution_id: str, made: Stopping) -> list[Event]:
    """Keep that a decision does not act from a day on, or acts again, with all that follows from it."""
    resolution = find_resolution(tx, resolution_id)
    assert resolution is not None, "only what was decided falls"
    return [add_stop(tx, resolution, made), *find_kind(resolution.kind).fall(tx, resolution, made)]


KIND = Kind(
    REPEAL,
    N_("Taking back a decision"),
    N_("From its day the earlier decision does not act any more, and what held before it holds again."),
    (_DECISION, _KIND, _FROM),
    ruled=False,
    rank=58,
    page="governance/kinds/repeal.html",
    read=read,
    show=show,
    judge_known=judge_known,
    act=act,
    claim=lambda parameters: str(parameters.get("decision")),
    settles_once=True,
    undoes=N_("From that day the decision that was taken back acts again."),
    fall=fall,
)
