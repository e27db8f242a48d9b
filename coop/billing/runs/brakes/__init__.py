"""Brakes: what in a run is so unlikely that a second person has to look before anything is issued.

Each kind of mass error is a function from what a run would issue, beside what was billed before, to brakes. They are a
second look at the program too: a price or a rate of VAT that the rules cannot make is braked all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from coop.billing.brake import Brake
from coop.billing.runs.brakes import energy, money, readings, terms
from coop.billing.runs.brakes.look import Look

KINDS: tuple[Callable[[Look], Iterable[Brake]], ...] = (
    readings.find_use_without_contract,
    readings.find_use_after_end,
    readings.find_unpriced,
    readings.find_no_reading,
    readings.find_clock_change,
    readings.find_swap_without_stands,
    readings.find_many_estimated,
    readings.find_negative_energy,
    energy.find_unit_mixed_up,
    energy.find_thousandfold,
    energy.find_heat_total_off,
    energy.find_too_much_heat,
    energy.find_far_from_gas,
    energy.find_same_energy,
    energy.find_many_without_heat,
    energy.find_shared_total_off,
    energy.find_too_much_shared,
    money.find_implausible,
    money.find_first_bill_off,
    money.find_cost_total_off,
    money.find_off_last_year,
    money.find_many_credit_bills,
    money.find_much_credit,
    money.find_one_share,
    money.find_fewer_bills,
    money.find_same_bill,
    money.find_much_corrected,
    money.find_negative_line,
    money.find_taken_back,
    terms.find_ceiling_moved,
    terms.find_ceiling_gone,
    terms.find_index_off,
    terms.find_index_repeated,
    terms.find_stale_tariff,
    terms.find_price_jump,
    terms.find_price_unvoted,
    terms.find_other_vat,
    terms.find_without_maximum,
    terms.find_two_contracts,
    terms.find_member_left,
    terms.find_double_period,
    terms.find_gap,
)
"""Every kind, in the order in which a run shows them."""


def find_brakes(look: Look) -> list[Brake]:
    """Everything in a run that is so unlikely that somebody has to look."""
    return [brake for find in KINDS for brake in find(look)]
