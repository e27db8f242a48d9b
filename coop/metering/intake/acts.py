"""Acts on a meter by which money moves: its exchange, its move, and what was registered of it wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from coop.metering.model import Quantity

Amounts = Mapping[Quantity, Decimal]
"""Values of registers [base unit]."""


@dataclass(frozen=True)
class Exchanged:
    """Another meter hangs in its place since an instant, with the stands on both sides."""

    new_serial: str
    at: datetime
    end_stands: Amounts
    start_stands: Amounts
    maxima: Amounts = field(default_factory=dict)
    act: Literal["exchange"] = "exchange"


@dataclass(frozen=True)
class Moved:
    """It hangs at another connection since an instant, and showed these stands then."""

    connection: str
    at: datetime
    stands: Amounts = field(default_factory=dict)
    act: Literal["move"] = "move"


@dataclass(frozen=True)
class Counted:
    """Its registers start again from zero at these maxima, from an instant on (None: all along where it hangs)."""

    maxima: Amounts
    since: datetime | None = None
    act: Literal["maxima"] = "maxima"


@dataclass(frozen=True)
class Placed:
    """It hung at a connection all along (empty: it is a plant's), since an instant: what was registered was wrong."""

    connection: str
    installed_at: datetime
    act: Literal["place"] = "place"


Act = Exchanged | Moved | Counted | Placed
