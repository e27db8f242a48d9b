"""Records of governance: one resolution whole, and everything decided in one canonical form."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from coop.governance.ballots.closing import Outcome, outcomes
from coop.governance.ballots.store import list_standing
from coop.governance.entries.store import find_settled, get_entry
from coop.governance.meetings import store
from coop.governance.meetings.answer_store import find_refusals
from coop.governance.meetings.paper_store import list_laid
from coop.governance.meetings.withdrawal_store import Withdrawal
from coop.governance.programmes import store as programme_store
from coop.governance.programmes.rules import tranches_of
from coop.governance.statutes.model import Share
from coop.governance.statutes.saying import say_rule
from coop.governance.stops.store import KeptStop
from coop.kit.tx import Tx
from coop.values import NotFound, civil_date, hash_parameters, say


def resolution_record(tx: Tx, resolution_id: str) -> dict[str, Any]:
    """A resolution with its parameters, both hashes, its rule, its count and its verdict.

    ``parameters_hash`` is over the bytes of the parameters as they are stored now, ``notice_hash`` was kept when the
    meeting was convened and ``adopted_hash`` when it decided (None before): all three must be equal.
    """
    meeting_id = store.find_agenda(tx, resolution_id)
    meeting = meeting_id and store.find_meeting(tx, meeting_id)
    if not meeting:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    outcome = next(counted for counted in outcomes(tx, meeting) if counted.resolution.resolution_id == resolution_id)
    decided = store.find_decision(tx, resolution_id)
    notice_hash, document = store.find_notice(tx, resolution_id)
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
        "option_of": resolution.option_of,
        "wins": resolution.wins,
        "parameters_hash": document.sha256,
        "notice_hash": notice_hash,
        "adopted_hash": decided.parameters_hash if decided else None,
        "decided_on": decided.decided_on.isoformat() if decided else None,
        "verdict": decided.verdict.word if decided else None,
        "article": decided.verdict.article if decided else rule.article,
        "rule": str(say_rule(rule)),
        "majority": _share(rule.majority),
        "base": rule.base,
        "also": _share(rule.also.share) if rule.also else None,
        "also_of": rule.also.base if rule.also else None,
        "quorum": _share(rule.quorum.share) if rule.quorum else None,
        "quorum_of": rule.quorum.of if rule.quorum else None,
        "count": count_record(outcome) if decided else None,
        "history": meeting.is_history,
        "minutes": minutes_record(tx, meeting.entry_id) if meeting.entry_id else None,
        "withdrawn": withdrawn_record(outcome.withdrawn) if outcome.withdrawn else None,
        "stops": [stop_record(stop) for stop in outcome.stops],
        "again_of": resolution.again_of,
        "motion_id": resolution.motion_id,
        "amends": resolution.amends,
        "amended_by": resolution.amended_by,
        "voted_again": outcome.again,
        "refused": _refused_record(tx, resolution_id),
        "papers": [
            {**asdict(laid.paper), "is_later": laid.is_later, "laid_at": laid.recorded_at}
            for laid in list_laid(tx, [resolution_id])
        ],
    }


def withdrawn_record(made: Withdrawal) -> dict[str, Any]:
    """A withdrawal as plain values."""
    withdrawn_on = civil_date(made.recorded_at)
    return {"reason": made.reason, "withdrawn_on": withdrawn_on, "followed_by": made.followed_by}


def stop_record(stop: KeptStop) -> dict[str, Any]:
    """A telling that a decision does not act from a day on, or acts again, as plain values."""
    days = {name: getattr(stop, name).isoformat() for name in ("from_on", "ruled_on", "told_on")}
    by = {"repealed_by": stop.repealed_by, "voted_again": stop.voted_again, "referendum": stop.referendum}
    return {"manner": stop.manner, **days, "paper": stop.paper, **by}


def _refused_record(tx: Tx, resolution_id: str) -> dict[str, Any] | None:
    refusal = find_refusals(tx).get(resolution_id)
    if refusal is None:
        return None
    return {
        "service": refusal.service,
        "told_at": refusal.told_at,
        "code": refusal.code,
        "reason": str(refusal.reason),
    }


def _share(share: Share) -> str:
    return f"{'>' if share.above else ''}{share.num}/{share.den}"


def minutes_record(tx: Tx, entry_id: str) -> dict[str, Any]:
    """The paper that a meeting of the past was entered from, who entered it and who confirmed it."""
    entry, settled = get_entry(tx, entry_id), find_settled(tx, entry_id)
    assert settled is not None
    return {
        "paper": entry.paper,
        "entered_by": entry.actor,
        "entered_at": entry.recorded_at,
        "confirmed_by": settled.actor,
        "confirmed_at": settled.recorded_at,
    }


_OF_CLASS: Final = (
    "votes_for",
    "votes_against",
    "votes_blank",
    "votes_entitled",
    "members_present",
    "members_entitled",
)
"""Numbers of a class of members that a record names."""


def count_record(outcome: Outcome) -> dict[str, Any]:
    """A count and why it decides as it does, as plain values."""
    of_classes = outcome.count.classes
    return {
        "votes_for": outcome.count.votes_for,
        "votes_against": outcome.count.votes_against,
        "votes_blank": outcome.count.votes_blank,
        "votes_cast": outcome.count.votes_cast,
        "votes_present": outcome.count.votes_present,
        "votes_entitled": outcome.count.votes_entitled,
        "members_present": outcome.count.members_present,
        "members_entitled": outcome.count.members_entitled,
        "votes_needed": outcome.verdict.votes_needed,
        "reason": outcome.verdict.reason,
        "classes": [{"name": name, **{each: getattr(own, each) for each in _OF_CLASS}} for name, own in of_classes],
    }


def state(tx: Tx) -> dict[str, Any]:
    """Everything that was decided, reached and released, in one order: two runs are equal when these are.

    Of the ballots of a decided resolution only their number stands in it, and nothing of an open vote. A hash over who
    voted how would tell it: choices are few enough to try. The one over the commitments, whose salts differ from run to
    run, is in the sealed verdict.
    """
    resolutions = {}
    for meeting in store.list_meetings(tx):
        for resolution in meeting.resolutions:
            record = resolution_record(tx, resolution.resolution_id)
            for name in ("minutes", "refused", "papers"):  # which two runs enter, hear and lay open at other times
                del record[name]
            record["papers_hash"] = hash_parameters([paper.sha256 for paper in resolution.papers])
            if record["decided_on"]:
                record["ballots"] = len(list_standing(tx, resolution.resolution_id))
            resolutions[resolution.resolution_id] = record
    reached = programme_store.list_reached(tx)
    tranches = programme_store.list_tranche_states(tx)
    return {
        "resolutions": dict(sorted(resolutions.items())),
        "realisations": {
            phase_id: {"resolution_id": made.resolution_id, "decided_on": made.decided_on.isoformat()}
            for phase_id, made in sorted(programme_store.list_realisations(tx).items())
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
            for programme in programme_store.list_programmes(tx)
            for tranche in programme.tranches
        },
    }


def tranches_at(tx: Tx, milestone_id: str) -> dict[str, str]:
    """Each tranche of a milestone that was reached, as the rule left it: released or referred."""
    states = programme_store.list_tranche_states(tx)
    return {
        tranche.tranche_id: "referred" if states[tranche.tranche_id].referred_on else "released"
        for programme in programme_store.list_programmes(tx)
        for tranche in tranches_of(programme, milestone_id)
    }


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None
