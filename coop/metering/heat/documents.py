"""The document behind a measurement."""

from __future__ import annotations

from dataclasses import dataclass

from coop.kit.documents import Schema
from coop.metering.heat.measuring import Span
from coop.metering.readings.documents import plain_schema


@dataclass(frozen=True)
class Basis:
    """All that a measurement depends on besides the readings."""

    tap_permille: int
    spans: tuple[Span, ...]


BASIS: Schema[Basis] = plain_schema("metering.measurement-basis", Basis)
