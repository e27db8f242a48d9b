"""Commands on programmes: plan, reach a milestone, decide on a referred tranche.

Invariant: a tranche is released at most once, by the rule on the day its milestone is reached or by the steering group
after the rule referred it; which of the two, and why, is kept beside it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from coop.events.governance import MilestoneReached, SteeringDecided, TrancheReferred, TrancheReleased
from coop.governance.dates import refuse_ahead
from coop.governance.model import MANNERS, Milestone, Phase, Programme, Reached, Tranche
from coop.governance.programmes import store
from coop.governance.programmes.rules import (
    Condition,
    check_evidence,
    check_programme,
    conditions,
    may_release,
    numbered_tranches,
    order_evidence,
    referral_text,
    released_by_rule,
    rule_text,
    tranches_of,
)
from coop.governance.programmes.seat_store import SteeringDecision, add_steering_decision, next_number
from coop.governance.programmes.seats import require_seat
from coop.governance.texts import UNPRINTABLE
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say

REASON_MAX: Final = 500
"""Longest reason of a word of the steering group."""


def plan_programme(tx: Tx, programme: Programme) -> None:
    """Keep a programme. Repeating it changes nothing.

    Raises:
        BadInput: it cannot be carried out as written.
        CoopError: another programme has this id, or one of its parts belongs to another programme.
    """
    tx.lock("programmes")
    if judge_programme(tx, programme):
        store.add_programme(tx, _order(programme))


def judge_programme(tx: Tx, programme: Programme) -> bool:
    """Judge whether a programme can be kept; False where it is kept already, as it is.

    Raises:
        BadInput: it cannot be carried out as written.
        CoopError: another programme has this id, or one of its parts belongs to another programme.
    """
    check_programme(programme)
    for other in store.list_programmes(tx):
        if other.programme_id == programme.programme_id:
            if other != _order(programme):
                said = say(
                    "programme %(name)s is planned otherwise already: give this one a name of its own", name=other.name
                )
                raise CoopError("programme-fixed", said)
            return False
        shared = sorted(_ids(other) & _ids(programme))
        if shared:
            said = say("%(shared)s belongs to programme %(name)s", shared=tuple(shared), name=other.name)
            raise CoopError("id-taken", said)
    return True


def _order(programme: Programme) -> Programme:
    """The programme with its tranches in the order in which they are read back, so that a repeat is seen as one."""
    return replace(programme, tranches=tuple(sorted(programme.tranches, key=lambda tranche: tranche.tranche_id)))


def reach_milestone(tx: Tx, milestone_id: str, report: Reached) -> None:
    """Keep that a milestone was reached, and release or refer each of its tranches by the rule.

    Raises:
        BadInput: the evidence cannot be checked later, or the day is ahead.
        CoopError: the milestone was reached otherwise already, or does not exist.
    """
    check_evidence(report)
    refuse_ahead(report.reached_on, tx.today, "reached_on")
    programme, phase, milestone = find_milestone(tx, milestone_id)
    store.lock_programme(tx, programme.programme_id)
    ordered = replace(report, evidence=order_evidence(report.evidence))
    before = store.list_reached(tx).get(milestone_id)
    if before is not None:
        if before != ordered:
            raise _reached_already(before)
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


def decide_referred(tx: Tx, tranche_id: str, decision: str, decided_on: date, party: str, reason: str) -> bool:
    """Keep the word of whoever acts, from their seat in the steering group, on a tranche that the rule referred, and
    why; True once it is released. ``party`` is the side that their account is of.

    It is released when the co-operative, and more partners than not, said so last.

    Raises:
        BadInput: the decision is neither release nor keep, its day is ahead or before the seat, or it has no reason.
        CoopError: whoever acts has no seat of that side; the tranche was not referred, is released already, or was
            decided otherwise on that day; or one account speaks for two organisations.
    """
    if decision not in MANNERS:
        raise BadInput([Problem(say("'%(decision)s' is neither release nor keep", decision=decision), "decision")])
    refuse_ahead(decided_on, tx.today, "decided_on")
    why = check_reason(reason)
    programme, tranche = _find_tranche(tx, tranche_id)
    store.lock_programme(tx, programme.programme_id)
    state = store.list_tranche_states(tx)[tranche_id]
    number = numbered_tranches(programme)[tranche_id]
    if state.referred_on is None:
        raise CoopError("not-referred", say("tranche %(number)s was not referred to the steering group", number=number))
    seat = require_seat(tx, party, decided_on)
    made = SteeringDecision(
        tranche_id,
        decided_on,
        seat.party,
        seat.organisation,
        decision,
        why,
        seat.seat_id,
        tx.today.year,
        next_number(tx, tx.today.year),
        str(tx.actor),
        tx.now,
    )
    if any(replace(each, year=made.year, number=made.number) == made for each in state.steering):
        return state.released_on is not None
    if state.released_on is not None:
        said = say("tranche %(number)s was released on %(released_on)s", number=number, released_on=state.released_on)
        raise CoopError("tranche-released", said)
    _refuse_out_of_turn(state, made, number)
    add_steering_decision(tx, made)
    _tell_decided(tx, programme, tranche, made)
    last = {word.voice: word for word in (*state.steering, made)}
    if not may_release({voice: word.decision for voice, word in last.items()}):
        return False
    agreed = [word for word in last.values() if word.decision == "release"]
    released_on = max(word.decided_on for word in agreed)
    decisions = " and ".join(word.name for word in sorted(agreed, key=lambda word: (word.year, word.number)))
    rule = (
        f"released by the steering group on {released_on}, decisions {decisions}; the rule had referred it:"
        f" {state.reason}"
    )
    _release(tx, programme, tranche, released_on, rule)
    return True


def check_reason(reason: str) -> str:
    """The reason of a word of the steering group, which members read beside it.

    Raises:
        BadInput: there is none, or no page could show it.
    """
    why = reason.strip()
    if not why:
        raise BadInput([Problem(say("say why: members read it beside your decision"), "reason")])
    if len(why) > REASON_MAX:
        raise BadInput([Problem(say("is longer than %(most)s characters", most=REASON_MAX), "reason")])
    if UNPRINTABLE.search(why):
        raise BadInput([Problem(say("holds a character that no text may hold"), "reason")])
    return why


def _tell_decided(tx: Tx, programme: Programme, tranche: Tranche, made: SteeringDecision) -> None:
    tx.tell(
        SteeringDecided(
            tranche_id=tranche.tranche_id,
            programme_id=programme.programme_id,
            milestone_id=tranche.milestone_id,
            year=made.year,
            number=made.number,
            seat_id=made.seat_id,
            party=made.party,
            organisation=made.organisation,
            decision=made.decision,
            reason=made.reason,
            decided_on=made.decided_on,
        )
    )


def _refuse_out_of_turn(state: store.TrancheState, made: SteeringDecision, number: int) -> None:
    """Refuse a word before what it answers, a second one of a voice on a day, and one account for two of them."""
    earlier = [word for word in state.steering if word.voice == made.voice]
    assert state.referred_on is not None
    latest = max((word.decided_on for word in earlier), default=state.referred_on)
    if made.decided_on < latest or any(word.decided_on == made.decided_on for word in earlier):
        raise CoopError(
            "decided-otherwise",
            say(
                "tranche %(number)s was referred or decided on %(latest)s; this must come after",
                number=number,
                latest=latest,
            ),
        )
    if any(word.actor == made.actor and word.voice != made.voice for word in state.steering):
        raise CoopError(
            "second-party", say("you spoke for another organisation already: somebody else does for this one")
        )


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


def refuse_reached(tx: Tx, milestone_id: str) -> None:
    """Refuse what comes after a milestone was reached.

    Raises:
        CoopError: it was reached.
    """
    before = store.list_reached(tx).get(milestone_id)
    if before is not None:
        raise _reached_already(before)


def _reached_already(before: Reached) -> CoopError:
    said = say("this milestone was reached on %(reached_on)s with other facts", reached_on=before.reached_on)
    return CoopError("milestone-reached", said)


def find_milestone(tx: Tx, milestone_id: str) -> tuple[Programme, Phase, Milestone]:
    """A milestone with its phase and programme.

    Raises:
        NotFound: there is none.
    """
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
