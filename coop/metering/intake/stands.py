"""Intake of stands: what a register can show comes in.

Whether a reading fits its neighbours is no question at the door: it would be answered otherwise when they come in
another order. ``heat.breaks`` judges all that is there, whenever it is counted.
"""

from __future__ import annotations

from itertools import chain, groupby
from typing import NamedTuple

import numpy as np

from coop.metering.intake.batch import Intake
from coop.metering.model import DAY_S, Quality, Register, Shape, Stand, to_units
from coop.metering.readings.blocks import one_each, pack_stands
from coop.metering.readings.observations import digest_parts
from coop.metering.readings.store import seconds
from coop.values import civil_date, join_said, say

Units = tuple[int, int, Stand]
"""A stand: its instant [s since 1970], its value in units of its register, and as it was told."""


class _RegisterDay(NamedTuple):
    """Values that a delivery says of a register's day, in order of time: offsets [s since midnight UTC], values,
    qualities."""

    of: Register
    day: int
    offsets: list[int]
    values: list[int]
    quality: list[int]


def take_stands(intake: Intake) -> None:
    """Take all stands of a delivery, and pack and digest their days together: most hold a single one."""
    days: list[_RegisterDay] = []
    for one, stands in _acceptable(intake).values():
        stands.sort(key=lambda units: units[0])
        intake.taken.values += len(stands)
        for day, some in groupby(stands, lambda units: units[0] // DAY_S):
            at_s, values, told = zip(*some, strict=True)
            offsets, quality = [at - day * DAY_S for at in at_s], [stand.quality.value for stand in told]
            days.append(_RegisterDay(one, day, *_keep_one_each(offsets, list(values), quality)))
    if not days:
        return
    exponents = np.array([told.of.exponent for told in days], np.int64)
    columns = [
        np.array([*chain.from_iterable(told)], np.int64)
        for told in zip(*((one.offsets, one.quality, one.values) for one in days), strict=True)
    ]
    digests = digest_parts(intake.number, 0, exponents, columns, [len(told.offsets) for told in days])
    for told, digest in zip(days, digests, strict=True):
        packed = pack_stands(told.offsets, told.values, bytes(told.quality))
        intake.add(told.of, told.day, 0, packed, digest, told.offsets)


def _keep_one_each(offsets: list[int], values: list[int], quality: list[int]) -> tuple[list[int], list[int], list[int]]:
    """One reading for each instant: of several, the one that stands."""
    if len(set(offsets)) == len(offsets):
        return offsets, values, quality
    day = one_each(np.array(offsets, np.int64), np.array(values, np.int64), np.array(quality, np.uint8))
    return day.offsets.tolist(), day.values.tolist(), day.quality.tolist()


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
                refined = intake.batch.refine_for(one, stand)
                if refined is None:
                    intake.refuse("impossible-value", join_said(error.args), stand)
                    continue
                finer = 10 ** (one.exponent - refined.exponent)
                before = found.get(one.id, (one, []))[1]
                found[one.id] = refined, [(at_s, units * finer, told) for at_s, units, told in before]
                one, bound = refined, intake.batch.parameters.bound_of(meter, refined, civil_date(stand.at))
                value = to_units(stand.value, stand.unit, stand.quantity, one.exponent)
            if bound is not None and (value < 0 or 0 < bound.modulus <= value):
                intake.refuse(
                    "impossible-value",
                    say("%(value)s %(unit)s is more than its register can show", value=stand.value, unit=stand.unit),
                    stand,
                )
            else:
                found.setdefault(one.id, (one, []))[1].append((seconds(stand.at), value, stand))
    return found
