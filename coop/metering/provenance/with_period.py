"""Results of a closed period that are verified with it: where the period, computed whole, was computed from the very
days of readings that a result names, these are not read a second time; and where the documents are the same too,
computing that result once more could come to nothing else.

Whatever else differs in any of them, or is gone, is left to the walk back from that result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coop.kit import documents
from coop.kit.documents import UNREADABLE, Document, UnreadableDocument
from coop.kit.tx import Tx
from coop.metering.heat.compute import Measured
from coop.metering.heat.documents import BASIS, Basis
from coop.metering.periods.changes import Told
from coop.metering.periods.results import Results
from coop.metering.periods.store import AllocationRun, Measurement
from coop.metering.provenance.ground import ReadingsGone, open_document
from coop.metering.provenance.verify import compare_measurement, compare_run
from coop.metering.readings.documents import MANIFEST, rows_of
from coop.metering.sharing.computing import Run
from coop.metering.sharing.documents import RUN_INPUTS
from coop.metering.sharing.run import Outcome, run_again
from coop.metering.sharing.sums import hash_run
from coop.values import NotFound

Verified = Mapping[str, tuple[str, ...]]
"""Findings of measurements and runs, by id: nothing of those that agree."""


def verify_with_period(tx: Tx, told: Told, whole: Results) -> dict[str, tuple[str, ...]]:
    """Findings of those results that were told of a period and that ``whole`` was computed from alike."""
    try:
        return dict(_verify(tx, told, whole))
    except UNREADABLE:  # the walk back from each of them says of which
        return {}


def _verify(tx: Tx, told: Told, whole: Results) -> Iterator[tuple[str, tuple[str, ...]]]:
    runs = [one.run for one in told.runs]
    hashes = {sha256 for one in told.measurements for sha256 in (one.basis_sha256, one.manifest_sha256)}
    hashes |= {sha256 for run in runs for sha256 in (run.inputs_sha256, run.manifest_sha256)}
    stored = documents.find_stored(tx, hashes)
    measured = {one.subject: one for one in whole.measured}
    for one in told.measurements:
        again = measured.get(one.subject)
        if again is not None and _is_measured_alike(stored, one, again):
            yield one.id, tuple(compare_measurement(one, again.uses))
    ran = {(run.group_id, run.period): run for run in whole.runs}
    for each in told.runs:
        run = ran.get((each.run.group_id, each.run.period))
        shared = _run_alike(stored, each.run, run) if run is not None else None
        if shared is not None:
            yield each.run.id, tuple(compare_run(each.run, each.shares, *shared))


def _is_measured_alike(stored: Mapping[str, Document], told: Measurement, again: Measured) -> bool:
    """True where a measurement was computed from the basis and the days that were told, and by no weather, which is
    read otherwise for a measurement alone."""
    spans = tuple(use.span for use in again.uses)
    if not {register_id for register_id, _ in again.versions} <= {span.register_id for span in spans}:
        return False
    try:
        basis = open_document(BASIS, stored, told.basis_sha256)
        manifest = open_document(MANIFEST, stored, told.manifest_sha256)
    except ReadingsGone:
        return False
    return basis == Basis(again.tap_permille, spans) and manifest == again.versions


def _run_alike(stored: Mapping[str, Document], told: AllocationRun, again: Run) -> tuple[str, Outcome] | None:
    """Hash and outcome of a run from the inputs and the days that were told, where the period was computed from those
    days and no others. Of other inputs, as once a meter speaks that had said nothing, the same readings are shared
    anew."""
    try:
        document = documents.take(stored, told.inputs_sha256)
        manifest = open_document(MANIFEST, stored, told.manifest_sha256)
        inputs = open_document(RUN_INPUTS, stored, told.inputs_sha256)
    except (NotFound, UnreadableDocument, ReadingsGone):
        return None
    if again.said is None or rows_of(manifest) != again.versions:
        return None
    if document.sha256 == again.document.sha256:
        return again.inputs_hash, again.outcome
    if not inputs.exponents().items() <= again.inputs.exponents().items():
        return None
    ran, _ = run_again(inputs, again.said)
    return hash_run(document.body, ran[-1].days), ran[-1].outcome
