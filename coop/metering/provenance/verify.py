"""Recomputing what was told, from the very versions it was computed from; and saying why an allocation is what it
is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.kit import documents
from coop.kit.documents import Content, Schema
from coop.kit.tx import Tx
from coop.metering.heat.compute import share_of
from coop.metering.heat.documents import Basis
from coop.metering.heat.measuring import Use, total_energy, use_of
from coop.metering.periods import store as periods
from coop.metering.periods.changes import tell_parts
from coop.metering.periods.store import Allocation, AllocationRun, Measurement
from coop.metering.provenance.ground import Ground, ReadingsGone, open_document, read_past
from coop.metering.readings import store as readings
from coop.metering.readings.days import Stored, unpack_all
from coop.metering.readings.documents import MANIFEST
from coop.metering.readings.store import Past, seconds
from coop.metering.sharing.allocation import Explanation, Key, explain
from coop.metering.sharing.balance import Balance, Served, trace
from coop.metering.sharing.computing import contents
from coop.metering.sharing.documents import RUN_INPUTS
from coop.metering.sharing.inputs import Inputs
from coop.metering.sharing.quarters import QUARTER_S
from coop.metering.sharing.run import Outcome, run_again
from coop.metering.sharing.sums import Days, hash_run
from coop.values import CoopError, say


def verify_measurement(tx: Tx, measurement_id: str, ground: Ground | None = None) -> list[str]:
    """Name what of a measurement cannot be found again in the readings; empty when all of it can.

    Args:
        ground: what was read of it and of other measurements in the same view.

    Raises:
        ReadingsDetached: its readings are set aside.
        CoopError: there is no such measurement.
    """
    ground = ground or Ground(tx, [measurement_id])
    told = ground.measurement(measurement_id)
    if told is None:
        raise CoopError(
            "no-such-measurement", say("there is no measurement %(measurement_id)s", measurement_id=measurement_id)
        )
    try:
        basis, by_register = read_days(ground, told)
        return compare_measurement(told, _use_again(basis, by_register))
    except ReadingsGone as gone:
        return [f"measurement {measurement_id}: {gone.message}"]
    except documents.UNREADABLE as broken:
        return [f"measurement {measurement_id}: what it rests on can no longer be read: {broken}"]


def compare_measurement(told: Measurement, uses: Sequence[Use]) -> list[str]:
    """Name what of a measurement was told otherwise than its stands read again come to."""
    parts = tuple(part for use in uses for part in tell_parts(use))
    energy_j = total_energy(uses)
    findings = []
    if parts != told.parts:
        findings.append(f"measurement {told.id}: the stands read again are not those that were told")
    if energy_j != told.energy_j:
        findings.append(f"measurement {told.id}: {energy_j} J read again, {told.energy_j} J told")
    return findings


def read_days(ground: Ground, told: Measurement) -> tuple[Basis, dict[str, dict[int, Stored]]]:
    """Read the very days that a measurement was made of, by register and UTC day, and what else it rests on.

    Raises:
        ReadingsGone: some of it is no longer there as it was.
        ReadingsDetached: its readings are set aside.
    """
    basis = ground.basis(told)
    exponents = {span.register_id: span.exponent for span in basis.spans}
    by_register: dict[str, dict[int, Stored]] = {}
    for one in unpack_all([*ground.days(told, exponents).values()]):
        by_register.setdefault(one.register_id, {})[one.day] = one
    return basis, by_register


def _use_again(basis: Basis, by_register: Mapping[str, Mapping[int, Stored]]) -> list[Use]:
    counted = {span.register_id for span in basis.spans}
    # What was read besides the counting registers is the weather.
    weather = {
        day: one for identity, days in by_register.items() if identity not in counted for day, one in days.items()
    }
    share = share_of(weather, basis.tap_permille)
    found = []
    for span in basis.spans:
        days = by_register.get(span.register_id, {})
        use = use_of(span, {day: one.content for day, one in days.items()}, share)
        if use is not None:
            found.append(use)
    return found


def verify_allocation(tx: Tx, run_id: str) -> list[str]:
    """Name what of an allocation run cannot be found again in the readings; empty when all of it can.

    Raises:
        ReadingsDetached: its readings are set aside.
        CoopError: there is no such run.
    """
    told = _get_run(tx, run_id)
    try:
        again = _run_again(tx, told)
        inputs_hash = hash_run(documents.load(tx, told.inputs_sha256).body, again.days)
    except ReadingsGone as gone:
        return [f"run {run_id}: {gone.message}"]
    except documents.UNREADABLE as broken:
        return [f"run {run_id}: what it rests on can no longer be read: {broken}"]
    return compare_run(told, periods.list_allocations(tx, run_id), inputs_hash, again.outcome)


def compare_run(told: AllocationRun, shares: Iterable[Allocation], inputs_hash: str, outcome: Outcome) -> list[str]:
    """Name what of a run, and of the ``shares`` that were told of it, is otherwise than it comes to again."""
    findings = []
    if inputs_hash != told.inputs_hash:
        findings.append(f"run {told.id}: the readings read again are not those that it was computed from")
    if (outcome.produced_wh, outcome.surplus_wh) != (told.produced_wh, told.surplus_wh):
        findings.append(f"run {told.id}: production or surplus comes out differently")
    again = {(one.connection_id, one.member_id): (one.consumed_wh, one.allocated_wh) for one in outcome.shares}
    for share in shares:
        energies = again.get((share.connection_id, share.member_id), (0, 0))
        if energies != (share.consumed_wh, share.allocated_wh):
            findings.append(
                f"run {told.id}: {share.connection_id} was told {share.allocated_wh} Wh, and gets {energies[1]} Wh"
            )
    return findings


@dataclass(frozen=True)
class RunAgain:
    """A run as it comes out from what it was computed from; ``before`` are the groups that were served before it."""

    inputs: Inputs
    before: tuple[Served, ...]
    served: Served
    balance: Balance
    outcome: Outcome
    days: Days


@dataclass(frozen=True)
class Quarter:
    """One quarter-hour of one participant, and why it got what it got [thousandths of a Wh].

    Of what it took, ``own`` came from its own meters; ``earlier`` says what the groups that are served before gave it,
    and ``givers`` which producers gave what it got here.
    """

    at: datetime
    run_id: str
    group_id: str
    key_id: str
    resolution_id: str
    taken: int
    own: int
    earlier: tuple[tuple[str, int], ...]
    explanation: Explanation
    givers: tuple[tuple[str, int], ...]
    inputs: Inputs


def explain_allocation(tx: Tx, run_id: str, connection_id: str, at: datetime) -> Quarter:
    """Explain what a connection got in the quarter-hour that holds ``at``, from the versions the run was made of.

    Raises:
        CoopError: there is no such run, the instant is not in it, or the connection does not take part.
    """
    told = _get_run(tx, run_id)
    again = _run_again(tx, told)
    inputs, served, at_s = again.inputs, again.served, seconds(at)
    if not inputs.from_s <= at_s < inputs.to_s:
        raise CoopError("not-in-run", say("%(at)s does not lie in the run", at=at))
    if connection_id not in inputs.participants:
        raise CoopError(
            "not-in-run", say("connection %(connection_id)s has no part in the run", connection_id=connection_id)
        )
    quarter = (at_s - inputs.from_s) // QUARTER_S
    why = explain(
        Key.read(inputs.parameters),
        inputs.participants,
        int(served.production[quarter]),
        served.use[quarter].tolist(),
        connection_id,
    )
    column = inputs.participants.index(connection_id)
    earlier = [
        (step.inputs.group_id, int(step.allocated[quarter, step.inputs.participants.index(connection_id)]))
        for step in again.before
        if connection_id in step.inputs.participants
    ]
    taken, own = again.balance.use_of(connection_id)
    return Quarter(
        readings.instant(inputs.from_s + quarter * QUARTER_S),
        run_id,
        told.group_id,
        told.key_id,
        told.resolution_id,
        int(taken[quarter]),
        int(own[quarter]),
        tuple((group_id, got) for group_id, got in earlier if got),
        why,
        tuple((meter, int(part[0, column])) for meter, part in trace(served.at(quarter)).items() if part[0, column]),
        inputs,
    )


def quarters_of(tx: Tx, run_id: str) -> RunAgain:
    """Read what a run was computed from, quarter-hour by quarter-hour, and compute it again.

    Raises:
        CoopError: there is no such run, or something that it was computed from is gone.
    """
    return _run_again(tx, _get_run(tx, run_id))


def inputs_of(tx: Tx, run: AllocationRun) -> Inputs:
    """Read what a run was computed from, besides the readings.

    Raises:
        ReadingsGone: they are no longer there as they were.
    """
    return _open(tx, RUN_INPUTS, run.inputs_sha256)


def _get_run(tx: Tx, run_id: str) -> AllocationRun:
    told = periods.find_run(tx, run_id)
    if told is None:
        raise CoopError("no-such-run", say("there is no allocation run %(run_id)s", run_id=run_id))
    return told


def _run_again(tx: Tx, told: AllocationRun) -> RunAgain:
    inputs = inputs_of(tx, told)
    manifest = _open(tx, MANIFEST, told.manifest_sha256)
    days = read_past(Past(tx, [manifest]), manifest, inputs.exponents())
    ran, balance = run_again(inputs, contents(days))
    *before, last = ran
    return RunAgain(inputs, tuple(one.served for one in before), last.served, balance, last.outcome, last.days)


def _open(tx: Tx, schema: Schema[Content], sha256: str) -> Content:
    return open_document(schema, documents.find_stored(tx, [sha256]), sha256)
