"""Commands on programmes: plan, reach a milestone, decide on a referred tranche.

Invariant: a tranche is released at most once, by the rule on the day its milestone is reached or by the steering group
after the rule referred it; which of the two, and why, is kept beside it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from coop.events.governance import MilestoneReached, TrancheReferred, TrancheReleased
from coop.governance.model import MANNERS, Milestone, Phase, Programme, Reached, Tranche
from coop.governance.rules.dates import refuse_ahead
from coop.governance.rules.programmes import (
    Condition,
    check_evidence,
    check_programme,
    conditions,
    order_evidence,
    referral_text,
    released_by_rule,
    rule_text,
    tranches_of,
)
from coop.governance.storage import programmes as store
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say


def plan_programme(tx: Tx, programme: Programme) -> None:
    """Keep a programme. Repeating it changes nothing.

    Raises:
        BadInput: it cannot be carried out as written.
        CoopError: another programme has this id, or one of its parts belongs to another programme.
    """
    check_programme(programme)
    tx.lock("programmes")
    # In the order in which tranches are read back, so that a repeat is seen as one.
    ordered = replace(programme, tranches=tuple(sorted(programme.tranches, key=lambda tranche: tranche.tranche_id)))
    for other in store.list_programmes(tx):
        if other.programme_id == programme.programme_id:
            if other != ordered:
                raise CoopError(
                    "programme-fixed",
                    say("programme %(programme_id)s is planned otherwise already", programme_id=programme.programme_id),
                )
            return
        shared = sorted(_ids(other) & _ids(programme))
        if shared:
            raise CoopError(
                "id-taken",
                say(
                    "%(shared)s belongs to programme %(programme_id)s",
                    shared=tuple(shared),
                    programme_id=other.programme_id,
                ),
            )
    store.add_programme(tx, ordered)


def reach_milestone(tx: Tx, milestone_id: str, report: Reached) -> None:
    """Keep that a milestone was reached, and release or refer each of its tranches by the rule.

    Raises:
        BadInput: the evidence cannot be checked later, or the day is ahead.
        CoopError: the milestone was reached otherwise already, or does not exist.
    """
    check_evidence(report)
    refuse_ahead(report.reached_on, tx.today, "reached_on")
    programme, phase, milestone = _find_milestone(tx, milestone_id)
    store.lock_programme(tx, programme.programme_id)
    ordered = replace(report, evidence=order_evidence(report.evidence))
    before = store.list_reached(tx).get(milestone_id)
    if before is not None:
        if before != ordered:
            raise CoopError(
                "milestone-reached",
                say(
                    "milestone %(milestone_id)s was reached on %(reached_on)s with other facts",
                    milestone_id=milestone_id,
                    reached_on=before.reached_on,
                ),
            )
        return
    evidence_hash = store.add_reached(tx, milestone_id, ordered)
    tx.tell(
        MilestoneReached(
            milestone_id=milestone_id,
            programme_id=programme.programme_id,
            phase_id=phase.phase_id,
            name=milestone.name_en,
            reached_on=report.reached_on,
            deadline=milestone.deadline,
            budget_cents=milestone.budget_cents,
            cost_cents=report.cost_cents,
            evidence_hash=evidence_hash,
        )
    )
    realised = store.list_realisations(tx).get(phase.phase_id)
    checked = conditions(milestone, ordered, realised.decided_on if realised else None)
    for tranche in tranches_of(programme, milestone_id):
        if released_by_rule(checked):
            _release(tx, programme, tranche, report.reached_on, rule_text(checked))
        else:
            _refer(tx, programme, tranche, report.reached_on, checked)


def decide_referred(tx: Tx, tranche_id: str, decision: str, decided_on: date) -> None:
    """The steering group releases a tranche that the rule referred to it, or keeps it for now.

    Raises:
        BadInput: the decision is neither release nor keep, or its day is ahead.
        CoopError: the tranche was not referred, is released already, or was decided otherwise on that day.
    """
    if decision not in MANNERS:
        raise BadInput([Problem(say("'%(decision)s' is neither release nor keep", decision=decision), "decision")])
    refuse_ahead(decided_on, tx.today, "decided_on")
    programme, tranche = _find_tranche(tx, tranche_id)
    store.lock_programme(tx, programme.programme_id)
    state = store.list_tranche_states(tx)[tranche_id]
    if state.referred_on is None:
        raise CoopError(
            "not-referred", say("tranche %(tranche_id)s was not referred to the steering group", tranche_id=tranche_id)
        )
    made = store.SteeringDecision(tranche_id, decided_on, decision, str(tx.actor))
    if made in state.steering:
        return
    if state.released_on is not None:
        raise CoopError(
            "tranche-released",
            say(
                "tranche %(tranche_id)s was released on %(released_on)s",
                tranche_id=tranche_id,
                released_on=state.released_on,
            ),
        )
    latest = max((earlier.decided_on for earlier in state.steering), default=state.referred_on)
    if decided_on < latest or any(earlier.decided_on == decided_on for earlier in state.steering):
        raise CoopError(
            "decided-otherwise",
            say(
                "tranche %(tranche_id)s was referred or decided on %(latest)s; this must come after",
                tranche_id=tranche_id,
                latest=latest,
            ),
        )
    store.add_steering_decision(tx, made)
    if decision == "release":
        rule = f"released by the steering group on {decided_on}; the rule had referred it: {state.reason}"
        _release(tx, programme, tranche, decided_on, rule)


def _release(tx: Tx, programme: Programme, tranche: Tranche, released_on: date, rule: str) -> None:
    store.add_release(tx, store.Release(tranche.tranche_id, released_on, rule))
    tx.tell(
        TrancheReleased(
            tranche_id=tranche.tranche_id,
            programme_id=programme.programme_id,
            milestone_id=tranche.milestone_id,
            financier=tranche.financier,
            amount_cents=tranche.amount_cents,
            released_on=released_on,
            rule=rule,
        )
    )


def _refer(tx: Tx, programme: Programme, tranche: Tranche, referred_on: date, checked: list[Condition]) -> None:
    reason = referral_text(checked)
    unmet = tuple(condition.name for condition in checked if not condition.met)
    store.add_referral(tx, store.Referral(tranche.tranche_id, referred_on, reason, unmet))
    tx.tell(
        TrancheReferred(
            tranche_id=tranche.tranche_id,
            programme_id=programme.programme_id,
            milestone_id=tranche.milestone_id,
            amount_cents=tranche.amount_cents,
            reason=reason,
            referred_on=referred_on,
        )
    )


def _find_milestone(tx: Tx, milestone_id: str) -> tuple[Programme, Phase, Milestone]:
    for programme in store.list_programmes(tx):
        for phase in programme.phases:
            for milestone in phase.milestones:
                if milestone.milestone_id == milestone_id:
                    return programme, phase, milestone
    raise NotFound(say("there is no milestone %(milestone_id)s", milestone_id=milestone_id))


def _find_tranche(tx: Tx, tranche_id: str) -> tuple[Programme, Tranche]:
    for programme in store.list_programmes(tx):
        for tranche in programme.tranches:
            if tranche.tranche_id == tranche_id:
                return programme, tranche
    raise NotFound(say("there is no tranche %(tranche_id)s", tranche_id=tranche_id))


def _ids(programme: Programme) -> set[str]:
    milestones = {m.milestone_id for phase in programme.phases for m in phase.milestones}
    return milestones | {p.phase_id for p in programme.phases} | {t.tranche_id for t in programme.tranches}
