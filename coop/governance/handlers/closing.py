"""Counting and closing a meeting.

Invariant: a resolution is decided once, on the parameters of its notice, and what it then does (a tariff, a key, a
decision to build) is told in the transaction that keeps the decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.events import Event
from coop.events.governance import (
    AllocationKeyAdopted,
    ChoiceAdopted,
    RealisationDecided,
    ResolutionDecided,
    TariffAdopted,
)
from coop.governance.model import Count, Meeting, Resolution, Verdict, VotingRule
from coop.governance.rules.counting import count_ballots, decide
from coop.governance.rules.dates import refuse_ahead
from coop.governance.rules.statutes import in_force, rule_for
from coop.governance.storage import meetings as store
from coop.governance.storage import programmes as programme_store
from coop.governance.storage.voters import find_voters
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, derive_id, say


@dataclass(frozen=True)
class Outcome:
    """A resolution counted under its rule; ``decided_on`` is None as long as the meeting is open."""

    resolution: Resolution
    rule: VotingRule
    count: Count
    verdict: Verdict
    decided_on: date | None


def preview(tx: Tx, meeting_id: str) -> list[Outcome]:
    """Count as it stands now, or show the decisions: one outcome per resolution, in the order of the agenda."""
    meeting = store.find_meeting(tx, meeting_id)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    return outcomes(tx, meeting)


def outcomes(tx: Tx, meeting: Meeting) -> list[Outcome]:
    """As ``preview``, of a meeting at hand."""
    statutes = in_force(store.list_statutes(tx), meeting.held_on)
    decisions = store.list_decisions(tx, meeting.meeting_id)
    undecided = len(decisions) < len(meeting.resolutions)
    votes = find_voters(tx, meeting.held_on) if undecided else {}
    counted = []
    for resolution in meeting.resolutions:
        rule = rule_for(statutes, resolution.kind)
        decided = decisions.get(resolution.resolution_id)
        if decided:
            counted.append(Outcome(resolution, rule, decided.count, decided.verdict, decided.decided_on))
            continue
        history = store.list_ballots(tx, resolution.resolution_id)
        count = count_ballots((earlier[-1] for earlier in history.values()), votes)
        counted.append(Outcome(resolution, rule, count, decide(rule, count), None))
    return counted


def close_meeting(
    tx: Tx,
    meeting_id: str,
    closed_on: date,
    *,
    dry_run: bool = False,
    entitled_members: int | None = None,
) -> list[Outcome]:
    """Count every vote, keep the decisions and let the adopted ones act, once.

    Args:
        tx: open transaction.
        meeting_id: the meeting.
        closed_on: date of the decisions, not before the meeting and not after today.
        dry_run: only say what the count would decide.
        entitled_members: how many members could vote by the register; when given, it must be how many are known here,
            so that a meeting is not counted before all of the register was heard.

    Raises:
        BadInput: the date is ahead.
        CoopError: the meeting was closed on another date, or cannot be closed yet.
    """
    meeting = store.find_meeting(tx, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    counted = outcomes(tx, meeting)
    if dry_run:
        return counted
    decided_on = counted[0].decided_on
    if decided_on is not None:
        if decided_on != closed_on:
            raise CoopError(
                "meeting-closed",
                say(
                    "meeting %(meeting_id)s was closed on %(decided_on)s", meeting_id=meeting_id, decided_on=decided_on
                ),
            )
        return counted
    if closed_on < meeting.held_on:
        raise CoopError(
            "meeting-not-held",
            say(
                "meeting %(meeting_id)s is on %(held_on)s, it cannot close before",
                meeting_id=meeting_id,
                held_on=meeting.held_on,
            ),
        )
    refuse_ahead(closed_on, tx.today, "closed_on")
    voters = len(find_voters(tx, meeting.held_on))
    if entitled_members is not None and entitled_members != voters:
        raise CoopError(
            "register-incomplete",
            say(
                "the register has %(entitled_members)s members with a vote on %(held_on)s, here %(voters)s are known",
                entitled_members=entitled_members,
                held_on=meeting.held_on,
                voters=voters,
            ),
        )
    for outcome in counted:
        tx.tell(*_keep(tx, meeting, outcome, closed_on))
    return outcomes(tx, meeting)


def _keep(tx: Tx, meeting: Meeting, outcome: Outcome, decided_on: date) -> list[Event]:
    """Keep one decision; returns the facts of it."""
    resolution, count, verdict = outcome.resolution, outcome.count, outcome.verdict
    notice_hash, document = store.find_notice(tx, resolution.resolution_id)
    adopted_hash = document.sha256
    if adopted_hash != notice_hash:
        raise CoopError(
            "parameters-changed",
            say(
                "%(resolution_id)s: the parameters are no longer those of the notice "
                "(%(adopted_hash)s, %(notice_hash)s)",
                resolution_id=resolution.resolution_id,
                adopted_hash=adopted_hash,
                notice_hash=notice_hash,
            ),
        )
    store.add_decision(tx, store.Decided(resolution.resolution_id, decided_on, verdict, adopted_hash, count))
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
    return [decided, *_act(tx, meeting, resolution, adopted_hash, decided_on)]


def _act(
    tx: Tx,
    meeting: Meeting,
    resolution: Resolution,
    adopted_hash: str,
    decided_on: date,
) -> list[Event]:
    """Do what an adopted resolution says, by its kind; returns the facts of it."""
    parameters = dict(resolution.parameters)
    resolution_id = resolution.resolution_id
    match resolution.kind:
        case "tariff":
            return [
                TariffAdopted(
                    tariff_id=derive_id("tariff", tx.community, resolution_id),
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
                    key_id=derive_id("allocation-key", tx.community, resolution_id),
                    resolution_id=resolution_id,
                    group_id=parameters["group_id"],
                    valid_from=date.fromisoformat(parameters["valid_from"]),
                    parameters=parameters,
                    parameters_hash=adopted_hash,
                    notice_hash=adopted_hash,
                    decided_on=decided_on,
                )
            ]
        case "choice":
            return [
                ChoiceAdopted(
                    name=parameters["name"],
                    valid_from=date.fromisoformat(parameters["valid_from"]),
                    value=parameters["value"],
                    source=parameters["source"],
                    resolution_id=resolution_id,
                    meeting_id=meeting.meeting_id,
                    parameters_hash=adopted_hash,
                    notice_hash=adopted_hash,
                    decided_on=decided_on,
                )
            ]
        case "realisation":
            return [_realise(tx, resolution, adopted_hash, decided_on)]
        case _:
            return []


def _realise(tx: Tx, resolution: Resolution, adopted_hash: str, decided_on: date) -> RealisationDecided:
    """Let a phase be built, once."""
    parameters = resolution.parameters
    phase_id = parameters["phase_id"]
    before = programme_store.list_realisations(tx).get(phase_id)
    if before:
        raise CoopError(
            "phase-decided",
            say(
                "phase %(phase_id)s was decided on %(decided_on)s by %(resolution_id)s",
                phase_id=phase_id,
                decided_on=before.decided_on,
                resolution_id=before.resolution_id,
            ),
        )
    programme_store.add_realisation(tx, programme_store.Realised(phase_id, resolution.resolution_id, decided_on))
    return RealisationDecided(
        resolution_id=resolution.resolution_id,
        programme_id=parameters["programme_id"],
        phase_id=phase_id,
        budget_cents=parameters["budget_cents"],
        parameters_hash=adopted_hash,
        decided_on=decided_on,
    )
