"""Counting and closing a meeting. Nothing is counted before.

Invariant: a resolution is decided once, on the parameters of its notice, and what it then does (a tariff, a key, a
decision to build) is told in the transaction that keeps the decision.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """A resolution, its rule, and what the meeting decided on it; nothing is counted before the meeting is closed.

    ``count`` and ``verdict`` are asked of a decided resolution only: as long as one may vote there is no tally that an
    answer, a page or a list could show.
    """

    resolution: Resolution
    rule: VotingRule
    decided: store.Decided | None

    @property
    def decided_on(self) -> date | None:
        """The day of the decision, or None as long as the meeting is open."""
        return self.decided.decided_on if self.decided else None

    @property
    def count(self) -> Count:
        """The votes as they were counted."""
        assert self.decided is not None, "an open vote has no count"
        return self.decided.count

    @property
    def verdict(self) -> Verdict:
        """The meaning of the count under the rule."""
        assert self.decided is not None, "an open vote has no verdict"
        return self.decided.verdict


def outcomes(tx: Tx, meeting: Meeting) -> list[Outcome]:
    """One outcome per resolution, in the order of the agenda."""
    statutes = in_force(store.list_statutes(tx), meeting.held_on)
    decisions = store.list_decisions(tx, meeting.meeting_id)
    return [
        Outcome(point, rule_for(statutes, point.kind), decisions.get(point.resolution_id))
        for point in meeting.resolutions
    ]


def close_meeting(
    tx: Tx,
    meeting_id: str,
    closed_on: date,
    *,
    entitled_members: int | None = None,
) -> list[Outcome]:
    """Count every vote, keep the decisions and let the adopted ones act, once.

    Args:
        tx: open transaction.
        meeting_id: the meeting.
        closed_on: date of the decisions, not before the meeting and not after today.
        entitled_members: how many members could vote by the register; when given, it must be how many are known here,
            so that a meeting is not counted before all of the register was heard.

    Raises:
        BadInput: the date is ahead.
        CoopError: the meeting was closed on another date, or cannot be closed yet.
    """
    meeting = store.find_meeting(tx, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    points = outcomes(tx, meeting)
    decided_on = points[0].decided_on
    if decided_on is not None:
        if decided_on != closed_on:
            raise CoopError(
                "meeting-closed",
                say(
                    "meeting %(meeting_id)s was closed on %(decided_on)s", meeting_id=meeting_id, decided_on=decided_on
                ),
            )
        return points
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
    votes = find_voters(tx, meeting.held_on)
    if entitled_members is not None and entitled_members != len(votes):
        raise CoopError(
            "register-incomplete",
            say(
                "the register has %(entitled_members)s members with a vote on %(held_on)s, here %(voters)s are known",
                entitled_members=entitled_members,
                held_on=meeting.held_on,
                voters=len(votes),
            ),
        )
    for point in points:
        tx.tell(*_decide(tx, meeting, point.resolution, point.rule, votes, closed_on))
    return outcomes(tx, meeting)


def _decide(
    tx: Tx, meeting: Meeting, resolution: Resolution, rule: VotingRule, votes: Mapping[str, int], decided_on: date
) -> list[Event]:
    """Count one resolution and keep the decision; returns the facts of it."""
    history = store.list_ballots(tx, resolution.resolution_id)
    count = count_ballots((earlier[-1] for earlier in history.values()), votes)
    verdict = decide(rule, count)
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
