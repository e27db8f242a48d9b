"""Requests that made enough for a referendum, as commitments that name nobody: for the sealed fact, and at home."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coop.governance.ballots.referenda import store
from coop.governance.entries.store import get_entry
from coop.governance.meetings import list_store, voting_lists
from coop.governance.meetings.voter_commitments import commit_voter, list_committed, open_voter
from coop.governance.model import Meeting
from coop.kit.tx import Tx
from coop.values import civil_date


def commit_member(tx: Tx, meeting: Meeting, member_id: str) -> str:
    """The commitment to a member as a voter of a closed meeting."""
    return commit_members(tx, meeting, [member_id])[member_id]


def commit_members(tx: Tx, meeting: Meeting, members: Sequence[str]) -> dict[str, str]:
    """Commitments to members as voters of a closed meeting."""
    secret = list_store.get_secret(tx, meeting.meeting_id)
    votes = voting_lists.read_members(tx, meeting, members)
    return {each: commit_voter(meeting.meeting_id, each, votes[each], secret) for each in members}


def list_voters(tx: Tx, meeting: Meeting) -> list[list[Any]]:
    """Commitments to everybody who may ask a referendum on what a closed meeting adopted, each with their votes."""
    secret = list_store.get_secret(tx, meeting.meeting_id)
    return list_committed(meeting.meeting_id, voting_lists.read_members(tx, meeting), secret)


def open_own(tx: Tx, meeting: Meeting, member_id: str) -> list[Any] | None:
    """All that a member's own commitment is made of; None for who had no vote."""
    votes = voting_lists.read_members(tx, meeting, [member_id]).get(member_id)
    secret = list_store.get_secret(tx, meeting.meeting_id)
    return open_voter(meeting.meeting_id, member_id, votes, secret) if votes else None


def list_requesting(tx: Tx, meeting: Meeting, resolution_id: str) -> list[list[str]]:
    """Commitments to everybody who asks a referendum on a decision, without papers that their members struck in time,
    each with the first day on which they asked: of a paper that on which it was entered."""
    struck = {each.number for each in store.list_disputed(tx, resolution_id) if each.in_time}
    days: dict[str, str] = {}
    for each in store.list_requests(tx, resolution_id):
        if each.is_own or each.number not in struck:
            at = get_entry(tx, each.entry_id).recorded_at if each.entry_id else each.recorded_at
            days.setdefault(each.member_id, civil_date(at).isoformat())
    commitments = commit_members(tx, meeting, list(days))
    return sorted([commitments[member_id], day] for member_id, day in days.items())
