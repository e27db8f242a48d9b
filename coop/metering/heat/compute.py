"""Computing a period: what every occupancy used and was allocated, and how the heat system did, from what is stored.

Nothing here writes. Each result carries the exact versions it was read from, and what it depends on besides readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from coop.metering.heat.breaks import Doubt
from coop.metering.heat.coverage import find_bare_days
from coop.metering.heat.decisions import list_decided
from coop.metering.heat.degree_days import (
    ShareByTime,
    by_degree_days,
    civil_day,
    linear,
    mean_cdegc,
    weighted_degree_days,
)
from coop.metering.heat.measuring import REACH_S, Span, Use, total_energy, use_of
from coop.metering.model import DAY_S, Meter, MeterKind, Quantity, Shape
from coop.metering.readings import store as readings
from coop.metering.readings.holdings import Store, holdings
from coop.metering.readings.store import RegisterDay, Stored, seconds
from coop.values import Period, Said, civil_date, say


@dataclass(frozen=True)
class Measured:
    """Heat that one occupancy used in a period. ``versions`` are those of all days that were read for it."""

    connection_id: str
    member_id: str
    quantity: Quantity
    energy_j: Decimal
    estimated: bool
    uses: tuple[Use, ...]
    tap_permille: int
    versions: Mapping[RegisterDay, int]


@dataclass(frozen=True)
class Plant:
    """Figures of the heat system in a period; energies in J and Wh."""

    heat_produced_j: Decimal
    heat_delivered_j: Decimal
    electricity_wh: int
    source_temperature_min_cdegc: int | None

    @property
    def spf(self) -> Decimal | None:
        """Heat out per electricity in.

        Source: docs/domain/heat-source-and-environment.md#performance (E24).
        """
        if not self.electricity_wh:
            return None
        return (self.heat_produced_j / (self.electricity_wh * 3600)).quantize(Decimal("0.001"), ROUND_HALF_EVEN)

    @property
    def loss_share(self) -> Decimal | None:
        """Share of the heat fed in that was not delivered.

        Source: docs/domain/heat-source-and-environment.md#performance (E24).
        """
        if not self.heat_produced_j:
            return None
        lost = (self.heat_produced_j - self.heat_delivered_j) / self.heat_produced_j
        return lost.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def measure(store: Store, period: Period) -> tuple[list[Measured], list[Said]]:
    """Heat of every occupancy in a period, and what is missing for it."""
    spans, lacking = _spans(store, period)
    first_day, last_day = seconds(period.start_at) // DAY_S - 1, seconds(period.end_at) // DAY_S + 1
    ids = {span.register_id for some in spans.values() for span in some}
    days = store.days(ids, first_day, last_day)
    used = {span: _use(span, days) for some in spans.values() for span in some}
    wide = {span.register_id for span, use in used.items() if _looks_further(use)}
    days |= store.days(wide, first_day - REACH_S // DAY_S, last_day + REACH_S // DAY_S)
    tap = store.parameters.tap_water_permille(period.start)
    allowed_s = store.parameters.tolerance(period.start).stand_gap.total_seconds()
    found: list[Measured] = []
    for (connection_id, member_id), some in sorted(spans.items()):
        uses: list[Use] = []
        versions: dict[RegisterDay, int] = {}
        for span in some:
            use = _use(span, days) if span.register_id in wide else used[span]
            if use is not None and use.open_s:
                weather = _weather(store, use)
                use = _use(span, days, share_of(weather, tap))
                versions |= {(one.register_id, day): one.version for day, one in weather.items()}
            if use is None or use.gap_s is None or use.gap_s > allowed_s:
                lacking.append(_say_gap(span))
            if use is not None:
                uses.append(use)
                versions |= {(span.register_id, day): one.version for day, one in days[span.register_id].items()}
        if uses:
            estimated = any(use.estimated for use in uses)
            who = (connection_id, member_id, Quantity.HEAT)
            found.append(Measured(*who, total_energy(uses), estimated, tuple(uses), tap, versions))
    return found, lacking


def find_doubts(measured: Iterable[Measured]) -> list[Said]:
    """Name each fall or jump that nothing explains: no period closes over one before somebody decides."""
    return list(
        dict.fromkeys(_say_doubt(use.span, doubt) for one in measured for use in one.uses for doubt in use.doubts)
    )


def find_missing_meters(store: Store, period: Period) -> list[Said]:
    """Name each connection under contract for whole days of which no heat meter hung there."""
    hung: dict[str | None, list[tuple[date, date | None]]] = {}
    for meter in store.meters:
        if meter.kind is MeterKind.HEAT:
            removed_on = civil_date(meter.removed_at) if meter.removed_at else None
            hung.setdefault(meter.connection_id, []).append((civil_date(meter.installed_at), removed_on))
    lacking: list[Said] = []
    for supply in store.supplies:
        start, end = max(supply.starts_on, period.start), min(supply.ends_on or period.end, period.end)
        if start >= end:
            continue
        for first, after in find_bare_days(start, end, hung.get(supply.connection_id, ())):
            number = store.numbers.get(supply.connection_id, supply.connection_id)
            lacking.append(
                say(
                    "connection %(number)s is under contract and has no heat meter from %(first)s to %(last)s",
                    number=number,
                    first=first,
                    last=after - timedelta(days=1),
                )
            )
    return list(dict.fromkeys(lacking))


def share_of(weather: Mapping[int, Stored], tap_permille: int) -> ShareByTime:
    """Share a count out over time under this weather; evenly where a day's temperatures are not complete."""
    per_day = {
        day: weighted_degree_days(mean_cdegc(one.content.values), civil_day(day))
        for day, one in weather.items()
        if one.step_s and len(one.content) == DAY_S // one.step_s
    }
    return by_degree_days(per_day, tap_permille) if per_day else linear


