"""All that a period comes to, computed from what is stored; nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from coop.kit.tx import Tx
from coop.metering.heat.compute import Measured, Plant, find_doubts, find_missing_meters, measure, report_plant
from coop.metering.readings.holdings import Store
from coop.metering.sharing.runs import Run, share
from coop.values import Period, Said


@dataclass(frozen=True)
class Results:
    """Everything that a period comes to, what is missing for it, and what blocks it: breaks that nothing explains."""

    measured: tuple[Measured, ...]
    runs: tuple[Run, ...]
    plant: Plant | None
    lacking: tuple[Said, ...]
    blocking: tuple[Said, ...] = ()

    @property
    def energy_j(self) -> Decimal:
        """All heat that was measured."""
        return sum((one.energy_j for one in self.measured), start=Decimal(0))

    @property
    def allocated_wh(self) -> int:
        """All shared energy that was allocated."""
        return sum(share.allocated_wh for run in self.runs for share in run.outcome.shares)

    @property
    def is_empty(self) -> bool:
        """True where nobody used or shared anything that was read."""
        return not self.measured and not self.runs


def compute_period(tx: Tx, period: Period) -> Results:
    """Compute what a period comes to now; also for a look before it is closed."""
    store = Store(tx)
    measured, lacking = measure(store, period)
    runs, also_lacking = share(store, period)
    delivered_j = sum((one.energy_j for one in measured), start=Decimal(0))
    lacking = [*find_missing_meters(store, period), *lacking, *also_lacking]
    return Results(
        tuple(measured),
        tuple(runs),
        report_plant(store, period, delivered_j),
        tuple(lacking),
        tuple(find_doubts(measured)),
    )
