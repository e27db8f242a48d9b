"""Work at set times: runs are drafted, so that the treasurer finds what waits. Issuing is left to a person.

Metering closes periods and their revisions in the night; what it closed is drafted in the morning after.
"""

from __future__ import annotations

from coop.billing.handlers.issuing import CORRECTIONS
from coop.billing.handlers.proposals import Outcome, propose_bills, propose_corrections
from coop.billing.storage.runs import Proposal
from coop.kit.jobs import Job, Work
from coop.values import eur
from coop.web.language import N_


def draft_bills(work: Work) -> str:
    """Draft the bill runs of closed periods that nobody has billed."""
    with work.write() as tx:
        return tell(propose_bills(tx)) or "no closed period waits for its bills"


def draft_corrections(work: Work) -> str:
    """Draft the corrections of billed periods that were reopened."""
    with work.write() as tx:
        return tell(propose_corrections(tx)) or "nothing to correct"


def tell(outcome: Outcome) -> str:
    """Say in a sentence what was drafted, what stands as it stood, and what cannot be drafted; empty for nothing."""
    parts = [f"drafted {_sum(proposal)}" for proposal in outcome.drafted]
    parts += [f"already drafted {_sum(proposal)}" for proposal in outcome.standing]
    parts += [f"held by brakes: {name}" for name in outcome.held]
    parts += [f"{refused.name} cannot be drafted: {refused.refusal.message}" for refused in outcome.refused]
    return "; ".join(parts)


def _sum(proposal: Proposal) -> str:
    noun = "correction" if proposal.name == CORRECTIONS else "bill"
    bills = f"{proposal.bill_count} {noun}{'' if proposal.bill_count == 1 else 's'}"
    of = "" if proposal.name == CORRECTIONS else f" of {proposal.name}"
    unlikely = f" with {len(proposal.brakes)} unlikely" if proposal.brakes else ""
    return f"{bills}{of} for {eur(proposal.total_cents)} EUR{unlikely}"


JOBS = (
    Job("draft-bills", N_("Draft the bills of closed periods"), "10 5 * * *", draft_bills),
    Job("draft-corrections", N_("Draft corrections of billed periods"), "40 5 * * *", draft_corrections),
)
