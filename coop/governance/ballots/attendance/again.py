"""Attendance and mandates replayed from what the journal told, for who verifies: nothing is shared with who counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping

from coop.events.attendance import AttendanceFrozen, AttendanceNoted, MandateEnded, MandateGiven
from coop.governance.ballots.attendance import store
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.mandates.store import list_changes
from coop.governance.model import Ballot
from coop.kit.documents import UnreadableDocument
from coop.kit.tx import Tx

_TOLD = ("number", "change", "member_id", "manner", "holder", "undoes", "entry_id")


def replay_attendance(tx: Tx, meeting_id: str, findings: list[str]) -> Mapping[str, str]:
    """The manner in which each member was there as the meeting was closed; what disagrees goes to the findings."""
    told = list_told(tx, AttendanceNoted, meeting_id)
    rows = [{name: getattr(row, name) or "" for name in _TOLD} for row in store.list_noted(tx, meeting_id)]
    if rows != [{name: each.get(name) or "" for name in _TOLD} for each in told]:
        findings.append("the attendance is not as it was told when people came in")
    undone = {each.get("undoes") for each in told if each["change"] == "undone"}
    newest = {
        each["member_id"]: each for each in told if each["change"] in ("came", "left") and each["number"] not in undone
    }
    there = {member_id: each for member_id, each in newest.items() if each["change"] == "came"}
    themselves = {member_id for member_id, each in there.items() if each["manner"] != "mandate"}
    listed = [
        [member_id, each["manner"], each.get("holder", ""), each["number"]]
        for member_id, each in sorted(there.items())
        if member_id in themselves or each.get("holder") in themselves
    ]
    hashes = [each["list_hash"] for each in list_told(tx, AttendanceFrozen, meeting_id)]
    text = json.dumps(listed, ensure_ascii=False, separators=(",", ":"))
    if told and hashes != [hashlib.sha256(text.encode()).hexdigest()]:
        findings.append("the list of who was there is not the one that was told when the meeting was closed")
    if hashes != [each for each in (store.find_list_hash(tx, meeting_id),) if each]:
        findings.append("the list of who was there was exchanged")
    else:
        try:
            store.find_list(tx, meeting_id)
        except UnreadableDocument:
            findings.append("the list of who was there is gone, or was changed")
    return {str(member_id): str(manner) for member_id, manner, _, _ in listed}


def check_mandates(tx: Tx, meeting_id: str, ballots: Iterable[Ballot]) -> Iterator[str]:
    """Hold mandates against what was told of them, and ballots that holders cast against the mandates."""
    given = [
        (each["member_id"], each["number"], "given", each["holder"]) for each in list_told(tx, MandateGiven, meeting_id)
    ]
    ended = [
        (each["member_id"], each["number"], each["change"], each["holder"])
        for each in list_told(tx, MandateEnded, meeting_id)
    ]
    rows = [(each.member_id, each.number, each.change, each.holder) for each in list_changes(tx, meeting_id)]
    if sorted(rows) != sorted(given + ended):
        yield "the mandates are not as they were told when members gave them"
    pairs = {(member_id, holder) for member_id, _, _, holder in given}
    cast = [(each.member_id, each.proxy_holder) for each in ballots if each.channel == "mandate"]
    strange = [each for each in cast if each not in pairs]
    if strange:
        yield f"{len(strange)} ballots were cast by a mandate that nobody gave"
