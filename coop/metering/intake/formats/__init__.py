"""Outside formats of meter deliveries, one module each, all of one shape.

``decode(body, *, received_at) -> Decoded`` never raises for what a sender wrote: every fault is a problem with its line
and field, the raw part behind it is kept so that it can be parked and sent again, and its neighbours are decoded. The
one exception is ``csv_readings``: a file that a person imports goes in whole or not at all, and needs a column mapping.

The modules, and the heavy libraries behind them, are imported when they are first used.
"""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Protocol, cast

from coop.metering.model import Decoded


class Decode(Protocol):
    """The one function of every format."""

    def __call__(self, body: bytes, *, received_at: datetime) -> Decoded:
        """Decode one delivery. ``received_at`` [UTC] is when it came in: the instant of readings without one."""
        ...  # The body of a protocol method is empty by design.


def _from(module: str) -> Decode:
    def decode(body: bytes, *, received_at: datetime) -> Decoded:
        return cast(Decode, import_module(f"{__name__}.{module}").decode)(body, received_at=received_at)

    return decode


FORMATS: dict[str, Decode] = {"p1": _from("p1"), "mbus": _from("mbus"), "head-end": _from("head_end")}
"""Formats by the name that a gateway gives them."""
