"""Documents of governance: bytes that a notice or a report bound, kept as they were.

The bytes are the canonical JSON of their content, so that a document's hash is the one that the facts carry and that
the other services compute from the content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from coop.governance.model import Evidence, Meeting, Paper
from coop.governance.programmes.rules import order_evidence
from coop.kit.documents import Schema, read_mapping
from coop.values import canonical_json, hash_parameters


def write_evidence(evidence: tuple[Evidence, ...]) -> bytes:
    """Write version 1: a list, in an order that does not depend on that of handing in."""
    ordered = order_evidence(evidence)
    return canonical_json([{"name": e.name, "reference": e.reference, "sha256": e.sha256} for e in ordered])


def read_evidence(body: bytes) -> tuple[Evidence, ...]:
    """Read version 1."""
    return tuple(Evidence(**fields) for fields in json.loads(body))


def describe_notice(meeting: Meeting) -> Mapping[str, Any]:
    """Everything that a notice says, the parameters and the documents of each point by their hashes."""
    second = {"second_of": meeting.second_of, "second_why": meeting.second_why} if meeting.second_of else {}
    return second | {
        "meeting_id": meeting.meeting_id,
        "held_on": meeting.held_on.isoformat(),
        "convened_on": meeting.convened_on.isoformat(),
        "place": meeting.place,
        "begins_at": meeting.begins_at,
        "votes_until": meeting.votes_until,
        "resolutions": [
            {
                "resolution_id": point.resolution_id,
                "kind": point.kind,
                "subject_nl": point.subject_nl,
                "subject_en": point.subject_en,
                "explanation_nl": point.explanation_nl,
                "explanation_en": point.explanation_en,
                "parameters_sha256": hash_parameters(point.parameters),
                **({"option_of": point.option_of, "wins": point.wins} if point.option_of else {}),
                **_describe_papers(point.papers),
            }
            for point in meeting.agenda
        ],
    }


def _describe_papers(papers: Sequence[Paper]) -> Mapping[str, Any]:
    """The documents of a point by their hashes; nothing where it has none."""
    described = [
        {"name_nl": paper.name_nl, "name_en": paper.name_en, "role": paper.role, "sha256": paper.sha256}
        for paper in papers
    ]
    return {"papers": described} if described else {}


def write_voting_list(votes: Mapping[str, int]) -> bytes:
    """Write version 1: members in the order of their ids, each with their number of votes."""
    return canonical_json([[member_id, number] for member_id, number in sorted(votes.items())])


def read_voting_list(body: bytes) -> Mapping[str, int]:
    """Read version 1."""
    return {str(member_id): int(number) for member_id, number in json.loads(body)}


def write_class_list(kinds: Mapping[str, str]) -> bytes:
    """Write version 1: members in the order of their ids, each with the kind that the register has them as."""
    return canonical_json([[member_id, kind] for member_id, kind in sorted(kinds.items())])


def read_class_list(body: bytes) -> Mapping[str, str]:
    """Read version 1."""
    return {str(member_id): str(kind) for member_id, kind in json.loads(body)}


NOTICE: Final[Schema[Mapping[str, Any]]] = Schema("meeting-notice", 1, canonical_json, {1: read_mapping})
"""A notice whole: kind, subject and explanation of every point as well as its parameters."""

VOTING_LIST: Final[Schema[Mapping[str, int]]] = Schema("voting-list", 1, write_voting_list, {1: read_voting_list})
"""Voters at a meeting, and with how many votes."""

CLASS_LIST: Final[Schema[Mapping[str, str]]] = Schema("class-list", 1, write_class_list, {1: read_class_list})
"""Voters at a meeting, and of which kind each of them is."""

PARAMETERS: Final[Schema[Mapping[str, Any]]] = Schema("resolution-parameters", 1, canonical_json, {1: read_mapping})
"""Effects of a resolution when it is adopted, as its notice said; also the record of the statutes that are on file, so
that a change has one hash from its notice to its fact."""

EVIDENCE: Final[Schema[tuple[Evidence, ...]]] = Schema("milestone-evidence", 1, write_evidence, {1: read_evidence})
"""The evidence that a milestone was reached."""

EVIDENCE_FILE: Final[Schema[bytes]] = Schema("evidence-file", 1, bytes, {1: bytes})
"""A file that shows something, byte for byte as it was handed in: its hash is the one that the evidence names."""
