"""Changes that a closing or a correction has to tell: what a period comes to, less what was told of it.

Pure: no database, no clock. ``close`` loads what was told, asks here, writes and tells.

Invariant: what was told stays. A change makes the next revision of just the measurement or the run that came out
differently; a measurement of somebody who turned out not to have held the connection becomes nothing, and so does a
share, and a run that is none any more; where nothing differs there are no changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from coop.events.metering import HeatSystemReported, MeasuredPart
from coop.kit.documents import Document
from coop.metering.heat.compute import Measured
from coop.metering.heat.documents import BASIS, Basis
from coop.metering.heat.measuring import Use
from coop.metering.heat.plant import Plant
from coop.metering.periods.results import Occupant, Results
from coop.metering.periods.store import Allocation, AllocationRun, Giving, Measurement
from coop.metering.readings.documents import MANIFEST, seal_rows
from coop.metering.readings.store import instant, seconds
from coop.metering.register.closed import PUT_RIGHT
from coop.metering.sharing.computing import Run
from coop.metering.sharing.documents import RUN_INPUTS
from coop.metering.sharing.inputs import Inputs
from coop.metering.sharing.quarters import NOTHING
from coop.metering.sharing.run import run_again
from coop.metering.sharing.sums import hash_run
from coop.values import Period, derive_id


@dataclass(frozen=True)
class LateReading:
    """A reading that came after its period was closed, and the civil day of the period that it is of."""

    serial: str
    day: date


@dataclass(frozen=True)
class Decided:
    """A decision about a closed period, on a meter or a group, as members are told it."""

    subject: str
    cause: str


@dataclass(frozen=True)
class Told:
    """Results that were told of a period, each in its newest revision. ``revision`` is that of the last closing, 0
    before the first. ``late`` says, by register, which reading came late since then, and ``decisions`` what was decided
    about the period by name; ``otherwise`` is the cause of what neither says."""

    community: str
    period: Period
    revision: int = 0
    measurements: tuple[Measurement, ...] = ()
    runs: tuple[ToldRun, ...] = ()
    heat_system: HeatSystemReported | None = None
    late: Mapping[str, LateReading] = field(default_factory=dict)
    decisions: tuple[Decided, ...] = ()
    otherwise: str = PUT_RIGHT

    def cause_of(self, register_ids: Iterable[str], serials: Iterable[str]) -> str:
        """Say why the use of one connection, read from these registers of these meters, comes out differently; nothing
        on the first closing."""
        found = {f"late reading of meter {one.serial} on {one.day}" for one in self._late_of(register_ids)}
        return self._say(found, set(serials))

    def cause_of_group(self, register_ids: Iterable[str], group_id: str) -> str:
        """Say why a run comes out differently. Every member of the group is told it, so it names nobody's meter."""
        found = {f"late reading in group {group_id} on {one.day}" for one in self._late_of(register_ids)}
        return self._say(found, {group_id})

    def _late_of(self, register_ids: Iterable[str]) -> list[LateReading]:
        return [self.late[identity] for identity in register_ids if identity in self.late]

    def _say(self, late: set[str], subjects: set[str]) -> str:
        if not self.revision:
            return ""
        decided = {one.cause: None for one in self.decisions if one.subject in subjects}
        found = [*sorted(late), *decided]
        if not found:
            return self.otherwise
        return "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")


@dataclass(frozen=True)
class ToldRun:
    """A run with what each occupancy got in it, in the order of connection and member, and what each producer gave."""

    run: AllocationRun
    shares: tuple[Allocation, ...]
    givings: tuple[Giving, ...] = ()

    @property
    def bounds(self) -> dict[str, tuple[int, ...]]:
        """Bounds of the groups after it: needs of occupancies, and what producers made and gave. Who needed nothing, as
        somebody who turned out not to have been there, bounds nothing."""
        needs = {f"{one.connection_id} {one.member_id}": (one.needed_wh,) for one in self.shares if one.needed_wh}
        return needs | {one.meter: (one.made_mwh, one.given_mwh) for one in self.givings}


@dataclass(frozen=True)
class Changes:
    """Results to write and to tell, and the documents behind them. ``heat_system`` is None where its report stands."""

    measurements: tuple[Measurement, ...]
    runs: tuple[ToldRun, ...]
    heat_system: HeatSystemReported | None
    documents: tuple[Document, ...]

    @property
    def is_nothing(self) -> bool:
        """True where everything comes out as it was told."""
        return not self.measurements and not self.allocations and self.heat_system is None

    @property
    def allocations(self) -> list[tuple[AllocationRun, Allocation]]:
        """Shares that are told, each with its run."""
        return [(told.run, share) for told in self.runs for share in told.shares if share.told]

    @property
    def run_id(self) -> str:
        """Id of the run, or of all runs together; empty where none came out differently."""
        run_ids = sorted(told.run.id for told in self.runs)
        return run_ids[0] if len(run_ids) == 1 else derive_id("runs", *run_ids) if run_ids else ""

    @property
    def cause(self) -> str:
        """Every cause, once."""
        causes = {one.cause for one in self.measurements} | {run.cause for run, _ in self.allocations}
        return "; ".join(sorted(causes))


