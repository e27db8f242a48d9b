"""The programme "Warmtenet WG": phases, milestones with budget and deadline, and the grant that they release.

The grant is the 7.7 million EUR of the WG area (PAW) in the tranches of E18:
docs/domain/programmes-and-funding.md#grants. Most milestones are met within margin and in time; the third is late and
over its margin, so that its tranche goes to the steering group; the last is still open. All costs are made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.demo.plan import DemoPlan
from coop.values import derive_id, split_by_largest_remainder

GRANT_CENTS = 770_000_000
TRANCHE_PERCENT = (40, 30, 20, 10)


@dataclass(frozen=True)
class Milestone:
    """A result that can be shown. ``actual_cost_cents`` and ``done_on`` are None while it is open."""

    id: str
    code: str
    phase: str
    title_nl: str
    title_en: str
    budget_cents: int
    margin_percent: int
    deadline: date
    evidence: tuple[str, ...]
    actual_cost_cents: int | None
    done_on: date | None

    def is_met_by_rule(self) -> bool:
        """Done in time and within margin."""
        if self.done_on is None or self.actual_cost_cents is None:
            return False
        within = self.actual_cost_cents * 100 <= self.budget_cents * (100 + self.margin_percent)
        return within and self.done_on <= self.deadline


@dataclass(frozen=True)
class Phase:
    """A part of the programme that the members decide to build, or not."""

    id: str
    code: str
    title_nl: str
    title_en: str


@dataclass(frozen=True)
class Tranche:
    """A part of the grant that one milestone releases."""

    id: str
    code: str
    milestone: str
    amount_cents: int


@dataclass(frozen=True)
class Programme:
    """The programme, its milestones in order, and the tranches of its grant."""

    id: str
    name: str
    financier: str
    phases: tuple[Phase, ...]
    milestones: tuple[Milestone, ...]
    tranches: tuple[Tranche, ...]

    def budget_cents(self, phase: Phase) -> int:
        """Budget of the milestones of a phase together."""
        return sum(milestone.budget_cents for milestone in self.milestones if milestone.phase == phase.code)


def programme(plan: DemoPlan) -> Programme:
    """The programme as it stands at the end of the plan's year."""
    amounts = split_by_largest_remainder(GRANT_CENTS, TRANCHE_PERCENT)
    tranches = tuple(
        Tranche(derive_id("demo", plan.seed, "tranche", place), f"T{place}", code, amount)
        for place, (code, amount) in enumerate(zip(("M1", "M2", "M3", "M5"), amounts, strict=True), 1)
    )
    phases = tuple(
        Phase(derive_id("demo", plan.seed, "phase", code), code, title_nl, title_en)
        for code, title_nl, title_en in (
            ("F1", "Ontwikkeling", "Development"),
            ("F2", "Bron en opslag", "Source and storage"),
            ("F3", "Warmtenet", "Heat network"),
            ("F4", "Aansluiten", "Connecting"),
        )
    )
    key = derive_id("demo", plan.seed, "programme")
    return Programme(key, "Warmtenet WG", "Demo-gemeente", phases, _milestones(plan), tranches)


def _milestones(plan: DemoPlan) -> tuple[Milestone, ...]:
    year = plan.year

    def milestone(
        code: str,
        phase: str,
        titles: tuple[str, str],
        budget_eur: int,
        deadline: date,
        evidence: tuple[str, ...],
        actual: tuple[int, date] | None,
    ) -> Milestone:
        cost, done = (actual[0] * 100, actual[1]) if actual else (None, None)
        key = derive_id("demo", plan.seed, "milestone", code)
        return Milestone(key, code, phase, *titles, budget_eur * 100, 5, deadline, evidence, cost, done)

    return (
        milestone(
            "M1",
            "F1",
            ("Realisatiebesluit en contracten", "Realisation decision and contracts"),
            1_150_000,
            date(year, 1, 31),
            ("notulen-alv.pdf", "getekende-contracten.pdf", "vergunning-bron.pdf"),
            (1_121_400, date(year, 1, 17)),
        ),
        milestone(
            "M2",
            "F2",
            ("Bron en opslag in bedrijf", "Source and storage in operation"),
            4_600_000,
            date(year, 4, 30),
            ("opleverrapport-bron.pdf", "meting-debiet.csv"),
            (4_742_000, date(year, 4, 11)),
        ),
        milestone(
            "M3",
            "F3",
            ("Leidingen onder het plein", "Pipes under the square"),
            6_900_000,
            date(year, 8, 31),
            ("revisietekening.pdf", "druktest.pdf"),
            (7_384_500, date(year, 9, 19)),
        ),
        milestone(
            "M4",
            "F4",
            ("Eerste woningen aangesloten", "First homes connected"),
            2_300_000,
            date(year, 12, 15),
            ("opleverlijst.csv", "meterregister.csv"),
            (2_268_750, date(year, 12, 5)),
        ),
        milestone(
            "M5",
            "F4",
            ("Alle gebouwen aangesloten", "All buildings connected"),
            9_800_000,
            date(year + 2, 12, 31),
            ("opleverlijst.csv", "eindverantwoording.pdf"),
            None,
        ),
    )
