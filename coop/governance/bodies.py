"""What the JSON API of governance takes in. Shapes only: what may be is judged by the rules, with line and reason."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from coop.governance.model import Milestone, Phase, Programme, Tranche
from coop.governance.rules.programmes import split_grant

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
"""An id that can stand in an address."""


class Body(BaseModel):
    """What a client sends; a field that nobody knows is refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid")


class RuleBody(Body):
    """A rule of the statutes; fractions are written ``"2/3"``, ``quorum`` is null where none is asked."""

    kind: str
    article: str
    notice_days: int
    majority: str
    quorum: str | None = None
    base: str = "cast"
    proxy_limit: int = 0
    secrecy: str = "open"
    advance_days: int = 0


class StatutesBody(Body):
    """A version of the statutes."""

    valid_from: date
    name: str
    rules: list[RuleBody] = Field(min_length=1)


class ResolutionBody(Body):
    """A point of the agenda; ``parameters`` hold texts and whole numbers only."""

    resolution_id: Id
    kind: str
    subject_nl: str
    subject_en: str
    explanation_nl: str = ""
    explanation_en: str = ""
    parameters: dict[str, Any] = {}


class MeetingBody(Body):
    """The notice of a meeting."""

    meeting_id: Id
    held_on: date
    convened_on: date
    place: str = ""
    resolutions: list[ResolutionBody]


class BallotBody(Body):
    """One ballot. It is read leniently here and judged with its line, so that every bad one is named at once."""

    member_id: str = ""
    choice: str = ""
    cast_on: str = ""
    proxy_holder: str | None = None


class VotesBody(Body):
    """Ballots on one resolution."""

    resolution_id: str
    ballots: list[BallotBody]


class CloseBody(Body):
    """The closing of a meeting; ``entitled_members``, when given, must be how many members with a vote are known."""

    closed_on: date
    dry_run: bool = False
    entitled_members: int | None = None


class MilestoneBody(Body):
    """A milestone of a phase."""

    milestone_id: Id
    name_nl: str
    name_en: str
    budget_cents: int
    margin_per_mille: int = 0
    deadline: date
    evidence: list[str] = []


class PhaseBody(Body):
    """A phase of a programme."""

    phase_id: Id
    name_nl: str
    name_en: str
    budget_cents: int
    milestones: list[MilestoneBody]


class TrancheBody(Body):
    """A tranche of a fixed amount."""

    tranche_id: Id
    milestone_id: str
    financier: str
    amount_cents: int


class ShareBody(Body):
    """A tranche that is a share of a grant."""

    tranche_id: Id
    milestone_id: str
    share: int = Field(ge=1)


class GrantBody(Body):
    """A grant, divided over tranches by whole shares such as 40, 30, 20, 10; the cents come out exact."""

    financier: str
    amount_cents: int
    tranches: list[ShareBody] = Field(min_length=1)


class ProgrammeBody(Body):
    """A programme with its money, as fixed tranches, as grants with shares, or both."""

    programme_id: Id
    name: str
    phases: list[PhaseBody]
    tranches: list[TrancheBody] = []
    grants: list[GrantBody] = []


class EvidenceBody(Body):
    """A document that shows something."""

    name: str
    reference: str
    sha256: str


class ReachBody(Body):
    """That a milestone was reached."""

    reached_on: date
    cost_cents: int
    evidence: list[EvidenceBody] = []


class SteeringBody(Body):
    """What the steering group decided: ``release`` or ``keep``. ``by`` is left out for who is signed in."""

    decision: str
    decided_on: date
    by: str | None = None


class TokenBody(Body):
    """For whom a feed token is."""

    audience: str
    created_on: date


class RevokeBody(Body):
    """When a feed token ends."""

    revoked_on: date


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
