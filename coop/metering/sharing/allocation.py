"""Allocation of shared production over the participants of a sharing group, per interval, exact to the Wh.

Invariant, for every interval: ``0 <= allocated <= consumption`` for each participant; the allocated parts and the
surplus add up to the production; for every key but the static one the parts add up to the lesser of production and
total consumption. The order in which the participants are given never matters: a tie goes to the lowest id.

Whoever calls has already taken off what a producer used itself, and has added up the production of several producers.
An interval is a row; what civil day it belongs to means nothing here, so a clock change is nothing special.

Source: docs/domain/energy-sharing-and-allocation.md#keys (E14, E15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import Int64Array
from coop.metering.sharing.explanation import Division, Explanation, allocate_interval, explain
from coop.metering.sharing.keys import PARTS, Key, KeyKind
from coop.values import BadInput, Problem, say

__all__ = ["PARTS", "Allocation", "Division", "Explanation", "Key", "KeyKind", "allocate", "explain"]

# A TWh in one interval is no reading any more, and the sum of so many participants stays far inside int64.
_HIGHEST_WH, _MOST_PARTICIPANTS = 2**40, 2**20
_MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Allocation:
    """Energy that each participant got, and the energy that was left.

    ``allocated_wh`` has shape (intervals, participants), its columns in the order in which the participants were given;
    ``surplus_wh`` has shape (intervals,). Both in whole Wh.
    """

    allocated_wh: Int64Array
    surplus_wh: Int64Array


def allocate(
    key: Key, participants: Sequence[str], production_wh: Int64Array, consumption_wh: Int64Array
) -> Allocation:
    """Allocate shared production under ``key``.

    Fastest on a C-ordered matrix, one row per interval; another layout is copied first. Runs on one core and releases
    the GIL. Intervals with energies below 2**31 Wh, and production times the largest use below 2**53, take the compiled
    path; larger ones, up to 2**40 Wh, take whole numbers of any size, which costs microseconds per participant.

    >>> key = Key(KeyKind.DYNAMIC)
    >>> found = allocate(key, ["B", "A"], np.array([5, 9]), np.array([[4, 4], [2, 3]]))
    >>> found.allocated_wh.tolist(), found.surplus_wh.tolist()
    ([[2, 3], [2, 3]], [0, 4])

    Args:
        key: The agreed key.
        participants: Ids, in any order.
        production_wh: Shared production, shape (intervals,), int64 [Wh].
        consumption_wh: Use left to cover, shape (intervals, participants), int64 [Wh].

    Raises:
        BadInput: the key does not fit the participants; the shapes or types do not fit; an energy is negative or
            not below 2**40 Wh.
    """
    key.require_participants(participants)
    _require_shapes(participants, production_wh, consumption_wh)
    # A read-only view has one type for the compiler, whether the data came from a buffer or from a computation.
    production, consumption = np.ascontiguousarray(production_wh).view(), np.ascontiguousarray(consumption_wh).view()
    production.flags.writeable = consumption.flags.writeable = False
    allocated = np.empty(consumption.shape, np.int64)
    beyond = _run_kernel(key, participants, production, consumption, allocated)
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
        return _kernels.fill(production, consumption, by_id, weights, PARTS, allocated)
    hybrid = key.kind is KeyKind.HYBRID
    return _kernels.static(production, consumption, by_id, weights, PARTS, hybrid, allocated)


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
                "consumption_wh",
            )
        )
    for name, values in (("production_wh", production), ("consumption_wh", consumption)):
        if values.dtype != np.int64:
            problems.append(Problem(say("energies are whole Wh in int64, not %(dtype)s", dtype=values.dtype), name))
    if problems:
        raise BadInput(problems, "allocation-input")


def _require_energies(participants: Sequence[str], production: Int64Array, consumption: Int64Array) -> None:
    found = [("production_wh", t, production[t]) for (t,) in np.argwhere(~_is_energy(production))]
    for t, i in np.argwhere(~_is_energy(consumption)):
        found.append((f"consumption_wh of {participants[i]}", t, consumption[t, i]))
    # One flaw upstream can spoil a whole matrix: the first few say enough.
    problems = [
        Problem(
            say(
                "%(wh)s Wh in interval %(t)s is no energy from 0 to below %(highest_wh)s Wh",
                wh=wh,
                t=t,
                highest_wh=_HIGHEST_WH,
            ),
            field,
        )
        for field, t, wh in found[:_MOST_PROBLEMS]
    ]
    if problems:
        raise BadInput(problems, "allocation-input")


def _is_energy(values_wh: Int64Array) -> NDArray[np.bool_]:
    return (values_wh >= 0) & (values_wh < _HIGHEST_WH)
