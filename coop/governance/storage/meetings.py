"""Queries on voters, statutes, meetings, ballots and decisions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select

from coop.governance.model import Ballot, Count, Meeting, Resolution, Statutes, Verdict, VotingRule
from coop.governance.storage.tables import ballot, decision, meeting, resolution, statutes, voter, voting_rule
from coop.kit.journal import insert_new
from coop.values import hash_parameters


@dataclass(frozen=True)
class Decided:
    """The decision on a resolution as it is kept."""

    resolution_id: str
    decided_on: date
    verdict: Verdict
    parameters_hash: str
    count: Count


def keep_voter(connection: Connection, community: str, member_id: str, from_on: date, change: str, votes: int) -> int:
    """Remember a change of voting right; returns the votes that are kept for that change."""
    row: dict[str, object] = {
        "community": community,
        "member_id": member_id,
        "from_on": from_on,
        "change": change,
        "votes": votes,
    }
    insert_new(connection, voter, [row], ["community", "member_id", "from_on", "change"])
    kept: int | None = connection.scalar(
        select(voter.c.votes).where(
            voter.c.community == community,
            voter.c.member_id == member_id,
            voter.c.from_on == from_on,
            voter.c.change == change,
        )
    )
    assert kept is not None
    return kept


def votes_on(connection: Connection, community: str, day: date) -> dict[str, int]:
    """Who may vote on a day, and with how many votes."""
    rows = connection.execute(
        select(voter.c.member_id, voter.c.votes)
        .where(voter.c.community == community, voter.c.from_on <= day)
        # Whoever is admitted and leaves on one day has no vote: "left" sorts last and wins.
        .order_by(voter.c.member_id, voter.c.from_on, voter.c.change)
    )
    latest = {row.member_id: row.votes for row in rows}
    return {member_id: votes for member_id, votes in latest.items() if votes}


def all_statutes(connection: Connection, community: str) -> list[Statutes]:
    """Every version, oldest first."""
    rules: dict[date, list[VotingRule]] = defaultdict(list)
    for row in connection.execute(
        select(voting_rule).where(voting_rule.c.community == community).order_by(voting_rule.c.kind)
    ).mappings():
        fields = {name: value for name, value in row.items() if name not in ("community", "valid_from")}
        rules[row["valid_from"]].append(VotingRule(**fields))
    versions = connection.execute(
        select(statutes).where(statutes.c.community == community).order_by(statutes.c.valid_from)
    )
    return [Statutes(row.valid_from, row.name, tuple(rules[row.valid_from])) for row in versions]


def add_statutes(connection: Connection, community: str, version: Statutes) -> None:
    """Keep a version with its rules."""
    connection.execute(insert(statutes).values(community=community, valid_from=version.valid_from, name=version.name))
    connection.execute(
        insert(voting_rule),
        [{"community": community, "valid_from": version.valid_from, **asdict(rule)} for rule in version.rules],
    )


def add_meeting(connection: Connection, community: str, convened: Meeting, statutes_from: date) -> None:
    """Keep a notice: the meeting, its resolutions and the hash of what each would do."""
    connection.execute(
        insert(meeting).values(
            community=community,
            meeting_id=convened.meeting_id,
            held_on=convened.held_on,
            convened_on=convened.convened_on,
            place=convened.place,
            statutes_from=statutes_from,
        )
    )
    connection.execute(
        insert(resolution),
        [
            {
                "community": community,
                "meeting_id": convened.meeting_id,
                "number": number,
                **asdict(point),
                "parameters": json.dumps(point.parameters, sort_keys=True, ensure_ascii=False),
                "notice_hash": hash_parameters(point.parameters),
            }
            for number, point in enumerate(convened.resolutions, start=1)
        ],
    )


def find_meeting(connection: Connection, community: str, meeting_id: str, *, lock: bool = False) -> Meeting | None:
    """A meeting as convened. ``lock`` makes votes and the closing of one meeting wait for each other."""
    query = select(meeting).where(meeting.c.community == community, meeting.c.meeting_id == meeting_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        return None
    points = connection.execute(
        select(resolution)
        .where(resolution.c.community == community, resolution.c.meeting_id == meeting_id)
        .order_by(resolution.c.number)
    )
    return Meeting(row.meeting_id, row.held_on, row.convened_on, row.place, tuple(_resolution(r) for r in points))


def all_meetings(connection: Connection, community: str) -> list[Meeting]:
    """Every meeting, oldest first."""
    points: dict[str, list[Resolution]] = defaultdict(list)
    for row in connection.execute(
        select(resolution).where(resolution.c.community == community).order_by(resolution.c.number)
    ):
        points[row.meeting_id].append(_resolution(row))
    rows = connection.execute(
        select(meeting).where(meeting.c.community == community).order_by(meeting.c.held_on, meeting.c.meeting_id)
    )
    return [
        Meeting(row.meeting_id, row.held_on, row.convened_on, row.place, tuple(points[row.meeting_id])) for row in rows
    ]


def meeting_of(connection: Connection, community: str, resolution_id: str) -> str | None:
    """The meeting on whose agenda a resolution stands."""
    return connection.scalar(
        select(resolution.c.meeting_id).where(
            resolution.c.community == community, resolution.c.resolution_id == resolution_id
        )
    )


def notice_hash(connection: Connection, community: str, resolution_id: str) -> str:
    """Hash of the parameters as the notice bound them."""
    kept: str | None = connection.scalar(
        select(resolution.c.notice_hash).where(
            resolution.c.community == community, resolution.c.resolution_id == resolution_id
        )
    )
    assert kept is not None
    return kept


def ballots(connection: Connection, community: str, resolution_id: str) -> dict[str, list[Ballot]]:
    """Every ballot by member, the standing one last."""
    history: dict[str, list[Ballot]] = defaultdict(list)
    for row in connection.execute(
        select(ballot)
        .where(ballot.c.community == community, ballot.c.resolution_id == resolution_id)
        .order_by(ballot.c.member_id, ballot.c.number)
    ):
        history[row.member_id].append(Ballot(row.member_id, row.choice, row.cast_on, row.proxy_holder))
    return dict(history)


def add_ballots(
    connection: Connection, community: str, resolution_id: str, new: Sequence[Ballot], history: dict[str, list[Ballot]]
) -> None:
    """Put ballots in the box, each after its member's earlier ones."""
    if new:
        connection.execute(
            insert(ballot),
            [
                {
                    "community": community,
                    "resolution_id": resolution_id,
                    "number": len(history.get(one.member_id, ())) + 1,
                    **asdict(one),
                }
                for one in new
            ],
        )


