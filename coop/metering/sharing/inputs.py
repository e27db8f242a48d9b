"""Inputs of a run of shared energy: all that it depends on besides the readings, written down so that it can be
computed again and explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """A register that says a meter's energy, in whole ``10 ** exponent`` Wh."""

    register_id: str
    exponent: int = 0


@dataclass(frozen=True)
class Counter:
    """One direction of a meter, for the time within the run in which it hung there [s since 1970]; ``sources`` are its
    registers, the one that is believed first standing first."""

    meter: str
    from_s: int
    to_s: int
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Point:
    """A place where electricity goes in and out: a connection, or a meter of the co-operative that hangs at none (""),
    with what counts its taking and its making. Own use is covered by ``made`` in this order."""

    connection_id: str
    taken: tuple[Counter, ...]
    made: tuple[Counter, ...]

    @property
    def name(self) -> str:
        """Connection, or meter where there is none."""
        return self.connection_id or self.made[0].meter


@dataclass(frozen=True)
class Holding:
    """A member's hold on a connection that shares, from ``from_s`` up to ``to_s`` [s since 1970], within the run."""

    connection_id: str
    member_id: str
    from_s: int
    to_s: int


@dataclass(frozen=True)
class Inputs:
    """Inputs of one run: a group, for as long as one key was in force and the same meters produced.

    ``participants`` are connections in the order of their ids, ``producers`` the meters whose production is shared.
    ``before`` are the runs of groups that are served earlier and have a point in common with this one, over the same
    time, in their order: what they leave is what there is to share here.
    """

    group_id: str
    parameters: Mapping[str, Any]
    from_s: int
    to_s: int
    participants: tuple[str, ...]
    producers: tuple[str, ...]
    points: tuple[Point, ...]
    holdings: tuple[Holding, ...]
    before: tuple[Inputs, ...] = ()

    def exponents(self) -> dict[str, int]:
        """Every register that is read, with the power of ten of its unit [Wh]; in the order of their ids."""
        found = {
            source.register_id: source.exponent
            for inputs in (*self.before, self)
            for point in inputs.points
            for counter in (*point.taken, *point.made)
            for source in counter.sources
        }
        return dict(sorted(found.items()))

    def register_ids(self) -> list[str]:
        """Every register that is read."""
        return list(self.exponents())
