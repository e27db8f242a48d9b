"""Closing a period: its results are computed, written down with what they rest on, and told. Correcting it the same
way.

Invariant: what was told stays. A correction makes the next revision, which tells only the measurements and allocations
that came out differently; ``PeriodClosed`` counts what *its* revision told, so whoever heard that many facts of a
revision has heard them all. Closing twice, or correcting when nothing changed, changes nothing and answers the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from coop.events import Event
from coop.events.metering import EnergyAllocated, HeatSystemReported, MeasuredPart, PeriodClosed, PeriodMeasured
from coop.kit import journal
from coop.metering.handlers.compute import Measured, Plant, Store, measured, plant
from coop.metering.handlers.sharing import Run, shared
from coop.metering.rules.degree_days import civil_day
from coop.metering.rules.measuring import Use
from coop.metering.storage import periods, register
from coop.metering.storage.periods import Closed, pack_manifest
from coop.metering.storage.readings import instant
from coop.values import CoopError, Period, derive_id


class PeriodIncomplete(CoopError):
    """Readings are missing: nobody has yet accepted to go on with estimates. ``lacking`` names what is missing."""

    def __init__(self, period: Period, lacking: Sequence[str]) -> None:
        shown = "; ".join(lacking[:20]) + (f"; and {len(lacking) - 20} more" if len(lacking) > 20 else "")
        super().__init__("period-incomplete", f"{period} is not complete: {shown}")
        self.lacking = tuple(lacking)


@dataclass(frozen=True)
class Results:
    """Everything that a period comes to, and what is missing for it."""

    measured: tuple[Measured, ...]
    runs: tuple[Run, ...]
    plant: Plant | None
    lacking: tuple[str, ...]


def compute_period(connection: Connection, community: str, period: Period) -> Results:
    """What a period comes to now; for a look before it is closed."""
    store = Store(connection, community)
    found, lacking = measured(store, period)
    runs, also_lacking = shared(store, period)
    report = plant(store, period, sum((one.energy_j for one in found), start=Decimal(0)))
    return Results(tuple(found), tuple(runs), report, (*lacking, *also_lacking))


def close_period(
    connection: Connection, community: str, period: Period, closed_at: datetime, *, accept_estimates: bool = False
) -> Closed:
    """Close a period and tell what it came to.

    Raises:
        PeriodIncomplete: readings are missing and ``accept_estimates`` is False.
        CoopError: it overlaps a closed period, ends after ``closed_at``, or two members hold one connection.
    """
    known = periods.revisions(connection, community, period)
    if known:
        return known[0]
    for other in periods.closed(connection, community):
        if other.period.overlap(period):
            raise CoopError("period-overlaps", f"{period} overlaps {other.period}, which is closed")
    if period.end_at > closed_at:
        raise CoopError("period-not-over", f"{period} is not over at {closed_at.isoformat()}")
    results = compute_period(connection, community, period)
    if results.lacking and not accept_estimates:
        raise PeriodIncomplete(period, results.lacking)
    return _tell(connection, community, period, 1, closed_at, results, None)


def correct_period(connection: Connection, community: str, period: Period, closed_at: datetime) -> Closed:
    """Compute a closed period again and tell what came out differently, as its next revision.

    Raises:
        CoopError: the period was not closed.
    """
    known = periods.revisions(connection, community, period)
    if not known:
        raise CoopError("period-not-closed", f"{period} was not closed")
    results = compute_period(connection, community, period)
    return _tell(connection, community, period, known[-1].revision + 1, closed_at, results, known[-1])


def _tell(
    connection: Connection,
    community: str,
    period: Period,
    revision: int,
    closed_at: datetime,
    results: Results,
    before: Closed | None,
) -> Closed:
    causes = _causes(connection, community, period, before)
    events: list[Event] = []
    old = {(row.connection_id, row.member_id): row for row in periods.measurements(connection, community, period)}
    rows = []
    for one in results.measured:
        was = old.pop((one.connection_id, one.member_id), None)
        parts = [part.model_dump(mode="json") for use in one.uses for part in event_parts(use)]
        if was is None or was.energy_j != str(one.energy_j) or json.loads(was.parts) != parts:
            cause = "" if before is None else _cause([use.span.register_id for use in one.uses], causes)
            event, row = _measurement(community, period, revision, one, cause)
            events.append(event)
            rows.append(row)
    for was in old.values():
        if was.energy_j != "0":
            event, row = _withdrawn(was, revision)
            events.append(event)
            rows.append(row)
    periods.add_measurements(connection, rows)
    told_runs = _tell_runs(connection, community, period, revision, results.runs, before, causes)
    allocated = [event for run_events in told_runs.values() for event in run_events]
    system = _heat_system(period, revision, results.plant)
    as_told = system.model_dump(mode="json", exclude={"revision"}) if system else None
    if before is not None and not rows and not allocated and as_told == before.heat_system:
        return before
    events += allocated
    if system is not None and (before is None or as_told != before.heat_system):
        events.append(system)
    run_ids = sorted(told_runs)
    run_id = run_ids[0] if len(run_ids) == 1 else derive_id("runs", *run_ids) if run_ids else ""
    if not run_id and before is not None:
        run_id = before.run_id
    cause = (
        ""
        if before is None
        else "; ".join(sorted({e.cause for e in events if isinstance(e, PeriodMeasured | EnergyAllocated)}))
    )
    open_ends: dict[str, list[list[int]]] = {}
    for one in results.measured:
        for use in one.uses:
            open_ends.setdefault(use.span.register_id, []).extend([list(ends) for ends in use.open_s])
    closed = Closed(
        period,
        revision,
        closed_at,
        len(rows),
        len(allocated),
        run_id,
        cause,
        as_told,
        {identity: ends for identity, ends in open_ends.items() if ends},
    )
    periods.add_period(connection, community, closed)
    events.append(
        PeriodClosed(
            period_start=period.start,
            period_end=period.end,
            revision=revision,
            measured_count=len(rows),
            allocated_count=len(allocated),
            run_id=run_id,
        )
    )
    journal.append(connection, events, community, closed_at)
    return closed


def _tell_runs(
    connection: Connection,
    community: str,
    period: Period,
    revision: int,
    runs: Sequence[Run],
    before: Closed | None,
    causes: Mapping[str, str],
) -> dict[str, list[EnergyAllocated]]:
    """Write down the runs that came out differently; what each of them tells, by run."""
    old = {(row.group_id, row.period_start, row.period_end): row for row in periods.runs(connection, community, period)}
    told: dict[str, list[EnergyAllocated]] = {}
    for run in runs:
        was = old.pop((run.group_id, run.period.start, run.period.end), None)
        shares = {(one.connection_id, one.member_id): (one.consumed_wh, one.allocated_wh) for one in run.outcome.shares}
        known = {
            (row.connection_id, row.member_id): (row.consumed_wh, row.allocated_wh)
            for row in (periods.allocations(connection, was.id) if was is not None else ())
        }
        same_key = was is not None and was.key_id == run.key.key_id
        gone = {who: (0, 0) for who in known.keys() - shares.keys() if known[who] != (0, 0)}
        differing = {who for who, share in (shares | gone).items() if not same_key or known.get(who) != share}
        if was is not None and not differing:
            continue
        cause = "" if before is None else _cause(run.inputs.register_ids(), causes)
        span = (run.period.start, run.period.end)
        run_id = derive_id("run", community, run.group_id, *span, revision, run.outcome.inputs_hash)
        row = {
            "id": run_id,
            "community": community,
            "group_id": run.group_id,
            "period_start": run.period.start,
            "period_end": run.period.end,
            "revision": revision,
            "key_id": run.key.key_id,
            "resolution_id": run.key.resolution_id,
            "inputs_hash": run.outcome.inputs_hash,
            "inputs": run.inputs.to_json(),
            "produced_wh": run.outcome.produced_wh,
            "surplus_wh": run.outcome.surplus_wh,
            "missing_quarters": run.outcome.missing,
            "cause": cause,
            "manifest": pack_manifest(run.versions),
        }
        told[run_id] = []
        rows = []
        for (connection_id, member_id), (consumed_wh, allocated_wh) in sorted((shares | gone).items()):
            who = {"connection_id": connection_id, "member_id": member_id}
            energies = {"consumed_wh": consumed_wh, "allocated_wh": allocated_wh}
            is_told = (connection_id, member_id) in differing
            rows.append({"run_id": run_id, "community": community, "told": is_told, **who, **energies})
            if is_told:
                told[run_id].append(
                    EnergyAllocated(
                        run_id=run_id,
                        revision=revision,
                        period_start=run.period.start,
                        period_end=run.period.end,
                        group_id=run.group_id,
                        connection_id=connection_id,
                        member_id=member_id,
                        consumed_wh=consumed_wh,
                        allocated_wh=allocated_wh,
                        key_id=run.key.key_id,
                        resolution_id=run.key.resolution_id,
                        inputs_hash=run.outcome.inputs_hash,
                        cause=cause,
                    )
                )
        periods.add_run(connection, row, rows)
    if old:
        groups = ", ".join(sorted({group_id for group_id, _, _ in old}))
        raise CoopError("key-after-closing", f"another key came into force within {period}, which is closed: {groups}")
    return told


def event_parts(use: Use) -> list[MeasuredPart]:
    """The parts of a span as they are told."""
    return [
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
        )
        for part, versions_hash in zip(use.parts, use.hashes, strict=True)
    ]


def _measurement(
    community: str, period: Period, revision: int, one: Measured, cause: str
) -> tuple[PeriodMeasured, dict[str, object]]:
    parts = tuple(part for use in one.uses for part in event_parts(use))
    event = PeriodMeasured(
        measurement_id=_measurement_id(community, period, one.connection_id, one.member_id, revision),
        revision=revision,
        period_start=period.start,
        period_end=period.end,
        connection_id=one.connection_id,
        member_id=one.member_id,
        quantity=one.quantity.value,
        energy_j=one.energy_j,
        estimated=one.estimated,
        cause=cause,
        parts=parts,
    )
    basis = {
        "tap_permille": one.tap_permille,
        "spans": [{**vars(use.span), "bound": use.span.bound and vars(use.span.bound)} for use in one.uses],
    }
    return event, _row(community, event, json.dumps(basis, sort_keys=True), pack_manifest(one.versions))


def _withdrawn(was: Any, revision: int) -> tuple[PeriodMeasured, dict[str, object]]:
    """Nothing, for somebody who turned out not to have held the connection."""
    period = Period(was.period_start, was.period_end)
    event = PeriodMeasured(
        measurement_id=_measurement_id(was.community, period, was.connection_id, was.member_id, revision),
        revision=revision,
        period_start=was.period_start,
        period_end=was.period_end,
        connection_id=was.connection_id,
        member_id=was.member_id,
        quantity=was.quantity,
        energy_j=Decimal(0),
        estimated=False,
        cause="the connection was not held then",
        parts=(),
    )
    basis = json.dumps({"tap_permille": 0, "spans": []}, sort_keys=True)
    return event, _row(was.community, event, basis, pack_manifest({}))


def _row(community: str, event: PeriodMeasured, basis: str, manifest: bytes) -> dict[str, object]:
    return {
        "id": event.measurement_id,
        "community": community,
        "period_start": event.period_start,
        "period_end": event.period_end,
        "revision": event.revision,
        "connection_id": event.connection_id,
        "member_id": event.member_id,
        "quantity": event.quantity,
        "energy_j": str(event.energy_j),
        "estimated": event.estimated,
        "cause": event.cause,
        "parts": json.dumps([part.model_dump(mode="json") for part in event.parts]),
        "basis": basis,
        "manifest": manifest,
    }


def _measurement_id(community: str, period: Period, connection_id: str, member_id: str, revision: int) -> str:
    return derive_id("measurement", community, period, connection_id, member_id, revision)


def _heat_system(period: Period, revision: int, report: Plant | None) -> HeatSystemReported | None:
    if report is None:
        return None
    return HeatSystemReported(
        period_start=period.start,
        period_end=period.end,
        revision=revision,
        heat_produced_j=report.heat_produced_j,
        heat_delivered_j=report.heat_delivered_j,
        electricity_wh=report.electricity_wh,
        source_temperature_min_cdegc=report.source_temperature_min_cdegc,
        spf=report.spf,
        loss_share=report.loss_share,
    )


def _causes(connection: Connection, community: str, period: Period, before: Closed | None) -> dict[str, str]:
    """By register, which reading came late since the revision before: "late reading of meter X on 2025-03-31"."""
    if before is None:
        return {}
    serials = {one.id: one.serial for one in register.all_registers(connection, community)}
    return {
        row.register_id: f"late reading of meter {serials[row.register_id]} on {civil_day(row.day)}"
        for row in reversed(periods.late(connection, community, period.start, before.revision))
    }


def _cause(register_ids: Sequence[str], causes: Mapping[str, str]) -> str:
    found = sorted({causes[identity] for identity in register_ids if identity in causes})
    if not found:
        return "who held which connection, or which meter, was put right"
    return "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
