"""Number of users that a heat system has, as the law counts them, beside the limit of a small system.

Users are counted, not connections: a home that gets its heat passed on by a landlord or an owners' association counts,
as each that has a connection of its own. Source: docs/domain/law-and-co-operative.md#licence-and-size.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

from coop.members.connections.model import Connection


@dataclass(frozen=True)
class SizeLimit:
    """The largest number of users of a small system from a day on, and the number from which somebody is warned."""

    valid_from: date
    users_max: int
    warn_from: int
    source: str


@dataclass(frozen=True)
class Size:
    """The number of users beside the limit that holds; ``verdict`` is small, near or above."""

    users: int
    limit: SizeLimit

    @property
    def verdict(self) -> str:
        """``near`` long before the limit: whoever foresees crossing it has to say so."""
        if self.users > self.limit.users_max:
            return "above"
        return "near" if self.users >= self.limit.warn_from else "small"


@lru_cache(maxsize=1)
def load_limits() -> tuple[SizeLimit, ...]:
    """The limits of the law by the day from which they hold."""
    rows = tomllib.loads(files(__package__).joinpath("small_system.toml").read_text())["limit"]
    return tuple(sorted((SizeLimit(**row) for row in rows), key=lambda limit: limit.valid_from))


def judge_size(users: int, day: date, limits: Sequence[SizeLimit] | None = None) -> Size:
    """Hold a number of users beside the limit that holds on a day; the first one before it holds.

    >>> [judge_size(users, date(2026, 11, 26)).verdict for users in (1199, 1200, 1500, 1501)]
    ['small', 'near', 'near', 'above']
    """
    known = load_limits() if limits is None else limits
    holding = [limit for limit in known if limit.valid_from <= day] or known[:1]
    return Size(users, holding[-1])


def count_users(connections: Collection[Connection], held: Collection[str]) -> int:
    """Count the users behind the connections that somebody holds, by id."""
    return sum(connection.users for connection in connections if connection.connection_id in held)
