"""Brakes: what in a run is so unlikely that the board has to look before anything is issued."""

from __future__ import annotations

from coop.billing.model import Brake
from coop.communities.choices import BrakeChoice
from coop.values import eur


def implausible(
    contract_id: str, cost: tuple[int, int], cost_before: tuple[int, int] | None, choice: BrakeChoice
) -> Brake | None:
    """A brake when a bill leaves what the one before made likely.

    Args:
        contract_id: whose bill.
        cost: cost before guarantee credit [cents], and days. The credit is left out because reaching the ceiling is
            no mistake.
        cost_before: the same of the bill before; None when there is none to compare with.
        choice: how far is too far.
    """
    if cost_before is None:
        return None
    # By the day, so that a month that was cut short is not taken for a change of habits.
    now, before = cost[0], cost_before[0] * cost[1] // cost_before[1]
    low, high = sorted((now, before))
    if high - low < choice.difference_cents or high <= choice.ratio * max(low, 0):
        return None
    reason = f"{eur(now)} EUR where {eur(before)} EUR was likely"
    return Brake("implausible-difference", contract_id, reason, now, before)
