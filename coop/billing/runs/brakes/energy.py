"""Energy that is off: units mixed up, totals that no weather makes, the same reading twice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from coop.billing.bills.billed import Billed
from coop.billing.brake import Brake
from coop.billing.guarantee.gas import heat_per_m3
from coop.billing.runs.brakes.look import SMALLEST_RUN, Look, brake, count, gj, is_mass, kwh, times

KWH_IN_GJ = (Fraction(29, 10), Fraction(44, 10))
"""Between these lies what is 3.6 times too much, in months that differ by a fifth."""
THOUSANDFOLD = 100
"""From so many times on a unit is a thousandfold off, in whatever month."""
HEAT_TOTAL = Fraction(5, 2)
"""So many times the heat per degree day of the month before no weather makes of a whole run."""
GAS_TOTAL = (Fraction(1, 5), Fraction(5, 2))
"""Between these times the heat of burnt gas lies what a run of first bills uses."""
HEAT_GJ_PER_DAY = Decimal(2)
"""Above it a connection burns as with 23 kW day and night."""
SHARED_KWH_PER_DAY = Decimal(100)
"""Above it a dwelling uses more than anyone shares out."""
SHARED_TOTAL = 12
"""So many times the month before no sun makes of the shared electricity of a run."""


def find_unit_mixed_up(look: Look) -> Iterator[Brake]:
    """Heat of many that is 3.6 times that of the month before per degree day, or a 3.6th: GJ and MWh mixed up."""
    low, high = KWH_IN_GJ
    pairs = _heated(look)
    for code, inverse in (("unit-times-3.6", False), ("unit-by-3.6", True)):
        of_unit = []
        for now, before, ratio in pairs:
            if low <= (1 / ratio if inverse and ratio else ratio) <= high:
                of_unit.append((now, before))
        if is_mass(len(of_unit), len(pairs)) and len(of_unit) * 5 >= len(pairs):
            yield brake(
                code,
                concerns=[now.contract_id for now, _ in of_unit],
                count=count(len(of_unit)),
                of=count(len(pairs)),
                now=gj(sum((now.heat_gj for now, _ in of_unit), Decimal(0))),
                before=gj(sum((before.heat_gj for _, before in of_unit), Decimal(0))),
            )


def find_thousandfold(look: Look) -> Iterator[Brake]:
    """Heat of many that is a hundred times that of the month before or more, or a hundredth or less."""
    pairs = _heated(look)
    off = [(now, before) for now, before, ratio in pairs if ratio and _is_off(ratio, Fraction(THOUSANDFOLD))]
    if is_mass(len(off), len(pairs)):
        yield brake(
            "unit-thousandfold",
            concerns=[now.contract_id for now, _ in off],
            count=count(len(off)),
            of=count(len(pairs)),
            now=gj(sum((now.heat_gj for now, _ in off), Decimal(0))),
            before=gj(sum((before.heat_gj for _, before in off), Decimal(0))),
        )


def find_heat_total_off(look: Look) -> Iterator[Brake]:
    """Heat of the run, per degree day, that is far from that of the month before."""
    pairs = look.pair(look.before)
    if len(pairs) < SMALLEST_RUN:
        return
    now_gj, now_weight = _heat_of(look, [now for now, _ in pairs])
    before_gj, before_weight = _heat_of(look, [before for _, before in pairs])
    if not before_gj:
        return
    ratio = Fraction(now_gj) * before_weight / (Fraction(before_gj) * now_weight)
    if _is_off(ratio, HEAT_TOTAL):
        yield brake("heat-total-off", now=gj(now_gj), before=gj(before_gj), times=times(ratio))


def find_too_much_heat(look: Look) -> Iterator[Brake]:
    """More heat than a connection can take: also in a first bill, with which nothing can be compared."""
    off = [billed for billed in look.now.values() if billed.heat_gj > HEAT_GJ_PER_DAY * billed.days.days]
    if off:
        most = max(off, key=lambda billed: billed.heat_gj)
        yield brake(
            "too-much-heat",
            concerns=[billed.contract_id for billed in off],
            count=count(len(off)),
            now=gj(most.heat_gj),
            days=count(most.days.days),
            most=gj(HEAT_GJ_PER_DAY * most.days.days),
        )


def find_far_from_gas(look: Look) -> Iterator[Brake]:
    """Heat of first bills together that is far from what the gas of earlier years makes likely."""
    gas = {contract.contract_id: contract.reference for contract in look.book.contracts if contract.reference}
    new = [billed for name, billed in look.now.items() if name in gas and name not in look.before]
    if len(new) < SMALLEST_RUN or any(billed.contract_id in look.year_before for billed in new):
        return
    likely = Fraction(0)
    gj_per_m3 = heat_per_m3(look.book.choices, new[0].days.start)
    for billed in new:
        reference = gas[billed.contract_id]
        burnt = Fraction(sum(year.gas_m3 for year in reference), len(reference))
        likely += burnt * gj_per_m3 * look.weigh(billed.days)
    used, (low, high) = sum((billed.heat_gj for billed in new), Decimal(0)), GAS_TOTAL
    if likely and not low <= Fraction(used) / likely <= high:
        yield brake(
            "first-bills-far-from-gas",
            concerns=[billed.contract_id for billed in new],
            count=count(len(new)),
            now=gj(used),
            likely=gj(likely),
        )


def find_same_energy(look: Look) -> Iterator[Brake]:
    """Heat of many that is to the joule that of the month before: one month read twice."""
    pairs = [(now, before) for now, before in look.pair(look.before) if now.heat_gj]
    same = [now.contract_id for now, before in pairs if now.heat_gj == before.heat_gj]
    varied = len({now.heat_gj for now, _ in pairs}) * 2 > len(pairs)
    if varied and is_mass(len(same), len(pairs)) and len(same) * 5 >= len(pairs):
        yield brake("same-energy", concerns=same, count=count(len(same)), of=count(len(pairs)))


def find_many_without_heat(look: Look) -> Iterator[Brake]:
    """Bills without heat that are many, and were not so the month before."""
    if len(look.now) < SMALLEST_RUN:
        return
    without = [billed.contract_id for billed in look.now.values() if not billed.heat_gj]
    before = [billed for billed in look.before.values() if not billed.heat_gj]
    share = Fraction(len(without), len(look.now))
    if share > Fraction(1, 4) and share > 2 * Fraction(len(before), max(1, len(look.before))):
        yield brake("many-without-heat", concerns=without, count=count(len(without)), of=count(len(look.now)))


def find_shared_total_off(look: Look) -> Iterator[Brake]:
    """Shared electricity of the run that is far more, or far less, than the month before."""
    pairs = look.pair(look.before)
    now = sum((now.shared_kwh for now, _ in pairs), Decimal(0))
    before = sum((before.shared_kwh for _, before in pairs), Decimal(0))
    if len(pairs) < SMALLEST_RUN or not before or not now:
        return
    if _is_off(Fraction(now) / Fraction(before), Fraction(SHARED_TOTAL)):
        yield brake("shared-total-off", now=kwh(now), before=kwh(before), times=times(Fraction(now) / Fraction(before)))


def find_too_much_shared(look: Look) -> Iterator[Brake]:
    """More shared electricity than a dwelling can use."""
    off = [billed for billed in look.now.values() if billed.shared_kwh > SHARED_KWH_PER_DAY * billed.days.days]
    if off:
        most = max(off, key=lambda billed: billed.shared_kwh)
        yield brake(
            "too-much-shared",
            concerns=[billed.contract_id for billed in off],
            count=count(len(off)),
            now=kwh(most.shared_kwh),
            days=count(most.days.days),
            most=kwh(SHARED_KWH_PER_DAY * most.days.days),
        )


def _heated(look: Look) -> list[tuple[Billed, Billed, Fraction]]:
    """Contracts that used heat before, with how many times as much per degree day they use now."""
    return [
        (
            now,
            before,
            Fraction(now.heat_gj) * look.weigh(before.days) / (Fraction(before.heat_gj) * look.weigh(now.days)),
        )
        for now, before in look.pair(look.before)
        if before.heat_gj > 0 and now.heat_gj >= 0
    ]


def _heat_of(look: Look, billed: list[Billed]) -> tuple[Decimal, Fraction]:
    heat_gj = sum((each.heat_gj for each in billed), Decimal(0))
    return heat_gj, sum((look.weigh(each.days) for each in billed), Fraction(0))


def _is_off(ratio: Fraction, most: Fraction) -> bool:
    return ratio > most or ratio * most < 1
