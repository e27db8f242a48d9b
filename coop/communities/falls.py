"""Rules on choices of the members' meeting that fell: what was chosen before holds again, from the day on which that is
told, as members relied on it until then (BW 2:16 lid 2).

Source: docs/domain/meetings-votes-and-statutes.md#a-decision-that-falls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coop.communities.choices import Choices, DatedChoice
from coop.communities.stops import Stop, is_stopped


def hold_again(rows: Sequence[DatedChoice], stops: Mapping[str, Sequence[Stop]], source: str) -> list[DatedChoice]:
    """The rows to add to choices, so that on each day the newest one holds of those that were made and had not fallen,
    as told by that day. In whatever order choices and falls are heard, the same holds after the last.

    Args:
        rows: choices in the order in which they came on file, with those that were added by this rule before.
        stops: by resolution, what was told of decisions that fell.
        source: name of the paper for the rows to add.
    """
    made = _list_made(rows)
    added: list[DatedChoice] = []
    for kind in dict.fromkeys(type(row.choice) for row in made if row.resolution_id in stops):
        of_kind = [row for row in made if type(row.choice) is kind]
        falls = [stop for row in of_kind for stop in stops.get(row.resolution_id, ())]
        days = {row.valid_from for row in of_kind} | {max(stop.from_on, stop.told_on) for stop in falls}
        for day in sorted(days):
            standing = Choices(
                tuple(row for row in of_kind if not is_stopped(stops.get(row.resolution_id, ()), day, day))
            )
            if all(row.valid_from > day for row in standing.rows):
                continue
            wanted, _ = standing.dated_on(kind, day)
            now, _ = Choices((*rows, *added)).dated_on(kind, day)
            if (now.choice, now.resolution_id) != (wanted.choice, wanted.resolution_id):
                added.append(DatedChoice(day, wanted.choice, source, wanted.resolution_id))
    return added


def _list_made(rows: Sequence[DatedChoice]) -> list[DatedChoice]:
    """Choices as they were made, without rows by which one holds again: of what a meeting makes the first row of each
    resolution, and the one that a co-operative began with."""
    made: dict[tuple[object, ...], DatedChoice] = {}
    for number, row in enumerate(rows):
        is_by_meeting = row.choice.TOUCHES_MONEY or row.resolution_id
        made.setdefault((type(row.choice), row.resolution_id) if is_by_meeting else (number,), row)
    return list(made.values())