def diff(before: Told, now: Results) -> Changes:
    """Find what the next revision of a period tells."""
    measurements, documents = _diff_measurements(before, now)
    runs, more_documents = _diff_runs(before, now)
    system = _report(before, now.plant)
    if system is not None and before.heat_system is not None and _is_same(system, before.heat_system):
        system = None
    return Changes(tuple(measurements), tuple(runs), system, (*documents, *more_documents))


def tell_parts(use: Use) -> tuple[MeasuredPart, ...]:
    """The parts of a span as they are told."""
    return tuple(
        MeasuredPart(
            meter=use.span.serial,
            register_id=use.span.register_id,
            from_at=instant(part.start.at_s),
            to_at=instant(part.end.at_s),
            from_stand=part.from_stand,
            to_stand=part.to_stand,
            energy=part.energy,
            exponent=use.span.exponent,
            from_quality=part.start.quality.name.lower(),
            to_quality=part.end.quality.name.lower(),
            versions_hash=versions_hash,
            midnights=part.midnights,
        )
        for part, versions_hash in zip(use.parts, use.hashes, strict=True)
    )


def _diff_measurements(before: Told, now: Results) -> tuple[list[Measurement], list[Document]]:
    known = {one.subject: one for one in before.measurements if one.subject not in now.standing}
    changed: list[Measurement] = []
    documents: list[Document] = []
    for one in now.measured:
        was = known.pop(one.subject, None)
        parts = tuple(part for use in one.uses for part in tell_parts(use))
        if was is None or was.energy_j != one.energy_j or was.parts != parts:
            basis = BASIS.seal(Basis(one.tap_permille, tuple(use.span for use in one.uses)))
            manifest = MANIFEST.seal(one.versions)
            serials = {use.span.serial for use in one.uses} | {part.meter for part in (was.parts if was else ())}
            cause = before.cause_of((use.span.register_id for use in one.uses), serials)
            changed.append(_measurement(before, one, parts, cause, basis, manifest))
            documents += [basis, manifest]
    for was in known.values():
        if was.energy_j != 0:
            basis, manifest = BASIS.seal(Basis(0, ())), MANIFEST.seal({})
            changed.append(_withdraw(before, was, (was.connection_id, was.member_id) in now.held, basis, manifest))
            documents += [basis, manifest]
    return changed, documents


def _measurement(
    before: Told, one: Measured, parts: tuple[MeasuredPart, ...], cause: str, basis: Document, manifest: Document
) -> Measurement:
    return Measurement(
        id=_measurement_id(before, one),
        period=before.period,
        revision=before.revision + 1,
        connection_id=one.connection_id,
        member_id=one.member_id,
        quantity=one.quantity,
        energy_j=one.energy_j,
        estimated=one.estimated,
        cause=cause,
        parts=parts,
        basis_sha256=basis.sha256,
        manifest_sha256=manifest.sha256,
    )


def _withdraw(before: Told, was: Measurement, is_held: bool, basis: Document, manifest: Document) -> Measurement:
    """Nothing, for somebody who turned out not to have held the connection, or of whom no reading is left."""
    if not is_held:
        cause = "the connection was not held then"
    else:
        cause = before.cause_of({part.register_id for part in was.parts}, {part.meter for part in was.parts})
        cause = "no reading of the meter is left" if cause == before.otherwise else cause
    return replace(
        was,
        id=_measurement_id(before, was),
        revision=before.revision + 1,
        energy_j=Decimal(0),
        estimated=False,
        cause=cause,
        parts=(),
        basis_sha256=basis.sha256,
        manifest_sha256=manifest.sha256,
    )


def _measurement_id(before: Told, one: Measured | Measurement) -> str:
    return derive_id("measurement", before.community, before.period, *one.subject, before.revision + 1)


