"""The one lock of metering: whoever writes readings, changes meters or computes a period waits for the others."""

from __future__ import annotations

from coop.kit.tx import Tx


def lock(tx: Tx) -> None:
    """Wait for whoever writes readings of this co-operative or computes a period from them, and keep others waiting.

    Taken before anything is read: so two deliveries of one day find each other's versions, and a reading is either
    there when its period is computed or finds it closed, and marks it.
    """
    tx.lock("readings")
