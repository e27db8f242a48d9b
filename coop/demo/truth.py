"""Truth for tests to compare with: no fault, no gap, in the resolution of the meters."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from coop.demo.community import community
from coop.demo.plan import QUARTER, DemoPlan
from coop.demo.registers import Registers
from coop.demo.simulation import chunks
from coop.values import Period


@dataclass(frozen=True)
class Truth:
    """Sums over a period: heat [J] and electricity [Wh] by connection id, solar production [Wh] by meter.

    ``heat_j`` is the sum of the differences of stands, so it is what an exact reader of all stands must find.
    """

    heat_j: dict[str, int]
    import_wh: dict[str, int]
    export_wh: dict[str, int]
    solar_wh: dict[str, int]


def truth(plan: DemoPlan, period: Period) -> Truth:
    """The truth about ``period``, which may not start before the plan's year.

    Raises:
        ValueError: the period starts before the simulation does.
    """
    if period.start.year < plan.year:
        raise ValueError(f"the simulation starts with {plan.year}, not {period.start}")
    people, registers = community(plan), Registers(plan)
    ids = [connection.id for connection in people.connections]
    heat, imported, exported = (dict.fromkeys(ids, 0) for _ in range(3))
    solar: dict[str, int] = defaultdict(int)
    for chunk in chunks(plan):
        span = chunk.span
        if span.start >= period.end_at:
            break
        registers.take(chunk)
        start, end = max(period.start_at, span.start), min(period.end_at, span.end)
        if start >= end:
            continue
        quarters = slice((start - span.start) // QUARTER, (end - span.start) // QUARTER)
        for place, key in enumerate(ids):
            imported[key] += int(chunk.import_wh[place, quarters].sum())
            if place in chunk.export_wh:
                exported[key] += int(chunk.export_wh[place][quarters].sum())
        for building, row in zip(people.buildings, chunk.solar_wh, strict=True):
            solar[building.roof.meter] += int(row[quarters].sum())
        for place, energy_j in _heat(registers, start, end):
            heat[ids[place]] += energy_j
    return Truth(heat, imported, exported, dict(solar))


def _heat(registers: Registers, start: datetime, end: datetime) -> list[tuple[int, int]]:
    """(place, energy) that the stands of each stretch counted between two instants of the present chunk [J]."""
    found = []
    for lives in registers.lives.values():
        for life in lives:
            first, last = max(start, life.start), min(end, life.end or end)
            if first < last:
                units = registers.counted(life, last) - registers.counted(life, first)
                found.append((life.place, units * life.meter.resolution_j))
    return found
