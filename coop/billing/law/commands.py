"""Putting law on file, and seeing beforehand what it touches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from coop.billing.runs.commands import LOCK
from coop.billing.runs.drafting import DraftedRun, draft
from coop.billing.terms import heard_store as heard
from coop.communities import law_commands
from coop.communities.law import Law, Publication
from coop.communities.law_store import load_law
from coop.communities.tariff_law import judge_law, judge_tariff
from coop.kit.tx import Tx
from coop.values import CoopError, Period


@dataclass(frozen=True)
class Touched:
    """A tariff that a law touches from a day on, adopted or still to be voted on, and the prices that are not allowed
    then."""

    resolution_id: str
    valid_from: date
    day: date
    is_adopted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """Everything that publications touch: what is ``new`` in them, tariffs that the law allowed and would no longer,
    and which billed periods the next run would correct, by how much, beside what waits already. Where that cannot be
    drafted, ``hindrance`` says why."""

    new: tuple[Publication, ...]
    tariffs: tuple[Touched, ...]
    periods: tuple[Period, ...] = ()
    bill_count: int = 0
    total_cents: int = 0
    hindrance: str = ""


def publish_law(
    tx: Tx, publications: Sequence[Publication], *, is_checked: bool = False, is_file: bool = False
) -> list[Publication]:
    """Put law on file; returns what is new of it. The next run corrects what rests on other law.

    Raises:
        BadInput: as ``law_commands.publish``.
    """
    tx.lock(LOCK)
    return law_commands.publish(tx, publications, is_checked=is_checked, is_file=is_file)


def preview_law(
    tx: Tx, publications: Sequence[Publication], *, is_checked: bool = False, is_file: bool = False
) -> Reach:
    """See what publications would touch, without keeping them.

    Raises:
        BadInput: as ``publish_law``.
    """
    law = load_law(tx)
    new = law_commands.judge_publications(law, publications, tx.today, is_checked=is_checked, is_file=is_file)
    after = Law((*law.publications, *new))
    tariffs = tuple(_find_touched(tx, law, new))
    if not new:
        return Reach((), ())
    try:
        waiting, drafted = draft(tx, None, tx.today, law=law), draft(tx, None, tx.today, law=after)
    except CoopError as refusal:
        return Reach(tuple(new), tariffs, hindrance=refusal.message)
    before = {covered.period for covered in waiting.covers}
    return Reach(
        tuple(new),
        tariffs,
        periods=tuple(sorted(covered.period for covered in drafted.covers if covered.period not in before)),
        bill_count=len(drafted.drafts) - len(waiting.drafts),
        total_cents=_sum(drafted) - _sum(waiting),
    )


def _sum(drafted: DraftedRun) -> int:
    return sum(each.bill.total_cents for each in drafted.drafts)


def _find_touched(tx: Tx, law: Law, new: Sequence[Publication]) -> Iterator[Touched]:
    """Tariffs, adopted or put to the vote, with prices that the law allowed and would no longer. One that is adopted
    stands, and is billed at the maximum; one that is not is refused."""
    after = Law((*law.publications, *new))
    adopted = [each.tariff for each in heard.list_tariffs(tx)]
    for number, tariff in enumerate(adopted):
        ends = adopted[number + 1].valid_from if number + 1 < len(adopted) else date.max
        days = {max(each.valid_from, tariff.valid_from) for each in new}
        for day in sorted(day for day in days if day < ends):
            known = [problem.reason for problem in judge_law(law, day, tariff.components)]
            reasons = [problem.reason for problem in judge_law(after, day, tariff.components)]
            if more := tuple(reason for reason in reasons if reason not in known):
                yield Touched(tariff.resolution_id, tariff.valid_from, day, True, more)
    for proposal in heard.list_proposed(tx, from_day=tx.today):
        before, problems = (judge_tariff(proposal.parameters, each, tx.today) for each in (law, after))
        if problems and not before:
            day = date.fromisoformat(proposal.parameters["valid_from"])
            yield Touched(proposal.resolution_id, day, day, False, tuple(problem.reason for problem in problems))
