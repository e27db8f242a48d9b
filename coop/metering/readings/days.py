"""A register's day as it stands, and the same packed; many are unpacked together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coop.metering.readings.alike import unpack_days
from coop.metering.readings.blocks import Day


@dataclass(frozen=True)
class Stored:
    """One register's day as it stands, or stood; ``version`` is the number of the last delivery that spoke of it."""

    register_id: str
    day: int
    version: int
    step_s: int
    content: Day


class Packed(NamedTuple):
    """The same, packed; ``claimed`` has a byte for each value, 1 where one account alone answers for it, or a single
    byte where one does for all, or none."""

    register_id: str
    day: int
    version: int
    step_s: int
    offsets: bytes | None
    readings: bytes
    quality: bytes
    claimed: bytes = b""

    def unpack(self) -> Stored:
        """Its values and qualities."""
        return next(iter(unpack_all([self])))


def unpack_all(days: Sequence[Packed]) -> list[Stored]:
    """Values and qualities of many days."""
    return [
        Stored(of.register_id, of.day, of.version, of.step_s, _claim(of, content) if of.claimed else content)
        for of, content in zip(days, unpack_days(days), strict=True)
    ]


def _claim(of: Packed, content: Day) -> Day:
    claimed = of.claimed if len(of.claimed) > 1 else of.claimed * len(content)
    return Day(content.offsets, content.values, content.quality, np.frombuffer(claimed, np.bool_))
