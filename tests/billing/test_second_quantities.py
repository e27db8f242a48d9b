"""What a line charges for was measured, of this member, and is charged once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from coop.kit.database import Database
from coop.verification.quantities import verify_quantities
from coop.verification.rows import Kept, read_kept
from tests.billing.tampered_village import told
from tests.billing.tampered_village import village as village
from tests.desk import COMMUNITY


def charge(kept: Kept, number: str, kind: str, **changed: Any) -> Kept:
    """The lines of a kind on a bill otherwise than they were charged: its sums and its postings are not asked here."""
    [bill_id] = [bill.id for bill in kept.bills if bill.number == number]
    lines = [SimpleNamespace(**line._mapping) for line in kept.lines[bill_id]]
    for line in (line for line in lines if line.kind == kind):
        vars(line).update(changed)
    return replace(kept, lines={**kept.lines, bill_id: cast(Any, lines)})


def repeat(kept: Kept, number: str, kind: str, later: str, **changed: Any) -> Kept:
    """The line of a kind on a bill once more, on a later one."""
    ids = {bill.number: bill.id for bill in kept.bills}
    lines = [SimpleNamespace(**line._mapping) for line in kept.lines[ids[number]] if line.kind == kind]
    for line in lines:
        vars(line).update(changed)
    return replace(kept, lines={**kept.lines, ids[later]: cast(Any, [*kept.lines[ids[later]], *lines])})


FORGERIES: list[tuple[Callable[[Kept], Kept], str]] = [
    # A GJ more, at 38.00 as it was voted: quantity and amount agree with one another, and not with the meter.
    (
        lambda kept: charge(kept, "2025-000001", "heat", quantity=Decimal(21), amount_cents=79800),
        "bill 2025-000001: Heat comes to 79800 cents by now, 20 GJ from 2025-01-01 to 76000",
    ),
    (
        lambda kept: charge(kept, "2025-000001", "heat", quantity=Decimal(19), amount_cents=72200),
        "bill 2025-000001: Heat comes to 72200 cents by now",
    ),
    (
        lambda kept: charge(kept, "2025-000001", "electricity", quantity=Decimal(50), amount_cents=1050),
        "bill 2025-000001: Shared electricity comes to 1050 cents by now, 40 kWh from 2025-01-01 to 840",
    ),
    # Of the GJ that was not used only a half is given back, as the correction has it.
    (
        lambda kept: charge(kept, "2025-000010", "heat", quantity=Decimal("-0.5"), amount_cents=-1900),
        "bill 2025-000010: Heat comes to 74100 cents by now, 19 GJ from 2025-01-01 to 72200",
    ),
    (
        lambda kept: charge(kept, "2025-000001", "heat", source_id="made-up"),
        "bill 2025-000001: Heat is of no use that metering told of this member",
    ),
    (
        lambda kept: charge(kept, "2025-000001", "heat", source_revision=2),
        "bill 2025-000001: Heat is of no use that metering told of this member",
    ),
    (
        lambda kept: repeat(kept, "2025-000001", "standing", "2025-000004"),
        "contract contract-anna: Standing charge from 2025-01-01 comes to 3397 cents, 6794 are charged by now",
    ),
    (
        lambda kept: repeat(kept, "2025-000001", "standing", "2025-000004", period_start=date(2025, 1, 2)),
        "contract contract-anna: Standing charge from 2025-01-02 is charged twice",
    ),
]


def test_what_was_not_measured_or_is_charged_twice_is_named(village: Database) -> None:
    facts, unseen = told(village), []
    with village.read(COMMUNITY) as tx:
        kept = read_kept(tx)
    assert list(verify_quantities(kept, facts)) == []
    for forge, finding in FORGERIES:
        found = list(verify_quantities(forge(kept), facts))
        if not any(finding in each for each in found):
            unseen.append((finding, found))
    assert unseen == []
