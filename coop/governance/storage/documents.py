"""Documents of governance: bytes that a notice or a report bound, kept as they were.

The bytes are the canonical JSON of their content, so that a document's hash is the one that the facts carry and that
the other services compute from the content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from coop.governance.model import Evidence
from coop.governance.rules.programmes import order_evidence
from coop.kit.documents import Schema
from coop.values import canonical_json


def read_parameters(body: bytes) -> Mapping[str, Any]:
    """Read version 1: the parameters themselves."""
    parameters = json.loads(body)
    if not isinstance(parameters, dict):
        raise ValueError("parameters are no mapping")
    return parameters


def write_evidence(evidence: tuple[Evidence, ...]) -> bytes:
    """Write version 1: a list, in an order that does not depend on that of handing in."""
    ordered = order_evidence(evidence)
    return canonical_json([{"name": e.name, "reference": e.reference, "sha256": e.sha256} for e in ordered])


def read_evidence(body: bytes) -> tuple[Evidence, ...]:
    """Read version 1."""
    return tuple(Evidence(**fields) for fields in json.loads(body))


PARAMETERS: Final[Schema[Mapping[str, Any]]] = Schema("resolution-parameters", 1, canonical_json, {1: read_parameters})
"""What a resolution does when it is adopted, as its notice said."""

EVIDENCE: Final[Schema[tuple[Evidence, ...]]] = Schema("milestone-evidence", 1, write_evidence, {1: read_evidence})
"""The evidence that a milestone was reached."""

EVIDENCE_FILE: Final[Schema[bytes]] = Schema("evidence-file", 1, bytes, {1: bytes})
"""A file that shows something, byte for byte as it was handed in: its hash is the one that the evidence names."""
