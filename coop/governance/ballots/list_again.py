"""Voting list of a meeting held against what the journal told, for who verifies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date

import orjson
from sqlalchemy import select

from coop.events.governance import MemberSuspended, SuspensionLifted, VotingListFrozen
from coop.governance.ballots.attendance.told import list_told
from coop.governance.meetings import list_store
from coop.governance.meetings.voting_lists import find_freezing_time
from coop.governance.model import Meeting
from coop.kit.documents import UnreadableDocument
from coop.kit.tables import journal
from coop.kit.tx import Tx


def read_list_again(tx: Tx, meeting: Meeting, findings: list[str]) -> Mapping[str, int]:
    """The voting list by which the meeting was closed, held against the hash and the suspensions that were told."""
    told = [
        each["list_hash"]
        for each in list_told(tx, VotingListFrozen, meeting.meeting_id)
        if each["moment"] == list_store.CLOSED
    ]
    try:
        votes = list_store.find_list(tx, meeting.meeting_id, list_store.CLOSED)
    except UnreadableDocument:
        votes = None
    if votes is None:
        findings.append("the voting list is gone, or was changed")
        return {}
    body = json.dumps([[member_id, number] for member_id, number in sorted(votes.items())], separators=(",", ":"))
    if told != [hashlib.sha256(body.encode()).hexdigest()]:
        findings.append("the voting list is not the one that was told when the meeting was closed")
    try:
        voting = [member_id for member_id in _list_suspended(tx, meeting) if votes.get(member_id)]
    except UnreadableDocument:
        voting = []  # The articles say when the vote opened: that they were changed is a finding of its own.
    if voting:
        findings.append(f"{len(voting)} suspended members have a vote on the list")
    return votes


def _list_suspended(tx: Tx, meeting: Meeting) -> Iterator[str]:
    """Members who were suspended on the day of a meeting, by what was told before its list was frozen."""
    query = (
        select(journal.c.type, journal.c.data)
        .where(
            journal.c.community == tx.community,
            journal.c.type.in_([MemberSuspended.TYPE, SuspensionLifted.TYPE]),
            journal.c.occurred_at <= find_freezing_time(tx, meeting),
        )
        .order_by(journal.c.row_id)
    )
    newest = {}
    for kind, data in tx.execute(query):
        told = orjson.loads(data)
        newest[told["member_id"]] = told if kind == MemberSuspended.TYPE else {}
    day = meeting.held_on.isoformat()
    for member_id, told in newest.items():
        if told and told["from_on"] <= day < (told["ends_on"] or date.max.isoformat()):
            yield member_id
