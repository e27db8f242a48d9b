"""Bill runs: check that everything has come, draft, brake, issue.

Invariant: a run issues all of its bills or none, in one transaction, numbered without a gap in order of contract. Its
id follows from what is asked, so the same run again answers the same and changes nothing. A period is billed once; what
changes afterwards (a revision by metering, an end of contract, a tariff that came to bind) reopens it, and the next run
brings every reopened period up to date with correction bills.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from coop.billing.handlers.drafts import Desk, Draft, brakes_of, brakes_of_period, draft, draft_contract, open_desk
from coop.billing.handlers.results import RunResult, as_issued, summary_of
from coop.billing.model import Brake
from coop.billing.rules.choices import BrakeChoice, brake_choice
from coop.billing.rules.ledger import transfers_of_bill
from coop.billing.storage import bills
from coop.billing.storage import runs as stored_runs
from coop.billing.storage.book import PeriodFacts, closed_periods, load_period
from coop.billing.storage.ledger import posting_rows
from coop.events.billing import BillIssued
from coop.kit import journal
from coop.values import CoopError, NotFound, Period, derive_id


def run_bills(
    connection: Connection, community: str, period: Period, issued_on: date, dry_run: bool = False
) -> RunResult:
    """Bill a period, and correct earlier ones that were reopened.

    Raises:
        CoopError: ``period-incomplete`` (says what is missing), ``no-tariff`` or ``figure-missing``.
    """
    return _run(connection, community, _run_id(community, str(period)), period, issued_on, dry_run, ())


def run_corrections(connection: Connection, community: str, issued_on: date, dry_run: bool = False) -> RunResult:
    """Correct every reopened period without billing a new one. When there is nothing to correct, the answer is the last
    corrections run of that day, or an empty one.

    Raises:
        CoopError: as ``run_bills``.
    """
    return _run(connection, community, None, None, issued_on, dry_run, ())


def release_run(connection: Connection, community: str, run_id: str, released_on: date, released_by: str) -> RunResult:
    """Issue a held run although its brakes caught: the board looked. A brake that was not there when the run was held
    holds it again.

    Raises:
        NotFound: there is no such run.
        CoopError: as ``run_bills``.
    """
    run = stored_runs.get_run(connection, community, run_id)
    if run is None:
        raise NotFound(f"there is no bill run {run_id}")
    period = Period(run.period_start, run.period_end) if run.period_start else None
    released = {"released_on": released_on, "released_by": released_by}
    return _run(connection, community, run_id, period, run.issued_on, False, stored_runs.brakes_of(run), released)


def preview_of(connection: Connection, community: str, run_id: str) -> RunResult:
    """What a held run would issue now, or what an issued one did.

    Raises:
        NotFound: there is no such run.
        CoopError: as ``run_bills``.
    """
    run = stored_runs.get_run(connection, community, run_id)
    if run is None:
        raise NotFound(f"there is no bill run {run_id}")
    period = Period(run.period_start, run.period_end) if run.period_start else None
    result = _run(connection, community, run_id, period, run.issued_on, True, ())
    return result if result.status == "issued" else replace(result, status="held")


def _run(
    connection: Connection,
    community: str,
    run_id: str | None,
    period: Period | None,
    issued_on: date,
    dry_run: bool,
    released: Sequence[Brake],
    release: dict[str, Any] | None = None,
) -> RunResult:
    known = stored_runs.get_run(connection, community, run_id) if run_id else None
    if known is not None and known.status == "issued":
        return as_issued(connection, community, known)
    last = 0 if dry_run else bills.lock_numbers(connection, community, issued_on.year)
    desk = open_desk(connection, community)
    drafts, brakes, done = _drafts(connection, community, desk, period, brake_choice(issued_on))
    if run_id is None:
        known = stored_runs.newest_corrections(connection, community, issued_on)
        if not drafts and known is not None:
            return as_issued(connection, community, known)
        # What is corrected names the run: another revision on the same day is another run.
        run_id = _run_id(community, f"corrections {issued_on} {done}")
    kind = "corrections" if period is None else "period"
    held = [brake for brake in brakes if brake not in released]
    status = "preview" if dry_run else "held" if held else "issued"
    result = RunResult(
        run_id=run_id,
        kind=kind,
        period=period,
        issued_on=issued_on,
        status=status,
        bills=tuple(
            summary_of(community, d, f"{issued_on.year}-{number:06d}" if status == "issued" else "")
            for number, d in enumerate(drafts, last + 1)
        ),
        brakes=tuple(brakes),
    )
    if dry_run or (period is None and not drafts):
        return result
    row = {
        "id": run_id,
        "community": community,
        "kind": kind,
        "period_start": period.start if period else None,
        "period_end": period.end if period else None,
        "issued_on": issued_on,
        "status": status,
        **(release or {} if status == "issued" else {}),
    }
    stored_runs.save_run(connection, row, brakes)
    if status == "issued":
        _issue(connection, community, result, drafts, last)
        stored_runs.save_run_periods(connection, run_id, community, done)
    return result


def _drafts(
    connection: Connection, community: str, desk: Desk, period: Period | None, choice: BrakeChoice
) -> tuple[list[Draft], list[Brake], list[tuple[Period, int, str]]]:
    """Drafts in order of contract and period, brakes, and which revision of which period they deal with."""
    done_before = stored_runs.periods_done(connection, community)
    work: list[tuple[PeriodFacts, dict[str, bills.IssuedBill]]] = []
    brakes: list[Brake] = []
    done: list[tuple[Period, int, str]] = []
    for reopened, revision in closed_periods(connection, community):
        terms_hash = desk.terms_hash(reopened) if reopened in done_before else ""
        if reopened != period and reopened in done_before and done_before[reopened] != (revision, terms_hash):
            facts = _complete(load_period(connection, community, reopened))
            work.append((facts, bills.newest_bills(connection, community, reopened)))
            brakes += [brake for brake in brakes_of_period(desk, facts) if brake.code == "no-contract"]
            done.append((reopened, revision, terms_hash))
    before: dict[str, tuple[int, int]] = {}
    if period is not None:
        facts = _complete(load_period(connection, community, period))
        before = bills.amounts_before(connection, community, period.start)
        work.append((facts, {}))
        done.append((period, facts.revision, desk.terms_hash(period)))
        brakes += brakes_of_period(desk, facts)
    drafts = []
    for contract in desk.book.contracts:
        for facts, issued in sorted(work, key=lambda item: item[0].period.start) if len(work) > 1 else work:
            inputs = draft_contract(desk, contract, facts, issued.get(contract.contract_id))
            if inputs is None:
                continue
            cost_before = before.get(contract.contract_id) if facts.period == period else None
            made = draft(desk, inputs, cost_before)
            if made is not None:
                drafts.append(made)
                brakes += brakes_of(made, choice)
    return drafts, brakes, done


def _complete(facts: PeriodFacts) -> PeriodFacts:
    if facts.missing:
        raise CoopError("period-incomplete", f"{facts.period} cannot be billed yet: {'; '.join(facts.missing)}")
    return facts


def _issue(connection: Connection, community: str, result: RunResult, drafts: Sequence[Draft], last: int) -> None:
    year = result.issued_on.year
    rows: dict[str, list[dict[str, Any]]] = {"bill": [], "bill_line": [], "guarantee_entry": [], "posting": []}
    facts = []
    for sequence, (summary, made) in enumerate(zip(result.bills, drafts, strict=True), last + 1):
        inputs, bill = made.inputs, made.bill
        text = bills.canonical(inputs)
        inputs_hash = bills.hash_of(text)
        rows["bill"].append(
            {
                "id": summary.bill_id,
                "community": community,
                "number": summary.number,
                "year": year,
                "sequence": sequence,
                "run_id": result.run_id,
                "kind": summary.kind,
                "corrects": inputs.corrects,
                "member_id": inputs.member_id,
                "contract_id": inputs.contract_id,
                "connection_id": inputs.connection_id,
                "period_start": inputs.period.start,
                "period_end": inputs.period.end,
                "days_start": inputs.consumption.days.start,
                "days_end": inputs.consumption.days.end,
                "issued_on": result.issued_on,
                "total_cents": bill.total_cents,
                "credit_cents": bill.credit_cents,
                "vat": bills.vat_json(bill.vat),
                "inputs": text,
                "inputs_hash": inputs_hash,
            }
        )
        rows["bill_line"] += bills.line_rows(summary.bill_id, bill.lines)
        rows["guarantee_entry"] += bills.entry_rows(
            summary.bill_id, community, inputs.contract_id, inputs.consumption.days.end, bill.guarantee
        )
        transfers = transfers_of_bill(inputs.member_id, bill)
        rows["posting"] += posting_rows(community, "bill", summary.bill_id, result.issued_on, transfers)
        facts.append(
            BillIssued(
                bill_id=summary.bill_id,
                number=summary.number,
                kind=summary.kind,
                corrects=inputs.corrects,
                member_id=inputs.member_id,
                contract_id=inputs.contract_id,
                period_start=inputs.period.start,
                period_end=inputs.period.end,
                total_cents=bill.total_cents,
                credit_cents=bill.credit_cents,
                tariff_ids=_distinct(line.tariff_id for line in bill.lines),
                resolution_ids=_distinct(line.resolution_id for line in bill.lines),
                inputs_hash=inputs_hash,
                issued_on=result.issued_on,
            )
        )
    bills.insert_rows(connection, rows)
    bills.save_number(connection, community, year, last + len(drafts))
    journal.append(connection, facts, community)


def _distinct(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


def _run_id(community: str, what: str) -> str:
    return derive_id("bill-run", community, what)