def decisions(connection: Connection, community: str, meeting_id: str) -> dict[str, Decided]:
    """The decisions of a meeting by resolution; none while it is open."""
    on_agenda = select(resolution.c.resolution_id).where(
        resolution.c.community == community, resolution.c.meeting_id == meeting_id
    )
    rows = connection.execute(
        select(decision).where(decision.c.community == community, decision.c.resolution_id.in_(on_agenda))
    )
    return {row.resolution_id: _decided(row) for row in rows}


def find_decision(connection: Connection, community: str, resolution_id: str) -> Decided | None:
    """The decision on a resolution, or None while the vote is open."""
    row = connection.execute(
        select(decision).where(decision.c.community == community, decision.c.resolution_id == resolution_id)
    ).first()
    return _decided(row) if row else None


def add_decision(connection: Connection, community: str, decided: Decided) -> None:
    """Keep a decision for good."""
    connection.execute(
        insert(decision).values(
            community=community,
            resolution_id=decided.resolution_id,
            decided_on=decided.decided_on,
            verdict=decided.verdict.word,
            reason=decided.verdict.reason,
            article=decided.verdict.article,
            votes_needed=decided.verdict.votes_needed,
            parameters_hash=decided.parameters_hash,
            **asdict(decided.count),
        )
    )


def _resolution(row: Any) -> Resolution:
    return Resolution(
        row.resolution_id,
        row.kind,
        row.subject_nl,
        row.subject_en,
        row.explanation_nl,
        row.explanation_en,
        json.loads(row.parameters),
    )


def _decided(row: Any) -> Decided:
    return Decided(
        row.resolution_id,
        row.decided_on,
        Verdict(row.verdict == "adopted", row.reason, row.article, row.votes_needed),
        row.parameters_hash,
        Count(row.votes_for, row.votes_against, row.votes_blank, row.votes_entitled),
    )
