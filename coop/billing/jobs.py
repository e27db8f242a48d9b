"""Work at set times: runs are drafted, so that the treasurer finds what waits. Issuing is left to a person.

Metering closes periods and their revisions in the night; what it closed is drafted in the morning after.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from coop.billing.amounts.commands import follow_drift, list_contract_ids
from coop.billing.amounts.firsts import keep_firsts, list_firsts
from coop.billing.bills import paper_store as papers
from coop.billing.bills import store as bills
from coop.billing.bills.paper import needed_no_longer
from coop.billing.documents.archive import list_told, read_paper
from coop.billing.notices.file_store import forget_files
from coop.billing.runs.issuing import CORRECTIONS
from coop.billing.runs.proposals import Outcome, propose_bills, propose_corrections
from coop.billing.runs.store import Proposal
from coop.billing.runs.works import resume
from coop.kit.jobs import Job, Work
from coop.values import CoopError, Period, Said, eur, join_said, say, say_count
from coop.web.language import N_

BATCH: Final = 100
NAMED_MAX: Final = 20
"""Bills that a failure names; the log has all."""
REASON_MAX: Final = 300
CONTRACTS_AT_ONCE: Final = 20
AMOUNTS_AT_ONCE: Final = 200

log = logging.getLogger(__name__)


def draft_bills(work: Work) -> str:
    """Draft the bill runs of closed periods that nobody has billed."""
    with work.write() as tx:
        return tell(propose_bills(tx)) or say("no closed period waits for its bills")


def draft_corrections(work: Work) -> str:
    """Draft the corrections of billed periods that were reopened."""
    with work.write() as tx:
        return tell(propose_corrections(tx)) or say("nothing to correct")


def resume_runs(work: Work) -> str:
    """Make the runs anew whose process was killed, in the name of who asked for them."""
    made, refused = resume(work.database, work.community)
    if made + refused == 0:
        return say("no run was stopped")
    return say("made again %(made)s that were stopped; %(refused)s refused", made=made, refused=refused)


def archive_papers(work: Work) -> str:
    """Typeset and put away the paper of every bill that has an addressee and no paper yet. One that fails holds up no
    other.

    Raises:
        CoopError: ``papers-failed``, which ones cannot be put away, and why the first cannot.
    """
    read = partial(work.database.read, work.community)
    count, last, failed, reason = 0, "", list[str](), ""
    while True:
        with read() as tx:
            waiting = papers.list_untypeset(tx, BATCH, after=last)
            told = list_told(tx, waiting)
        for bill_id in waiting:
            last = bill_id
            try:
                read_paper(read, work.write, bill_id, told)
            except Exception as error:  # whatever stops one paper, those of the others are due
                log.exception("the paper of bill %s cannot be put away", bill_id)
                failed.append(_number_of(work, bill_id))
                reason = reason or (error.message if isinstance(error, CoopError) else str(error)[:REASON_MAX])
            else:
                count += 1
        if len(waiting) < BATCH:
            break
    if failed:
        numbers = tuple(failed[:NAMED_MAX])
        text = say(
            "papers of %(count)s bills cannot be put away: %(numbers)s (%(reason)s)",
            count=len(failed),
            numbers=numbers,
            reason=reason,
        )
        raise CoopError("papers-failed", text)
    return say_count("put away %(num)s paper of a bill", "put away %(num)s papers of bills", count)


def _number_of(work: Work, bill_id: str) -> str:
    with work.database.read(work.community) as tx:
        return bills.get_head(tx, bill_id).number


def forget_papers(work: Work) -> str:
    """Forget the papers of bills, whom they were for, and the files of notices that bills lean on, once the books need
    them no longer."""
    with work.write() as tx:
        count = papers.forget_papers(tx, needed_no_longer(tx.today))
        files = forget_files(tx)
    done = say_count("forgot %(num)s paper of a bill", "forgot %(num)s papers of bills", count)
    erased = say_count("erased %(num)s file of a notice", "erased %(num)s files of notices", files)
    return join_said([done, erased]) if files else done


def set_amounts(work: Work) -> str:
    """Set the even amount of every contract that has none in its guarantee year, but of those in which something is
    unlikely: these wait for somebody who looks."""
    with work.database.read(work.community) as tx:
        expected = list_firsts(tx)
    sound, count = [each.first for each in expected if not each.doubts], 0
    for start in range(0, len(sound), AMOUNTS_AT_ONCE):
        with work.write() as tx:
            count += keep_firsts(tx, sound[start : start + AMOUNTS_AT_ONCE])
    done = say_count("set %(num)s monthly amount", "set %(num)s monthly amounts", count)
    held = len(expected) - len(sound)
    return join_said([done, say("held %(held)s that are unlikely", held=held)]) if held else done


def follow_drifts(work: Work) -> str:
    """Tell another even amount where what is expected has drifted from the present one."""
    with work.database.read(work.community) as tx:
        contract_ids = list_contract_ids(tx)
    count = 0
    for start in range(0, len(contract_ids), CONTRACTS_AT_ONCE):
        with work.write() as tx:
            count += sum(follow_drift(tx, name) for name in contract_ids[start : start + CONTRACTS_AT_ONCE])
    return say_count("told %(num)s other monthly amount", "told %(num)s other monthly amounts", count)


def tell(outcome: Outcome) -> Said | None:
    """Say in a sentence what was drafted, what stands as it stood, and what cannot be drafted; None for nothing."""
    parts = [say("drafted %(run)s", run=_sum(proposal)) for proposal in outcome.drafted]
    parts += [say("already drafted %(run)s", run=_sum(proposal)) for proposal in outcome.standing]
    parts += [say("held by brakes: %(run)s", run=_name(name)) for name in outcome.held]
    parts += [
        say("%(run)s cannot be drafted: %(reason)s", run=_name(refused.name), reason=refused.refusal.message)
        for refused in outcome.refused
    ]
    return join_said(parts) if parts else None


def _name(run: str) -> Said | Period:
    return say("corrections") if run == CORRECTIONS else Period.parse(run)


def _sum(proposal: Proposal) -> Said:
    count, euros = proposal.bill_count, eur(proposal.total_cents)
    if proposal.name == CORRECTIONS:
        drafted = say_count(
            "%(num)s correction for %(euros)s EUR", "%(num)s corrections for %(euros)s EUR", count, euros=euros
        )
    else:
        drafted = say_count(
            "%(num)s bill of %(period)s for %(euros)s EUR",
            "%(num)s bills of %(period)s for %(euros)s EUR",
            count,
            period=_name(proposal.name),
            euros=euros,
        )
    if not proposal.brakes:
        return drafted
    return say("%(drafted)s with %(unlikely)s unlikely", drafted=drafted, unlikely=len(proposal.brakes))


JOBS = (
    Job("draft-bills", N_("Draft the bills of closed periods"), "10 5 * * *", draft_bills),
    Job("draft-corrections", N_("Draft corrections of billed periods"), "40 5 * * *", draft_corrections),
    Job("resume-runs", N_("Make bill runs again that were stopped"), "*/5 * * * *", resume_runs),
    Job("set-amounts", N_("Set the monthly amounts of new guarantee years"), "30 4 * * *", set_amounts),
    Job("follow-drifts", N_("Tell other monthly amounts where costs drift"), "0 4 9 * *", follow_drifts),
    Job("archive-papers", N_("Put the papers of bills away"), "*/5 * * * *", archive_papers),
    Job(
        "forget-papers",
        N_("Forget papers of bills, and files of notices, that the books need no longer"),
        "21 3 * * *",
        forget_papers,
    ),
)
