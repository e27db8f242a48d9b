"""Partitions that do not move although messages wait in them: whatever keeps them, it must not do so in silence.

The client library itself gives up on a message whose header has a name that is no UTF-8, and reads no further.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from coop.kit.bus.topics import Waiting

LOOK_EVERY_S = 30.0
STUCK_AFTER_S = 120.0


class StuckPartitions:
    """Partitions whose group stays at one offset for ``STUCK_AFTER_S`` while messages wait."""

    def __init__(self) -> None:
        self.trouble: str | None = None
        self._due_at = 0.0
        self._since: dict[tuple[str, str, int], tuple[int, float]] = {}

    def is_due(self) -> bool:
        """True when it is time to look."""
        if monotonic() < self._due_at:
            return False
        self._due_at = monotonic() + LOOK_EVERY_S
        return True

    def look(self, group: str, partitions: Mapping[tuple[str, int], Waiting]) -> None:
        """Compare where a group is with where it was."""
        for gone in [key for key in self._since if key[0] == group and key[1:] not in partitions]:
            del self._since[gone]
        for (topic, number), waiting in partitions.items():
            key = group, topic, number
            offset, _ = self._since.get(key, (-1, 0.0))
            if not waiting.messages:
                self._since.pop(key, None)
            elif offset != waiting.offset:
                self._since[key] = waiting.offset, monotonic()
        stuck = [
            f"{topic} [{number}] at offset {offset}"
            for (_, topic, number), (offset, since) in sorted(self._since.items())
            if monotonic() - since >= STUCK_AFTER_S
        ]
        self.trouble = f"messages wait and none is read: {', '.join(stuck)}" if stuck else None
