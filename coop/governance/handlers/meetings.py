"""Commands on statutes and meetings: adopt, convene, vote, close.

Invariant: what the notice said cannot change, a resolution is decided once, and what it then does (a tariff, a key, a
decision to build) is told in the transaction that keeps the decision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from coop.events import Event
from coop.events.governance import AllocationKeyAdopted, RealisationDecided, ResolutionDecided, TariffAdopted
from coop.governance.model import Count, Meeting, Resolution, Statutes, Verdict, VotingRule
from coop.governance.rules.ballots import Box, accept
from coop.governance.rules.counting import count_ballots, decide
from coop.governance.rules.parameters import check_resolution
from coop.governance.rules.statutes import check_notice, in_force, rule_for
from coop.governance.storage import meetings as store
from coop.governance.storage import programmes as programme_store
from coop.kit import journal
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id, hash_parameters


@dataclass(frozen=True)
class Outcome:
    """A resolution counted under its rule; ``decided_on`` is None as long as the meeting is open."""

    resolution: Resolution
    rule: VotingRule
    count: Count
    verdict: Verdict
    decided_on: date | None


def adopt_statutes(connection: Connection, community: str, version: Statutes) -> None:
    """Keep a version of the statutes. Repeating it changes nothing.

    Raises:
        CoopError: another version has that date, or a meeting was convened under the version that this one replaces.
    """
    ordered = Statutes(version.valid_from, version.name, tuple(sorted(version.rules, key=lambda rule: rule.kind)))
    known = {one.valid_from: one for one in store.all_statutes(connection, community)}
    if ordered.valid_from in known:
        if known[ordered.valid_from] != ordered:
            raise CoopError("statutes-fixed", f"other statutes are kept from {ordered.valid_from}")
        return
    until = min((day for day in known if day > ordered.valid_from), default=date.max)
    for meeting in store.all_meetings(connection, community):
        if ordered.valid_from <= meeting.held_on < until:
            raise CoopError(
                "statutes-too-late",
                f"the meeting of {meeting.held_on} was convened under earlier statutes: these can only start after it",
            )
    store.add_statutes(connection, community, ordered)


def convene_meeting(connection: Connection, community: str, meeting: Meeting) -> None:
    """Keep the notice of a meeting; from now on its agenda and every parameter in it are fixed.

    Raises:
        BadInput: a resolution cannot be put to the vote as written; every problem with its place on the agenda.
        CoopError: the notice is too late, or another notice was sent for this meeting.
    """
    kept = store.find_meeting(connection, community, meeting.meeting_id)
    if kept is not None:
        if kept != meeting:
            raise CoopError(
                "notice-fixed",
                f"the notice of meeting {meeting.meeting_id} went out on {kept.convened_on}: nothing in it can change",
            )
        return
    problems = [
        problem
        for line, resolution in enumerate(meeting.resolutions, start=1)
        for problem in (*check_resolution(resolution, line), *_known_elsewhere(connection, community, resolution, line))
    ]
    if not meeting.resolutions:
        problems.append(Problem("a meeting needs a resolution", "resolutions"))
    if meeting.convened_on > meeting.held_on:
        problems.append(Problem("a meeting is convened before it is held", "convened_on"))
    for resolution_id, times in Counter(r.resolution_id for r in meeting.resolutions).items():
        if times > 1:
            problems.append(Problem(f"{resolution_id} stands on the agenda {times} times", "resolution_id"))
    if problems:
        raise BadInput(problems, "bad-agenda")
    _check_phases(connection, community, meeting)
    statutes = in_force(store.all_statutes(connection, community), meeting.held_on)
    check_notice(meeting, statutes)
    store.add_meeting(connection, community, meeting, statutes.valid_from)


def cast_votes(
    connection: Connection, community: str, meeting_id: str, resolution_id: str, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Put ballots in the box, all or none; returns how many were new.

    A ballot that was handed in before is silent. A different one of the same member replaces it as long as the vote
    is open, and the earlier one stays in the history.

    Raises:
        BadInput: with every bad ballot by its line.
        CoopError: the vote is closed, or there is no such resolution.
    """
    meeting, resolution = _on_agenda(connection, community, meeting_id, resolution_id)
    history = store.ballots(connection, community, resolution_id)
    rule = rule_for(in_force(store.all_statutes(connection, community), meeting.held_on), resolution.kind)
    box = Box(meeting, rule, store.votes_on(connection, community, meeting.held_on), history)
    new = accept(box, rows)
    if new and store.find_decision(connection, community, resolution_id):
        raise CoopError("vote-closed", f"the vote on {resolution_id} is closed; {len(new)} ballots came too late")
    store.add_ballots(connection, community, resolution_id, new, history)
    return len(new)


