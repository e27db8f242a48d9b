"""Classes of members at a meeting made again, for who verifies: who belongs to each, by the frozen list and the record
of the statutes, held against what the journal told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from coop.events.governance import VotingListFrozen
from coop.governance.ballots import second_opinion
from coop.governance.ballots.attendance.told import list_told
from coop.governance.meetings.class_store import find_kinds
from coop.governance.model import Count, Meeting
from coop.kit.documents import UnreadableDocument
from coop.kit.tx import Tx


def read_classes_again(
    tx: Tx,
    meeting: Meeting,
    kind: str,
    articles: second_opinion.Record,
    votes: Mapping[str, int],
    findings: list[str],
) -> list[tuple[str, dict[str, int]]]:
    """Names of the classes that a kind of decision asks, in order, each with its members and their votes."""
    told = [
        each.get("classes_hash", "")
        for each in list_told(tx, VotingListFrozen, meeting.meeting_id)
        if each["moment"] == "opened"
    ]
    try:
        kinds = find_kinds(tx, meeting.meeting_id)
    except UnreadableDocument:
        kinds = {}
    if kinds is None and not any(told):
        return []
    body = json.dumps([list(each) for each in sorted((kinds or {}).items())], ensure_ascii=False, separators=(",", ":"))
    if told != [hashlib.sha256(body.encode()).hexdigest()]:
        findings.append("the kinds of the members on the list are not those that were told when the vote opened")
    asked = second_opinion.find_rule(articles, kind).get("classes", [])
    every = articles.get("classes", [])
    named = [each for one in every for each in one.get("kinds", [])]
    made = []
    for one in sorted(every, key=lambda each: str(each["name"])):
        own = one.get("kinds", [])
        members = [name for name, of in (kinds or {}).items() if (of in own if own else of not in named)]
        if one["name"] in asked:
            made.append((str(one["name"]), {each: votes[each] for each in members if each in votes}))
    return made


def read_told_classes(said: Mapping[str, Any]) -> tuple[tuple[str, Count], ...]:
    """The votes of classes in a count as minutes say it, in the order of their names."""
    return tuple((name, Count(**own)) for name, own in sorted(said.get("classes", []), key=lambda each: str(each[0])))


def check_told_classes(kept: Count, told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Hold the votes of each class as they are kept against those that were told with the verdict."""
    names = [name for name in vars(kept) if name != "classes"]
    rows = [[name, *(getattr(own, each) for each in names)] for name, own in kept.classes]
    for each in told:
        said = [[one["name"], *(one[name] for name in names)] for one in each.get("classes", [])]
        if said != rows:
            yield "the votes of the classes of members are not those that were told when it was decided"
