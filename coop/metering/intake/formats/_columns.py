"""Columns of whole numbers, read straight from the text of a JSON document into arrays.

A large batch is mostly numbers. Parsed as any JSON is, each becomes an object first, which costs more than all that is
done with it afterwards. Here the text between the brackets is read by a compiled loop, and the document that is left
holds in each of these places the column's number alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coop.metering.compiled import compiled
from coop.metering.model import Int64Array

_OPENING = re.compile(rb'"values"\s*:\s*\[')
_DIGITS_MOST = 16
"""More digits than any number that is taken has, and fewer than wrap 64 bits."""
_MINUS, _ZERO, _NINE, _COMMA, _CLOSING = ord("-"), ord("0"), ord("9"), ord(","), ord("]")
_N, _U, _L = ord("n"), ord("u"), ord("l")


@dataclass(frozen=True)
class Columns:
    """Columns named ``values`` of a JSON text, in order, one behind the other: column ``k`` is ``values[bounds[k]:
    bounds[k + 1]]``, 0 and not ``there`` for null. ``rest`` is the text with ``[k]`` in the place of column ``k``."""

    rest: bytes
    values: Int64Array
    there: NDArray[np.bool_]
    bounds: Int64Array

    def __len__(self) -> int:
        return len(self.bounds) - 1


def cut_columns(text: bytes) -> Columns | None:
    """Cut the columns out of a JSON text; None where any of them holds other things than whole numbers and nulls.

    >>> cut = cut_columns(b'[{"values": [7, null, -12], "step_s": 900}, {"values":[5]}]')
    >>> cut.rest, cut.values.tolist(), cut.there.tolist(), cut.bounds.tolist()
    (b'[{"values": [0], "step_s": 900}, {"values":[1]}]', [7, 0, -12, 5], [True, False, True, True], [0, 3, 4])
    >>> cut_columns(b'{"values": [7, 12.5]}') is None
    True
    """
    openings = np.array([match.end() for match in _OPENING.finditer(text)], np.int64)
    room = text.count(b",") + len(openings)
    values, there = np.empty(room, np.int64), np.empty(room, np.bool_)
    closings, bounds = np.zeros(len(openings), np.int64), np.zeros(len(openings) + 1, np.int64)
    if not _read(np.frombuffer(text, np.uint8), openings, values, there, closings, bounds):
        return None
    kept = [0, *closings.tolist()]
    pieces = [text[start:end] + b"%d" % k for k, (start, end) in enumerate(zip(kept, openings.tolist(), strict=False))]
    count = int(bounds[-1])
    return Columns(b"".join([*pieces, text[kept[-1] :]]), values[:count], there[:count], bounds)


@compiled
def _read(
    text: NDArray[np.uint8],
    openings: Int64Array,
    values: Int64Array,
    there: NDArray[np.bool_],
    closings: Int64Array,
    bounds: Int64Array,
) -> bool:
    """Read each column behind its opening bracket; False where one is not as JSON writes whole numbers and nulls."""
    n, filled = len(text), 0
    for k in range(len(openings)):
        at = openings[k]
        while True:
            while at < n and (text[at] == 32 or 9 <= text[at] <= 10 or text[at] == 13):
                at += 1
            if at + 4 < n and text[at] == _N:
                if text[at + 1] != _U or text[at + 2] != _L or text[at + 3] != _L:
                    return False
                at += 4
                values[filled], there[filled] = 0, False
            else:
                is_negative = at < n and text[at] == _MINUS
                at += is_negative
                first, value = at, 0
                while at < n and at - first <= _DIGITS_MOST and _ZERO <= text[at] <= _NINE:
                    value = 10 * value + (text[at] - _ZERO)
                    at += 1
                digits = at - first
                if digits == 0 or digits > _DIGITS_MOST or (text[first] == _ZERO and (digits > 1 or is_negative)):
                    return False
                values[filled], there[filled] = (-value if is_negative else value), True
            filled += 1
            while at < n and (text[at] == 32 or 9 <= text[at] <= 10 or text[at] == 13):
                at += 1
            if at >= n or (text[at] != _COMMA and text[at] != _CLOSING):
                return False
            at += 1
            if text[at - 1] == _CLOSING:
                break
        closings[k], bounds[k + 1] = at - 1, filled
    return True
