"""Rules of the register that need more than one record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from coop.members.model import Occupancy
from coop.values import Problem


def overlapping(occupancies: Iterable[Occupancy]) -> list[Problem]:
    """Connections that two members would hold on the same day: a problem for each pair."""
    problems = []
    by_connection: dict[str, list[Occupancy]] = {}
    for occupancy in occupancies:
        by_connection.setdefault(occupancy.connection_id, []).append(occupancy)
    for held in by_connection.values():
        held.sort(key=lambda occupancy: (occupancy.opened_on, occupancy.closed_on or date.max))
        for earlier, later in pairwise(held):
            if earlier.closed_on is None or earlier.closed_on > later.opened_on:
                reason = (
                    f"the connection is held from {earlier.opened_on} to {earlier.closed_on or 'now'} already,"
                    f" so nobody else can take it over on {later.opened_on}"
                )
                problems.append(Problem(reason, "opened_on"))
    return problems
