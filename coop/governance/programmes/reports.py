"""Commands on reports of milestones: the co-operative reports one as reached, a partner checks it, and then it counts.

Invariants: who receives money and who says that it was earned are two parties, and never one account; every document
of a report lies here, under the hash that was made here of its bytes.
"""

from __future__ import annotations

from dataclasses import replace

from coop.governance.dates import refuse_ahead
from coop.governance.model import Reached
from coop.governance.programmes import commands as programmes
from coop.governance.programmes import report_store as store
from coop.governance.programmes import store as programme_store
from coop.governance.programmes.files import judge_file
from coop.governance.programmes.rules import check_evidence, order_evidence
from coop.governance.texts import holds_control
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say


def report_milestone(tx: Tx, milestone_id: str, content: Reached) -> str:
    """Keep that a milestone is reported as reached; returns the id of the report, the same when it is said again.

    Raises:
        BadInput: a document of the evidence does not lie here, or the day is ahead.
        CoopError: the milestone was reached otherwise, or another report of it waits.
        NotFound: there is no such milestone.
    """
    check_evidence(content)
    _refuse_unseen(tx, content)
    refuse_ahead(content.reached_on, tx.today, "reached_on")
    programme, _, _ = programmes.find_milestone(tx, milestone_id)
    programme_store.lock_programme(tx, programme.programme_id)
    content = replace(content, evidence=order_evidence(content.evidence))
    for report, settled in store.list_reports(tx):
        if report.milestone_id != milestone_id or (settled and settled.outcome != "confirmed"):
            continue
        if report.content == content:
            return report.report_id
        if settled is None:
            raise CoopError(
                "report-waits",
                say(
                    "this milestone is reported as reached on %(reached_on)s already, and waits for a partner",
                    reached_on=report.content.reached_on,
                ),
            )
    programmes.refuse_reached(tx, milestone_id)
    return store.add_report(tx, milestone_id, content)


def confirm_report(tx: Tx, report_id: str) -> None:
    """Confirm, as a partner, that a milestone was reached: from then on it is, and the rule looks at its tranches.

    Repeating it changes nothing.

    Raises:
        CoopError: the same account reported it, or the report was returned or withdrawn.
    """
    report, settled = _lock_report(tx, report_id)
    if settled is not None:
        _refuse_settled(settled, "confirmed")
        return
    if report.actor == str(tx.actor):
        raise CoopError("second-party", say("you reported this milestone yourself: another party checks it"))
    store.settle_report(tx, report_id, "confirmed")
    programmes.reach_milestone(tx, report.milestone_id, report.content)


def return_report(tx: Tx, report_id: str, reason: str) -> None:
    """Return a report, as a partner, with the reason: the co-operative may report anew.

    Raises:
        BadInput: no reason is given.
        CoopError: the report was confirmed or withdrawn.
    """
    _, settled = _lock_report(tx, report_id)
    if settled is not None:
        _refuse_settled(settled, "returned")
        return
    reason = reason.strip()
    if not reason:
        raise BadInput([Problem(say("say what is missing"), "reason")])
    if len(reason) > 500:
        raise BadInput([Problem(say("is longer than %(most)s characters", most=500), "reason")])
    store.settle_report(tx, report_id, "returned", reason)


def withdraw_report(tx: Tx, report_id: str) -> None:
    """Withdraw a report that no partner has checked yet.

    Raises:
        CoopError: the report was confirmed or returned.
    """
    _, settled = _lock_report(tx, report_id)
    if settled is not None:
        _refuse_settled(settled, "withdrawn")
        return
    store.settle_report(tx, report_id, "withdrawn")


def keep_file(tx: Tx, name: str, body: bytes) -> str:
    """Keep a file that shows something; returns the hash of its bytes.

    Raises:
        BadInput: it is empty, too large, or no document that everybody can open, or its name holds what no text may.
    """
    if holds_control(name):
        raise BadInput([Problem(say("holds a character that no text may hold"), "name")])
    return store.add_file(tx, name.strip()[-200:] or "file", judge_file(body), body)


def _refuse_unseen(tx: Tx, content: Reached) -> None:
    """Refuse evidence whose documents do not lie here: a partner could look at none of it."""
    kept = store.list_files(tx, {piece.sha256 for piece in content.evidence})
    problems = [
        Problem(say("no document with this SHA-256 lies here: hand in the document first"), "evidence.sha256", line)
        for line, piece in enumerate(content.evidence, start=1)
        if piece.sha256 not in kept
    ]
    if problems:
        raise BadInput(problems, "bad-evidence")


def _lock_report(tx: Tx, report_id: str) -> tuple[store.Report, store.Settled | None]:
    """A report with its end, which nobody else gives it meanwhile: of two who settle it at once, the second sees what
    the first did."""
    tx.lock(f"report {report_id}")
    return store.find_report(tx, report_id)


def _refuse_settled(settled: store.Settled, outcome: str) -> None:
    """Refuse what another end was given already; the same end again is no mistake."""
    if settled.outcome == outcome:
        return
    said = {
        "confirmed": say("this report was confirmed"),
        "returned": say("this report was returned"),
        "withdrawn": say("this report was withdrawn"),
    }
    raise CoopError("report-settled", said[settled.outcome])
