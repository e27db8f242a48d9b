"""Words of programmes to people, in the language they read."""

from __future__ import annotations

from typing import Final

from coop.governance.model import Milestone, Phase
from coop.web.language import N_, gettext

UNMET: Final = {
    "evidence": N_("not all evidence was there"),
    "cost": N_("it cost more than the budget with its margin"),
    "deadline": N_("it was reached after the deadline"),
    "realisation": N_("the members had not decided to build this phase"),
}


def phase_name(lang: str, phase: Phase) -> str:
    """The name of a phase."""
    return phase.name_nl if lang == "nl" else phase.name_en


def milestone_name(lang: str, milestone: Milestone) -> str:
    """The name of a milestone."""
    return milestone.name_nl if lang == "nl" else milestone.name_en


def reasons(lang: str, unmet: tuple[str, ...]) -> str:
    """Reason why the rule did not release a tranche."""
    return "; ".join(gettext(lang, UNMET[name]) for name in unmet)
