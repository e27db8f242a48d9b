"""Bodies on programmes that the JSON API of governance takes. Shapes only: the rules judge them by line and reason."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coop.governance.api import examples
from coop.governance.api.bodies import Body, Cents, Count, Day, Id, Line, show
from coop.governance.model import Milestone, Phase, Programme, Tranche
from coop.governance.programmes.rules import split_grant


class MilestoneBody(Body):
    """A milestone of a phase."""

    milestone_id: Id
    name_nl: Line
    name_en: Line
    budget_cents: Cents
    margin_per_mille: Count = 0
    deadline: Day
    evidence: list[str] = Field(default=[])


class PhaseBody(Body):
    """A phase of a programme."""

    phase_id: Id
    name_nl: Line
    name_en: Line
    budget_cents: Cents
    milestones: list[MilestoneBody]


class TrancheBody(Body):
    """A tranche of a fixed amount."""

    tranche_id: Id
    milestone_id: str
    financier: Line
    amount_cents: Cents


class ShareBody(Body):
    """A tranche that is a share of a grant."""

    tranche_id: Id
    milestone_id: str
    share: int = Field(ge=1, le=10**15)


class GrantBody(Body):
    """A grant, divided over tranches by whole shares such as 40, 30, 20, 10; the cents come out exact."""

    financier: Line
    amount_cents: Cents
    tranches: list[ShareBody] = Field(min_length=1)


class ProgrammeBody(Body):
    """A programme with its money, as fixed tranches, as grants with shares, or both."""

    model_config = show(examples.PROGRAMME)

    programme_id: Id
    name: Line
    phases: list[PhaseBody]
    tranches: list[TrancheBody] = Field(default=[])
    grants: list[GrantBody] = Field(default=[])


class EvidenceBody(Body):
    """A document that shows something; ``sha256`` is the one that was answered when its file was handed in."""

    name: Line
    reference: Line
    sha256: str


class ReachBody(Body):
    """Report that a milestone was reached."""

    reached_on: Annotated[Day, Field(examples=["2026-02-15"])]
    cost_cents: Annotated[Cents, Field(examples=[12_500_000])]
    evidence: list[EvidenceBody] = Field(default=[])


class SteeringBody(Body):
    """A decision of the steering group: ``release`` or ``keep``. Whoever is signed in made it."""

    decision: Annotated[str, Field(examples=["release"])]
    decided_on: Annotated[Day, Field(examples=["2026-03-01"])]
    reason: Annotated[str, Field(examples=["The permit came late; the work itself is done."])]


def programme_of(body: ProgrammeBody) -> Programme:
    """The programme in a body, every grant divided over its tranches."""
    phases = tuple(
        Phase(
            phase.phase_id,
            phase.name_nl,
            phase.name_en,
            phase.budget_cents,
            tuple(
                Milestone(**{**milestone.model_dump(), "evidence": tuple(milestone.evidence)})
                for milestone in phase.milestones
            ),
        )
        for phase in body.phases
    )
    tranches = [Tranche(**tranche.model_dump()) for tranche in body.tranches]
    for grant in body.grants:
        amounts = split_grant(grant.amount_cents, [tranche.share for tranche in grant.tranches])
        tranches += [
            Tranche(tranche.tranche_id, tranche.milestone_id, grant.financier, amount_cents)
            for tranche, amount_cents in zip(grant.tranches, amounts, strict=True)
        ]
    return Programme(body.programme_id, body.name, phases, tuple(tranches))
