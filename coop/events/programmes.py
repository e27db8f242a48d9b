"""Facts of governance on programmes and their money; imported from ``coop.events.governance``, as all of its facts."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class MilestoneReached(Event):
    """A milestone was reached with evidence; ``evidence_hash`` is over the list of evidence."""

    TYPE: ClassVar[str] = "governance.milestone-reached.v1"
    NOUNS: ClassVar[str] = "programmes"

    milestone_id: str
    programme_id: str
    phase_id: str
    name: str
    reached_on: date
    deadline: date
    budget_cents: int
    cost_cents: int
    evidence_hash: str

    def key(self) -> str:
        return self.programme_id


class TrancheReleased(Event):
    """A tranche was released by rule, or by the steering group where the rule had referred it to them."""

    TYPE: ClassVar[str] = "governance.tranche-released.v1"
    NOUNS: ClassVar[str] = "programmes"

    tranche_id: str
    programme_id: str
    milestone_id: str
    financier: str
    amount_cents: int
    released_on: date
    rule: str

    def key(self) -> str:
        return self.programme_id


class TrancheReferred(Event):
    """The rule did not release a tranche: it goes to the steering group, with the reason."""

    TYPE: ClassVar[str] = "governance.tranche-referred.v1"
    NOUNS: ClassVar[str] = "programmes"

    tranche_id: str
    programme_id: str
    milestone_id: str
    amount_cents: int
    reason: str
    referred_on: date

    def key(self) -> str:
        return self.programme_id


class DeadlinePassed(Event):
    """The deadline of a milestone passed without a report that it was reached."""

    TYPE: ClassVar[str] = "governance.deadline-passed.v1"
    NOUNS: ClassVar[str] = "programmes"

    milestone_id: str
    programme_id: str
    phase_id: str
    name: str
    deadline: date

    def key(self) -> str:
        return self.programme_id


class SteeringReminded(Event):
    """A tranche waits for the steering group since ``waiting_since``: it was referred or kept then."""

    TYPE: ClassVar[str] = "governance.steering-reminded.v1"
    NOUNS: ClassVar[str] = "programmes"

    tranche_id: str
    programme_id: str
    milestone_id: str
    amount_cents: int
    waiting_since: date
    reminded_on: date

    def key(self) -> str:
        return self.programme_id


class SteeringSeatTaken(Event):
    """Somebody sits in the steering group for an organisation, as two people signed; ``organisation`` is empty for the
    co-operative itself, and ``until_on`` the first day without the seat."""

    TYPE: ClassVar[str] = "governance.steering-seat-taken.v1"
    NOUNS: ClassVar[str] = "programmes"

    seat_id: str
    account_id: str
    party: str
    organisation: str
    from_on: date
    until_on: date | None

    def key(self) -> str:
        return self.seat_id


class SteeringSeatEnded(Event):
    """A seat in the steering group ended before its day; ``ended_on`` is the first day without it."""

    TYPE: ClassVar[str] = "governance.steering-seat-ended.v1"
    NOUNS: ClassVar[str] = "programmes"

    seat_id: str
    account_id: str
    ended_on: date

    def key(self) -> str:
        return self.seat_id


class SteeringDecided(Event):
    """One organisation of the steering group says that a tranche is released or kept, and why. ``number`` counts the
    decisions of its ``year`` without a gap."""

    TYPE: ClassVar[str] = "governance.steering-decided.v1"
    NOUNS: ClassVar[str] = "programmes"

    tranche_id: str
    programme_id: str
    milestone_id: str
    year: int
    number: int
    seat_id: str
    party: str
    organisation: str
    decision: str
    reason: str
    decided_on: date

    def key(self) -> str:
        return self.programme_id
