"""Nouns of breaks: what people decided, and what is made of a register's readings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coop.metering.heat.verdicts import BreakKind


@dataclass(frozen=True)
class Decided:
    """A break between two instants [s since 1970] as people decided it. Of a dip or a slip the readings from
    ``false_from_s`` to ``false_to_s`` are false."""

    before_s: int
    at_s: int
    kind: BreakKind
    false_from_s: int | None = None
    false_to_s: int | None = None


@dataclass(frozen=True)
class Break:
    """After reading ``index`` (of those that count) the register went on from ``base``; below zero is so far to go
    until it rolls over."""

    index: int
    base: int
    kind: BreakKind


@dataclass(frozen=True)
class Aside:
    """A reading that does not count, and why: it dipped, it slipped, or people said that it is false."""

    at_s: int
    value: int
    why: str


@dataclass(frozen=True)
class Doubt:
    """A fall or a jump, from one reading to the next, that nothing explains. ``false_low_s`` holds the first and the
    last instant of what a decision "dip" sets aside, ``false_high_s`` of what a "slip" does."""

    before_s: int
    at_s: int
    before: int
    after: int
    false_low_s: tuple[int, int]
    false_high_s: tuple[int, int]

    @property
    def is_fall(self) -> bool:
        """True where the register fell, False where it jumped."""
        return self.after < self.before


@dataclass(frozen=True)
class Misfit:
    """A claim of one account that does not fit the line between a device's readings at ``before_s`` and ``at_s``: the
    first of ``count`` such readings was ``said`` at ``said_s``. It counts for nothing, and two people decide."""

    before_s: int
    at_s: int
    before: int
    after: int
    said_s: int
    said: int
    count: int


@dataclass(frozen=True)
class Verdict:
    """Meaning of a register's readings. ``keep`` says which of them count, shape (n,); the rest are ``asides``."""

    keep: NDArray[np.bool_]
    breaks: tuple[Break, ...] = ()
    asides: tuple[Aside, ...] = ()
    doubts: tuple[Doubt, ...] = ()
