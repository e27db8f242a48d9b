"""Queries on programmes, milestones and tranches."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from coop.governance.model import Evidence, Milestone, Phase, Programme, Reached, Tranche
from coop.governance.storage.tables import (
    milestone,
    milestone_reached,
    phase,
    programme,
    realisation,
    steering_decision,
    tranche,
    tranche_referral,
    tranche_release,
)


@dataclass(frozen=True)
class Realised:
    """By which resolution, and when, the members decided to build a phase."""

    phase_id: str
    resolution_id: str
    decided_on: date


@dataclass(frozen=True)
class SteeringDecision:
    """What the steering group decided on a referred tranche."""

    decided_on: date
    decision: str
    decided_by: str


@dataclass(frozen=True)
class TrancheState:
    """Where a tranche stands. All None: its milestone was not reached yet."""

    referred_on: date | None
    reason: str
    unmet: tuple[str, ...]
    steering: tuple[SteeringDecision, ...]
    released_on: date | None
    rule: str


def programmes(connection: Connection, community: str) -> list[Programme]:
    """Every programme, in the order of their ids."""
    milestones: dict[str, list[Milestone]] = defaultdict(list)
    for row in connection.execute(
        select(milestone).where(milestone.c.community == community).order_by(milestone.c.phase_id, milestone.c.number)
    ):
        milestones[row.phase_id].append(
            Milestone(
                row.milestone_id,
                row.name_nl,
                row.name_en,
                row.budget_cents,
                row.margin_per_mille,
                row.deadline,
                tuple(json.loads(row.evidence)),
            )
        )
    phases: dict[str, list[Phase]] = defaultdict(list)
    for row in connection.execute(
        select(phase).where(phase.c.community == community).order_by(phase.c.programme_id, phase.c.number)
    ):
        phases[row.programme_id].append(
            Phase(row.phase_id, row.name_nl, row.name_en, row.budget_cents, tuple(milestones[row.phase_id]))
        )
    tranches = [
        Tranche(row.tranche_id, row.milestone_id, row.financier, row.amount_cents)
        for row in connection.execute(
            select(tranche).where(tranche.c.community == community).order_by(tranche.c.tranche_id)
        )
    ]
    made = []
    for row in connection.execute(
        select(programme).where(programme.c.community == community).order_by(programme.c.programme_id)
    ):
        own = {m.milestone_id for one in phases[row.programme_id] for m in one.milestones}
        money = tuple(one for one in tranches if one.milestone_id in own)
        made.append(Programme(row.programme_id, row.name, tuple(phases[row.programme_id]), money))
    return made


def add_programme(connection: Connection, community: str, made: Programme) -> None:
    """Keep a programme with its phases, milestones and tranches."""
    connection.execute(insert(programme).values(community=community, programme_id=made.programme_id, name=made.name))
    for number, one in enumerate(made.phases, start=1):
        connection.execute(
            insert(phase).values(
                community=community,
                phase_id=one.phase_id,
                programme_id=made.programme_id,
                number=number,
                name_nl=one.name_nl,
                name_en=one.name_en,
                budget_cents=one.budget_cents,
            )
        )
        for place, point in enumerate(one.milestones, start=1):
            connection.execute(
                insert(milestone).values(
                    community=community,
                    milestone_id=point.milestone_id,
                    phase_id=one.phase_id,
                    number=place,
                    name_nl=point.name_nl,
                    name_en=point.name_en,
                    budget_cents=point.budget_cents,
                    margin_per_mille=point.margin_per_mille,
                    deadline=point.deadline,
                    evidence=json.dumps(point.evidence, ensure_ascii=False),
                )
            )
    for money in made.tranches:
        connection.execute(
            insert(tranche).values(
                community=community,
                tranche_id=money.tranche_id,
                milestone_id=money.milestone_id,
                financier=money.financier,
                amount_cents=money.amount_cents,
            )
        )


def lock_programme(connection: Connection, community: str, programme_id: str) -> None:
    """Let commands on one programme wait for each other."""
    connection.execute(
        select(programme.c.name)
        .where(programme.c.community == community, programme.c.programme_id == programme_id)
        .with_for_update()
    )


def realisations(connection: Connection, community: str) -> dict[str, Realised]:
    """Decisions to build, by phase."""
    rows = connection.execute(select(realisation).where(realisation.c.community == community))
    return {row.phase_id: Realised(row.phase_id, row.resolution_id, row.decided_on) for row in rows}


def add_realisation(connection: Connection, community: str, made: Realised) -> None:
    """Keep a decision to build."""
    connection.execute(
        insert(realisation).values(
            community=community, phase_id=made.phase_id, resolution_id=made.resolution_id, decided_on=made.decided_on
        )
    )


def reached(connection: Connection, community: str) -> dict[str, Reached]:
    """Milestones that were reached."""
    rows = connection.execute(select(milestone_reached).where(milestone_reached.c.community == community))
    return {
        row.milestone_id: Reached(
            row.reached_on, row.cost_cents, tuple(Evidence(**piece) for piece in json.loads(row.evidence))
        )
        for row in rows
    }


def add_reached(
    connection: Connection,
    community: str,
    milestone_id: str,
    report: Reached,
    rows: list[dict[str, str]],
    evidence_hash: str,
) -> None:
    """Keep that a milestone was reached, with its evidence."""
    connection.execute(
        insert(milestone_reached).values(
            community=community,
            milestone_id=milestone_id,
            reached_on=report.reached_on,
            cost_cents=report.cost_cents,
            evidence=json.dumps(rows, sort_keys=True, ensure_ascii=False),
            evidence_hash=evidence_hash,
        )
    )


def tranche_states(connection: Connection, community: str) -> dict[str, TrancheState]:
    """Where each tranche stands."""
    steering: dict[str, list[SteeringDecision]] = defaultdict(list)
    for row in connection.execute(
        select(steering_decision)
        .where(steering_decision.c.community == community)
        .order_by(steering_decision.c.decided_on)
    ):
        steering[row.tranche_id].append(SteeringDecision(row.decided_on, row.decision, row.decided_by))
    rows = connection.execute(
        select(
            tranche.c.tranche_id,
            tranche_referral.c.referred_on,
            tranche_referral.c.reason,
            tranche_referral.c.unmet,
            tranche_release.c.released_on,
            tranche_release.c.rule,
        )
        .select_from(
            tranche.outerjoin(
                tranche_referral,
                (tranche_referral.c.community == tranche.c.community)
                & (tranche_referral.c.tranche_id == tranche.c.tranche_id),
            ).outerjoin(
                tranche_release,
                (tranche_release.c.community == tranche.c.community)
                & (tranche_release.c.tranche_id == tranche.c.tranche_id),
            )
        )
        .where(tranche.c.community == community)
    )
    return {
        row.tranche_id: TrancheState(
            row.referred_on,
            row.reason or "",
            tuple((row.unmet or "").split()),
            tuple(steering[row.tranche_id]),
            row.released_on,
            row.rule or "",
        )
        for row in rows
    }


def add_release(connection: Connection, community: str, tranche_id: str, released_on: date, rule: str) -> None:
    """Keep that a tranche was released."""
    connection.execute(
        insert(tranche_release).values(community=community, tranche_id=tranche_id, released_on=released_on, rule=rule)
    )


def add_referral(
    connection: Connection, community: str, tranche_id: str, referred_on: date, reason: str, unmet: list[str]
) -> None:
    """Keep that a tranche was referred to the steering group, and why."""
    connection.execute(
        insert(tranche_referral).values(
            community=community, tranche_id=tranche_id, referred_on=referred_on, reason=reason, unmet=" ".join(unmet)
        )
    )


def add_steering_decision(connection: Connection, community: str, tranche_id: str, made: SteeringDecision) -> None:
    """Keep what the steering group decided."""
    connection.execute(
        insert(steering_decision).values(
            community=community,
            tranche_id=tranche_id,
            decided_on=made.decided_on,
            decision=made.decision,
            decided_by=made.decided_by,
        )
    )