def preview(connection: Connection, community: str, meeting_id: str) -> list[Outcome]:
    """What the count says now, or what was decided: one outcome per resolution, in the order of the agenda."""
    meeting = store.find_meeting(connection, community, meeting_id)
    if meeting is None:
        raise NotFound(f"there is no meeting {meeting_id}")
    return outcomes(connection, community, meeting)


def outcomes(connection: Connection, community: str, meeting: Meeting) -> list[Outcome]:
    """As ``preview``, of a meeting at hand."""
    statutes = in_force(store.all_statutes(connection, community), meeting.held_on)
    votes = store.votes_on(connection, community, meeting.held_on)
    found = []
    for resolution in meeting.resolutions:
        rule = rule_for(statutes, resolution.kind)
        decided = store.find_decision(connection, community, resolution.resolution_id)
        if decided:
            found.append(Outcome(resolution, rule, decided.count, decided.verdict, decided.decided_on))
            continue
        history = store.ballots(connection, community, resolution.resolution_id)
        count = count_ballots((earlier[-1] for earlier in history.values()), votes)
        found.append(Outcome(resolution, rule, count, decide(rule, count), None))
    return found


def close_meeting(
    connection: Connection,
    community: str,
    meeting_id: str,
    closed_on: date,
    *,
    dry_run: bool = False,
    entitled_members: int | None = None,
) -> list[Outcome]:
    """Count every vote, keep the decisions and let the adopted ones act, once.

    Args:
        connection: open transaction.
        community: the co-operative.
        meeting_id: the meeting.
        closed_on: date of the decisions, not before the meeting.
        dry_run: only say what the count would decide.
        entitled_members: how many members could vote by the register; when given, it must be how many are known here,
            so that a meeting is not counted before all of the register was heard.

    Raises:
        CoopError: the meeting was closed on another date, or cannot be closed yet.
    """
    meeting = store.find_meeting(connection, community, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(f"there is no meeting {meeting_id}")
    counted = outcomes(connection, community, meeting)
    if dry_run:
        return counted
    decided_on = counted[0].decided_on
    if decided_on is not None:
        if decided_on != closed_on:
            raise CoopError("meeting-closed", f"meeting {meeting_id} was closed on {decided_on}")
        return counted
    if closed_on < meeting.held_on:
        raise CoopError("meeting-not-held", f"meeting {meeting_id} is on {meeting.held_on}, it cannot close before")
    known = len(store.votes_on(connection, community, meeting.held_on))
    if entitled_members is not None and entitled_members != known:
        raise CoopError(
            "register-incomplete",
            f"the register has {entitled_members} members with a vote on {meeting.held_on}, here {known} are known",
        )
    told = [event for outcome in counted for event in _keep(connection, community, meeting, outcome, closed_on)]
    journal.append(connection, told, community)
    return outcomes(connection, community, meeting)


def _keep(connection: Connection, community: str, meeting: Meeting, outcome: Outcome, decided_on: date) -> list[Event]:
    """Keep one decision and return what is to be told of it."""
    resolution, count, verdict = outcome.resolution, outcome.count, outcome.verdict
    adopted_hash = hash_parameters(resolution.parameters)
    bound = store.notice_hash(connection, community, resolution.resolution_id)
    if adopted_hash != bound:
        raise CoopError(
            "parameters-changed",
            f"{resolution.resolution_id}: the parameters are no longer those of the notice ({adopted_hash}, {bound})",
        )
    store.add_decision(
        connection,
        community,
        store.Decided(resolution.resolution_id, decided_on, verdict, adopted_hash, count),
    )
    decided = ResolutionDecided(
        resolution_id=resolution.resolution_id,
        meeting_id=meeting.meeting_id,
        kind=resolution.kind,
        verdict=verdict.word,
        article=verdict.article,
        parameters_hash=adopted_hash,
        votes_for=count.votes_for,
        votes_against=count.votes_against,
        votes_blank=count.votes_blank,
        votes_present=count.votes_present,
        decided_on=decided_on,
    )
    if not verdict.adopted:
        return [decided]
    return [decided, *_act(connection, community, meeting, resolution, adopted_hash, decided_on)]


def _act(
    connection: Connection,
    community: str,
    meeting: Meeting,
    resolution: Resolution,
    adopted_hash: str,
    decided_on: date,
) -> list[Event]:
    """What an adopted resolution does, by its kind."""
    parameters = dict(resolution.parameters)
    resolution_id = resolution.resolution_id
    match resolution.kind:
        case "tariff":
            return [
                TariffAdopted(
                    tariff_id=derive_id("tariff", community, resolution_id),
                    resolution_id=resolution_id,
                    meeting_id=meeting.meeting_id,
                    valid_from=date.fromisoformat(parameters["valid_from"]),
                    parameters=parameters,
                    parameters_hash=adopted_hash,
                    notice_hash=adopted_hash,
                    decided_on=decided_on,
                )
            ]
        case "allocation-key":
            return [
                AllocationKeyAdopted(
                    key_id=derive_id("allocation-key", community, resolution_id),
                    resolution_id=resolution_id,
                    group_id=parameters["group_id"],
                    valid_from=date.fromisoformat(parameters["valid_from"]),
                    parameters=parameters,
                    parameters_hash=adopted_hash,
                    notice_hash=adopted_hash,
                    decided_on=decided_on,
                )
            ]
        case "realisation":
            phase_id = parameters["phase_id"]
            known = programme_store.realisations(connection, community).get(phase_id)
            if known:
                raise CoopError(
                    "phase-decided", f"phase {phase_id} was decided on {known.decided_on} by {known.resolution_id}"
                )
            programme_store.add_realisation(
                connection, community, programme_store.Realised(phase_id, resolution_id, decided_on)
            )
            return [
                RealisationDecided(
                    resolution_id=resolution_id,
                    programme_id=parameters["programme_id"],
                    phase_id=phase_id,
                    budget_cents=parameters["budget_cents"],
                    parameters_hash=adopted_hash,
                    decided_on=decided_on,
                )
            ]
        case _:
            return []


def _on_agenda(
    connection: Connection, community: str, meeting_id: str, resolution_id: str
) -> tuple[Meeting, Resolution]:
    meeting = store.find_meeting(connection, community, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(f"there is no meeting {meeting_id}")
    for resolution in meeting.resolutions:
        if resolution.resolution_id == resolution_id:
            return meeting, resolution
    raise NotFound(f"resolution {resolution_id} is not on the agenda of meeting {meeting_id}")


def _known_elsewhere(connection: Connection, community: str, resolution: Resolution, line: int) -> list[Problem]:
    other = store.meeting_of(connection, community, resolution.resolution_id)
    return (
        [Problem(f"{resolution.resolution_id} stood on the agenda of {other}", "resolution_id", line)] if other else []
    )


def _check_phases(connection: Connection, community: str, meeting: Meeting) -> None:
    """A decision to build is about a phase that is planned, for the money that is planned, and once."""
    planned = {
        (programme.programme_id, phase.phase_id): phase
        for programme in programme_store.programmes(connection, community)
        for phase in programme.phases
    }
    decided = programme_store.realisations(connection, community)
    problems, seen = [], set()
    for line, resolution in enumerate(meeting.resolutions, start=1):
        if resolution.kind != "realisation":
            continue
        parameters = resolution.parameters
        phase = planned.get((parameters["programme_id"], parameters["phase_id"]))
        where = f"{resolution.resolution_id}.parameters"
        if phase is None:
            reason = f"programme {parameters['programme_id']} has no phase {parameters['phase_id']}"
            problems.append(Problem(reason, f"{where}.phase_id", line))
        elif phase.budget_cents != parameters["budget_cents"]:
            reason = f"{parameters['budget_cents']} is not the budget of the phase, {phase.budget_cents} cents"
            problems.append(Problem(reason, f"{where}.budget_cents", line))
        if parameters["phase_id"] in decided or parameters["phase_id"] in seen:
            problems.append(Problem("is decided once", f"{where}.phase_id", line))
        seen.add(parameters["phase_id"])
    if problems:
        raise BadInput(problems, "bad-agenda")
