"""Commitments to ballots of an election: hashes that say nothing of a vote, and show whether it is still the same.

Formula: SHA-256 of the canonical JSON of ``[resolution, number, ballot, member, [choices], proxy holder, day, salt]``;
of a whole vote: of the canonical JSON of the sorted pairs of commitment and weight.
"""

from __future__ import annotations

from collections.abc import Iterable

from coop.governance.ballots.elections.model import Vote
from coop.values import hash_parameters


def commit(resolution_id: str, vote: Vote) -> str:
    """The commitment to one ballot."""
    return hash_parameters(
        [
            resolution_id,
            vote.number,
            vote.ballot_id,
            vote.member_id,
            list(vote.choices),
            vote.proxy_holder or "",
            vote.cast_on.isoformat(),
            vote.salt,
        ]
    )


def hash_ballots(resolution_id: str, weighed: Iterable[tuple[int, Vote]]) -> str:
    """One hash over the ballots that are counted, each with its weight, in whatever order they come."""
    return hash_parameters(sorted([commit(resolution_id, vote), weight] for weight, vote in weighed))
