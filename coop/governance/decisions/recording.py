"""Decisions that no program acts on: they are told whole, once, so that whoever should carry them out hears them."""

from __future__ import annotations

from coop.events import Event
from coop.events.governance import DecisionRecorded
from coop.governance.kinds import Adopted
from coop.kit.tx import Tx


def record(tx: Tx, adopted: Adopted) -> list[Event]:
    """Tell what was decided, with everything that it says."""
    resolution = adopted.resolution
    return [DecisionRecorded(kind=resolution.kind, parameters=dict(resolution.parameters), **adopted.decided)]
