"""The heat system in a period: what the heat pumps made and used, and what of it reached the homes.

Invariant: a figure that is a ratio is taken over what both of its terms are known for, and its coverage stands beside
it. ``covered_permille`` is the share of the period in which every heat pump told both heat and electricity.

A source's meter, and those of charging and discharging a storage, count for their temperature alone: no balance of the
system is drawn up, and so none of their energy is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import product

import numpy as np

from coop.metering.heat.counters import MeterCounter, Stock, find_counter, load_days
from coop.metering.heat.decisions import list_decided
from coop.metering.heat.measuring import Span, Use
from coop.metering.heat.sayings import Blocked, say_blocks, say_disagreement
from coop.metering.model import DAY_S, Int64Array, Meter, MeterKind, Quantity
from coop.metering.readings.days import Stored
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import seconds
from coop.values import Period, Said, say

_WHOLE = 1000
"""All of a period [permille]."""


@dataclass(frozen=True)
class Plant:
    """Figures of the heat system in a period; energies in J and Wh. ``heat_vacant_j`` is what of the delivered heat
    went to homes that nobody held. ``spf`` and ``loss_share`` are None where too little is known for them."""

    heat_produced_j: Decimal
    heat_delivered_j: Decimal
    electricity_wh: int
    source_temperature_min_cdegc: int | None
    heat_vacant_j: Decimal = Decimal(0)
    covered_permille: int = _WHOLE
    spf: Decimal | None = None
    loss_share: Decimal | None = None


@dataclass(frozen=True)
class PlantReport:
    """The heat system's figures with what is missing for them, and what nobody may report over."""

    plant: Plant | None = None
    lacking: tuple[Said, ...] = ()
    blocking: tuple[Blocked, ...] = ()


@dataclass(frozen=True)
class _Pump:
    """One heat pump's heat [J] and electricity [Wh], and both of the time in which both are known."""

    heat_j: Decimal
    electricity_wh: Decimal
    both_heat_j: Decimal
    both_electricity_wh: Decimal
    covered_permille: int
    heat_is_whole: bool


def seasonal_performance(heat_j: Decimal, electricity_wh: Decimal) -> Decimal | None:
    """Heat out per electricity in, over one and the same time.

    >>> seasonal_performance(Decimal(40_000) * 10**9, Decimal(3_300) * 10**6)
    Decimal('3.367')

    Source: docs/domain/heat-source-and-environment.md#performance (E24).
    """
    if not electricity_wh:
        return None
    return (heat_j / (electricity_wh * 3600)).quantize(Decimal("0.001"), ROUND_HALF_EVEN)


def share_lost(produced_j: Decimal, delivered_j: Decimal) -> Decimal | None:
    """Share of the heat fed in that was not delivered.

    >>> share_lost(Decimal(40_000), Decimal(34_000))
    Decimal('0.1500')

    Source: docs/domain/heat-source-and-environment.md#performance (E24).
    """
    if not produced_j:
        return None
    return ((produced_j - delivered_j) / produced_j).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def report_plant(
    store: Store, period: Period, delivered_j: Decimal, vacant_j: Decimal = Decimal(0), *, all_delivered: bool = True
) -> PlantReport:
    """Report how the heat system did; no figures where there is no heat pump. ``all_delivered`` is False where heat of
    some home is not known: then the loss is not told."""
    pumps = [meter for meter in store.meters if meter.kind is MeterKind.HEAT_PUMP]
    if not pumps:
        return PlantReport()
    counters = _find_counters(store, period, pumps)
    between_s = seconds(period.start_at), seconds(period.end_at)
    days = load_days(store, period, counters.values())
    allowed_s = store.parameters.tolerance(period.start).stand_gap.total_seconds()
    lacking: list[Said] = []
    blocking: list[Blocked] = []
    counted = []
    for meter in pumps:
        uses = {}
        for quantity in (Quantity.HEAT, Quantity.ELECTRICITY_IMPORT):
            counter = counters.get((meter.serial, quantity))
            uses[quantity] = _count(counter, days, blocking) if counter is not None else []
        pump = _join(uses[Quantity.HEAT], uses[Quantity.ELECTRICITY_IMPORT], days, between_s, allowed_s)
        counted.append(pump)
        # Where no pump was ever read there is no heat system to ask about yet.
        if counters and pump.covered_permille < _WHOLE:
            lacking.append(
                say(
                    "heat pump %(serial)s: heat and electricity are both known of %(percent)s %% of the time",
                    serial=meter.serial,
                    percent=Decimal(pump.covered_permille) / 10,
                )
            )
    produced_j = sum((one.heat_j for one in counted), Decimal(0))
    used_wh = sum((one.electricity_wh for one in counted), Decimal(0))
    is_whole = all_delivered and all(one.heat_is_whole for one in counted)
    both_heat_j = sum((one.both_heat_j for one in counted), Decimal(0))
    both_electricity_wh = sum((one.both_electricity_wh for one in counted), Decimal(0))
    plant = Plant(
        produced_j,
        delivered_j,
        int(used_wh.to_integral_value()),
        _find_coldest(store, period),
        vacant_j,
        min(one.covered_permille for one in counted),
        seasonal_performance(both_heat_j, both_electricity_wh),
        share_lost(produced_j, delivered_j) if is_whole else None,
    )
    return PlantReport(plant, tuple(lacking), tuple(dict.fromkeys(blocking)))


