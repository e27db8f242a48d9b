"""What must hold for every sequence of months, cuts and amounts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from coop.billing.bills.ledger import debtor, transfers_of_bill
from coop.billing.bills.lines import fixed_cents
from coop.billing.bills.rules import compute_bill
from coop.billing.bills.schemas import BILL_INPUTS
from coop.billing.bills.splitting import split_energy
from coop.billing.guarantee.rules import apply_guarantee, ceiling_cents, guarantee_terms, yearly_credit_cents
from coop.billing.model import (
    BillInputs,
    Consumption,
    Contract,
    GasYear,
    GuaranteeState,
    HeatReading,
    Line,
    LineKind,
    SharedEnergy,
)
from coop.billing.terms.tariffs import read_tariff
from coop.billing.terms.vat import excluding, vat_by_rate
from coop.communities.choices import Choices, founding_choices
from coop.values import Period
from tests.billing.village import lawful, parameters

YEAR = Period.year(2025)
TARIFF = read_tariff("t", "r", YEAR.start, YEAR.start, parameters(YEAR.start))
OTHER = read_tariff("u", "s", YEAR.start, YEAR.start, parameters(YEAR.start, heat="40.01"))
REFERENCE = (GasYear(2020, 1250, 118_750), GasYear(2021, 1180, 165_200))
CONTRACT = Contract("c", "m", "x", YEAR.start, None, "clause", REFERENCE)
TERMS = guarantee_terms(CONTRACT, YEAR, YEAR.end, {}, Choices(founding_choices()))
CEILING = ceiling_cents(TERMS) or 0

costs = st.lists(st.integers(-50_000, 400_000), max_size=30)
"""Heat cost of bills and corrections in the order in which they are issued [cents]."""


@given(costs)
def test_no_sequence_of_bills_takes_a_member_above_the_ceiling(heat_cents: list[int]) -> None:
    heat = credit = 0
    for cost in heat_cents:
        entry = apply_guarantee(GuaranteeState(TERMS, heat, credit), cost)
        heat, credit = entry.heat_so_far_cents, entry.credit_so_far_cents
        assert heat - credit <= CEILING
    assert credit == yearly_credit_cents(heat, CEILING) if heat_cents else credit == 0


@given(st.lists(st.integers(0, 400_000), max_size=12))
def test_credit_is_never_taken_back_while_cost_only_grows(heat_cents: list[int]) -> None:
    heat = credit = 0
    for cost in heat_cents:
        entry = apply_guarantee(GuaranteeState(TERMS, heat, credit), cost)
        assert entry.credit_cents >= 0
        heat, credit = entry.heat_so_far_cents, entry.credit_so_far_cents


@given(
    st.integers(2023, 2026),
    st.decimals(0, 2000, places=2),
    st.lists(st.integers(1, 364), max_size=15, unique=True),
)
def test_a_fixed_part_costs_the_same_however_the_year_is_cut(year: int, amount: Decimal, cuts: list[int]) -> None:
    whole = Period.year(year)
    bounds = [whole.start, *(whole.start + timedelta(days=cut) for cut in sorted(cuts)), whole.end]
    parts = [Period(start, end) for start, end in pairwise(bounds)]
    assert sum(fixed_cents(amount, part) for part in parts) == int(amount * 100)


@given(st.integers(0, 10**12), st.integers(0, 6), st.lists(st.integers(1, 30), max_size=4, unique=True))
def test_energy_cut_by_days_is_all_there(units: int, places: int, cuts: list[int]) -> None:
    month = Period.month(2025, 1)
    bounds = [month.start, *(month.start + timedelta(days=cut) for cut in sorted(cuts)), month.end]
    parts = [Period(start, end) for start, end in pairwise(bounds)]
    energy = Decimal(units).scaleb(-places)
    assert sum(split_energy(energy, month, parts)) == energy


def line(amount_cents: int, kind: LineKind, rate: str) -> Line:
    return Line(kind, YEAR, Decimal(1), "d", Decimal(0), amount_cents, Decimal(rate), "t", "r")


lines = st.lists(
    st.builds(line, st.integers(-300_000, 300_000), st.sampled_from(LineKind), st.sampled_from(["0.21", "0.09"])),
    max_size=12,
)


@given(lines)
def test_vat_and_the_rest_are_the_total_to_the_cent(found: list[Line]) -> None:
    amounts = vat_by_rate(found)
    assert sum(vat.incl_cents for vat in amounts) == sum(line.amount_cents for line in found)
    for vat in amounts:
        assert vat.excl_cents + vat.vat_cents == vat.incl_cents
        assert vat.excl_cents == excluding(vat.incl_cents, vat.rate)


@st.composite
def bill_inputs(draw: st.DrawFn) -> BillInputs:
    """A month with heat, shared electricity, perhaps a change of tariff, and some state of the guarantee."""
    month = Period.month(2025, draw(st.integers(1, 12)))
    cut = draw(st.one_of(st.none(), st.integers(1, 27)))
    spans = [lawful(month, TARIFF)]
    if cut:
        change = month.start + timedelta(days=cut)
        spans = [lawful(Period(month.start, change), TARIFF), lawful(Period(change, month.end), OTHER)]
    energy_j = Decimal(draw(st.integers(0, 20_000_000_000)))
    reading = HeatReading("m", 1, month, energy_j, draw(st.booleans()), "", ("v",))
    share = SharedEnergy("run", 1, "g", "k", "r", month, draw(st.integers(0, 500_000)))
    heat = draw(st.integers(0, 300_000))
    state = GuaranteeState(TERMS, heat, max(0, heat - CEILING))
    return BillInputs(
        "c", "m", "x", month, Consumption(month, (reading,), (share,), tuple(spans)), None, None, (state,)
    )


@given(bill_inputs())
def test_what_a_bill_books_sums_to_zero_and_to_its_total(inputs: BillInputs) -> None:
    bill = compute_bill(inputs)
    balance: Counter[str] = Counter()
    for transfer in transfers_of_bill("m", bill):
        balance[transfer.debit] += transfer.amount_cents
        balance[transfer.credit] -= transfer.amount_cents
    assert sum(balance.values()) == 0
    assert balance[debtor("m")] == bill.total_cents
    assert -balance["vat-payable"] == sum(vat.vat_cents for vat in bill.vat)


@given(bill_inputs(), bill_inputs())
def test_a_correction_brings_the_bill_to_what_is_true_now(before: BillInputs, now: BillInputs) -> None:
    first = compute_bill(before)
    state = GuaranteeState(TERMS, first.guarantee[0].heat_so_far_cents, first.guarantee[0].credit_so_far_cents)
    corrected = compute_bill(
        BillInputs("c", "m", "x", before.period, now.consumption, before.consumption, "b", (state,))
    )
    at_once = compute_bill(BillInputs("c", "m", "x", before.period, now.consumption, None, None, before.guarantee))
    assert first.total_cents + corrected.total_cents == at_once.total_cents
    assert first.credit_cents + corrected.credit_cents == at_once.credit_cents


@given(bill_inputs())
def test_kept_inputs_give_the_same_bill_and_the_same_bytes_again(inputs: BillInputs) -> None:
    document = BILL_INPUTS.seal(inputs)
    again = BILL_INPUTS.open(document)
    assert again == inputs
    assert BILL_INPUTS.seal(again) == document
    assert compute_bill(again) == compute_bill(inputs)
