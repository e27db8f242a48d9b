"""Commitments to voters of a meeting: hashes that name nobody, and show whether who asks something stands on its list.

Formula: SHA-256 of the canonical JSON of ``[meeting, member, votes, salt]``, where the salt is the SHA-256 of the
canonical JSON of ``["voter", meeting, member, secret]``. The secret is 256 random bits of the meeting's own, which
never leaves: without it nobody tries the ids of members, and who is given their own salt learns that of nobody else.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from coop.values import hash_parameters


def make_secret() -> str:
    """A secret of a meeting, of which the salts of its voters are made."""
    return secrets.token_hex(32)


def open_voter(meeting_id: str, member_id: str, votes: int, secret: str) -> list[Any]:
    """All that a voter's commitment is made of."""
    salt = hash_parameters(["voter", meeting_id, member_id, secret])
    return [meeting_id, member_id, votes, salt]


def commit_voter(meeting_id: str, member_id: str, votes: int, secret: str) -> str:
    """The commitment to a voter of a meeting.

    >>> commit_voter("m", "a", 1, "s") == commit_voter("m", "a", 1, "s") != commit_voter("m", "a", 1, "t")
    True
    """
    return hash_parameters(open_voter(meeting_id, member_id, votes, secret))


def list_committed(meeting_id: str, votes: Mapping[str, int], secret: str) -> list[list[Any]]:
    """Commitments to everybody with a vote, each with their votes, in an order that says nothing.

    >>> [number for _, number in list_committed("m", {"a": 1, "b": 0}, "s")]
    [1]
    """
    return sorted([commit_voter(meeting_id, each, number, secret), number] for each, number in votes.items() if number)
