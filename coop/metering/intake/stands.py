"""Intake of stands: each register's instants in order, judged together with what is stored around them."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np

from coop.metering.intake.batch import Intake
from coop.metering.model import DAY_S, Quality, Register, Shape, Stand, to_units
from coop.metering.readings.blocks import one_each
from coop.metering.readings.plausibility import Bound, impossible_stands
from coop.metering.readings.store import seconds
from coop.values import civil_date, join_said, say

Units = tuple[int, int, Stand]
"""A stand: its instant [s since 1970], its value in units of its register, and as it was told."""


def take_stands(intake: Intake) -> None:
    """Take all stands of a delivery."""
    for one, stands in _acceptable(intake).values():
        stands.sort(key=lambda units: units[0])
        bound = intake.batch.parameters.bound_of(intake.batch.meters[one.serial], one, civil_date(stands[0][2].at))
        kept = _possible(intake, one, bound, stands) if bound is not None else stands
        intake.taken.values += len(kept)
        for day, some in groupby(kept, lambda units: units[0] // DAY_S):
            at_s, values, told = zip(*some, strict=True)
            new = one_each(
                np.array(at_s, np.int64) - day * DAY_S,
                np.array(values, np.int64),
                np.array([stand.quality for stand in told], np.uint8),
            )
            intake.merge_day((one.id, day), 0, new)


def _acceptable(intake: Intake) -> dict[str, tuple[Register, list[Units]]]:
    """Stands of known meters that hung there then, with a value that their register can show; by register."""
    found: dict[str, tuple[Register, list[Units]]] = {}
    for stand in intake.delivery.own.stands:
        meter = intake.batch.meters.get(stand.meter)
        if meter is None:
            intake.refuse("unknown-meter", say("meter %(meter)s is not registered", meter=stand.meter), stand)
        elif stand.at > intake.horizon:
            intake.refuse("future", say("%(at)s lies after it was received", at=stand.at), stand)
        elif not meter.hangs_at(stand.at):
            intake.refuse(
                "not-installed",
                say("meter %(meter)s did not hang there at %(at)s", meter=stand.meter, at=stand.at),
                stand,
            )
        elif stand.quality != Quality.MISSING:
            one = intake.batch.register_of(intake.delivery, stand.meter, stand.quantity, Shape.STAND)
            bound = intake.batch.parameters.bound_of(meter, one, civil_date(stand.at))
            try:
                value = to_units(stand.value, stand.unit, stand.quantity, one.exponent)
            except ValueError as error:
                intake.refuse("impossible-value", join_said(error.args), stand)
                continue
            if bound is not None and (value < 0 or 0 < bound.modulus <= value):
                intake.refuse(
                    "impossible-value",
                    say("%(value)s %(unit)s is more than its register can show", value=stand.value, unit=stand.unit),
                    stand,
                )
            else:
                found.setdefault(one.id, (one, []))[1].append((seconds(stand.at), value, stand))
    return found


def _possible(intake: Intake, one: Register, bound: Bound, stands: list[Units]) -> list[Units]:
    """The stands without those that lie too far from their neighbours."""
    told = {at_s for at_s, _, _ in stands}
    every = [(at_s, value, i) for i, (at_s, value, _) in enumerate(stands)]
    days = {at_s // DAY_S for at_s in told}
    for day in days | {day - 1 for day in days} | {day + 1 for day in days}:
        near = intake.batch.newest((one.id, day))
        if near is not None:
            content = near.unpack().content
            placed = zip(content.offsets.tolist(), content.values.tolist(), strict=True)
            every += [(day * DAY_S + at, value, -1) for at, value in placed if day * DAY_S + at not in told]
    every.sort()
    if all(0 <= after[1] - value <= bound.most(after[0] - at_s) for (at_s, value, _), after in pairwise(every)):
        return stands
    at_s, values, number = np.array(every, np.int64).T
    wrong = {every[i][2] for i in impossible_stands(at_s, values, number >= 0, bound)}
    for i in sorted(wrong):
        stand = stands[i][2]
        reason = say(
            "%(value)s %(unit)s at %(at)s is more than the meter can have counted",
            value=stand.value,
            unit=stand.unit,
            at=stand.at,
        )
        intake.refuse("impossible-jump", reason, stand)
    return [units for i, units in enumerate(stands) if i not in wrong]
