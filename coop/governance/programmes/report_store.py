"""Queries on reports that a milestone was reached, which wait for a partner, and on the files that show it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from coop.governance.model import Reached
from coop.governance.programmes.documents import EVIDENCE, EVIDENCE_FILE
from coop.governance.tables.programmes import evidence_file, milestone_report, milestone_report_settled
from coop.governance.tables.stamps import stamp
from coop.kit.database import among
from coop.kit.documents import find_stored, keep, load
from coop.kit.rows import find_by, select_as
from coop.kit.tx import Tx
from coop.values import NotFound, say


@dataclass(frozen=True)
class Report:
    """A milestone reported as reached, by whom and when."""

    report_id: str
    milestone_id: str
    content: Reached
    recorded_at: datetime
    actor: str


@dataclass(frozen=True)
class Settled:
    """The end of a report: confirmed or returned by a partner, or withdrawn by the co-operative."""

    report_id: str
    outcome: str
    reason: str
    recorded_at: datetime
    actor: str


@dataclass(frozen=True)
class EvidenceFile:
    """A file that was handed in."""

    sha256: str
    name: str
    media_type: str


@dataclass(frozen=True)
class _Row:
    report_id: str
    milestone_id: str
    reached_on: date
    cost_cents: int
    evidence_hash: str
    recorded_at: datetime
    actor: str


def add_report(tx: Tx, milestone_id: str, content: Reached) -> str:
    """Keep a report; returns its id."""
    report_id = str(uuid4())
    row = {
        "community": tx.community,
        "report_id": report_id,
        "milestone_id": milestone_id,
        "reached_on": content.reached_on,
        "cost_cents": content.cost_cents,
        "evidence_hash": keep(tx, EVIDENCE.seal(content.evidence)),
        **stamp(tx),
    }
    tx.insert(milestone_report, [row])
    return report_id


def list_reports(tx: Tx) -> list[tuple[Report, Settled | None]]:
    """Every report in the order in which they were made, each with its end or None while it waits."""
    columns = milestone_report.c
    rows = select_as(tx, _Row, milestone_report, order_by=[columns.recorded_at, columns.report_id])
    documents = find_stored(tx, {row.evidence_hash for row in rows})
    settled = {each.report_id: each for each in select_as(tx, Settled, milestone_report_settled)}
    return [
        (
            Report(
                row.report_id,
                row.milestone_id,
                Reached(row.reached_on, row.cost_cents, EVIDENCE.open(documents[row.evidence_hash])),
                row.recorded_at,
                row.actor,
            ),
            settled.get(row.report_id),
        )
        for row in rows
    ]


def list_waiting(tx: Tx) -> list[Report]:
    """Reports that no partner has checked yet."""
    return [report for report, settled in list_reports(tx) if settled is None]


def find_report(tx: Tx, report_id: str) -> tuple[Report, Settled | None]:
    """One report with its end.

    Raises:
        NotFound: there is none.
    """
    for report, settled in list_reports(tx):
        if report.report_id == report_id:
            return report, settled
    raise NotFound(say("there is no such report of a milestone"))


def settle_report(tx: Tx, report_id: str, outcome: str, reason: str = "") -> None:
    """Keep the end of a report."""
    row = {"community": tx.community, "report_id": report_id, "outcome": outcome, "reason": reason, **stamp(tx)}
    tx.insert(milestone_report_settled, [row])


def add_file(tx: Tx, name: str, media_type: str, body: bytes) -> str:
    """Keep a file that shows something; returns its hash. The same bytes are kept once, under their first name."""
    sha256 = keep(tx, EVIDENCE_FILE.seal(body))
    row = {"community": tx.community, "sha256": sha256, "name": name, "media_type": media_type, **stamp(tx)}
    tx.insert_new(evidence_file, [row], ["community", "sha256"])
    return sha256


def list_files(tx: Tx, hashes: Collection[str]) -> dict[str, EvidenceFile]:
    """The files with these hashes that are kept here."""
    rows = select_as(tx, EvidenceFile, evidence_file, among(tx, evidence_file.c.sha256, hashes))
    return {row.sha256: row for row in rows}


def load_file(tx: Tx, sha256: str) -> tuple[EvidenceFile, bytes]:
    """A file with its bytes.

    Raises:
        NotFound: none has this hash.
    """
    kept = find_by(tx, EvidenceFile, evidence_file, sha256=sha256)
    if kept is None:
        raise NotFound(say("there is no such file"))
    return kept, EVIDENCE_FILE.open(load(tx, sha256))
