"""Compiled kernels of the allocation: one function per family of keys, each over all intervals on one core.

Invariant: every result is exact, or its interval is marked in the mask that is returned and left to who can do it;
nothing is rounded on the way, and nothing depends on the order of the columns.

The one act is ``_divide``: ``amount`` whole units over ``weights`` that add up to ``base``, by largest remainder. Two
passes over a row that stays in the first-level cache:

1. *Floors and remainders.* ``amount * weight`` and everything derived from it are whole numbers below 2**53, so float64
   holds them exactly and the processor does eight at a time, which it cannot with integer division. Multiplying by
   ``1 / base`` instead of dividing puts the floor wrong by at most one, because the quotient is below 2**31 and the two
   roundings add an error below 2**-20; the remainder, exact again, shows it (below 0, or not below ``base``) and it is
   put right.
2. *Who gets the leftover units.* No sorting: find the threshold that as many remainders reach as there are units left.
   Each probe counts the remainders at or above a value, one vectorised pass of a tenth of a nanosecond per participant;
   the next value is interpolated between the last two, and every fourth time their middle, so that even remainders made
   to mislead end within four times log2(base) probes. If the threshold falls inside a group of equal remainders, the
   units go through that group in the order of ids (``by_id``), which is the only place where order matters.

Where ``amount * weight`` does not fit into float64, but into 64 bits, as for a village in thousandths of a Wh, the
floors and remainders come from whole numbers instead, some nanoseconds dearer; all else is the same.

Range: production and each use below 2**40, their product below 2**63, and what is divided by below 2**53.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from coop.metering.compiled import compiled, summing
from coop.metering.model import Int64Array

Mask = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Whole: TypeAlias = int | np.int64

_HIGHEST = 2**40
_EXACT_FLOAT = 2.0**53
_EXACT_WHOLE = 2.0**63
_SHORT = 2**31


@compiled
def _count_from(values: FloatArray, least: float) -> int:
    count = 0
    for i in range(values.size):
        count += values[i] >= least
    return count


@compiled
def _divide_whole(
    amount: Whole, weights: Int64Array, base: Whole, by_id: Int64Array, parts: Int64Array, remainders: FloatArray
) -> None:
    """Divide as ``_divide`` does, for products that only fit into 64 bits."""
    left = np.int64(amount)
    for i in range(weights.size):
        product = amount * weights[i]
        part = product // base
        remainders[i] = np.float64(product - part * base)
        parts[i] = part
        left -= part
    if left > 0:
        _hand_out(left, base, by_id, parts, remainders)


@compiled
def _divide(
    amount: Whole, weights: Int64Array, base: Whole, by_id: Int64Array, parts: Int64Array, remainders: FloatArray
) -> None:
    """Write the part of each weight into ``parts``; they add up to ``amount``. ``remainders`` is working space."""
    total, divisor, reciprocal = np.float64(amount), np.float64(base), 1.0 / np.float64(base)
    left = np.int64(amount)
    largest = np.int64(0)
    for i in range(weights.size):
        largest |= weights[i]
    if amount >= _SHORT or largest >= _SHORT or total * np.float64(largest) + divisor >= _EXACT_FLOAT:
        _divide_whole(left, weights, np.int64(base), by_id, parts, remainders)
        return
    for i in range(weights.size):
        # Conversions between int32 and float64 are vectorised on every processor, those of int64 are not.
        product = total * np.float64(np.int32(weights[i]))
        floor = np.floor(product * reciprocal)
        remainder = product - floor * divisor
        if remainder < 0.0:
            floor -= 1.0
            remainder += divisor
        elif remainder >= divisor:
            floor += 1.0
            remainder -= divisor
        remainders[i] = remainder
        part = np.int64(np.int32(floor))
        parts[i] = part
        left -= part
    if left > 0:
        _hand_out(left, base, by_id, parts, remainders)


@compiled
def _divide_evenly(amount: Whole, weights: Int64Array, base: Whole, by_id: Int64Array, parts: Int64Array) -> None:
    """Divide as ``_divide`` does over weights of one and of none: all remainders are alike, and go by id."""
    part = amount // base
    for i in range(weights.size):
        parts[i] = part * weights[i]
    left = amount - part * base
    j = 0
    while left > 0:
        parts[by_id[j]] += weights[by_id[j]]
        left -= weights[by_id[j]]
        j += 1


@compiled
def _hand_out(left: Whole, base: Whole, by_id: Int64Array, parts: Int64Array, remainders: FloatArray) -> None:
    """Add one unit to each of the ``left`` largest remainders, a tie to the lowest id."""
    low, above_low = np.int64(0), remainders.size
    high, above_high = np.int64(base), 0
    probe = 0
    while high - low > 1 and above_high != left:
        probe += 1
        if probe % 4 == 0:
            value = (low + high) // 2
        else:
            value = low + np.int64((high - low) * ((above_low - left) / (above_low - above_high)))
            value = min(max(value, low + 1), high - 1)
        count = _count_from(remainders, np.float64(value))
        if count > left:
            low, above_low = value, count
        else:
            high, above_high = value, count
    threshold = np.float64(high)
    for i in range(remainders.size):
        parts[i] += remainders[i] >= threshold
    ties = left - above_high
    equal = np.float64(low)
    j = 0
    while ties > 0:
        if remainders[by_id[j]] == equal:
            parts[by_id[j]] += 1
            ties -= 1
        j += 1


@compiled
def _total_and_bits(row: Int64Array) -> tuple[Whole, Whole]:
    """Sum, and all values or-ed together: its sign and its size bound those of every value, at no cost."""
    total, bits = np.int64(0), np.int64(0)
    for i in range(row.size):
        total += row[i]
        bits |= row[i]
    return total, bits


@compiled
def _outside(production: Whole, bits: Whole) -> bool | np.bool:
    """True when a value is negative or too large; the caller finds out which of the two, and whether it is a fault."""
    return production < 0 or bits < 0 or production >= _HIGHEST or bits >= _HIGHEST


@compiled
def _exceeds(amount: Whole, largest_weight: Whole, base: Whole) -> bool | np.bool:
    return np.float64(amount) * np.float64(largest_weight) >= _EXACT_WHOLE or np.float64(base) >= _EXACT_FLOAT


@compiled
def dynamic(production: Int64Array, consumption: Int64Array, by_id: Int64Array, allocated: Int64Array) -> Mask:
    """Pro rata to use."""
    intervals, participants = consumption.shape
    beyond = np.zeros(intervals, np.bool_)
    remainders = np.empty(participants, np.float64)
    for t in range(intervals):
        row = consumption[t]
        total, bits = _total_and_bits(row)
        beyond[t] = _outside(production[t], bits)
        if beyond[t]:
            continue
        if production[t] >= total:
            allocated[t] = row
        elif _exceeds(production[t], bits, total):
            beyond[t] = True
        else:
            _divide(production[t], row, total, by_id, allocated[t], remainders)
    return beyond


@compiled
def static(
    production: Int64Array,
    consumption: Int64Array,
    by_id: Int64Array,
    weights: Int64Array,
    base: Whole,
    hybrid: bool,
    allocated: Int64Array,
) -> Mask:
    """By agreed share, never more than the use; with ``hybrid`` what is left follows the use that is still open."""
    intervals, participants = consumption.shape
    beyond = np.zeros(intervals, np.bool_)
    remainders = np.empty(participants, np.float64)
    open_use, extra = np.empty(participants, np.int64), np.empty(participants, np.int64)
    for t in range(intervals):
        row, parts = consumption[t], allocated[t]
        total, bits = _total_and_bits(row)
        beyond[t] = _outside(production[t], bits)
        if beyond[t]:
            continue
        if hybrid and production[t] >= total:
            parts[:] = row
            continue
        _divide(production[t], weights, base, by_id, parts, remainders)
        left = production[t]
        for i in range(participants):
            parts[i] = min(parts[i], row[i])
            left -= parts[i]
        if not hybrid or left == 0:
            continue
        still_open = np.int64(0)
        for i in range(participants):
            open_use[i] = row[i] - parts[i]
            still_open += open_use[i]
        if _exceeds(left, bits, still_open):
            beyond[t] = True
            continue
        _divide(left, open_use, still_open, by_id, extra, remainders)
        for i in range(participants):
            parts[i] += extra[i]
    return beyond


@summing
def _sum_full(use: FloatArray, weights: FloatArray, left: float, base: float) -> tuple[float, float]:
    """Use and weight of those who are full where ``left`` is divided over weights that add up to ``base``: whole
    numbers and products below 2**53, so that float64 is exact and the processor takes several at a time."""
    used, freed = 0.0, 0.0
    for i in range(use.size):
        full = use[i] * base <= weights[i] * left
        used += use[i] if full else 0.0
        freed += weights[i] if full else 0.0
    return used, freed


@compiled
def _sum_full_whole(row: Int64Array, weights: Int64Array, left: Whole, base: Whole) -> tuple[Whole, Whole]:
    """Find the same as ``_sum_full`` for products that only fit into 64 bits."""
    used, freed = np.int64(0), np.int64(0)
    for i in range(row.size):
        full = row[i] * base <= weights[i] * left
        used += row[i] if full else 0
        freed += weights[i] if full else 0
    return used, freed


@compiled
def _mark_open(use: FloatArray, weights: FloatArray, left: float, base: float, open_weights: Int64Array) -> None:
    """Write the weight of those who are not full, and 0 for the others; by ``_sum_full``'s measure."""
    for i in range(use.size):
        weight = 0.0 if use[i] * base <= weights[i] * left else weights[i]
        open_weights[i] = np.int64(np.int32(weight))


