"""Amounts that bills asked to be paid, added up anew: no amount that nobody set, and nothing left once a contract is
over.

Each bill asks what is owed by then, what it comes to itself, an even amount that was on file by then, or nothing yet.
A first even amount is set by the job, or by whoever confirmed what another person proposed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from coop.verification.rows import Kept
from coop.verification.told import Told


def verify_asked(kept: Kept, _told: Told) -> Iterator[str]:
    """Every bill that asks what nobody set, that leaves something of a contract that ends with it, and every even
    amount that is missing, or that one person alone set although it was held."""
    amounts: dict[str, list[Row[Any]]] = defaultdict(list)
    for amount in kept.amounts:
        amounts[amount.contract_id].append(amount)
    owed: dict[str, int] = defaultdict(int)
    for bill in kept.bills:
        due_cents = owed[bill.contract_id] + bill.total_cents
        even = _set_by(amounts[bill.contract_id], bill.issued_on)
        if bill.asked_cents not in {due_cents, bill.total_cents, 0, *even}:
            yield f"bill {bill.number} asks {bill.asked_cents} cents: {due_cents} are owed, and nobody set that amount"
        owed[bill.contract_id] = due_cents - bill.asked_cents
        if bill.kind == "bill" and bill.days_end < bill.period_end and owed[bill.contract_id]:
            yield f"bill {bill.number} ends its contract, and leaves {owed[bill.contract_id]} cents to be asked"
    for (contract_id, start), of_year in groupby(kept.amounts, key=lambda row: (row.contract_id, row.year_start)):
        numbers = [row.number for row in of_year]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"an even amount of contract {contract_id} in the year from {start} is missing"
    signed = {
        (row.contract_id, row.year_start, row.amount_cents, row.settled_by)
        for row in kept.releases
        if row.outcome == "confirmed" and row.settled_by != row.entered_by
    }
    by_people = {
        (row.contract_id, row.year_start, row.amount_cents, row.set_by)
        for row in kept.amounts
        if row.basis == "expected" and row.set_by.partition(":")[0] != "job"
    }
    for contract_id, start, cents, _ in sorted(by_people - signed):
        yield f"the even amount of {cents} cents of contract {contract_id} from {start} was not set by two people"
    for contract_id, start, cents, _ in sorted(signed - by_people):
        yield f"the even amount of {cents} cents of contract {contract_id} from {start} was released, and is gone"


def _set_by(amounts: list[Row[Any]], day: date) -> set[int]:
    return {row.amount_cents for row in amounts if row.set_on <= day}
