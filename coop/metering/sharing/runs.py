"""Runs of shared energy: who shares what in a period, under which key, and from which readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coop.kit.documents import Document
from coop.metering.model import DAY_S, MeterKind, Quality, Quantity, Shape
from coop.metering.readings import store as readings
from coop.metering.readings.blocks import unpack_many
from coop.metering.readings.holdings import Store, holdings
from coop.metering.readings.store import Packed, RegisterDay, seconds
from coop.metering.register import groups
from coop.metering.register import store as register
from coop.metering.register.groups import Roster
from coop.metering.register.store import AdoptedKey
from coop.metering.sharing.documents import RUN_INPUTS
from coop.metering.sharing.run import (
    QUARTER_S,
    Holding,
    Inputs,
    Outcome,
    Quarters,
    hash_inputs,
    matrices,
    participants_of,
    run,
)
from coop.values import Period, Said, say_count


@dataclass(frozen=True)
class Run:
    """One run: a group, for as long within the period as one key was in force. ``document`` is its inputs as they are
    kept, and ``inputs_hash`` is over it and over every quarter-hour."""

    group_id: str
    period: Period
    key: AdoptedKey
    inputs: Inputs
    document: Document
    inputs_hash: str
    outcome: Outcome
    versions: Mapping[RegisterDay, int]


def share(store: Store, period: Period) -> tuple[list[Run], list[Said]]:
    """All runs of a period, and what is missing for them."""
    found: list[Run] = []
    lacking: list[Said] = []
    for group in groups.list_rosters(store.tx):
        for span, key in _cut(group, in_force(register.keys_of(store.tx, group.group_id), period)):
            inputs = _inputs(store, group, key, span)
            days = _load(store, inputs)
            quarters = matrices(inputs, contents(days))
            outcome, document = run(inputs, quarters), RUN_INPUTS.seal(inputs)
            inputs_hash = hash_inputs(document.body, quarters)
            versions = {at: one.version for at, one in days.items()}
            found.append(Run(group.group_id, span, key, inputs, document, inputs_hash, outcome, versions))
            permille = store.parameters.tolerance(period.start).missing_quarters_permille
            if outcome.missing * 1000 > permille * outcome.expected:
                lacking.append(
                    say_count(
                        "group %(group)s: %(num)s of %(expected)s quarter-hours is missing",
                        "group %(group)s: %(num)s of %(expected)s quarter-hours are missing",
                        outcome.missing,
                        group=group.group_id,
                        expected=outcome.expected,
                    )
                )
    return found, lacking


def in_force(keys: list[AdoptedKey], period: Period) -> list[tuple[Period, AdoptedKey]]:
    """Find which key was in force when, within a period. Before the first key nothing is shared, and nothing after the
    end of one that no other follows.

    ``keys`` are in the order of the day from which they are valid; of two from one day the later decision counts.
    """
    newest = {key.valid_from: key for key in keys}
    starts = sorted(newest)
    found = []
    for start, after in pairwise([*starts, period.end]):
        end = min(after, newest[start].valid_until or after)
        overlap = Period(start, end).overlap(period) if start < end else None
        if overlap is not None:
            found.append((overlap, newest[start]))
    return found


def contents(days: Mapping[RegisterDay, Packed]) -> Quarters:
    """The quarter-hours among stored days, as the rules take them."""
    rows = [one for one in days.values() if one.step_s == QUARTER_S]
    values, quality = unpack_many([one.readings for one in rows], [one.quality for one in rows], DAY_S // QUARTER_S)
    there = quality != Quality.MISSING
    return Quarters([one.register_id for one in rows], [one.day for one in rows], np.where(there, values, 0), there)


def _cut(group: Roster, spans: list[tuple[Period, AdoptedKey]]) -> list[tuple[Period, AdoptedKey]]:
    """Spans of a key, cut where other meters begin to produce; none where no meter does."""
    return [(part, key) for span, key in spans for part in group.cut(span) if group.producers_on(part.start)]


def _inputs(store: Store, group: Roster, key: AdoptedKey, span: Period) -> Inputs:
    producing = group.producers_on(span.start)
    meters = [one for one in store.meters if one.kind is MeterKind.ELECTRICITY and one.connection_id is not None]
    consumers: dict[str, list[str]] = {}
    for meter in meters:
        one = store.registers.get((meter.serial, Quantity.ELECTRICITY_IMPORT, Shape.INTERVAL))
        if one is not None and meter.connection_id is not None and meter.serial not in producing:
            consumers.setdefault(meter.connection_id, []).append(one.id)
    participants = participants_of(key.parameters, group.sharers_in(span, consumers))
    producers = [
        one.id
        for serial in producing
        if (one := store.registers.get((serial, Quantity.ELECTRICITY_EXPORT, Shape.INTERVAL))) is not None
    ]
    taking_part = set(participants)
    held = tuple(
        Holding(occupancy.connection_id, occupancy.member_id, max(from_s, joined_s), min(to_s, left_s))
        for occupancy, from_s, to_s in holdings(store.occupancies, span)
        if occupancy.connection_id in taking_part
        for joined_s, left_s in _spells_s(group, occupancy.connection_id, span)
        if max(from_s, joined_s) < min(to_s, left_s)
    )
    return Inputs(
        key.parameters,
        seconds(span.start_at),
        seconds(span.end_at),
        participants,
        {name: tuple(sorted(consumers.get(name, ()))) for name in participants},
        tuple(sorted(producers)),
        held,
    )


def _spells_s(group: Roster, connection_id: str, span: Period) -> list[tuple[int, int]]:
    """Instants [s since 1970] between which a connection shares."""
    return [(seconds(spell.start_at), seconds(spell.end_at)) for spell in group.spells_of(connection_id, span)]


def _load(store: Store, inputs: Inputs) -> dict[RegisterDay, Packed]:
    days = range(inputs.from_s // DAY_S, (inputs.to_s - 1) // DAY_S + 1)
    return readings.packed(store.tx, dict.fromkeys(days, inputs.register_ids()))
