"""Open contradictions: readings of one account beside which a device measured another value at the same moment.

They follow from the log, so any order of arrival gives the same ones, and each is gone as soon as it is settled: two
people corrected the reading, or withdrew what the account said, or the file that brought it was taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from coop.kit.tx import Tx
from coop.metering.model import BASE_UNIT, DAY_S, Register
from coop.metering.readings import arrivals
from coop.metering.readings.arrivals import ListedDelivery
from coop.metering.readings.log import RegisterDay
from coop.metering.readings.observations import Entries
from coop.metering.readings.standing import Standing, list_standings
from coop.metering.readings.store import find_disputed_days, instant, read_histories
from coop.metering.register.store import list_registers

CSV = "csv"
"""Format of what is taken back as a file."""


@dataclass(frozen=True)
class Contradiction:
    """One place of a register [base unit] of which an account said ``said`` and a device ``measured``, by which
    deliveries; of an interval ``at`` is its start and ``step_s`` how long it is."""

    register: Register
    at: datetime
    step_s: int
    said: Decimal
    measured: Decimal
    claim: ListedDelivery
    device: ListedDelivery

    @property
    def unit(self) -> str:
        """Base unit of its quantity."""
        return BASE_UNIT[self.register.quantity]

    @property
    def is_of_a_file(self) -> bool:
        """True where a file brought it, which can be taken back whole."""
        return self.claim.format == CSV


def find_contradictions(tx: Tx) -> Iterator[Contradiction]:
    """Open contradictions, those of the newest days first, read as far as they are asked for."""
    registers = {one.id: one for one in list_registers(tx)}
    disputed = find_disputed_days(tx)
    for key in sorted(disputed, key=lambda key: (-key[1], registers[key[0]].serial, key[0])):
        yield from _find_on(tx, registers[key[0]], key)


def _find_on(tx: Tx, register: Register, key: RegisterDay) -> Sequence[Contradiction]:
    """Open contradictions of a register's day."""
    history = read_histories(tx, register.id, [key[1]])[key[1]]
    open_places = [i for i, standing in list_standings(history) if standing is Standing.CONTRADICTS]
    if not open_places:
        return []
    entries, stands = history.entries, history.fold
    winners = {i: int(stands.source[np.flatnonzero(stands.day.offsets == entries.offsets[i])[0]]) for i in open_places}
    named = arrivals.list_numbered(tx, {int(entries.number[i]) for pair in winners.items() for i in pair})
    return [
        Contradiction(
            register,
            instant(key[1] * DAY_S + int(entries.offsets[i])),
            int(entries.step_s[i]),
            _value(entries, i),
            _value(entries, winner),
            named[int(entries.number[i])],
            named[int(entries.number[winner])],
        )
        for i, winner in winners.items()
    ]


def _value(entries: Entries, i: int) -> Decimal:
    return Decimal(int(entries.values[i])).scaleb(int(entries.exponent[i]))
