"""Money by rule: when a milestone releases its tranches, and how long a project stood still waiting.

The Danish way: a tranche is released by the rule itself when its milestone is met with all its evidence, within margin
and in time, in a phase that the members decided to build. Otherwise it goes to the steering group with every reason.
Source: docs/domain/programmes-and-funding.md#milestones.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from coop.governance.model import Evidence, Milestone, Programme, Reached, Tranche
from coop.values import BadInput, Problem, eur, say, split_by_largest_remainder

SORTS = frozenset(
    re.findall(
        "[a-z]+",
        "gemeente gem municipality provincie province waterschap hoogheemraadschap water board stichting vereniging"
        " cooperatie cooperative woningcorporatie bv nv ua de het van en the of and",
    )
)
"""Words of a name that say what sort of organisation it is, not which."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Condition:
    """One thing that the rule asks of a milestone. ``name``: evidence, cost, deadline or realisation."""

    name: str
    met: bool
    sentence: str


def split_grant(amount_cents: int, shares: Sequence[int]) -> list[int]:
    """Divide a grant over its tranches in whole cents.

    >>> split_grant(770_000_000, [40, 30, 20, 10])
    [308000000, 231000000, 154000000, 77000000]

    Source: docs/domain/programmes-and-funding.md#e18.
    """
    return split_by_largest_remainder(amount_cents, shares)


def check_programme(programme: Programme) -> None:
    """Refuse a programme that cannot be carried out as written.

    Raises:
        BadInput: naming everything that is wrong.
    """
    problems = []
    milestones = [milestone for phase in programme.phases for milestone in phase.milestones]
    for name, ids in (
        ("phase_id", [phase.phase_id for phase in programme.phases]),
        ("milestone_id", [milestone.milestone_id for milestone in milestones]),
        ("tranche_id", [tranche.tranche_id for tranche in programme.tranches]),
    ):
        problems += [
            Problem(say("%(key)s stands here %(times)s times", key=key, times=times), name)
            for key, times in Counter(ids).items()
            if times > 1
        ]
    for phase in programme.phases:
        planned = sum(milestone.budget_cents for milestone in phase.milestones)
        if planned > phase.budget_cents:
            reason = say(
                "milestones of %(planned)s do not fit in a budget of %(budget)s",
                planned=_euros(planned),
                budget=_euros(phase.budget_cents),
            )
            problems.append(Problem(reason, f"{phase.phase_id}.budget_cents"))
    for milestone in milestones:
        if milestone.budget_cents < 0 or milestone.margin_per_mille < 0:
            problems.append(Problem(say("budget and margin may not be negative"), milestone.milestone_id))
    planned_ids = {milestone.milestone_id for milestone in milestones}
    for tranche in programme.tranches:
        if tranche.milestone_id not in planned_ids:
            problems.append(
                Problem(
                    say("there is no milestone %(milestone_id)s", milestone_id=tranche.milestone_id), tranche.tranche_id
                )
            )
        if tranche.amount_cents <= 0:
            problems.append(Problem(say("a tranche is more than nothing"), f"{tranche.tranche_id}.amount_cents"))
    if problems:
        raise BadInput(problems, "bad-programme")


def check_evidence(reached: Reached) -> None:
    """Refuse a report whose evidence cannot be checked later, or whose cost is no amount.

    Raises:
        BadInput: naming each piece of evidence by its line.
    """
    problems = [Problem(say("may not be negative"), "cost_cents")] if reached.cost_cents < 0 else []
    for line, piece in enumerate(reached.evidence, start=1):
        if not piece.name or not piece.reference:
            problems.append(Problem(say("needs a name and a reference"), "evidence", line))
        if not _SHA256.fullmatch(piece.sha256):
            problems.append(Problem(say("is not a SHA-256 in 64 small hexadecimal digits"), "evidence.sha256", line))
    if problems:
        raise BadInput(problems, "bad-evidence")


