"""Scopes of programs: the fixed list of what a token may open, by which every service's access table names them."""

from __future__ import annotations

from typing import Final

PROGRAM_SCOPES: Final = (
    "read:members",
    "write:members",
    "read:readings",
    "write:readings",
    "read:bills",
    "write:bills",
    "read:votes",
    "read:feed",
    "read:operations",
)
"""Scopes that the board gives, in the order in which people are shown them. Nothing opens a vote for a program: votes
are people's."""

OWN: Final = "read:own"
"""The scope of a token that a member gives out: it opens what that member may see of their own, and nothing else."""

SCOPES: Final = (*PROGRAM_SCOPES, OWN)
"""All scopes that there are."""

DELIVER: Final = "write:readings"
"""The scope that belongs to a gateway."""
