"""Parameters and evidence: bytes that keep their hash, and can be read whatever fields are added later.

``documents/`` holds one document of each schema and version as it was written when that version was the newest. A file
there is never changed; a new version adds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from coop.events.governance import MilestoneReached
from coop.governance.model import Evidence
from coop.governance.programmes import commands as programmes
from coop.governance.programmes import documents, store
from coop.governance.programmes.documents import EVIDENCE, PARAMETERS
from coop.kit.database import Database
from coop.kit.documents import Document, Schema, UnreadableDocument, load
from coop.values import canonical_json, hash_parameters
from tests.desk import SECRETARY
from tests.governance.assembly import IN_TIME, TARIFF, TOWN, live, only, told

FROZEN = Path(__file__).parent / "documents"
SCHEMAS: Mapping[str, Schema[Any]] = {schema.name: schema for schema in (PARAMETERS, EVIDENCE)}
EXAMPLES: Mapping[str, tuple[str, object]] = {
    "resolution-parameters.v1": (
        "d46554786fbffb45389aca11f86c3b65d9c7693dbc17b0add438345a520c9092",
        {
            "group_id": "roofs",
            "kind": "static",
            "weights": {"m1": "0.5", "m2": "0.5"},
            "valid_from": "2027-01-01",
            "note": "zó verdeeld",
        },
    ),
    "milestone-evidence.v1": (
        "b11b7c31d2b9f6ce3ebbfc06bb5463723558059d21d76bfb0fdd14cc9d61d7a5",
        (Evidence("insurance", "P-77, café", "b" * 64), Evidence("permit", "Z/2026/1", "a" * 64)),
    ),
}


def frozen(name: str) -> Document:
    schema, _, version = name.rpartition(".v")
    return Document(schema, int(version), (FROZEN / f"{name}.json").read_bytes())


def test_every_schema_has_a_frozen_example_of_each_of_its_versions() -> None:
    versions = {f"{schema.name}.v{version}" for schema in SCHEMAS.values() for version in schema.readers}
    assert versions == set(EXAMPLES) == {path.stem for path in FROZEN.iterdir()}
    assert all(schema.version == max(schema.readers) for schema in SCHEMAS.values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_frozen_document_has_its_hash_and_its_meaning(name: str) -> None:
    document, (sha256, content) = frozen(name), EXAMPLES[name]
    assert document.sha256 == sha256
    assert SCHEMAS[document.schema].open(document) == content


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_the_newest_version_is_written_as_its_example(schema: Schema[Any]) -> None:
    document = frozen(f"{schema.name}.v{schema.version}")
    assert schema.seal(schema.open(document)) == document


def test_the_hash_of_parameters_is_the_one_that_the_other_services_compute() -> None:
    assert PARAMETERS.seal(TARIFF).sha256 == hash_parameters(TARIFF)


@dataclass(frozen=True)
class SignedEvidence(Evidence):
    """Evidence as a later version of the code might know it."""

    signed_by: str = ""


def test_a_field_added_to_evidence_leaves_what_was_reported_before_valid(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(database, until="reach late")
    [reached] = only(told(database), MilestoneReached)

    def write(evidence: tuple[SignedEvidence, ...]) -> bytes:
        return canonical_json([vars(piece) for piece in evidence])

    grown: Schema[Any] = Schema(EVIDENCE.name, 2, write, {**EVIDENCE.readers, 2: documents.read_evidence})
    monkeypatch.setattr(documents, "Evidence", SignedEvidence)
    monkeypatch.setattr(store, "EVIDENCE", grown)
    with database.read(TOWN) as tx:
        report = store.list_reached(tx)["permit"]
        assert [type(piece) for piece in report.evidence] == [SignedEvidence] * 2
        assert load(tx, reached.evidence_hash).version == 1
    again = replace(IN_TIME, evidence=tuple(SignedEvidence(**vars(piece)) for piece in IN_TIME.evidence))
    with database.write(TOWN, SECRETARY) as tx:
        programmes.reach_milestone(tx, "permit", again)
    assert only(told(database), MilestoneReached) == [reached]


@pytest.mark.parametrize(
    ("schema", "body"),
    [(PARAMETERS, b"[]"), (PARAMETERS, b"{"), (EVIDENCE, b'{"name": "x"}'), (EVIDENCE, b'[{"name": "x"}]')],
)
def test_a_document_that_does_not_follow_its_schema_is_refused(schema: Schema[Any], body: bytes) -> None:
    with pytest.raises(UnreadableDocument):
        schema.open(Document(schema.name, 1, body))