def report_plant(store: Store, period: Period, delivered_j: Decimal) -> Plant | None:
    """Report how the heat system did; None where there is no heat pump."""
    pumps = [meter for meter in store.meters if meter.kind is MeterKind.HEAT_PUMP]
    if not pumps:
        return None
    sources = [meter for meter in store.meters if meter.kind is MeterKind.SOURCE]
    start_s, end_s = seconds(period.start_at), seconds(period.end_at)
    wanted = [
        (meter, one)
        for meter in [*pumps, *sources]
        for quantity in (Quantity.HEAT, Quantity.ELECTRICITY_IMPORT, Quantity.SOURCE_TEMPERATURE)
        if (one := store.register_for(meter, quantity)) is not None
    ]
    days = store.days([one.id for _, one in wanted], start_s // DAY_S - 1, end_s // DAY_S + 1)
    heat_j, electricity, coldest = Decimal(0), Decimal(0), []
    for meter, one in wanted:
        if one.quantity is Quantity.SOURCE_TEMPERATURE:
            for day, stored in days.get(one.id, {}).items():
                at_s = stored.content.offsets + day * DAY_S
                inside = stored.content.values[(at_s >= start_s) & (at_s < end_s)]
                coldest += [int(inside.min())] if len(inside) else []
        elif meter.kind is MeterKind.HEAT_PUMP:
            bound = store.parameters.bound_of(meter, one, period.start)
            use = _use(Span(meter.serial, one.id, one.exponent, 0, start_s, end_s, bound), days)
            if use is not None and one.quantity is Quantity.HEAT:
                heat_j += use.energy
            elif use is not None:
                electricity += use.energy
    lowest = min(coldest) if coldest else None
    return Plant(heat_j, delivered_j, int(electricity.to_integral_value()), lowest)


def _spans(store: Store, period: Period) -> tuple[dict[tuple[str, str], list[Span]], list[Said]]:
    """Find which register counted for whom, from when and until when; and which heat meters never said anything."""
    heat: dict[str | None, list[Meter]] = {}
    for meter in store.meters:
        if meter.kind is MeterKind.HEAT:
            heat.setdefault(meter.connection_id, []).append(meter)
    spans: dict[tuple[str, str], list[Span]] = {}
    lacking: list[Said] = []
    decided = list_decided(store.tx)
    for occupancy, from_s, to_s in holdings(store.occupancies, period):
        for meter in sorted(heat.get(occupancy.connection_id, ()), key=lambda one: (one.installed_at, one.serial)):
            start = max(from_s, seconds(meter.installed_at))
            end = min(to_s, seconds(meter.removed_at)) if meter.removed_at else to_s
            if start >= end:
                continue
            one = store.register_for(meter, Quantity.HEAT)
            if one is None:
                lacking.append(say("meter %(serial)s was never read", serial=meter.serial))
                continue
            bound = store.parameters.bound_of(meter, one, period.start)
            span = Span(meter.serial, one.id, one.exponent, 0, start, end, bound, decided.get(one.id, ()))
            spans.setdefault((occupancy.connection_id, occupancy.member_id), []).append(span)
    return spans, lacking


def _use(span: Span, days: Mapping[str, Mapping[int, Stored]], share: ShareByTime = linear) -> Use | None:
    here = days.get(span.register_id, {})
    step_s = next((one.step_s for one in here.values()), 0)
    return use_of(replace(span, step_s=step_s), {day: one.content for day, one in here.items()}, share)


def _looks_further(use: Use | None) -> bool:
    """True where the days around the period do not tell enough: of a bound, or of a break in it or just before."""
    return use is None or use.gap_s is None or use.is_broken


def _weather(store: Store, use: Use) -> dict[int, Stored]:
    """Outside temperatures of the days over which a bound has to be estimated, from the plant's thermometer."""
    thermometers = sorted(
        (one.serial, one.id)
        for (_, quantity, shape), one in store.registers.items()
        if quantity is Quantity.OUTSIDE_TEMPERATURE and shape is Shape.INTERVAL
    )
    if not thermometers:
        return {}
    first_day = min(after_s for after_s, _ in use.open_s) // DAY_S
    last_day = max(before_s for _, before_s in use.open_s) // DAY_S
    identity = thermometers[0][1]
    return store.days([identity], first_day, last_day).get(identity, {})


def _say_doubt(span: Span, doubt: Doubt) -> Said:
    values = {
        "serial": span.serial,
        "before": _say_gj(doubt.before, span),
        "before_at": readings.instant(doubt.before_s),
        "after": _say_gj(doubt.after, span),
        "after_at": readings.instant(doubt.at_s),
    }
    if doubt.is_fall:
        return say(
            "meter %(serial)s fell from %(before)s GJ (%(before_at)s) to %(after)s GJ (%(after_at)s) and nothing says "
            "why: somebody decides what happened",
            **values,
        )
    return say(
        "meter %(serial)s rose from %(before)s GJ (%(before_at)s) to %(after)s GJ (%(after_at)s), which is more than "
        "it can have counted: somebody decides what happened",
        **values,
    )


def _say_gj(value: int, span: Span) -> Decimal:
    """A reading in GJ, without needless zeros."""
    whole = Decimal(value).scaleb(span.exponent - 9)
    return whole.quantize(Decimal(1)) if whole == whole.to_integral_value() else whole.normalize()


def _say_gap(span: Span) -> Said:
    start, end = civil_date(readings.instant(span.from_s)), civil_date(readings.instant(span.to_s))
    return say(
        "meter %(serial)s: no stand near enough to %(start)s or %(end)s", serial=span.serial, start=start, end=end
    )
