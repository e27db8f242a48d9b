"""The JSON API of governance, under ``/governance/api``. Every command may be sent again: the same changes nothing.

Statutes, notices, ballots, closings, programmes and milestones come from the board or the operator; dates are always
given, never taken from the clock.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from coop.governance.handlers import feeds, meetings, programmes, records
from coop.governance.model import Evidence, Meeting, Milestone, Phase, Programme, Reached, Resolution, Statutes, Tranche
from coop.governance.rules.programmes import split_grant
from coop.governance.rules.statutes import read_rules
from coop.kit.auth import Session, require
from coop.kit.database import Database
from coop.kit.settings import Settings

_STEWARDS = ("board", "operator")
_READERS = ("member", "board", "treasurer", "partner", "auditor", "operator")
_AUDITORS = ("board", "treasurer", "auditor", "operator")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RuleBody(_Body):
    """A rule of the statutes; fractions are written ``"2/3"``, ``quorum`` is null where none is asked."""

    kind: str
    article: str
    notice_days: int
    majority: str
    quorum: str | None = None
    base: str = "cast"
    proxy_limit: int = 0
    secrecy: str = "open"
    advance_days: int = 0


class StatutesBody(_Body):
    """A version of the statutes."""

    valid_from: date
    name: str
    rules: list[RuleBody] = Field(min_length=1)


class ResolutionBody(_Body):
    """A point of the agenda; ``parameters`` hold texts and whole numbers only."""

    resolution_id: str = Field(min_length=1, max_length=100)
    kind: str
    subject_nl: str
    subject_en: str
    explanation_nl: str = ""
    explanation_en: str = ""
    parameters: dict[str, Any] = {}


class MeetingBody(_Body):
    """The notice of a meeting."""

    meeting_id: str = Field(min_length=1, max_length=100)
    held_on: date
    convened_on: date
    place: str = ""
    resolutions: list[ResolutionBody]


class BallotBody(_Body):
    """One ballot. It is read leniently here and judged with its line, so that every bad one is named at once."""

    member_id: str = ""
    choice: str = ""
    cast_on: str = ""
    proxy_holder: str | None = None


class VotesBody(_Body):
    """Ballots on one resolution."""

    resolution_id: str
    ballots: list[BallotBody]


class CloseBody(_Body):
    """The closing of a meeting; ``entitled_members``, when given, must be how many members with a vote are known."""

    closed_on: date
    dry_run: bool = False
    entitled_members: int | None = None


class MilestoneBody(_Body):
    """A milestone of a phase."""

    milestone_id: str = Field(min_length=1, max_length=100)
    name_nl: str
    name_en: str
    budget_cents: int
    margin_per_mille: int = 0
    deadline: date
    evidence: list[str] = []


class PhaseBody(_Body):
    """A phase of a programme."""

    phase_id: str = Field(min_length=1, max_length=100)
    name_nl: str
    name_en: str
    budget_cents: int
    milestones: list[MilestoneBody]


class TrancheBody(_Body):
    """A tranche of a fixed amount."""

    tranche_id: str = Field(min_length=1, max_length=100)
    milestone_id: str
    financier: str
    amount_cents: int


class ShareBody(_Body):
    """A tranche that is a share of a grant."""

    tranche_id: str = Field(min_length=1, max_length=100)
    milestone_id: str
    share: int = Field(ge=1)


class GrantBody(_Body):
    """A grant, divided over tranches by whole shares such as 40, 30, 20, 10; the cents come out exact."""

    financier: str
    amount_cents: int
    tranches: list[ShareBody] = Field(min_length=1)


class ProgrammeBody(_Body):
    """A programme with its money, as fixed tranches, as grants with shares, or both."""

    programme_id: str = Field(min_length=1, max_length=100)
    name: str
    phases: list[PhaseBody]
    tranches: list[TrancheBody] = []
    grants: list[GrantBody] = []


class EvidenceBody(_Body):
    """A document that shows something."""

    name: str
    reference: str
    sha256: str


class ReachBody(_Body):
    """That a milestone was reached."""

    reached_on: date
    cost_cents: int
    evidence: list[EvidenceBody] = []


class SteeringBody(_Body):
    """What the steering group decided: ``release`` or ``keep``. ``by`` is left out for who is signed in."""

    decision: str
    decided_on: date
    by: str | None = None


class TokenBody(_Body):
    """For whom a feed token is."""

    audience: str
    created_on: date


class RevokeBody(_Body):
    """When a feed token ends."""

    revoked_on: date


def router(database: Database, settings: Settings) -> APIRouter:
    """The routes of the API."""
    routes = APIRouter(prefix="/governance/api", tags=["governance"])

    @routes.post("/statutes")
    def adopt_statutes(request: Request, body: StatutesBody) -> dict[str, Any]:
        session = _steward(request)
        rules = read_rules([rule.model_dump() for rule in body.rules])
        with database.write() as connection:
            meetings.adopt_statutes(connection, session.community, Statutes(body.valid_from, body.name, rules))
        return {"valid_from": body.valid_from, "kinds": [rule.kind for rule in rules]}

    @routes.post("/meetings")
    def convene(request: Request, body: MeetingBody) -> dict[str, Any]:
        session = _steward(request)
        points = tuple(Resolution(**point.model_dump()) for point in body.resolutions)
        meeting = Meeting(body.meeting_id, body.held_on, body.convened_on, body.place, points)
        with database.write() as connection:
            meetings.convene_meeting(connection, session.community, meeting)
            hashes = {
                point.resolution_id: records.resolution_record(connection, session.community, point.resolution_id)
                for point in points
            }
        notice = [{"resolution_id": key, "notice_hash": record["notice_hash"]} for key, record in hashes.items()]
        return {"meeting_id": body.meeting_id, "resolutions": notice}

    @routes.post("/meetings/{meeting_id}/votes")
    def vote(request: Request, meeting_id: str, body: VotesBody) -> dict[str, Any]:
        session = _steward(request)
        rows = [ballot.model_dump() for ballot in body.ballots]
        with database.write() as connection:
            new = meetings.cast_votes(connection, session.community, meeting_id, body.resolution_id, rows)
        return {"resolution_id": body.resolution_id, "ballots": len(rows), "new": new}

    @routes.post("/meetings/{meeting_id}/close")
    def close(request: Request, meeting_id: str, body: CloseBody) -> dict[str, Any]:
        session = _steward(request)
        with database.write() as connection:
            outcomes = meetings.close_meeting(
                connection,
                session.community,
                meeting_id,
                body.closed_on,
                dry_run=body.dry_run,
                entitled_members=body.entitled_members,
            )
        return {
            "meeting_id": meeting_id,
            "dry_run": body.dry_run,
            "resolutions": [
                {
                    "resolution_id": outcome.resolution.resolution_id,
                    "verdict": outcome.verdict.word,
                    "article": outcome.verdict.article,
                    "decided_on": outcome.decided_on,
                    "count": records.count_record(outcome),
                }
                for outcome in outcomes
            ],
        }

    @routes.post("/programmes")
    def plan(request: Request, body: ProgrammeBody) -> dict[str, Any]:
        session = _steward(request)
        programme = _programme(body)
        with database.write() as connection:
            programmes.plan_programme(connection, session.community, programme)
        amounts = {tranche.tranche_id: tranche.amount_cents for tranche in programme.tranches}
        return {"programme_id": body.programme_id, "tranches": amounts}

    @routes.post("/milestones/{milestone_id}/reach")
    def reach(request: Request, milestone_id: str, body: ReachBody) -> dict[str, Any]:
        session = _steward(request)
        evidence = tuple(Evidence(**piece.model_dump()) for piece in body.evidence)
        with database.write() as connection:
            report = Reached(body.reached_on, body.cost_cents, evidence)
            programmes.reach_milestone(connection, session.community, milestone_id, report)
            return {
                "milestone_id": milestone_id,
                "tranches": records.tranches_at(connection, session.community, milestone_id),
            }

    @routes.post("/tranches/{tranche_id}/decide")
    def decide(request: Request, tranche_id: str, body: SteeringBody) -> dict[str, Any]:
        session = require(request, "board", "partner", "operator")
        by = body.by or session.account_id
        with database.write() as connection:
            programmes.decide_referred(connection, session.community, tranche_id, body.decision, body.decided_on, by)
        return {"tranche_id": tranche_id, "decision": body.decision, "decided_on": body.decided_on}

    @routes.post("/feed-tokens")
    def create_token(request: Request, body: TokenBody) -> dict[str, str]:
        session = _steward(request)
        with database.write() as connection:
            token_id, token = feeds.create_feed_token(
                connection, session.community, body.audience, body.created_on, settings.signing_secret()
            )
        return {"token_id": token_id, "audience": body.audience, "token": token}

    @routes.post("/feed-tokens/{token_id}/revoke")
    def revoke_token(request: Request, token_id: str, body: RevokeBody) -> dict[str, Any]:
        session = _steward(request)
        with database.write() as connection:
            feeds.revoke_feed_token(connection, session.community, token_id, body.revoked_on)
        return {"token_id": token_id, "revoked_on": body.revoked_on}

    @routes.get("/resolutions/{resolution_id}")
    def resolution(request: Request, resolution_id: str) -> dict[str, Any]:
        session = require(request, *_READERS)
        with database.read() as connection:
            return records.resolution_record(connection, session.community, resolution_id)

    @routes.get("/state")
    def state(request: Request) -> dict[str, Any]:
        session = require(request, *_AUDITORS)
        with database.read() as connection:
            return records.state(connection, session.community)

    return routes


def _steward(request: Request) -> Session:
    return require(request, *_STEWARDS)


def _programme(body: ProgrammeBody) -> Programme:
    phases = tuple(
        Phase(
            phase.phase_id,
            phase.name_nl,
            phase.name_en,
            phase.budget_cents,
            tuple(
                Milestone(**{**milestone.model_dump(), "evidence": tuple(milestone.evidence)})
                for milestone in phase.milestones
            ),
        )
        for phase in body.phases
    )
    tranches = [Tranche(**tranche.model_dump()) for tranche in body.tranches]
    for grant in body.grants:
        amounts = split_grant(grant.amount_cents, [tranche.share for tranche in grant.tranches])
        tranches += [
            Tranche(tranche.tranche_id, tranche.milestone_id, grant.financier, amount_cents)
            for tranche, amount_cents in zip(grant.tranches, amounts, strict=True)
        ]
    return Programme(body.programme_id, body.name, phases, tuple(tranches))
