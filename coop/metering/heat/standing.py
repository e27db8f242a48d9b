"""Measurements that stand: what the last computing of a period keeps of each, so that a correction counts only what can
come out otherwise.

A measurement follows from the spans of its counters, from figures of the co-operative, and from the readings of its
registers around the period. One stands where a hash over all of these but the readings is what it was, and where since
then no delivery spoke of any of its registers on any of the days that were read: readings are only added, so a day that
nobody spoke of is what it was. Measurements of one register stand together or not at all, for they are read together.
What was missing, broken, or claimed by one account alone is not kept, and is counted each time.

Invariant: what stands is what counting it again gives, to the last digit. Nothing is priced by what is kept here: it
says that a told measurement holds, and never how high it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from coop.kit.tx import Tx
from coop.metering.heat.counters import MeterCounter, days_around, days_within_reach
from coop.metering.heat.measuring import Use
from coop.metering.model import Quantity, Register
from coop.metering.readings.detached import list_detached
from coop.metering.readings.log import find_spoken_since
from coop.values import Period

METHOD = 1
"""Way of counting: another number where counting itself changes, so that nothing stands that was counted otherwise."""

Whose = tuple[str, str, Quantity]
"""Connection, member (empty: nobody held it) and what is counted."""


class OpenStretch(NamedTuple):
    """A register, and the instants between which a reading of it would change an estimated bound."""

    register_id: str
    after_s: int
    before_s: int


class Kept(NamedTuple):
    """What is kept of one measurement: a hash over all that it follows from besides readings, whether days further away
    were read for it (``is_wide``), and its open bounds."""

    sha256: str
    is_wide: bool = False
    ends: tuple[OpenStretch, ...] = ()


@dataclass(frozen=True)
class Standing:
    """All that the last computing of a period kept: which delivery it knew last, and by measurement what it follows
    from; ``energy_j`` is what was told of each."""

    known: int
    kept: Mapping[Whose, Kept]
    energy_j: Mapping[Whose, Decimal]

    def find(
        self,
        tx: Tx,
        counters: Mapping[Whose, Sequence[MeterCounter]],
        hashes: Mapping[Whose, str],
        thermometer: Register | None,
        period: Period,
    ) -> dict[Whose, Decimal]:
        """Find which measurements stand, each with its energy; none where any readings are set aside."""
        if list_detached(tx):
            return {}
        near, far = (
            {register_id for register_id, _ in find_spoken_since(tx, self.known, *days)}
            for days in (days_around(period), days_within_reach(period))
        )
        registers = {
            whose: {register_id for one in some for register_id in one.register_ids} for whose, some in counters.items()
        }
        weather = {thermometer.id} if thermometer is not None else set()
        found = {
            whose
            for whose, was in self.kept.items()
            if was.sha256 == hashes.get(whose)
            and whose in self.energy_j
            and (registers[whose] | (weather if was.ends else set())).isdisjoint(far if was.is_wide else near)
        }
        while gone := _find_beside(found, registers):
            found -= gone
        return {whose: self.energy_j[whose] for whose in sorted(found)}


def _find_beside(found: Set[Whose], registers: Mapping[Whose, Set[str]]) -> set[Whose]:
    """Those of some measurements that have a register in common with one that is not among them."""
    counted: set[str] = set().union(*(ids for whose, ids in registers.items() if whose not in found))
    return {whose for whose in found if not registers[whose].isdisjoint(counted)}


def hash_counters(
    counters: Sequence[MeterCounter], tap_permille: int, allowed_s: float, thermometer: Register | None
) -> str:
    """Hash all that a measurement follows from besides readings."""
    weather = (thermometer.id, thermometer.exponent) if thermometer is not None else None
    told = (METHOD, tap_permille, allowed_s, weather, *((one.readings, one.intervals, one.days) for one in counters))
    return hashlib.sha256(repr(told).encode()).hexdigest()


def keep_ends(uses: Collection[Use]) -> tuple[OpenStretch, ...] | None:
    """The open bounds of what can be kept; None where something in it is looked at each time anew."""
    for use in uses:
        if use.gap_s is None or use.is_broken or use.asides or use.doubts or use.misfits:
            return None
        if use.watched_s or use.unheard_s:
            return None
    return tuple(
        OpenStretch(use.span.register_id, after_s, before_s)
        for use in uses
        for after_s, before_s in use.open_s
        if after_s < before_s
    )
