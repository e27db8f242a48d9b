"""Commands on programmes: plan, reach a milestone, decide on a referred tranche.

Invariant: a tranche is released at most once, by the rule on the day its milestone is reached or by the steering group
after the rule referred it; which of the two, and why, is kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from coop.events import Event
from coop.events.governance import MilestoneReached, TrancheReferred, TrancheReleased
from coop.governance.model import MANNERS, Evidence, Milestone, Phase, Programme, Reached, Tranche
from coop.governance.rules.programmes import (
    check_evidence,
    check_programme,
    conditions,
    evidence_rows,
    referral_text,
    released_by_rule,
    rule_text,
    tranches_of,
)
from coop.governance.storage import programmes as store
from coop.kit import journal
from coop.values import BadInput, CoopError, NotFound, Problem, hash_parameters


@dataclass(frozen=True)
class _Place:
    programme: Programme
    phase: Phase
    milestone: Milestone


def plan_programme(connection: Connection, community: str, programme: Programme) -> None:
    """Keep a programme. Repeating it changes nothing.

    Raises:
        BadInput: it cannot be carried out as written.
        CoopError: another programme has this id, or one of its parts belongs to another programme.
    """
    check_programme(programme)
    known = store.programmes(connection, community)
    ordered = _ordered(programme)
    for other in known:
        if other.programme_id == programme.programme_id:
            if other != ordered:
                raise CoopError("programme-fixed", f"programme {programme.programme_id} is planned otherwise already")
            return
        shared = sorted(_ids(other) & _ids(programme))
        if shared:
            raise CoopError("id-taken", f"{', '.join(shared)} belongs to programme {other.programme_id}")
    store.add_programme(connection, community, ordered)


def reach_milestone(connection: Connection, community: str, milestone_id: str, report: Reached) -> None:
    """Keep that a milestone was reached, and release or refer each of its tranches by the rule.

    Raises:
        BadInput: the evidence cannot be checked later.
        CoopError: the milestone was reached otherwise already, or does not exist.
    """
    check_evidence(report)
    place = _place(connection, community, milestone_id)
    store.lock_programme(connection, community, place.programme.programme_id)
    rows = evidence_rows(report.evidence)
    ordered = Reached(report.reached_on, report.cost_cents, tuple(Evidence(**row) for row in rows))
    known = store.reached(connection, community).get(milestone_id)
    if known is not None:
        if known != ordered:
            raise CoopError(
                "milestone-reached", f"milestone {milestone_id} was reached on {known.reached_on} with other facts"
            )
        return
    evidence_hash = hash_parameters(rows)
    store.add_reached(connection, community, milestone_id, ordered, rows, evidence_hash)
    told: list[Event] = [
        MilestoneReached(
            milestone_id=milestone_id,
            programme_id=place.programme.programme_id,
            phase_id=place.phase.phase_id,
            name=place.milestone.name_en,
            reached_on=report.reached_on,
            deadline=place.milestone.deadline,
            budget_cents=place.milestone.budget_cents,
            cost_cents=report.cost_cents,
            evidence_hash=evidence_hash,
        )
    ]
    realised = store.realisations(connection, community).get(place.phase.phase_id)
    checked = conditions(place.milestone, ordered, realised.decided_on if realised else None)
    for tranche in tranches_of(place.programme, milestone_id):
        if released_by_rule(checked):
            told.append(
                _release(connection, community, place.programme, tranche, report.reached_on, rule_text(checked))
            )
            continue
        reason = referral_text(checked)
        unmet = [condition.name for condition in checked if not condition.met]
        store.add_referral(connection, community, tranche.tranche_id, report.reached_on, reason, unmet)
        told.append(
            TrancheReferred(
                tranche_id=tranche.tranche_id,
                programme_id=place.programme.programme_id,
                milestone_id=milestone_id,
                amount_cents=tranche.amount_cents,
                reason=reason,
                referred_on=report.reached_on,
            )
        )
    journal.append(connection, told, community)


def decide_referred(
    connection: Connection, community: str, tranche_id: str, decision: str, decided_on: date, by: str
) -> None:
    """The steering group releases a tranche that the rule referred to it, or keeps it for now.

    Raises:
        BadInput: the decision is neither release nor keep.
        CoopError: the tranche was not referred, is released already, or was decided otherwise on that day.
    """
    if decision not in MANNERS:
        raise BadInput([Problem(f"{decision!r} is neither release nor keep", "decision")])
    programme, tranche = _tranche(connection, community, tranche_id)
    store.lock_programme(connection, community, programme.programme_id)
    state = store.tranche_states(connection, community)[tranche_id]
    if state.referred_on is None:
        raise CoopError("not-referred", f"tranche {tranche_id} was not referred to the steering group")
    made = store.SteeringDecision(decided_on, decision, by)
    if made in state.steering:
        return
    if state.released_on is not None:
        raise CoopError("tranche-released", f"tranche {tranche_id} was released on {state.released_on}")
    latest = max((earlier.decided_on for earlier in state.steering), default=state.referred_on)
    if decided_on < latest or any(earlier.decided_on == decided_on for earlier in state.steering):
        raise CoopError(
            "decided-otherwise", f"tranche {tranche_id} was referred or decided on {latest}; this must come after"
        )
    store.add_steering_decision(connection, community, tranche_id, made)
    if decision == "release":
        rule = f"released by the steering group on {decided_on}; the rule had referred it: {state.reason}"
        journal.append(connection, [_release(connection, community, programme, tranche, decided_on, rule)], community)


def _release(
    connection: Connection, community: str, programme: Programme, tranche: Tranche, released_on: date, rule: str
) -> TrancheReleased:
    store.add_release(connection, community, tranche.tranche_id, released_on, rule)
    return TrancheReleased(
        tranche_id=tranche.tranche_id,
        programme_id=programme.programme_id,
        milestone_id=tranche.milestone_id,
        financier=tranche.financier,
        amount_cents=tranche.amount_cents,
        released_on=released_on,
        rule=rule,
    )


def _place(connection: Connection, community: str, milestone_id: str) -> _Place:
    for programme in store.programmes(connection, community):
        for phase in programme.phases:
            for milestone in phase.milestones:
                if milestone.milestone_id == milestone_id:
                    return _Place(programme, phase, milestone)
    raise NotFound(f"there is no milestone {milestone_id}")


def _tranche(connection: Connection, community: str, tranche_id: str) -> tuple[Programme, Tranche]:
    for programme in store.programmes(connection, community):
        for tranche in programme.tranches:
            if tranche.tranche_id == tranche_id:
                return programme, tranche
    raise NotFound(f"there is no tranche {tranche_id}")


def _ordered(programme: Programme) -> Programme:
    """With tranches in the order in which they are read back, so that a repeat is seen as one."""
    tranches = tuple(sorted(programme.tranches, key=lambda tranche: tranche.tranche_id))
    return Programme(programme.programme_id, programme.name, programme.phases, tranches)


def _ids(programme: Programme) -> set[str]:
    milestones = {m.milestone_id for phase in programme.phases for m in phase.milestones}
    return milestones | {p.phase_id for p in programme.phases} | {t.tranche_id for t in programme.tranches}
