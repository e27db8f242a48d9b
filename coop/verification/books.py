"""Completeness of bills and books: numbers without a gap, each bill as it was told, each posting with its source.

Source: docs/domain/vat-and-bills.md#rounding (VAT once for each rate of a document, half away from zero).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from coop.verification.rows import Kept, Rows
from coop.verification.told import Told

GUARANTEE = "guarantee"


def verify_books(kept: Kept, told: Told) -> Iterator[str]:
    """Everything that is missing, was made up, or does not follow; nothing when the books are whole."""
    yield from _verify_issue(kept, told)
    yield from _verify_numbers(kept.bills)
    sums = {bill.id: _sum_up(kept.lines.get(bill.id, ())) for bill in kept.bills}
    for bill in kept.bills:
        yield from _verify_sums(bill, sums[bill.id])
    yield from _verify_postings(kept, told, sums)
    yield from _verify_entries(kept)
    yield from _verify_runs(kept, told)


def net_cents(incl_cents: int, rate: Fraction) -> int:
    """An amount without VAT, half away from zero.

    >>> net_cents(198689, Fraction(21, 100)), net_cents(-5, Fraction(0))
    (164206, -5)
    """
    exact = abs(incl_cents) / (1 + rate)
    rounded = int(exact + Fraction(1, 2))
    return -rounded if incl_cents < 0 else rounded


def _verify_issue(kept: Kept, told: Told) -> Iterator[str]:
    facts, bills = {fact.bill_id: fact for fact in told.issued}, {bill.id: bill for bill in kept.bills}
    for bill_id, fact in facts.items():
        if bill_id not in bills:
            yield f"bill {fact.number} was issued to member {fact.member_id} on {fact.issued_on}, and is gone"
    for bill_id, bill in bills.items():
        fact_of_bill = facts.get(bill_id)
        if fact_of_bill is None:
            yield f"bill {bill.number} was never told: nobody issued it"
            continue
        for name in ("number", "kind", "corrects", "member_id", "contract_id", "period_start", "period_end"):
            yield from _differs(bill, name, getattr(fact_of_bill, name))
        for name in ("issued_on", "total_cents", "asked_cents", "credit_cents", "inputs_hash"):
            yield from _differs(bill, name, getattr(fact_of_bill, name))


def _differs(bill: Row[Any], name: str, told: object) -> Iterator[str]:
    if getattr(bill, name) != told:
        yield f"bill {bill.number}: {name} is {getattr(bill, name)}, and was told as {told}"


def _verify_numbers(bills: Rows) -> Iterator[str]:
    """Numbers run 1, 2, 3 ... within a year, and the order of issue over all years; days never go back."""
    ordinals = [bill.ordinal for bill in bills]
    yield from _holes("order of issue", ordinals)
    by_year: dict[int, list[int]] = defaultdict(list)
    for bill in bills:
        by_year[bill.year].append(bill.sequence)
        if (bill.year, bill.number) != (bill.issued_on.year, f"{bill.year}-{bill.sequence:06d}"):
            yield f"bill {bill.number} has the number of another day or place: {bill.issued_on}, {bill.sequence}"
    for year, sequences in by_year.items():
        yield from _holes(f"numbers of {year}", sequences)


def _holes(what: str, numbers: list[int]) -> Iterator[str]:
    missing = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    if missing:
        yield f"{what}: {', '.join(map(str, missing[:10]))} missing"
    doubled = [number for number, times in Counter(numbers).items() if times > 1]
    if doubled:
        yield f"{what}: {', '.join(map(str, doubled[:10]))} more than once"


def _sum_up(lines: Rows) -> Mapping[Fraction, int]:
    """Sum of the lines by rate of VAT [cents]."""
    by_rate: dict[Fraction, int] = defaultdict(int)
    for line in lines:
        by_rate[Fraction(line.vat_rate)] += line.amount_cents
    return by_rate


def _verify_sums(bill: Row[Any], by_rate: Mapping[Fraction, int]) -> Iterator[str]:
    settles_alone = bill.kind == "correction" and bill.total_cents == 0 and bill.asked_cents
    if not by_rate and not settles_alone:
        yield f"bill {bill.number} has no lines"
    if sum(by_rate.values()) != bill.total_cents:
        yield f"bill {bill.number}: its lines come to {sum(by_rate.values())} cents, its total is {bill.total_cents}"
    reckoned = {rate: (net_cents(incl, rate), incl) for rate, incl in by_rate.items()}
    printed = {Fraction(vat.rate): (vat.excl_cents, vat.incl_cents) for vat in bill.vat}
    if printed != reckoned or any(vat.excl_cents + vat.vat_cents != vat.incl_cents for vat in bill.vat):
        yield f"bill {bill.number}: the VAT does not follow from its lines"


def _verify_postings(kept: Kept, told: Told, sums: Mapping[str, Mapping[Fraction, int]]) -> Iterator[str]:
    booked: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for posting in kept.postings:
        booked[posting.source_kind, posting.source_id].append(posting)
    bills = {bill.id: bill for bill in kept.bills}
    tranches = {fact.tranche_id: fact for fact in told.tranches}
    for (kind, source_id), postings in booked.items():
        if len({posting.transaction_id for posting in postings}) != 1:
            yield f"{kind} {source_id} is booked in more than one transaction"
        if kind == "bill" and source_id in bills:
            bill = bills[source_id]
            yield from _verify_days(f"bill {bill.number}", postings, bill.issued_on)
            yield from _verify_movement(bill, postings, sums[source_id])
        elif kind == "tranche" and source_id in tranches:
            fact = tranches[source_id]
            yield from _verify_days(f"tranche {source_id}", postings, fact.released_on)
            wanted = [(f"subsidy-receivable:{fact.financier}", "subsidy-advances", fact.amount_cents)]
            if [(posting.debit, posting.credit, posting.amount_cents) for posting in postings] != wanted:
                yield f"tranche {source_id} is booked otherwise than it was released"
        else:
            yield f"postings of {kind} {source_id} come from nowhere: {_describe(postings)}"
    for bill in kept.bills:
        if any(sums[bill.id].values()) and ("bill", bill.id) not in booked:
            yield f"bill {bill.number} is not in the books"
    for fact in told.tranches:
        if fact.fact_id(kept.community) in kept.heard and ("tranche", fact.tranche_id) not in booked:
            yield f"tranche {fact.tranche_id} is not in the books"


def _verify_days(what: str, postings: list[Row[Any]], day: date) -> Iterator[str]:
    wrong = {posting.booked_on for posting in postings} - {day}
    if wrong:
        yield f"{what} is booked on {min(wrong)}, and is of {day}"


def _verify_movement(bill: Row[Any], postings: list[Row[Any]], by_rate: Mapping[Fraction, int]) -> Iterator[str]:
    """The member owes the total, VAT is payable, and the rest is revenue or the cost of the guarantee."""
    moved: dict[str, int] = defaultdict(int)
    for posting in postings:
        moved[posting.debit] += posting.amount_cents
        moved[posting.credit] -= posting.amount_cents
    vat_cents = sum(incl - net_cents(incl, rate) for rate, incl in by_rate.items())
    owed, payable = moved.pop(f"debtors:{bill.member_id}", 0), -moved.pop("vat-payable", 0)
    if (owed, payable) != (sum(by_rate.values()), vat_cents):
        yield f"bill {bill.number}: the books hold {owed} cents of debt and {payable} of VAT"
    others = [account for account in moved if not account.startswith("revenue:") and account != "guarantee-cost"]
    if others:
        yield f"bill {bill.number} is booked on {', '.join(sorted(others))}"


def _describe(postings: list[Row[Any]]) -> str:
    return ", ".join(f"{posting.amount_cents} cents from {posting.credit} to {posting.debit}" for posting in postings)


def _verify_entries(kept: Kept) -> Iterator[str]:
    """Accounts of guarantee years: numbered, running sums, credit as on the bills, and nobody above the ceiling."""
    bills = {bill.id: bill for bill in kept.bills}
    credit: dict[str, int] = defaultdict(int)
    for (contract_id, start), entries in groupby(kept.entries, key=lambda entry: (entry.contract_id, entry.year_start)):
        heat_cents = credit_cents = 0
        for nth, entry in enumerate(entries, 1):
            what = f"guarantee year {start} of contract {contract_id}, entry {nth}"
            heat_cents, credit_cents = heat_cents + entry.heat_cents, credit_cents + entry.credit_cents
            if entry.number != nth:
                yield f"{what} is missing"
            if (entry.heat_so_far_cents, entry.credit_so_far_cents) != (heat_cents, credit_cents):
                yield f"{what} does not go on from the one before"
            due = max(0, heat_cents - entry.ceiling_cents) if entry.ceiling_cents is not None else 0
            if credit_cents != due:
                yield f"{what}: {credit_cents} cents were given back, {due} are due under the ceiling"
            if entry.year_end not in _ends(start):
                yield f"{what} ends on {entry.year_end}"
            if entry.bill_id is not None:
                credit[entry.bill_id] += entry.credit_cents
                if entry.bill_id not in bills or bills[entry.bill_id].contract_id != contract_id:
                    yield f"{what} is of a bill that is not the contract's"
    for bill in kept.bills:
        given = -sum(line.amount_cents for line in kept.lines.get(bill.id, ()) if line.kind == GUARANTEE)
        if not given == bill.credit_cents == credit[bill.id]:
            by_account = f"{given} by its lines, {credit[bill.id]} by the account"
            yield f"bill {bill.number}: {bill.credit_cents} cents given back, {by_account}"


def _ends(start: date) -> tuple[date, ...]:
    """Days on which a guarantee year may end; the years of a contract from a leap day end on one every four years."""
    following = date(start.year + 1, 3, 1)
    if (start.month, start.day) == (2, 29):
        return (following,)
    end = start.replace(year=start.year + 1)
    return (end, end - timedelta(days=1)) if end == following and start.year % 4 == 3 else (end,)


def _verify_runs(kept: Kept, told: Told) -> Iterator[str]:
    """A run with brakes was released by somebody else than who ran it, or whose program did; every bill has an issued
    run of its day."""
    runs = {run.id: run for run in kept.runs}
    makers = {program.token_id: program.made_by for program in told.programs}
    for run in kept.runs:
        if run.status == "issued" and run.brakes and run.released_by in (None, run.run_by, makers.get(run.run_by)):
            yield f"run {run.id} had brakes, and nobody but who ran it released it"
    for bill in kept.bills:
        run_of_bill = runs.get(bill.run_id)
        if run_of_bill is None or (run_of_bill.status, run_of_bill.issued_on) != ("issued", bill.issued_on):
            yield f"bill {bill.number} is of no run that was issued on its day"
