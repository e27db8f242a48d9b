"""Intake of stands: each register's instants in order, judged together with what is stored around them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from coop.metering.handlers.intake import Intake
from coop.metering.model import Quality, Register, Shape, Stand, to_units
from coop.metering.rules.blocks import DAY_S, one_each
from coop.metering.rules.plausibility import impossible_stands
from coop.metering.storage import readings
from coop.metering.storage.readings import Stored, day_number, seconds
from coop.values import civil_date

Units = tuple[Stand, int]
"""A stand, and its value in units of its register."""


def take_stands(intake: Intake) -> None:
    """Take all stands of a delivery."""
    by_register = _acceptable(intake)
    days = {
        day_number(stand.at) + around for stands in by_register.values() for stand, _ in stands for around in (-1, 0, 1)
    }
    stored = readings.latest(intake.connection, [one.id for one in by_register], days)
    near: dict[str, list[Stored]] = {}
    for (identity, _), found in stored.items():
        near.setdefault(identity, []).append(found)
    for one, stands in by_register.items():
        kept = _possible(intake, one, sorted(stands, key=lambda pair: pair[0].at), near.get(one.id, []))
        at_s = np.array([seconds(stand.at) for stand, _ in kept], np.int64)
        values = np.array([value for _, value in kept], np.int64)
        quality = np.array([stand.quality for stand, _ in kept], np.uint8)
        intake.taken.values += len(kept)
        # Stands are in the order of time: a day is a run of them.
        days_at = at_s // DAY_S
        bounds = np.flatnonzero(np.diff(days_at, prepend=-1, append=-1)).tolist()
        for start, end in pairwise(bounds):
            day = int(days_at[start])
            new = one_each(at_s[start:end] - day * DAY_S, values[start:end], quality[start:end])
            intake.merge_day((one.id, day), 0, new, stored.get((one.id, day)))
    intake.flush()


def _acceptable(intake: Intake) -> dict[Register, list[Units]]:
    """Stands of known meters that hung there then, with a value that their register can show."""
    found: dict[Register, list[Units]] = {}
    for stand in intake.delivery.decoded.stands:
        meter = intake.meters.get(stand.meter)
        if meter is None:
            intake.refuse("unknown-meter", f"meter {stand.meter} is not registered", stand)
        elif stand.at > intake.horizon:
            intake.refuse("future", f"{stand.at.isoformat()} lies after it was received", stand)
        elif not meter.hangs_at(stand.at):
            intake.refuse("not-installed", f"meter {stand.meter} did not hang there at {stand.at.isoformat()}", stand)
        elif stand.quality != Quality.MISSING:
            one = intake.register_of(meter, stand.quantity, Shape.STAND)
            bound = intake.bound(meter, one, civil_date(stand.at))
            try:
                value = to_units(stand.value, stand.unit, stand.quantity, one.exponent)
            except ValueError as error:
                intake.refuse("impossible-value", str(error), stand)
                continue
            if bound is not None and (value < 0 or 0 < bound.modulus <= value):
                intake.refuse(
                    "impossible-value", f"{stand.value} {stand.unit} is more than its register can show", stand
                )
            else:
                found.setdefault(one, []).append((stand, value))
    return found


def _possible(intake: Intake, one: Register, stands: list[Units], near: Sequence[Stored]) -> list[Units]:
    """The stands without those that lie too far from their neighbours."""
    bound = intake.bound(intake.meters[one.serial], one, civil_date(stands[0][0].at))
    if bound is None:
        return stands
    new_s = [seconds(stand.at) for stand, _ in stands]
    told = set(new_s)
    old = [
        (day.day * DAY_S + offset, value, -1)
        for day in near
        for offset, value in zip(day.content.offsets.tolist(), day.content.values.tolist(), strict=True)
        if day.day * DAY_S + offset not in told
    ]
    every = sorted(old + [(at, stands[i][1], i) for i, at in enumerate(new_s)])
    at_s, values, number = np.array(every, np.int64).T
    wrong = {every[i][2] for i in impossible_stands(at_s, values, number >= 0, bound)}
    for i in sorted(wrong):
        stand = stands[i][0]
        reason = f"{stand.value} {stand.unit} at {stand.at.isoformat()} is more than the meter can have counted"
        intake.refuse("impossible-jump", reason, stand)
    return [pair for i, pair in enumerate(stands) if i not in wrong]
