"""Recomputing what was told, from the very versions it was computed from; and saying why an allocation is what it
is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from coop.metering.handlers.close import event_parts
from coop.metering.handlers.compute import share_of
from coop.metering.handlers.sharing import contents
from coop.metering.rules.allocation import Explanation, Key, explain
from coop.metering.rules.measuring import Span, Use, total_energy, use_of
from coop.metering.rules.plausibility import Bound
from coop.metering.rules.sharing import QUARTER_S, Inputs, Matrices, matrices, run
from coop.metering.storage import periods, readings
from coop.metering.storage.periods import unpack_manifest
from coop.metering.storage.readings import Stored, seconds
from coop.values import CoopError


def verify_measurement(connection: Connection, community: str, measurement_id: str) -> list[str]:
    """What of a measurement cannot be found again in the readings; empty when all of it can.

    Raises:
        CoopError: there is no such measurement.
    """
    row = periods.measurement_by_id(connection, community, measurement_id)
    if row is None:
        raise CoopError("no-such-measurement", f"there is no measurement {measurement_id}")
    try:
        stored = readings.exactly(connection, unpack_manifest(row.manifest))
    except KeyError as gone:
        return [f"measurement {measurement_id}: version {gone} of a day of readings is gone"]
    by_register: dict[str, dict[int, Stored]] = {}
    for (identity, day), one in stored.items():
        by_register.setdefault(identity, {})[day] = one.unpack()
    uses = _uses(json.loads(row.basis), by_register)
    findings = []
    parts = [part.model_dump(mode="json") for use in uses for part in event_parts(use)]
    if parts != json.loads(row.parts):
        findings.append(f"measurement {measurement_id}: the stands read again are not those that were told")
    energy = total_energy(uses)
    if str(energy) != row.energy_j:
        findings.append(f"measurement {measurement_id}: {energy} J read again, {row.energy_j} J told")
    return findings


def _uses(basis: Mapping[str, Any], by_register: Mapping[str, Mapping[int, Stored]]) -> list[Use]:
    counted = {fields["register_id"] for fields in basis["spans"]}
    # What was read besides the counting registers is the weather.
    weather = {
        day: one for identity, days in by_register.items() if identity not in counted for day, one in days.items()
    }
    share = share_of(weather, basis["tap_permille"])
    found = []
    for fields in basis["spans"]:
        bound = Bound(**fields["bound"]) if fields["bound"] else None
        span = Span(**{**fields, "bound": bound})
        days = by_register.get(span.register_id, {})
        use = use_of(span, {day: one.content for day, one in days.items()}, share)
        if use is not None:
            found.append(use)
    return found


def verify_allocation(connection: Connection, community: str, run_id: str) -> list[str]:
    """What of an allocation run cannot be found again in the readings; empty when all of it can.

    Raises:
        CoopError: there is no such run.
    """
    row, inputs, found = _read_again(connection, community, run_id)
    if found is None:
        return [f"run {run_id}: a version of a day of readings is gone"]
    outcome = run(inputs, found)
    findings = []
    if outcome.inputs_hash != row.inputs_hash:
        findings.append(f"run {run_id}: the readings read again are not those that it was computed from")
    if (outcome.produced_wh, outcome.surplus_wh) != (row.produced_wh, row.surplus_wh):
        findings.append(f"run {run_id}: production or surplus comes out differently")
    again = {(one.connection_id, one.member_id): (one.consumed_wh, one.allocated_wh) for one in outcome.shares}
    for told in periods.allocations(connection, run_id):
        share = again.get((told.connection_id, told.member_id), (0, 0))
        if share != (told.consumed_wh, told.allocated_wh):
            findings.append(
                f"run {run_id}: {told.connection_id} was told {told.allocated_wh} Wh, and gets {share[1]} Wh"
            )
    return findings


@dataclass(frozen=True)
class Quarter:
    """One quarter-hour of one participant, and why it got what it got."""

    at: datetime
    run_id: str
    group_id: str
    key_id: str
    resolution_id: str
    explanation: Explanation


def explain_allocation(
    connection: Connection, community: str, run_id: str, connection_id: str, at: datetime
) -> Quarter:
    """Why a connection got what it got in the quarter-hour that holds ``at``, from the versions the run was made of.

    Raises:
        CoopError: there is no such run, the instant is not in it, or the connection does not take part.
    """
    row, inputs, found = _read_again(connection, community, run_id)
    at_s = seconds(at)
    if not inputs.from_s <= at_s < inputs.to_s:
        raise CoopError("not-in-run", f"{at.isoformat()} does not lie in the run")
    if found is None or connection_id not in inputs.participants:
        raise CoopError("not-in-run", f"connection {connection_id} has no part in the run")
    quarter = (at_s - inputs.from_s) // QUARTER_S
    why = explain(
        Key.read(inputs.parameters),
        inputs.participants,
        int(found.production_wh[quarter]),
        found.consumption_wh[quarter].tolist(),
        connection_id,
    )
    start = readings.instant(inputs.from_s + quarter * QUARTER_S)
    return Quarter(start, run_id, row.group_id, row.key_id, row.resolution_id, why)


def quarters_of(connection: Connection, community: str, run_id: str) -> tuple[Inputs, Matrices]:
    """What a run was computed from, quarter-hour by quarter-hour.

    Raises:
        CoopError: there is no such run, or a version that it was computed from is gone.
    """
    _, inputs, found = _read_again(connection, community, run_id)
    if found is None:
        raise CoopError("readings-gone", f"a version that run {run_id} was computed from is gone")
    return inputs, found


def _read_again(connection: Connection, community: str, run_id: str) -> tuple[Any, Inputs, Matrices | None]:
    row = periods.run_by_id(connection, community, run_id)
    if row is None:
        raise CoopError("no-such-run", f"there is no allocation run {run_id}")
    inputs = Inputs.from_json(row.inputs)
    try:
        stored = readings.exactly(connection, unpack_manifest(row.manifest))
    except KeyError:
        return row, inputs, None
    return row, inputs, matrices(inputs, contents(stored))
