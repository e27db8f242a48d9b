"""Answers on programmes, as programs read them."""

from __future__ import annotations

from datetime import date

from coop.governance.api.answers import Answer
from coop.governance.model import Programme


class MilestoneOut(Answer):
    """A milestone of a phase."""

    milestone_id: str
    name_nl: str
    name_en: str
    budget_cents: int
    margin_per_mille: int
    deadline: date
    evidence: tuple[str, ...]


class PhaseOut(Answer):
    """A phase of a programme."""

    phase_id: str
    name_nl: str
    name_en: str
    budget_cents: int
    milestones: list[MilestoneOut]


class TrancheOut(Answer):
    """A part of the money, which a milestone releases."""

    tranche_id: str
    milestone_id: str
    financier: str
    amount_cents: int


class ProgrammeOut(Answer):
    """A programme with its phases and its money."""

    programme_id: str
    name: str
    phases: list[PhaseOut]
    tranches: list[TrancheOut]


def programme_out(programme: Programme) -> ProgrammeOut:
    """A programme with its phases and its money."""
    return ProgrammeOut.model_validate(programme)
