"""The physical year, chunk by chunk: what every connection, roof and pump really did. No meter has spoken yet.

Memory holds one chunk (a month) at a time; heat is summed on so that registers can show stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from coop.demo.community import community
from coop.demo.electricity import grid_wh, orientation
from coop.demo.habits import habits
from coop.demo.heat import demand_j
from coop.demo.model import Connection
from coop.demo.plan import DemoPlan, Int64Array, Span, origin, spans
from coop.demo.plant import Plant, plant
from coop.demo.solar import plane_irradiance, production_wh
from coop.demo.weather import Weather, weather_of
from coop.values import midnight


@dataclass(frozen=True)
class Chunk:
    """One span of the simulated year, by the place of connections and roofs in the community.

    ``heat_j`` shape (connections, hours) [J]; ``heat_before_j`` (connections,) [J] since the simulation started;
    ``import_wh`` (connections, quarters) [Wh]; ``export_wh`` (quarters,) [Wh] for connections with panels of their own;
    ``solar_wh`` (roofs, quarters) [Wh].
    """

    span: Span
    weather: Weather
    heat_j: Int64Array
    heat_before_j: Int64Array
    import_wh: Int64Array
    export_wh: dict[int, Int64Array]
    solar_wh: Int64Array
    plant: Plant


def _connected(connection: Connection, start: datetime, span: Span) -> slice:
    """The hours of a span in which a connection takes heat: from its first contract until it leaves."""
    last = connection.occupancies[-1].end
    first_at = max(midnight(connection.occupancies[0].start), start)
    until_at = midnight(last) if last else span.end
    first = span.hour_at(min(max(first_at, span.start), span.end))
    return slice(first, max(first, span.hour_at(min(max(until_at, span.start), span.end))))


def chunks(plan: DemoPlan) -> Iterator[Chunk]:
    """The simulated year and what comes after it, a month at a time, without end."""
    people = community(plan)
    start = origin(plan)
    before = np.zeros(plan.size, np.int64)
    own = {c.number - 1: habits(plan, c.number) for c in people.connections if habits(plan, c.number).own_solar_w}
    orientations = [(b.roof.tilt_deg, b.roof.azimuth_deg) for b in people.buildings]
    orientations += [orientation(habit) for habit in own.values()]
    for span in spans(plan):
        weather = weather_of(plan, span)
        planes = plane_irradiance(plan, span, weather, orientations)
        heat = np.zeros((plan.size, span.hours), np.int64)
        imported = np.empty((plan.size, 4 * span.hours), np.int64)
        exported: dict[int, Int64Array] = {}
        for place, connection in enumerate(people.connections):
            hours = _connected(connection, start, span)
            heat[place, hours] = demand_j(plan, span, weather, connection.number)[hours]
            imported[place], export = grid_wh(plan, span, weather, planes, connection.number)
            if export is not None:
                exported[place] = export
        solar = np.array(
            [
                production_wh(b.roof.peak_w, planes[b.roof.tilt_deg, b.roof.azimuth_deg], weather)
                for b in people.buildings
            ]
        )
        yield Chunk(
            span, weather, heat, before, imported, exported, solar, plant(plan, span.key, weather, heat.sum(axis=0))
        )
        before = before + heat.sum(axis=1)
