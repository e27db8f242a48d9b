"""What governance can show of itself: one resolution whole, and everything decided in one canonical form."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from coop.governance.handlers.closing import Outcome, outcomes
from coop.governance.rules.programmes import tranches_of
from coop.governance.storage import meetings as store
from coop.governance.storage import programmes as programme_store
from coop.values import NotFound, hash_parameters


def resolution_record(connection: Connection, community: str, resolution_id: str) -> dict[str, Any]:
    """A resolution with its parameters, both hashes, its rule, its count and its verdict.

    ``parameters_hash`` is computed from the parameters as they are stored now, ``notice_hash`` was kept when the
    meeting was convened and ``adopted_hash`` when it decided (None before): all three must be equal.
    """
    meeting_id = store.meeting_of(connection, community, resolution_id)
    meeting = meeting_id and store.find_meeting(connection, community, meeting_id)
    if not meeting:
        raise NotFound(f"there is no resolution {resolution_id}")
    outcome = next(
        one for one in outcomes(connection, community, meeting) if one.resolution.resolution_id == resolution_id
    )
    decided = store.find_decision(connection, community, resolution_id)
    resolution, rule = outcome.resolution, outcome.rule
    return {
        "resolution_id": resolution_id,
        "meeting_id": meeting.meeting_id,
        "convened_on": meeting.convened_on.isoformat(),
        "held_on": meeting.held_on.isoformat(),
        "kind": resolution.kind,
        "subject_nl": resolution.subject_nl,
        "subject_en": resolution.subject_en,
        "parameters": dict(resolution.parameters),
        "parameters_hash": hash_parameters(resolution.parameters),
        "notice_hash": store.notice_hash(connection, community, resolution_id),
        "adopted_hash": decided.parameters_hash if decided else None,
        "decided_on": decided.decided_on.isoformat() if decided else None,
        "verdict": decided.verdict.word if decided else None,
        "article": rule.article,
        "majority": f"{rule.majority_num}/{rule.majority_den}",
        "base": rule.base,
        "quorum": f"{rule.quorum_num}/{rule.quorum_den}" if rule.quorum_den else None,
        "count": count_record(outcome) if decided else None,
    }


def count_record(outcome: Outcome) -> dict[str, int | str]:
    """A count and why it decides as it does, as plain values."""
    return {
        "votes_for": outcome.count.votes_for,
        "votes_against": outcome.count.votes_against,
        "votes_blank": outcome.count.votes_blank,
        "votes_cast": outcome.count.votes_cast,
        "votes_present": outcome.count.votes_present,
        "votes_entitled": outcome.count.votes_entitled,
        "votes_needed": outcome.verdict.votes_needed,
        "reason": outcome.verdict.reason,
    }


def state(connection: Connection, community: str) -> dict[str, Any]:
    """Everything that was decided, reached and released, in one order: two runs are equal when these are.

    Ballots stand in it as one hash per resolution, so that the record can be shown without saying who voted how.
    """
    resolutions = {}
    for meeting in store.all_meetings(connection, community):
        for resolution in meeting.resolutions:
            record = resolution_record(connection, community, resolution.resolution_id)
            history = store.ballots(connection, community, resolution.resolution_id)
            standing = [earlier[-1] for _, earlier in sorted(history.items())]
            record["ballots"] = len(standing)
            record["ballots_hash"] = hash_parameters(
                [[one.member_id, one.choice, one.cast_on.isoformat(), one.proxy_holder] for one in standing]
            )
            resolutions[resolution.resolution_id] = record
    reached = programme_store.reached(connection, community)
    tranches = programme_store.tranche_states(connection, community)
    return {
        "resolutions": dict(sorted(resolutions.items())),
        "realisations": {
            phase_id: {"resolution_id": made.resolution_id, "decided_on": made.decided_on.isoformat()}
            for phase_id, made in sorted(programme_store.realisations(connection, community).items())
        },
        "milestones": {
            milestone_id: {
                "reached_on": report.reached_on.isoformat(),
                "cost_cents": report.cost_cents,
                "evidence": [[piece.name, piece.reference, piece.sha256] for piece in report.evidence],
            }
            for milestone_id, report in sorted(reached.items())
        },
        "tranches": {
            tranche.tranche_id: {
                "amount_cents": tranche.amount_cents,
                "referred_on": _day(tranches[tranche.tranche_id].referred_on),
                "reason": tranches[tranche.tranche_id].reason,
                "released_on": _day(tranches[tranche.tranche_id].released_on),
                "rule": tranches[tranche.tranche_id].rule,
            }
            for programme in programme_store.programmes(connection, community)
            for tranche in programme.tranches
        },
    }


def tranches_at(connection: Connection, community: str, milestone_id: str) -> dict[str, str]:
    """What the rule did with each tranche of a milestone that was reached: released or referred."""
    states = programme_store.tranche_states(connection, community)
    return {
        tranche.tranche_id: "referred" if states[tranche.tranche_id].referred_on else "released"
        for programme in programme_store.programmes(connection, community)
        for tranche in tranches_of(programme, milestone_id)
    }


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None
