"""Walk a resolution back: count its ballots again under the statutes of its meeting, and compare every hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.governance.model import Count, Verdict
from coop.governance.rules.counting import count_ballots, decide
from coop.governance.rules.statutes import in_force, rule_for
from coop.governance.storage import meetings as store
from coop.governance.storage.voters import find_voters
from coop.kit.tx import Tx
from coop.values import NotFound, say


@dataclass(frozen=True)
class VerifiedResolution:
    """A decided resolution, counted again. It agrees when there are no findings."""

    resolution_id: str
    subject_nl: str
    subject_en: str
    held_on: date
    decided_on: date | None
    count: Count
    verdict: Verdict
    ballots: int
    findings: tuple[str, ...]


def verify_resolution(tx: Tx, resolution_id: str) -> VerifiedResolution:
    """Count a resolution again and say everything that does not agree with what was decided.

    Raises:
        NotFound: there is no such resolution.
    """
    meeting_id = store.find_agenda(tx, resolution_id)
    meeting = store.find_meeting(tx, meeting_id) if meeting_id else None
    if meeting is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    resolution = next(point for point in meeting.resolutions if point.resolution_id == resolution_id)
    history = store.list_ballots(tx, resolution_id)
    count = count_ballots((earlier[-1] for earlier in history.values()), find_voters(tx, meeting.held_on))
    rule = rule_for(in_force(store.list_statutes(tx), meeting.held_on), resolution.kind)
    verdict = decide(rule, count)
    decided = store.find_decision(tx, resolution_id)
    findings = []
    notice_hash, document = store.find_notice(tx, resolution_id)
    if document.sha256 != notice_hash:
        findings.append("the parameters are no longer those of the notice")
    if decided is None:
        findings.append("it was never decided")
    else:
        if decided.parameters_hash != document.sha256:
            findings.append("the parameters are no longer those that were adopted")
        if decided.count != count:
            findings.append("the ballots counted again give another count")
        if decided.verdict.adopted != verdict.adopted:
            findings.append(f"the ballots counted again give another verdict: {verdict.word}")
    return VerifiedResolution(
        resolution_id=resolution_id,
        subject_nl=resolution.subject_nl,
        subject_en=resolution.subject_en,
        held_on=meeting.held_on,
        decided_on=decided.decided_on if decided else None,
        count=count,
        verdict=verdict,
        ballots=len(history),
        findings=tuple(f"resolution {resolution_id}: {finding}" for finding in findings),
    )
