"""The order in which the points of a meeting are voted on, motions that came after the notice among them.

Amendments come before what they change, the one that reaches furthest first, each followed by the proposal as it would
be changed; what was on the agenda keeps its order, and an option that came later stands behind it.

Source: docs/domain/meetings-votes-and-statutes.md#motions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from coop.governance.entries.store import list_entries
from coop.governance.model import Resolution
from coop.kit.tx import Tx

ORDER = "order"
"""Kind of the entries by which the chair's order of amendments comes on file."""


def find_order(tx: Tx, meeting_id: str) -> Mapping[str, Sequence[str]]:
    """By point, its amendments as the chair ordered them last: two people signed it."""
    signed = [
        entry.content
        for entry, settled in list_entries(tx, ORDER, meeting_id=meeting_id)
        if settled is not None and settled.outcome == "confirmed"
    ]
    return {content["resolution_id"]: content["amendments"] for content in signed}


def arrange(
    points: Sequence[Resolution], find: Callable[[], Mapping[str, Sequence[str]]] = dict
) -> tuple[Resolution, ...]:
    """Points in the order of voting; ``find`` is asked for the chair's order where there are amendments."""
    wins = {point.option_of: point.wins for point in points if point.motion_id and point.option_of}
    heads = {point.resolution_id: _join(point, wins) for point in points}
    changed = {point.amended_by: [_follow(point, heads)] for point in points if point.amended_by is not None}
    amendments: dict[str, list[Resolution]] = {}
    for point in points:
        if point.is_amendment:
            amendments.setdefault(str(point.amends), []).append(point)
    order = find() if amendments else {}
    arranged = []
    for point in points:
        if point.amends is not None:
            continue
        ranked = [*order.get(point.resolution_id, ())]
        ranked += [each.resolution_id for each in amendments.get(point.resolution_id, ())]
        for each in sorted(amendments.get(point.resolution_id, ()), key=lambda one: ranked.index(one.resolution_id)):
            arranged += [each, *changed.get(each.resolution_id, ())]
        arranged.append(heads[point.resolution_id])
    return tuple(arranged)


def _join(point: Resolution, wins: Mapping[str, str]) -> Resolution:
    """A point that the notice put to the vote alone, as an option where another one came beside it."""
    if point.option_of or point.resolution_id not in wins:
        return point
    return replace(point, option_of=point.resolution_id, wins=wins[point.resolution_id], countered=True)


def _follow(changed: Resolution, heads: Mapping[str, Resolution]) -> Resolution:
    """A point as it would be changed, which takes the place of that point among its options."""
    before = heads[str(changed.amends)]
    if changed.option_of or not before.option_of:
        return changed
    return replace(changed, option_of=before.option_of, wins=before.wins, countered=True)
