"""Data that a period needs to be computed: meters, registers, who held which connection, and days of readings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.metering.model import Meter, Quantity, Register, Shape
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import number_at
from coop.metering.readings.days import Stored
from coop.metering.readings.parameters import Parameters
from coop.metering.readings.store import seconds
from coop.metering.register import connections
from coop.metering.register import store as register
from coop.metering.register.model import Occupancy
from coop.values import CoopError, Period, midnight, say


class Store:
    """Meters (each place where one hung by itself), registers and occupancies of a co-operative, and the days of
    readings that a period needs; the readings as they stand now, or as they were known at an instant."""

    def __init__(self, tx: Tx, known_at: datetime | None = None) -> None:
        self.tx = tx
        self.known_at = known_at
        self.known = None if known_at is None else number_at(tx, known_at)
        known = register.directory(tx) if known_at is None else register.directory_as_of(tx, known_at)
        self.by_serial, self.meters = known.meters, known.places
        self.registers, self.cumulative, self.shapes_of = known.registers, known.cumulative, known.shapes_of
        self.occupancies = register.list_occupancies(tx)
        self.supplies = connections.list_supplies(tx)
        self.numbers = connections.list_numbers(tx, self.occupancies)
        self.choices = load_choices(tx)
        self.parameters = Parameters(self.choices)
        self._held: dict[Period, list[tuple[Occupancy, int, int]]] = {}

    def held(self, period: Period) -> list[tuple[Occupancy, int, int]]:
        """``holdings`` of a period."""
        if period not in self._held:
            self._held[period] = holdings(self.occupancies, period)
        return self._held[period]

    def register_for(self, meter: Meter, quantity: Quantity) -> Register | None:
        """The register that counts a quantity of a meter: its stands where it has any, else its intervals, else its
        days."""
        shapes = self.shapes_of(meter.serial, quantity)
        return next((shapes[shape] for shape in Shape if shape in shapes), None)

    def days(self, ids: Iterable[str], first_day: int, last_day: int) -> dict[str, dict[int, Stored]]:
        """Every day of registers as it stands, by register."""
        found: dict[str, dict[int, Stored]] = {}
        stored = readings.latest(self.tx, ids, range(first_day, last_day + 1), self.known)
        for (identity, day), one in stored.items():
            found.setdefault(identity, {})[day] = one
        return found


def holdings(occupancies: Sequence[Occupancy], period: Period) -> list[tuple[Occupancy, int, int]]:
    """List who held a connection in a period, from when and until when [s since 1970].

    Raises:
        CoopError: two members hold one connection at the same time.
    """
    found: list[tuple[Occupancy, int, int]] = []
    for one in occupancies:
        start = max(one.start, period.start)
        end = min(one.end, period.end) if one.end else period.end
        if start < end:
            found.append((one, seconds(midnight(start)), seconds(midnight(end))))
    found.sort(key=lambda held: (held[0].connection_id, held[1]))
    for (one, _, end_s), (other, start_s, _) in pairwise(found):
        if one.connection_id == other.connection_id and start_s < end_s:
            raise CoopError(
                "two-occupants",
                say(
                    "members %(one)s and %(other)s hold connection %(connection)s at the same time",
                    one=one.member_id,
                    other=other.member_id,
                    connection=one.connection_id,
                ),
            )
    return found
