"""All that a period comes to, computed from what is stored; nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from coop.kit.tx import Tx
from coop.metering.heat.compute import Measured, find_missing_meters, measure
from coop.metering.heat.plant import Plant, report_plant
from coop.metering.heat.sayings import Blocked
from coop.metering.heat.standing import Kept, Standing, Whose
from coop.metering.model import Quantity
from coop.metering.periods.grounds import Grounds, find_grounds
from coop.metering.readings.holdings import Store
from coop.metering.sharing.computing import Run
from coop.metering.sharing.runs import share
from coop.metering.sharing.standing import KeptRun, StandingRuns, Which
from coop.values import Period, Said

Occupant = tuple[str, str]
"""Connection and member."""


@dataclass(frozen=True)
class Before:
    """Results that the last computing of a period kept; None where it cannot be relied on."""

    heat: Standing | None = None
    runs: StandingRuns | None = None


@dataclass(frozen=True)
class Results:
    """Everything that a period comes to, what is missing for it, and what blocks it: breaks that nothing explains.
    ``vacant`` is what was used while nobody held a connection: on nobody's bill, and named; ``held`` says who held
    which connection on any of the days, and ``grounds`` what else it was computed with. ``standing`` and
    ``standing_runs`` were not computed, for they stand as they were told; ``kept`` and ``kept_runs`` are what to keep
    of all, for the next time."""

    measured: tuple[Measured, ...]
    runs: tuple[Run, ...]
    plant: Plant | None
    lacking: tuple[Said, ...]
    blocking: tuple[Blocked, ...] = ()
    vacant: tuple[Measured, ...] = ()
    held: frozenset[Occupant] = frozenset()
    grounds: Grounds = field(default_factory=Grounds)
    standing: Mapping[Whose, Decimal] = field(default_factory=dict)
    kept: Mapping[Whose, Kept] = field(default_factory=dict)
    standing_runs: frozenset[Which] = frozenset()
    kept_runs: Mapping[Which, KeptRun] = field(default_factory=dict)

    @property
    def energy_j(self) -> Decimal:
        """All heat that was measured for somebody."""
        heat = (one.energy_j for one in self.measured if one.quantity is Quantity.HEAT)
        return sum(heat, start=Decimal(0))

    @property
    def allocated_wh(self) -> int:
        """All shared energy that was allocated."""
        return sum(share.allocated_wh for run in self.runs for share in run.outcome.shares)

    @property
    def is_empty(self) -> bool:
        """True where nobody used or shared anything that was read."""
        return not self.measured and not self.runs


def find_breaks(tx: Tx, period: Period) -> list[Blocked]:
    """Blocks of a period: breaks of registers that nothing explains and nobody decided."""
    store = Store(tx)
    heat = measure(store, period)
    return [*heat.blocking, *report_plant(store, period, heat.delivered_j).blocking]


def compute_period(tx: Tx, period: Period, known_at: datetime | None = None, before: Before | None = None) -> Results:
    """Compute what a period comes to now, or by what was known at an instant: readings, decisions on breaks, where
    meters hung and who shared; who lived where and by which key is as is known now. Also for a look before it is
    closed. What stands since ``before`` is not computed again."""
    store = Store(tx, known_at)
    heat = measure(store, period, before.heat if before is not None else None)
    shared = share(store, period, before.runs if before is not None else None)
    missing = find_missing_meters(store, period)
    vacant_j = sum((one.energy_j for one in heat.vacant if one.quantity is Quantity.HEAT), start=Decimal(0))
    all_delivered = not (missing or heat.lacking)
    system = report_plant(store, period, heat.delivered_j, vacant_j, all_delivered=all_delivered)
    return Results(
        heat.measured,
        tuple(shared.runs),
        system.plant,
        (*missing, *heat.lacking, *shared.lacking, *system.lacking),
        (*heat.blocking, *system.blocking),
        heat.vacant,
        frozenset((one.connection_id, one.member_id) for one, _, _ in store.held(period)),
        find_grounds(store, period),
        heat.standing,
        heat.kept,
        frozenset(shared.standing),
        shared.kept,
    )
