"""The JSON API of governance, under ``/governance/api``. Every command may be sent again: the same changes nothing.

Statutes, notices, ballots, closings, programmes and milestones come from the board or the operator; dates are always
given, never taken from the clock.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from coop.governance import bodies
from coop.governance.handlers import closing, feeds, meetings, programmes, records
from coop.governance.model import Evidence, Meeting, Reached, Resolution, Statutes
from coop.governance.rules.statutes import read_rules
from coop.kit.auth import Session, require
from coop.kit.database import Database
from coop.kit.settings import Settings

_STEWARDS = ("board", "operator")
_READERS = ("member", "board", "treasurer", "partner", "auditor", "operator")
_AUDITORS = ("board", "treasurer", "auditor", "operator")


def router(database: Database, settings: Settings) -> APIRouter:
    """The routes of the API."""
    routes = APIRouter(prefix="/governance/api", tags=["governance"])

    @routes.post("/statutes")
    def adopt_statutes(request: Request, body: bodies.StatutesBody) -> dict[str, Any]:
        """Put the rules of the statutes on file, valid from a day."""
        session = _steward(request)
        rules = read_rules([rule.model_dump() for rule in body.rules])
        with database.write() as connection:
            meetings.adopt_statutes(connection, session.community, Statutes(body.valid_from, body.name, rules))
        return {"valid_from": body.valid_from, "kinds": [rule.kind for rule in rules]}

    @routes.post("/meetings")
    def convene(request: Request, body: bodies.MeetingBody) -> dict[str, Any]:
        """Convene a meeting: its notice fixes the agenda and every parameter."""
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
    def vote(request: Request, meeting_id: str, body: bodies.VotesBody) -> dict[str, Any]:
        """Cast open ballots for members."""
        session = _steward(request)
        rows = [ballot.model_dump() for ballot in body.ballots]
        with database.write() as connection:
            new = meetings.cast_votes(connection, session.community, meeting_id, body.resolution_id, rows)
        return {"resolution_id": body.resolution_id, "ballots": len(rows), "new": new}

    @routes.post("/meetings/{meeting_id}/close")
    def close(request: Request, meeting_id: str, body: bodies.CloseBody) -> dict[str, Any]:
        """Close a meeting and count; a dry run only says what would be decided."""
        session = _steward(request)
        with database.write() as connection:
            outcomes = closing.close_meeting(
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
    def plan(request: Request, body: bodies.ProgrammeBody) -> dict[str, Any]:
        """Put a programme on file: phases, milestones, tranches."""
        session = _steward(request)
        programme = bodies.programme_of(body)
        with database.write() as connection:
            programmes.plan_programme(connection, session.community, programme)
        amounts = {tranche.tranche_id: tranche.amount_cents for tranche in programme.tranches}
        return {"programme_id": body.programme_id, "tranches": amounts}

    @routes.post("/milestones/{milestone_id}/reach")
    def reach(request: Request, milestone_id: str, body: bodies.ReachBody) -> dict[str, Any]:
        """Report a milestone as reached, with its cost and evidence; the rule releases its tranche or refers it."""
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
    def decide(request: Request, tranche_id: str, body: bodies.SteeringBody) -> dict[str, Any]:
        """Decide as the steering group on a tranche that the rule did not release."""
        session = require(request, "board", "partner", "operator")
        by = body.by or session.account_id
        with database.write() as connection:
            programmes.decide_referred(connection, session.community, tranche_id, body.decision, body.decided_on, by)
        return {"tranche_id": tranche_id, "decision": body.decision, "decided_on": body.decided_on}

    @routes.post("/feed-tokens")
    def create_token(request: Request, body: bodies.TokenBody) -> dict[str, str]:
        """Make a token for a reader of the feed; the same name gets the same token again."""
        session = _steward(request)
        with database.write() as connection:
            token_id, token = feeds.create_feed_token(
                connection, session.community, body.audience, body.created_on, settings.signing_secret()
            )
        return {"token_id": token_id, "audience": body.audience, "token": token}

    @routes.post("/feed-tokens/{token_id}/revoke")
    def revoke_token(request: Request, token_id: str, body: bodies.RevokeBody) -> dict[str, Any]:
        """Take a token back."""
        session = _steward(request)
        with database.write() as connection:
            feeds.revoke_feed_token(connection, session.community, token_id, body.revoked_on)
        return {"token_id": token_id, "revoked_on": body.revoked_on}

    @routes.get("/resolutions/{resolution_id}")
    def resolution(request: Request, resolution_id: str) -> dict[str, Any]:
        """One resolution with its hashes, votes and verdict."""
        session = require(request, *_READERS)
        with database.read() as connection:
            return records.resolution_record(connection, session.community, resolution_id)

    @routes.get("/state")
    def state(request: Request) -> dict[str, Any]:
        """Everything that was decided, reached and released, without clocks: two installations compare by it."""
        session = require(request, *_AUDITORS)
        with database.read() as connection:
            return records.state(connection, session.community)

    return routes


def _steward(request: Request) -> Session:
    return require(request, *_STEWARDS)