@compiled
def _level(
    production: Whole,
    row: Int64Array,
    weights: Int64Array,
    base: Whole,
    use: FloatArray,
    shares: FloatArray,
    short: bool | np.bool,
) -> tuple[Whole, Whole]:
    """Find the level at which ``production`` is used up: what is left of it for those who are not full, and their
    weight.

    The level is approached from below, by Newton's steps on a line that only bends down, each of them exact: whoever is
    full at one level is full at every higher one. It is the right one when those who are full at it are those whom it
    was computed without. Where products are ``short`` the steps are in floating point.
    """
    left, open_base = np.int64(production), np.int64(base)
    while True:
        if short:
            used, freed = _sum_full(use, shares, np.float64(left), np.float64(open_base))
            next_left, next_base = np.int64(production - np.int64(used)), np.int64(base - np.int64(freed))
        else:
            full_use, full_weight = _sum_full_whole(row, weights, left, open_base)
            next_left, next_base = np.int64(production - full_use), np.int64(base - full_weight)
        if next_left == left and next_base == open_base:
            return left, open_base
        left, open_base = next_left, next_base


@compiled
def fill(
    production: Int64Array,
    consumption: Int64Array,
    by_id: Int64Array,
    weights: Int64Array,
    base: Whole,
    allocated: Int64Array,
) -> Mask:
    """By weight, what one cannot use to the others: one level, in proportion to weight, that all rise to.

    Who is full at that level gets what it uses; what is left is one division over the others.
    """
    intervals, participants = consumption.shape
    beyond = np.zeros(intervals, np.bool_)
    remainders = np.empty(participants, np.float64)
    open_weights = np.empty(participants, np.int64)
    use, shares = np.empty(participants, np.float64), weights.astype(np.float64)
    even = base == participants and (weights == 1).all()
    for t in range(intervals):
        row, parts = consumption[t], allocated[t]
        total, bits = _total_and_bits(row)
        beyond[t] = _outside(production[t], bits)
        if beyond[t]:
            continue
        if production[t] >= total:
            parts[:] = row
            continue
        if production[t] == 0:
            parts[:] = 0
            continue
        largest = max(np.float64(bits), np.float64(production[t]))
        short = bits < _SHORT and largest * np.float64(base) < _EXACT_FLOAT
        if short:
            for i in range(participants):
                use[i] = np.float64(np.int32(row[i]))
        left, open_base = _level(production[t], row, weights, base, use, shares, short)
        if short:
            _mark_open(use, shares, np.float64(left), np.float64(open_base), open_weights)
        else:
            for i in range(participants):
                open_weights[i] = 0 if row[i] * open_base <= weights[i] * left else weights[i]
        if even:
            _divide_evenly(left, open_weights, open_base, by_id, parts)
        else:
            _divide(left, open_weights, open_base, by_id, parts, remainders)
        for i in range(participants):
            parts[i] = row[i] if open_weights[i] == 0 else parts[i]
    return beyond


@compiled
def priority(production: Int64Array, consumption: Int64Array, in_turn: Int64Array, allocated: Int64Array) -> Mask:
    """In the order of ``in_turn``, each up to its use."""
    intervals, participants = consumption.shape
    beyond = np.zeros(intervals, np.bool_)
    for t in range(intervals):
        _, bits = _total_and_bits(consumption[t])
        beyond[t] = _outside(production[t], bits)
        if beyond[t]:
            continue
        left = production[t]
        for j in range(participants):
            i = in_turn[j]
            allocated[t, i] = min(left, consumption[t, i])
            left -= allocated[t, i]
    return beyond
