"""Counting and closing a meeting. Nothing is counted before.

Invariant: a resolution is decided once, on the parameters of its notice, and what it then does (a tariff, a key, a
decision to build) is told in the transaction that keeps the decision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from coop.events import Event
from coop.events.governance import (
    AllocationKeyAdopted,
    ChoiceAdopted,
    RealisationDecided,
    ResolutionDecided,
    TariffAdopted,
)
from coop.governance.handlers import voting_lists
from coop.governance.model import Count, Meeting, Resolution, Verdict, VotingRule
from coop.governance.rules.commitments import hash_box
from coop.governance.rules.counting import count_ballots, decide
from coop.governance.rules.statutes import in_force, rule_for
from coop.governance.storage import entries
from coop.governance.storage import meetings as store
from coop.governance.storage import programmes as programme_store
from coop.governance.storage import voting_lists as lists
from coop.governance.storage.ballots import list_standing
from coop.governance.storage.withdrawals import Withdrawal, find_withdrawn_points
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
    withdrawn: Withdrawal | None = None

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
    withdrawn = find_withdrawn_points(tx, meeting.meeting_id)
    return [
        Outcome(
            point,
            rule_for(statutes, point.kind),
            decisions.get(point.resolution_id),
            withdrawn.get(point.resolution_id),
        )
        for point in meeting.resolutions
    ]


def close_meeting(
    tx: Tx, meeting_id: str, closed_on: date | None = None, *, entitled_members: int | None = None
) -> list[Outcome]:
    """Count every vote, keep the decisions and let the adopted ones act, once. It is closed today, by the server's
    clock.

    Args:
        tx: open transaction. meeting_id: the meeting. closed_on: when given, must be today, or the day on which the
        meeting was closed. entitled_members: how many members could vote by the register; when given, it must be how
        many stand on the voting
            list, so that a meeting is not counted before all of the register was heard.

    Raises:
        CoopError: it is not the day of the meeting yet, the day is not today, the meeting was closed on another day, or
            ballots wait for a second person.
    """
    meeting = store.find_meeting(tx, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    points = [outcome for outcome in outcomes(tx, meeting) if outcome.withdrawn is None]
    if not points:
        raise CoopError("meeting-withdrawn", say("this meeting was withdrawn: there is nothing to decide"))
    decided_on = points[0].decided_on
    if decided_on is not None:
        if closed_on not in (None, decided_on):
            raise CoopError(
                "meeting-closed",
                say(
                    "meeting %(meeting_id)s was closed on %(decided_on)s", meeting_id=meeting_id, decided_on=decided_on
                ),
            )
        return points
    _refuse_closing(tx, meeting, closed_on)
    voting_lists.freeze(tx, meeting)
    votes = voting_lists.close(tx, meeting)
    if entitled_members is not None and entitled_members != len(votes):
        raise CoopError(
            "register-incomplete",
            say(
                "the register has %(entitled_members)s members with a vote on %(held_on)s, the list %(voters)s",
                entitled_members=entitled_members,
                held_on=meeting.held_on,
                voters=len(votes),
            ),
        )
    list_hash = lists.find_list_hash(tx, meeting_id, lists.CLOSED) or ""
    for point in points:
        resolution_id = point.resolution.resolution_id
        standing = list_standing(tx, resolution_id).values()
        count = count_ballots(standing, votes)
        decided = Counted(count, list_hash, hash_box(resolution_id, standing))
        tx.tell(*decide_point(tx, meeting, point.resolution, point.rule, decided, tx.today))
    return [outcome for outcome in outcomes(tx, meeting) if outcome.decided]


def _refuse_closing(tx: Tx, meeting: Meeting, closed_on: date | None) -> None:
    """Refuse to close a meeting ahead of its day, on another day than today, or while ballots wait."""
    if tx.today < meeting.held_on:
        raise CoopError(
            "meeting-not-held",
            say(
                "meeting %(meeting_id)s is on %(held_on)s, it cannot close before",
                meeting_id=meeting.meeting_id,
                held_on=meeting.held_on,
            ),
        )
    if closed_on not in (None, tx.today):
        raise CoopError(
            "closed-today",
            say("a meeting is closed on the day of closing, %(today)s, not on %(day)s", today=tx.today, day=closed_on),
        )
    if entries.list_waiting(tx, "ballots", meeting_id=meeting.meeting_id):
        raise CoopError(
            "entries-waiting", say("ballots wait for a second person: confirm them or leave them out first")
        )


@dataclass(frozen=True)
class Counted:
    """A count with the hashes of what it was made of; both empty where minutes say it."""

    count: Count
    voting_list_hash: str = ""
    ballots_hash: str = ""


def decide_point(
    tx: Tx, meeting: Meeting, resolution: Resolution, rule: VotingRule, counted: Counted, decided_on: date
) -> list[Event]:
    """Keep the decision that a count comes to; returns the facts of it."""
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
    count, verdict = counted.count, decide(rule, counted.count)
    if verdict.adopted and _is_decided_before(tx, resolution):
        verdict = replace(verdict, adopted=False, reason="decided-before")
    kept = store.Decided(
        resolution.resolution_id,
        decided_on,
        verdict,
        adopted_hash,
        count,
        counted.voting_list_hash,
        counted.ballots_hash,
    )
    store.add_decision(tx, kept)
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
        voting_list_hash=counted.voting_list_hash,
        ballots_hash=counted.ballots_hash,
        history=meeting.is_history,
    )
    if not verdict.adopted:
        return [decided]
    return [decided, *_act(tx, meeting, resolution, adopted_hash, decided_on)]


def _is_decided_before(tx: Tx, resolution: Resolution) -> bool:
    """True when another meeting let the same phase be built: a point that is decided falls away."""
    return resolution.kind == "realisation" and resolution.parameters["phase_id"] in programme_store.list_realisations(
        tx
    )


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
                    history=meeting.is_history,
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
                    history=meeting.is_history,
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
                    history=meeting.is_history,
                )
            ]
        case "realisation":
            return [_realise(tx, meeting, resolution, adopted_hash, decided_on)]
        case _:
            return []


def _realise(
    tx: Tx, meeting: Meeting, resolution: Resolution, adopted_hash: str, decided_on: date
) -> RealisationDecided:
    """Let a phase be built."""
    parameters = resolution.parameters
    phase_id = parameters["phase_id"]
    programme_store.add_realisation(tx, programme_store.Realised(phase_id, resolution.resolution_id, decided_on))
    return RealisationDecided(
        resolution_id=resolution.resolution_id,
        programme_id=parameters["programme_id"],
        phase_id=phase_id,
        budget_cents=parameters["budget_cents"],
        parameters_hash=adopted_hash,
        decided_on=decided_on,
        history=meeting.is_history,
    )
