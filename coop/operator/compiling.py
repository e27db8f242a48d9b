"""Compiles the inner loops ahead: ``python -m coop.operator.compiling`` while an image is built.

The machine code goes where the loops look for it (``NUMBA_CACHE_DIR``), so that no process compiles at its first
batch or allocation. It fits the release and the kind of processor that it was made for; another compiles for itself.
"""

from __future__ import annotations

import numpy as np

from coop.communities.allocation_keys import SHARED_BY_PARTS
from coop.metering.intake.formats._columns import cut_columns
from coop.metering.sharing.allocation import PARTS, Key, KeyKind, allocate


def compile_ahead() -> None:
    """Read a column of a batch, and allocate a little under every kind of key: each compiles what it needs."""
    cut_columns(b'{"values": [1, null]}')
    names = ["A", "B"]
    production, consumption = np.array([5, 9], np.int64), np.array([[4, 4], [2, 3]], np.int64)
    for kind in KeyKind:
        weights = dict.fromkeys(names, PARTS // len(names)) if kind in SHARED_BY_PARTS else {}
        order = tuple(names) if kind is KeyKind.PRIORITY else ()
        allocate(Key(kind, weights, order), names, production, consumption)


if __name__ == "__main__":
    compile_ahead()
