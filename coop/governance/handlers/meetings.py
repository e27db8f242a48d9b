"""Commands on statutes and meetings: adopt, convene, vote. Nothing that a notice said can change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from coop.events.governance import AgendaPoint, MeetingConvened
from coop.governance.model import Meeting, Resolution, Statutes
from coop.governance.rules.ballots import Box, accept
from coop.governance.rules.parameters import check_resolution
from coop.governance.rules.statutes import check_notice, first_vote_on_any, in_force, rule_for
from coop.governance.storage import meetings as store
from coop.governance.storage import programmes as programme_store
from coop.governance.storage.voters import find_voters
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say

_AGENDA = "agenda"
"""Lock of statutes and notices: a notice rests on the statutes that it was checked against."""


def adopt_statutes(tx: Tx, version: Statutes) -> None:
    """Keep a version of the statutes. Repeating it changes nothing.

    Raises:
        BadInput: the deed or the resolution that brought them cannot be.
        CoopError: another version has that date, or a meeting was convened under the version that this one replaces.
    """
    tx.lock(_AGENDA)
    if problems := _judge_origin(tx, version):
        raise BadInput(problems, "bad-statutes")
    ordered = replace(version, rules=tuple(sorted(version.rules, key=lambda rule: rule.kind)))
    versions = {kept.valid_from: kept for kept in store.list_statutes(tx)}
    if ordered.valid_from in versions:
        if versions[ordered.valid_from] != ordered:
            raise CoopError("statutes-fixed", say("other statutes are kept from %(day)s", day=ordered.valid_from))
        return
    until = min((day for day in versions if day > ordered.valid_from), default=date.max)
    for meeting in store.list_meetings(tx):
        if ordered.valid_from <= meeting.held_on < until:
            raise CoopError(
                "statutes-too-late",
                say(
                    "the meeting of %(day)s was convened under earlier statutes: these can only start after it",
                    day=meeting.held_on,
                ),
            )
    store.add_statutes(tx, ordered)


def _judge_origin(tx: Tx, version: Statutes) -> list[Problem]:
    problems = []
    if version.deed_on is not None and version.deed_on > min(version.valid_from, tx.today):
        problems.append(Problem(say("the deed was made before the statutes were in force, and not ahead"), "deed_on"))
    if version.resolution_id and version.resolution_id not in store.list_adopted(tx):
        reason = say("no meeting adopted a resolution %(id)s", id=version.resolution_id)
        problems.append(Problem(reason, "resolution_id"))
    return problems


def convene_meeting(tx: Tx, meeting: Meeting) -> None:
    """Keep the notice of a meeting; from now on its agenda and every parameter in it are fixed.

    Raises:
        BadInput: a resolution cannot be put to the vote as written; every problem with its place on the agenda.
        CoopError: the notice is too late, or another notice was sent for this meeting.
    """
    tx.lock(_AGENDA)
    kept = store.find_meeting(tx, meeting.meeting_id)
    if kept is not None:
        if kept != meeting:
            raise CoopError(
                "notice-fixed",
                say(
                    "the notice of meeting %(meeting_id)s is on file since %(convened_on)s: nothing in it can change",
                    meeting_id=meeting.meeting_id,
                    convened_on=kept.convened_on,
                ),
            )
        return
    statutes = judge_notice(tx, meeting)
    store.add_meeting(tx, meeting, statutes.valid_from)
    tx.tell(_announce(meeting, statutes))


def judge_notice(tx: Tx, meeting: Meeting) -> Statutes:
    """Find whether a notice may be kept as it is written; returns the statutes that it rests on.

    Raises:
        BadInput: a resolution cannot be put to the vote as written; every problem with its place on the agenda.
        CoopError: the notice is too late.
    """
    problems = [
        problem
        for line, resolution in enumerate(meeting.resolutions, start=1)
        for problem in (*check_resolution(resolution, line), *_known_elsewhere(tx, resolution, line))
    ]
    if not meeting.resolutions:
        problems.append(Problem(say("a meeting needs a resolution"), "resolutions"))
    if meeting.convened_on > meeting.held_on:
        problems.append(Problem(say("a meeting is convened before it is held"), "convened_on"))
    for resolution_id, times in Counter(r.resolution_id for r in meeting.resolutions).items():
        if times > 1:
            problems.append(
                Problem(
                    say(
                        "%(resolution_id)s stands on the agenda %(times)s times",
                        resolution_id=resolution_id,
                        times=times,
                    ),
                    "resolution_id",
                )
            )
    if problems:
        raise BadInput(problems, "bad-agenda")
    _check_phases(tx, meeting)
    statutes = in_force(store.list_statutes(tx), meeting.held_on)
    check_notice(meeting, statutes)
    return statutes


def _announce(meeting: Meeting, statutes: Statutes) -> MeetingConvened:
    return MeetingConvened(
        meeting_id=meeting.meeting_id,
        convened_on=meeting.convened_on,
        held_on=meeting.held_on,
        vote_from=first_vote_on_any(meeting, [statutes]),
        place=meeting.place,
        agenda=tuple(
            AgendaPoint(
                resolution_id=point.resolution_id,
                kind=point.kind,
                subject_nl=point.subject_nl,
                subject_en=point.subject_en,
            )
            for point in meeting.resolutions
        ),
    )


def cast_votes(tx: Tx, meeting_id: str, resolution_id: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Put ballots that a steward holds in the box, all or none; returns how many were new.

    A ballot that was handed in before is silent. A different one of the same member replaces it as long as the vote
    is open, unless the member cast it personally; the earlier one stays in the history.

    Raises:
        BadInput: with every bad ballot by its line.
        CoopError: the vote is closed, or there is no such resolution.
    """
    return _fill_box(tx, meeting_id, resolution_id, rows, personal=False)


