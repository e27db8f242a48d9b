"""Money that is off: bills beside the ones before, totals, credits, lines and corrections of the wrong sign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction

from coop.billing.bills.billed import Billed
from coop.billing.brake import Brake
from coop.billing.model import LineKind
from coop.billing.runs.brakes.look import (
    FEWEST,
    SMALLEST_RUN,
    Look,
    brake,
    cents,
    count,
    is_mass,
    median,
    percent,
    times,
)
from coop.values import Period

SHORTEST_MONTH = 28
"""Days of a month; in a period that is shorter the threshold in cents is less."""
COST_TOTAL = 2
"""So many times the cost of a day of the month before, or of the year before, no season makes of a whole run."""
CREDIT_BILLS = Fraction(1, 10)
"""Share of bills below nothing that is many."""
CREDIT_OF_COST = Fraction(3, 4)
"""Share of the cost of a run that is much to give back."""
ONE_SHARE = Fraction(2, 5)
"""Share of the cost of a run that is much for one member."""
FEWER_BILLS = Fraction(9, 10)
"""Share of the contracts of the month before that a month may be down to."""
CORRECTED = Fraction(1, 2)
"""Share of the cost of its month that is much to correct."""


def find_implausible(look: Look) -> Iterator[Brake]:
    """A bill that leaves what the one before made likely, or a correction what it corrects.

    The credit is left out, because reaching the ceiling is no mistake; cost is compared by the day, so that a month
    that was cut short is not taken for a change of habits.
    """
    for draft in look.drafts:
        days = draft.inputs.consumption.days.days
        cost_cents, before = draft.bill.total_cents + draft.bill.credit_cents, draft.cost_before
        if draft.inputs.previous is not None:
            cost_cents, before = draft.billed_cents + cost_cents, (draft.billed_cents, days)
        if before is None:
            continue
        likely_cents = before[0] * days // before[1]
        if _is_far(look, cost_cents, likely_cents, draft.inputs.period):
            name = draft.inputs.contract_id
            yield brake("implausible-difference", name, [name], now=cents(cost_cents), likely=cents(likely_cents))


def find_first_bill_off(look: Look) -> Iterator[Brake]:
    """A first bill that is far above the middle one of the run, by the day."""
    if len(look.now) < SMALLEST_RUN:
        return
    middle = median(billed.cents_per_day for billed in look.now.values())
    for name, billed in look.now.items():
        likely_cents = round(middle * billed.days.days)
        is_far = (
            _is_far(look, billed.cost_cents, likely_cents, look.period or billed.days)
            and billed.cost_cents > likely_cents
        )
        if name not in look.before and is_far:
            yield brake("first-bill-off", name, [name], now=cents(billed.cost_cents), likely=cents(likely_cents))


def find_cost_total_off(look: Look) -> Iterator[Brake]:
    """Cost of the run that is far from that of the month before, by the day and by the degree day."""
    pairs = look.pair(look.before)
    if len(pairs) < SMALLEST_RUN:
        return
    ratio = _ratio(pairs)
    now_weight, before_weight = (sum(look.weigh(pair[side].days) for pair in pairs) for side in (0, 1))
    by_weather = ratio and ratio * _days(pairs) * before_weight / now_weight
    if ratio is not None and by_weather is not None and _is_off(ratio) and _is_off(by_weather):
        yield _total("cost-total-off", pairs, ratio)


def find_off_last_year(look: Look) -> Iterator[Brake]:
    """Cost of the run that is far from that of the same days of the year before."""
    pairs = look.pair(look.year_before)
    if len(pairs) < SMALLEST_RUN:
        return
    ratio = _ratio(pairs)
    if ratio is not None and _is_off(ratio):
        yield _total("off-last-year", pairs, ratio)


def find_many_credit_bills(look: Look) -> Iterator[Brake]:
    """Bills that pay the member, which are many."""
    below = [draft.inputs.contract_id for draft in look.first if draft.bill.total_cents < 0]
    if len(below) >= FEWEST and len(below) > CREDIT_BILLS * len(look.first):
        yield brake("many-credit-bills", concerns=below, count=count(len(below)), of=count(len(look.first)))


def find_much_credit(look: Look) -> Iterator[Brake]:
    """Credits of the guarantee that are most of what the run costs."""
    given = {name: billed.credit_cents for name, billed in look.now.items() if billed.credit_cents > 0}
    credit_cents, cost_cents = sum(given.values()), sum(billed.cost_cents for billed in look.now.values())
    if is_mass(len(given), len(look.now)) and credit_cents > CREDIT_OF_COST * cost_cents:
        share = percent(Fraction(credit_cents, cost_cents)) if cost_cents else percent(1)
        yield brake("much-credit", concerns=given, credit=cents(credit_cents), cost=cents(cost_cents), share=share)


def find_one_share(look: Look) -> Iterator[Brake]:
    """One member who bears much of the cost of the run, and bore less of it before."""
    if len(look.now) < SMALLEST_RUN:
        return
    total_cents, total_before = (_total_cents(billed) for billed in (look.now, look.before))
    for name, billed in look.now.items():
        share = Fraction(max(0, billed.cost_cents), max(1, total_cents))
        before = look.before.get(name)
        share_before = Fraction(max(0, before.cost_cents), max(1, total_before)) if before else Fraction(0)
        if share > ONE_SHARE and share > 2 * share_before:
            shares = {"share": percent(share), "before": percent(share_before)}
            yield brake("one-share", name, [name], cost=cents(billed.cost_cents), **shares)


def find_fewer_bills(look: Look) -> Iterator[Brake]:
    """Fewer bills than the month before by more than a tenth."""
    if len(look.before) >= SMALLEST_RUN and look.period and len(look.now) < FEWER_BILLS * len(look.before):
        missing = [name for name in look.before if name not in look.now]
        yield brake("fewer-bills", concerns=missing, now=count(len(look.now)), before=count(len(look.before)))


def find_same_bill(look: Look) -> Iterator[Brake]:
    """Two bills of one member over the same days with the same heat: one home billed twice."""
    alike: dict[object, list[Billed]] = defaultdict(list)
    for billed in look.now.values():
        if billed.heat_gj:
            alike[billed.member_id, billed.days, billed.heat_gj].append(billed)
    for same in alike.values():
        if len(same) > 1:
            names = [billed.contract_id for billed in same]
            yield brake("same-bill", names[0], names, count=count(len(names)), cost=cents(same[0].cost_cents))


def find_much_corrected(look: Look) -> Iterator[Brake]:
    """Corrections that are together much of what was billed for the days that they correct."""
    corrected = [draft for draft in look.drafts if draft.inputs.previous is not None]
    moved = sum(draft.bill.total_cents + draft.bill.credit_cents for draft in corrected)
    billed = sum(draft.billed_cents for draft in corrected)
    if len(corrected) >= SMALLEST_RUN and abs(moved) > CORRECTED * abs(billed):
        names = [draft.inputs.contract_id for draft in corrected]
        yield brake(
            "much-corrected", concerns=names, count=count(len(corrected)), now=cents(moved), before=cents(billed)
        )


def find_negative_line(look: Look) -> Iterator[Brake]:
    """A line below nothing on a bill that corrects nothing, other than the credit of the guarantee."""
    below = [
        (draft.inputs.contract_id, line.amount_cents)
        for draft in look.first
        for line in draft.bill.lines
        if line.amount_cents < 0 and line.kind is not LineKind.GUARANTEE
    ]
    if below:
        lowest = min(amount for _, amount in below)
        yield brake("negative-line", concerns=[name for name, _ in below], count=count(len(below)), now=cents(lowest))


def find_taken_back(look: Look) -> Iterator[Brake]:
    """Corrections that take back more than was billed, as when a sign is turned."""
    over = []
    for draft in look.drafts:
        moved = draft.bill.total_cents + draft.bill.credit_cents
        if draft.inputs.previous is not None and moved < 0 and -moved > max(0, draft.billed_cents):
            over.append((draft.inputs.contract_id, moved, draft.billed_cents))
    if over:
        _, moved, billed = min(over, key=lambda each: each[1])
        names = [name for name, _, _ in over]
        yield brake("taken-back", concerns=names, count=count(len(over)), now=cents(moved), before=cents(billed))


def _is_far(look: Look, cost_cents: int, likely_cents: int, period: Period) -> bool:
    """True where two amounts are further apart than both thresholds; that in cents is for a month, and less by the day
    in a period that is shorter."""
    low, high = sorted((cost_cents, likely_cents))
    least_cents = Fraction(look.choice.difference_cents * min(period.days, SHORTEST_MONTH), SHORTEST_MONTH)
    return high - low >= least_cents and high > look.choice.ratio * max(low, 0)


def _total_cents(billed: Mapping[str, Billed]) -> int:
    return sum(each.cost_cents for each in billed.values())


def _days(pairs: list[tuple[Billed, Billed]]) -> Fraction:
    now, before = (sum(pair[side].days.days for pair in pairs) for side in (0, 1))
    return Fraction(now, before)


def _ratio(pairs: list[tuple[Billed, Billed]]) -> Fraction | None:
    """Ratio of the cost of a day now to that of a day before; None where there was none."""
    now, before = (sum(pair[side].cost_cents for pair in pairs) for side in (0, 1))
    return Fraction(now, before) / _days(pairs) if before > 0 else None


def _is_off(ratio: Fraction) -> bool:
    return ratio > COST_TOTAL or ratio * COST_TOTAL < 1


def _total(code: str, pairs: list[tuple[Billed, Billed]], ratio: Fraction) -> Brake:
    now, before = (sum(pair[side].cost_cents for pair in pairs) for side in (0, 1))
    return brake(code, count=count(len(pairs)), now=cents(now), before=cents(before), times=times(ratio))
