"""Runs that stand: which of the runs of shared energy a correction need not compute again.

A run follows from its stored inputs, which hold those of the groups before, and from the readings of their registers.
Groups that have a point in common stand together or not at all: where the inputs of each are what they were, and where
since then no delivery spoke of any of their registers on any of the days that were read. A run of which anything is
missing is not kept, and is computed each time. Where some days were spoken of, those are computed again
(``computing``).

Invariant: what stands is what computing it again gives, to the watt-hour. What is kept of a day counts only where it
belongs to what was told: the hash of the told run is over it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from coop.kit.documents import Document
from coop.kit.tx import Tx
from coop.metering.model import DAY_S
from coop.metering.readings.detached import list_detached
from coop.metering.readings.log import RegisterDay, find_spoken_since
from coop.metering.register.store import AdoptedKey
from coop.metering.sharing.inputs import Inputs
from coop.metering.sharing.quarters import COARSEST_S
from coop.values import Period

METHOD = 1
"""Way of sharing: another number where sharing itself changes, so that nothing stands that was computed otherwise."""

Which = tuple[str, Period]
"""Group and span of a run."""


class KeptDay(NamedTuple):
    """What is kept of a UTC day of a run: its sums, the hash over its quarter-hours, and which versions of its
    registers it was made of (``computing``)."""

    day: int
    sums: bytes
    sha256: bytes
    versions: bytes


@dataclass(frozen=True)
class KeptRun:
    """A hash over all that a run follows from besides readings, and what its days came to; no days where something in
    it was judged by more than its own quarter-hour."""

    sha256: str
    days: tuple[KeptDay, ...] = ()


@dataclass(frozen=True)
class StandingRuns:
    """All that the last computing of a period kept of its runs, and which delivery it knew last; ``told`` is the hash
    of each run as it was told, over its inputs and all of its days."""

    known: int
    kept: Mapping[Which, KeptRun]
    told: Mapping[Which, str]

    def find_touched(
        self, tx: Tx, hashes: Mapping[Which, str], inputs: Inputs, cumulative: Collection[str]
    ) -> set[RegisterDay] | None:
        """Find of which days of a chain's registers a delivery spoke since; ``inputs`` are those of its last run. None
        where it follows from something else than it did, or where readings are set aside."""
        kept = {which: one.sha256 for which, one in self.kept.items()}
        if list_detached(tx) or any(kept.get(which) != sha256 for which, sha256 in hashes.items()):
            return None
        days = (inputs.from_s - COARSEST_S) // DAY_S, (inputs.to_s + COARSEST_S) // DAY_S
        ids, within = set(inputs.register_ids()), range(inputs.from_s // DAY_S, (inputs.to_s - 1) // DAY_S + 1)
        return {
            (register_id, day)
            for register_id, day in find_spoken_since(tx, self.known, *days)
            # Beyond its bounds only cumulative registers are read.
            if register_id in ids and (day in within or register_id in cumulative)
        }


def hash_inputs(document: Document, key: AdoptedKey, permille: int) -> str:
    """Hash all that a run follows from besides readings, and what of it may be missing."""
    told: Sequence[object] = (METHOD, document.sha256, key.key_id, key.resolution_id, permille)
    return hashlib.sha256(repr(told).encode()).hexdigest()
