"""Articles on a council of members: delegates who form the general meeting in the place of all members.

Source: Civil Code, book 2, article 2:39 lid 1; docs/domain/meetings-votes-and-statutes.md#a-council-of-members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Group:
    """Members who choose delegates of their own: those of some ``kinds`` in the register, or of all that no other group
    names."""

    article: str
    name: str
    seats: int
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Council:
    """Delegates who vote at a meeting in the place of the members, chosen by and from these: by all of them, or each
    group its own, so that every member takes part in the choice.

    ``weight``: each delegate has one vote, or as many as there are voting members for each delegate of the group,
    rounded down. ``substitutes``: so many may stand by for a seat that falls vacant, for the council or for each group.
    ``most_held``: mandates that one delegate may hold of others.
    """

    article: str
    seats: int
    term_months: int = 48
    weight: Literal["one", "by members"] = "one"
    substitutes: int = 0
    most_held: int = 0
    groups: tuple[Group, ...] = ()

    def find_group(self, kind: str) -> str:
        """The group of members of a kind by its name; empty where all choose together.

        >>> rest, owners = Group("9", "tenants", 2), Group("9", "owners", 1, ("owner",))
        >>> [Council("9", 3, groups=(owners, rest)).find_group(kind) for kind in ("owner", "user")]
        ['owners', 'tenants']
        """
        own = [group.name for group in self.groups if kind in group.kinds]
        rest = [group.name for group in self.groups if not group.kinds]
        return (own or rest or [""])[0]

    def count_seats(self, group: str) -> int:
        """Seats of a group, or of the whole council where all choose together; none for a group of no such name."""
        if not self.groups:
            return 0 if group else self.seats
        return sum(each.seats for each in self.groups if each.name == group)
