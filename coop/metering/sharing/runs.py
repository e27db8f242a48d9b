"""Runs of shared energy: who shares what in a period, under which key, and from which readings.

Groups that have a point in common are served in their order, over the same spans: each is cut wherever the key or the
producers of any of them change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from coop.communities.allocation_keys import Key
from coop.communities.stops import Stop, is_stopped
from coop.events.metering import EVERYBODY
from coop.metering.model import Meter, MeterKind, Quantity, Shape
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import seconds
from coop.metering.register import groups
from coop.metering.register import store as register
from coop.metering.register.store import AdoptedKey
from coop.metering.sharing.computing import Chain, Plan, Run, renew, run_whole
from coop.metering.sharing.documents import RUN_INPUTS
from coop.metering.sharing.inputs import Counter, Holding, Inputs, Point, Source
from coop.metering.sharing.sayings import say_gaps, say_keys
from coop.metering.sharing.standing import KeptRun, StandingRuns, Which, hash_inputs
from coop.values import Period, Said

_COUNTING = {MeterKind.ELECTRICITY, MeterKind.SOLAR}


@dataclass
class Shared:
    """Runs of a period that were computed, and what is missing for all of them. ``standing`` are runs that were not
    computed, for they stand as they were told; ``kept`` is what to keep of all."""

    runs: list[Run] = field(default_factory=list)
    lacking: dict[Said, None] = field(default_factory=dict)
    standing: set[Which] = field(default_factory=set)
    kept: dict[Which, KeptRun] = field(default_factory=dict)


def share(store: Store, period: Period, before: StandingRuns | None = None) -> Shared:
    """All runs of a period, and what is missing for them. What stands since ``before`` is not computed again."""
    stops = register.list_stops(store.tx)
    plans = [
        Plan(group, part, key)
        for group in groups.list_rosters(store.tx, store.known_at)
        for span, key in in_force(register.keys_of(store.tx, group.group_id), period, stops)
        for part in group.cut(span)
        if group.producers_on(part.start)
    ]
    points = Points(store, {serial for plan in plans for serial in plan.producers})
    found = Shared()
    names: dict[str, frozenset[str]] = {}
    for plan in plans:
        names[plan.group.group_id] = names.get(plan.group.group_id, frozenset()) | points.names_of(plan)
    for connected in connect(plans, names):
        for chain in cut(connected):
            _share_chain(store, points, chain, before, found)
    found.runs.sort(key=lambda run: (run.group_id, run.period.start))
    return found


def in_force(
    keys: Sequence[AdoptedKey], period: Period, stops: Mapping[str, Sequence[Stop]]
) -> list[tuple[Period, AdoptedKey]]:
    """Find which key was in force when, within a period. Before the first key nothing is shared, and nothing after the
    end of one that no other follows. A key that fell is none from that day on: the one before it holds again.

    ``keys`` are in the order of the day from which they are valid; of two from one day the later decision counts.
    """
    falls = {stop.from_on for key in keys for stop in stops.get(key.resolution_id, ())}
    days = sorted({period.start, period.end, *(day for day in falls if period.start < day < period.end)})
    found: list[tuple[Period, AdoptedKey]] = []
    for start, end in pairwise(days):
        standing = [key for key in keys if not is_stopped(stops.get(key.resolution_id, ()), start)]
        for span, key in _follow(standing, Period(start, end)):
            if found and found[-1][0].end == span.start and found[-1][1] == key:
                found[-1] = (Period(found[-1][0].start, span.end), key)
            else:
                found.append((span, key))
    return found


def _follow(keys: Sequence[AdoptedKey], period: Period) -> list[tuple[Period, AdoptedKey]]:
    """Keys of which each holds until the next, or to its end."""
    newest = {key.valid_from: key for key in keys}
    starts = sorted(newest)
    found = []
    for start, after in pairwise([*starts, period.end]):
        end = min(after, newest[start].valid_until or after)
        overlap = Period(start, end).overlap(period) if start < end else None
        if overlap is not None:
            found.append((overlap, newest[start]))
    return found


def connect(plans: Sequence[Plan], names: Mapping[str, frozenset[str]]) -> list[list[Plan]]:
    """Put the plans of groups together that have a point in common, directly or through others; each in their order."""
    parts: list[tuple[set[str], list[Plan]]] = []
    for plan in plans:
        own = set(names[plan.group.group_id])
        joined = [part for part in parts if part[0] & own]
        for part in joined:
            own |= part[0]
        together = sorted((one for part in joined for one in part[1]), key=plans.index)
        parts = [part for part in parts if part not in joined]
        parts.append((own, [*together, plan]))
    return [together for _, together in parts]


def cut(plans: Sequence[Plan]) -> list[list[Plan]]:
    """Cut plans to the same spans; one list for each span, of the groups that share in it, in their order."""
    days = sorted({day for plan in plans for day in (plan.span.start, plan.span.end)})
    found = []
    for start, end in pairwise(days):
        span = Period(start, end)
        chain = [replace(plan, span=span) for plan in plans if plan.span.overlap(span)]
        if chain:
            found.append(chain)
    return found


class Points:
    """Connections and meters of a co-operative as points that take and make electricity."""

    def __init__(self, store: Store, shared: set[str]) -> None:
        self._store, self._shared = store, shared
        self._meters: dict[str, list[Meter]] = {}
        for meter in store.meters:
            if meter.kind in _COUNTING:
                self._meters.setdefault(meter.connection_id or "", []).append(meter)
        self._by_serial = store.by_serial

    @property
    def everybody(self) -> list[str]:
        """Connections with an electricity meter."""
        return sorted(
            name
            for name, meters in self._meters.items()
            if name and any(meter.kind is MeterKind.ELECTRICITY for meter in meters)
        )

    def sharers(self, plan: Plan) -> tuple[str, ...]:
        """Connections that share in a group at any time."""
        return plan.group.sharers_in(plan.span, self.everybody)

    def names_of(self, plan: Plan) -> frozenset[str]:
        """Points of a group: who shares, and where its producers hang."""
        produce = {self._by_serial[serial].connection_id or serial for serial in plan.producers}
        return frozenset({*self.sharers(plan), *produce})

    def inputs_of(self, plan: Plan, held: Sequence[Holding]) -> Inputs:
        """Inputs of a run, without the groups before it."""
        key = Key.read(plan.key.parameters)
        sharers = set(self.sharers(plan))
        participants = tuple(sorted(key.participants or sharers))
        produce = {self._by_serial[serial].connection_id or serial for serial in plan.producers}
        start_s, end_s = seconds(plan.span.start_at), seconds(plan.span.end_at)
        spells = _find_spells(plan, participants)
        return Inputs(
            plan.group.group_id,
            plan.key.parameters,
            start_s,
            end_s,
            participants,
            plan.producers,
            tuple(self._point(name, start_s, end_s) for name in sorted({*participants, *produce})),
            tuple(
                replace(one, from_s=max(one.from_s, joined_s), to_s=min(one.to_s, left_s))
                for one in held
                for joined_s, left_s in spells.get(one.connection_id, ())
                if max(one.from_s, joined_s) < min(one.to_s, left_s)
            ),
        )

    def _point(self, name: str, start_s: int, end_s: int) -> Point:
        if name in self._by_serial and not self._by_serial[name].connection_id:
            made = self._counters([self._by_serial[name]], start_s, end_s, Quantity.ELECTRICITY_EXPORT)
            return Point("", (), tuple(made))
        meters = self._meters.get(name, [])
        taking = [meter for meter in meters if meter.kind is MeterKind.ELECTRICITY]
        # Own use is covered first by what no group shares.
        making = sorted(meters, key=lambda meter: (meter.serial in self._shared, meter.serial))
        return Point(
            name,
            tuple(self._counters(taking, start_s, end_s, Quantity.ELECTRICITY_IMPORT)),
            tuple(self._counters(making, start_s, end_s, Quantity.ELECTRICITY_EXPORT)),
        )

    def _counters(self, meters: Iterable[Meter], start_s: int, end_s: int, quantity: Quantity) -> Iterable[Counter]:
        for meter in meters:
            shapes = self._store.shapes_of(meter.serial, quantity)
            sources = tuple(
                Source(shapes[shape].id, shapes[shape].exponent)
                for shape in (Shape.INTERVAL, Shape.STAND, Shape.DAY)
                if shape in shapes
            )
            produces = quantity is Quantity.ELECTRICITY_EXPORT
            if produces and not sources and meter.serial not in self._shared:
                continue
            from_s = max(start_s, seconds(meter.installed_at))
            to_s = min(end_s, seconds(meter.removed_at)) if meter.removed_at else end_s
            if from_s < to_s or (produces and meter.serial in self._shared):
                yield Counter(meter.serial, from_s, to_s, sources)


def _share_chain(
    store: Store, points: Points, plans: Sequence[Plan], before: StandingRuns | None, found: Shared
) -> None:
    """Find the runs of groups that have points in common, unless they stand, and what is missing for each."""
    inputs = _chain_inputs(store, points, plans)
    documents = [RUN_INPUTS.seal(one) for one in inputs]
    permille = store.parameters.tolerance(plans[0].span.start).missing_quarters_permille
    hashes = {
        (plan.group.group_id, plan.span): hash_inputs(document, plan.key, permille)
        for plan, document in zip(plans, documents, strict=True)
    }
    gaps: list[list[Said]] = [[] for _ in plans]
    chain = Chain(store, tuple(plans), tuple(inputs), tuple(documents))
    touched = None if before is None else before.find_touched(store.tx, hashes, inputs[-1], store.cumulative)
    if before is not None and touched is not None and not touched:
        found.standing |= hashes.keys()
        found.kept |= {which: before.kept[which] for which in hashes}
    else:
        runs = before and touched and renew(chain, [before.kept[which] for which in hashes], before.told, touched)
        runs = runs or run_whole(chain)
        found.runs += runs
        gaps = [list(say_gaps(store, run.group_id, run.outcome.gaps, permille)) for run in runs]
        if not any(gaps):
            found.kept |= {
                which: KeptRun(sha256, run.days) for (which, sha256), run in zip(hashes.items(), runs, strict=True)
            }
    for plan, one, some in zip(plans, inputs, gaps, strict=True):
        found.lacking |= dict.fromkeys([*some, *say_keys(store, plan.group.group_id, one, points.sharers(plan))])


def _chain_inputs(store: Store, points: Points, plans: Sequence[Plan]) -> list[Inputs]:
    """Inputs of groups that have points in common, in their order, each with those before it."""
    held = [
        Holding(occupancy.connection_id, occupancy.member_id, from_s, to_s)
        for occupancy, from_s, to_s in store.held(plans[0].span)
    ]
    inputs: list[Inputs] = []
    for plan in plans:
        earlier = tuple(replace(one, before=()) for one in inputs)
        inputs.append(replace(points.inputs_of(plan, held), before=earlier))
    return inputs


def _find_spells(plan: Plan, connection_ids: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
    """By connection, the instants [s since 1970] between which it shares."""
    everybody = _spells_s(plan, EVERYBODY)
    return {name: _spells_s(plan, name) if plan.group.names(name) else everybody for name in connection_ids}


def _spells_s(plan: Plan, connection_id: str) -> list[tuple[int, int]]:
    """Instants [s since 1970] between which a connection shares."""
    spells = plan.group.spells_of(connection_id, plan.span)
    return [(seconds(spell.start_at), seconds(spell.end_at)) for spell in spells]
