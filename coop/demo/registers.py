"""Stands of cumulative registers: heat meters in their own resolution, P1 electricity per tariff.

Invariant: a stand is ``start + (energy since start) // resolution``, modulo the span of the register, where start is
the beginning of the simulation, the installation of the meter or its reset. Energy is summed in joules and never
rounded, so stands lose less than one resolution in a lifetime.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from coop.demo.community import community
from coop.demo.faults import FaultKind, faults
from coop.demo.habits import habits
from coop.demo.model import Meter
from coop.demo.plan import HOUR, DemoPlan, Int64Array, generator, origin
from coop.demo.simulation import Chunk


@dataclass(frozen=True)
class Life:
    """A stretch in which a heat register only counts up: from installation or reset to exchange, reset or removal."""

    meter: Meter
    place: int
    start: datetime
    end: datetime | None
    start_stand: int


@dataclass
class ElectricityStands:
    """Stands of a P1 port by hour of the present chunk [Wh]; rows: import low and normal, export low and normal."""

    before: Int64Array
    by_hour: Int64Array


class Registers:
    """All cumulative registers of a community, carried from chunk to chunk.

    ``take`` moves on to the next chunk; the questions then answer for instants within it, its end included.
    """

    def __init__(self, plan: DemoPlan) -> None:
        self.plan = plan
        people = community(plan)
        resets = {fault.where: fault.start for fault in faults(plan) if fault.kind is FaultKind.RESET}
        self.lives: dict[str, list[Life]] = {}
        for meter in people.meters:
            if meter.kind == "heat" and meter.connection_number is not None:
                place, start = meter.connection_number - 1, max(meter.installed_at, origin(plan))
                reset = resets.get(meter.serial)
                lives = [Life(meter, place, start, reset or meter.removed_at, meter.start_stand)]
                if reset:
                    lives.append(Life(meter, place, reset, meter.removed_at, 0))
                self.lives[meter.serial] = lives
        self._since_j: dict[tuple[str, datetime], int] = {}
        self._ports = {
            meter.connection_number: ElectricityStands(
                self._first_stands(meter.connection_number), np.zeros((4, 1), int)
            )
            for meter in people.meters
            if meter.protocol == "p1" and meter.kind == "electricity" and meter.connection_number is not None
        }

    def _first_stands(self, number: int) -> Int64Array:
        """Two to five years of use; nothing exported yet where nobody has panels."""
        draw = generator(self.plan, "stands-e", number).integers(2_000_000, 9_000_000, 4)
        exports = 1 if habits(self.plan, number).own_solar_w else 0
        stands: Int64Array = draw * np.array([1, 1, exports, exports])
        return stands

    def take(self, chunk: Chunk) -> None:
        """Go on to the next chunk."""
        self.chunk = chunk
        # One column more than hours: the stand at each hour's start, and at the end of the last.
        hours = chunk.span.hours
        self._heat_j = np.empty((len(chunk.heat_j), hours + 1), np.int64)
        self._heat_j[:, 0] = chunk.heat_before_j
        np.cumsum(chunk.heat_j, axis=1, out=self._heat_j[:, 1:])
        self._heat_j[:, 1:] += chunk.heat_before_j[:, None]
        for lives in self.lives.values():
            for life in lives:
                if chunk.span.start <= life.start < chunk.span.end:
                    self._since_j[life.meter.serial, life.start] = self._energy_j(life, life.start)
        low = low_tariff(chunk)
        for number, port in self._ports.items():
            imported = chunk.import_wh[number - 1].reshape(-1, 4).sum(axis=1)
            exported = chunk.export_wh.get(number - 1)
            exported_by_hour = np.zeros(hours, np.int64) if exported is None else exported.reshape(-1, 4).sum(axis=1)
            rows = np.array([imported * low, imported * ~low, exported_by_hour * low, exported_by_hour * ~low])
            port.before = port.before + (port.by_hour[:, -1] if port.by_hour.shape[1] > 1 else 0)
            port.by_hour = np.concatenate([np.zeros((4, 1), np.int64), np.cumsum(rows, axis=1)], axis=1)

    def _energy_j(self, life: Life, at: datetime) -> int:
        return int(self._heat_j[life.place, self.chunk.span.hour_at(at)])

    def life_at(self, serial: str, at: datetime) -> Life:
        """The stretch that a stand at ``at`` belongs to; at a reset the stand is still that before it."""
        lives = self.lives[serial]
        return next((life for life in lives if life.end is None or at <= life.end), lives[-1])

    def counted(self, life: Life, at: datetime) -> int:
        """Stand of a stretch in the meter's resolution, as if the register had no end."""
        since_j = self._since_j[life.meter.serial, life.start]
        return life.start_stand + (self._energy_j(life, at) - since_j) // life.meter.resolution_j

    def stand(self, serial: str, at: datetime) -> int:
        """Stand that the register shows [its resolution]."""
        life = self.life_at(serial, at)
        return self.counted(life, at) % life.meter.register_span

    def power_w(self, serial: str, at: datetime) -> int:
        """Mean heat power in the hour before [W]."""
        place, index = self.lives[serial][0].place, self.chunk.span.hour_at(at)
        return int(self.chunk.heat_j[place, max(index - 1, 0)]) // int(HOUR.total_seconds())

    def electricity_wh(self, number: int, at: datetime) -> tuple[int, int, int, int]:
        """P1 stands at ``at``: import low and normal, export low and normal [Wh]."""
        port = self._ports[number]
        one, two, three, four = (port.before + port.by_hour[:, self.chunk.span.hour_at(at)]).tolist()
        return one, two, three, four

    def electricity_w(self, number: int, at: datetime) -> int:
        """Mean power drawn in the quarter-hour before [W]; negative when feeding in."""
        quarter = max(4 * self.chunk.span.hour_at(at) - 1, 0)
        exported = self.chunk.export_wh.get(number - 1)
        net = int(self.chunk.import_wh[number - 1, quarter]) - (0 if exported is None else int(exported[quarter]))
        return 4 * net


def low_tariff(chunk: Chunk) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Hours of the low tariff: nights from 23 to 7 and weekends, the usual Dutch times."""
    hour, weekday = chunk.span.hour, chunk.span.weekday
    return (hour >= 23) | (hour < 7) | (weekday >= 5)
