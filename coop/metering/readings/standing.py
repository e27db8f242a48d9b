"""Standing of each thing that was said about a register's day: whether it is the value that counts, and if not, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

import numpy as np

from coop.kit.tx import Tx
from coop.metering.model import Quality
from coop.metering.readings.log import RegisterDay
from coop.metering.readings.observations import UNDONE, VOID, Entries, is_same
from coop.metering.readings.store import History, read_shared_histories


class Standing(StrEnum):
    """Standing of one value that a delivery said."""

    STANDS = "stands"
    """It is the value of its place."""
    REPEATS = "repeats"
    """Another delivery said the same, and that one is named."""
    OUTRANKED = "outranked"
    """Another value stands there: of higher rank, or received later."""
    CONTRADICTS = "contradicts"
    """One account alone says that another value was measured than the device did: two people decide by a correction."""
    COARSER = "coarser"
    """It is of a longer interval than the day is told in: it counts only where the finer ones say nothing."""
    WITHDRAWN = "withdrawn"
    """Two people called it false."""
    TAKEN_BACK = "taken-back"
    """The import that brought it was undone."""
    MISSING = "missing"
    """The sender said that it has no value there."""


def list_standings(history: History) -> list[tuple[int, Standing]]:
    """Each entry of a day that says a value, by its place among the entries, in the order of time; what takes
    something back is no value and is left out."""
    entries = history.entries
    undone = set(entries.values[entries.quality == UNDONE].tolist())
    voids = [i for i in np.flatnonzero(entries.quality == VOID).tolist() if int(entries.number[i]) not in undone]
    winners = {(int(entries.offsets[i]), int(entries.step_s[i])): i for i in history.fold.source.tolist() if i >= 0}
    told = np.flatnonzero(entries.quality < VOID)
    order = np.lexsort((entries.number[told], entries.step_s[told], entries.offsets[told]))
    return [(i, _judge(history, i, undone, voids, winners)) for i in told[order].tolist()]


def _judge(
    history: History, i: int, undone: set[int], voids: list[int], winners: dict[tuple[int, int], int]
) -> Standing:
    entries = history.entries
    place = int(entries.offsets[i]), int(entries.step_s[i])
    if int(entries.number[i]) in undone:
        return Standing.TAKEN_BACK
    if entries.quality[i] == Quality.MISSING:
        return Standing.MISSING
    if any(_is_place(entries, void, place) and is_same(entries, i, void) for void in voids):
        return Standing.WITHDRAWN
    winner = winners.get(place)
    if winner == i:
        return Standing.STANDS
    if winner is None:
        return Standing.COARSER if place[1] > history.fold.step_s else Standing.OUTRANKED
    if is_same(entries, i, winner):
        return Standing.REPEATS
    is_against_a_device = int(entries.number[i]) in history.claims and int(entries.number[winner]) not in history.claims
    both_measured = entries.quality[i] == entries.quality[winner] == Quality.MEASURED
    return Standing.CONTRADICTS if is_against_a_device and both_measured else Standing.OUTRANKED


def count_contradictions(tx: Tx, told: Iterable[RegisterDay]) -> Counter[int]:
    """Number of values with which deliveries contradict a device, by the number of the delivery, on the days
    that were told."""
    wanted: dict[int, set[str]] = {}
    for register_id, day in told:
        wanted.setdefault(day, set()).add(register_id)
    counted: Counter[int] = Counter()
    for history in read_shared_histories(tx, wanted).values():
        if history.claims and len(history.entries.numbers()) > len(history.claims):
            counted.update(
                int(history.entries.number[i])
                for i, standing in list_standings(history)
                if standing is Standing.CONTRADICTS
            )
    return counted


def _is_place(entries: Entries, i: int, place: tuple[int, int]) -> bool:
    return (int(entries.offsets[i]), int(entries.step_s[i])) == place
