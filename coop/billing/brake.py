"""Nouns of brakes: what is unlikely, and the figures that its sentence names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FigureUnit(StrEnum):
    """Unit of a figure that a brake names."""

    CENTS = "cents"
    GJ = "gj"
    KWH = "kwh"
    COUNT = "count"
    PERCENT = "percent"
    TIMES = "times"
    NUMBER = "number"
    PRICE = "price"
    DAY = "day"
    PERIOD = "period"
    TEXT = "text"


@dataclass(frozen=True)
class BrakeFigure:
    """A figure that a brake names, as text in its unit; a percentage as a share of one."""

    value: str
    unit: FigureUnit


@dataclass(frozen=True)
class Brake:
    """A reason to stop a run until somebody else releases it.

    ``subject`` is the contract, connection or tariff that it is about, empty for the run as a whole; ``figures`` are
    what its sentence names; ``concerns`` are the contracts whose bills it touches, empty for all or none of them.
    """

    code: str
    subject: str
    figures: tuple[tuple[str, BrakeFigure], ...] = ()
    concerns: tuple[str, ...] = ()
