"""A gas bill behind Niet Meer Dan Nu was wrong: what was billed under the old ceiling is corrected, to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from coop.billing.bills import store as bills
from coop.billing.bills.book import find_contract
from coop.billing.checking.verify import verify_bill
from coop.billing.model import LineKind
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.runs.drafting import draft
from coop.billing.runs.proposals import propose_corrections
from coop.events import Event
from coop.events.members import ContractPartiesNamed, GasBillsCorrected, GasYear
from coop.kit.database import Database
from coop.values import Period
from tests.billing.village import E9_YEARS, admitted, closed, hear, measured, signed, tariff_adopted, visit
from tests.desk import COMMUNITY, SECRETARY

JANUARY, FEBRUARY = Period.month(2025, 1), Period.month(2025, 2)
CHEAPER = (E9_YEARS[0].model_copy(update={"amount_cents": 98_750}), *E9_YEARS[1:])
"""The bill of 2020 was 200 EUR less than it was entered for: the ceiling is 50 EUR lower."""


def corrected(reference: Sequence[GasYear], number: int = 1) -> GasBillsCorrected:
    return GasBillsCorrected(
        contract_id="contract-anna", number=number, corrected_on=date(2025, 4, 1), reference=tuple(reference)
    )


def terms() -> list[Event]:
    return [tariff_adopted(), admitted("anna"), signed("anna")]


def months() -> list[Event]:
    """January alone takes the whole ceiling of 1502.05 EUR."""
    return [measured("anna", JANUARY, "45"), closed(JANUARY, 1), measured("anna", FEBRUARY, "30"), closed(FEBRUARY, 1)]


def credit_so_far(database: Database) -> int:
    with database.read(COMMUNITY) as tx:
        return sum(head.credit_cents for head in bills.list_heads(tx))


@pytest.fixture
def billed(database: Database) -> Database:
    """Two months of one member, issued under the ceiling as it was signed for."""
    hear(database, *terms(), *months())
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert issue_bills(tx, JANUARY, date(2025, 3, 1)).status == "issued"
        assert issue_bills(tx, FEBRUARY, date(2025, 3, 1)).status == "issued"
    return database


def test_a_corrected_gas_bill_leads_to_a_correction_under_the_new_ceiling(billed: Database) -> None:
    before = credit_so_far(billed)
    hear(billed, corrected(CHEAPER))
    with billed.write(COMMUNITY, SECRETARY) as tx:
        [proposal] = propose_corrections(tx).drafted
        assert (proposal.bill_count, proposal.total_cents, proposal.credit_cents) == (1, -5_000, 5_000)
        [made] = draft(tx, None, date(2025, 5, 1)).drafts
    [line] = made.bill.lines
    assert (line.kind, line.amount_cents, line.cause) == (LineKind.GUARANTEE, -5_000, "the ceiling changed")
    assert [entry.ceiling_cents for entry in made.bill.guarantee] == [145_205]
    with billed.write(COMMUNITY, SECRETARY) as tx:
        assert correct_bills(tx, date(2025, 5, 1)).status == "issued"
        assert all(verify_bill(tx, head.id).agrees for head in bills.list_heads(tx))
    assert credit_so_far(billed) == before + 5_000


def test_a_correction_that_is_corrected_back_takes_back_what_was_given(billed: Database) -> None:
    before = credit_so_far(billed)
    for number, reference in ((1, CHEAPER), (2, E9_YEARS)):
        hear(billed, corrected(reference, number))
        with billed.write(COMMUNITY, SECRETARY) as tx:
            correct_bills(tx, date(2025, 5, number))
    assert credit_so_far(billed) == before
    with billed.read(COMMUNITY) as tx:
        assert [head.total_cents for head in bills.list_heads(tx)][2:] == [-5_000, 5_000]
        assert all(verify_bill(tx, head.id).agrees for head in bills.list_heads(tx))


def test_a_corrected_gas_bill_that_moves_no_money_drafts_nothing(billed: Database) -> None:
    swapped = (replace_amounts(E9_YEARS[0], E9_YEARS[1]), replace_amounts(E9_YEARS[1], E9_YEARS[0]), *E9_YEARS[2:])
    hear(billed, corrected(swapped))
    with billed.write(COMMUNITY, SECRETARY) as tx:
        outcome = propose_corrections(tx)
    assert (outcome.drafted, outcome.refused) == ((), ())


def replace_amounts(year: GasYear, other: GasYear) -> GasYear:
    return year.model_copy(update={"amount_cents": other.amount_cents})


def test_a_contract_that_had_no_gas_bills_gets_its_ceiling(database: Database) -> None:
    hear(database, tariff_adopted(), admitted("anna"), signed("anna", reference=()), *months())
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert issue_bills(tx, JANUARY, date(2025, 3, 1)).status == "issued"
    assert credit_so_far(database) == 0
    hear(database, corrected(E9_YEARS))
    with database.write(COMMUNITY, SECRETARY) as tx:
        correct_bills(tx, date(2025, 5, 1))
    assert credit_so_far(database) > 0


def test_the_newest_correction_holds_in_whatever_order_they_come(database: Database) -> None:
    facts = [signed("anna"), corrected(CHEAPER, 1), corrected(E9_YEARS[1:], 2)]
    seen = set()
    for order in permutations(facts):
        hear(database, *order)
        with database.read(COMMUNITY) as tx:
            contract = find_contract(tx, "contract-anna")
            assert contract
            seen.add((contract.correction, contract.reference))
    assert [(number, len(reference)) for number, reference in seen] == [(2, 3)]


def test_who_shares_or_pays_a_contract_sees_its_bills_and_nobody_else_does(billed: Database, tmp_path: Path) -> None:
    for number, parties in ((1, {"payer_id": "bram"}), (2, {"payer_id": "cees", "joint_ids": ("dora",)})):
        hear(billed, ContractPartiesNamed(contract_id="contract-anna", number=number, **parties))
    seen = {}
    for member_id in ("anna", "bram", "cees", "dora"):
        with visit(billed, tmp_path / member_id, "member", member_id=member_id) as client:
            answer = client.get("/billing/bills/2025-000001", headers={"accept": "text/html"})
            seen[member_id] = answer.status_code
    assert seen == {"anna": 200, "bram": 404, "cees": 200, "dora": 200}
