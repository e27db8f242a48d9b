"""Queries on programmes, milestones and tranches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select

from coop.communities.stops import is_stopped
from coop.governance.model import Milestone, Phase, Programme, Reached, Tranche
from coop.governance.programmes.documents import EVIDENCE
from coop.governance.programmes.seat_store import SteeringDecision
from coop.governance.stops.store import map_stops
from coop.governance.tables.programmes import (
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
from coop.governance.tables.stamps import stamp
from coop.kit.documents import UnreadableDocument, find_stored, keep
from coop.kit.rows import group_as, insert_nouns, select_as
from coop.kit.tx import Tx
from coop.values import civil_date, say


@dataclass(frozen=True)
class Realised:
    """By which resolution, and when, the members decided to build a phase."""

    phase_id: str
    resolution_id: str
    decided_on: date


@dataclass(frozen=True)
class Referral:
    """Keep that the rule referred a tranche to the steering group. ``unmet`` names the conditions that failed."""

    tranche_id: str
    referred_on: date
    reason: str
    unmet: tuple[str, ...]


@dataclass(frozen=True)
class Release:
    """Keep that a tranche was released, and by which rule."""

    tranche_id: str
    released_on: date
    rule: str


@dataclass(frozen=True)
class TrancheState:
    """State of a tranche. Nothing at all: its milestone was not reached yet."""

    referral: Referral | None = None
    steering: tuple[SteeringDecision, ...] = ()
    release: Release | None = None

    @property
    def referred_on(self) -> date | None:
        """Day on which the rule referred it."""
        return self.referral.referred_on if self.referral else None

    @property
    def reason(self) -> str:
        """Sentence with which the rule referred it."""
        return self.referral.reason if self.referral else ""

    @property
    def unmet(self) -> tuple[str, ...]:
        """Conditions for which the rule referred it."""
        return self.referral.unmet if self.referral else ()

    @property
    def last_words(self) -> dict[tuple[str, str], SteeringDecision]:
        """The last decision of each voice of the steering group that spoke."""
        return {word.voice: word for word in self.steering}

    @property
    def released_on(self) -> date | None:
        """Day of its release."""
        return self.release.released_on if self.release else None

    @property
    def rule(self) -> str:
        """Sentence with which it was released."""
        return self.release.rule if self.release else ""


def list_programmes(tx: Tx) -> list[Programme]:
    """Every programme, in the order of their ids."""
    milestones = group_as(tx, Milestone, milestone, [milestone.c.phase_id], order_by=[milestone.c.number])
    phases: dict[str, list[Phase]] = {}
    columns = phase.c
    for programme_id, phase_id, name_nl, name_en, budget_cents in tx.execute(
        select(columns.programme_id, columns.phase_id, columns.name_nl, columns.name_en, columns.budget_cents)
        .where(columns.community == tx.community)
        .order_by(columns.number)
    ):
        made = Phase(phase_id, name_nl, name_en, budget_cents, tuple(milestones.get((phase_id,), ())))
        phases.setdefault(programme_id, []).append(made)
    tranches = select_as(tx, Tranche, tranche, order_by=[tranche.c.tranche_id])
    programmes = []
    for programme_id, name in tx.execute(
        select(programme.c.programme_id, programme.c.name)
        .where(programme.c.community == tx.community)
        .order_by(programme.c.programme_id)
    ):
        parts = tuple(phases.get(programme_id, ()))
        own = {point.milestone_id for part in parts for point in part.milestones}
        money = tuple(share for share in tranches if share.milestone_id in own)
        programmes.append(Programme(programme_id, name, parts, money))
    return programmes


def add_programme(tx: Tx, planned: Programme) -> None:
    """Keep a programme with its phases, milestones and tranches."""
    tx.execute(
        insert(programme).values(
            community=tx.community, programme_id=planned.programme_id, name=planned.name, **stamp(tx)
        )
    )
    for number, part in enumerate(planned.phases, start=1):
        tx.execute(
            insert(phase).values(
                community=tx.community,
                phase_id=part.phase_id,
                programme_id=planned.programme_id,
                number=number,
                name_nl=part.name_nl,
                name_en=part.name_en,
                budget_cents=part.budget_cents,
            )
        )
        for order, point in enumerate(part.milestones, start=1):
            insert_nouns(tx, milestone, [point], phase_id=part.phase_id, number=order)
    insert_nouns(tx, tranche, planned.tranches)


def find_recording_days(tx: Tx) -> dict[str, date]:
    """The day on which each programme was put on file, by the server's clock."""
    rows = tx.execute(
        select(programme.c.programme_id, programme.c.recorded_at).where(programme.c.community == tx.community)
    )
    return {programme_id: civil_date(recorded_at) for programme_id, recorded_at in rows}