def _diff_runs(before: Told, now: Results) -> tuple[list[ToldRun], list[Document]]:
    known = {(told.run.group_id, told.run.period): told for told in before.runs}
    for which in now.standing_runs:
        del known[which]
    changed: list[ToldRun] = []
    documents: list[Document] = []
    for run in now.runs:
        was = known.pop((run.group_id, run.period), None)
        manifest = seal_rows(run.versions)
        told = _tell_run(before, was, run, manifest)
        if was is None or any(share.told for share in told.shares) or told.bounds != was.bounds:
            changed.append(told)
            documents += [run.document, manifest]
    for told in known.values():
        if any(share.consumed_wh for share in told.shares) or told.run.produced_wh:
            withdrawn, more = _withdraw_run(before, told)
            changed.append(withdrawn)
            documents += more
    return changed, documents


def _withdraw_run(before: Told, was: ToldRun) -> tuple[ToldRun, list[Document]]:
    """Nothing, for a run that turned out not to be one: its group, or its key, was put right by name."""
    period = was.run.period
    start, end = seconds(period.start_at), seconds(period.end_at)
    inputs = Inputs(was.run.group_id, {"kind": "dynamic"}, start, end, (), (), (), ())
    document, manifest = RUN_INPUTS.seal(inputs), MANIFEST.seal({})
    inputs_hash = hash_run(document.body, run_again(inputs, NOTHING)[0][-1].days)
    run_id = derive_id(
        "run", before.community, was.run.group_id, period.start, period.end, before.revision + 1, inputs_hash
    )
    run = replace(
        was.run,
        id=run_id,
        revision=before.revision + 1,
        inputs_hash=inputs_hash,
        inputs_sha256=document.sha256,
        produced_wh=0,
        surplus_wh=0,
        missing_quarters=0,
        cause=before.cause_of_group((), was.run.group_id),
        manifest_sha256=manifest.sha256,
    )
    shares = tuple(
        Allocation(run_id, one.connection_id, one.member_id, 0, 0, 0, told=bool(one.consumed_wh)) for one in was.shares
    )
    return ToldRun(run, shares, tuple(Giving(run_id, one.meter, 0, 0) for one in was.givings)), [document, manifest]


def _tell_run(before: Told, was: ToldRun | None, now: Run, manifest: Document) -> ToldRun:
    """A run in the next revision. Its shares are told where they differ, and all of them under another key."""
    run_id = derive_id(
        "run",
        before.community,
        now.group_id,
        now.period.start,
        now.period.end,
        before.revision + 1,
        now.inputs_hash,
    )
    run = AllocationRun(
        id=run_id,
        group_id=now.group_id,
        period=now.period,
        revision=before.revision + 1,
        key_id=now.key.key_id,
        resolution_id=now.key.resolution_id,
        inputs_hash=now.inputs_hash,
        inputs_sha256=now.document.sha256,
        produced_wh=now.outcome.produced_wh,
        surplus_wh=now.outcome.surplus_wh,
        missing_quarters=now.outcome.missing,
        cause=before.cause_of_group(now.inputs.register_ids(), now.group_id),
        manifest_sha256=manifest.sha256,
    )
    known: dict[Occupant, tuple[int, int]] = {}
    if was is not None:
        known = {(one.connection_id, one.member_id): (one.consumed_wh, one.allocated_wh) for one in was.shares}
    gone = {who: (0, 0) for who, energies in known.items() if energies != (0, 0)}
    shares = gone | {
        (one.connection_id, one.member_id): (one.consumed_wh, one.allocated_wh) for one in now.outcome.shares
    }
    same_key = was is not None and was.run.key_id == now.key.key_id
    needed = {(one.connection_id, one.member_id): one.needed_wh for one in now.outcome.shares}
    return ToldRun(
        run,
        tuple(
            Allocation(run_id, *who, *energies, needed.get(who, 0), told=not same_key or known.get(who) != energies)
            for who, energies in sorted(shares.items())
        ),
        tuple(Giving(run_id, one.meter, one.made, one.given) for one in now.outcome.givings),
    )


def _report(before: Told, plant: Plant | None) -> HeatSystemReported | None:
    if plant is None:
        return None
    return HeatSystemReported(
        period_start=before.period.start,
        period_end=before.period.end,
        revision=before.revision + 1,
        heat_produced_j=plant.heat_produced_j,
        heat_delivered_j=plant.heat_delivered_j,
        electricity_wh=plant.electricity_wh,
        source_temperature_min_cdegc=plant.source_temperature_min_cdegc,
        spf=plant.spf,
        loss_share=plant.loss_share,
        heat_vacant_j=plant.heat_vacant_j,
        covered_permille=plant.covered_permille,
    )


def _is_same(report: HeatSystemReported, other: HeatSystemReported) -> bool:
    """True where two reports differ at most in their revision."""
    return report == other.model_copy(update={"revision": report.revision})
