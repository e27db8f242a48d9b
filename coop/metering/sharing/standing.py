"""Runs that stand: which of the runs of shared energy a correction need not compute again.

A run follows from its stored inputs, which hold those of the groups before, and from the readings of their registers.
Groups that have a point in common stand together or not at all: where the inputs of each are what they were, and where
since then no delivery spoke of any of their registers on any of the days that were read. A run of which anything is
missing is not kept, and is computed each time.

Invariant: what stands is what computing it again gives, to the watt-hour. Nothing is allocated by what is kept here: it
says that a told run holds, and never how much it gave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coop.kit.documents import Document
from coop.kit.tx import Tx
from coop.metering.model import DAY_S
from coop.metering.readings.detached import list_detached
from coop.metering.readings.log import find_spoken_since
from coop.metering.register.store import AdoptedKey
from coop.metering.sharing.inputs import Inputs
from coop.metering.sharing.quarters import COARSEST_S
from coop.values import Period

METHOD = 1
"""Way of sharing: another number where sharing itself changes, so that nothing stands that was computed otherwise."""

Which = tuple[str, Period]
"""Group and span of a run."""


@dataclass(frozen=True)
class StandingRuns:
    """All that the last computing of a period kept of its runs: which delivery it knew last, and by run a hash over all
    that it follows from besides readings."""

    known: int
    kept: Mapping[Which, str]

    def holds(self, tx: Tx, hashes: Mapping[Which, str], inputs: Inputs) -> bool:
        """True where all runs of a chain stand, of which ``inputs`` are those of the last one."""
        if list_detached(tx) or any(self.kept.get(which) != sha256 for which, sha256 in hashes.items()):
            return False
        days = (inputs.from_s - COARSEST_S) // DAY_S, (inputs.to_s + COARSEST_S) // DAY_S
        spoken = {register_id for register_id, _ in find_spoken_since(tx, self.known, *days)}
        return spoken.isdisjoint(inputs.register_ids())


def hash_inputs(document: Document, key: AdoptedKey, permille: int) -> str:
    """Hash all that a run follows from besides readings, and what of it may be missing."""
    told: Sequence[object] = (METHOD, document.sha256, key.key_id, key.resolution_id, permille)
    return hashlib.sha256(repr(told).encode()).hexdigest()
