"""Computing a period: what every occupancy used, from what is stored.

Nothing here writes. Each result carries the exact versions it was read from, and what it depends on besides readings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain

from coop.metering.heat.counters import Counted, MeterCounter, Stock, find_counter, load_counts
from coop.metering.heat.coverage import find_bare_days, find_vacancies
from coop.metering.heat.decisions import list_decided
from coop.metering.heat.degree_days import (
    ShareByTime,
    by_degree_days,
    civil_day,
    linear,
    mean_cdegc,
    weighted_degree_days,
)
from coop.metering.heat.measuring import Span, Use, total_energy
from coop.metering.heat.sayings import Blocked, say_blocks, say_disagreement
from coop.metering.heat.standing import Kept, OpenStretch, Standing, Whose, hash_counters, keep_ends
from coop.metering.model import DAY_S, Meter, MeterKind, Quantity, Register, Shape
from coop.metering.readings import store as readings
from coop.metering.readings.days import Stored
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import RegisterDay, seconds
from coop.values import Period, Said, civil_date, say


@dataclass(frozen=True)
class Measured:
    """Heat or cold that one occupancy used in a period. ``versions`` are those of all days that were read for it."""

    connection_id: str
    member_id: str
    quantity: Quantity
    energy_j: Decimal
    estimated: bool
    uses: tuple[Use, ...]
    tap_permille: int
    versions: Mapping[RegisterDay, int]

    @property
    def subject(self) -> Whose:
        """Connection, member and what was counted."""
        return self.connection_id, self.member_id, self.quantity


@dataclass(frozen=True)
class Heat:
    """Heat and cold of a period: of each occupancy, and of the days on which nobody held a connection (``vacant``, no
    member). ``lacking`` names what is missing, ``blocking`` what nobody may bill over. ``standing`` holds the energy of
    measurements that were not counted, for they stand as they were told; ``kept`` is what to keep of all of them."""

    measured: tuple[Measured, ...]
    vacant: tuple[Measured, ...]
    lacking: tuple[Said, ...]
    blocking: tuple[Blocked, ...]
    standing: Mapping[Whose, Decimal] = field(default_factory=dict)
    kept: Mapping[Whose, Kept] = field(default_factory=dict)

    @property
    def delivered_j(self) -> Decimal:
        """All heat that was measured behind connections, whoever lived there."""
        heat = [one.energy_j for one in (*self.measured, *self.vacant) if one.quantity is Quantity.HEAT]
        heat += [energy_j for (_, _, quantity), energy_j in self.standing.items() if quantity is Quantity.HEAT]
        return sum(heat, start=Decimal(0))


def measure(store: Store, period: Period, before: Standing | None = None) -> Heat:
    """Heat and cold of every occupancy in a period, and what is missing for it. What stands since ``before`` is not
    counted again."""
    counters, lacking = _find_counters(store, period)
    tap = store.parameters.tap_water_permille(period.start)
    allowed_s = store.parameters.tolerance(period.start).stand_gap.total_seconds()
    thermometer = _find_thermometer(store)
    hashes = {whose: hash_counters(some, tap, allowed_s, thermometer) for whose, some in counters.items()}
    standing: dict[Whose, Decimal] = {}
    kept: dict[Whose, Kept] = {}
    if before is not None:
        standing = before.find(store.tx, counters, hashes, thermometer, period)
        kept = {whose: before.kept[whose] for whose in standing}
    counted = {whose: some for whose, some in counters.items() if whose not in standing}
    counting = _Counting(
        store, tap, allowed_s, *load_counts(store, period, list(chain.from_iterable(counted.values())))
    )
    measured: list[Measured] = []
    blocking: list[Blocked] = []
    for whose, some in sorted(counted.items()):
        found = counting.count(whose, some)
        lacking += found.lacking
        blocking += found.blocking
        if found.measured is not None:
            measured.append(found.measured)
        if found.ends is not None:
            kept[whose] = Kept(hashes[whose], found.is_wide, found.ends)
    return Heat(
        tuple(one for one in measured if one.member_id),
        tuple(one for one in measured if not one.member_id),
        tuple(lacking),
        tuple(dict.fromkeys(blocking)),
        standing,
        kept,
    )


@dataclass
class _Found:
    """One measurement, what is missing of it and what blocks it; ``ends`` are its open bounds where it may be kept, and
    ``is_wide`` says whether days further away were read."""

    measured: Measured | None = None
    lacking: list[Said] = field(default_factory=list)
    blocking: list[Blocked] = field(default_factory=list)
    ends: tuple[OpenStretch, ...] | None = None
    is_wide: bool = False


@dataclass(frozen=True)
class _Counting:
    """All that measurements are counted from."""

    store: Store
    tap_permille: int
    allowed_s: float
    days: Stock
    counts: Mapping[MeterCounter, Counted]

    def count(self, whose: Whose, counters: Sequence[MeterCounter]) -> _Found:
        """Count one measurement."""
        found = _Found()
        uses: list[Use] = []
        versions: dict[RegisterDay, int] = {}
        is_claimed = False
        for counter in counters:
            counted, disagreements = self.counts.get(counter) or counter.count(self.days)
            found.blocking += map(say_disagreement, disagreements)
            for span, use in counted:
                if use is not None:
                    use, weather = use_by_weather(self.store, counter, use, self.days, self.tap_permille)
                    versions |= {(one.register_id, day): one.version for day, one in weather.items()}
                if whose[1] and (use is None or use.gap_s is None or use.gap_s > self.allowed_s):
                    found.lacking.append(_say_gap(span))
                if use is not None:
                    uses.append(use)
                    found.blocking += say_blocks(use)
                    stored = self.days[span.register_id]
                    versions |= {(span.register_id, day): one.version for day, one in stored.items()}
            found.is_wide |= counter not in self.counts
            is_claimed |= counter.is_claimed(self.days)
        if uses:
            estimated = any(use.estimated for use in uses)
            energy_j = total_energy(uses)
            found.measured = Measured(*whose, energy_j, estimated, tuple(uses), self.tap_permille, versions)
            if whose[1] and not (is_claimed or found.lacking or found.blocking):
                found.ends = keep_ends(uses)
        return found


def use_by_weather(
    store: Store, counter: MeterCounter, use: Use, days: Stock, tap_permille: int
) -> tuple[Use, Mapping[int, Stored]]:
    """The same use with a bound that nobody read shared out by the weather, and the days of weather that it took."""
    if not use.open_s or use.span.step_s:
        return use, {}
    weather = _weather(store, use)
    return counter.use(use.span, days, share_of(weather, tap_permille)) or use, weather


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


def _find_counters(store: Store, period: Period) -> tuple[dict[Whose, list[MeterCounter]], list[Said]]:
    """Find which meter counted for whom, from when and until when; and which heat meters never said anything."""
    meters: dict[str, list[Meter]] = {}
    for meter in store.meters:
        if meter.kind is MeterKind.HEAT and meter.connection_id is not None:
            meters.setdefault(meter.connection_id, []).append(meter)
    counters: dict[Whose, list[MeterCounter]] = {}
    lacking: list[Said] = []
    decided = list_decided(store.tx, store.known_at)
    held = [(one.connection_id, one.member_id, from_s, to_s) for one, from_s, to_s in store.held(period)]
    occupied = [(connection_id, from_s, to_s) for connection_id, _, from_s, to_s in held]
    start_s, end_s = seconds(period.start_at), seconds(period.end_at)
    for connection_id, from_s, to_s in find_vacancies(occupied, meters, start_s, end_s):
        held.append((connection_id, "", from_s, to_s))
    for connection_id, member_id, from_s, to_s in held:
        for meter in sorted(meters.get(connection_id, ()), key=lambda one: (one.installed_at, one.serial)):
            start = max(from_s, seconds(meter.installed_at))
            end = min(to_s, seconds(meter.removed_at)) if meter.removed_at else to_s
            if start >= end:
                continue
            for quantity in (Quantity.HEAT, Quantity.COLD):
                counter = find_counter(store, meter, quantity, (start, end), decided, period.start)
                if counter is not None:
                    counters.setdefault((connection_id, member_id, quantity), []).append(counter)
                elif quantity is Quantity.HEAT and member_id:
                    lacking.append(say("meter %(serial)s was never read", serial=meter.serial))
    return counters, lacking


def _weather(store: Store, use: Use) -> dict[int, Stored]:
    """Outside temperatures of the days over which a bound has to be estimated, from the plant's thermometer."""
    thermometer = _find_thermometer(store)
    if thermometer is None:
        return {}
    first_day = min(after_s for after_s, _ in use.open_s) // DAY_S
    last_day = max(before_s for _, before_s in use.open_s) // DAY_S
    return store.days([thermometer.id], first_day, last_day).get(thermometer.id, {})


def _find_thermometer(store: Store) -> Register | None:
    """The register of outside temperatures, the first where there are several."""
    thermometers = (
        one
        for (_, quantity, shape), one in store.registers.items()
        if quantity is Quantity.OUTSIDE_TEMPERATURE and shape is Shape.INTERVAL
    )
    return min(thermometers, key=lambda one: (one.serial, one.id), default=None)


def _say_gap(span: Span) -> Said:
    start, end = civil_date(readings.instant(span.from_s)), civil_date(readings.instant(span.to_s))
    return say(
        "meter %(serial)s: no stand near enough to %(start)s or %(end)s", serial=span.serial, start=start, end=end
    )