def lock_programme(tx: Tx, programme_id: str) -> None:
    """Let commands on one programme wait for each other."""
    tx.lock(f"programme {programme_id}")


def list_realisations(tx: Tx) -> dict[str, Realised]:
    """Decisions to build that hold today, by phase."""
    stops = map_stops(tx)
    made = select_as(tx, Realised, realisation)
    return {each.phase_id: each for each in made if not is_stopped(stops.get(each.resolution_id, ()), tx.today)}


def add_realisation(tx: Tx, made: Realised) -> None:
    """Keep a decision to build."""
    insert_nouns(tx, realisation, [made])


def list_reached(tx: Tx) -> dict[str, Reached]:
    """Milestones that were reached."""
    columns = milestone_reached.c
    rows = tx.execute(
        select(columns.milestone_id, columns.reached_on, columns.cost_cents, columns.evidence_hash).where(
            columns.community == tx.community
        )
    ).all()
    documents = find_stored(tx, {evidence_hash for *_, evidence_hash in rows})
    reports = {}
    for milestone_id, reached_on, cost_cents, evidence_hash in rows:
        if evidence_hash not in documents:
            raise UnreadableDocument(
                "lost-document", say("the evidence of milestone %(milestone_id)s is gone", milestone_id=milestone_id)
            )
        reports[milestone_id] = Reached(reached_on, cost_cents, EVIDENCE.open(documents[evidence_hash]))
    return reports


def add_reached(tx: Tx, milestone_id: str, report: Reached) -> str:
    """Keep that a milestone was reached; returns the hash of its evidence."""
    evidence_hash = keep(tx, EVIDENCE.seal(report.evidence))
    tx.execute(
        insert(milestone_reached).values(
            community=tx.community,
            milestone_id=milestone_id,
            reached_on=report.reached_on,
            cost_cents=report.cost_cents,
            evidence_hash=evidence_hash,
            **stamp(tx),
        )
    )
    return evidence_hash


def list_tranche_states(tx: Tx) -> dict[str, TrancheState]:
    """State of each tranche."""
    columns = steering_decision.c
    steering = group_as(
        tx,
        SteeringDecision,
        steering_decision,
        [columns.tranche_id],
        order_by=[columns.decided_on, columns.recorded_at],
    )
    referrals = {made.tranche_id: made for made in select_as(tx, Referral, tranche_referral)}
    releases = {made.tranche_id: made for made in select_as(tx, Release, tranche_release)}
    ids = tx.scalars(select(tranche.c.tranche_id).where(tranche.c.community == tx.community))
    return {
        tranche_id: TrancheState(
            referrals.get(tranche_id), tuple(steering.get((tranche_id,), ())), releases.get(tranche_id)
        )
        for tranche_id in ids
    }


def find_referral_days(tx: Tx) -> dict[str, date]:
    """The day on which each referral or later steering decision was put on file last, by tranche."""
    days: dict[str, date] = {}
    for table in (tranche_referral, steering_decision):
        rows = tx.execute(select(table.c.tranche_id, table.c.recorded_at).where(table.c.community == tx.community))
        for tranche_id, recorded_at in rows:
            days[tranche_id] = max(days.get(tranche_id, date.min), civil_date(recorded_at))
    return days


def add_release(tx: Tx, release: Release) -> None:
    """Keep that a tranche was released."""
    insert_nouns(tx, tranche_release, [release], **stamp(tx))


def add_referral(tx: Tx, referral: Referral) -> None:
    """Keep that a tranche was referred to the steering group, and why."""
    insert_nouns(tx, tranche_referral, [referral], **stamp(tx))
