"""Issuing of drafts as bills: numbered without a gap, booked, told, all in the transaction that holds the runs'
lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import date

from coop.billing.amounts.asked import Asker
from coop.billing.bills import account_store as accounts
from coop.billing.bills import paper_store as papers
from coop.billing.bills import store as bills
from coop.billing.bills.drafts import Draft
from coop.billing.bills.ledger import transfers_of_bill
from coop.billing.bills.ledger_store import posting_rows
from coop.billing.bills.rules import last_day_to_pay
from coop.billing.bills.schemas import BILL_INPUTS, BILL_PAPER
from coop.billing.bills.store import Counters, NewBill
from coop.billing.model import BillHead, Issuer
from coop.billing.runs import store as runs
from coop.billing.runs.drafting import DraftedRun
from coop.billing.runs.freezing import Freezer
from coop.billing.runs.progress import WRITTEN, Watch, nobody
from coop.billing.runs.results import bill_id_of, kind_of
from coop.billing.runs.store import BillRun
from coop.billing.tables.bills import posting
from coop.communities.model import Profile
from coop.communities.store import profile_of
from coop.communities.texts import PARTICULARS
from coop.events.billing import BillIssued
from coop.kit import documents
from coop.kit.tx import Tx
from coop.values import CoopError, say

CORRECTIONS = "corrections"
"""Name of a run that bills no period."""


def issue(tx: Tx, run: BillRun, drafted: DraftedRun, watch: Watch = nobody) -> list[BillHead]:
    """Write a run and all of its bills, book them and tell them; returns the bills' heads.

    Raises:
        CoopError: ``profile-incomplete``, a bill has to name more of the co-operative than is known.
    """
    issuer = find_issuer(tx, run.issued_on)
    runs.save_run(tx, run)
    counters = bills.read_counters(tx, run.issued_on.year)
    freezer = Freezer(tx, [draft.inputs for draft in drafted.drafts])
    asker = Asker(tx, run.issued_on, [draft.inputs.contract_id for draft in drafted.drafts])
    issued = [
        _number(tx, run, issuer, counters, freezer, asker, nth, draft) for nth, draft in _watched(drafted.drafts, watch)
    ]
    bills.insert_bills(tx, issued)
    accounts.add_entries(tx, issued, drafted.moves)
    _book(tx, issued)
    documents.keep_all(tx, [covered.terms for covered in drafted.covers])
    runs.save_periods(tx, run.id, [covered.done for covered in drafted.covers])
    # Every run brings all reopened periods up to date: what waited for that waits no longer.
    runs.forget_held_corrections(tx, except_id=run.id)
    runs.forget_proposals(tx, [CORRECTIONS, str(run.period)])
    lock = papers.add_lock(tx, run.id)
    tx.tell(*(_fact_of(made, lock) for made in issued))
    return [made.head for made in issued]


def _watched(drafts: Sequence[Draft], watch: Watch) -> Iterator[tuple[int, Draft]]:
    """The drafts with their place among all, of which the watch is told."""
    for nth, draft in enumerate(drafts, 1):
        yield nth, draft
        watch(WRITTEN, nth, len(drafts))


def find_issuer(tx: Tx, day: date) -> Issuer:
    """The co-operative as a bill of a day names it.

    Raises:
        CoopError: ``profile-incomplete``, a bill has to name more of it than is known.
    """
    profile = profile_of(tx, day)
    if profile.lacking:
        lacking = tuple(say(PARTICULARS[name]) for name in profile.lacking)
        raise CoopError(
            "profile-incomplete",
            say("a bill has to name what is not known of the co-operative: %(lacking)s", lacking=lacking),
        )
    return issuer_of(profile)


def issuer_of(profile: Profile) -> Issuer:
    """Parts of a profile that a bill names."""
    return Issuer(**{field.name: getattr(profile, field.name) for field in fields(Issuer)})


def _number(
    tx: Tx, run: BillRun, issuer: Issuer, counters: Counters, freezer: Freezer, asker: Asker, nth: int, draft: Draft
) -> NewBill:
    inputs, bill = replace(draft.inputs, issuer=issuer), draft.bill
    document = BILL_INPUTS.seal(inputs)
    year, sequence = run.issued_on.year, counters.sequence + nth
    number = f"{year}-{sequence:06d}"
    asked = asker.ask(number, inputs, bill.total_cents)
    head = BillHead(
        id=bill_id_of(tx, draft),
        number=number,
        year=year,
        sequence=sequence,
        ordinal=counters.ordinal + nth,
        run_id=run.id,
        kind=kind_of(draft),
        corrects=inputs.corrects,
        member_id=inputs.member_id,
        contract_id=inputs.contract_id,
        connection_id=inputs.connection_id,
        period=inputs.period,
        days=inputs.consumption.days,
        issued_on=run.issued_on,
        total_cents=bill.total_cents,
        asked_cents=asked.asked_cents,
        credit_cents=bill.credit_cents,
        vat=bill.vat,
        inputs_hash=document.sha256,
        paper_hash="",
    )
    paper = BILL_PAPER.seal(freezer.freeze(head, inputs, asked))
    return NewBill(replace(head, paper_hash=paper.sha256), document, paper, inputs, bill)


def _book(tx: Tx, issued: Sequence[NewBill]) -> None:
    rows = [
        row
        for made in issued
        for row in posting_rows(
            tx, "bill", made.head.id, made.head.issued_on, transfers_of_bill(made.head.member_id, made.bill)
        )
    ]
    tx.insert(posting, rows)


def _fact_of(made: NewBill, lock: str) -> BillIssued:
    head, lines = made.head, made.bill.lines
    return BillIssued(
        bill_id=head.id,
        number=head.number,
        kind=head.kind,
        corrects=head.corrects,
        member_id=head.member_id,
        contract_id=head.contract_id,
        period_start=head.period.start,
        period_end=head.period.end,
        total_cents=head.total_cents,
        credit_cents=head.credit_cents,
        tariff_ids=_distinct(line.tariff_id for line in lines),
        resolution_ids=_distinct(line.resolution_id for line in lines),
        inputs_hash=head.inputs_hash,
        issued_on=head.issued_on,
        due_on=last_day_to_pay(head.issued_on),
        asked_cents=head.asked_cents,
        paper_hash=head.paper_hash,
        address_lock=lock,
    )


def _distinct(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))