def cast_own_vote(tx: Tx, resolution_id: str, member_id: str, choice: str) -> bool:
    """Put the vote of the member who acts in the box, today; False when the very same vote stood already.

    Raises:
        BadInput: the member may not vote on this now; the reason says why.
        CoopError: the vote is closed, or there is no such resolution.
    """
    meeting_id = store.find_agenda(tx, resolution_id)
    if meeting_id is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    row = {"member_id": member_id, "choice": choice, "cast_on": tx.today}
    return _fill_box(tx, meeting_id, resolution_id, [row], personal=True) > 0


def _fill_box(tx: Tx, meeting_id: str, resolution_id: str, rows: Sequence[Mapping[str, Any]], *, personal: bool) -> int:
    meeting, resolution = _on_agenda(tx, meeting_id, resolution_id)
    history = store.list_ballots(tx, resolution_id)
    rule = rule_for(in_force(store.list_statutes(tx), meeting.held_on), resolution.kind)
    box = Box(meeting, rule, find_voters(tx, meeting.held_on), history, tx.today)
    new = accept(box, rows, personal=personal)
    if new and store.find_decision(tx, resolution_id):
        raise CoopError(
            "vote-closed",
            say(
                "the vote on %(resolution_id)s is closed; %(ballots)s ballots came too late",
                resolution_id=resolution_id,
                ballots=len(new),
            ),
        )
    store.add_ballots(tx, resolution_id, new, history)
    return len(new)


def _on_agenda(tx: Tx, meeting_id: str, resolution_id: str) -> tuple[Meeting, Resolution]:
    meeting = store.find_meeting(tx, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    for resolution in meeting.resolutions:
        if resolution.resolution_id == resolution_id:
            return meeting, resolution
    raise NotFound(
        say(
            "resolution %(resolution_id)s is not on the agenda of meeting %(meeting_id)s",
            resolution_id=resolution_id,
            meeting_id=meeting_id,
        )
    )


def _known_elsewhere(tx: Tx, resolution: Resolution, line: int) -> list[Problem]:
    other = store.find_agenda(tx, resolution.resolution_id)
    return (
        [
            Problem(
                say(
                    "%(resolution_id)s stood on the agenda of %(other)s",
                    resolution_id=resolution.resolution_id,
                    other=other,
                ),
                "resolution_id",
                line,
            )
        ]
        if other
        else []
    )


def _check_phases(tx: Tx, meeting: Meeting) -> None:
    """A decision to build is about a phase that is planned, for the money that is planned, and once."""
    planned = {
        (programme.programme_id, phase.phase_id): phase
        for programme in programme_store.list_programmes(tx)
        for phase in programme.phases
    }
    decided = programme_store.list_realisations(tx)
    problems, seen = [], set()
    for line, resolution in enumerate(meeting.resolutions, start=1):
        if resolution.kind != "realisation":
            continue
        parameters = resolution.parameters
        phase = planned.get((parameters["programme_id"], parameters["phase_id"]))
        where = f"{resolution.resolution_id}.parameters"
        if phase is None:
            reason = say(
                "programme %(programme)s has no phase %(phase)s",
                programme=parameters["programme_id"],
                phase=parameters["phase_id"],
            )
            problems.append(Problem(reason, f"{where}.phase_id", line))
        elif phase.budget_cents != parameters["budget_cents"]:
            reason = say(
                "%(given)s is not the budget of the phase, %(budget)s cents",
                given=parameters["budget_cents"],
                budget=phase.budget_cents,
            )
            problems.append(Problem(reason, f"{where}.budget_cents", line))
        if parameters["phase_id"] in decided or parameters["phase_id"] in seen:
            problems.append(Problem(say("is decided once"), f"{where}.phase_id", line))
        seen.add(parameters["phase_id"])
    if problems:
        raise BadInput(problems, "bad-agenda")
