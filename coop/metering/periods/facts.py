"""From what was written down to the facts that are told of it."""

from __future__ import annotations

from coop.events.metering import EnergyAllocated, PeriodClosed, PeriodMeasured
from coop.metering.periods.store import Allocation, AllocationRun, Closed, Measurement


def period_measured(measurement: Measurement) -> PeriodMeasured:
    """The fact of a measurement."""
    return PeriodMeasured(
        measurement_id=measurement.id,
        revision=measurement.revision,
        period_start=measurement.period.start,
        period_end=measurement.period.end,
        connection_id=measurement.connection_id,
        member_id=measurement.member_id,
        quantity=measurement.quantity.value,
        energy_j=measurement.energy_j,
        estimated=measurement.estimated,
        cause=measurement.cause,
        parts=measurement.parts,
    )


def energy_allocated(run: AllocationRun, share: Allocation) -> EnergyAllocated:
    """The fact of one share of a run."""
    return EnergyAllocated(
        run_id=run.id,
        revision=run.revision,
        period_start=run.period.start,
        period_end=run.period.end,
        group_id=run.group_id,
        connection_id=share.connection_id,
        member_id=share.member_id,
        consumed_wh=share.consumed_wh,
        allocated_wh=share.allocated_wh,
        key_id=run.key_id,
        resolution_id=run.resolution_id,
        inputs_hash=run.inputs_hash,
        cause=run.cause,
    )


def period_closed(closed: Closed) -> PeriodClosed:
    """The fact that ends a closing: so many facts of this revision were told before it."""
    return PeriodClosed(
        period_start=closed.period.start,
        period_end=closed.period.end,
        revision=closed.revision,
        measured_count=closed.measured_count,
        allocated_count=closed.allocated_count,
        run_id=closed.run_id,
    )
