"""A bank account that waits for a second person, and the logo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["confirmed", "withdrawn", "replaced"]
"""Outcomes of a proposed bank account."""


@dataclass(frozen=True)
class IbanProposal:
    """Another bank account of the co-operative; bills name it once a second person has confirmed it."""

    number: int
    iban: str
    proposed_at: datetime
    proposed_by: str
    settled_at: datetime | None = None
    settled_by: str | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Logo:
    """A picture of the co-operative, by the hash of its bytes."""

    sha256: str
    body: bytes
    kept_at: datetime
    kept_by: str
