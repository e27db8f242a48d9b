"""Runs that are drafted for the treasurer: what waits to be issued, and how it comes out.

Invariant: a proposal issues nothing and nothing rests on it. It says that somebody has to look; what is looked at, and
what is then issued, is drafted anew from the facts of that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coop.billing.runs import store as runs
from coop.billing.runs.commands import LOCK
from coop.billing.runs.drafting import DraftedRun, draft, unbilled_periods
from coop.billing.runs.issuing import CORRECTIONS
from coop.billing.runs.store import Proposal
from coop.kit.tx import Tx
from coop.values import CoopError, Period


@dataclass(frozen=True)
class Refused:
    """A period that cannot be drafted yet, and why."""

    name: str
    refusal: CoopError


@dataclass(frozen=True)
class Outcome:
    """Outcome of drafting: proposals that are new or come out otherwise than before, those that stand as they stood,
    what cannot be drafted, and runs that are held already."""

    drafted: tuple[Proposal, ...] = ()
    standing: tuple[Proposal, ...] = ()
    refused: tuple[Refused, ...] = ()
    held: tuple[str, ...] = ()


def propose_bills(tx: Tx) -> Outcome:
    """Draft the run of every period that metering closed and nobody has billed, each as if it were issued today."""
    tx.lock(LOCK)
    held = {str(total.run.period) for total in runs.list_runs(tx) if total.run.status == "held" and total.run.period}
    periods = unbilled_periods(tx)
    names = {str(period) for period in periods}
    before = {proposal.name: proposal for proposal in runs.list_proposals(tx)}
    runs.forget_proposals(tx, [name for name in before if name not in names - held and name != CORRECTIONS])
    outcomes = [_propose(tx, str(period), period, before) for period in periods if str(period) not in held]
    return replace(_together(outcomes), held=tuple(str(period) for period in periods if str(period) in held))


def propose_corrections(tx: Tx) -> Outcome:
    """Draft the corrections of every billed period that was reopened, such as by a new revision."""
    tx.lock(LOCK)
    if any(total.run.status == "held" and total.run.kind == CORRECTIONS for total in runs.list_runs(tx)):
        return Outcome(held=(CORRECTIONS,))
    before = {proposal.name: proposal for proposal in runs.list_proposals(tx)}
    return _propose(tx, CORRECTIONS, None, before)


def _propose(tx: Tx, name: str, period: Period | None, before: dict[str, Proposal]) -> Outcome:
    """Draft one run and keep how it comes out, unless it comes out as it did."""
    try:
        drafted = draft(tx, period, tx.today)
    except CoopError as refusal:
        runs.forget_proposals(tx, [name])
        return Outcome(refused=(Refused(name, refusal),))
    if not drafted.drafts and (period is None or not drafted.brakes):
        runs.forget_proposals(tx, [name])
        return Outcome()
    proposal, former = _proposal_of(tx, name, drafted), before.get(name)
    if former is not None and replace(former, drafted_at=proposal.drafted_at) == proposal:
        return Outcome(standing=(former,))
    runs.save_proposal(tx, proposal)
    return Outcome(drafted=(proposal,))


def _proposal_of(tx: Tx, name: str, drafted: DraftedRun) -> Proposal:
    return Proposal(
        name=name,
        period=drafted.period,
        bill_count=len(drafted.drafts),
        total_cents=sum(made.bill.total_cents for made in drafted.drafts),
        credit_cents=sum(made.bill.credit_cents for made in drafted.drafts),
        brakes=drafted.brakes,
        drafted_at=tx.now,
    )


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    return Outcome(
        drafted=tuple(proposal for outcome in outcomes for proposal in outcome.drafted),
        standing=tuple(proposal for outcome in outcomes for proposal in outcome.standing),
        refused=tuple(refused for outcome in outcomes for refused in outcome.refused),
    )
