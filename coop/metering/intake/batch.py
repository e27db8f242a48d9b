"""Intake: from decoded readings to what a delivery adds to the log, in a handful of statements however many.

Each reading is judged by itself: whoever brings it must be allowed to say it, its meter must be known and hang there,
its instant must have been, its register must be able to show it. What is refused comes back with its reason and loses
nothing; the rest goes on, and is never compared with what is there: whatever comes in is added to the log.

Deliveries that come in together are a ``Batch``, which writes at once what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.metering.model import (
    CUMULATIVE,
    DAY_S,
    DEFAULT_EXPONENT,
    Delivery,
    Int64Array,
    Quantity,
    Refused,
    Register,
    Series,
    Shape,
    Stand,
    refuse,
    register_id,
    to_units,
)
from coop.metering.readings import store as readings
from coop.metering.readings.log import Block, RegisterDay, add_blocks, read_blocks, write_block
from coop.metering.readings.observations import Source
from coop.metering.readings.parameters import Parameters
from coop.metering.readings.plausibility import CLOCK_MARGIN
from coop.metering.readings.sealing import is_due, seal_piles
from coop.metering.register import store as register
from coop.values import Said


class Changed(NamedTuple):
    """A register's day about which something was said by delivery ``number``; ``first_s`` and ``last_s`` bound what was
    said [s since 1970]."""

    register_id: str
    day: int
    number: int
    first_s: int
    last_s: int


@dataclass
class Taken:
    """Outcome of the readings of a delivery."""

    values: int = 0
    changed: list[Changed] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


_FINEST = -6
"""Finest resolution that a telegram's reading gives its register: a millionth of a Wh, J or litre."""


class Batch:
    """Deliveries by id, in order, on their way in together, numbered from ``first_number`` on.

    ``judged_at`` is when their readings are held to have been told, if later than they were received.
    """

    def __init__(
        self, tx: Tx, deliveries: Mapping[str, Delivery], first_number: int, judged_at: datetime | None = None
    ) -> None:
        self.tx, self.deliveries, self.judged_at = tx, deliveries, judged_at
        self.numbers = {delivery_id: first_number + i for i, delivery_id in enumerate(deliveries)}
        known = register.directory(tx)
        self.meters, self.registers = known.meters, known.registers
        self.parameters = Parameters(load_choices(tx))
        self.made: dict[register.RegisterKey, Register] = {}
        self.refined: dict[register.RegisterKey, Register] = {}
        self.added: dict[tuple[RegisterDay, int], list[Block]] = {}

    def register_of(self, delivery: Delivery, serial: str, quantity: Quantity, shape: Shape) -> Register:
        """The register, or the one that its first reading makes."""
        key = (serial, quantity, shape)
        known = self.registers.get(key)
        if known is None or self.refined:
            known = self.refined.get(key) or known or self.made.get(key)
        if known is None:
            usual = DEFAULT_EXPONENT[quantity]
            exponent = delivery.exponents.get((serial, quantity), usual) if shape is Shape.STAND else usual
            known = self.made[key] = Register(register_id(self.tx.community, *key), *key, exponent)
        if not delivery.exponents:
            return known
        finer = delivery.exponents.get((serial, quantity), known.exponent)
        if finer < known.exponent and shape is Shape.STAND and quantity in CUMULATIVE:
            known = self._refine(key, known, finer)
        return known

    def refine_for(self, known: Register, stand: Stand) -> Register | None:
        """The register in the resolution in which it can hold a reading; None where it is too fine for any, or what it
        said before does not fit into it."""
        try:
            units, exponent = to_units(stand.value, stand.unit, stand.quantity, _FINEST), _FINEST
        except ValueError:
            return None
        while units % 10 == 0:
            units, exponent = units // 10, exponent + 1
        if exponent >= known.exponent or known.quantity not in CUMULATIVE:
            return None
        refined = self._refine((known.serial, known.quantity, known.shape), known, exponent)
        return refined if refined.exponent == exponent else None

    def _refine(self, key: register.RegisterKey, known: Register, exponent: int) -> Register:
        """The register in a finer resolution, where everything that it said fits into it."""
        if not readings.fits(self.tx, known, exponent):
            return known
        refined = replace(known, exponent=exponent)
        if key in self.made:
            self.made[key] = refined
        else:
            self.refined[key] = refined
        return refined

    def write(self) -> None:
        """Write what the deliveries said. Their own rows have to be there by now."""
        register.add_registers(self.tx, list(self.made.values()))
        last = max(self.numbers.values(), default=0)
        register.refine_registers(self.tx, {one.id: (one.exponent, last) for one in self.refined.values()})
        add_blocks(self.tx, [self._one_block(*said) for said in self.added.items()])
        if any(is_due(number) for number in self.numbers.values()):
            seal_piles(self.tx, {key for key, _ in self.added})

    def _one_block(self, of: tuple[RegisterDay, int], pieces: list[Block]) -> Block:
        """One block of what a delivery said about a day, maybe in several pieces."""
        if len(pieces) == 1:
            return pieces[0]
        key, number = of
        return write_block(self.tx.community, key, read_blocks(pieces), {number: Source()})


class Intake:
    """One delivery of a batch on its way in."""

    def __init__(self, batch: Batch, delivery_id: str) -> None:
        self.batch, self.delivery_id = batch, delivery_id
        self.delivery = batch.deliveries[delivery_id]
        self.number = batch.numbers[delivery_id]
        self.horizon = max(self.delivery.received_at, batch.judged_at or self.delivery.received_at) + CLOCK_MARGIN
        """The last instant that a reading may speak of."""
        self.taken = Taken(refused=list(self.delivery.beyond))

    def refuse(self, code: str, reason: Said, reading: Stand | Series) -> None:
        """Set readings aside, with the reason."""
        self.taken.refused.append(refuse(code, reason, reading))

    def add(
        self,
        of: Register,
        day: int,
        step_s: int,
        packed: tuple[bytes | None, bytes, bytes],
        digest: int,
        told: Sequence[int] | Int64Array,
    ) -> None:
        """Gather what is said about a day; ``told`` holds the offsets of it, the first and the last one at least."""
        number = self.number
        row = Block(
            self.batch.tx.community, day, of.id, number, number, 1, of.exponent, step_s, *packed, None, digest, None
        )
        key = (of.id, day), number
        first_s, last_s = day * DAY_S + int(told[0]), day * DAY_S + int(told[-1]) + step_s
        pieces = self.batch.added.get(key)
        if pieces is None:
            self.batch.added[key] = [row]
        else:
            pieces.append(row)
            mine = next(i for i, each in enumerate(self.taken.changed) if each[:2] == (of.id, day))
            before = self.taken.changed.pop(mine)
            first_s, last_s = min(first_s, before.first_s), max(last_s, before.last_s)
        self.taken.changed.append(Changed(of.id, day, number, first_s, last_s))
