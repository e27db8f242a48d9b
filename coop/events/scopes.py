"""Scopes of programs: the fixed list of what a token may open, by which every service's access table names them."""

from __future__ import annotations

from typing import Final

SCOPES: Final = (
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
"""In the order in which people are shown them. Nothing opens a vote for a program: votes are people's."""

DELIVER: Final = "write:readings"
"""The scope that belongs to a gateway."""
