"""Allocation of shared production over the participants of a sharing group, per interval, exact to the unit.

Energies are whole units of whatever is given: thousandths of a Wh of electricity, joules of heat. The unit is chosen so
fine that nobody loses to rounding: an interval is off by less than one of them.

Invariant, for every interval: ``0 <= allocated <= use`` for each participant; the allocated parts and the
surplus add up to the production; for every key but the static one the parts add up to the lesser of total use and
production, less what the key lets the producers keep. The order in which the participants are given never matters: a
tie goes to the lowest id.

Whoever calls has already taken off what a producer used itself, and has added up the production of several producers.
An interval is a row; what civil day it belongs to means nothing here, so a clock change is nothing special.

Source: docs/domain/energy-sharing-and-allocation.md#keys (E14, E15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coop.communities.allocation_keys import PARTS, Key, KeyKind
from coop.metering.model import Int64Array
from coop.metering.sharing.explanation import Division, Explanation, allocate_interval, explain
from coop.values import BadInput, Problem, say

__all__ = ["PARTS", "Allocation", "Division", "Explanation", "Key", "KeyKind", "allocate", "explain"]

# A thousand MWh in one interval is no reading any more, and the sum of so many participants stays far inside int64.
_HIGHEST, _MOST_PARTICIPANTS = 2**40, 2**20
_MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Allocation:
    """Energy that each participant got, and the energy that was left.

    ``allocated`` has shape (intervals, participants), its columns in the order in which the participants were given;
    ``surplus`` has shape (intervals,). Both in whole units.
    """

    allocated: Int64Array
    surplus: Int64Array


def allocate(key: Key, participants: Sequence[str], production: Int64Array, use: Int64Array) -> Allocation:
    """Allocate shared production under ``key``.

    Fastest on a C-ordered matrix, one row per interval; another layout is copied first. Runs on one core and releases
    the GIL. Intervals with energies below 2**40, and production times the largest use below 2**63, take the compiled
    path; others take whole numbers of any size, which costs microseconds per participant.

    >>> key = Key(KeyKind.DYNAMIC)
    >>> found = allocate(key, ["B", "A"], np.array([5, 9]), np.array([[4, 4], [2, 3]]))
    >>> found.allocated.tolist(), found.surplus.tolist()
    ([[2, 3], [2, 3]], [0, 4])

    Args:
        key: The agreed key.
        participants: Ids, in any order.
        production: Shared production, shape (intervals,), int64 [units].
        use: Use left to cover, shape (intervals, participants), int64 [units].

    Raises:
        BadInput: the key does not fit the participants; the shapes or types do not fit; an energy is negative or
            not below 2**40.
    """
    key.require_participants(participants)
    _require_shapes(participants, production, use)
    # A read-only view has one type for the compiler, whether the data came from a buffer or from a computation.
    production, consumption = np.ascontiguousarray(production).view(), np.ascontiguousarray(use).view()
    if key.kept and not _is_energy(production).all():
        _require_energies(participants, production, consumption)
    offered = key.offer(production).view()
    offered.flags.writeable = consumption.flags.writeable = False
    allocated = np.empty(consumption.shape, np.int64)
    beyond = _run_kernel(key, participants, offered, consumption, allocated)
    if beyond.any():
        _require_energies(participants, production, consumption)
    for t in np.flatnonzero(beyond):
        allocated[t] = allocate_interval(key, participants, int(production[t]), consumption[t].tolist())
    return Allocation(allocated, production - allocated.sum(axis=1))


def _run_kernel(
    key: Key, participants: Sequence[str], production: Int64Array, consumption: Int64Array, allocated: Int64Array
) -> NDArray[np.bool_]:
    # Imported here: who does not allocate need not wait for the compiler to load.
    from coop.metering.sharing import _kernels

    if key.kind is KeyKind.PRIORITY:
        column = {name: i for i, name in enumerate(participants)}
        in_turn = np.array([column[name] for name in key.order], np.int64)
        return _kernels.priority(production, consumption, in_turn, allocated)
    by_id = np.array(sorted(range(len(participants)), key=participants.__getitem__), np.int64)
    if key.kind is KeyKind.DYNAMIC:
        return _kernels.dynamic(production, consumption, by_id, allocated)
    if key.kind is KeyKind.EQUAL:
        alike = np.ones(len(participants), np.int64)
        return _kernels.fill(production, consumption, by_id, alike, len(participants), allocated)
    weights = np.array([key.weights[name] for name in participants], np.int64)
    if key.kind is KeyKind.REDISTRIBUTION:
        return _kernels.fill(production, consumption, by_id, weights, key.shared, allocated)
    hybrid = key.kind is KeyKind.HYBRID
    return _kernels.static(production, consumption, by_id, weights, key.shared, hybrid, allocated)


def _require_shapes(participants: Sequence[str], production: Int64Array, consumption: Int64Array) -> None:
    problems = []
    if len(participants) > _MOST_PARTICIPANTS:
        problems.append(
            Problem(
                say(
                    "%(participants)s are more than %(most)s",
                    participants=len(participants),
                    most=_MOST_PARTICIPANTS,
                ),
                "participants",
            )
        )
    if production.ndim != 1 or consumption.shape != (production.size, len(participants)):
        expected = f"{production.shape} intervals and {len(participants)} participants"
        problems.append(
            Problem(
                say("the shape %(shape)s does not fit %(expected)s", shape=consumption.shape, expected=expected),
                "use",
            )
        )
    for name, values in (("production", production), ("use", consumption)):
        if values.dtype != np.int64:
            problems.append(Problem(say("energies are whole units in int64, not %(dtype)s", dtype=values.dtype), name))
    if problems:
        raise BadInput(problems, "allocation-input")


def _require_energies(participants: Sequence[str], production: Int64Array, consumption: Int64Array) -> None:
    found = [("production", t, production[t]) for (t,) in np.argwhere(~_is_energy(production))]
    for t, i in np.argwhere(~_is_energy(consumption)):
        found.append((f"use of {participants[i]}", t, consumption[t, i]))
    # One flaw upstream can spoil a whole matrix: the first few say enough.
    problems = [
        Problem(
            say(
                "%(units)s units in interval %(t)s are no energy from 0 to below %(highest)s units",
                units=units,
                t=t,
                highest=_HIGHEST,
            ),
            field,
        )
        for field, t, units in found[:_MOST_PROBLEMS]
    ]
    if problems:
        raise BadInput(problems, "allocation-input")


def _is_energy(values: Int64Array) -> NDArray[np.bool_]:
    return (values >= 0) & (values < _HIGHEST)
