"""The account of a period's heat, drawn up from what is stored."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from coop.kit.tx import Tx
from coop.metering.heat.compute import use_by_weather
from coop.metering.heat.counters import MeterCounter, Stock, find_counter, load_days
from coop.metering.heat.decisions import list_decided
from coop.metering.heat.levels import Levels, read_levels
from coop.metering.heat.measuring import Days, Use
from coop.metering.heat.midnights import NEAR_S, midnights_between
from coop.metering.model import Meter, MeterKind, Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.heat_account import Column, HeatAccount, draw_up
from coop.metering.readings.holdings import Store
from coop.metering.readings.plausibility import HOUR_S
from coop.metering.readings.store import seconds
from coop.values import Period


def load_account(tx: Tx, period: Period, known_at: datetime | None = None) -> HeatAccount:
    """The account of a period, by what was known at an instant; of a closed one, at its last closing."""
    if known_at is None:
        revisions = periods.list_revisions(tx, period)
        known_at = revisions[-1].closed_at if revisions else None
    store = Store(tx, known_at)
    start_s, end_s = seconds(period.start_at), seconds(period.end_at)
    bounds = np.arange(start_s, end_s + 1, HOUR_S, dtype=np.int64)
    near_s = np.where(np.isin(bounds, midnights_between(start_s, end_s)), NEAR_S, HOUR_S)
    allowed_s = store.parameters.tolerance(period.start).stand_gap.total_seconds()
    hung = _list_places(store, start_s, end_s)
    decided = list_decided(tx, known_at)
    counters = [find_counter(store, meter, Quantity.HEAT, between, decided, period.start) for meter, between in hung]
    days = load_days(store, period, [one for one in counters if one is not None])
    held = {
        one.connection_id
        for one in store.occupancies
        if one.start < period.end and (one.end or period.end) > period.start
    }
    columns = []
    for (meter, between), counter in zip(hung, counters, strict=True):
        feeds = meter.kind is MeterKind.HEAT_PUMP
        if counter is not None:
            levels = read_levels(_count(store, counter, days, period, feeds), bounds, near_s, allowed_s)
        elif feeds or meter.connection_id in held:
            levels = Levels.unread(bounds, *between)
        else:
            continue
        columns.append(Column(meter.serial, meter.connection_id, feeds, levels))
    return draw_up(period, bounds, columns, known_at)


def _list_places(store: Store, start_s: int, end_s: int) -> list[tuple[Meter, tuple[int, int]]]:
    """Meters that fed in or drew heat, each place by itself, and from when until when they hung there."""
    found = []
    for meter in sorted(store.meters, key=lambda one: (one.installed_at, one.serial)):
        if meter.kind not in (MeterKind.HEAT_PUMP, MeterKind.HEAT):
            continue
        from_s = max(start_s, seconds(meter.installed_at))
        to_s = min(end_s, seconds(meter.removed_at)) if meter.removed_at else end_s
        if from_s < to_s:
            found.append((meter, (from_s, to_s)))
    return found


def _count(store: Store, counter: MeterCounter, days: Stock, period: Period, feeds: bool) -> list[tuple[Use, Days]]:
    """Uses of a meter span by span, as the period measures them, each with its readings."""
    tap = store.parameters.tap_water_permille(period.start)
    counted, _ = counter.count(days)
    uses: list[tuple[Use, Days]] = []
    for span, use in counted:
        if use is not None:
            whole = use if feeds else use_by_weather(store, counter, use, days, tap)[0]
            uses.append((whole, {day: one.content for day, one in days[span.register_id].items()}))
    return uses