def order_evidence(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Put evidence in one order without doubles, whatever the order it was handed in."""
    return tuple(sorted(set(evidence), key=lambda piece: (piece.name, piece.reference, piece.sha256)))


def conditions(milestone: Milestone, reached: Reached, realised_on: date | None) -> list[Condition]:
    """Hold a report against all that the rule asks; ``realised_on`` is when the members decided to build the phase."""
    shown = {piece.name for piece in reached.evidence}
    lacking = [name for name in milestone.evidence if name not in shown]
    have = len(milestone.evidence) - len(lacking)
    return [
        Condition(
            "evidence",
            not lacking,
            f"evidence {have} of {len(milestone.evidence)}" + (f", lacking {', '.join(lacking)}" if lacking else ""),
        ),
        Condition(
            "cost",
            reached.cost_cents <= milestone.ceiling_cents,
            f"cost {_euros(reached.cost_cents)} against {_euros(milestone.budget_cents)} with a margin of "
            f"{milestone.margin_per_mille} per mille, {_euros(milestone.ceiling_cents)}",
        ),
        Condition(
            "deadline",
            reached.reached_on <= milestone.deadline,
            f"reached on {reached.reached_on} against the deadline {milestone.deadline}",
        ),
        Condition(
            "realisation",
            realised_on is not None and realised_on <= reached.reached_on,
            f"realisation decided on {realised_on}" if realised_on else "realisation not decided",
        ),
    ]


def released_by_rule(checked: Sequence[Condition]) -> bool:
    """True when every condition is met."""
    return all(condition.met for condition in checked)


def rule_text(checked: Sequence[Condition]) -> str:
    """The rule with its numbers, for a release."""
    return "released by rule: " + "; ".join(condition.sentence for condition in checked)


def referral_text(checked: Sequence[Condition]) -> str:
    """Every condition that was not met, with its numbers."""
    return "; ".join(condition.sentence for condition in checked if not condition.met)


def may_release(last: Mapping[tuple[str, str], str]) -> bool:
    """True when the co-operative's last word is to release, and more partners say so last than keep: one voice each.

    A financier alone releases nothing, and neither does the co-operative. Source: choice, where no covenant says
    otherwise; docs/domain/programmes-and-funding.md#milestones.

    >>> us, town, water = ("co-operative", ""), ("partner", "town"), ("partner", "water")
    >>> may_release({us: "release", town: "release"}), may_release({us: "release", town: "release", water: "keep"})
    (True, False)
    """
    partners = Counter(decision for (party, _), decision in last.items() if party == "partner")
    return last.get(("co-operative", "")) == "release" and partners["release"] > partners["keep"]


def days_stood_still(waits: Iterable[tuple[date, date | None]], today: date) -> int:
    """Days on which at least one reached milestone waited for its money; a wait without an end lasts until ``today``.

    Two tranches that wait on the same day stop the project once.

    >>> days_stood_still([(date(2026, 1, 1), date(2026, 1, 11)), (date(2026, 1, 6), date(2026, 1, 16))], date.max)
    15
    """
    days, until = 0, date.min
    for start, end in sorted((start, end or max(start, today)) for start, end in waits):
        start = max(start, until)
        if end > start:
            days += (end - start) // timedelta(days=1)
            until = end
    return days


def tranches_of(programme: Programme, milestone_id: str) -> list[Tranche]:
    """The tranches that a milestone releases, in the order of their ids."""
    return sorted((t for t in programme.tranches if t.milestone_id == milestone_id), key=lambda t: t.tranche_id)


def numbered_tranches(programme: Programme) -> dict[str, int]:
    """The number by which people call each tranche: in the order of the milestones that release them, from 1."""
    ordered = [
        tranche
        for phase in programme.phases
        for milestone in phase.milestones
        for tranche in tranches_of(programme, milestone.milestone_id)
    ]
    return {tranche.tranche_id: number for number, tranche in enumerate(ordered, start=1)}


def fold_name(organisation: str) -> str:
    """An organisation as whoever reads it knows it again: its letters and digits alone, small and without accents.

    >>> fold_name(" Water-board  ÉÉN ") == fold_name("waterboard een"), fold_name("\u200b-")
    (True, '')
    """
    apart = unicodedata.normalize("NFKD", organisation).casefold()
    return "".join(character for character in apart if character.isalnum())


def find_like(organisation: str, others: Iterable[str]) -> list[str]:
    """Names that may be the same organisation, though they are spelled otherwise: of the same telling words, or with
    one letter in five wrong at most. A person has to say whether they are.

    >>> find_like("Gemeente Utrecht", ["Utrecht", "Provincie Utrecht", "gemeente utrecht", "Gem. Utrecht", "Zeist"])
    ['Utrecht', 'Provincie Utrecht', 'Gem. Utrecht']
    >>> find_like("Stadgenot", ["Stadgenoot", "Waternet"])
    ['Stadgenoot']
    """
    own, own_words = fold_name(organisation), _tell(organisation)
    return [
        other
        for other in dict.fromkeys(others)
        if (folded := fold_name(other)) != own
        and (own_words == _tell(other) != frozenset() or 5 * _count_edits(own, folded) <= max(len(own), len(folded)))
    ]


def _tell(organisation: str) -> frozenset[str]:
    """The words of a name that tell one organisation from another of its sort."""
    words = {fold_name(word) for word in organisation.split()} - {""}
    return frozenset(words - SORTS)


def _count_edits(one: str, other: str) -> int:
    """Letters to put in, take out or change to make one text of the other."""
    row = list(range(len(other) + 1))
    for count, letter in enumerate(one, start=1):
        diagonal, row[0] = row[0], count
        for place, their in enumerate(other, start=1):
            least = min(row[place] + 1, row[place - 1] + 1, diagonal + (letter != their))
            diagonal, row[place] = row[place], least
    return row[-1]


def _euros(cents: int) -> str:
    return f"EUR {eur(cents):,}"
