"""The JSON API of governance, under ``/governance/api/v1``. Every command may be sent again: the same changes nothing.

Statutes, notices, ballots, closings, programmes and milestones come from the board or the operator, with the days that
they mean; the server keeps beside each when it was said and by whom, and refuses a day that has not come.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request

from coop.governance import bodies
from coop.governance.access import ACCESS
from coop.governance.handlers import closing, feeds, meetings, programmes, records
from coop.governance.model import Evidence, Meeting, Reached, Resolution, Statutes
from coop.governance.rules.statutes import read_rules
from coop.kit.http import GuardedRoute, reading, writing
from coop.kit.settings import Settings

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1", tags=["governance"])
may = ACCESS.may


@routes.post("/statutes")
@may("adopt-statutes")
def adopt_statutes(request: Request, body: bodies.StatutesBody) -> dict[str, Any]:
    """Put the rules of the statutes on file, valid from a day."""
    rules = read_rules([rule.model_dump() for rule in body.rules])
    with writing(request) as tx:
        meetings.adopt_statutes(tx, Statutes(body.valid_from, body.name, rules))
    return {"valid_from": body.valid_from, "kinds": [rule.kind for rule in rules]}


@routes.post("/meetings")
@may("convene")
def convene_meeting(request: Request, body: bodies.MeetingBody) -> dict[str, Any]:
    """Convene a meeting: its notice fixes the agenda and every parameter."""
    points = tuple(Resolution(**point.model_dump()) for point in body.resolutions)
    meeting = Meeting(body.meeting_id, body.held_on, body.convened_on, body.place, points)
    with writing(request) as tx:
        meetings.convene_meeting(tx, meeting)
        resolutions = [records.resolution_record(tx, point.resolution_id) for point in points]
    notice = [{name: record[name] for name in ("resolution_id", "notice_hash")} for record in resolutions]
    return {"meeting_id": body.meeting_id, "resolutions": notice}


@routes.post("/meetings/{meeting_id}/votes")
@may("enter-ballots")
def enter_ballots(request: Request, meeting_id: str, body: bodies.VotesBody) -> dict[str, Any]:
    """Enter open ballots of the room or on paper; none replaces one that a member cast personally."""
    rows = [ballot.model_dump() for ballot in body.ballots]
    with writing(request) as tx:
        new = meetings.cast_votes(tx, meeting_id, body.resolution_id, rows)
    return {"resolution_id": body.resolution_id, "ballots": len(rows), "new": new}


@routes.post("/meetings/{meeting_id}/close")
@may("close-meeting")
def close_meeting(request: Request, meeting_id: str, body: bodies.CloseBody) -> dict[str, Any]:
    """Close a meeting and count; a dry run only says what would be decided."""
    with writing(request) as tx:
        outcomes = closing.close_meeting(
            tx, meeting_id, body.closed_on, dry_run=body.dry_run, entitled_members=body.entitled_members
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
@may("plan-programme")
def plan_programme(request: Request, body: bodies.ProgrammeBody) -> dict[str, Any]:
    """Put a programme on file: phases, milestones, tranches."""
    programme = bodies.programme_of(body)
    with writing(request) as tx:
        programmes.plan_programme(tx, programme)
    amounts = {tranche.tranche_id: tranche.amount_cents for tranche in programme.tranches}
    return {"programme_id": body.programme_id, "tranches": amounts}


@routes.post("/milestones/{milestone_id}/reach")
@may("reach-milestone")
def reach_milestone(request: Request, milestone_id: str, body: bodies.ReachBody) -> dict[str, Any]:
    """Report a milestone as reached, with its cost and evidence; the rule releases its tranche or refers it."""
    evidence = tuple(Evidence(**piece.model_dump()) for piece in body.evidence)
    with writing(request) as tx:
        programmes.reach_milestone(tx, milestone_id, Reached(body.reached_on, body.cost_cents, evidence))
        return {"milestone_id": milestone_id, "tranches": records.tranches_at(tx, milestone_id)}


@routes.post("/tranches/{tranche_id}/decide")
@may("decide-tranche")
def decide_tranche(request: Request, tranche_id: str, body: bodies.SteeringBody) -> dict[str, Any]:
    """Decide as the steering group on a tranche that the rule did not release."""
    with writing(request) as tx:
        programmes.decide_referred(tx, tranche_id, body.decision, body.decided_on)
    return {"tranche_id": tranche_id, "decision": body.decision, "decided_on": body.decided_on}


@routes.post("/feed-tokens")
@may("give-feed-tokens")
def create_feed_token(request: Request, body: bodies.TokenBody) -> dict[str, str]:
    """Make a token for a reader of the feed; the same name gets the same token again."""
    settings: Settings = request.app.state.settings
    with writing(request) as tx:
        token_id, token = feeds.create_feed_token(tx, body.audience, settings.signing_secret())
    return {"token_id": token_id, "audience": body.audience, "token": token}


@routes.post("/feed-tokens/{token_id}/revoke")
@may("give-feed-tokens")
def revoke_feed_token(request: Request, token_id: str) -> dict[str, str | date]:
    """Take a token back, from now on."""
    with writing(request) as tx:
        return {"token_id": token_id, "revoked_on": feeds.revoke_feed_token(tx, token_id)}


@routes.get("/resolutions/{resolution_id}")
@may("see-decisions")
def get_resolution(request: Request, resolution_id: str) -> dict[str, Any]:
    """One resolution with its hashes, votes and verdict."""
    with reading(request) as tx:
        return records.resolution_record(tx, resolution_id)


@routes.get("/state")
@may("see-state")
def get_decided_state(request: Request) -> dict[str, Any]:
    """Everything that was decided, reached and released, without clocks: two installations compare by it."""
    with reading(request) as tx:
        return records.state(tx)