def _find_counters(store: Store, period: Period, pumps: Sequence[Meter]) -> Mapping[tuple[str, Quantity], MeterCounter]:
    start_s, end_s = seconds(period.start_at), seconds(period.end_at)
    decided = list_decided(store.tx, store.known_at)
    found: dict[tuple[str, Quantity], MeterCounter] = {}
    for meter in pumps:
        for quantity in (Quantity.HEAT, Quantity.ELECTRICITY_IMPORT):
            counter = find_counter(store, meter, quantity, (start_s, end_s), decided, period.start)
            if counter is not None:
                found[meter.serial, quantity] = counter
    return found


def _count(counter: MeterCounter, days: Stock, blocking: list[Blocked]) -> list[tuple[Span, Use]]:
    counted, disagreements = counter.count(days)
    blocking += map(say_disagreement, disagreements)
    uses = [(span, use) for span, use in counted if use is not None]
    blocking += [blocked for _, use in uses for blocked in say_blocks(use)]
    return uses


def _join(
    heat: Sequence[tuple[Span, Use]],
    electricity: Sequence[tuple[Span, Use]],
    days: Stock,
    between_s: tuple[int, int],
    allowed_s: float,
) -> _Pump:
    """One pump's figures: whole registers where both are complete, else the intervals that both tell."""
    heat_j, electricity_wh = (sum((use.energy for _, use in uses), Decimal(0)) for uses in (heat, electricity))
    is_whole = [_is_complete(uses, between_s, allowed_s) for uses in (heat, electricity)]
    if all(is_whole):
        return _Pump(heat_j, electricity_wh, heat_j, electricity_wh, _WHOLE, True)
    heat_both, electricity_both = Decimal(0), Decimal(0)
    known_s = 0
    for span, other in product((span for span, _ in heat), (span for span, _ in electricity)):
        if span.step_s == other.step_s > 0:
            at_s, values = _intervals(span, days)
            other_s, other_values = _intervals(other, days)
            _, here, there = np.intersect1d(at_s, other_s, return_indices=True)
            heat_both += Decimal(int(values[here].sum())).scaleb(span.exponent)
            electricity_both += Decimal(int(other_values[there].sum())).scaleb(other.exponent)
            known_s += len(here) * span.step_s
    permille = known_s * _WHOLE // (between_s[1] - between_s[0])
    return _Pump(heat_j, electricity_wh, heat_both, electricity_both, permille, is_whole[0])


def _is_complete(uses: Sequence[tuple[Span, Use]], between_s: tuple[int, int], allowed_s: float) -> bool:
    """True where spans without a gap make up the whole time."""
    known = all(use.gap_s is not None and use.gap_s <= allowed_s for _, use in uses)
    return known and sum(span.to_s - span.from_s for span, _ in uses) == between_s[1] - between_s[0]


def _intervals(span: Span, days: Stock) -> tuple[Int64Array, Int64Array]:
    """Starts and values of the intervals within a span."""
    here = days.get(span.register_id, {})
    empty = np.empty(0, np.int64)
    at_s = np.concatenate([here[day].content.offsets + day * DAY_S for day in sorted(here)] or [empty])
    values = np.concatenate([here[day].content.values for day in sorted(here)] or [empty])
    inside = (at_s >= span.from_s) & (at_s + span.step_s <= span.to_s)
    return at_s[inside], values[inside]


def _find_coldest(store: Store, period: Period) -> int | None:
    """Lowest temperature of any source [0.01 degC]."""
    start_s, end_s = seconds(period.start_at), seconds(period.end_at)
    ids = [
        register.id
        for meter in store.meters
        if meter.kind in (MeterKind.SOURCE, MeterKind.HEAT_PUMP)
        and (register := store.register_for(meter, Quantity.SOURCE_TEMPERATURE)) is not None
    ]
    stored = store.days(ids, start_s // DAY_S - 1, end_s // DAY_S + 1)
    values = [one.content.values[_within(one, start_s, end_s)] for days in stored.values() for one in days.values()]
    return min((int(some.min()) for some in values if len(some)), default=None)


def _within(stored: Stored, start_s: int, end_s: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    at_s = stored.content.offsets + stored.day * DAY_S
    return np.asarray((at_s >= start_s) & (at_s < end_s))
