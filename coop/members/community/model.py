"""A bank account that waits for a second person, and the logo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

Outcome = Literal["confirmed", "withdrawn", "replaced"]
"""Outcomes of what was proposed."""


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
class ChoiceProposal:
    """A choice that takes two people; it is made once a second person has confirmed it."""

    number: int
    name: str
    valid_from: date
    value: Mapping[str, Any]
    source: str
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
